"""Do cations and anions wind about each other? The linking of pairs of paths, with intervals that respect shared ions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.flights import FLIGHTS, Flights
from anodefree.numerics.gauss_linking import along, linking
from anodefree.numerics.two_way_clusters import clustered_std, interval, pigeonhole
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
ENTWINED = 1.0


@stage("ions.pairing", version=1, cites=("klenin2000", "cameron2011", "owen2007", "chen2026"))
def pairing(
    flights: Flights,
    *,
    most: Annotated[int, Par("paths of each species that are paired, each with each", ge=2, le=1000)] = 16,
    points: Annotated[int, Par("points to which a path is simplified", ge=8, le=2000)] = 60,
    resamples: Annotated[int, Par("bootstrap resamples behind the intervals", ge=50, le=100_000)] = 400,
    rng: np.random.Generator,
) -> Result:
    """How far the paths of cations and anions wind about each other: Gauss's linking integral of every pair.

    $Lk = \\frac{1}{4\\pi}\\int\\!\\int (r_+ - r_-) \\cdot (dr_+ \\times dr_-)/|r_+ - r_-|^3$ over the two paths, exact for
    polygons. Two strands of a double helix of N turns give N, less half a turn or so because they end; strands side by side
    give 0; a right-handed double helix counts as positive here, whichever way its strands run. `linking_mean`
    is the mean over pairs, `linking_size` that of |Lk|, `entwined_share` the part of the pairs that are linked by a whole turn
    or more. Each ion is in many pairs: standard deviations are clustered by both ions, intervals of 95 % come from a bootstrap
    of both. *Valid when* paths are finer than their turns (`points` per path). Linked paths are not linked ions: each ion is at
    one place of its path at a time. *Source* Klenin and Langowski 2000; Cameron, Gelbach and Miller 2011; Owen 2007.
    *Differs from the paper*, which shows counter-rotation in a picture. Curves: linking (cation, anion). Raises DataError: no
    paths were kept, or fewer than two of a species.
    """
    if "path_x_m" not in flights:
        raise DataError("keeps no paths", flights.source.name, "fly with anions and paths = 16")
    place = np.stack([flights[f"path_{a}_m"] for a in "xyz"], axis=-1)
    groups = [np.flatnonzero(flights["path_species"] == k)[:most] for k in (0, 1)]
    if min(map(len, groups)) < 2:
        raise DataError("keeps fewer than two paths of a species", flights.source.name, "fly with anions and paths = 16")
    # Anions are followed backwards, so that both strands of a pair run down: then the sign is that of the screw.
    one, two = ([along(place[w], points)[:: 1 - 2 * k] for w in g] for k, g in enumerate(groups))
    table = np.array([linking(p, np.array(two)) for p in one])
    size, entwined = np.abs(table), (np.abs(table) >= ENTWINED).astype(float)
    pairs = table.size
    drawn = pigeonhole((table, size, entwined), resamples, rng) / pairs
    labels = {
        "linking_mean": "linking of a pair, right-handed positive, mean",
        "linking_size": "linking of a pair, either way, mean",
        "entwined_share": "pairs linked by a turn or more",
    }
    estimates = {}
    for (name, label), values, d in zip(labels.items(), (table, size, entwined), drawn, strict=True):
        mean = float(values.mean())
        std = clustered_std(values - mean) / pairs
        if name == "entwined_share":
            odds, least = (values.sum() + 1) / (pairs + 2), min(values.shape)
            std = max(std, math.sqrt(odds * (1 - odds) / (pairs * least)))
        estimates[name] = Estimate(mean, std, "1", label, None, *interval(d))
    share = estimates["entwined_share"].value
    checks = [
        Check.that(
            "sampling",
            _turning(one + two) < 1.3,
            "paths are finer than their turns",
            "paths turn by more than 75 degrees from one point to the next: take more points",
        ),
        Check(
            "entwined",
            "pass",
            f"{100 * share:.2g} % of the pairs wind about each other by a turn or more; the largest linking is"
            f" {size.max():.2g}. Paths are linked, not ions: this says nothing about association",
        ),
    ]
    if flights.meta.get("regime") == "liquid":
        checks.append(Check("liquid", "warn", "Brownian paths: their linking depends on how finely they are kept"))
    return Result.of(estimates, {"linking": (("cation", "anion"), table)}, checks)


def _turning(paths: list[Floats]) -> float:
    """The angle [rad] between neighbouring sides that 95 % of all stay below."""
    sides = [np.diff(p, axis=0) for p in paths]
    unit = [s / np.maximum(np.linalg.norm(s, axis=1, keepdims=True), 1e-300) for s in sides]
    return float(np.quantile(np.concatenate([np.arccos(np.clip((u[1:] * u[:-1]).sum(axis=1), -1, 1)) for u in unit]), 0.95))


@pairing.plot
def draw(result: Result, ax: Axes) -> None:
    """How many pairs are linked by how much."""
    from anodefree.core.figure import COLOURS, SOFT

    values = np.sort(result.curves["linking"].values.ravel())
    ax.step(values, (np.arange(len(values)) + 1) / len(values), where="post", color=COLOURS[0], label="pairs of paths")
    for k, side in enumerate((-ENTWINED, ENTWINED)):
        ax.axvline(side, color=SOFT, lw=0.8, ls="--", label="a turn" if k == 0 else "_")
    reach = max(1.2, 1.1 * float(np.abs(values).max()))
    ax.set(xlim=(-reach, reach), ylim=(0, 1.02))
    ax.set_xlabel("linking of a pair, right-handed positive")
    ax.set_ylabel("share of pairs")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


@pairing.demo
def demo(rng: np.random.Generator) -> Demo:
    """Cations on right-handed screws of N turns about straight anions: N (√(h² + a²) - a)/h, as the field of a wire has it."""
    cations, anions, samples, height, radius = 30, 4, 41, 50e-6, rng.uniform(2e-6, 5e-6)
    mean = rng.uniform(1.5, 2.5)
    turns = rng.normal(mean, 0.4, cations)
    t = np.linspace(0, 1, samples)
    angle = -2 * np.pi * turns[:, None] * t + 2 * np.pi * rng.random((cations, 1))
    wound = np.stack([radius * np.cos(angle), radius * np.sin(angle), height * np.tile(1 - t, (cations, 1))])
    straight = np.stack([np.zeros((anions, samples)), np.zeros((anions, samples)), height * np.tile(t, (anions, 1))])
    path = np.concatenate([wound, straight], axis=1)
    species = np.repeat([0, 1], [cations, anions]).astype(np.int8)
    ends = {f"{w}_{a}_m": path[k][:, i] for w, i in (("start", 0), ("end", -1)) for k, a in enumerate("xyz")}
    zero = np.zeros(len(species))
    names = ("time_of_flight_s", "path_length_m", "turns", "winding", "energy_error", "end_speed_m_s")
    arrays = {"species": species, "surface": np.where(species, 3, 2).astype(np.int8), **ends, **{n: zero for n in names}}
    arrays |= {f"path_{a}_m": path[k] for k, a in enumerate("xyz")}
    arrays |= {"path_time_s": np.tile(1e-7 * t, (len(species), 1)), "path_species": species}
    meta = {"ions": "Li+, TFSI-", "gap_m": height, "radius_m": 2.5e-5, "boss_height_m": 1e-9, "boss_base_m": 1e-9}
    flights = Measurement.of(FLIGHTS, arrays, {**meta, "regime": "vacuum"}, name="demo")
    truth = {"linking_mean": mean * (math.sqrt(height**2 + radius**2) - radius) / height}
    return Demo((flights,), truth, {"most": cations, "points": 30, "resamples": 60})
