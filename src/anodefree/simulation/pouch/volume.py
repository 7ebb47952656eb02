"""The volume of an anode-free pouch cell and its breathing: what it is when charged, and when discharged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from anodefree.core.figure import COLOURS, INK, SOFT
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.numerics.propagation import interval, linear, sample
from anodefree.registry import Demo, stage
from anodefree.simulation.pouch.inputs import (
    DESIGN,
    STACK,
    ActiveFraction,
    Aluminium,
    Capacity,
    CathodeDensity,
    Copper,
    Draws,
    FirstCycleLoss,
    Laminate,
    LithiumPorosity,
    LoadedSides,
    Loading,
    MeanVoltage,
    Nickel,
    Overhang,
    Seal,
    Separator,
    SheetHeight,
    SheetWidth,
    SpecificCapacity,
    bounds,
    each_face,
    values,
)
from anodefree.simulation.pouch.masses import areal_capacity_C_m2
from anodefree.simulation.pouch.thickness import footprint_m2, layers_m, lithium_m, plated_m

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INPUTS = (
    "capacity_C",
    "loading_kg_m2",
    "active_fraction",
    "specific_capacity_C_kg",
    "mean_voltage_V",
    "copper_m",
    "nickel_m",
    "aluminium_m",
    "sheet_width_m",
    "sheet_height_m",
    "overhang_m",
    "seal_m",
)
"""What of the design a volume needs."""


def numbers(design: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every estimate of the stage from the design, arrays in and out."""
    empty = sum(layers_m(**design).values())
    full, left = plated_m(**design)
    area = footprint_m2(**design)
    areal = areal_capacity_C_m2(*(design[n] for n in ("loading_kg_m2", "active_fraction", "specific_capacity_C_kg")))
    face, rest = lithium_m(areal, design["first_cycle_loss"], design["lithium_porosity"])
    energy = design["capacity_C"] * design["mean_voltage_V"]
    return {
        "energy_per_volume": energy / ((empty + full) * area),
        "energy_per_volume_discharged": energy / ((empty + left) * area),
        "volume": (empty + full) * area,
        "thickness": empty + full,
        "thickness_discharged": empty + left,
        "lithium_charged": face,
        "lithium_discharged": rest,
        "lithium_share": full / (empty + full),
        "breathing": (full - left) / (empty + left),
    }


SHOWN = {
    "energy_per_volume": ("J/m3", "energy per volume, charged", None),
    "energy_per_volume_discharged": ("J/m3", "energy per volume, discharged", None),
    "volume": ("m3", "volume, charged", "cm3"),
    "thickness": ("m", "thickness, charged", "mm"),
    "thickness_discharged": ("m", "thickness, discharged", "mm"),
    "lithium_charged": ("m", "lithium on one face, charged", None),
    "lithium_discharged": ("m", "lithium on one face, discharged", None),
    "lithium_share": ("1", "lithium's share of the thickness, charged", "%"),
    "breathing": ("1", "growth in thickness by charging", "%"),
}
"""Unit, label and display of each estimate."""


