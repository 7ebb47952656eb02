"""One run of molecular dynamics as one point: what acted on it, and its shells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.solvation.bulk import LOG, bulk
from anodefree.analysis.solvation.coordination import coordination
from anodefree.analysis.solvation.selection import Centre, Partner
from anodefree.analysis.solvation.speciation import speciation
from anodefree.analysis.solvation.synthetic import clusters
from anodefree.core.figure import COLOURS, split
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import DataError
from anodefree.kinds.solvation_points import NUMBERS, SOLVATION_POINTS, TREATMENT, SolvationPoints
from anodefree.kinds.trajectory import Trajectory
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COARSE = 2
"""Bins of g(r) that become one in a row."""
SHARES = tuple(n for n in NUMBERS if n not in ("CN_molecules", "g_peak"))
PLAIN_HYDROGEN_U = 1.008


@stage("solvation.point", version=2, cites=("newey1987", "allen2017", "seo2014"))
def point(
    trajectory: Trajectory,
    *,
    centre: Centre = "Li",
    partner: Partner = "TFSI",
    element: Annotated[str, Par("element of the partner that is counted")] = "O",
    cutoff_m: Annotated[
        float | None, Par("end of the first shell: give one for all runs that are to be compared (none: each its own)", gt=0)
    ] = None,
) -> SolvationPoints:
    """A run of molecular dynamics as one row: what acted on it, its coordination numbers, its classes of ions, its g(r).

    The numbers are those of `solvation.coordination`, `solvation.speciation` and, where the run has a log,
    `solvation.bulk`. Rows of replicas and of fields join, for `solvation.field_effect` and `solvation.replicas`; how a run was
    made (charges, bonds, step) stands in its row, so that runs that were treated differently are told.
    *Valid when* as for those two. *Source* Allen and Tildesley 2017, section 2.6; Newey and West 1987; Seo et al. 2014.

    Raises
    ------
    ConfigError, DataError: as those two do.
    """
    shells = coordination(trajectory, centre=centre, partner=partner, element=element, cutoff_m=cutoff_m)
    pairs = speciation(trajectory, cation=centre, anion=partner, cutoff_m=cutoff_m)
    found = {**pairs.estimates, **{n: shells.estimates[n] for n in ("CN", "CN_molecules", "g_peak")}}
    time, curves = trajectory["time_s"], shells.curves
    arrays: dict[str, float | np.ndarray] = {
        "flux_density_T": float(trajectory.meta.get("flux_density_T", 0.0)),
        "field_V_m": float(trajectory.meta.get("field_V_m", 0.0)),
        "temperature_K": float(trajectory.meta.get("temperature_K", 298.15)),
        "length_s": float(time[-1] - time[0]) * len(time) / max(len(time) - 1, 1),
        **{n: found[n].value for n in NUMBERS},
        **{f"{n}_std": found[n].std for n in NUMBERS},
        "memory": float(curves["memory"].values[0]),
        "cutoff_m": float(curves["cutoff_m"].values[0]),
        **_treatment(trajectory),
        **_liquid(trajectory),
    }
    rows: dict[str, np.ndarray] = {n: np.array([v]) for n, v in arrays.items()}
    rows |= _coarse(curves["r_m"].values, curves["g"].values, curves["running_CN"].values)
    told = ("recipe", "engine", "equilibration", "replica", "kept")
    meta = {"centre": centre, "partner": partner, **{n: trajectory.meta[n] for n in told if n in trajectory.meta}}
    common = {str(n): float(v) for n, v in zip(pairs.curves["shell"].values, pairs.curves["shell_share"].values, strict=True)}
    return Measurement.of(SOLVATION_POINTS, rows, {**meta, "shells": common})


def _treatment(trajectory: Measurement) -> dict[str, float]:
    """How the run was made, as far as it says."""
    given = {n: trajectory.meta[n] for n in TREATMENT if n in trajectory.meta}
    return {n: PLAIN_HYDROGEN_U if v is None else float(v) for n, v in given.items()}


def _liquid(trajectory: Measurement) -> dict[str, float]:
    """Density and temperature, where the run has a log that is long enough."""
    if any(n not in trajectory for n in LOG):
        return {}
    try:
        liquid = bulk(trajectory).estimates
    except DataError:
        return {}
    density, kelvin = liquid["density"], liquid["temperature"]
    return {
        "density_kg_m3": density.value,
        "density_std_kg_m3": density.std,
        "found_K": kelvin.value,
        "found_std_K": kelvin.std,
    }


def _coarse(r_m: np.ndarray, g: np.ndarray, running: np.ndarray) -> dict[str, np.ndarray]:
    """g(r) and running number on bins twice as wide: a row is to be small."""
    half = 0.5 * (r_m[1] - r_m[0])
    volume = (r_m + half) ** 3 - (r_m - half) ** 3
    whole = len(r_m) // COARSE * COARSE
    parts = [a[:whole].reshape(-1, COARSE) for a in (r_m, volume, g * volume)]
    return {
        "r_m": parts[0].mean(axis=1),
        "g": (parts[2].sum(axis=1) / parts[1].sum(axis=1))[None],
        "running_CN": running[COARSE - 1 : whole : COARSE][None],
    }


@point.plot
def draw(measurement: Measurement, ax: Axes) -> None:
    """The numbers of each run as points with what the run expects of itself; beside them g(r)."""
    left, right = split(ax, 1, 2)
    for k in range(len(measurement["CN"])):
        values = np.array([measurement[n][k] for n in SHARES])
        stds = np.array([measurement[f"{n}_std"][k] for n in SHARES])
        colour = COLOURS[k % len(COLOURS)]
        left.errorbar(np.arange(len(SHARES)), values, 2 * stds, fmt="o", color=colour, capsize=2, markersize=3)
        if "g" in measurement:
            right.plot(1e10 * measurement["r_m"], measurement["g"][k], color=colour, linewidth=0.9)
    left.set_xticks(np.arange(len(SHARES)), list(SHARES), rotation=60, ha="right", fontsize=6)
    left.set(ylabel="number or share")
    left.set_ylim(bottom=0)
    right.set(xlabel="distance / Å", ylabel="g(r)")


@point.demo
def demo(rng: np.random.Generator) -> Demo:
    """Pairs alone: every second lithium has one contact, and every anion is coordinated."""
    truth = {"CN": 0.5, "CN_molecules": 0.5, "SSIP": 0.5, "CIP": 0.5, "free": 0.0, "coordinated": 1.0, "anion_CIP": 1.0}
    return Demo((clusters(rng, 20, 27, (0.0, 1.0, 0.0)),), {n: np.array([v]) for n, v in truth.items()}, {"cutoff_m": 3e-10})
