"""The anode-free pouch cell of highest energy per mass within bounds, what each bound costs, and the trade-offs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS, INK, SOFT, split
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError
from anodefree.numerics.propagation import interval, sample
from anodefree.registry import Demo, stage
from anodefree.simulation.pouch.best import Cell, best, cell, depletion, least_electrolyte_kg, least_excess, lost_V
from anodefree.simulation.pouch.inputs import (
    DESIGN,
    STACK,
    ActiveFraction,
    Aluminium,
    Capacity,
    CathodeDensity,
    Copper,
    Electrolyte,
    FirstCycleLoss,
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

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LIQUID = {
    "cathode_porosity": Uncertain(0.25, 0.03),
    "separator_porosity": Uncertain(0.43, 0.03),
    "electrolyte_kg_m3": Uncertain(1.30e3, 0.08e3),
    "filling": Uncertain(1.2, 0.1),
    "area_resistance_ohm_m2": Uncertain(2.0e-3, 0.7e-3),
    "conductivity_S_m": Uncertain(0.6, 0.2),
    "diffusivity_m2_s": Uncertain(1.5e-10, 0.6e-10),
    "salt_mol_m3": Uncertain(1.5e3, 0.3e3),
    "transference": Uncertain(0.4, 0.07),
    "efficiency": Uncertain(0.999, 0.0002),
}
"""What filling, voltage, transport and life need besides; where each comes from stands beside its parameter."""
FREE = ("loading_kg_m2", "electrolyte_kg", "copper_m", "nickel_m", "aluminium_m")
"""What the optimum chooses: the given values are the cell it is compared with."""
RATES = (1.0, 5.0, 10.0)
LIVES = (200, 500, 1000)
EASED = 0.1
"""By how much a bound is eased to see what it costs."""


@stage("pouch.optimum", version=1, cites=("chen2026", "newman2004", "betz2019", "adams2018", "kasnatscheew2016", "jcgm101"))
def optimum(
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
    first_cycle_loss: FirstCycleLoss = STACK["first_cycle_loss"],
    lithium_porosity: LithiumPorosity = STACK["lithium_porosity"],
    cathode_porosity: Annotated[
        Uncertain, Par("pores of the cathode coating", gt=0, lt=1, source="25 %: NCM811 pressed to 3.4 g/cm3", assumed=True)
    ] = LIQUID["cathode_porosity"],
    separator_porosity: Annotated[
        Uncertain, Par("pores of the separator", gt=0, lt=1, source="43 %; 38-48 %", assumed=True)
    ] = LIQUID["separator_porosity"],
    electrolyte_kg_m3: Annotated[
        Uncertain, Par("density of the electrolyte", gt=0, source="1.3 g/cm3; 1.2-1.5 with fluorinated ethers", assumed=True)
    ] = LIQUID["electrolyte_kg_m3"],
    filling: Annotated[
        Uncertain,
        Par("electrolyte over what the pores hold", ge=1, source="1.2: edges, wetting and what formation takes", assumed=True),
    ] = LIQUID["filling"],
    area_resistance_ohm_m2: Annotated[
        Uncertain,
        Par(
            "resistance of separator, interphases and charge transfer, per area",
            ge=0,
            source="20 ohm cm2: of the order of what impedance of new lithium cells shows",
            assumed=True,
        ),
    ] = LIQUID["area_resistance_ohm_m2"],
    conductivity_S_m: Annotated[
        Uncertain, Par("conductivity of the electrolyte", gt=0, source="6 mS/cm; 3-12 in ethers", assumed=True)
    ] = LIQUID["conductivity_S_m"],
    diffusivity_m2_s: Annotated[
        Uncertain, Par("diffusion coefficient of the salt", gt=0, source="1.5e-10 m2/s; 0.5-3", assumed=True)
    ] = LIQUID["diffusivity_m2_s"],
    salt_mol_m3: Annotated[Uncertain, Par("concentration of the salt", gt=0, source="1.5 mol/L; 1-4", assumed=True)] = LIQUID[
        "salt_mol_m3"
    ],
    transference: Annotated[
        Uncertain, Par("transference number of lithium", ge=0, lt=1, source="0.4; 0.3-0.5", assumed=True)
    ] = LIQUID["transference"],
    efficiency: Annotated[
        Uncertain,
        Par(
            "coulombic efficiency of the lithium", gt=0, le=1, source="99.9 %: what the paper's retentions imply", assumed=True
        ),
    ] = LIQUID["efficiency"],
    rate_per_s: Annotated[
        float, Par("discharge rate, one over the time; that of the mean voltage", gt=0, source="stated: 0.1C (4.2.2)")
    ] = 0.1 / 3600,
    cycles: Annotated[int, Par("cycles after which 80 % must be left", ge=1, source="stated: over 50 cycles (2.6)")] = 50,
    least_copper_m: Annotated[
        float, Par("thinnest copper foil that can be handled", gt=0, source="6 µm; 4.5 µm is made", assumed=True)
    ] = 6e-6,
    least_nickel_m: Annotated[float, Par("thinnest nickel film that works", ge=0, source="stated: 1 µm is best (2.1)")] = 1e-6,
    least_aluminium_m: Annotated[
        float, Par("thinnest aluminium foil that can be handled", gt=0, source="10 µm; 8 µm is made", assumed=True)
    ] = 10e-6,
    least_loading_kg_m2: Annotated[float, Par("lightest coating of one face", gt=0, source="5 mg/cm2", assumed=True)] = 0.05,
    most_loading_kg_m2: Annotated[
        float, Par("heaviest coating of one face that holds together", gt=0, source="40 mg/cm2", assumed=True)
    ] = 0.40,
    draws: Annotated[int, Par("draws of the Monte-Carlo propagation", ge=100, le=100_000)] = 500,
    rng: np.random.Generator,
) -> Result:
    """Highest energy per mass of an anode-free pouch cell within bounds, and what each bound costs.

    Maximises e = Q V(L)/m over loading L, foils, electrolyte and excess lithium (N/P), subject to: foils no thinner than given;
    electrolyte at least the filling factor times the pores; 80 % of the first capacity left after `cycles` at the efficiency
    given, for which excess lithium is added where the cathode's hidden reservoir does not suffice; no depletion of salt,
    (1 - t₊) j/F [d_s/D_s + d/2D_c] ≤ c. V(L) falls from that of the given loading by j (R + d/3κ). All but the loading stand at
    their bound, the loading is scanned (`anodefree.simulation.pouch.best`); a test compares with differential evolution.
    The std is that of the optimum over draws of all inputs. `bound_*` is what easing each bound by 10 % gains; `front_*` the
    best energy per mass against loading for several rates, and against electrolyte for several lives.
    *Valid when* the current spreads evenly (uniform reaction in the cathode, Bruggeman pores), capacity does not fall with
    loading before the salt runs out, and electrolyte is not consumed; coating, drying and wetting of thick cathodes do not
    count.
    *Source* Newman and Thomas-Alyea 2004, chapters 12 and 22, for ohmic drop and depletion. The paper optimises no cell.
    Raises ConfigError where the lightest loading is above the heaviest.
    """
    if not least_loading_kg_m2 < most_loading_kg_m2:
        raise ConfigError("the lightest loading is not below the heaviest", "pouch.optimum", "least_loading < most_loading")
    inputs = each_face({n: v for n, v in locals().items() if isinstance(v, Uncertain)}, loaded_sides)
    limits = {
        "rate_per_s": rate_per_s,
        "cycles": float(cycles),
        "copper_m": least_copper_m,
        "nickel_m": least_nickel_m,
        "aluminium_m": least_aluminium_m,
        "least_loading_kg_m2": least_loading_kg_m2,
        "most_loading_kg_m2": most_loading_kg_m2,
    }
    centre = values(inputs)
    loading, top, excess = _best(centre, limits)
    drawn = sample(inputs, draws, rng, _possible(inputs))
    loadings, tops, excesses = _best(drawn, limits)
    start = _given(centre, limits)
    gains = tops.energy_density_J_kg - _given(drawn, limits).energy_density_J_kg

    def found(value: np.ndarray, spread: np.ndarray, unit: str, label: str, display: str | None = None) -> Estimate:
        return Estimate(float(np.ravel(value)[0]), float(np.std(spread)), unit, label, display, *interval(spread))

    capacity = centre["capacity_C"]
    estimates = {
        "energy_density": found(top.energy_density_J_kg, tops.energy_density_J_kg, "J/kg", "highest energy density"),
        "gain": found(top.energy_density_J_kg - start.energy_density_J_kg, gains, "J/kg", "gain over the given cell"),
        "loading": found(loading, loadings, "kg/m2", "loading of one face"),
        "electrolyte_per_capacity": found(
            top.electrolyte_kg / capacity, tops.electrolyte_kg / drawn["capacity_C"], "kg/C", "electrolyte per capacity", "g/Ah"
        ),
        "excess": found(excess, excesses, "1", "excess lithium over the cathode's capacity (N/P)"),
        "mean_voltage": found(top.mean_voltage_V, tops.mean_voltage_V, "V", "mean voltage"),
        "depletion": found(top.depletion, tops.depletion, "1", "salt used up over the cell", "%"),
    }
    bound = loading[0] > most_loading_kg_m2 * (1 - 1e-3)
    filled = float(least_electrolyte_kg(centre, centre["loading_kg_m2"], np.zeros(())))
    checks = [
        Check.that(
            "loading",
            not bound,
            "the best loading lies within the bounds",
            "the best loading is the heaviest allowed: what limits it (coating, drying, wetting) is not in the model",
        ),
        Check.that(
            "salt",
            float(top.depletion[0]) <= 1,
            "the salt does not run out",
            "the salt runs out at this rate even at the lightest loading: there is no such cell",
            otherwise="fail",
        ),
        Check.that(
            "given cell",
            float(centre["electrolyte_kg"]) >= filled,
            f"the given cell holds {float(centre['electrolyte_kg']) / filled:.2f} times the electrolyte demanded here",
            f"the given cell holds less electrolyte than demanded here ({1e3 * filled:.2f} g): it is outside these bounds",
        ),
    ]
    curves = {**_bounds_cost(centre, limits, float(top.energy_density_J_kg[0])), **_fronts(centre, limits)}
    curves["given_J_kg"] = ("cell", np.ravel(start.energy_density_J_kg))
    curves["given_kg_m2"] = ("cell", np.ravel(centre["loading_kg_m2"]))
    curves["given_kg_C"] = ("cell", np.ravel(centre["electrolyte_kg"] / capacity))
    return Result.of(estimates, curves, checks)


def _best(given: dict[str, np.ndarray], limits: dict[str, float]) -> tuple[np.ndarray, Cell, np.ndarray]:
    own = {n: np.asarray(limits[n]) for n in ("copper_m", "nickel_m", "aluminium_m", "rate_per_s")}
    at = {n: v for n, v in given.items() if n != "electrolyte_kg"}
    return best({**at, **own}, limits["cycles"], limits["least_loading_kg_m2"], limits["most_loading_kg_m2"])


def _given(given: dict[str, np.ndarray], limits: dict[str, float]) -> Cell:
    """The cell as it is given, without excess."""
    at = {**given, "rate_per_s": np.asarray(limits["rate_per_s"])}
    return cell(at, given["loading_kg_m2"], given["electrolyte_kg"], np.zeros(()))


def _possible(inputs: dict[str, Uncertain]) -> dict[str, tuple[float, float]]:
    """Bounds of what is drawn."""
    fractions = ("cathode_porosity", "separator_porosity", "transference", "lithium_porosity", "first_cycle_loss")
    own = {n: (0.01 if "porosity" in n and "lithium" not in n else 0.0, 0.95) for n in fractions}
    tail = {"efficiency": (0.5, 1 - 1e-6), "filling": (1.0, np.inf), "area_resistance_ohm_m2": (0.0, np.inf)}
    return {**bounds(inputs), **own, **tail, "diffusivity_m2_s": (1e-12, np.inf), "conductivity_S_m": (1e-3, np.inf)}


def _bounds_cost(centre: dict[str, np.ndarray], limits: dict[str, float], top: float) -> dict[str, tuple[str, np.ndarray]]:
    """What each bound costs: the gain in energy density where it alone is eased by `EASED`."""
    eased = {
        "copper foil": (centre, {**limits, "copper_m": limits["copper_m"] * (1 - EASED)}),
        "nickel film": (centre, {**limits, "nickel_m": limits["nickel_m"] * (1 - EASED)}),
        "aluminium foil": (centre, {**limits, "aluminium_m": limits["aluminium_m"] * (1 - EASED)}),
        "electrolyte filling": ({**centre, "filling": centre["filling"] * (1 - EASED)}, limits),
        "heaviest loading": (centre, {**limits, "most_loading_kg_m2": limits["most_loading_kg_m2"] * (1 + EASED)}),
        "rate": (centre, {**limits, "rate_per_s": limits["rate_per_s"] * (1 - EASED)}),
        "life": (centre, {**limits, "cycles": limits["cycles"] * (1 - EASED)}),
    }
    gains = [float(_best(*case)[1].energy_density_J_kg[0]) - top for case in eased.values()]
    return {"bound_name": ("bound", np.array(list(eased))), "bound_gain_J_kg": ("bound", np.array(gains))}


def _fronts(centre: dict[str, np.ndarray], limits: dict[str, float]) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
    """Best energy density against loading for several rates, and against electrolyte for several lives; NaN: not allowed."""
    own = {n: np.asarray(limits[n]) for n in ("copper_m", "nickel_m", "aluminium_m", "rate_per_s")}
    at = {**centre, **own}
    loading = np.linspace(limits["least_loading_kg_m2"], limits["most_loading_kg_m2"], 71)
    by_rate, per = [], np.linspace(0.4, 3.0, 66) * 1e-3 / 3600
    need = least_excess(at["efficiency"], at["first_cycle_loss"], limits["cycles"])
    for factor in RATES:
        faster = {**at, "rate_per_s": at["rate_per_s"] * factor}
        made = cell(faster, loading, least_electrolyte_kg(at, loading, need), need)
        # The given voltage is that of the given rate: a faster discharge of the given cell already starts lower.
        lower = (factor - 1) * lost_V(at, at["loading_kg_m2"])
        density = made.energy_density_J_kg - at["capacity_C"] * lower / made.mass_kg
        by_rate.append(np.where(depletion(faster, loading) <= 1, density, np.nan))
    by_life = []
    for life in LIVES:
        excess = least_excess(at["efficiency"], at["first_cycle_loss"], float(life))
        whole = cell(at, loading, (per * at["capacity_C"])[:, None], excess).energy_density_J_kg
        enough = (per * at["capacity_C"])[:, None] >= least_electrolyte_kg(at, loading, excess)
        whole = np.where(enough & (depletion(at, loading) <= 1), whole, -np.inf).max(axis=1)
        by_life.append(np.where(np.isfinite(whole), whole, np.nan))
    return {
        "loading_kg_m2": (("loading",), loading),
        "front_rate_per_s": (("rate",), np.array(RATES) * limits["rate_per_s"]),
        "front_loading_J_kg": (("rate", "loading"), np.array(by_rate)),
        "electrolyte_kg_C": (("electrolyte",), per),
        "front_cycles": (("life",), np.array(LIVES)),
        "front_electrolyte_J_kg": (("life", "electrolyte"), np.array(by_life)),
    }


@optimum.plot
def draw(result: Result, ax: Axes) -> None:
    """Energy density against loading for several rates, and against electrolyte for several lives."""
    c = result.curves
    left, right = split(ax, 1, 2)
    figure = ax.get_figure(root=True)
    if figure is not None and len(figure.axes) == 2:
        figure.set_size_inches(5.6, 2.8)
    for row, rate, colour in zip(c["front_loading_J_kg"].values, c["front_rate_per_s"].values, COLOURS, strict=False):
        left.plot(100 * c["loading_kg_m2"].values, row / 3600, color=colour, label=f"{rate * 3600:.3g}C")
    for row, life, colour in zip(c["front_electrolyte_J_kg"].values, c["front_cycles"].values, COLOURS, strict=False):
        right.plot(3.6e6 * c["electrolyte_kg_C"].values, row / 3600, color=colour, label=f"{life:.0f} cycles")
    found, given = result.estimates, c["given_J_kg"].values / 3600
    left.plot([100 * found["loading"].value], [found["energy_density"].value / 3600], "*", color=INK, label="optimum")
    right.plot([3.6e6 * found["electrolyte_per_capacity"].value], [found["energy_density"].value / 3600], "*", color=INK)
    left.plot(100 * c["given_kg_m2"].values, given, "s", color=SOFT, label="as given")
    right.plot(3.6e6 * c["given_kg_C"].values, given, "s", color=SOFT)
    left.set(xlabel="loading of one face / mg cm$^{-2}$", ylabel="energy density / Wh kg$^{-1}$")
    right.set(xlabel="electrolyte / g Ah$^{-1}$")
    left.legend(loc="lower right")
    right.legend(loc="lower left", title="80 % left after", title_fontsize=7)


@optimum.demo
def demo(rng: np.random.Generator) -> Demo:
    """A cell whose true inputs lie off the central ones by what is plausible, optimised from what was measured of them."""
    known = {**DESIGN, **{n: x for n, x in STACK.items() if n != "laminate_m"}, **LIQUID}
    limits = _possible(known)
    true = {n: float(np.clip(rng.normal(x.value, x.std), *limits[n])) for n, x in known.items()}
    measured = {n: Uncertain(float(np.clip(rng.normal(true[n], x.std / 3), *limits[n])), x.std / 3) for n, x in known.items()}
    least = {"copper_m": 6e-6, "nickel_m": 1e-6, "aluminium_m": 10e-6, "rate_per_s": 0.5 / 3600, "cycles": 50.0}
    most = {"least_loading_kg_m2": 0.05, "most_loading_kg_m2": 0.40}
    top = _best({n: np.asarray(v) for n, v in true.items()}, {**least, **most})[1]
    truth = {"energy_density": float(top.energy_density_J_kg[0])}
    return Demo((), truth, {**measured, "rate_per_s": 0.5 / 3600, "draws": 100})
