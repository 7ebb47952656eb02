"""Which assumptions give a claimed energy density: each alone, all together, and each once the claim is believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS, INK, SOFT
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.core.units import unit_of
from anodefree.errors import ConfigError
from anodefree.numerics.propagation import Bounds, linear, sample
from anodefree.registry import Demo, stage
from anodefree.simulation.pouch.energy import energy_density_J_kg
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
    values,
)
from anodefree.simulation.pouch.masses import masses_kg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CLOSED = ("mean_voltage_V", "electrolyte_kg", "tabs_kg")
"""Inputs for which the energy density is solved in closed form: it is proportional to one, the mass is linear in the others."""
REACH = 50.0
"""Standard deviations within which an input is looked for: beyond, nobody would call it the same input."""
UNREACHED = -450.0
"""Logarithm of a weight that belongs to a claim some thirty standard deviations away."""


def alone(inputs: Mapping[str, Uncertain], limits: Bounds, claimed_J_kg: float) -> dict[str, float]:
    """The value of each input that gives the claim if all others are central; NaN where none does.

    A scan over ± `REACH` standard deviations within the bounds finds the crossing nearest to the central value, bisection the
    rest: the energy density need not be monotone (wider sheets save seals and cost overhang).
    """
    from scipy.optimize import brentq

    centre = values(dict(inputs))
    found: dict[str, float] = {}
    for name, x in inputs.items():
        found[name] = np.nan
        if x.std == 0:
            continue
        low, high = limits[name]
        grid = np.linspace(max(x.value - REACH * x.std, low), min(x.value + REACH * x.std, high), 401)
        grid = np.union1d(grid, x.value)

        def off(at: np.ndarray, name: str = name) -> np.ndarray:
            return energy_density_J_kg(**{**centre, name: np.asarray(at)}) - claimed_J_kg

        missing = off(grid)
        crossings = np.flatnonzero(np.sign(missing[1:]) != np.sign(missing[:-1]))
        if crossings.size:
            near = crossings[np.argmin(np.abs(grid[crossings] + grid[crossings + 1] - 2 * x.value))]
            found[name] = float(
                brentq(lambda at, off=off: float(off(at)), grid[near], grid[near + 1], xtol=1e-12 * abs(x.value))
            )
    return found


def together(inputs: Mapping[str, Uncertain], limits: Bounds, claimed_J_kg: float) -> tuple[dict[str, float], float]:
    """The most probable set of inputs that gives the claim, and its distance β from the central one in standard deviations.

    The point of the surface e(x) = claimed that is nearest to the centre in units of the standard deviations:
    u ← ∇e (∇e·u - e + claimed)/|∇e|², repeated until it stands still. *Source* Hasofer and Lind 1974.
    """
    unsure = {n: x for n, x in inputs.items() if x.std > 0}
    at = {n: x.value for n, x in inputs.items()}
    u = np.zeros(len(unsure))
    for _ in range(100):
        here = linear(energy_density_J_kg, {n: Uncertain(at[n], 0.1 * inputs[n].std) for n in at}, limits)
        slope = np.array([10 * here.contributions[n] for n in unsure])
        moved = slope * (slope @ u - here.value + claimed_J_kg) / (slope @ slope)
        at |= {n: float(np.clip(x.value + v * x.std, *limits[n])) for (n, x), v in zip(unsure.items(), moved, strict=True)}
        still = float(np.abs(moved - u).max())
        u = moved
        if still < 1e-10:
            break
    return at, float(np.linalg.norm(u))


def believing(
    inputs: Mapping[str, Uncertain],
    limits: Bounds,
    claimed_J_kg: float,
    about: Mapping[str, float],
    draws: int,
    rng: np.random.Generator,
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Draws of the inputs on the surface e(x) = claimed, and their weights.

    All inputs but one are drawn, about the most probable set so that a far claim is reached too; that one is solved for in
    closed form. A draw weighs the prior density of all over the density it was drawn from, and over |∂e/∂x| of the one.
    """
    name = solved_for(inputs)
    drawn = sample({n: Uncertain(about[n], x.std) for n, x in inputs.items()}, draws, rng, limits)
    others = {n: v for n, v in drawn.items() if n != "mean_voltage_V"}
    energy = drawn["capacity_C"] * drawn["mean_voltage_V"]
    mass = np.sum(list(masses_kg(**others).values()), axis=0)
    if name == "mean_voltage_V":
        solved, per = claimed_J_kg * mass / drawn["capacity_C"], mass / drawn["capacity_C"]  # |dV/de|
    else:
        solved, per = drawn[name] + energy / claimed_J_kg - mass, energy / claimed_J_kg**2
    logs = np.log(np.where(solved > limits[name][0], per, 0.0) + 1e-300)
    logs -= 0.5 * ((solved - inputs[name].value) / inputs[name].std) ** 2
    for n, x in inputs.items():
        if n != name and x.std > 0:
            logs += 0.5 * (((drawn[n] - about[n]) / x.std) ** 2 - ((drawn[n] - x.value) / x.std) ** 2)
    if not logs.max() > UNREACHED:
        raise ConfigError("no draw of the inputs comes near the claim", "pouch.reconstruct", "is the claim in the right unit?")
    weight = np.exp(logs - logs.max())
    return {**drawn, name: solved}, weight / weight.sum()


