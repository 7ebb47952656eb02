"""One run of molecular dynamics as one point: what acted on it, and its shells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.solvation.coordination import coordination
from anodefree.analysis.solvation.selection import Centre, Partner
from anodefree.analysis.solvation.speciation import speciation
from anodefree.analysis.solvation.synthetic import clusters
from anodefree.core.figure import COLOURS
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.kinds.solvation_points import NUMBERS, SOLVATION_POINTS, SolvationPoints
from anodefree.kinds.trajectory import Trajectory
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("solvation.point", version=1, cites=("newey1987", "allen2017", "seo2014"))
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
    """A run of molecular dynamics as one row: what acted on it, its coordination numbers and its classes of ions.

    The numbers are those of `solvation.coordination` and `solvation.speciation`. Rows of replicas and of fields join, for
    `solvation.field_effect`. *Valid when* as for those two. *Source* Allen and Tildesley 2017, section 2.6; Newey and West
    1987; classes: Seo et al. 2014.

    Raises
    ------
    ConfigError, DataError: as those two do.
    """
    shells = coordination(trajectory, centre=centre, partner=partner, element=element, cutoff_m=cutoff_m)
    pairs = speciation(trajectory, cation=centre, anion=partner, cutoff_m=cutoff_m).estimates
    found = {**pairs, **{n: shells.estimates[n] for n in ("CN", "CN_molecules")}}
    time = trajectory["time_s"]
    arrays = {
        "flux_density_T": float(trajectory.meta.get("flux_density_T", 0.0)),
        "field_V_m": float(trajectory.meta.get("field_V_m", 0.0)),
        "temperature_K": float(trajectory.meta.get("temperature_K", 298.15)),
        "length_s": float(time[-1] - time[0]) * len(time) / max(len(time) - 1, 1),
        **{n: found[n].value for n in NUMBERS},
        **{f"{n}_std": found[n].std for n in NUMBERS},
        "memory": float(shells.curves["memory"].values[0]),
    }
    meta = {"centre": centre, "partner": partner}
    if "charge_scale" in trajectory.meta:
        meta["charge_scale"] = trajectory.meta["charge_scale"]
    return Measurement.of(SOLVATION_POINTS, {n: np.array([v]) for n, v in arrays.items()}, meta)


@point.plot
def draw(measurement: Measurement, ax: Axes) -> None:
    """The numbers of each run as points with what the run expects of itself."""
    for k in range(len(measurement["CN"])):
        values = np.array([measurement[n][k] for n in NUMBERS])
        stds = np.array([measurement[f"{n}_std"][k] for n in NUMBERS])
        ax.errorbar(np.arange(len(NUMBERS)), values, 2 * stds, fmt="o", color=COLOURS[k % len(COLOURS)], capsize=2)
    ax.set_xticks(np.arange(len(NUMBERS)), list(NUMBERS), rotation=40, ha="right")
    ax.set(ylabel="number or share")
    ax.set_ylim(bottom=0)


@point.demo
def demo(rng: np.random.Generator) -> Demo:
    """Pairs alone: every second lithium has one contact, and every anion is coordinated."""
    truth = {"CN": 0.5, "CN_molecules": 0.5, "SSIP": 0.5, "CIP": 0.5, "free": 0.0, "coordinated": 1.0}
    return Demo((clusters(rng, 20, 27, (0.0, 1.0, 0.0)),), {n: np.array([v]) for n, v in truth.items()}, {"cutoff_m": 3e-10})
