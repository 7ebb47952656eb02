"""How often cations and anions pass each other within a distance, against what their local densities and speeds predict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.flights import FLIGHTS, Flights
from anodefree.numerics.two_way_clusters import clustered_std, interval, pigeonhole
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
SLABS: Final = 20
"""Slabs of equal height in which the local density is taken ..."""
RINGS: Final = 2
"""... and rings of equal area."""


def at_phase(time_s: Floats, path: Floats, phase_s: Floats) -> Floats:
    """Places (ion, 3) of each path (ion, sample, 3) at a time of its own; NaN before its launch and after its capture."""
    out = np.full((len(path), 3), np.nan)
    last = np.nanargmax(np.where(np.isnan(time_s), -np.inf, time_s), axis=1)
    rows = np.arange(len(path))
    low = np.clip((time_s <= phase_s[:, None]).sum(axis=1) - 1, 0, np.maximum(last - 1, 0))
    begin, end = time_s[rows, low], time_s[rows, low + 1]
    weight = (phase_s - begin) / np.where(end > begin, end - begin, 1.0)
    inside = (phase_s >= time_s[:, 0]) & (phase_s <= time_s[rows, last])
    mixed = path[rows, low] * (1 - weight)[:, None] + path[rows, low + 1] * weight[:, None]
    out[inside] = mixed[inside]
    return out


def stay(offset: Floats, step: Floats, reach: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Part of a straight step (0 ... 1) spent within `reach`, and whether it entered there; `offset` (n, 3) at its begin."""
    a, b = np.maximum((step**2).sum(axis=1), 1e-300), (offset * step).sum(axis=1)
    c = (offset**2).sum(axis=1) - reach**2
    root = np.sqrt(np.maximum(b**2 - a * c, 0.0))
    first, last = (-b - root) / a, (-b + root) / a
    part = np.where(b**2 > a * c, np.clip(last, 0, 1) - np.clip(first, 0, 1), 0.0)
    return part, (c > 0) & (part > 0)


