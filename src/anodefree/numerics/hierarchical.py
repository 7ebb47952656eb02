"""Tikhonov regularisation whose smoothness varies along the relaxation times: sharp and broad peaks in one distribution.

The prior of the second difference at a node is normal with a scale s of its own, |D x / s|^2 lambda. The scales follow the curvature that
is found, smoothed over neighbours, s = (rms curvature around the node + floor): a few rounds of estimating x given s and s
given x. *Source*: the idea is that of Calvetti, Pascarella, Pitolli, Somersalo and Vantaggi, Inverse Problems 31 (2015)
125005, hierarchical conditionally Gaussian priors; Huang, Sullivan, Zhu and O'Hayre, Electrochim. Acta 367 (2021) 137493, for
relaxation times.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from anodefree.numerics.relaxation_grid import Grid
from anodefree.numerics.tikhonov import Solution, choose, solve, tikhonov

_NEIGHBOURS = 0.35
_FLOOR = 0.02
_ROUNDS = 5


def hierarchical(grid: Grid, y: np.ndarray, weight: np.ndarray) -> tuple[Solution, Grid]:
    """The distribution of one spectrum, y (2f,) stacked, and the grid with the roughness it was found under."""
    found, nodes = tikhonov(grid, y, weight), grid
    x = grid.log_tau
    near = np.exp(-0.5 * ((x[:, None] - x) / _NEIGHBOURS) ** 2)
    near /= near.sum(axis=1, keepdims=True)
    inverse = np.linalg.inv(grid.roughness)
    b = y * weight
    q = np.linalg.qr(grid.free * weight[:, None])[0]
    for _ in range(_ROUNDS):
        bend = np.sqrt(near @ (grid.roughness @ found.gamma_ohm) ** 2)
        if not bend.max() > 0:
            break
        scale = bend / bend.max() + _FLOOR
        rough = grid.roughness / scale[:, None]
        nodes = dataclasses.replace(grid, roughness=rough, smooth=grid.kernel @ (inverse * scale))
        chosen = choose(nodes, b, weight, q, "marginal")
        found = solve(nodes, b, weight, chosen.value * rough.T @ rough, chosen)
    return found, nodes
