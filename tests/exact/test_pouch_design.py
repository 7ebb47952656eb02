"""Volume, comparison with graphite, optimum and reconstruction of a pouch cell, each against an independent calculation."""

from __future__ import annotations

import numpy as np
import pytest

from anodefree import stages
from anodefree.core.result import Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError
from anodefree.physics.inventory import retention
from anodefree.simulation.pouch.best import best, cell, depletion, least_electrolyte_kg, least_excess
from anodefree.simulation.pouch.energy import energy_density_J_kg
from anodefree.simulation.pouch.inputs import DESIGN, STACK, bounds, values
from anodefree.simulation.pouch.optimum import LIQUID
from anodefree.simulation.pouch.reconstruct import alone, believing, together


def made(name: str, **given: object) -> Result:
    found = stages.get(name)(**given)
    assert isinstance(found, Result)
    return found


def test_every_layer_is_that_by_hand() -> None:
    cell = made("pouch.volume", draws=1000)
    layers = dict(zip(cell.curves["layer"].values.tolist(), 1e6 * cell.curves["charged_m"].values, strict=True))
    sheets = 548.40 / 60  # cm2 of coating over two faces of 5 x 6 cm
    assert layers["cathode coating"] == pytest.approx(2 * sheets * 220 / 3.4, rel=1e-4)
    assert layers["copper foil"] == pytest.approx((sheets + 1) * 8, rel=1e-4)
    assert layers["separator"] == pytest.approx((2 * sheets + 1) * 11, rel=1e-4)
    assert layers["laminate"] == pytest.approx(226)
    # 4.467 mAh/cm2 over 0.9 in the first charge; 1 mAh/cm2 of dense lithium is 4.849 um; 13.1 % pores.
    face = 0.22 * 0.967 * 21 / 0.9 * 4.849 / 0.869
    assert 1e6 * cell["lithium_charged"] == pytest.approx(face, rel=1e-3)
    assert layers["lithium"] == pytest.approx(2 * sheets * face, rel=1e-3)
    assert cell["lithium_discharged"] == pytest.approx(0.1 * cell["lithium_charged"])
    assert 1e6 * cell["thickness"] == pytest.approx(sum(layers.values()))
    body = 54.452e-3 * 73e-3  # separator and four laminates by separator and one seal
    assert cell["volume"] == pytest.approx(body * cell["thickness"], rel=1e-6)
    assert cell["energy_per_volume"] == pytest.approx(2.45 * 3.846 * 3600 / cell["volume"])
    assert cell["lithium_share"] == pytest.approx(1e-6 * layers["lithium"] / cell["thickness"])
    together = np.sqrt(np.sum(cell.curves["input_std_J_m3"].values ** 2))
    assert together == pytest.approx(cell.estimates["energy_per_volume"].std, rel=0.1)
    assert cell["breathing"] == pytest.approx(cell["thickness"] / cell["thickness_discharged"] - 1)


def test_graphite_is_that_by_hand() -> None:
    pair = made("pouch.compare", draws=1000)
    parts = dict(zip(pair.curves["component"].values.tolist(), 1e3 * pair.curves["graphite_kg"].values, strict=True))
    per_area = 1.1 * 4.46754 / 0.9 / 0.96 / 350 * 1e3  # mg/cm2
    assert parts["graphite coating"] == pytest.approx(per_area * 548.40 / 1e3, rel=1e-4)
    pores = (1 - 1.6 / 2.2) * per_area / 1.6e3 * 548.40  # cm3
    assert parts["electrolyte"] == pytest.approx(2.0 + 1.3 * pores, rel=1e-4)
    assert parts["nickel film"] == 0
    whole = sum(parts.values())
    assert pair["energy_density_graphite"] / 3600 == pytest.approx(2.45 * (3.846 - 0.12) / whole * 1e3, rel=1e-6)
    assert pair["energy_density_anode_free"] == pytest.approx(made("pouch.energy", draws=1000)["energy_density"])
    # Where graphite takes more lithium than the cathode keeps, less of it cycles.
    worse = made("pouch.compare", draws=1000, graphite_loss=0.2)
    assert worse["energy_density_graphite"] == pytest.approx(pair["energy_density_graphite"] * 0.8 / 0.9)
    assert any(c.name == "first cycle" and c.status == "warn" for c in worse.checks)


