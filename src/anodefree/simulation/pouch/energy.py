"""The energy density of an anode-free pouch cell, with the uncertainty of everything it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS, INK, SOFT
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.numerics.propagation import Bounds, interval, linear, sample
from anodefree.physics.lithium import dense_thickness_m
from anodefree.registry import Demo, stage
from anodefree.simulation.pouch.inputs import (
    DESIGN,
    STATED,
    ActiveFraction,
    Aluminium,
    Capacity,
    Copper,
    Draws,
    Electrolyte,
    LaminateMass,
    LoadedSides,
    Loading,
    MeanVoltage,
    Nickel,
    Overhang,
    Seal,
    SeparatorMass,
    SheetHeight,
    SheetWidth,
    SpecificCapacity,
    Tabs,
    bounds,
    each_face,
    said,
    said_value,
)
from anodefree.simulation.pouch.masses import areal_capacity_C_m2, masses_kg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NINETY_FIVE = 1.959963984540054
"""Standard deviations that bound the central 95 % of a normal distribution."""


def energy_density_J_kg(mean_voltage_V: np.ndarray, capacity_C: np.ndarray, **design: np.ndarray) -> np.ndarray:
    """e = Q V/m [J/kg]."""
    return capacity_C * mean_voltage_V / sum(masses_kg(capacity_C=capacity_C, **design).values())


@stage("pouch.energy", version=2, cites=("chen2026", "sulzer2021", "chen2020", "betz2019", "haynes2016", "jcgm101"))
def energy(
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
    claimed_J_kg: Annotated[float | None, Par("energy density that is claimed, to be placed in the distribution", gt=0)] = None,
    draws: Draws = 20_000,
    rng: np.random.Generator,
) -> Result:
    """Energy density of an anode-free Cu||NCM811 pouch cell from its mass breakdown.

    e = Q V/m [J/kg] with m the sum of coating, foils, nickel film, separator, electrolyte, laminate and tabs; the coated area
    is A = Q/(L w q), in n = A/(2bc) double-sided sheets (`anodefree.simulation.pouch.masses`). Lithium comes from the cathode.
    The value is that of the central inputs, what one recomputes by hand; std, low and high (2.5 and 97.5 %) are those of draws
    of all inputs, independent and normal, cut off below 0. The table `input_*` orders the inputs by effect: energy density with
    that input alone at its 2.5 and 97.5 %, and its share of the std to first order. `reading_*` gives other readings of the
    text.
    *Valid when* the stack is what the paper's section 4.2.2 lists and the capacity is the reversible one at the same rate as
    the mean voltage; terminals beyond the seal, tape and lithium for formation are not counted.
    *Source* Chen et al. 2026, section 4.2.2, for what is stated; every assumed input names its own source, none was adjusted to
    the paper's 453.5 Wh/kg. Which masses to count: Betz et al. 2019. Propagation: JCGM 101:2008.
    """
    inputs = {n: v for n, v in locals().items() if isinstance(v, Uncertain)}
    given = each_face(inputs, loaded_sides)
    limits = bounds(given)
    centre = {n: np.asarray(x.value) for n, x in given.items()}
    design = {n: v for n, v in centre.items() if n != "mean_voltage_V"}
    parts = {n: float(m) for n, m in masses_kg(**design).items()}
    value = float(energy_density_J_kg(**centre))
    drawn = sample(given, draws, rng, limits)
    densities = energy_density_J_kg(**drawn)
    masses = masses_kg(**{n: v for n, v in drawn.items() if n != "mean_voltage_V"})
    energies = drawn["capacity_C"] * drawn["mean_voltage_V"]
    per_face = ("loading_kg_m2", "active_fraction", "specific_capacity_C_kg")
    areal, areals = (areal_capacity_C_m2(*(source[n] for n in per_face)) for source in (centre, drawn))
    whole, area = sum(parts.values()), float(areal)
    low, high = interval(densities)
    estimates = {
        "energy_density": Estimate(value, float(densities.std()), "J/kg", "energy density", None, low, high),
        "mass": _drawn(whole, np.sum(list(masses.values()), axis=0), "kg", "mass of the cell"),
        "energy": _drawn(float(centre["capacity_C"] * centre["mean_voltage_V"]), energies, "J", "energy"),
        "areal_capacity": _drawn(area, areals, "C/m2", "areal capacity of one face"),
        "lithium_thickness": _drawn(
            float(dense_thickness_m(area)), dense_thickness_m(areals), "m", "lithium plated on one face, if dense"
        ),
        "electrolyte_per_capacity": _drawn(
            float(centre["electrolyte_kg"] / centre["capacity_C"]),
            drawn["electrolyte_kg"] / drawn["capacity_C"],
            "kg/C",
            "electrolyte per capacity",
            "g/Ah",
        ),
    }
    checks = [
        Check.that(
            "assumptions",
            float(densities.std()) < 0.02 * value,
            "the inputs leave the result open by less than 2 %",
            f"the inputs leave it open by {100 * densities.std() / value:.1f} % (std): no claim closer than that can be tested",
        ),
        Check.that(
            "sheets",
            3 <= float(centre["capacity_C"] / area / (2 * centre["sheet_width_m"] * centre["sheet_height_m"])) <= 60,
            "the number of cathode sheets is that of a pouch cell",
            "the number of cathode sheets is unusual: check sheet size and loading",
        ),
    ]
    if claimed_J_kg is not None:
        share = float(np.mean(densities < claimed_J_kg))
        estimates["claimed_percentile"] = Estimate(
            share, float(np.sqrt(max(share * (1 - share), 1 / draws) / draws)), "1", "share of draws below the claim", "%"
        )
        checks.append(
            Check.that(
                "claim",
                low <= claimed_J_kg <= high,
                f"the claimed {claimed_J_kg / 3600:.1f} Wh/kg lies within the central 95 %",
                f"the claimed {claimed_J_kg / 3600:.1f} Wh/kg lies outside the central 95 % of what the inputs allow",
            )
        )
    histogram, edges = np.histogram(densities, 60, density=True)
    curves = {
        "component": ("component", np.array(list(parts))),
        "mass_kg": ("component", np.array(list(parts.values()))),
        "fraction": ("component", np.array(list(parts.values())) / whole),
        "density_J_kg": ("bin", 0.5 * (edges[1:] + edges[:-1])),
        "probability": ("bin", histogram),
        "claimed_J_kg": ("claim", np.array([] if claimed_J_kg is None else [claimed_J_kg])),
        **_tornado(given, limits),
        **_readings(inputs, loaded_sides),
    }
    return Result.of(estimates, curves, checks)


def _drawn(value: float, draws: np.ndarray, unit: str, label: str, display: str | None = None) -> Estimate:
    """An estimate at the central inputs with the spread of its draws."""
    return Estimate(value, float(np.std(draws)), unit, label, display, *interval(draws))


def _tornado(inputs: dict[str, Uncertain], limits: Bounds) -> dict[str, tuple[str, np.ndarray]]:
    """Every input alone at its 2.5 and 97.5 %, and its share of the std; the strongest first."""
    low, high = [], []
    for name, x in inputs.items():
        ends = np.clip([x.value - NINETY_FIVE * x.std, x.value + NINETY_FIVE * x.std], *limits[name])
        at = energy_density_J_kg(**{n: ends if n == name else np.full(2, y.value) for n, y in inputs.items()})
        low.append(float(at[0]))
        high.append(float(at[1]))
    share = linear(energy_density_J_kg, inputs, limits).contributions
    order = np.argsort([-abs(h - b) for b, h in zip(low, high, strict=True)], kind="stable")
    names = [list(inputs)[i] for i in order]
    return {
        "input_name": ("input", np.array(names)),
        "input_label": ("input", np.array([f"{said(n)}, {said_value(n, inputs[n].value, inputs[n].std)}" for n in names])),
        "input_low_J_kg": ("input", np.array(low)[order]),
        "input_high_J_kg": ("input", np.array(high)[order]),
        "input_std_J_kg": ("input", np.array([abs(share[n]) for n in names])),
        "input_stated": ("input", np.array([int(n in STATED) for n in names])),
    }


def _readings(inputs: dict[str, Uncertain], loaded_sides: int) -> dict[str, tuple[str, np.ndarray]]:
    """The energy density if the text is meant otherwise, all else as given."""
    zero = Uncertain(0.0)
    no_package = {"laminate_kg_m2": zero, "tabs_kg": zero}
    cases = {
        "as given": each_face(inputs, loaded_sides),
        "bare copper, no nickel": each_face({**inputs, "nickel_m": zero}, loaded_sides),
        "without laminate and tabs": each_face({**inputs, **no_package}, loaded_sides),
        "loading is of each face": each_face(inputs, 1),
        "loading is of both faces together": each_face(inputs, 2),
    }
    found = [float(energy_density_J_kg(**{n: np.asarray(x.value) for n, x in case.items()})) for case in cases.values()]
    return {"reading": ("reading", np.array(list(cases))), "reading_J_kg": ("reading", np.array(found))}


@energy.plot
def draw(result: Result, ax: Axes) -> None:
    """What each input alone does to the energy density, the strongest on top."""
    names = [str(n) for n in result.curves["input_label"].values]
    ends = np.stack([result.curves[f"input_{n}_J_kg"].values for n in ("low", "high")]) / 3600
    stated = result.curves["input_stated"].values.astype(bool)
    found = result.estimates["energy_density"]
    place = np.arange(len(names))[::-1]
    for which, colour, label in ((stated, COLOURS[0], "stated"), (~stated, COLOURS[1], "assumed")):
        left, width = ends[:, which].min(axis=0), np.abs(ends[1] - ends[0])[which]
        ax.barh(place[which], width, left=left, height=0.7, color=colour, alpha=0.85, label=label)
    ax.axvline(found.value / 3600, color=INK, linewidth=0.8)
    ax.axvspan(
        (found.low or 0) / 3600, (found.high or 0) / 3600, color=SOFT, alpha=0.15, linewidth=0, label="all together, 95 %"
    )
    for claim in result.curves["claimed_J_kg"].values / 3600:
        ax.axvline(claim, color=INK, linewidth=0.8, linestyle="--", label=f"claimed, {claim:.1f}")
    ax.set_yticks(place, names, fontsize=6)
    ax.tick_params(axis="y", length=0)
    ax.set(xlabel="energy density / Wh kg$^{-1}$", ylim=(-0.7, len(names) - 0.3))
    ax.legend(loc="lower right", fontsize=6)
    figure = ax.get_figure(root=True)
    if figure is not None and len(figure.axes) == 1:
        figure.set_size_inches(4.6, 3.4)


@energy.demo
def demo(rng: np.random.Generator) -> Demo:
    """A cell whose true design lies off the central one by what is plausible, recomputed from what was measured of it."""
    true = {n: float(max(rng.normal(x.value, x.std), 0.5 * x.value)) for n, x in DESIGN.items()}
    # Measured anew with a third of the std that a reader of the paper must allow for.
    measured = {n: Uncertain(float(rng.normal(true[n], x.std / 3)), x.std / 3) for n, x in DESIGN.items()}
    design = {n: np.asarray(v) for n, v in true.items() if n != "mean_voltage_V"}
    mass = float(sum(masses_kg(**design).values()))
    work = true["capacity_C"] * true["mean_voltage_V"]
    return Demo((), {"energy_density": work / mass, "mass": mass, "energy": work}, {**measured, "draws": 2000})
