"""Where the fit of a circuit starts: no guess is asked for, the spectrum itself and an even spread of shapes give them."""

from __future__ import annotations

from typing import Final

import numpy as np

from anodefree.numerics.fitting import spread_points
from anodefree.physics.circuits import Circuit, indices, node_impedance

_SHAPES: Final = 400


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
    values = _shapes(circuit, omega_rad_s)
    blocks = circuit.blocks()
    parts = np.stack([node_impedance(b, omega_rad_s, values) for b in blocks], axis=-1) / weight_ohm[:, None]
    matrix = np.concatenate([parts.real, parts.imag], axis=1)
    target = z_ohm / weight_ohm
    sizes, cost = _non_negative(matrix, np.concatenate([target.real, target.imag]))
    power = np.array([p.power for p in circuit.parameters])
    for k, block in enumerate(blocks):
        at = list(indices(block))
        values[:, at] *= sizes[:, k, None] ** power[at]
    values = np.clip(values, low, high)
    chosen: list[np.ndarray] = []
    log = np.array([p.log for p in circuit.parameters])
    for i in np.argsort(cost, kind="stable"):
        x = ordered(circuit, values[i], omega_rad_s)[0]
        place = np.where(log, np.log(x), 5 * x)
        if all(np.max(np.abs(place - other)) > 0.5 for other in chosen):
            chosen.append(place)
        if len(chosen) == keep:
            break
    places = np.array(chosen)
    return np.where(log, np.exp(np.where(log, places, 0.0)), places / 5)


def _shapes(circuit: Circuit, omega: np.ndarray) -> np.ndarray:
    """Vectors (s, p) whose elements have an impedance of about one ohm at frequencies spread over the measured range."""
    points = spread_points(_SHAPES, len(circuit.parameters))
    first, last = np.log(omega.min()) - 0.7, np.log(omega.max()) + 0.7
    values = np.empty_like(points)
    for leaf in circuit.elements:
        at = leaf.at
        w = np.exp(first + (last - first) * points[:, at[-1]])
        if leaf.symbol == "R":
            values[:, at[0]] = 10 ** (2 * points[:, at[0]] - 1)
        elif leaf.symbol in ("C", "L"):
            values[:, at[0]] = 1 / w
        elif leaf.symbol == "W":
            values[:, at[0]] = np.sqrt(w / 2)
        elif leaf.symbol == "Q":
            n = values[:, at[1]] = 0.5 + 0.5 * points[:, at[0]]
            values[:, at[0]] = w**-n
        else:
            values[:, at[0]], values[:, at[1]] = 10 ** (2 * points[:, at[0]] - 1), 2.5 / w
    return values


def _non_negative(matrix: np.ndarray, target: np.ndarray, sweeps: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Sizes (s, k) > 0 that minimise |matrix (s, m, k) sizes - target|^2, and that minimum (s,), by coordinate descent."""
    turned = np.swapaxes(matrix, 1, 2)
    normal, right = turned @ matrix, turned @ target
    own = np.maximum(np.einsum("ikk->ik", normal), 1e-300)
    least = 1e-4 / np.sqrt(own / len(target))
    sizes = np.maximum(right / own / matrix.shape[2], least)
    for _ in range(sweeps):
        for k in range(matrix.shape[2]):
            rest = right[:, k] - np.einsum("ij,ij->i", normal[:, k], sizes) + own[:, k] * sizes[:, k]
            sizes[:, k] = np.maximum(rest / own[:, k], least[:, k])
    cost = np.einsum("ij,ijk,ik->i", sizes, normal, sizes) - 2 * np.einsum("ij,ij->i", right, sizes) + target @ target
    return sizes, cost


def ordered(circuit: Circuit, values: np.ndarray, omega_rad_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same circuit with interchangeable parts named from fast to slow: the vector, and the order that gives it."""
    order = np.arange(len(values))
    grid = np.geomspace(omega_rad_s.min() * 1e-5, omega_rad_s.max() * 1e5, 400)
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
