"""The energy density of an anode-free pouch cell, with the uncertainty of everything it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import numpy as np

from anodefree.core.figure import COLOURS, INK, SOFT
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.core.units import bare, shown, unit_of
from anodefree.numerics.propagation import Bounds, interval, linear, sample
from anodefree.physics.lithium import dense_thickness_m
from anodefree.registry import Demo, stage
from anodefree.simulation.pouch.masses import areal_capacity_C_m2, masses_kg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DESIGN: Final = {
    "capacity_C": Uncertain(8820.0, 36.0),
    "loading_kg_m2": Uncertain(0.22, 0.004),
    "active_fraction": Uncertain(0.967, 0.0005),
    "specific_capacity_C_kg": Uncertain(756e3, 21.6e3),
    "mean_voltage_V": Uncertain(3.846, 0.025),
    "copper_m": Uncertain(8e-6, 0.2e-6),
    "nickel_m": Uncertain(1e-6, 0.1e-6),
    "aluminium_m": Uncertain(12e-6, 1.5e-6),
    "separator_kg_m2": Uncertain(6e-3, 1.5e-3),
    "electrolyte_kg": Uncertain(2.0e-3, 0.03e-3),
    "sheet_width_m": Uncertain(0.05, 0.006),
    "sheet_height_m": Uncertain(0.06, 0.006),
    "overhang_m": Uncertain(1e-3, 0.3e-3),
    "laminate_kg_m2": Uncertain(0.17, 0.015),
    "seal_m": Uncertain(9e-3, 2e-3),
    "tabs_kg": Uncertain(0.35e-3, 0.08e-3),
}
"""The central design with the standard deviation of each input; where each comes from stands beside its parameter."""
STATED = ("capacity_C", "loading_kg_m2", "active_fraction", "copper_m", "electrolyte_kg")
"""Inputs that the paper states (section 4.2.2 and 2.6); the others are assumed."""
NINETY = 1.6448536269514722
"""Standard deviations that bound the central 90 % of a normal distribution."""


def energy_density_J_kg(mean_voltage_V: np.ndarray, capacity_C: np.ndarray, **design: np.ndarray) -> np.ndarray:
    """e = Q V/m [J/kg]."""
    return capacity_C * mean_voltage_V / sum(masses_kg(capacity_C=capacity_C, **design).values())


def bounds(inputs: dict[str, Uncertain]) -> Bounds:
    """What each input may be: nothing is negative, no fraction is above 1."""
    return {n: (1e-12, 1.0 if n == "active_fraction" else np.inf) for n in inputs} | {"nickel_m": (0.0, np.inf)}


@stage("pouch.energy", version=1, cites=("chen2026", "sulzer2021", "chen2020", "betz2019", "haynes2016", "jcgm101"))
def energy(
    *,
    capacity_C: Annotated[
        Uncertain, Par("discharge capacity", gt=0, source="stated: ~2.45 Ah (section 2.6); std: its last digit")
    ] = DESIGN["capacity_C"],
    loading_kg_m2: Annotated[
        Uncertain, Par("mass of the cathode's coating per area", gt=0, source="stated: ~22 mg/cm2 (4.2.2); std: its last digit")
    ] = DESIGN["loading_kg_m2"],
    loaded_sides: Annotated[
        int,
        Par(
            "how many faces of the foil the stated loading counts: 1 each face, 2 both together",
            ge=1,
            le=2,
            source="1: how loadings are usually quoted; not stated",
            assumed=True,
        ),
    ] = 1,
    active_fraction: Annotated[
        Uncertain, Par("active material in the coating", gt=0, le=1, source="stated: 96.7 % (4.2.2); std: its last digit")
    ] = DESIGN["active_fraction"],
    specific_capacity_C_kg: Annotated[
        Uncertain,
        Par(
            "reversible capacity of NCM811 at 0.1C, 2.8-4.3 V",
            gt=0,
            source="210 mAh/g, the middle of 200-220 mAh/g that is usual for this range of voltage",
            assumed=True,
        ),
    ] = DESIGN["specific_capacity_C_kg"],
    mean_voltage_V: Annotated[
        Uncertain,
        Par(
            "mean voltage of the discharge",
            gt=0,
            source="PyBaMM, Li||NMC811 half cell (Chen2020), 0.1C, 2.8-4.3 V: 3.846 V; 3.768 V at 0.5C, other sets 3.86 V",
            assumed=True,
        ),
    ] = DESIGN["mean_voltage_V"],
    copper_m: Annotated[
        Uncertain, Par("thickness of the copper foil", gt=0, source="stated: 8 µm (4.2.2); std: a mill's tolerance of ± 5 %")
    ] = DESIGN["copper_m"],
    nickel_m: Annotated[
        Uncertain,
        Par(
            "thickness of the nickel film on each face of the copper",
            ge=0,
            source="1 µm: the paper's optimum (2.1); for the pouch cell it writes 'bare Cu', which would be 0",
            assumed=True,
        ),
    ] = DESIGN["nickel_m"],
    aluminium_m: Annotated[
        Uncertain, Par("thickness of the aluminium foil", gt=0, source="12 µm; 9-15 µm are common", assumed=True)
    ] = DESIGN["aluminium_m"],
    separator_kg_m2: Annotated[
        Uncertain,
        Par(
            "mass of the separator per area",
            gt=0,
            source="0.60 mg/cm2: polyethylene of 9-12 µm, 45 % porosity; with a ceramic coating up to 1 mg/cm2",
            assumed=True,
        ),
    ] = DESIGN["separator_kg_m2"],
    electrolyte_kg: Annotated[
        Uncertain, Par("mass of the electrolyte", gt=0, source="stated: 2.0 g (4.2.2); std: its last digit")
    ] = DESIGN["electrolyte_kg"],
    sheet_width_m: Annotated[
        Uncertain, Par("width of a cathode sheet", gt=0, source="5 cm: a common size for 2-3 Ah in ten sheets", assumed=True)
    ] = DESIGN["sheet_width_m"],
    sheet_height_m: Annotated[
        Uncertain, Par("height of a cathode sheet", gt=0, source="6 cm: a common size for 2-3 Ah in ten sheets", assumed=True)
    ] = DESIGN["sheet_height_m"],
    overhang_m: Annotated[
        Uncertain, Par("overhang of the copper over the cathode, each edge", gt=0, source="1 mm; 0.5-2 mm", assumed=True)
    ] = DESIGN["overhang_m"],
    laminate_kg_m2: Annotated[
        Uncertain,
        Par(
            "mass of the aluminium laminate per area",
            gt=0,
            source="17 mg/cm2: 113 µm laminate of 40 µm aluminium and polymer; 14-20 mg/cm2 for 88-150 µm",
            assumed=True,
        ),
    ] = DESIGN["laminate_kg_m2"],
    seal_m: Annotated[
        Uncertain, Par("width of the laminate around the stack, folds included", gt=0, source="9 mm; 5-13 mm", assumed=True)
    ] = DESIGN["seal_m"],
    tabs_kg: Annotated[
        Uncertain, Par("mass of tabs and their sealant", gt=0, source="0.35 g: two tabs of 5-8 mm; 0.2-0.5 g", assumed=True)
    ] = DESIGN["tabs_kg"],
    claimed_J_kg: Annotated[float | None, Par("energy density that is claimed, to be placed in the distribution", gt=0)] = None,
    draws: Annotated[int, Par("draws of the Monte-Carlo propagation", ge=1000, le=10_000_000)] = 20_000,
    rng: np.random.Generator,
) -> Result:
    """Energy density of an anode-free Cu||NCM811 pouch cell from its mass breakdown.

    e = Q V/m [J/kg] with m the sum of coating, foils, nickel film, separator, electrolyte, laminate and tabs; the coated area
    is A = Q/(L w q), in n = A/(2bc) double-sided sheets (`anodefree.simulation.pouch.masses`). Lithium comes from the cathode.
    The value is that of the central inputs, what one recomputes by hand; std, low and high (5 and 95 %) are those of draws of
    all inputs, independent and normal, cut off below 0. The table `input_*` orders the inputs by effect: energy density with
    that input alone at its 5 and 95 %, and its share of the std to first order. `reading_*` gives other readings of the text.
    *Valid when* the stack is what the paper's section 4.2.2 lists and the capacity is the reversible one at the same rate as
    the mean voltage; terminals beyond the seal, tape and lithium for formation are not counted.
    *Source* Chen et al. 2026, section 4.2.2, for what is stated; every assumed input names its own source, none was adjusted to
    the paper's 453.5 Wh/kg. Which masses to count: Betz et al. 2019. Propagation: JCGM 101:2008.
    """
    inputs = {n: v for n, v in locals().items() if isinstance(v, Uncertain)}
    given = _each_face(inputs, loaded_sides)
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
    low, high = interval(densities, 0.9)
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
                f"the claimed {claimed_J_kg / 3600:.1f} Wh/kg lies within the central 90 %",
                f"the claimed {claimed_J_kg / 3600:.1f} Wh/kg lies outside the central 90 % of what the inputs allow",
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


def _each_face(inputs: dict[str, Uncertain], loaded_sides: int) -> dict[str, Uncertain]:
    """The inputs with the loading that of one face."""
    loading = inputs["loading_kg_m2"]
    return {**inputs, "loading_kg_m2": Uncertain(loading.value / loaded_sides, loading.std / loaded_sides)}


def _drawn(value: float, draws: np.ndarray, unit: str, label: str, display: str | None = None) -> Estimate:
    """An estimate at the central inputs with the spread of its draws."""
    return Estimate(value, float(np.std(draws)), unit, label, display, *interval(draws, 0.9))


def _tornado(inputs: dict[str, Uncertain], limits: Bounds) -> dict[str, tuple[str, np.ndarray]]:
    """Every input alone at its 5 and 95 %, and its share of the std; the strongest first."""
    low, high = [], []
    for name, x in inputs.items():
        ends = np.clip([x.value - NINETY * x.std, x.value + NINETY * x.std], *limits[name])
        at = energy_density_J_kg(**{n: ends if n == name else np.full(2, y.value) for n, y in inputs.items()})
        low.append(float(at[0]))
        high.append(float(at[1]))
    share = linear(energy_density_J_kg, inputs, limits).contributions
    order = np.argsort([-abs(h - b) for b, h in zip(low, high, strict=True)], kind="stable")
    names = [list(inputs)[i] for i in order]
    return {
        "input_name": ("input", np.array(names)),
        "input_label": ("input", np.array([_label(n, inputs[n]) for n in names])),
        "input_low_J_kg": ("input", np.array(low)[order]),
        "input_high_J_kg": ("input", np.array(high)[order]),
        "input_std_J_kg": ("input", np.array([abs(share[n]) for n in names])),
        "input_stated": ("input", np.array([int(n in STATED) for n in names])),
    }


def _label(name: str, x: Uncertain) -> str:
    """The input and its range as a person reads them."""
    unit, factor = shown(unit_of(name), {"m": "mm"}.get(unit_of(name)) if x.value > 1e-4 else None)
    words = bare(name).replace("_", " ")
    value = f"{x.value * factor:.4g} ± {x.std * factor:.2g}"
    return f"{words}, {value} {'' if unit == '1' else unit.replace('um', 'µm')}".rstrip()


def _readings(inputs: dict[str, Uncertain], loaded_sides: int) -> dict[str, tuple[str, np.ndarray]]:
    """The energy density if the text is meant otherwise, all else as given."""
    zero = Uncertain(0.0)
    no_package = {"laminate_kg_m2": zero, "tabs_kg": zero}
    cases = {
        "as given": _each_face(inputs, loaded_sides),
        "bare copper, no nickel": _each_face({**inputs, "nickel_m": zero}, loaded_sides),
        "without laminate and tabs": _each_face({**inputs, **no_package}, loaded_sides),
        "loading is of each face": _each_face(inputs, 1),
        "loading is of both faces together": _each_face(inputs, 2),
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
        (found.low or 0) / 3600, (found.high or 0) / 3600, color=SOFT, alpha=0.15, linewidth=0, label="all together, 90 %"
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
