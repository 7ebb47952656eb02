"""The same cathode against no anode and against graphite: what leaving the anode out gains, per mass and per volume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS, INK, SOFT
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.numerics.propagation import interval, sample
from anodefree.registry import Demo, stage
from anodefree.simulation.pouch.graphite import graphite_cell
from anodefree.simulation.pouch.inputs import (
    DESIGN,
    STACK,
    ActiveFraction,
    Aluminium,
    Capacity,
    CathodeDensity,
    Copper,
    Draws,
    Electrolyte,
    FirstCycleLoss,
    Laminate,
    LaminateMass,
    LithiumPorosity,
    LoadedSides,
    Loading,
    MeanVoltage,
    Nickel,
    Overhang,
    Seal,
    Separator,
    SeparatorMass,
    SheetHeight,
    SheetWidth,
    SpecificCapacity,
    Tabs,
    bounds,
    each_face,
    values,
)
from anodefree.simulation.pouch.masses import masses_kg
from anodefree.simulation.pouch.thickness import footprint_m2, layers_m, plated_m

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GRAPHITE = {
    "capacity_ratio": Uncertain(1.10, 0.03),
    "graphite_capacity_C_kg": Uncertain(350 * 3600.0, 5 * 3600.0),
    "graphite_active_fraction": Uncertain(0.96, 0.01),
    "graphite_kg_m3": Uncertain(1.60e3, 0.06e3),
    "graphite_potential_V": Uncertain(0.12, 0.02),
    "graphite_loss": Uncertain(0.08, 0.015),
    "graphite_swelling": Uncertain(0.08, 0.02),
    "electrolyte_kg_m3": Uncertain(1.30e3, 0.08e3),
}
"""The anode that is left out; where each comes from stands beside its parameter."""


def numbers(design: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Both cells and what one gains over the other, arrays in and out."""
    free, with_graphite, _, _ = both(design)
    found = {f"{n}_anode_free": v for n, v in free.items()} | {f"{n}_graphite": v for n, v in with_graphite.items()}
    for n in ("energy_density", "energy_per_volume"):
        found[f"gain_{n}"] = free[n] / with_graphite[n] - 1
    return found


