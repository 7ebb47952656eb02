"""Multigrid conjugate gradients: against a direct solver, whatever the size, the contrast, the sides and the precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import spsolve

from anodefree.errors import NumericalError
from anodefree.numerics.multigrid import Multigrid, levels

Faces = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]


def rods(shape: tuple[int, int, int], contrast: float, seed: int = 0) -> NDArray[Any]:
    """Conductivity of well conducting rods on the lower border of an electrolyte of 1."""
    rng = np.random.default_rng(seed)
    z, _, x = np.meshgrid(*[(np.arange(n) + 0.5) / n for n in shape], indexing="ij")
    metal = np.zeros(shape)
    for _ in range(5):
        centre, height, width = rng.random(), rng.uniform(0.2, 0.8), rng.uniform(0.02, 0.06)
        metal = np.maximum(metal, (abs(x - centre) < width) & (z < height))
    return contrast * metal + 1.0


def faces(conductivity: NDArray[Any], periodic: tuple[bool, bool] = (False, False)) -> Faces:
    """Harmonic means on the faces; borders closed, or wrapped around."""
    made = []
    for axis, wrapped in ((2, periodic[0]), (1, periodic[1]), (0, False)):
        k = np.moveaxis(conductivity, axis, -1)
        inner = 2 * k[..., 1:] * k[..., :-1] / (k[..., 1:] + k[..., :-1])
        seam = 2 * k[..., :1] * k[..., -1:] / (k[..., :1] + k[..., -1:]) * wrapped
        made.append(np.ascontiguousarray(np.moveaxis(np.concatenate([seam, inner, seam], -1), -1, axis)))
    return made[0], made[1], made[2]


def matrix(t: Faces, d: NDArray[Any]) -> sparse.csr_matrix:
    """The same equations as a sparse matrix, face by face."""
    shape = d.shape
    number = np.arange(d.size).reshape(shape)
    total = sparse.diags(d.ravel()).tolil()
    for axis, face in ((2, t[0]), (1, t[1]), (0, t[2])):
        if shape[axis] == 1:
            continue
        values = np.moveaxis(face, axis, -1)
        cells = np.moveaxis(number, axis, -1)
        one, two = cells.ravel(), np.roll(cells, -1, -1).ravel()
        v = values[..., 1:].ravel()
        ones = sparse.coo_matrix((v, (one, one)), total.shape) + sparse.coo_matrix((v, (two, two)), total.shape)
        both = sparse.coo_matrix((v, (one, two)), total.shape)
        total = total + ones - both - both.T
    return total.tocsr()


SHAPES = [(24, 1, 40), (17, 1, 33), (9, 7, 11), (8, 6, 10), (1, 1, 50), (50, 1, 1), (3, 2, 2), (1, 1, 1)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("periodic", [(False, False), (True, True)])
def test_agrees_with_a_direct_solver(shape: tuple[int, int, int], periodic: tuple[bool, bool]) -> None:
    rng = np.random.default_rng(3)
    k = rods(shape, 1e4)
    t = faces(k, periodic)
    d = np.zeros(shape)
    d[0] = 2 * k[0]
    right = rng.normal(size=shape)
    expected = np.asarray(spsolve(matrix(t, d), right.ravel())).reshape(shape)
    solver = Multigrid(shape, periodic)
    solver.set(*t, d)
    found, count, residual = solver.solve(right, tolerance=1e-12)
    assert residual <= 1e-12
    assert count < 60
    assert np.abs(found - expected).max() < 1e-8 * np.abs(expected).max()


@pytest.mark.parametrize("shape", [(64, 1, 96), (21, 13, 17)])
def test_without_any_fixed_value_the_mean_is_free(shape: tuple[int, int, int]) -> None:
    """The right side's mean is taken off (there is no solution else); the solution has zero mean."""
    right = np.random.default_rng(1).normal(size=shape) + 3.0
    t = faces(rods(shape, 1e3))
    solver = Multigrid(shape)
    solver.set(*t)
    found, count, residual = solver.solve(right, tolerance=1e-10)
    assert residual <= 1e-10
    assert count < 60
    assert abs(found.mean()) < 1e-10
    again = matrix(t, np.zeros(shape)) @ found.ravel()
    assert np.allclose(again, (right - right.mean()).ravel(), atol=1e-7)


