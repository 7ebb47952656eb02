"""Kinetics and sweeps of published measurements, against independent fits of the same numbers."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq, curve_fit

import anodefree as af
from anodefree.core.measurement import Measurement
from anodefree.kinds.polarisation import POLARISATION

RT_F = 0.025692579121493725
ELECTROLYTES = ("10pc tFEC", "ECDEC", "DEC", "PC")


@pytest.fixture
def boyle(shared: Path) -> dict[str, Measurement]:
    """Transient voltammetry of lithium, Boyle et al. 2020, Fig. 4a: overpotential and size of the current density."""
    with (shared / "eis" / "boyle_tafel" / "Boyle_Figure_4a.csv").open() as file:
        rows = list(csv.reader(file))
    made = {}
    for k, name in enumerate(ELECTROLYTES):
        values = np.array([[float(r[2 * k]), float(r[2 * k + 1])] for r in rows[2:] if r[2 * k]])
        arrays = {"potential_V": values[:, 0], "current_density_A_m2": 10 * values[:, 1]}
        made[name] = Measurement.of(POLARISATION, arrays, {"temperature_K": 298.15}, name=name)
    return made


@pytest.mark.parametrize("name", ELECTROLYTES)
def test_published_curves_by_an_independent_fit(boyle: dict[str, Measurement], name: str) -> None:
    """scipy's curve_fit of ln|j| with the ohmic drop solved point by point by brentq, no depletion."""
    e, size = boyle[name]["potential_V"], boyle[name]["current_density_A_m2"]

    def ln_current(potential: np.ndarray, ln_j0: float, alpha: float, r: float) -> np.ndarray:
        def one(v: float) -> float:
            def current(eta: float) -> float:
                return float(np.exp(ln_j0) * (np.exp((1 - alpha) * eta / RT_F) - np.exp(-alpha * eta / RT_F)))

            eta = brentq(lambda x: x + r * 1e-5 * current(x) - v, min(v, 0), max(v, 0), xtol=1e-14)
            return float(np.log(abs(current(eta))))

        return np.array([one(v) for v in potential])

    start = (np.log(np.median(size) / 5), 0.5, 5.0)
    found, covariance = curve_fit(ln_current, e, np.log(size), p0=start, bounds=([-5, 0.05, 0], [12, 0.95, 100]))
    ours = af.butler_volmer(boyle[name], with_mass_transfer=False)
    apart = abs(np.log(ours["j0"]) - found[0])
    assert apart < 2 * np.hypot(ours.estimates["j0"].std / ours["j0"], np.sqrt(covariance[0, 0]))
    assert apart < 0.25, "digitised points: the weighting alone moves it by a fifth"
    assert ours["area_resistance"] == pytest.approx(1e-5 * found[2], rel=0.25, abs=1e-5)


def test_published_order_of_the_electrolytes(boyle: dict[str, Measurement]) -> None:
    """The figure's order: j0 grows from PC and DEC to EC:DEC, and to the fluorinated electrolyte, by about a decade."""
    j0 = {n: af.marcus(m) for n, m in boyle.items()}
    assert j0["10pc tFEC"]["j0"] > j0["ECDEC"]["j0"] > 2 * j0["DEC"]["j0"]
    assert j0["ECDEC"]["j0"] > 2 * j0["PC"]["j0"]
    for result in j0.values():
        assert 0.1 < result["reorganisation_energy"] < 0.4
        assert next(c for c in result.checks if c.name == "sign").status == "warn"


def test_tafel_on_a_published_curve_is_the_line_of_its_points(boyle: dict[str, Measurement]) -> None:
    e, size = boyle["ECDEC"]["potential_V"], boyle["ECDEC"]["current_density_A_m2"]
    ln_j0 = []
    for sign in (1, -1):
        here = (sign * e >= 0.06) & (sign * e <= 0.18)
        ln_j0.append(np.polyfit(sign * e[here], np.log(size[here]), 1)[1])
    result = af.tafel(boyle["ECDEC"])
    assert result["j0"] == pytest.approx(np.exp(np.mean(ln_j0)), rel=1e-9)
    assert next(c for c in result.checks if c.name == "straight").status == "warn"


def test_a_carbon_black_cell(shared: Path) -> None:
    """30 mV/min after a discharge at constant current: the sweeps are found, the discharge is not taken for one."""
    (path,) = (shared / "eis" / "mattia_lsv").glob("*.txt")
    rows = [line.split("\t")[:4] for line in path.read_text().splitlines()[1:]]
    _, t, e, i = np.array(rows, dtype=float).T
    arrays = {"time_s": t, "potential_V": e, "current_A": 1e-3 * i}
    measured = Measurement.of(POLARISATION, arrays, {"area_m2": 1.54e-4}, name=path.name)
    result = af.lsv(measured, reduction=True, constant_baseline=True, baseline_fraction=0.05)
    potential = result.curves["potential_V"].values
    swept = (t >= t[np.argmin(np.abs(e - potential.max()))]) & (e <= potential.max()) & (e >= potential.min())
    assert potential.min() == pytest.approx(e.min(), abs=0.1)
    assert np.ptp(potential) > 1.0
    assert result["peak_current"] < 1e-3 * np.abs(i[swept]).max()
    assert {c.name: c.status for c in result.checks}["baseline"] == "warn", "the reaction runs from the start"
    charge = result["charge"] * 1.54e-4
    assert charge == pytest.approx(1e-3 * 0.2 * 2400, rel=0.6), "a fifth of a milliampere for 40 minutes"