def test_the_gain_is_surer_than_either_cell() -> None:
    gain = made("pouch.compare").estimates
    free, graphite = gain["energy_density_anode_free"], gain["energy_density_graphite"]
    independent = (1 + gain["gain_energy_density"].value) * np.hypot(free.std / free.value, graphite.std / graphite.value)
    assert gain["gain_energy_density"].std < 0.6 * independent


CENTRE = values({**DESIGN, **{n: x for n, x in STACK.items() if n != "laminate_m"}, **LIQUID})
THIN = {"copper_m": 6e-6, "nickel_m": 1e-6, "aluminium_m": 10e-6}


@pytest.mark.parametrize(("rate", "cycles"), [(0.1, 50.0), (2.0, 600.0)])
def test_no_cell_within_the_bounds_is_better(rate: float, cycles: float) -> None:
    """Differential evolution over all six variables, with penalties, finds the same cell."""
    from scipy.optimize import differential_evolution

    given = {n: v for n, v in CENTRE.items() if n != "electrolyte_kg"} | {"rate_per_s": np.asarray(rate / 3600)}
    loading, top, excess = best({**given, **{n: np.asarray(v) for n, v in THIN.items()}}, cycles, 0.05, 0.40)
    hidden = 0.1 / 0.9

    def worth(x: np.ndarray) -> np.ndarray:
        foils = dict(zip(THIN, x[:3], strict=True))
        one = {**given, **foils}
        made = cell(one, x[3], x[4] * 8820, x[5])
        short = np.maximum(least_electrolyte_kg(one, x[3], x[5]) / (x[4] * 8820) - 1, 0)
        dead = np.maximum(0.8 - retention(0.999, x[5], hidden, cycles), 0)
        penalty = short + dead + np.maximum(depletion(one, x[3]) - 1, 0)
        return -made.energy_density_J_kg / 3600 + 1e5 * penalty

    limits = [(t, 3 * t) for t in THIN.values()] + [(0.05, 0.40), (1e-7, 1e-6), (0.0, 1.0)]
    found = differential_evolution(
        worth, limits, seed=1, vectorized=True, updating="deferred", maxiter=400, popsize=20, tol=1e-9
    )
    assert -found.fun == pytest.approx(float(top.energy_density_J_kg[0]) / 3600, rel=2e-4)
    assert -found.fun <= float(top.energy_density_J_kg[0]) / 3600 * (1 + 1e-6)
    assert found.x[3] == pytest.approx(float(loading[0]), rel=0.02)
    assert found.x[5] == pytest.approx(float(excess[0]), abs=2e-3)


def test_the_least_excess_just_reaches_the_life() -> None:
    efficiency, loss = np.array([0.998, 0.999]), np.array([0.1, 0.05])
    excess = least_excess(efficiency, loss, 400)
    hidden = loss / (1 - loss)
    assert retention(efficiency, excess, hidden, 400) == pytest.approx(0.8, abs=1e-6)
    assert least_excess(np.asarray(0.9999), np.asarray(0.1), 50) == 0


def test_optimum_says_what_binds() -> None:
    top = made("pouch.optimum", draws=100)
    gains = dict(zip(top.curves["bound_name"].values.tolist(), top.curves["bound_gain_J_kg"].values, strict=True))
    assert min(gains.values()) > -1e-6
    assert gains["heaviest loading"] > 0
    assert any(c.name == "loading" and c.status == "warn" for c in top.checks)
    front = top.curves["front_loading_J_kg"].values
    assert np.nanmax(front[0]) == pytest.approx(top["energy_density"], rel=1e-3)
    assert (front[1] < front[0] + 1e-9)[np.isfinite(front[1])].all(), "a faster discharge gives less energy"
    fast = made("pouch.optimum", draws=100, rate_per_s=100 / 3600)
    assert any(c.name == "salt" and c.status == "fail" for c in fast.checks)
    with pytest.raises(ConfigError, match="lightest loading"):
        made("pouch.optimum", least_loading_kg_m2=0.5)