class Tally:
    """What a stream of ions has shown so far: entries, expected entries and time within reach, for each pair."""

    def __init__(self, cell: Mapping[str, Any], reach_m: float, step_s: float, cations: int, anions: int) -> None:
        self.gap, self.radius = float(cell["gap_m"]), float(cell["radius_m"])
        self.boss = float(cell["boss_height_m"]), float(cell["boss_base_m"])
        self.reach, self.step_s = reach_m, step_s
        self.entries, self.expected, self.stayed = (np.zeros((cations, anions)) for _ in range(3))
        self.by_slab = np.zeros((2, SLABS))
        self.present = 0

    def add(self, cations: Floats, anions: Floats) -> None:
        """One instant: places and ways (ion, 6) of each species; NaN for those not under way."""
        index = [np.flatnonzero(np.isfinite(w).all(axis=1)) for w in (cations, anions)]
        self.present += len(index[1])
        one, two = cations[index[0]], anions[index[1]]
        one_mid, two_mid = (w[:, :3] + 0.5 * w[:, 3:] for w in (one, two))
        kept = self._inner(one_mid)
        index[0], one, one_mid = index[0][kept], one[kept], one_mid[kept]
        if len(one) and len(two):
            self._count(one, two, one_mid, two_mid, index)
            self._expect(one, two, one_mid, two_mid, index)

    def _inner(self, place: Floats) -> NDArray[np.bool_]:
        """Farther than `reach` from every wall; the protrusion counts with the cylinder about it."""
        r, z = np.hypot(place[:, 0], place[:, 1]), place[:, 2]
        floor = np.where(r < self.boss[1] + self.reach, self.boss[0], 0.0) + self.reach
        return np.asarray((z > floor) & (z < self.gap - self.reach) & (r < self.radius - self.reach))

    def _count(self, one: Floats, two: Floats, one_mid: Floats, two_mid: Floats, index: Sequence[NDArray[np.int64]]) -> None:
        from scipy.spatial import cKDTree

        far = self.reach + 0.5 * sum(float(np.linalg.norm(w[:, 3:], axis=1).max()) for w in (one, two))
        near = cKDTree(one_mid).sparse_distance_matrix(cKDTree(two_mid), far, output_type="ndarray")
        i, j = near["i"], near["j"]
        part, entered = stay(one[i, :3] - two[j, :3], one[i, 3:] - two[j, 3:], self.reach)
        np.add.at(self.stayed, (index[0][i], index[1][j]), part * self.step_s)
        i, j = i[entered], j[entered]
        np.add.at(self.entries, (index[0][i], index[1][j]), 1.0)
        np.add.at(self.by_slab[0], self._slab(one_mid[i]), 1.0)

    def _expect(self, one: Floats, two: Floats, one_mid: Floats, two_mid: Floats, index: Sequence[NDArray[np.int64]]) -> None:
        scale = math.pi * self.reach**2 / (math.pi * self.radius**2 * self.gap / (SLABS * RINGS))
        bins = [self._slab(p) * RINGS + self._ring(p) for p in (one_mid, two_mid)]
        for which in np.intersect1d(bins[0], bins[1]):
            i, j = (np.flatnonzero(b == which) for b in bins)
            hits = scale * np.linalg.norm(one[i, None, 3:] - two[None, j, 3:], axis=2)
            self.expected[np.ix_(index[0][i], index[1][j])] += hits
            self.by_slab[1, which // RINGS] += hits.sum()

    def _slab(self, place: Floats) -> NDArray[np.int64]:
        return np.clip((place[:, 2] / self.gap * SLABS).astype(np.int64), 0, SLABS - 1)

    def _ring(self, place: Floats) -> NDArray[np.int64]:
        r2 = (place[:, 0] ** 2 + place[:, 1] ** 2) / self.radius**2
        return np.clip((r2 * RINGS).astype(np.int64), 0, RINGS - 1)


@stage("ions.encounters", version=2, cites=("chen2026", "cameron2011", "mcquarrie2000", "owen2007"))
def encounters(
    flights: Flights,
    *,
    cutoff_m: Annotated[
        float, Par("distance that counts as an encounter", gt=0, source="a fiftieth of the gap, for statistics", assumed=True)
    ] = 1e-6,
    instants: Annotated[int, Par("instants of the stationary stream", ge=20, le=100_000)] = 600,
    resamples: Annotated[int, Par("bootstrap resamples behind the intervals", ge=50, le=100_000)] = 400,
    rng: np.random.Generator,
) -> Result:
    """Encounters of cations with anions, counted in a stationary stream, over what their density and speed predict.

    The kept paths are launched again and again at random phases, so density does not depend on the moment. An encounter
    begins where the distance falls below `cutoff_m` = r; between instants the relative way is a straight line, solved
    exactly. The kinetic expectation is $\\pi r^2 \\sum |v_+ - v_-| \\Delta t / V$ over pairs within the same cell of volume
    V (slabs and rings): `g_encounter` = counted / expected is 1 for ions that do not know of each other, however they wind.
    `residence_time` [s] is the mean time within r. `encounters_per_cation` holds for the number of ions flown: it grows
    with their density, `anion_density` [1/m3], and says nothing by itself. Only places farther than r from walls are
    counted. *Valid when* paths are smooth between instants: of Brownian paths (liquid) the number of entries depends on the
    sampling and a check says so. Ions that do not interact cannot show association: this is geometric proximity, not entry
    into a solvation sheath. *Source* kinetic collision rate: McQuarrie 2000, chapter 16; standard deviations clustered by
    both ions of a pair: Cameron, Gelbach and Miller 2011; intervals of 95 % by a bootstrap of both: Owen 2007. *Differs from
    the paper*, which infers entry of anions from counter-rotation. Curves: height_m, per slab the encounters counted and
    expected. Raises ConfigError: cut-off too long; DataError: paths or a species missing.
    """
    gap, radius = float(flights.meta["gap_m"]), float(flights.meta["radius_m"])
    if cutoff_m > 0.1 * min(gap, radius):
        raise ConfigError(
            f"{cutoff_m:.3g} m is not small against the cell", "cutoff_m", f"at most {0.1 * min(gap, radius):.2g} m"
        )
    if "path_x_m" not in flights or len(np.unique(flights["path_species"])) < 2:
        raise DataError("keeps no paths of two species", flights.source.name, "fly with anions and paths = 200 or more")
    path = np.stack([flights[f"path_{a}_m"] for a in "xyz"], axis=-1)
    time_s, cation = flights["path_time_s"], flights["path_species"] == 0
    period = float(np.nanmax(time_s))
    phase = period * rng.random(len(path))
    groups = [(time_s[w], path[w], phase[w]) for w in (cation, ~cation)]
    plus, minus = (len(g[0]) for g in groups)
    step_s = period / instants
    tally = Tally(flights.meta, cutoff_m, step_s, plus, minus)
    for k in range(instants):
        ways = []
        for times, paths, launched in groups:
            now = (launched + k * step_s) % period
            begin, end = at_phase(times, paths, now), at_phase(times, paths, now + step_s)
            ways.append(np.concatenate([begin, end - begin], axis=1))
        tally.add(ways[0], ways[1])
    entries, expected, stayed, present = tally.entries, tally.expected, tally.stayed, tally.present
    total, wanted = entries.sum(), expected.sum()
    if total < 5:
        raise DataError(f"shows {int(total)} encounters", flights.source.name, "keep more paths, or take a longer cut-off")
    std = [
        clustered_std(entries - entries.mean()) / plus,
        clustered_std(entries - total / wanted * expected) / wanted,
        clustered_std(stayed - stayed.sum() / total * entries) / total,
    ]
    met, chance, together = pigeonhole((entries, expected, stayed), resamples, rng)
    with np.errstate(divide="ignore", invalid="ignore"):
        bounds = [interval(n) for n in (met / plus, met / chance, together / met)]
    density = present / instants / (math.pi * radius**2 * gap)
    estimates = {
        "encounters_per_cation": Estimate(
            total / plus, std[0], "1", "encounters of a cation on its way, at this density", None, *bounds[0]
        ),
        "g_encounter": Estimate(total / wanted, std[1], "1", "encounters over the kinetic expectation", None, *bounds[1]),
        "residence_time": Estimate(stayed.sum() / total, std[2], "s", "mean time within the cut-off", None, *bounds[2]),
        "anion_density": Estimate(density, density / math.sqrt(minus), "1/m3", "mean density of the anions flown"),
    }
    g, doubt = estimates["g_encounter"].value, estimates["g_encounter"].std
    smooth = flights.meta.get("regime") != "liquid"
    checks = [
        Check.that(
            "smooth",
            smooth,
            "the paths are smooth between instants",
            "Brownian paths: the number of entries and the time per entry depend on the sampling; compare like with like",
        ),
    ]
    if smooth:
        checks.append(
            Check.that(
                "independent",
                abs(g - 1) < 3 * doubt + 0.1,
                f"g = {g:.3g}: the ions meet as often as chance has it; this is proximity, not association",
                f"g = {g:.3g} ± {doubt:.2g} differs from 1 although the ions do not interact: density varies within a slab,"
                " or the instants are too coarse",
            )
        )
    curves = {
        "height_m": ("slab", (np.arange(SLABS) + 0.5) * gap / SLABS),
        "counted": ("slab", tally.by_slab[0] / plus),
        "expected": ("slab", tally.by_slab[1] / plus),
    }
    return Result.of(estimates, curves, checks)


@encounters.plot
def draw(result: Result, ax: Axes) -> None:
    """Encounters per cation in each slab of the gap: counted, and expected from density and speed."""
    from anodefree.core.figure import COLOURS, INK

    z = 1e6 * result.curves["height_m"].values
    ax.step(z, result.curves["expected"].values, where="mid", color=INK, lw=1, label="expected by chance")
    ax.plot(z, result.curves["counted"].values, "o", color=COLOURS[1], label="counted")
    ax.set_ylim(bottom=0)
    ax.set_xlabel("height above the lower electrode / µm")
    ax.set_ylabel("encounters per cation and slab")
    ax.legend()


@encounters.demo
def demo(rng: np.random.Generator) -> Demo:
    """Two opposite streams of straight, steady ions: they meet as chance has it, and stay for the mean chord 4r/3."""
    each, samples, gap, radius, reach = 260, 3, 50e-6, 25e-6, 1e-6
    speed = rng.uniform(1.0, 3.0, 2)
    r, angle = radius * np.sqrt(rng.random(2 * each)), 2 * np.pi * rng.random(2 * each)
    up = np.repeat([False, True], each)
    part = np.linspace(0, 1, samples)
    z = gap * np.where(up[:, None], part, 1 - part)
    place = [np.repeat(v[:, None], samples, axis=1) for v in (r * np.cos(angle), r * np.sin(angle))]
    time_s = gap / np.where(up, speed[1], speed[0])[:, None] * part
    zero = np.zeros(2 * each)
    ends = {f"{w}_{a}_m": v[:, i] for w, i in (("start", 0), ("end", -1)) for a, v in zip("xyz", (*place, z), strict=True)}
    arrays = {
        "species": up.astype(np.int8),
        **ends,
        "surface": np.where(up, 3, 2).astype(np.int8),
        "time_of_flight_s": time_s[:, -1],
        "path_length_m": np.full(2 * each, gap),
        **{n: zero for n in ("turns", "winding", "energy_error", "end_speed_m_s")},
        **{f"path_{a}_m": v for a, v in zip("xyz", (*place, z), strict=True)},
        "path_time_s": time_s,
        "path_species": up.astype(np.int8),
    }
    meta = {"ions": "Li+, TFSI-", "gap_m": gap, "radius_m": radius, "boss_height_m": 1e-9, "boss_base_m": 1e-9}
    flights = Measurement.of(FLIGHTS, arrays, {**meta, "regime": "vacuum"}, name="demo")
    truth = {"g_encounter": 1.0, "residence_time": 4 * reach / (3 * speed.sum())}
    return Demo((flights,), truth, {"cutoff_m": reach, "instants": 80})