def both(
    design: dict[str, np.ndarray],
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Energy per mass and per (charged) volume without an anode and with graphite, and the masses of both cells."""
    volts = design["mean_voltage_V"]
    in_stack = {n: v for n, v in design.items() if n not in GRAPHITE}
    in_mass = {n: v for n, v in in_stack.items() if n not in STACK and n != "mean_voltage_V"}
    masses = masses_kg(**in_mass)
    energy = design["capacity_C"] * volts
    full, _ = plated_m(**in_stack)
    free = {
        "energy_density": energy / sum(masses.values()),
        "energy_per_volume": energy / ((sum(layers_m(**in_stack).values()) + full) * footprint_m2(**in_stack)),
    }
    other, thickness, energy = graphite_cell(in_mass, in_stack, {n: design[n] for n in GRAPHITE}, volts)
    graphite = {
        "energy_density": energy / sum(other.values()),
        "energy_per_volume": energy / (thickness * footprint_m2(**in_stack)),
    }
    return free, graphite, masses, other


@stage("pouch.compare", version=1, cites=("chen2026", "betz2019", "kasnatscheew2016", "jcgm101"))
def compare(
    *,
    capacity_C: Capacity = DESIGN["capacity_C"],
    loading_kg_m2: Loading = DESIGN["loading_kg_m2"],
    loaded_sides: LoadedSides = 1,
    active_fraction: ActiveFraction = DESIGN["active_fraction"],
    specific_capacity_C_kg: SpecificCapacity = DESIGN["specific_capacity_C_kg"],
    mean_voltage_V: MeanVoltage = DESIGN["mean_voltage_V"],
    copper_m: Copper = DESIGN["copper_m"],
    nickel_m: Nickel = DESIGN["nickel_m"],
    aluminium_m: Aluminium = DESIGN["aluminium_m"],
    separator_kg_m2: SeparatorMass = DESIGN["separator_kg_m2"],
    electrolyte_kg: Electrolyte = DESIGN["electrolyte_kg"],
    sheet_width_m: SheetWidth = DESIGN["sheet_width_m"],
    sheet_height_m: SheetHeight = DESIGN["sheet_height_m"],
    overhang_m: Overhang = DESIGN["overhang_m"],
    laminate_kg_m2: LaminateMass = DESIGN["laminate_kg_m2"],
    seal_m: Seal = DESIGN["seal_m"],
    tabs_kg: Tabs = DESIGN["tabs_kg"],
    cathode_kg_m3: CathodeDensity = STACK["cathode_kg_m3"],
    separator_m: Separator = STACK["separator_m"],
    laminate_m: Laminate = STACK["laminate_m"],
    first_cycle_loss: FirstCycleLoss = STACK["first_cycle_loss"],
    lithium_porosity: LithiumPorosity = STACK["lithium_porosity"],
    capacity_ratio: Annotated[
        Uncertain,
        Par("graphite's capacity over the cathode's first charge (N/P)", ge=1, source="1.10: 1.05-1.15 is usual", assumed=True),
    ] = GRAPHITE["capacity_ratio"],
    graphite_capacity_C_kg: Annotated[
        Uncertain, Par("capacity of graphite", gt=0, source="350 mAh/g, of 372 in theory; 340-360 in use", assumed=True)
    ] = GRAPHITE["graphite_capacity_C_kg"],
    graphite_active_fraction: Annotated[
        Uncertain, Par("graphite in its coating", gt=0, le=1, source="96 %; 95-97.5 % in energy cells", assumed=True)
    ] = GRAPHITE["graphite_active_fraction"],
    graphite_kg_m3: Annotated[
        Uncertain,
        Par("density of the pressed graphite coating, pores included", gt=0, source="1.6 g/cm3; 1.5-1.7", assumed=True),
    ] = GRAPHITE["graphite_kg_m3"],
    graphite_potential_V: Annotated[
        Uncertain,
        Par(
            "mean potential of graphite against lithium in a discharge",
            ge=0,
            source="0.12 V: its plateaus at 0.09-0.21 V and its own overpotential",
            assumed=True,
        ),
    ] = GRAPHITE["graphite_potential_V"],
    graphite_loss: Annotated[
        Uncertain,
        Par("part of the first charge that the graphite's interphase takes", ge=0, lt=1, source="8 %; 5-10 %", assumed=True),
    ] = GRAPHITE["graphite_loss"],
    graphite_swelling: Annotated[
        Uncertain,
        Par(
            "growth of the graphite coating by charging",
            ge=0,
            source="8 %: graphite grows 10-13 % along c, pores take up part of it",
            assumed=True,
        ),
    ] = GRAPHITE["graphite_swelling"],
    electrolyte_kg_m3: Annotated[
        Uncertain,
        Par("density of the electrolyte that fills the graphite's pores", gt=0, source="1.3 g/cm3; 1.2-1.5", assumed=True),
    ] = GRAPHITE["electrolyte_kg_m3"],
    draws: Draws = 20_000,
    rng: np.random.Generator,
) -> Result:
    """Energy per mass and per charged volume of an anode-free cell and of the same cell with graphite.

    Same cathode sheets, foils, separator and pouch. Graphite of r q'/(w_g q_g) [kg/m2] faces each cathode, q' the first charge;
    its pores ask for electrolyte of their own; the nickel film is left out. The cathode keeps f of the first charge and the
    graphite's interphase takes g: the capacity that cycles is (1 - max(f, g))/(1 - f) of the anode-free cell's, and the mean
    voltage is lower by the graphite's potential. Both cells share their draws, so that what is common cancels in the gain.
    *Valid when* both are new: the anode-free cell loses its lithium in tens to hundreds of cycles, the other in thousands.
    *Source* the balance of first-cycle losses: Kasnatscheew et al. 2016; which parts to count: Betz et al. 2019. The paper
    makes no such comparison.
    """
    inputs = each_face({n: v for n, v in locals().items() if isinstance(v, Uncertain)}, loaded_sides)
    centre = values(inputs)
    found, spread = numbers(centre), numbers(sample(inputs, draws, rng, _limits(inputs)))
    words = {"energy_density": ("J/kg", "energy density"), "energy_per_volume": ("J/m3", "energy per volume, charged")}
    estimates = {}
    for name, value in found.items():
        what = next(w for w in words if w in name)
        unit, label = ("1", f"gain in {words[what][1]}") if name.startswith("gain") else words[what]
        cell = "" if name.startswith("gain") else ", anode-free" if name.endswith("free") else ", graphite"
        display = "%" if unit == "1" else None
        drawn = spread[name]
        estimates[name] = Estimate(float(value), float(drawn.std()), unit, label + cell, display, *interval(drawn))
    _, _, free, other = both(centre)
    parts = list(dict.fromkeys([*free, *other]))
    checks = [
        Check.that(
            "first cycle",
            inputs["first_cycle_loss"].value >= inputs["graphite_loss"].value,
            "the cathode loses more in the first cycle than the graphite takes: both cells cycle the same capacity",
            "the graphite takes more lithium in the first cycle than the cathode keeps: its cell cycles less capacity",
        )
    ]
    curves = {
        "component": ("component", np.array(parts)),
        "anode_free_kg": ("component", np.array([float(free.get(n, 0.0)) for n in parts])),
        "graphite_kg": ("component", np.array([float(other.get(n, 0.0)) for n in parts])),
    }
    return Result.of(estimates, curves, checks)


def _limits(inputs: dict[str, Uncertain]) -> dict[str, tuple[float, float]]:
    own = {"capacity_ratio": (1.0, np.inf), "graphite_active_fraction": (1e-12, 1.0)}
    own |= {n: (0.0, 0.99) for n in ("graphite_loss", "graphite_swelling")}
    return {**bounds(inputs), **own}


@compare.plot
def draw(result: Result, ax: Axes) -> None:
    """The parts of both cells, and their energy per mass and volume."""
    names = [str(n) for n in result.curves["component"].values]
    order = sorted(range(len(names)), key=lambda i: -float(result.curves["graphite_kg"].values[i]))
    place = np.arange(len(names))[::-1]
    for shift, cell, colour, label in (
        (0.2, "anode_free", COLOURS[0], "anode-free"),
        (-0.2, "graphite", COLOURS[1], "graphite"),
    ):
        masses = 1e3 * result.curves[f"{cell}_kg"].values[order]
        per_mass = result.estimates[f"energy_density_{cell}"].value / 3600
        per_volume = result.estimates[f"energy_per_volume_{cell}"].value / 3.6e6
        ax.barh(place + shift, masses, 0.38, color=colour, label=f"{label}: {per_mass:.0f} Wh/kg, {per_volume:.0f} Wh/L")
        for at, mass in zip(place + shift, masses, strict=True):
            ax.annotate(
                f"{mass:.2f}" if mass else "none", (mass, at), (2, 0), textcoords="offset points", va="center", fontsize=5,
                color=INK if mass else SOFT,
            )  # fmt: skip
    ax.set_yticks(place, [names[i] for i in order], fontsize=6.5)
    ax.tick_params(axis="y", length=0)
    ax.set(xlabel="mass / g", xlim=(0, 1.12e3 * float(result.curves["graphite_kg"].max())), ylim=(-0.7, len(names) - 0.3))
    ax.legend(loc="lower right", fontsize=6.5)


@compare.demo
def demo(rng: np.random.Generator) -> Demo:
    """Two cells whose true design lies off the central one by what is plausible, recomputed from what was measured of it."""
    known = {**DESIGN, **STACK, **GRAPHITE}
    true = {n: float(np.clip(rng.normal(x.value, x.std), 0.5 * x.value, None)) for n, x in known.items()}
    true |= {n: min(true[n], 0.999) for n in ("active_fraction", "graphite_active_fraction")}
    measured = {n: Uncertain(float(rng.normal(true[n], x.std / 3)), x.std / 3) for n, x in known.items()}
    found = numbers({n: np.asarray(v) for n, v in true.items()})
    names = ("gain_energy_density", "gain_energy_per_volume", "energy_density_graphite", "energy_per_volume_graphite")
    return Demo((), {n: float(found[n]) for n in names}, {**measured, "draws": 2000})