INPUTS = dict(DESIGN)
CLAIM = 453.5 * 3600


def test_each_input_alone_gives_the_claim() -> None:
    found = alone(INPUTS, bounds(INPUTS), CLAIM)
    centre = values(INPUTS)
    given = [n for n, v in found.items() if np.isfinite(v)]
    assert {"specific_capacity_C_kg", "mean_voltage_V", "tabs_kg", "electrolyte_kg"} <= set(given)
    for name in given:
        assert float(energy_density_J_kg(**{**centre, name: np.asarray(found[name])})) == pytest.approx(CLAIM, rel=1e-9)
    # The energy is proportional to the voltage: the one that a pocket calculator gives.
    assert found["mean_voltage_V"] == pytest.approx(3.846 * CLAIM / float(energy_density_J_kg(**centre)))


def test_the_most_probable_set_is_nearest() -> None:
    """Sequential quadratic programming finds the same point from its own start."""
    from scipy.optimize import minimize

    joint, distance = together(INPUTS, bounds(INPUTS), 420 * 3600)
    assert float(energy_density_J_kg(**{n: np.asarray(v) for n, v in joint.items()})) == pytest.approx(420 * 3600, rel=1e-8)
    centre, spread = (np.array([getattr(x, a) for x in INPUTS.values()]) for a in ("value", "std"))

    def short(u: np.ndarray) -> float:
        at = dict(zip(INPUTS, centre + u * spread, strict=True))
        return float(energy_density_J_kg(**{n: np.asarray(v) for n, v in at.items()}) / (420 * 3600) - 1) * 100

    found = minimize(
        lambda u: float(u @ u), np.full(len(INPUTS), 0.1), constraints={"type": "eq", "fun": short}, method="SLSQP"
    )
    assert distance == pytest.approx(float(np.sqrt(found.fun)), rel=1e-4)


@pytest.mark.parametrize("solved", ["mean_voltage_V", "electrolyte_kg", "tabs_kg"])
def test_believed_draws_give_the_claim_and_are_those_of_rejection(solved: str) -> None:
    """Against draws of all inputs of which only those within 1 Wh/kg of the claim are kept."""
    spread = {"mean_voltage_V": 0.08, "electrolyte_kg": 0.3e-3, "tabs_kg": 0.1e-3}
    inputs = {n: Uncertain(x.value, spread[n] if n == solved else 0.0 if n in spread else x.std) for n, x in INPUTS.items()}
    rng = np.random.default_rng(4)
    about, _ = together(inputs, bounds(inputs), CLAIM)
    drawn, weight = believing(inputs, bounds(inputs), CLAIM, about, 40_000, rng)
    assert energy_density_J_kg(**drawn)[weight > 0] == pytest.approx(CLAIM, rel=1e-9)
    free = {n: rng.normal(x.value, x.std, 400_000) for n, x in inputs.items()}
    kept = np.abs(energy_density_J_kg(**free) - CLAIM) < 3600
    assert kept.sum() > 5000
    for name in (solved, "specific_capacity_C_kg", "sheet_width_m"):
        std = free[name][kept].std()
        assert float(weight @ drawn[name]) == pytest.approx(free[name][kept].mean(), abs=0.08 * std)
        mean = float(weight @ drawn[name])
        assert np.sqrt(weight @ (drawn[name] - mean) ** 2) == pytest.approx(std, rel=0.06)


def test_a_claim_that_nothing_gives_is_told() -> None:
    far = made("pouch.reconstruct", claimed_J_kg="560 Wh/kg", draws=2000)
    assert far["distance"] > 5
    assert not any(c.name == "draws" and c.status != "pass" for c in far.checks), "a far claim is reached by enough draws"
    assert any(c.name == "reachable" and c.status == "warn" for c in far.checks)
    with pytest.raises(ConfigError, match="right unit"):
        made("pouch.reconstruct", claimed_J_kg=453.5, draws=1000)
    with pytest.raises(ConfigError, match="standard deviation"):
        made("pouch.reconstruct", claimed_J_kg=CLAIM, mean_voltage_V=3.85, electrolyte_kg=2e-3, tabs_kg=3e-4)
