"""The helices among the paths of a flight, species by species: how many, how wide, how steep, and which way they wind."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray

from anodefree.analysis.ions.helix import FEWEST_POINTS, unseen
from anodefree.analysis.ions.winding import fit_winding, quantities
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.flights import FLIGHTS, Flights
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """One path on which a helix is seen."""

    radius_m: float
    pitch_m: float
    turns: float
    handedness: float
    """+1 where it winds like a right-handed screw, -1 like a left-handed one."""


def seen_on(time_s: Floats, place: Floats, fewest_turns: float, *, drag: bool) -> Seen | None:
    """The helix along a path (3, sample), judged as `ions.helix` does, damped or not where there is drag; None: none seen."""
    known = np.isfinite(time_s)
    time_s, place = time_s[known], place[:, known]
    kept = np.concatenate([[True], np.diff(time_s) > 0])
    time_s, place = time_s[kept], place[:, kept]
    if len(time_s) < FEWEST_POINTS:
        return None
    t = (time_s - time_s[0]) / (time_s[-1] - time_s[0])
    fit = min((fit_winding(t, place, damped) for damped in ((False, True) if drag else (False,))), key=lambda f: f.criterion)
    if unseen(fit, t, place, fewest_turns):
        return None
    radius, frequency, advance, pitch, turns = quantities(fit.values)[:5]
    # x + iy turns as e^(-iωt): about the way it goes along z, right-handed where -ω and that way have the same sign.
    return Seen(float(radius), abs(float(pitch)), float(turns), math.copysign(1.0, -frequency * advance))


@stage("ions.helices", version=1, cites=("chen2016", "golub1973", "schwarz1978", "chen2026"))
def helices(
    flights: Flights,
    *,
    most: Annotated[int, Par("paths of each species that are looked at", ge=2, le=10_000)] = 20,
    fewest_turns: Annotated[
        float, Par("turns from which a path counts as a helix", gt=0, source="less is an arc, as in `ions.helix`")
    ] = 0.2,
) -> Result:
    """Radius, pitch, turns and handedness of the helices among the kept paths, for each species.

    Each path is fitted by $x + iy = c + ut + A e^{-(1/\\tau + i\\omega)t}$ and a steady force along z, and judged as
    `ions.helix` judges a track. Means over the paths on which a helix is seen, by species: `radius` |A| [m], `pitch` [m] (the
    advance along z over a turn, mean over the path), `turns`, `handedness` (+1: all wind like a right-handed screw).
    `share` is the part of the paths with a helix, one added to each side of the count for its deviation; `winding` is the mean
    size of the turns about the cell's axis, of all ions. A cation that goes down and an anion that goes up turn in opposite
    senses in time, and so wind in the same sense in space: their handedness is equal.
    *Valid when* B is uniform along z; near the protrusion E is not, and the fit is a mean. *Source* Chen 2016, section 2.2;
    Golub and Pereyra 1973; Schwarz 1978. *Differs from the paper*, which judges by eye. Standard deviations are those of the
    mean over paths. Curves: radius_m, turned, hand, sort of each helix seen. Raises DataError: no paths were kept.
    """
    if "path_x_m" not in flights:
        raise DataError("keeps no paths", flights.source.name, "fly with paths = 20")
    names = str(flights.meta["ions"]).split(", ")
    place = np.stack([flights[f"path_{a}_m"] for a in "xyz"], axis=1)
    estimates: dict[str, Estimate] = {}
    rows: list[tuple[int, Seen]] = []
    drag = flights.meta.get("regime") == "liquid"
    for index, name in enumerate(names):
        own = np.flatnonzero(flights["path_species"] == index)[:most]
        judged = [seen_on(flights["path_time_s"][w], place[w], fewest_turns, drag=drag) for w in own]
        found = [s for s in judged if s is not None]
        rows += [(index, s) for s in found]
        estimates |= _of_species(name, found, len(own), np.abs(flights["winding"][flights["species"] == index]))
    total = sum(min(most, int((flights["path_species"] == i).sum())) for i in range(len(names)))
    hands = {s.handedness for _, s in rows}
    checks = [
        Check.that(
            "helix",
            bool(rows),
            f"a helix is seen on {len(rows)} of {total} paths",
            f"on none of {total} paths a helix is seen: they are straight, arcs of less than {fewest_turns:g} turns, or random",
        )
    ]
    if len(names) > 1 and rows:
        checks.append(
            Check.that(
                "handedness",
                len(hands) == 1,
                "all helices wind the same way in space, although cations and anions turn oppositely in time",
                "helices of both hands are seen: some ions went against the others",
            )
        )
    if drag:
        checks.append(Check("liquid", "warn", "in the liquid paths are random: a helix that is seen may be chance"))
    table = [(i, s.radius_m, s.turns, s.handedness) for i, s in rows] or [(-1, 0.0, 0.0, 0.0)]
    sort, radius, turned, hand = (np.array(c) for c in zip(*table, strict=True))
    curves: dict[str, tuple[Any, Any]] = {
        "sort": ("helix", sort.astype(np.int8)),
        "radius_m": ("helix", radius),
        "turned": ("helix", turned),
        "hand": ("helix", hand),
        "names": ("name", np.array(names)),
    }
    return Result.of(estimates, curves, checks)


def _of_species(name: str, found: list[Seen], looked_at: int, winding: Floats) -> dict[str, Estimate]:
    odds = (len(found) + 1) / (looked_at + 2)
    made = {
        f"share_{name}": Estimate(
            len(found) / max(looked_at, 1), math.sqrt(odds * (1 - odds) / max(looked_at, 1)), "1", f"{name}: paths with a helix"
        ),
        f"winding_{name}": Estimate(
            float(winding.mean()), _of_mean(winding), "1", f"{name}: turns about the axis, either way, mean"
        ),
    }
    if len(found) < 2:
        return made
    for key, unit, label, display in (
        ("radius_m", "m", "radius", None),
        ("pitch_m", "m", "pitch", None),
        ("turns", "1", "turns", None),
        ("handedness", "1", "handedness, right positive", None),
    ):
        values = np.array([getattr(s, key) for s in found])
        std = _of_mean(values)
        if key == "handedness":  # one added to each side of the count: a few that agree do not prove all
            odds = ((values > 0).sum() + 1) / (len(values) + 2)
            std = 2 * math.sqrt(odds * (1 - odds) / len(values))
        made[f"{key.removesuffix('_m')}_{name}"] = Estimate(float(values.mean()), std, unit, f"{name}: {label}", display)
    return made


def _of_mean(values: Floats) -> float:
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.inf


@helices.plot
def draw(result: Result, ax: Axes) -> None:
    """Radius and turns of each helix seen, by species; up-pointing where it is right-handed."""
    from anodefree.core.figure import COLOURS, INK

    sort, names = result.curves["sort"].values, [str(n) for n in result.curves["names"].values]
    radius, turned = 1e6 * result.curves["radius_m"].values, result.curves["turned"].values
    right = result.curves["hand"].values > 0
    for index, name in enumerate(names):
        for hand, marker, word in ((True, "^", "right-handed"), (False, "v", "left-handed")):
            own = (sort == index) & (right == hand)
            if own.any():
                label = {"Li+": "Li$^+$", "TFSI-": "TFSI$^-$"}.get(name, name) + ", " + word
                ax.plot(turned[own], radius[own], marker, color=COLOURS[index], ms=4, alpha=0.8, label=label)
    ax.set_xlabel("turns on the way")
    ax.set_ylabel("radius / µm")
    if (sort < 0).all():
        ax.plot([0, 1], [np.nan, np.nan])
        ax.text(0.5, 0.5, "no helix is seen on any path", ha="center", transform=ax.transAxes, color=INK)
        ax.set(xlim=(0, 1), ylim=(0, 1))
    else:
        ax.set(xlim=(0, None), ylim=(0, None))
        ax.legend()


@helices.demo
def demo(rng: np.random.Generator) -> Demo:
    """Screws of random radius and turns, cations down and anions up, with a little noise on their places."""
    each, samples, gap, radius, turns = 12, 40, 50e-6, rng.uniform(2e-6, 4e-6), rng.uniform(2.0, 4.0)
    t = np.linspace(0, 1, samples)
    own_radius, own_turns = rng.normal(radius, 0.1 * radius, 2 * each), rng.normal(turns, 0.1 * turns, 2 * each)
    up = np.repeat([False, True], each)
    # Down with the positive sense and up with the negative one: both are right-handed (-ω and the way have the same sign).
    angle = 2 * np.pi * (own_turns * np.where(up, 1, -1))[:, None] * t + 2 * np.pi * rng.random((2 * each, 1))
    centre = rng.uniform(-1e-5, 1e-5, (2, 2 * each, 1))
    path = np.stack(
        [
            centre[0] + own_radius[:, None] * np.cos(angle),
            centre[1] + own_radius[:, None] * np.sin(angle),
            gap * np.where(up[:, None], t, 1 - t),
        ]
    )
    path = path + 2e-8 * rng.standard_normal(path.shape)
    ends = {f"{w}_{a}_m": path[k][:, i] for w, i in (("start", 0), ("end", -1)) for k, a in enumerate("xyz")}
    zero = np.zeros(2 * each)
    names = ("time_of_flight_s", "path_length_m", "turns", "winding", "energy_error", "end_speed_m_s")
    arrays = {"species": up.astype(np.int8), "surface": np.where(up, 3, 2).astype(np.int8), **ends, **{n: zero for n in names}}
    arrays |= {f"path_{a}_m": path[k] for k, a in enumerate("xyz")}
    arrays |= {"path_time_s": np.tile(1e-7 * t, (2 * each, 1)), "path_species": up.astype(np.int8)}
    meta = {"ions": "Li+, TFSI-", "gap_m": gap, "radius_m": 2.5e-5, "boss_height_m": 1e-9, "boss_base_m": 1e-9}
    flights = Measurement.of(FLIGHTS, arrays, {**meta, "regime": "vacuum"}, name="demo")
    truth = {f"{n}_{s}": v for s in ("Li+", "TFSI-") for n, v in (("radius", radius), ("turns", turns))}
    return Demo((flights,), truth)
