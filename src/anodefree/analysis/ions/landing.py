"""Where ions land: the protrusion's share against the flat, how even the flat is, how long and how crooked the ways are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from anodefree.analysis.ions.landing_map import draw_landing, map_curves
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError, DataError, near
from anodefree.kinds.flights import FLIGHTS, Flights
from anodefree.numerics.two_way_clusters import interval
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
BOSS, FLAT = 1, 2
_UNEVEN = Check(
    "protrusion",
    "warn",
    "the electrode is uneven all over and has no protrusion: there is no flux ratio, and the rings are seen from above",
)


def boss_area_m2(height_m: float, base_m: float) -> float:
    """The area of half a prolate spheroid: pi b² + pi h b asin(e)/e, e² = 1 - b²/h² (that of a hemisphere for h = b)."""
    if base_m <= 0:
        return 0.0
    if height_m <= base_m * (1 + 1e-9):
        return 2 * math.pi * base_m**2
    e = math.sqrt(1 - (base_m / height_m) ** 2)
    return math.pi * base_m**2 + math.pi * base_m * height_m * math.asin(e) / e


def gini(counts: Floats) -> float:
    """Gini coefficient of counts: 0 where all are equal, towards 1 where one has all."""
    ordered = np.sort(counts)
    n = len(ordered)
    return float(2 * np.sum(np.arange(1, n + 1) * ordered) / (n * ordered.sum()) - (n + 1) / n) if ordered.sum() else 0.0


def ring_counts(radius_m: Floats, inner_m: float, outer_m: float, rings: int) -> NDArray[np.int64]:
    """How many land in each of `rings` rings of equal area between two radii."""
    edges = np.sqrt(np.linspace(inner_m**2, outer_m**2, rings + 1))
    return np.histogram(radius_m, edges)[0]


def by_chance(ions: int, rings: int, rng: np.random.Generator, draws: int = 300) -> Floats:
    """CV and Gini (draw, 2) of rings that as many ions hit at random, each ring alike: what counting alone gives."""
    counts = rng.multinomial(ions, np.full(rings, 1 / rings), size=draws)
    return np.array([(c.std(ddof=1) / max(c.mean(), 1e-300), gini(c.astype(float))) for c in counts])


@stage("ions.landing", version=3, cites=("chen2026", "efron1993"))
def landing(
    flights: Flights,
    *,
    species: Annotated[str, Par("the ion whose landing is asked for")] = "Li+",
    rings: Annotated[int, Par("rings of equal area on the flat", ge=2, le=1000)] = 20,
    resamples: Annotated[int, Par("bootstrap resamples", ge=50, le=100_000)] = 400,
    rng: np.random.Generator,
) -> Result:
    """Where ions land: flux on the protrusion over that on the flat, evenness of the flat, time of flight, crookedness.

    `flux_ratio` = (n_boss/A_boss) / (n_flat/A_flat), by true areas: above 1 the protrusion grows faster than the flat, below 1
    slower. `cv` is the coefficient of variation over rings of equal area, `cv_excess` what of it exceeds the Poisson counting
    noise, `gini` the inequality of the same counts; `cv_chance`, `gini_chance` are what as many ions give that fall on any ring
    alike (Poisson, at a given total), and a check says whether the flat is uneven beyond that. On an electrode that is uneven
    all over there is no protrusion, and neither ratio nor share. Tortuosity is path over straight
    line. Standard deviations and intervals of 95 % by bootstrap over ions; those of the counts contain the counting noise.
    *Valid when* ions do not know of each other. *Source* bootstrap: Efron and Tibshirani (1993); areas: half a spheroid.
    Curves: ring_radius_m, ring_flux (over the mean), tof_s (sorted arrivals) and arrived (their share). Raises ConfigError: no
    such species; DataError: none of it has landed.
    """
    names = str(flights.meta["ions"]).split(", ")
    if species not in names:
        raise ConfigError(f"'{species}' is not among the ions that flew", "species", near(species, names))
    own = flights["species"] == names.index(species)
    surface = flights["surface"][own]
    landed = (surface == BOSS) | (surface == FLAT) | (surface == 3)
    if not landed.any():
        raise DataError(f"none of its {own.sum()} {species} has landed", flights.source.name, "give them more time")
    x, y, time_s, length = (flights[n][own] for n in ("end_x_m", "end_y_m", "time_of_flight_s", "path_length_m"))
    straight = np.sqrt(sum((flights[f"end_{a}_m"][own] - flights[f"start_{a}_m"][own]) ** 2 for a in "xyz"))
    meta = flights.meta
    areas = (
        boss_area_m2(meta["boss_height_m"], meta["boss_base_m"]),
        math.pi * (meta["radius_m"] ** 2 - meta["boss_base_m"] ** 2),
    )
    single = bool(areas[0] > 0)
    radius = np.hypot(x, y)

    def numbers(pick: NDArray[np.int64]) -> Floats:
        """tof mean, median, tortuosity, cv, gini, and, where there is a protrusion, ratio and share, of a resample."""
        s, chosen = surface[pick], landed[pick]
        boss, flat = int(np.count_nonzero(s == BOSS)), int(np.count_nonzero(s == FLAT))
        counts = ring_counts(radius[pick][s == FLAT], meta["boss_base_m"], meta["radius_m"], rings)
        found = [
            time_s[pick][chosen].mean() if chosen.any() else 0.0,
            np.median(time_s[pick][chosen]) if chosen.any() else 0.0,
            np.mean(length[pick][chosen] / np.maximum(straight[pick][chosen], 1e-300)) if chosen.any() else 1.0,
            counts.std(ddof=1) / max(counts.mean(), 1e-300),
            gini(counts.astype(float)),
        ]
        if single:
            found += [boss / areas[0] / (max(flat, 1) / areas[1]), boss / max(boss + flat, 1)]
        return np.array(found)

    total = len(surface)
    values = numbers(np.arange(total))
    drawn = np.array([numbers(rng.integers(0, total, total)) for _ in range(resamples)])
    std = drawn.std(axis=0, ddof=1)
    within = [interval(d) for d in drawn.T]
    down = bool(np.any(surface == FLAT))
    estimates, beyond = {}, []
    if down and single:
        estimates["flux_ratio"] = _with_zero(values[5], std[5], surface, areas, within[5])
        estimates["boss_share"] = Estimate(
            values[6], std[6], "1", "share of the ions that land on the protrusion", None, *within[6]
        )
    if down:
        flat = int(np.count_nonzero(surface == FLAT))
        mean = flat / rings
        excess = math.sqrt(max(values[3] ** 2 - 1 / mean, 0.0))
        estimates["cv"] = Estimate(values[3], values[3] / math.sqrt(2 * (rings - 1)), "1", "variation over rings of equal area")
        estimates["cv_excess"] = Estimate(excess, float(std[3]), "1", "of it beyond counting noise")
        estimates["gini"] = Estimate(values[4], std[4], "1", "inequality over rings of equal area", None, *within[4])
        chance = by_chance(flat, rings, rng)
        for i, name in enumerate(("cv", "gini")):
            label = ("variation", "inequality")[i] + " that counting alone gives"
            estimates[f"{name}_chance"] = Estimate(chance[:, i].mean(), chance[:, i].std(ddof=1), "1", label)
        beyond = [_beyond(values[3], chance[:, 0])]
    estimates |= {
        "time_of_flight": Estimate(values[0], std[0], "s", "mean time of flight", None, *within[0]),
        "time_of_flight_median": Estimate(values[1], std[1], "s", "median time of flight", None, *within[1]),
        "tortuosity": Estimate(values[2], std[2], "1", "path over straight line", None, *within[2]),
    }
    counts = ring_counts(radius[surface == FLAT], meta["boss_base_m"], meta["radius_m"], rings)
    arrivals = np.sort(time_s[landed])
    curves = {
        "ring_radius_m": ("ring", np.sqrt((np.arange(rings) + 0.5) / rings * areas[1] / math.pi + meta["boss_base_m"] ** 2)),
        "ring_flux": ("ring", counts / max(counts.mean(), 1e-300)),
        "tof_s": ("arrival", arrivals),
        "arrived": ("arrival", (np.arange(len(arrivals)) + 1) / total),
    }
    curves |= map_curves(x, y, surface, meta, species)
    lost = total - int(landed.sum())
    checks = [
        Check.that("captured", lost == 0, "every ion was captured", f"{lost} of {total} ions were not captured or escaped"),
        Check.that(
            "counts",
            not (down and single) or int(np.count_nonzero(surface == BOSS)) >= 25,
            "enough ions landed on the protrusion",
            "fewer than 25 ions landed on the protrusion: fly more",
        ),
        *beyond,
    ]
    if not single:
        checks.append(_UNEVEN)
    return Result.of(estimates, curves, checks)


def _beyond(cv: float, chance: Floats) -> Check:
    """Whether the flat is uneven beyond what counting alone gives; either answer is sound."""
    most = float(np.quantile(chance, 0.975))
    seen = f"the flat varies by {100 * cv:.2g} %, and counting alone gives {100 * chance.mean():.2g} %"
    if cv <= most:
        return Check("uniformity", "pass", f"{seen}: no unevenness is seen")
    return Check("uniformity", "pass", f"{seen} (at most {100 * most:.2g} %): the flat is uneven indeed")


def _with_zero(
    ratio: float, std: float, surface: NDArray[np.int8], areas: tuple[float, float], within: tuple[float, float]
) -> Estimate:
    """The flux ratio; where none landed on the protrusion its standard deviation is that of one that might have."""
    boss, flat = np.count_nonzero(surface == BOSS), np.count_nonzero(surface == FLAT)
    least = (1 / areas[0]) / (flat / areas[1]) if boss == 0 and flat else 0.0
    return Estimate(ratio, max(std, least), "1", "flux on the protrusion over that on the flat", None, *within)


@landing.plot
def draw(result: Result, ax: Axes) -> None:
    """Where they land, from above, and the flux on the flat against the distance from the axis."""
    draw_landing(result, ax)


@landing.demo
def demo(rng: np.random.Generator) -> Demo:
    """Ions that choose the protrusion with a known probability, and else any place of the flat alike."""
    count, share = 1200, rng.uniform(0.06, 0.2)
    gap, radius, height, base = 50e-6, 25e-6, 10e-6, 3e-6
    boss = rng.random(count) < share
    r = np.where(boss, base * np.sqrt(rng.random(count)), np.sqrt(base**2 + (radius**2 - base**2) * rng.random(count)))
    angle, time_s = 2 * np.pi * rng.random(count), rng.exponential(2.0, count)
    x, y = r * np.cos(angle), r * np.sin(angle)
    z = np.where(boss, 0.5 * height, 0.0)
    arrays = {
        "species": np.zeros(count, np.int8),
        "start_x_m": x,
        "start_y_m": y,
        "start_z_m": np.full(count, gap),
        "end_x_m": x,
        "end_y_m": y,
        "end_z_m": z,
        "surface": np.where(boss, BOSS, FLAT).astype(np.int8),
        "time_of_flight_s": time_s,
        "path_length_m": (gap - z) * 1.2,
        "turns": np.zeros(count),
        "winding": np.zeros(count),
        "energy_error": np.zeros(count),
        "end_speed_m_s": np.ones(count),
    }
    meta = {"ions": "Li+", "gap_m": gap, "radius_m": radius, "boss_height_m": height, "boss_base_m": base}
    flights = Measurement.of(FLIGHTS, arrays, meta, name="demo")
    ratio = (share / boss_area_m2(height, base)) / ((1 - share) / (math.pi * (radius**2 - base**2)))
    truth = {"flux_ratio": ratio, "boss_share": share, "time_of_flight": 2.0}
    return Demo((flights,), truth, {"resamples": 100})
