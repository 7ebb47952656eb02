"""Rings indexed together: which phases, and which scale, explain all radii of a pattern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anodefree.analysis.tem.identify import COARSE
from anodefree.physics.crystals import families

Floats = NDArray[np.float64]

PRESENT: Final = 0.3
"""Prior probability that a phase is there."""
STRAYS: Final = 0.3
"""Rings of no phase asked for, on average."""
REACH: Final = 4.0
SURELY_SEEN: Final = 0.9
HALF_SEEN: Final = 0.05
"""Share of the strongest line's intensity at which a line is seen in half of the cases in which a strong one is."""
FEW: Final = 0.02
"""Least chance of any line: texture and dynamical scattering lift what kinematics calls weak."""
LEAST_SPACING_M: Final = 0.5e-10
MOST_LINES: Final = 60
"""Strongest lines of a phase that are looked for."""


@dataclass(frozen=True)
class Lines:
    """Lines of a phase: labels, ln q [q in 1/m], chance to be seen."""

    phase: str
    labels: tuple[str, ...]
    log_q: Floats
    chance: Floats


@dataclass(frozen=True)
class Indexing:
    """One way to explain all rings: phases, ln(scale) with std, log evidence, and the lines of each ring."""

    phases: tuple[str, ...]
    log_scale: float
    log_scale_std: float
    log_evidence: float
    lines: tuple[tuple[str, str] | None, ...]


@cache
def lines_of(phase: str) -> Lines:
    """Lines of a powder: intensity as m |F|^2 d^2, the rings' circumference and the projection being in it."""
    known = families(phase, LEAST_SPACING_M, 5e-5)
    intensity = np.array([f.multiplicity * f.strength * f.spacing_m**2 for f in known])
    relative = intensity / intensity.max()
    chance = np.maximum(SURELY_SEEN * relative / (relative + HALF_SEEN), FEW)
    kept = np.sort(np.argsort(-intensity)[:MOST_LINES])
    return Lines(phase, tuple(known[i].label for i in kept), -np.log([known[i].spacing_m for i in kept]), chance[kept])


def index(
    radius: Floats,
    std: Floats,
    width: Floats,
    phases: Sequence[str],
    *,
    log_scale: tuple[float, float] | None,
    log_range: tuple[float, float],
    lattice_std: float,
    most_phases: int,
    standard: str | None,
) -> list[tuple[float, Indexing]]:
    """Indexings, best first, with probabilities that add up to 1.

    A ring of radius R [pixels] is a line q = c R. ln c is normal about `log_scale` (mean, std), or even over `log_range` where
    that is unknown. Each ring is the line next to it, or a stray; lines that should be seen between the first and the last ring
    and are not count against a phase, unless they lie within the `width` (std, pixels) of a ring that another line explains.
    """
    y, error = np.log(radius), np.hypot(std / radius, lattice_std)
    reach = 2.5 * width / radius + 2 * error
    known = {p: lines_of(p) for p in phases}
    out = []
    for size in range(1, min(most_phases, len(phases)) + 1):
        for chosen in combinations(phases, size):
            if standard is not None and standard not in chosen:
                continue
            prior = size * np.log(PRESENT) + (len(phases) - size) * np.log1p(-PRESENT)
            out += _indexed(y, error, reach, [known[p] for p in chosen], log_scale, log_range, float(prior))
    if not out:
        return []
    best: dict[tuple[object, ...], Indexing] = {}
    for found in out:
        key = (found.phases, round(found.log_scale / max(found.log_scale_std, 1e-6)))
        if key not in best or found.log_evidence > best[key].log_evidence:
            best[key] = found
    ranked = sorted(best.values(), key=lambda f: -f.log_evidence)[:200]
    weight = np.exp(COARSE * (np.array([f.log_evidence for f in ranked]) - ranked[0].log_evidence))
    return list(zip((weight / weight.sum()).tolist(), ranked, strict=True))


