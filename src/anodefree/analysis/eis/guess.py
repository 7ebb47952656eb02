"""Where the fit of a circuit starts: no guess is asked for, the spectrum itself and an even spread of shapes give them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from anodefree.numerics.fitting import spread_points
from anodefree.physics.circuits import Circuit, indices, node_impedance

_SHAPES: Final = 400
_SWEEPS: Final = 30


@dataclass(frozen=True)
class Shapes:
    """A circuit's shapes over one set of frequencies, for every spectrum that was measured there."""

    values: np.ndarray
    """(s, p): parameters of blocks of about one ohm, interchangeable parts from fast to slow."""
    thin: slice
    """Which of the frequencies are enough to find sizes by."""
    parts: np.ndarray
    """(s, k, f): impedance [ohm] of each block of the outermost series, at those."""


def shapes(circuit: Circuit, omega_rad_s: np.ndarray) -> Shapes:
    """Vectors whose elements have an impedance of about one ohm at frequencies spread over the measured range.

    They are kept for the next spectra: a series, or a folder of files, is measured at the same frequencies as a rule.
    """
    return _shapes(circuit, omega_rad_s.tobytes())


@lru_cache(maxsize=16)
def _shapes(circuit: Circuit, frequencies: bytes) -> Shapes:
    omega = np.frombuffer(frequencies)
    points = spread_points(_SHAPES, len(circuit.parameters))
    first, last = np.log(omega.min()) - 0.7, np.log(omega.max()) + 0.7
    values = np.empty_like(points)
    for leaf in circuit.elements:
        u = points[:, list(leaf.at)].T
        made = _shape(leaf.symbol, u, np.exp(first + (last - first) * u[-1]))
        for i, column in zip(leaf.at, made, strict=True):
            values[:, i] = column
    values = _by_speed(circuit, values, omega)
    thin = slice(None, None, max(1, len(omega) // 20))
    return Shapes(values, thin, np.stack([node_impedance(b, omega[thin], values) for b in circuit.blocks()], axis=1))


def _shape(symbol: str, u: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, ...]:
    """Parameters of an element that is about one ohm at w; `u` (p, s) are even in 0 to 1, the last of them gave w."""
    size, exponent = 10 ** (2 * u[0] - 1), 0.5 + 0.5 * u[0]
    match symbol:
        case "R":
            return (size,)
        case "C" | "L":
            return (1 / w,)
        case "W":
            return (np.sqrt(w / 2),)
        case "Q":
            return w**-exponent, exponent
        case "ZARC":
            return size, 1 / w, 0.5 + 0.5 * u[1]
        case "HN":
            return size, 1 / w, 0.6 + 0.4 * u[1], 0.4 + 0.6 * u[2]
        case "TL":
            n = 0.6 + 0.4 * u[2]
            return size, 10 ** (4 * u[1] - 2), w**-n, n
        case "TLQ":
            n = 0.6 + 0.4 * u[1]
            return size, w**-n, n
    return size, 2.5 / w


def _by_speed(circuit: Circuit, values: np.ndarray, omega: np.ndarray) -> np.ndarray:
    """The same shapes with interchangeable parts ordered from fast to slow, so that equal ones can be told to be equal."""
    grid = np.geomspace(omega.min() * 1e-3, omega.max() * 1e3, 40)
    values = values.copy()
    for group in circuit.twins():
        at = [list(indices(node)) for node in group]
        peaks = np.stack([np.argmax(-node_impedance(node, grid, values).imag, axis=1) for node in group])
        ranks = np.argsort(-peaks, axis=0, kind="stable")
        before = values.copy()
        for target, columns in enumerate(at):
            for source, theirs in enumerate(at):
                rows = ranks[target] == source
                values[np.ix_(rows, columns)] = before[np.ix_(rows, theirs)]
    return values


def starts(
    circuit: Circuit,
    omega_rad_s: np.ndarray,
    z_ohm: np.ndarray,
    weight_ohm: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    keep: int = 10,
) -> np.ndarray:
    """Parameter vectors (keep, p) from which a fit finds its minimum.

    The impedance is a sum of blocks in series, and each block's size enters linearly. So only the shapes (time constants,
    exponents, ratios within a block) are spread evenly over the measured range; the sizes that suit a shape best follow by
    non-negative linear least squares. The best of them that differ from each other are kept.
    """
    from anodefree.numerics.compiled.small_nonnegative import sizes

    known = shapes(circuit, omega_rad_s)
    size, cost = sizes(known.parts, z_ohm[known.thin].copy(), weight_ohm[known.thin].copy(), _SWEEPS)
    best = np.argsort(cost, kind="stable")[: 10 * keep]
    values, size = known.values[best], size[best]
    power = np.array([p.power for p in circuit.parameters])
    for k, block in enumerate(circuit.blocks()):
        at = list(indices(block))
        values[:, at] *= size[:, k, None] ** power[at]
    values = np.clip(values, low, high)
    log = np.array([p.log for p in circuit.parameters])
    places = np.where(log, np.log(values), 5 * values)
    chosen: list[int] = []
    for i in range(len(best)):
        if not chosen or np.abs(places[chosen] - places[i]).max(axis=1).min() > 0.5:
            chosen.append(i)
        if len(chosen) == keep:
            break
    return values[chosen]


def ordered(circuit: Circuit, values: np.ndarray, omega_rad_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same circuit with interchangeable parts named from fast to slow: the vector, and the order that gives it."""
    order = np.arange(len(values))
    grid = np.geomspace(omega_rad_s.min() * 1e-5, omega_rad_s.max() * 1e5, 200)
    for group in circuit.twins():
        at = [indices(node) for node in group]
        now = values[order]
        peaks = [float(grid[np.argmax(-node_impedance(node, grid, now).imag)]) for node in group]
        ranks = sorted(range(len(group)), key=lambda i: -peaks[i])
        places = order.copy()
        for target, source in enumerate(ranks):
            places[list(at[target])] = order[list(at[source])]
        order = places
    return values[order], order
