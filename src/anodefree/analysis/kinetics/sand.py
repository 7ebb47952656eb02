"""Sand's time: how long a current can be carried before the salt at the electrode runs out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.constants import FARADAY_C_MOL
from anodefree.core.figure import COLOURS, INK, SOFT
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.numerics.propagation import interval, sample
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DIFFUSIVITY = Uncertain(2.5e-10, 1e-10)
ANIONS = Uncertain(0.6, 0.1)
GAP = Uncertain(25e-6, 5e-6)
DRAWS = 4096


def sand_time_s(
    current_A_m2: np.ndarray, salt_mol_m3: np.ndarray, diffusivity_m2_s: np.ndarray, anion: np.ndarray
) -> np.ndarray:
    """τ = π D [F c/(2 j t₋)]² [s]."""
    return np.pi * diffusivity_m2_s * (FARADAY_C_MOL * salt_mol_m3 / (2 * current_A_m2 * anion)) ** 2


def limiting_A_m2(salt_mol_m3: np.ndarray, diffusivity_m2_s: np.ndarray, anion: np.ndarray, gap_m: np.ndarray) -> np.ndarray:
    """j* = 2 F c D/(t₋ L) [A/m2]: the largest steady current between two electrodes that hold the salt between them."""
    return 2 * FARADAY_C_MOL * salt_mol_m3 * diffusivity_m2_s / (anion * gap_m)


@stage("kinetics.sand", version=1, cites=("chazalviel1990", "brissot1999", "jcgm101"))
def sand(
    *,
    current_density_A_m2: Annotated[Uncertain, Par("current density", gt=0)],
    salt_mol_m3: Annotated[Uncertain, Par("concentration of the salt", gt=0)],
    diffusivity_m2_s: Annotated[
        Uncertain,
        Par(
            "diffusion coefficient of the salt",
            gt=0,
            source="2.5e-10 m2/s: ethers near 1 mol/L at 25 °C; 1-5e-10",
            assumed=True,
        ),
    ] = DIFFUSIVITY,
    anion_transference: Annotated[
        Uncertain, Par("transference number of the anion", gt=0, le=1, source="0.6; 0.5-0.7 in ethers", assumed=True)
    ] = ANIONS,
    gap_m: Annotated[
        Uncertain, Par("way through the electrolyte between the electrodes", gt=0, source="25 µm: one separator", assumed=True)
    ] = GAP,
) -> Result:
    """Sand's time of a current, and the limiting current between two lithium electrodes.

    τ = π D [F c/(2 j t₋)]² [s], at which the salt at the plating electrode runs out, where j exceeds j* = 2 F c D/(t₋ L)
    [A/m2]; below j* a steady gradient forms first and it never does. Values are those of the central inputs; std, low and high
    (2.5 and 97.5 %) those of draws.
    *Valid when* the salt is binary, D and t₋ do not depend on concentration, nothing convects, and τ < L²/(4 D) (semi-infinite
    diffusion); pores make D smaller by their tortuosity. *Source* Chazalviel 1990; Brissot et al. 1999.
    The paper states neither diffusion coefficient nor transference number.
    """
    inputs = {n: v for n, v in locals().items() if isinstance(v, Uncertain)}
    limits = {n: (1e-3 * x.value, 1.0 if n == "anion_transference" else np.inf) for n, x in inputs.items()}
    order = ("current_density_A_m2", "salt_mol_m3", "diffusivity_m2_s", "anion_transference", "gap_m")
    j, c, d, t, gap = (np.asarray(inputs[n].value) for n in order)
    drawn = sample(inputs, DRAWS, None, limits)
    dj, dc, dd, dt, dgap = (drawn[n] for n in order)

    def found(value: np.ndarray, draws: np.ndarray, unit: str, label: str) -> Estimate:
        return Estimate(float(value), float(draws.std()), unit, label, None, *interval(draws))

    time, limit = sand_time_s(j, c, d, t), limiting_A_m2(c, d, t, gap)
    times, limitings = sand_time_s(dj, dc, dd, dt), limiting_A_m2(dc, dd, dt, dgap)
    ratio = float(j / limit)
    estimates = {
        "sand_time": found(time, times, "s", "Sand's time"),
        "limiting_current": found(limit, limitings, "A/m2", "limiting current density"),
        "current_ratio": found(j / limit, dj / limitings, "1", "current over the limiting one"),
        "charge": found(j * time, dj * times, "C/m2", "charge at Sand's time"),
    }
    checks = [
        Check.that(
            "depletion",
            ratio > 1,
            "the current exceeds the limiting one: the salt runs out at Sand's time",
            f"the current is {ratio:.2g} of the limiting one: a steady gradient forms and the salt never runs out",
        ),
        Check.that(
            "semi-infinite",
            float(time) < float(gap**2 / (4 * d)),
            "the salt runs out before the far electrode is felt",
            "the far electrode is felt before: Sand's time does not hold",
        ),
    ]
    currents = np.geomspace(float(limit) / 30, 30 * float(limit), 81)
    currents = np.union1d(currents, j)
    curves = {
        "current_density_A_m2": ("point", currents),
        "sand_time_s": ("point", sand_time_s(currents, c, d, t)),
        "inside": ("point", (currents > float(limit)).astype(int)),
    }
    return Result.of(estimates, curves, checks)


@sand.plot
def draw(result: Result, ax: Axes) -> None:
    """Sand's time against the current density, dashed where a steady gradient forms instead."""
    j, time = 0.1 * result.curves["current_density_A_m2"].values, result.curves["sand_time_s"].values
    above = result.curves["inside"].values.astype(bool)
    ax.loglog(j[above], time[above], color=COLOURS[0], label="the salt runs out")
    ax.loglog(j[~above], time[~above], color=SOFT, linestyle="--", label="a steady gradient forms")
    limit, found = result.estimates["limiting_current"], result.estimates["sand_time"]
    ax.axvline(0.1 * limit.value, color=SOFT, linewidth=0.7)
    here = result.estimates["current_ratio"].value * limit.value
    ax.errorbar([0.1 * here], [found.value], [found.std], fmt="o", color=INK, capsize=2, label="here")
    ax.set(xlabel="current density / mA cm$^{-2}$", ylabel="Sand's time / s")
    ax.legend(loc="lower left")


@sand.demo
def demo(rng: np.random.Generator) -> Demo:
    """A cell of known salt and current, of which every input was measured to a few percent."""
    centre = {"salt_mol_m3": 1000.0, "diffusivity_m2_s": 2.5e-10, "anion_transference": 0.6, "gap_m": 25e-6}
    true = {n: float(v * rng.uniform(0.7, 1.4)) for n, v in centre.items()}
    true["current_density_A_m2"] = float(rng.uniform(1, 5)) * 1500.0
    measured = {n: Uncertain(v * (1 + 0.04 * rng.normal()), 0.04 * v) for n, v in true.items()}
    j, c, d, t = (true[n] for n in ("current_density_A_m2", "salt_mol_m3", "diffusivity_m2_s", "anion_transference"))
    limit = limiting_A_m2(*(np.asarray(v) for v in (c, d, t, true["gap_m"])))
    time = sand_time_s(*(np.asarray(v) for v in (j, c, d, t)))
    return Demo((), {"sand_time": float(time), "limiting_current": float(limit)}, measured)