def counted(shape: tuple[int, int, int], contrast: float, **options: Any) -> int:
    k = rods(shape, contrast)
    d = np.zeros(shape)
    d[0], d[-1] = 2 * k[0], 2 * k[-1]
    right = np.random.default_rng(2).normal(size=shape)
    solver = Multigrid(shape, **options)
    solver.set(*faces(k), d)
    return solver.solve(right, tolerance=1e-8)[1]


def test_iterations_depend_neither_on_the_cells_nor_on_the_contrast() -> None:
    few = [counted(shape, 1e3) for shape in ((25, 1, 50), (50, 1, 100), (100, 1, 200), (201, 1, 399))]
    assert max(few) < 30
    assert few[-1] <= few[-2] + 3
    contrasts = [counted((100, 1, 200), 10.0**power) for power in (0, 2, 4, 7)]
    assert max(contrasts) < 30


@pytest.mark.parametrize("periodic", [(False, False), (True, True)])
@pytest.mark.parametrize("shape", [(11, 1, 15), (6, 5, 7)])
def test_the_cycle_is_symmetric_and_positive(shape: tuple[int, int, int], periodic: tuple[bool, bool]) -> None:
    size = int(np.prod(shape))
    k = rods(shape, 1e5)
    d = np.zeros(shape)
    d[-1] = 1.0
    solver = Multigrid(shape, periodic)
    solver.set(*faces(k, periodic), d)
    cycle = np.array([solver.precondition(e.reshape(shape)).ravel() for e in np.eye(size)])
    assert np.abs(cycle - cycle.T).max() < 1e-12 * np.abs(cycle).max()
    assert np.linalg.eigvalsh(0.5 * (cycle + cycle.T)).min() > 0


def test_single_precision_and_a_good_start() -> None:
    shape = (40, 1, 60)
    k = rods(shape, 1e3)
    d = np.zeros(shape)
    d[-1] = 2.0
    right = np.random.default_rng(4).normal(size=shape)
    double, single = Multigrid(shape), Multigrid(shape, dtype=np.float32)
    for solver in (double, single):
        solver.set(*faces(k), d)
    exact = double.solve(right, tolerance=1e-12)[0]
    near = single.solve(right, tolerance=1e-5)[0]
    assert near.dtype == np.float32
    assert np.abs(near - exact).max() < 1e-2 * np.abs(exact).max()
    assert double.solve(right, exact, 1e-11)[1] == 0
    assert not double.solve(np.zeros(shape), exact)[0].any()


def test_oblong_cells_are_coarsened_in_the_strong_direction_first() -> None:
    assert levels((32, 1, 32), (4.0, 1.0, 1.0))[1:3] == [(32, 1, 16), (32, 1, 8)]
    shape = (48, 1, 64)
    strong = faces(np.ones(shape))
    d = np.zeros(shape)
    d[0] = 1.0
    right = np.random.default_rng(5).normal(size=shape)
    counts = []
    for spacing in ((1.0, 1.0, 1.0), (8.0, 1.0, 1.0)):
        solver = Multigrid(shape, spacing=spacing)
        solver.set(strong[0] * 64, strong[1], strong[2], d)
        counts.append(solver.solve(right)[1])
    assert counts[1] < 25 < counts[0]


def test_what_is_not_finite_is_said() -> None:
    solver = Multigrid((8, 1, 8))
    solver.set(*faces(np.ones((8, 1, 8))), 1.0)
    with pytest.raises(NumericalError, match="not finite"):
        solver.solve(np.full((8, 1, 8), np.nan))