@stage("pouch.volume", version=1, cites=("chen2026", "betz2019", "kasnatscheew2016", "haynes2016", "jcgm101"))
def volume(
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
    sheet_width_m: SheetWidth = DESIGN["sheet_width_m"],
    sheet_height_m: SheetHeight = DESIGN["sheet_height_m"],
    overhang_m: Overhang = DESIGN["overhang_m"],
    seal_m: Seal = DESIGN["seal_m"],
    cathode_kg_m3: CathodeDensity = STACK["cathode_kg_m3"],
    separator_m: Separator = STACK["separator_m"],
    laminate_m: Laminate = STACK["laminate_m"],
    first_cycle_loss: FirstCycleLoss = STACK["first_cycle_loss"],
    lithium_porosity: LithiumPorosity = STACK["lithium_porosity"],
    draws: Draws = 20_000,
    rng: np.random.Generator,
) -> Result:
    """Energy per volume of an anode-free pouch cell, layer by layer, charged and discharged.

    E/V = Q U/(A d) [J/m3], d the sum of the layers of `anodefree.simulation.pouch.thickness` and of the lithium plated on 2n
    faces, d_Li = q' M/[F ρ (1 - P)] each: q' = q/(1 - f) charged, q f/(1 - f) discharged, f the cathode's first-cycle loss.
    The charged cell is what a pack must make room for, so its energy per volume is the one to quote. The value is that of the
    central inputs; std, low and high (2.5 and 97.5 %) are those of draws of all inputs, independent and normal; `input_*` is
    each input's share of the std of the energy per volume, to first order.
    *Valid when* all lithium that is plated stays metal, gas and pressure do not count, and dead lithium and interphase have not
    thickened the deposit yet: a cycled cell is thicker. *Source* Faraday's law; which parts to count: Betz et al. 2019. The
    paper states no thickness and no volume: what it leaves open is assumed, each with its source.
    """
    inputs = each_face({n: v for n, v in locals().items() if isinstance(v, Uncertain)}, loaded_sides)
    centre, drawn = values(inputs), sample(inputs, draws, rng, bounds(inputs))
    found, spread = numbers(centre), numbers(drawn)
    estimates = {
        n: Estimate(float(found[n]), float(spread[n].std()), unit, label, display, *interval(spread[n]))
        for n, (unit, label, display) in SHOWN.items()
    }
    parts = {n: float(x) for n, x in layers_m(**centre).items()}
    full, left = (float(x) for x in plated_m(**centre))
    growth = float(found["breathing"])
    checks = [
        Check.that(
            "breathing",
            growth < 0.1,
            f"charging makes the cell thicker by {100 * growth:.1f} %",
            f"charging makes the cell thicker by {100 * growth:.1f} %: a pack must leave room, or press on it",
        )
    ]
    curves = {
        "layer": ("layer", np.array([*parts, "lithium"])),
        "charged_m": ("layer", np.array([*parts.values(), full])),
        "discharged_m": ("layer", np.array([*parts.values(), left])),
        "fraction_charged": ("layer", np.array([*parts.values(), full]) / float(found["thickness"])),
    }
    share = linear(lambda **design: numbers(design)["energy_per_volume"], inputs, bounds(inputs)).contributions
    order = sorted(share, key=lambda n: -abs(share[n]))
    curves["input_name"] = ("input", np.array(order))
    curves["input_std_J_m3"] = ("input", np.array([abs(share[n]) for n in order]))
    return Result.of(estimates, curves, checks)


@volume.plot
def draw(result: Result, ax: Axes) -> None:
    """The layers of the cell on top of each other, discharged and charged."""
    names = [str(n) for n in result.curves["layer"].values]
    colours = dict(zip(names, (COLOURS[0], SOFT, COLOURS[1], COLOURS[3], COLOURS[4], COLOURS[5], COLOURS[2]), strict=True))
    for place, which in enumerate(("discharged", "charged")):
        floor = 0.0
        for name, size in zip(names, 1e3 * result.curves[f"{which}_m"].values, strict=True):
            ax.bar(place, size, 0.55, bottom=floor, color=colours[name], label=name if place else None)
            floor += size
        per = result.estimates["energy_per_volume" if place else "energy_per_volume_discharged"]
        ax.annotate(
            f"{per.value / 3.6e6:.0f} Wh/L",
            (place, floor),
            (0, 3),
            textcoords="offset points",
            ha="center",
            color=INK,
            fontsize=7,
        )
    top = 1e3 * result.estimates["thickness"].value
    ax.set_xticks([0, 1], ["discharged", "charged"])
    ax.set(ylabel="thickness / mm", xlim=(-0.5, 2.75), ylim=(0, 1.12 * top))
    handles, labels = ax.get_legend_handles_labels()
    ax.legend(handles[::-1], labels[::-1], loc="center right")


@volume.demo
def demo(rng: np.random.Generator) -> Demo:
    """A cell whose true design lies off the central one by what is plausible, recomputed from what was measured of it."""
    known = {**{n: DESIGN[n] for n in INPUTS}, **STACK}
    true = {n: float(max(rng.normal(x.value, x.std), 0.5 * x.value)) for n, x in known.items()}
    measured = {n: Uncertain(float(rng.normal(true[n], x.std / 3)), x.std / 3) for n, x in known.items()}
    found = numbers({n: np.asarray(v) for n, v in true.items()})
    names = ("energy_per_volume", "energy_per_volume_discharged", "thickness", "lithium_charged", "breathing")
    return Demo((), {n: float(found[n]) for n in names}, {**measured, "draws": 2000})
