"""Joint identification: which grains of which phases, and which scale, explain all spots of a picture together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anodefree.analysis.tem.patterns import Pattern, patterns

Floats = NDArray[np.float64]
Pairs = tuple[tuple[int, int], ...]

GRAINS: Final = 2.0
"""Grains that a picture shows on average, before it is seen."""
STRAYS: Final = 0.3
"""Spots of no phase asked for, on average."""
KEPT: Final = 120
"""Partial explanations that are carried on."""
COARSE: Final = 0.6
"""Power to which odds are raised: spots that touch or are missed follow no model, so that evidence as it is would be too sure.

*Source* the coarsened posterior of Miller and Dunson (2019); its size is that at which simulated pictures bear out what is told.
"""
HOPELESS: Final = 14.0
"""Logarithm of the odds behind the best at which a partial explanation is dropped."""
PER_SPOT: Final = 60
"""Grains that may explain a spot, best first."""
REACH: Final = 4.0
"""Standard deviations within which a spot may be a reflection."""


@dataclass(frozen=True)
class Model:
    """Standard deviations of ln(scale), of each of the two shears, of a lattice; the range [1/m] in which spots are looked for,

    and the frequency up to which a reflection that is not seen counts against a grain.
    """

    scale_std: float
    shear_std: float
    lattice_std: float
    least_per_m: float
    most_per_m: float
    limit_per_m: float


@dataclass(frozen=True)
class Grain:
    """One grain: spots and their indices, log evidence at a scale of its choice, and what it says of (ln s, e1, e2)."""

    pattern: Pattern
    members: tuple[int, ...]
    indices: tuple[tuple[int, int, int], ...]
    constant: float
    precision: Floats
    pull: Floats
    misfit: float

    @property
    def label(self) -> str:
        """Phase with zone or row."""
        return f"{self.pattern.phase} {self.pattern.where}"


@dataclass(frozen=True)
class Explanation:
    """One way to explain all spots: its grains, its log evidence, mean and covariance of (ln s, e1, e2)."""

    grains: tuple[Grain, ...]
    log_evidence: float
    mean: Floats
    covariance: Floats


def explain(
    wave_per_m: Floats, std: Floats, phases: Sequence[str], model: Model, standard: str | None = None
) -> list[tuple[float, Explanation]]:
    """Explanations of spots (n, 2) [1/m, as the file states the scale], best first, with probabilities that add up to 1.

    A picture of true pixel s p, p the stated one, shows a plane g at k = s (1 + E) R g, with E = ((e1, e2), (e2, -e1)), R the
    grain's rotation. In (ln|k|, angle) this is linear in (ln s, e1, e2, rotation), so that all four are integrated out:
    ln s ~ N(0, scale_std), e ~ N(0, shear_std), rotation even. `std` is the relative error of each spot, in length and angle.
    """
    n = len(wave_per_m)
    length, angle = np.linalg.norm(wave_per_m, axis=1), np.arctan2(wave_per_m[:, 1], wave_per_m[:, 0]) % np.pi
    error = np.hypot(std, model.lattice_std)
    slack = np.exp(3 * model.scale_std)
    options: list[list[Grain]] = [[] for _ in range(n)]
    share = {p: 1 / len(phases) for p in phases}
    if standard is not None:
        share = {p: (0.5 if p == standard else 0.5 / max(len(phases) - 1, 1)) for p in phases}
    for phase in phases:
        for pattern in patterns(phase, model.least_per_m / slack, model.most_per_m * slack):
            prior = float(np.log(GRAINS * share[phase])) + pattern.log_prior
            for grain in _grains(pattern, np.log(length), angle, error, model, prior):
                options[min(grain.members)].append(grain)
    space = np.log(STRAYS / (0.5 * np.pi * (model.most_per_m**2 - model.least_per_m**2))) + 2 * np.log(length)
    alone = np.diag([model.scale_std**-2, model.shear_std**-2, model.shear_std**-2])
    for i, grains in enumerate(options):
        value = [_evidence(g.constant, g.misfit, g.precision, g.pull, alone) for g in grains]
        # A grain of many spots must compete with what its spots are worth alone.
        worth = [v - float(space[list(g.members)].sum()) for v, g in zip(value, grains, strict=True)]
        options[i] = [grains[j] for j in np.argsort(-np.array(worth), kind="stable")[:PER_SPOT]]
    states = _search(options, space, alone, n, standard)
    found = [Explanation(s.grains, s.value, *_posterior(s, alone)) for s in states]
    if standard is not None:
        found = [e for e in found if any(g.pattern.phase == standard for g in e.grains)]
    found.sort(key=lambda e: -e.log_evidence)
    if not found:
        return []
    weight = np.exp(COARSE * (np.array([e.log_evidence for e in found]) - found[0].log_evidence))
    return list(zip((weight / weight.sum()).tolist(), found, strict=True))


@dataclass(frozen=True)
class _State:
    taken: frozenset[int]
    grains: tuple[Grain, ...]
    constant: float
    misfit: float
    precision: Floats
    pull: Floats
    value: float


def _search(options: list[list[Grain]], space: Floats, alone: Floats, n: int, standard: str | None) -> list[_State]:
    """Spot by spot: it is a stray, or the first of a grain; what is least likely is dropped."""
    nothing = np.zeros((3, 3)), np.zeros(3)
    states = [_State(frozenset(), (), 0.0, 0.0, *nothing, 0.0)]
    rest = np.concatenate([np.cumsum(space[::-1])[::-1], [0.0]])
    for i in range(n):
        grown: list[_State] = []
        for state in states:
            if i in state.taken:
                grown.append(state)
                continue
            grown.append(replace(state, constant=state.constant + space[i], value=state.value + space[i]))
            fitting = [g for g in options[i] if state.taken.isdisjoint(g.members)]
            if not fitting:
                continue
            precision = state.precision + np.array([g.precision for g in fitting])
            pull = state.pull + np.array([g.pull for g in fitting])
            constant = state.constant + np.array([g.constant for g in fitting])
            misfit = state.misfit + np.array([g.misfit for g in fitting])
            value = _evidence(constant, misfit, precision, pull, alone)
            grown += [
                _State(state.taken | set(g.members), (*state.grains, g), float(c), float(m), a, b, float(v))
                for g, c, m, a, b, v in zip(fitting, constant, misfit, precision, pull, value, strict=True)
            ]

        def promise(state: _State, after: int = i + 1) -> float:
            """The value if all spots that are left were strays: states that took more spots are not favoured for it."""
            left = float(rest[after]) - sum(float(space[j]) for j in state.taken if j >= after)
            certain = standard is not None and any(g.pattern.phase == standard for g in state.grains)
            return state.value + left + (50.0 if certain else 0.0)

        ranked = sorted(((promise(s), -k, s) for k, s in enumerate(grown)), key=lambda t: t[:2], reverse=True)
        states = [s for value, _, s in ranked[:KEPT] if value > ranked[0][0] - HOPELESS]
    return states


def _evidence(constant: object, misfit: object, precision: object, pull: object, alone: Floats) -> Floats:
    """ln of the integral over (ln s, e1, e2) of prior and likelihood, for one or many."""
    total = alone + np.asarray(precision)
    b = np.asarray(pull)
    solved = np.linalg.solve(total, b[..., None])[..., 0]
    log_ratio = np.linalg.slogdet(total)[1] - np.linalg.slogdet(alone)[1]
    return np.asarray(np.asarray(constant) - 0.5 * log_ratio - 0.5 * (np.asarray(misfit) - (b * solved).sum(axis=-1)))


def _posterior(state: _State, alone: Floats) -> tuple[Floats, Floats]:
    covariance = np.linalg.inv(alone + state.precision).astype(float)
    return covariance @ state.pull, covariance


def _grains(p: Pattern, log_k: Floats, angle: Floats, error: Floats, model: Model, prior: float) -> list[Grain]:
    """All ways in which spots are reflections of one pattern: a spot and a reflection lay it, the others follow.

    The spot that lays it is the first of the grain; what earlier spots would fit is then another grain's. Turns of the pattern
    onto itself give the same assignment several times: each is one way, and their number multiplies the evidence.
    """
    u = log_k[:, None] - p.log_g[None, :]
    spread = np.sqrt(model.scale_std**2 + model.shear_std**2 + error**2)
    spot, reflection = np.nonzero(np.abs(u) < REACH * spread[:, None])
    if spot.size == 0:
        return []
    turn = angle[spot] - p.angle[reflection]
    stretch = log_k[None, None, :] - p.log_g[None, :, None] - u[spot, reflection][:, None, None]
    swing = _half_turn(angle[None, None, :] - p.angle[None, :, None] - turn[:, None, None])
    wide = np.sqrt(error[spot][:, None, None] ** 2 + error[None, None, :] ** 2 + 4 * model.shear_std**2)
    off = (stretch**2 + swing**2) / wide**2
    near = off.argmin(axis=2)
    least = np.take_along_axis(off, near[:, :, None], axis=2)[:, :, 0]
    expected = p.log_g[None, :] + u[spot, reflection][:, None] < np.log(model.limit_per_m)
    ways: dict[tuple[object, ...], tuple[Pairs, float, float, int]] = {}
    for a in range(spot.size):
        pairs = _one_to_one(near[a], least[a], int(spot[a]), int(reflection[a]))
        taken = [j for _, j in pairs]
        if p.crossing and (len(pairs) < 2 or np.ptp(p.angle[taken]) < 1e-6):
            continue
        missing = expected[a] & (least[a] >= REACH**2)
        missing[taken] = False
        chance = float(np.log(p.chance[taken]).sum() + np.log1p(-p.chance[missing]).sum())
        same = (tuple(i for i, _ in pairs), tuple(np.round(p.log_g[taken], 6).tolist()))
        old = ways.get(same)
        ways[same] = (pairs, float(turn[a]), chance, 1) if old is None else (*old[:3], old[3] + 1)
    return [
        _fitted(p, pairs, t, log_k, angle, error, prior + chance + float(np.log(count)))
        for pairs, t, chance, count in ways.values()
    ]


def _half_turn(angle: Floats) -> Floats:
    """An angle between lines, -pi/2 to pi/2."""
    return np.asarray((angle + 0.5 * np.pi) % np.pi - 0.5 * np.pi)


def _one_to_one(near: NDArray[np.int64], least: Floats, spot: int, reflection: int) -> Pairs:
    """Pairs of spot and reflection, each used once, the closest first; spots before the one that lays it are left out."""
    pairs = {spot: reflection}
    for j in np.argsort(least, kind="stable"):
        i = int(near[j])
        if least[j] >= REACH**2:
            break
        if i > spot and i not in pairs and j != reflection:
            pairs[i] = int(j)
    return tuple(sorted(pairs.items()))


def _fitted(p: Pattern, pairs: Pairs, turn: float, log_k: Floats, angle: Floats, error: Floats, prior: float) -> Grain:
    """The grain's part of the evidence: (ln s, e1, e2) stay free, its rotation is integrated out (even in half a turn)."""
    spots, taken = [i for i, _ in pairs], [j for _, j in pairs]
    theta, weight = angle[spots], 1 / error[spots] ** 2
    one, zero = np.ones(len(pairs)), np.zeros(len(pairs))
    cos, sin = np.cos(2 * theta), np.sin(2 * theta)
    rows = np.concatenate([np.stack([one, cos, sin, zero], axis=1), np.stack([zero, -sin, cos, one], axis=1)])
    y = np.concatenate([log_k[spots] - p.log_g[taken], _half_turn(theta - p.angle[taken] - turn)])
    w = np.concatenate([weight, weight])
    full, b = (rows * w[:, None]).T @ rows, (rows * w[:, None]).T @ y
    precision = full[:3, :3] - np.outer(full[:3, 3], full[3, :3]) / full[3, 3]
    pull = b[:3] - full[:3, 3] * b[3] / full[3, 3]
    constant = prior + float(np.log(weight).sum()) - len(pairs) * float(np.log(2 * np.pi))
    constant += 0.5 * float(np.log(2 * np.pi / full[3, 3])) - float(np.log(np.pi))
    misfit = float(w @ y**2 - b[3] ** 2 / full[3, 3])
    indices = tuple((int(h), int(k), int(m)) for h, k, m in p.hkl[taken])
    return Grain(p, tuple(spots), indices, constant, precision, pull, misfit)
