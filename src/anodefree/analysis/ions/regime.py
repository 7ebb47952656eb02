"""Can an ion wind into a helix? The dimensionless numbers of a cell in a magnetic field, and what they allow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.physics.lorentz import (
    ballistic_turns,
    cyclotron_frequency,
    flux_density_for_helix,
    gyroradius,
    hall_parameter,
    magnetisation,
)
from anodefree.physics.transport import SPECIES, SpeciesName, mobility, relaxation_time, thermal_speed
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FLUX_DENSITY, GAP, VOLTAGE = Uncertain(0.01), Uncertain(50e-6), Uncertain(0.1)

VIBRATION_S = 8e-14
"""A period of a lithium ion in its solvation cage, to the order of magnitude: its far-infrared band lies near 400 cm-1."""

# name -> (unit, label, shown unit, exponents of B, D, L, V): every number is a product of powers, so its spread follows exactly
# to first order.
POWERS: dict[str, tuple[str, str, str | None, tuple[float, float, float, float]]] = {
    "hall_parameter": ("1", "Hall parameter β = ωτ = μB", None, (1, 1, 0, 0)),
    "magnetisation": ("1", "magnetisation Λ = BL√(q/mV), no liquid", None, (1, 0, 1, -0.5)),
    "turns": ("1", "turns over the gap, no liquid", None, (1, 0, 1, -0.5)),
    "gyroradius": ("m", "gyroradius at the thermal speed, no liquid", "mm", (-1, 0, 0, 0)),
    "cyclotron_frequency": ("rad/s", "cyclotron frequency qB/m", None, (1, 0, 0, 0)),
    "relaxation_time": ("s", "time in which the velocity is forgotten", None, (0, 1, 0, 0)),
    "flux_density_for_helix": ("T", "flux density at which β = 1", "T", (0, -1, 0, 0)),
    "lateral_shift": ("m", "largest sideways shift over the gap, βL", "m", (1, 1, 1, 0)),
}


def numbers(
    species: SpeciesName, flux_density_T: float, diffusivity_m2_s: float, gap_m: float, voltage_V: float, temperature_K: float
) -> dict[str, float]:
    """The numbers of `POWERS` for one cell, in SI."""
    ion = SPECIES[species]
    mu = mobility(ion.charge_C, diffusivity_m2_s, temperature_K)
    beta = hall_parameter(mu, flux_density_T)
    scale = magnetisation(ion.charge_C, ion.mass_kg, flux_density_T, gap_m, voltage_V)
    return {
        "hall_parameter": beta,
        "magnetisation": scale,
        "turns": ballistic_turns(scale),
        "gyroradius": gyroradius(thermal_speed(ion.mass_kg, temperature_K), ion.charge_C, ion.mass_kg, flux_density_T),
        "cyclotron_frequency": cyclotron_frequency(ion.charge_C, ion.mass_kg, flux_density_T),
        "relaxation_time": relaxation_time(ion.mass_kg, diffusivity_m2_s, temperature_K),
        "flux_density_for_helix": flux_density_for_helix(mu),
        "lateral_shift": beta * gap_m,
    }


@stage("ions.regime", version=1, cites=("chen2016", "chandrasekhar1943", "hayamizu1999", "chen2026"))
def regime(
    *,
    species: Annotated[SpeciesName, Par("the ion")] = "Li+",
    flux_density_T: Annotated[
        Uncertain, Par("magnetic flux density", gt=0, source="1 um nickel, 180 days beside a magnet: 10 mT")
    ] = FLUX_DENSITY,
    gap_m: Annotated[
        Uncertain,
        Par("distance between the electrodes", gt=0, source="a separator and a little; not in the paper", assumed=True),
    ] = GAP,
    voltage_V: Annotated[
        Uncertain, Par("voltage across the electrolyte", gt=0, source="a plating overpotential; not in the paper", assumed=True)
    ] = VOLTAGE,
    diffusivity_m2_s: Annotated[
        Uncertain | None,
        Par(
            "diffusion coefficient; none: the ion's own",
            gt=0,
            source="NMR of LiTFSI in ethers, order of magnitude",
            assumed=True,
        ),
    ] = None,
    temperature_K: Annotated[float, Par("temperature of the electrolyte", gt=0)] = 298.15,
) -> Result:
    """The numbers that decide whether ions wind into helices, in the liquid and in the vacuum picture of the paper.

    In the liquid one number decides: the Hall parameter $\\beta = \\omega_c\\tau = \\mu B$, with $\\mu = qD/kT$ [m2/(V s)] and
    B [T]: the angle [rad] by which an ion is turned before friction erases its velocity. A helix needs β ≳ 1, so B ≳ 1/μ; over
    a gap L [m] the drift shifts sideways by at most βL. β does not depend on the mass. Without a liquid, magnetisation
    $\\Lambda = BL\\sqrt{q/mV}$ and turns $N = \\sqrt{2}\\Lambda/2\\pi$ over the gap decide; the gyroradius is that of the
    thermal speed √(2kT/m) across B.

    *Valid when* fields are uniform and drag is linear (Einstein relation). Collective motion of the liquid under J × B is
    another matter and not in these numbers. *Source* Chen 2016, sections 2.2 and 5.5; Chandrasekhar 1943, chapter II.
    *Differs from the paper*, which traces ions as if in vacuum: these are the numbers of both pictures. The standard deviation
    is that of B, D, L and V, to first order; the choice of the mass is named in a check. Raises ConfigError for a parameter out
    of bounds.
    """
    ion = SPECIES[species]
    D = diffusivity_m2_s or Uncertain(ion.diffusivity_m2_s, ion.diffusivity_std_m2_s)
    given = (flux_density_T, D, gap_m, voltage_V)
    found = numbers(species, flux_density_T.value, D.value, gap_m.value, voltage_V.value, temperature_K)
    estimates = {}
    for name, (unit, label, display, powers) in POWERS.items():
        spread = math.hypot(*(p * u.std / u.value for p, u in zip(powers, given, strict=True)))
        estimates[name] = Estimate(found[name], abs(found[name]) * spread, unit, label, display)

    beta, turns, needed = found["hall_parameter"], found["turns"], found["flux_density_for_helix"]
    other: SpeciesName = "Li(DME)2+" if species == "Li+" else "Li+"
    ratio = math.sqrt(ion.mass_kg / SPECIES[other].mass_kg)
    checks = [
        Check.that(
            "liquid",
            beta >= 1,
            f"β = {beta:.2g}: the ion turns before friction stops it, a helix can form in the liquid",
            f"no helix in the liquid: friction erases the velocity after a turn of {beta:.2g} rad (the Hall parameter); one"
            f" radian would need {needed:.2g} T; over the gap the field shifts it by at most {found['lateral_shift']:.2g} m",
        ),
        Check.that(
            "vacuum",
            turns >= 1,
            f"without a liquid an ion would make {turns:.2g} turns over the gap",
            f"no helix even without the liquid: {turns:.2g} turns over the gap; one turn would need"
            f" {flux_density_T.value / turns:.2g} T",
        ),
        Check.that(
            "inertia",
            found["relaxation_time"] > VIBRATION_S,
            "the velocity lives longer than a vibration of the solvation cage",
            f"the velocity is lost in {found['relaxation_time']:.2g} s, less than a vibration of the solvation cage: a free"
            " flight of this ion has no meaning in the liquid (the Hall parameter stands: it does not depend on the mass)",
        ),
        Check(
            "mass",
            "pass",
            f"magnetisation and turns take the mass of {species}; as {other} they would be {ratio:.2g} times as large",
        ),
    ]
    B = flux_density_T.value * np.logspace(-3, 12, 61)
    curves = {
        "B_T": (("point",), B),
        "hall_parameter_of_B": (("point",), beta * B / flux_density_T.value),
        "turns_of_B": (("point",), turns * B / flux_density_T.value),
    }
    return Result.of(estimates, curves, checks)


@regime.plot
def draw(result: Result, ax: Axes) -> None:
    """The map of both conditions: the cell moves along the line as B grows; helices live in the upper right corner only."""
    from anodefree.core.figure import COLOURS, INK, SOFT

    beta, turns = result["hall_parameter"], result["turns"]
    own_T = beta * result["flux_density_for_helix"]
    left, right = min(beta / 30, 1e-2), max(beta * 30, 1e3)
    bottom, top = min(turns / 30, 1e-2), max(turns / beta, turns, 1.0) * 1e3
    ax.fill_between([1.0, right], 1.0, top, color=COLOURS[2], alpha=0.18, lw=0)
    ax.axvline(1.0, color=SOFT, lw=0.7, ls=":")
    ax.axhline(1.0, color=SOFT, lw=0.7, ls=":")
    x, y = np.asarray(result.curves["hall_parameter_of_B"]), np.asarray(result.curves["turns_of_B"])
    inside = (x >= left) & (x <= right)
    ax.plot(x[inside], y[inside], color=COLOURS[0], label="the same cell in another field")
    ax.plot(
        beta,
        turns,
        "o",
        color=COLOURS[1],
        ms=5,
        zorder=3,
        label="this cell, " + (f"{own_T:.3g} T" if own_T >= 1 else f"{1e3 * own_T:.3g} mT"),
    )
    for power, label in ((1, "10 T"), (4, "$10^4$ T"), (8, "$10^8$ T")):
        at = (beta * 10.0**power / own_T, turns * 10.0**power / own_T)
        if beta * 10 < at[0] < right:
            ax.plot(*at, "|", color=INK, ms=6)
            ax.annotate(label, at, xytext=(5, -9), textcoords="offset points", fontsize=7)
    ax.text(1.5, top / 3, "helix", va="top", color=INK)
    if left < 1e-4:
        ax.text(left * 1.5, top / 3, "friction erases the turn", va="top", color=INK, fontsize=7)
    ax.set(xscale="log", yscale="log", xlim=(left, right), ylim=(bottom, top))
    ax.set_xlabel("Hall parameter, in the liquid / rad")
    ax.set_ylabel("turns over the gap, in vacuum")
    ax.legend(loc="upper left", bbox_to_anchor=(0.0, 0.93))


@regime.demo
def demo(rng: np.random.Generator) -> Demo:
    """A cell whose field, gap, voltage and diffusivity are measured to a few percent."""
    true = {
        "flux_density_T": rng.uniform(0.005, 0.015),
        "diffusivity_m2_s": rng.uniform(1e-10, 6e-10),
        "gap_m": rng.uniform(20e-6, 200e-6),
        "voltage_V": rng.uniform(0.02, 0.2),
    }
    std = {name: 0.03 * value for name, value in true.items()}
    measured = {name: Uncertain(value + std[name] * rng.standard_normal(), std[name]) for name, value in true.items()}
    species: SpeciesName = "TFSI-"
    return Demo(
        inputs=(),
        truth=numbers(species, temperature_K=298.15, **true),
        parameters={"species": species, "temperature_K": 298.15, **measured},
    )