def solved_for(inputs: Mapping[str, Uncertain]) -> str:
    """The input of `CLOSED` whose spread moves the energy density most."""
    share = linear(energy_density_J_kg, inputs, bounds(dict(inputs))).contributions
    best = max(CLOSED, key=lambda n: abs(share[n]))
    if inputs[best].std == 0:
        hint = f"give {', '.join(CLOSED)} as value ± std"
        raise ConfigError("none of the inputs that are solved for has a standard deviation", "pouch.reconstruct", hint)
    return best


@stage("pouch.reconstruct", version=1, cites=("chen2026", "hasofer1974", "jcgm101"))
def reconstruct(
    *,
    claimed_J_kg: Annotated[float, Par("energy density that is claimed", gt=0)],
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
    draws: Draws = 20_000,
    rng: np.random.Generator,
) -> Result:
    """Which inputs give a claimed energy density: each alone, the most probable set, and the inputs once the claim is believed.

    With e(x) = Q V/m of `pouch.energy` and independent normal inputs xᵢ ~ N(μᵢ, σᵢ²):
    *alone* solves e(μ with xᵢ) = e* for one input and tells (xᵢ - μᵢ)/σᵢ; *together* minimises β² = Σ (xᵢ - μᵢ)²/σᵢ² on
    e(x) = e*, the Mahalanobis distance of the most probable set; *believed* is the distribution of x given e(x) = e*, from
    draws on that surface weighted by their density. Estimates named as the inputs are the believed ones.
    β says how far the claim lies from the central design, not whether it is true: what is not stated can only be asked for.
    *Valid when* the inputs are independent and the claim means the same masses as `pouch.energy`; other readings are in its
    table `reading_*`. *Source* Hasofer and Lind 1974 for the distance; conditioning on a surface: its density is that of the
    draws over |∂e/∂x| of the input that is solved for. The paper gives the number, not its inputs.
    Raises ConfigError where no draw comes near the claim, or no input can be solved for.
    """
    inputs = each_face({n: v for n, v in locals().items() if isinstance(v, Uncertain)}, loaded_sides)
    limits = bounds(inputs)
    single = alone(inputs, limits, claimed_J_kg)
    joint, distance = together(inputs, limits, claimed_J_kg)
    drawn, weight = believing(inputs, limits, claimed_J_kg, joint, draws, rng)
    means = {n: float(weight @ drawn[n]) for n in inputs}
    stds = {n: float(np.sqrt(weight @ (drawn[n] - means[n]) ** 2)) for n in inputs}
    effective = float(1 / np.sum(weight**2))
    sigmas = {n: (single[n] - x.value) / x.std if x.std > 0 else np.nan for n, x in inputs.items()}
    gap = energy_density_J_kg(**values(inputs)) - claimed_J_kg
    estimates = {
        "distance": Estimate(distance, 0.0, "1", "distance of the most probable set, in standard deviations"),
        "missing": Estimate(float(-gap), 0.0, "J/kg", "claim less the central design"),
        **{
            n: Estimate(means[n], stds[n], unit_of(n), f"{said(n)}, once the claim is believed", _display(n, x.value))
            for n, x in inputs.items()
            if x.std > 0
        },
    }
    order = sorted(inputs, key=lambda n: abs(float(sigmas[n])) if np.isfinite(sigmas[n]) else np.inf)
    curves = {
        "input_name": ("input", np.array(order)),
        "input_label": ("input", np.array([f"{said(n)}, {said_value(n, inputs[n].value)}" for n in order])),
        "input_central": ("input", np.array([inputs[n].value for n in order])),
        "input_std": ("input", np.array([inputs[n].std for n in order])),
        "alone": ("input", np.array([single[n] for n in order])),
        "alone_label": ("input", np.array([said_value(n, single[n]) if np.isfinite(single[n]) else "none" for n in order])),
        "alone_sigmas": ("input", np.array([sigmas[n] for n in order])),
        "together": ("input", np.array([joint[n] for n in order])),
        "together_sigmas": ("input", np.array([_in_sigmas(joint[n], inputs[n]) for n in order])),
        "believed": ("input", np.array([means[n] for n in order])),
        "believed_std": ("input", np.array([stds[n] for n in order])),
        "believed_sigmas": ("input", np.array([_in_sigmas(means[n], inputs[n]) for n in order])),
        "believed_spread": ("input", np.array([stds[n] / x.std if (x := inputs[n]).std > 0 else 0.0 for n in order])),
        "input_stated": ("input", np.array([int(n in STATED) for n in order])),
    }
    within = [n for n in order if abs(sigmas[n]) <= 2]
    checks = [
        Check.that(
            "reachable",
            distance <= 2,
            f"a set of inputs {distance:.2f} standard deviations from the central one gives the claim; "
            f"{len(within)} inputs could give it alone within two of theirs",
            f"the nearest set of inputs is {distance:.1f} standard deviations from the central one",
        ),
        Check.that(
            "draws", effective >= 200, f"worth {effective:.0f} independent draws", f"worth only {effective:.0f}: raise draws"
        ),
    ]
    return Result.of(estimates, curves, checks)