def _indexed(
    y: Floats,
    error: Floats,
    reach: Floats,
    lines: list[Lines],
    log_scale: tuple[float, float] | None,
    log_range: tuple[float, float],
    prior: float,
) -> list[Indexing]:
    """Every pair of one of the first rings and a line gives a scale, at which all rings are then assigned."""
    log_q = np.concatenate([g.log_q for g in lines])
    chance = np.concatenate([g.chance for g in lines])
    owner = np.concatenate([np.full(g.log_q.size, i) for i, g in enumerate(lines)])
    label = [(g.phase, n) for g in lines for n in g.labels]
    likely = np.flatnonzero(chance > 0.3)
    start = (log_q[likely][None, :] - y[: min(4, y.size), None]).ravel()
    low, high = log_range if log_scale is None else (log_scale[0] - REACH * log_scale[1], log_scale[0] + REACH * log_scale[1])
    start = np.unique(np.round(start[(start >= low) & (start <= high)], 4))
    if start.size == 0:
        start = np.array([0.5 * (low + high)])
    off = np.abs(y[None, :, None] + start[:, None, None] - log_q[None, None, :])
    # Of two lines that are both near, the one that is likely to be seen is meant.
    cost = (off / (2 * error[None, :, None])) ** 2 - 2 * np.log(chance)[None, None, :]
    cost = np.where(off < 2 * REACH * error[None, :, None], cost, np.inf)
    near = cost.argmin(axis=2)
    hit = np.isfinite(np.take_along_axis(cost, near[:, :, None], axis=2)[:, :, 0])
    out: dict[tuple[object, ...], Indexing] = {}
    for s in range(start.size):
        given = (*near[s][hit[s]].tolist(), *hit[s].tolist())
        if given in out:
            continue
        found = _evidence(y, error, reach, log_q, chance, near[s], hit[s], log_scale, log_range, prior, float(start[s]))
        if found is None or any(not (owner[near[s][hit[s]]] == i).any() for i in range(len(lines))):
            continue
        mean, spread, value = found
        told = tuple(label[j] if h else None for j, h in zip(near[s].tolist(), hit[s].tolist(), strict=True))
        out[given] = Indexing(tuple(g.phase for g in lines), mean, spread, value, told)
    return list(out.values())


def _evidence(
    y: Floats,
    error: Floats,
    reach: Floats,
    log_q: Floats,
    chance: Floats,
    near: NDArray[np.int64],
    hit: NDArray[np.bool_],
    log_scale: tuple[float, float] | None,
    log_range: tuple[float, float],
    prior: float,
    at: float,
) -> tuple[float, float, float] | None:
    """Mean and std of ln(scale), and the log of the evidence with it integrated out."""
    if not hit.any():
        return None
    span = float(y.max() - y.min()) + 0.2
    weight, rest = 1 / error[hit] ** 2, log_q[near[hit]] - y[hit]
    precision, pull, misfit = float(weight.sum()), float(weight @ rest), float(weight @ rest**2)
    value = prior + float((~hit).sum()) * float(np.log(STRAYS / span))
    if log_scale is not None:
        centre, spread = log_scale[0], max(log_scale[1], 1e-6)
        precision, pull, misfit = precision + spread**-2, pull + centre / spread**2, misfit + (centre / spread) ** 2
        value -= float(np.log(spread))
    else:
        value += 0.5 * float(np.log(2 * np.pi)) - float(np.log(log_range[1] - log_range[0]))
    value += float(-np.log(error[hit]).sum()) - 0.5 * hit.sum() * float(np.log(2 * np.pi))
    mean = pull / precision
    value += -0.5 * (misfit - pull * mean) - 0.5 * float(np.log(precision))
    seen = np.unique(near[hit])
    expected = (log_q - at > y.min() - 0.05) & (log_q - at < y.max() + 0.02)
    # A line that lies under another one's ring is not missed.
    covered = np.asarray((np.abs(log_q[:, None] - mean - y[hit][None, :]) < reach[hit][None, :]).any(axis=1))
    covered[seen] = False
    missed = expected & ~covered
    missed[seen] = False
    value += float(np.log(chance[seen]).sum() + np.log1p(-chance[missed]).sum())
    return mean, precision**-0.5, value
