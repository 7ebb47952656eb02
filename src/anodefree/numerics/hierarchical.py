"""Tikhonov regularisation whose smoothness varies along the relaxation times: sharp and broad peaks in one distribution.

D x, the second derivative minus kappa^2, is normal beforehand with a scale s at each node: the penalty is lambda |D x / s|^2.
The scales follow what is found, s = rms of D x around the node + a floor, in a few rounds of x given s and s given x; lambda
follows by evidence in every round. *Source*: Huang, Papac and O'Hayre, Electrochim. Acta 367 (2021) 137493, whose
hierarchical prior is sampled; here its scales are the fixed point of an iteration.
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