def _display(name: str, value: float) -> str | None:
    return "mm" if unit_of(name) == "m" and value > 1e-4 else None


def _in_sigmas(value: float, x: Uncertain) -> float:
    return (value - x.value) / x.std if x.std > 0 else 0.0


@reconstruct.plot
def draw(result: Result, ax: Axes) -> None:
    """Where each input must be, in its own standard deviations: alone, in the most probable set, and once believed."""
    c = result.curves
    names = [str(n) for n in c["input_label"].values]
    place = np.arange(len(names))[::-1]
    lone = c["alone_sigmas"].values
    far = 4.0
    ax.axvspan(-2, 2, color=SOFT, alpha=0.12, linewidth=0)
    ax.axvline(0, color=SOFT, linewidth=0.7)
    ax.errorbar(
        c["believed_sigmas"].values,
        place,
        xerr=c["believed_spread"].values,
        fmt="none",
        ecolor=COLOURS[2],
        elinewidth=3,
        alpha=0.5,
        label="once believed, ± std",
    )
    ax.plot(c["together_sigmas"].values, place, "|", color=INK, markersize=7, label="most probable set")
    inside = np.abs(lone) <= far
    ax.plot(lone[inside], place[inside], "o", color=COLOURS[0], label="this input alone")
    column = ax.get_yaxis_transform()
    ax.text(1.02, len(names) - 0.1, "alone", fontsize=6, color=COLOURS[0], transform=column)
    for at, where, text in zip(lone, place, c["alone_label"].values, strict=True):
        beyond = f" ({at:+.0f} std)" if np.abs(at) > far else ""
        ax.text(1.02, where, f"{text}{beyond}", fontsize=6, color=COLOURS[0], transform=column, va="center")
    ax.set_yticks(place, names, fontsize=6)
    ax.tick_params(axis="y", length=0)
    ax.set(xlabel="distance from the central value / std", xlim=(-far, far), ylim=(-0.7, len(names) - 0.3))
    figure = ax.get_figure(root=True)
    if figure is not None and len(figure.axes) == 1:
        figure.set_size_inches(4.6, 3.8)
    ax.legend(loc="upper center", bbox_to_anchor=(0.4, 1.1), ncols=3, fontsize=6, columnspacing=1.0)


@reconstruct.demo
def demo(rng: np.random.Generator) -> Demo:
    """A cell whose inputs are drawn from what is thought of them; its energy density is known exactly."""
    true = {n: float(max(rng.normal(x.value, x.std), 0.2 * x.value)) for n, x in DESIGN.items()}
    claimed = float(energy_density_J_kg(**{n: np.asarray(v) for n, v in true.items()}))
    names = ("specific_capacity_C_kg", "loading_kg_m2", "mean_voltage_V", "sheet_width_m", "aluminium_m")
    return Demo((), {n: true[n] for n in names}, {"claimed_J_kg": claimed, "draws": 4000})
