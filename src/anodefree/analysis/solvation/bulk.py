"""The liquid as a whole: density at constant pressure, temperature and energy at constant volume, and how often they renew."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.constants import ATOMIC_MASS_KG
from anodefree.core.figure import COLOURS, INK, SOFT, split
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.trajectory import TRAJECTORY, Trajectory
from anodefree.numerics.correlated import std_of_mean_of_few, trend, widened_to_95
from anodefree.numerics.equilibration import Equilibrated, detect, inefficiency
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST = 20
"""Entries of the log that a part of the run needs."""
ENOUGH = 30.0
BLOCKS = 5
LOG = ("log_time_s", "log_density_kg_m3", "log_potential_J_mol", "log_temperature_K")


@stage("solvation.bulk", version=1, cites=("chodera2007", "chodera2016", "allen2017"))
def bulk(
    trajectory: Trajectory,
    *,
    reference_kg_m3: Annotated[float | None, Par("density to compare with (none: nothing is compared)", gt=0)] = None,
    within: Annotated[float, Par("how far from it the density may lie, relative", gt=0, lt=1)] = 0.03,
) -> Result:
    r"""Density, temperature and energy of a run, from its log, with the statistical inefficiency of each.

    The log's last part, in which the density no longer changes, is that at constant volume; what comes before is at constant
    pressure. `density`: mean over the steady part of the latter (from the entry that leaves the most independent values,
    Chodera 2016, or half of it), with std $s\sqrt{g/n}$, widened for few: g = 1 + 2 Σ C(t), the statistical inefficiency
    (Chodera 2007).
    `density_blocks`: the same mean with the std of five blocks, which knows nothing of g: a check says whether both agree.
    `temperature`: kinetic, at constant volume; `energy_change`: what the potential energy of the box, by a straight line,
    gained over the part at constant volume: no drift of an integrator (a thermostat takes that away), but what is left of the
    way to equilibrium. `renewal_density`, `renewal_energy`: time between independent values; `steady_from`: the
    start of the steady part; `edge`: that of the box.
    *Valid when* the entries of each part are evenly spaced and the run was given no drive. *Source* Chodera et al. 2007,
    equations 19 to 26; Chodera 2016; blocks: Allen and Tildesley 2017, section 8.4.

    Raises
    ------
    DataError: no log, or fewer than twenty entries at constant pressure or volume.
    """
    time, density, energy, kelvin = _log(trajectory)
    where = trajectory.source.name
    free = int(np.flatnonzero(density != density[-1])[-1]) + 1 if (density != density[-1]).any() else 0
    held = len(density) - free
    if min(free, held) < FEWEST:
        raise DataError(
            f"has {free} entries of the log at constant pressure and {held} at constant volume", where, f"{FEWEST} of each"
        )
    every, every_held = (float(np.median(np.diff(part))) for part in (time[:free], time[free:]))
    found = _steady(density[:free])
    steady = density[found.first : free]
    blocks = np.array([b.mean() for b in np.array_split(steady, BLOCKS)])
    own = _mean_std(steady, found.inefficiency)
    by_blocks = std_of_mean_of_few(blocks)
    hot = kelvin[free:]
    energies = energy[free:]
    _, _, slope, slope_std = trend(energies)
    edge = float(trajectory["box_m"][-1].mean())
    wanted = float(trajectory.meta.get("temperature_K", math.nan))
    estimates = {
        "density": Estimate(float(steady.mean()), own, "kg/m3", "density at constant pressure"),
        "density_blocks": Estimate(float(blocks.mean()), by_blocks, "kg/m3", f"the same, std from {BLOCKS} blocks"),
        "temperature": Estimate(float(hot.mean()), _mean_std(hot, inefficiency(hot)), "K", "kinetic temperature"),
        "energy_change": Estimate(
            slope * (held - 1), slope_std * (held - 1), "J/mol", "gain of the box's potential energy at constant volume"
        ),
        "renewal_density": Estimate(every * found.inefficiency, 0.0, "s", "time between independent densities", "ps"),
        "renewal_energy": Estimate(every_held * inefficiency(energies), 0.0, "s", "time between independent energies", "ps"),
        "independent": Estimate(found.independent, 0.0, "1", "independent densities in the steady part"),
        "steady_from": Estimate(float(time[found.first]), 0.0, "s", "start of the steady part", "ps"),
        "edge": Estimate(edge, edge * own / (3 * float(steady.mean())), "m", "edge of the box", "angstrom"),
    }
    return Result.of(
        estimates,
        {
            "time_s": ("entry", time),
            "density_kg_m3": ("entry", density),
            "temperature_K": ("entry", kelvin),
            "potential_J_mol": ("entry", energy),
            "block_kg_m3": ("block", blocks),
            "parts_s": ("part", np.array([time[found.first], time[free - 1], time[-1]])),
        },
        [
            *_checks(found, own, by_blocks, estimates, wanted),
            *([] if reference_kg_m3 is None else [_compared(estimates["density"], reference_kg_m3, within)]),
        ],
    )


def _steady(density: np.ndarray) -> Equilibrated:
    """The steady part, half of the series at least: a short end seems to renew quickly because it is short."""
    found = detect(density)
    first = min(found.first, len(density) // 2)
    g = inefficiency(density[first:])
    return Equilibrated(first, g, (len(density) - first) / g)


def _log(trajectory: Measurement) -> tuple[np.ndarray, ...]:
    missing = [n for n in LOG if n not in trajectory]
    if missing:
        raise DataError("has no log of density and energy", trajectory.source.name, "runs of solvation.run have one")
    time, density, energy, kelvin = (trajectory[n].astype(float) for n in LOG)
    return time, density, energy, kelvin


def _mean_std(series: np.ndarray, g: float) -> float:
    """Standard deviation of the mean, widened because few independent values know their scatter badly."""
    independent = max(len(series) / g, 2.0)
    return widened_to_95(int(independent) - 1) * float(series.std(ddof=1)) / math.sqrt(independent)


def _compared(density: Estimate, reference: float, within: float) -> Check:
    off = density.value / reference - 1
    told = f"{100 * off:+.1f} ± {100 * density.std / reference:.1f} % from {reference:g} kg/m3"
    return Check.that("density", abs(off) <= within, told, f"{told}, more than {100 * within:g} %")


def _checks(found: Equilibrated, own: float, by_blocks: float, estimates: dict[str, Estimate], wanted: float) -> list[Check]:
    change, kelvin = estimates["energy_change"], estimates["temperature"]
    off = abs(kelvin.value - wanted)
    told = f"{kelvin.value:.2f} ± {kelvin.std:.2f} K at a thermostat of {wanted:g} K"
    return [
        Check.that(
            "independent densities",
            found.independent >= ENOUGH,
            f"{found.independent:.0f} independent densities",
            f"{found.independent:.0f} independent densities: so few do not know their own correlation",
        ),
        Check.that(
            "blocks",
            by_blocks <= 3 * own,
            "blocks scatter as the correlation says",
            f"blocks say ± {by_blocks:.2g} kg/m3, the correlation ± {own:.2g}: the density still moves slowly",
        ),
        Check.that(
            "energy",
            abs(change.value) <= 3 * change.std,
            "the energy at constant volume is steady",
            f"the energy still changes: {change.value:.3g} ± {change.std:.2g} J/mol of the box at constant volume",
        ),
        Check.that("temperature", not off > max(3 * kelvin.std, 1.0), told, f"{told}: a step too long, or heat from a drive"),
    ]


@bulk.plot
def draw(result: Result, ax: Axes) -> None:
    """Density and temperature in time: what was used of each is coloured."""
    c = {str(n): result.curves[n].values for n in result.curves.data_vars}
    top, bottom = split(ax, 2, 1)
    time = 1e12 * c["time_s"]
    steady, end, _ = 1e12 * c["parts_s"]
    density = result.estimates["density"]
    for panel, name, used in ((top, "density_kg_m3", (time >= steady) & (time <= end)), (bottom, "temperature_K", time > end)):
        panel.plot(time, c[name], color=SOFT, linewidth=0.6)
        panel.plot(time[used], c[name][used], color=COLOURS[0], linewidth=0.6)
    top.axhline(density.value, color=INK, linewidth=0.8)
    top.set(ylabel="ρ / (kg/m$^3$)", ylim=_about(c["density_kg_m3"][time >= steady]), title=str(density))
    top.tick_params(labelbottom=False)
    bottom.axhline(result["temperature"], color=INK, linewidth=0.8)
    bottom.set(xlabel="time / ps", ylabel="T / K", ylim=_about(c["temperature_K"][time > end]))


def _about(settled: np.ndarray) -> tuple[float, float]:
    """The span of a settled part, with room for the way to it."""
    span = max(float(np.ptp(settled)), 1.0)
    return float(settled.min()) - span / 2, float(settled.max()) + span / 2


@bulk.demo
def demo(rng: np.random.Generator) -> Demo:
    """A log of known density and temperature, each the last but for a kick: correlated over a few entries."""

    def wander(n: int, kept: float) -> np.ndarray:
        kicks = rng.standard_normal(n + 50) * math.sqrt(1 - kept**2)
        series = np.zeros(n + 50)
        for k in range(1, n + 50):
            series[k] = kept * series[k - 1] + kicks[k]
        return series[50:]

    free, held, mean = 600, 800, float(rng.uniform(1000, 1200))
    start = -80.0 * np.exp(-np.arange(free) / 15)
    arrays = {
        "time_s": 1e-12 * np.arange(1, 3),
        "position_m": np.zeros((2, 1, 3)),
        "box_m": np.full((2, 3), 2.7e-9),
        "species": np.array([0]),
        "molecule": np.array([0]),
        "element": np.array(["Li"]),
        "mass_kg": np.array([6.94 * ATOMIC_MASS_KG]),
        "log_time_s": 2e-13 * np.arange(1, free + held + 1),
        "log_density_kg_m3": np.concatenate([mean + start + 6 * wander(free, 0.8), np.full(held, mean + 1.0)]),
        "log_potential_J_mol": -1e7 + 1e5 * wander(free + held, 0.6),
        "log_temperature_K": 298.15 + 5 * wander(free + held, 0.4),
    }
    meta = {"species": ["Li"], "temperature_K": 298.15}
    truth = {"density": mean, "temperature": 298.15, "energy_change": 0.0}
    return Demo((Measurement.of(TRAJECTORY, arrays, meta, name="a log"),), truth)
