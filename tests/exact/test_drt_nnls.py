"""The compiled non-negative least squares meets its optimality conditions, against scipy and on the kernels it is made for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import nnls as reference

from anodefree.numerics.compiled.nnls import nnls


@pytest.mark.parametrize("n", [1, 7, 60])
@pytest.mark.parametrize("warm", [True, False])
def test_agrees_with_scipy(n: int, warm: bool) -> None:
    rng = np.random.default_rng(n)
    for _ in range(10):
        a, b = rng.normal(size=(n + 20, n)), rng.normal(size=n + 20)
        found = nnls(a.T @ a, a.T @ b, np.full(n, warm))
        assert found == pytest.approx(reference(a, b)[0], abs=1e-9)


def test_free_unknowns_may_be_negative() -> None:
    rng = np.random.default_rng(3)
    a = rng.normal(size=(40, 10))
    b = a @ np.r_[-2.0, -1.0, np.ones(8)]
    assert nnls(a.T @ a, a.T @ b, np.zeros(10, dtype=bool), 2) == pytest.approx(np.r_[-2.0, -1.0, np.ones(8)], abs=1e-9)


def test_optimality_on_a_relaxation_kernel() -> None:
    """Ill conditioned as relaxation times are: slopes vanish where x > 0 and are not negative where x = 0."""
    f, tau = np.geomspace(1e5, 0.1, 61), np.geomspace(1e-8, 1e2, 100)
    kernel = 1 / (1 + 2j * np.pi * np.outer(f, tau))
    a = np.concatenate([kernel.real, kernel.imag])
    gram, rhs = a.T @ a + 1e-6 * np.eye(100), a.T @ (a @ np.exp(-0.5 * np.log(tau / 1e-3) ** 2) + 0.01 * np.sin(np.arange(122)))
    x = nnls(gram, rhs, np.ones(100, dtype=bool))
    slope = gram @ x - rhs
    assert np.abs(slope[x > 0]).max() < 1e-8 * np.abs(rhs).max()
    assert slope[x == 0].min() > -1e-8 * np.abs(rhs).max()
    assert 0 < (x > 0).sum() < 100
