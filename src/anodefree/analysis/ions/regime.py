"""Can a magnetic field matter? The dimensionless numbers of a cell: of its ions, with the liquid and without, and its flow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.physics.body_forces import (
    concentration_gradient_force,
    field_gradient_force,
    hartmann,
    lorentz_force,
    stirred_speed,
)
from anodefree.physics.lorentz import (
    ballistic_turns,
    cyclotron_frequency,
    flux_density_for_helix,
    gyroradius,
    hall_parameter,
    hull_flux_density,
    magnetisation,
)
from anodefree.physics.transport import SPECIES, SpeciesName, mobility, relaxation_time, thermal_speed
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FLUX_DENSITY, GAP, VOLTAGE = Uncertain(0.01), Uncertain(50e-6), Uncertain(0.1)
CURRENT, CONDUCTIVITY, VISCOSITY = Uncertain(10.0), Uncertain(1.0, 0.5), Uncertain(1e-3, 0.5e-3)
SUSCEPTIBILITY, DECAY = Uncertain(1.3e-6, 0.7e-6), Uncertain(1e-6)

VIBRATION_S = 8e-14
"""A period of a lithium ion in its solvation cage, to the order of magnitude: its far-infrared band lies near 400 cm-1."""

GIVEN = ("B", "D", "L", "V", "j", "sigma", "eta", "chi", "decay")
# name -> (unit, label, shown unit, exponents of the given numbers): every number is a product of powers, so its spread follows
# exactly to first order.
POWERS: dict[str, tuple[str, str, str | None, dict[str, float]]] = {
    "hall_parameter": ("1", "Hall parameter β = ωτ = μB", None, {"B": 1, "D": 1}),
    "magnetisation": ("1", "magnetisation Λ = BL√(q/mV), no liquid", None, {"B": 1, "L": 1, "V": -0.5}),
    "turns": ("1", "turns over the gap, no liquid", None, {"B": 1, "L": 1, "V": -0.5}),
    "gyroradius": ("m", "gyroradius at the thermal speed, no liquid", "mm", {"B": -1}),
    "gyroradius_over_gap": ("1", "gyroradius over the gap, no liquid", None, {"B": -1, "L": -1}),
    "cyclotron_frequency": ("rad/s", "cyclotron frequency qB/m", None, {"B": 1}),
    "relaxation_time": ("s", "time in which the velocity is forgotten", None, {"D": 1}),
    "flux_density_for_helix": ("T", "flux density at which β = 1", "T", {"D": -1}),
    "flux_density_vacuum": ("T", "flux density of one turn over the gap, no liquid", "T", {"L": -1, "V": 0.5}),
    "hull_flux_density": ("T", "flux density across E that turns ions back, no liquid", "T", {"L": -1, "V": 0.5}),
    "lateral_shift": ("m", "largest sideways shift over the gap, βL", "m", {"B": 1, "D": 1, "L": 1}),
    "peclet": ("1", "Péclet number: electric over thermal force, qV/kT", None, {"V": 1}),
    "magnetic_over_electric": ("1", "magnetic over electric force on the drifting ion", None, {"B": 1, "D": 1}),
    "magnetic_over_thermal": ("1", "magnetic over thermal force, β qV/kT", None, {"B": 1, "D": 1, "V": 1}),
    "lorentz_velocity": ("m/s", "flow under j × B, at most", None, {"j": 1, "B": 1, "L": 2, "eta": -1}),
    "lorentz_over_drift": (
        *("1", "flow under j × B over the ion's drift, at most", None),
        {"sigma": 1, "B": 1, "L": 2, "eta": -1, "D": -1},
    ),
    "lorentz_peclet": ("1", "Péclet number of that flow, uL/D", None, {"j": 1, "B": 1, "L": 3, "eta": -1, "D": -1}),
    "kelvin_velocity": ("m/s", "flow under χ∇B², at most", None, {"chi": 1, "B": 2, "decay": 1, "eta": -1}),
    "kelvin_peclet": ("1", "Péclet number of that flow, uλ/D", None, {"chi": 1, "B": 2, "decay": 2, "eta": -1, "D": -1}),
    "concentration_velocity": ("m/s", "flow under B²∇χ, at most", None, {"chi": 1, "B": 2, "L": 1, "eta": -1}),
    "concentration_peclet": ("1", "Péclet number of that flow, uL/D", None, {"chi": 1, "B": 2, "L": 2, "eta": -1, "D": -1}),
}

# What decides, as the figure lists it: name, what it is, and what a value of 1 means.
DECIDES = (
    ("hall_parameter", "Hall parameter β", "ion, liquid"),
    ("magnetic_over_thermal", "magnetic / thermal force", "ion, liquid"),
    ("peclet", "electric / thermal force", "ion, liquid"),
    ("turns", "turns over the gap", "ion, vacuum"),
    ("gap_over_gyroradius", "gap / gyroradius", "ion, vacuum"),
    ("lorentz_over_drift", "flow by j×B / drift", "flow"),
    ("lorentz_peclet", "flow by j×B / diffusion", "flow"),
    ("kelvin_peclet", "flow by χ∇B² / diffusion", "flow"),
    ("concentration_peclet", "flow by B²∇χ / diffusion", "flow"),
)


def numbers(
    species: SpeciesName,
    flux_density_T: float,
    diffusivity_m2_s: float,
    gap_m: float,
    voltage_V: float,
    temperature_K: float,
    *,
    current_density_A_m2: float = CURRENT.value,
    conductivity_S_m: float = CONDUCTIVITY.value,
    viscosity_Pa_s: float = VISCOSITY.value,
    susceptibility: float = SUSCEPTIBILITY.value,
    decay_length_m: float = DECAY.value,
) -> dict[str, float]:
    """The numbers of `POWERS` for one cell, in SI."""
    ion, B, L = SPECIES[species], flux_density_T, gap_m
    mu = mobility(ion.charge_C, diffusivity_m2_s, temperature_K)
    beta = hall_parameter(mu, B)
    scale = magnetisation(ion.charge_C, ion.mass_kg, B, L, voltage_V)
    radius = gyroradius(thermal_speed(ion.mass_kg, temperature_K), ion.charge_C, ion.mass_kg, B)
    peclet = abs(mu) * voltage_V / diffusivity_m2_s
    stirred = stirred_speed(lorentz_force(current_density_A_m2, B), L, viscosity_Pa_s)
    kelvin = stirred_speed(field_gradient_force(susceptibility, B, decay_length_m), decay_length_m, viscosity_Pa_s)
    salt = stirred_speed(concentration_gradient_force(susceptibility, B, L), L, viscosity_Pa_s)
    return {
        "hall_parameter": beta,
        "magnetisation": scale,
        "turns": ballistic_turns(scale),
        "gyroradius": radius,
        "gyroradius_over_gap": radius / L,
        "cyclotron_frequency": cyclotron_frequency(ion.charge_C, ion.mass_kg, B),
        "relaxation_time": relaxation_time(ion.mass_kg, diffusivity_m2_s, temperature_K),
        "flux_density_for_helix": flux_density_for_helix(mu),
        "flux_density_vacuum": B / ballistic_turns(scale),
        "hull_flux_density": hull_flux_density(ion.charge_C, ion.mass_kg, L, voltage_V),
        "lateral_shift": beta * L,
        "peclet": peclet,
        "magnetic_over_electric": beta,
        "magnetic_over_thermal": beta * peclet,
        "lorentz_velocity": stirred,
        "lorentz_over_drift": stirred * conductivity_S_m / (abs(mu) * current_density_A_m2),
        "lorentz_peclet": stirred * L / diffusivity_m2_s,
        "kelvin_velocity": kelvin,
        "kelvin_peclet": kelvin * decay_length_m / diffusivity_m2_s,
        "concentration_velocity": salt,
        "concentration_peclet": salt * L / diffusivity_m2_s,
    }


@stage(
    "ions.regime",
    version=2,
    cites=(
        *("chen2016", "chandrasekhar1943", "hayamizu1999", "chen2026", "hull1921", "landau1987", "davidson2001", "coey2010"),
        "waskaas2021",
    ),
)
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
    current_density_A_m2: Annotated[
        Uncertain, Par("current density that B pushes on", gt=0, source="1 mA/cm2, of the paper's range")
    ] = CURRENT,
    conductivity_S_m: Annotated[
        Uncertain, Par("conductivity of the electrolyte", gt=0, source="order of magnitude, 1 M LiTFSI in ethers", assumed=True)
    ] = CONDUCTIVITY,
    viscosity_Pa_s: Annotated[
        Uncertain, Par("viscosity of the electrolyte", gt=0, source="order of magnitude, ethers with salt", assumed=True)
    ] = VISCOSITY,
    susceptibility: Annotated[
        Uncertain,
        Par(
            "difference of magnetic susceptibility (SI) between electrolyte and solvent",
            gt=0,
            source="estimate for 1 M LiTFSI, diamagnetic",
            assumed=True,
        ),
    ] = SUSCEPTIBILITY,
    decay_length_m: Annotated[
        Uncertain, Par("length over which B decays above the film", gt=0, source="domains or roughness of 1 um", assumed=True)
    ] = DECAY,
) -> Result:
    """The numbers that decide whether a magnetic field can matter: ions in the liquid, in the paper's vacuum, and the liquid.

    *An ion in the liquid.* The Hall parameter $\\beta = \\omega_c\\tau = \\mu B$, $\\mu = qD/kT$ [m2/(V s)], is the angle by
    which it is turned before friction erases its velocity, and the ratio of magnetic to electric force on its drift. A helix
    needs β ≳ 1: `flux_density_for_helix` = 1/μ. The drift shifts sideways by βL at most. β does not depend on the mass.
    Electric over thermal force is the Péclet number of the drift, $qV/kT$; magnetic over thermal is β times that.
    *An ion in vacuum.* $\\Lambda = BL\\sqrt{q/mV}$, turns $N = \\sqrt{2}\\Lambda/2\\pi$ over the gap L, the gyroradius of
    the thermal speed √(2kT/m) across B over L; N = 1 at `flux_density_vacuum`. Across E, B above Hull's $\\sqrt{2mV/q}/L$
    turns ions back.
    *The liquid.* A body force f between walls h apart drives at most $u = fh^2/8\\eta$: $f = jB$ over L (over the drift
    $\\mu j/\\sigma$: $\\sigma BL^2/8\\eta\\mu$); $f = \\chi B^2/\\mu_0\\lambda$ over the decay length λ;
    $f = \\chi B^2/2\\mu_0L$ over L. Each with its Péclet number uh/D: below 1 diffusion is faster.

    *Valid when* fields are uniform and drag is linear (Einstein relation); flows are slow (Hartmann and Reynolds numbers below
    1), and bounds: pressure bears the part of f that is a gradient (`ions.swirl` solves for the rest), and a separator's pores
    hold the liquid. *Source* Chen 2016, sections 2.2 and 5.5; Chandrasekhar 1943, chapter II; Hull 1921; Landau and Lifshitz
    1987, section 17; Davidson 2001, chapter 2; Coey 2010, chapter 2; Waskaas 2021.
    *Differs from the paper*, which traces ions as if in vacuum: these are the numbers of both pictures. The standard deviation
    is that of what is given, to first order; the choice of the mass is named in a check. Raises ConfigError for a parameter out
    of bounds.
    """
    ion = SPECIES[species]
    D = diffusivity_m2_s or Uncertain(ion.diffusivity_m2_s, ion.diffusivity_std_m2_s)
    others = (current_density_A_m2, conductivity_S_m, viscosity_Pa_s, susceptibility, decay_length_m)
    given = dict(zip(GIVEN, (flux_density_T, D, gap_m, voltage_V, *others), strict=True))
    found = numbers(
        species,
        flux_density_T.value,
        D.value,
        gap_m.value,
        voltage_V.value,
        temperature_K,
        current_density_A_m2=current_density_A_m2.value,
        conductivity_S_m=conductivity_S_m.value,
        viscosity_Pa_s=viscosity_Pa_s.value,
        susceptibility=susceptibility.value,
        decay_length_m=decay_length_m.value,
    )
    estimates = {}
    for name, (unit, label, display, powers) in POWERS.items():
        spread = math.hypot(*(p * given[g].std / given[g].value for g, p in powers.items()))
        estimates[name] = Estimate(found[name], abs(found[name]) * spread, unit, label, display)
    braked = hartmann(flux_density_T.value, gap_m.value, conductivity_S_m.value, viscosity_Pa_s.value)
    checks = [*_of_the_ion(species, found, flux_density_T.value), *_of_the_flow(found, braked)]
    B = flux_density_T.value * np.logspace(-3, 12, 61)
    curves = {
        "B_T": (("point",), B),
        "hall_parameter_of_B": (("point",), found["hall_parameter"] * B / flux_density_T.value),
        "turns_of_B": (("point",), found["turns"] * B / flux_density_T.value),
    }
    return Result.of(estimates, curves, checks)


def _of_the_ion(species: SpeciesName, found: dict[str, float], flux_T: float) -> list[Check]:
    beta, turns, hull = found["hall_parameter"], found["turns"], found["hull_flux_density"]
    other: SpeciesName = "Li(DME)2+" if species == "Li+" else "Li+"
    ratio = math.sqrt(SPECIES[species].mass_kg / SPECIES[other].mass_kg)
    return [
        Check.that(
            "liquid",
            beta >= 1,
            f"β = {beta:.2g}: the ion turns before friction stops it, a helix can form in the liquid",
            f"no helix in the liquid: friction erases the velocity after a turn of {beta:.2g} rad (the Hall parameter); one"
            f" radian would need {found['flux_density_for_helix']:.2g} T; over the gap the field shifts it by at most"
            f" {found['lateral_shift']:.2g} m",
        ),
        Check.that(
            "vacuum",
            turns >= 1,
            f"without a liquid an ion would make {turns:.2g} turns over the gap",
            f"no helix even without the liquid: {turns:.2g} turns over the gap; one turn would need"
            f" {found['flux_density_vacuum']:.2g} T",
        ),
        Check.that(
            "hull",
            flux_T < hull,
            f"lying across E without a liquid, fields up to {hull:.2g} T (Hull's cut-off) let ions through",
            f"without a liquid, lying across E, this field turns ions back: {flux_T:.2g} T is beyond Hull's cut-off,"
            f" {hull:.2g} T; along E it turns none back",
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


def _of_the_flow(found: dict[str, float], braked: float) -> list[Check]:
    name, most = max(((n, found[f"{n}_peclet"]) for n in ("lorentz", "kelvin", "concentration")), key=lambda p: p[1])
    force = {"lorentz": "j × B", "kelvin": "χ∇B²", "concentration": "B²∇χ"}[name]
    return [
        Check.that(
            "flow",
            most < 1,
            f"no magnetic force stirs the liquid faster than diffusion: the largest bound is that of {force}, Pe = {most:.2g}",
            f"{force} may stir the liquid faster than diffusion, Pe up to {most:.2g}, where no separator holds it: this, not"
            " the path of single ions, is how a field can matter",
        ),
        Check.that(
            "hartmann",
            braked < 1,
            f"the field does not brake the flow (Hartmann number {braked:.2g})",
            f"a Hartmann number of {braked:.2g}: the field brakes the flow, which is slower than these bounds",
        ),
    ]


@regime.plot
def draw(result: Result, ax: Axes) -> None:
    """The deciding numbers on one scale, each with its value: what lies left of 1 does not matter."""
    from anodefree.core.figure import COLOURS, INK, SOFT

    shades = {"ion, liquid": COLOURS[0], "ion, vacuum": COLOURS[1], "flow": COLOURS[2]}
    rows = [(label, group, _number(result, name)) for name, label, group in DECIDES]
    values = [v for _, _, v in rows]
    left, right = min(min(values), 1e-2) / 30, max(max(values), 10.0) * 30
    ax.axvspan(1.0, right, color=SOFT, alpha=0.15, lw=0)
    ax.axvline(1.0, color=INK, lw=0.8)
    for group, colour in shades.items():
        own = [i for i, r in enumerate(rows) if r[1] == group]
        ax.plot([rows[i][2] for i in own], own, "o", color=colour, ms=4.5, label=group, zorder=3)
        ax.hlines(own, left, [rows[i][2] for i in own], color=colour, lw=0.8, alpha=0.6)
    for i, value in enumerate(values):
        ax.text(1.04, i, _power(value), va="center", fontsize=7, transform=ax.get_yaxis_transform())
    ax.set_yticks(range(len(rows)), [r[0] for r in rows], fontsize=7)
    ax.set(xscale="log", xlim=(left, right), ylim=(len(rows) - 0.5, -0.5))
    ax.set_xlabel("value; from 1 on it matters")
    ax.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=3, handletextpad=0.2, columnspacing=0.9)


def _number(result: Result, name: str) -> float:
    return 1.0 / result["gyroradius_over_gap"] if name == "gap_over_gyroradius" else result[name]


def _power(value: float) -> str:
    """Two digits, with the power of ten as people write it."""
    power = math.floor(math.log10(value))
    if -3 <= power <= 3:
        return f"{value:.2g}"
    return f"${value / 10.0**power:.1f} \\times 10^{{{power}}}$"


@regime.demo
def demo(rng: np.random.Generator) -> Demo:
    """A cell whose field, gap, voltage and diffusivity are measured to a few percent."""
    true = {
        "flux_density_T": rng.uniform(0.005, 0.015),
        "diffusivity_m2_s": rng.uniform(1e-10, 6e-10),
        "gap_m": rng.uniform(20e-6, 200e-6),
        "voltage_V": rng.uniform(0.02, 0.2),
        "current_density_A_m2": rng.uniform(1.0, 30.0),
        "conductivity_S_m": rng.uniform(0.2, 2.0),
        "viscosity_Pa_s": rng.uniform(0.5e-3, 5e-3),
        "susceptibility": rng.uniform(0.5e-6, 3e-6),
        "decay_length_m": rng.uniform(0.5e-6, 5e-6),
    }
    std = {name: 0.03 * value for name, value in true.items()}
    measured = {name: Uncertain(value + std[name] * rng.standard_normal(), std[name]) for name, value in true.items()}
    species: SpeciesName = "TFSI-"
    return Demo(
        inputs=(),
        truth=numbers(species, temperature_K=298.15, **true),
        parameters={"species": species, "temperature_K": 298.15, **measured},
    )
