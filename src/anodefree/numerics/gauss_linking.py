"""How often two paths wind about each other: Gauss's linking integral of polygons, exact for each pair of their sides.

Lk = (1/4π) ∫∫ (r₁ - r₂)·(dr₁ × dr₂)/|r₁ - r₂|³. Closed curves give a whole number; open ones the mean, over all directions of
view, of half the signed crossings. The integral over two straight sides is the solid angle of the directions in which they
cross: the sum of four arcsines. *Source* Klenin and Langowski 2000, section "method 1a".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def linking(one: Floats, others: Floats) -> Floats:
    """The linking integrals (path,) of a polygon (point, 3) with each of several (path, point, 3)."""
    begin, end = one[:-1, None, :], one[1:, None, :]
    return np.array([float(_crossings(begin, end, p[None, :-1], p[None, 1:]).sum()) for p in others])


def _crossings(a: Floats, b: Floats, c: Floats, d: Floats) -> Floats:
    """The share of directions in which side ab crosses side cd, signed."""
    ac, ad, bc, bd = c - a, d - a, c - b, d - b
    normals = [_unit(np.cross(u, v)) for u, v in ((ac, ad), (ad, bd), (bd, bc), (bc, ac))]
    angle = sum(
        np.arcsin(np.clip((u * v).sum(axis=-1), -1.0, 1.0)) for u, v in zip(normals, normals[1:] + normals[:1], strict=True)
    )
    side = np.sign((np.cross(d - c, b - a) * ac).sum(axis=-1))
    return np.asarray(side * angle / (4 * np.pi))


def _unit(v: Floats) -> Floats:
    return np.asarray(v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-300))


def along(path: Floats, points: int) -> Floats:
    """A path (sample, 3), NaN after its end, as a polygon of so many points at even parts of its length."""
    known = path[np.isfinite(path).all(axis=1)]
    steps = np.linalg.norm(np.diff(known, axis=0), axis=1)
    length = np.concatenate([[0.0], np.cumsum(steps)])
    if length[-1] == 0.0:
        return np.repeat(known[:1], points, axis=0)
    wanted = np.linspace(0.0, length[-1], points)
    return np.stack([np.interp(wanted, length, known[:, k]) for k in range(3)], axis=1)
