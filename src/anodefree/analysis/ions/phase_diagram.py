"""Where a helix exists: magnetisation against drag, with a full turn on the way and a visible radius."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from anodefree.core.constants import BOLTZMANN_J_K
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.physics.lorentz import magnetisation
from anodefree.physics.transport import SPECIES, SpeciesName, relaxation_time
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
FLUX_DENSITY, GAP, VOLTAGE = Uncertain(0.01), Uncertain(50e-6), Uncertain(0.1)
DRAGS, FIELDS = np.logspace(-2, 10, 97), np.logspace(-3, 11, 113)


def transit(drag: Floats) -> Floats:
    """Time of flight from rest, in L√(m/qV), under a drag Γ: the root of T/Γ - (1 - e^(-ΓT))/Γ² = 1, by Newton."""
    drag = np.asarray(drag, dtype=float)
    time = np.sqrt(2.0) + drag  # from above: the fall without drag plus the drift with it
    for _ in range(60):
        x = drag * time
        with np.errstate(divide="ignore", invalid="ignore"):
            fallen = np.where(x < 1e-4, time**2 * (0.5 - x / 6), (time - -np.expm1(-x) / drag) / drag)
            speed = np.where(x < 1e-4, time * (1 - x / 2), -np.expm1(-x) / drag)
        time = time - (fallen - 1.0) / speed
    return np.asarray(time)


def turns(scale: Floats, drag: Floats) -> Floats:
    """Turns of a sideways launch until it has lost all but 1/e of its speed, or the ion arrives: Λ min(T, 1/Γ)/2π."""
    return np.asarray(scale * np.minimum(transit(drag), 1 / np.maximum(drag, 1e-300)) / (2 * np.pi))


@stage("ions.phase_diagram", version=1, cites=("chen2016", "chandrasekhar1943", "chen2026"))
def phase_diagram(
    *,
    species: Annotated[SpeciesName, Par("the ion")] = "Li+",
    flux_density_T: Annotated[
        Uncertain, Par("flux density of the conditions that are marked", gt=0, source="1 um of nickel: 10 mT (section 2.1)")
    ] = FLUX_DENSITY,
    gap_m: Annotated[Uncertain, Par("gap between the electrodes", gt=0, source="not stated", assumed=True)] = GAP,
    voltage_V: Annotated[Uncertain, Par("voltage across the gap", gt=0, source="not stated", assumed=True)] = VOLTAGE,
    diffusivity_m2_s: Annotated[
        Uncertain | None,
        Par("diffusion coefficient; none: the ion's own", gt=0, source="NMR in ethers, order of magnitude", assumed=True),
    ] = None,
    temperature_K: Annotated[float, Par("temperature", gt=0)] = 298.15,
    visible: Annotated[
        float, Par("least radius that is seen, over the gap", gt=0, le=0.5, source="a pixel in a hundred")
    ] = 0.01,
) -> Result:
    """Where in the plane of drag and magnetisation an ion's path is a helix that can be seen.

    With $\\Lambda = BL\\sqrt{q/mV}$ (field) and $\\Gamma = (L/\\tau)\\sqrt{m/qV}$ (drag), an ion launched sideways at its
    thermal speed turns $N = \\Lambda\\,\\min(T(\\Gamma), 1/\\Gamma)/2\\pi$ times before friction takes all but 1/e of it,
    or it arrives; T solves the fall from rest with drag. Its radius over the gap is $\\sqrt{2kT/qV}/\\Lambda$. A helix
    needs N ≥ 1 and a radius of `visible`: both hold in a wedge that ends at the drag `drag_most`, above which *no field at
    all* gives a visible helix: a stronger one only shrinks the circle. `flux_density_vacuum`, `flux_density_liquid` [T]:
    where N = 1 without the liquid and with it; `radius_liquid` [m]: the circle's radius there. The liquid's own drag, over
    `drag_most`, is `drag_excess`.

    *Valid when* B is uniform along E and drag is linear. Released at rest along B, no ion winds at all: this is the best
    case. *Source* Chen 2016, chapter 2; Chandrasekhar 1943, chapter II. *Differs from the paper*, which shows helices and
    states neither gap, voltage, launch nor drag. Standard deviations to first order from those of gap, voltage and D.
    Curves: `drag`, `field`, `turns` over both. Raises ConfigError for a parameter out of bounds.
    """
    ion = SPECIES[species]
    D = diffusivity_m2_s or Uncertain(ion.diffusivity_m2_s, ion.diffusivity_std_m2_s)
    charge, mass, gap, voltage = abs(ion.charge_C), ion.mass_kg, gap_m.value, voltage_V.value
    per_tesla = magnetisation(charge, mass, 1.0, gap, voltage)
    scale = per_tesla * flux_density_T.value
    tau = relaxation_time(mass, D.value, temperature_K)
    drag = gap * math.sqrt(mass / (charge * voltage)) / tau
    sideways = math.sqrt(2 * BOLTZMANN_J_K * temperature_K / (charge * voltage))
    free = 2 * math.pi / math.sqrt(2.0)
    vacuum, liquid = free / per_tesla, 2 * math.pi * mass / (charge * tau)
    most = sideways / visible / (2 * math.pi)
    radius = tau * math.sqrt(2 * BOLTZMANN_J_K * temperature_K / mass) / (2 * math.pi)
    s = [u.std / u.value for u in (gap_m, voltage_V, D)]
    estimates = {
        "magnetisation": Estimate(
            scale, scale * math.hypot(s[0], s[1] / 2, flux_density_T.std / flux_density_T.value), "1", "Λ"
        ),
        "drag": Estimate(drag, drag * math.hypot(s[0], s[1] / 2, s[2]), "1", "Γ of the liquid"),
        "flux_density_vacuum": Estimate(vacuum, vacuum * math.hypot(s[0], s[1] / 2), "T", "field of one turn, no liquid", "T"),
        "flux_density_liquid": Estimate(liquid, liquid * s[2], "T", "field of one turn before friction wins", "T"),
        "radius_liquid": Estimate(radius, radius * s[2], "m", "radius of the circle in that field", "m"),
        "drag_most": Estimate(most, most * s[1] / 2, "1", "largest drag at which any field gives a visible helix"),
        "drag_excess": Estimate(drag / most, drag / most * math.hypot(s[0], s[2]), "1", "drag of the liquid over that"),
    }
    checks = [
        Check.that(
            "vacuum",
            scale >= free,
            f"without the liquid the field winds the path {scale / free:.2g} times",
            f"without the liquid the path makes {scale / free:.2g} turns: a helix would need {vacuum:.2g} T",
        ),
        Check.that(
            "liquid",
            drag <= most,
            "the drag leaves room for a visible helix",
            f"in this liquid no field gives a visible helix: its drag is {drag / most:.2g} times too large; one turn needs"
            f" {liquid:.2g} T, on a circle of {radius:.2g} m",
        ),
    ]
    curves = {
        "drag_axis": ("drag", DRAGS),
        "field_axis": ("field", FIELDS),
        "turns": (("field", "drag"), turns(FIELDS[:, None], DRAGS[None, :])),
        "radius_over_gap": ("field", sideways / FIELDS),
        "visible_field": ("edge", np.array([free, sideways / visible])),
    }
    return Result.of(estimates, curves, checks)


@phase_diagram.plot
def draw(result: Result, ax: Axes) -> None:
    """The wedge in which a helix exists and can be seen, and the stated conditions without the liquid and with it."""
    from anodefree.core.figure import COLOURS, INK, SOFT

    drag, field = result.curves["drag_axis"].values, result.curves["field_axis"].values
    top = float(result.curves["visible_field"].values[1])
    needed = 2 * np.pi / np.minimum(transit(drag), 1 / drag)
    ax.plot(drag, needed, color=INK, lw=1.1, label="one turn")
    ax.axhline(top, color=SOFT, lw=1.0, ls="--", label="radius just visible")
    ax.fill_between(drag, needed, top, where=needed < top, color=COLOURS[2], alpha=0.4, lw=0)
    ax.fill_between(drag, np.maximum(needed, top), field[-1], color=SOFT, alpha=0.18, lw=0)
    scale, own = result["magnetisation"], result["drag"]
    ax.plot(drag[0], scale, "o", color=COLOURS[0], clip_on=False, zorder=4, label="stated field, no liquid (Γ = 0)")
    ax.plot(own, scale, "s", color=COLOURS[1], zorder=4, label="stated field, in the liquid")
    ax.text(drag[0] * 2, math.sqrt(top * 4.44), "helix", va="center", fontsize=7)
    ax.text(drag[0] * 2, top * 1e4, "too narrow to be seen", va="center", fontsize=7)
    ax.text(drag[0] * 2, 0.15, "less than a turn", va="center", fontsize=7)
    ax.set(xscale="log", yscale="log", xlim=(drag[0], drag[-1]), ylim=(field[0], field[-1]))
    ax.set_xlabel("drag Γ")
    ax.set_ylabel("magnetisation Λ")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


@phase_diagram.demo
def demo(rng: np.random.Generator) -> Demo:
    """Gap, voltage and diffusivity measured to a few percent; the limits follow from the true ones."""
    gap, voltage, D = rng.uniform(20e-6, 200e-6), rng.uniform(0.02, 0.2), rng.uniform(1e-10, 6e-10)
    ion = SPECIES["Li+"]
    thermal = BOLTZMANN_J_K * 298.15
    truth = {
        "flux_density_vacuum": math.sqrt(2) * math.pi * math.sqrt(ion.mass_kg * voltage / ion.charge_C) / gap,
        "flux_density_liquid": 2 * math.pi * thermal / (ion.charge_C * D),
        "radius_liquid": D * math.sqrt(2 * ion.mass_kg / thermal) / (2 * math.pi),
        "drag_most": math.sqrt(2 * thermal / (ion.charge_C * voltage)) / (0.02 * math.pi),
    }
    given = {"gap_m": gap, "voltage_V": voltage, "diffusivity_m2_s": D}
    measured = {n: Uncertain(v * (1 + 0.03 * rng.standard_normal()), 0.03 * v) for n, v in given.items()}
    return Demo((), truth, measured)
