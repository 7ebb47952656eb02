"""The emulator of a share against closed forms, against itself refitted, and on functions that are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import check_grad
from scipy.special import logit

from anodefree.errors import DataError
from anodefree.numerics import emulator as e


def wavy(x: np.ndarray) -> np.ndarray:
    return -1 + 2 * x[:, 0] - 1.5 * x[:, 1] ** 2 + np.sin(4 * x[:, 0] * x[:, 1])


@pytest.fixture(scope="module")
def fitted() -> tuple[e.Emulator, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    x = np.repeat(rng.uniform(size=(35, 2)), 2, axis=0)
    share = e.to_share(wavy(x) + np.exp(-2.5 + 2 * x[:, 0]) * rng.normal(size=70))
    return e.fit_emulator(x * [3.0, 1e-6], share), x, share


def test_the_line_is_a_logit_that_stays_finite() -> None:
    share = np.array([0.0, 0.01, 0.5, 0.9, 1.0])
    assert np.allclose(e.to_share(e.to_line(share)), share, atol=1e-12)
    assert np.allclose(e.to_line(np.array([0.3])), logit(e.EDGE + (1 - 2 * e.EDGE) * 0.3))
    assert e.to_line(np.array([-0.05]))[0] == e.to_line(np.array([0.0]))[0]
    assert np.array_equal(e.to_share(np.array([-50.0, 50.0])), [0.0, 1.0])


def test_slope_of_the_marginal_likelihood() -> None:
    rng = np.random.default_rng(2)
    x = rng.uniform(size=(20, 3))
    squares = (x.T[:, :, None] - x.T[:, None, :]) ** 2
    centre, width = e._priors(3)
    line = rng.normal(size=20)
    at = centre + 0.3 * rng.normal(size=centre.size)
    own = (x, line, squares, centre, width)
    size = np.linalg.norm(e._misfit(at, *own)[1])
    assert check_grad(lambda h: e._misfit(h, *own)[0], lambda h: e._misfit(h, *own)[1], at) < 1e-4 * size


def test_marginal_likelihood_and_forecast_against_the_textbook(fitted: tuple[e.Emulator, np.ndarray, np.ndarray]) -> None:
    made, _, share = fitted
    u, z = made.x, e.to_line(share)
    d = 2
    length, amplitude, b = np.exp(made.hyper[:d]), np.exp(2 * made.hyper[d]), made.hyper[d + 1 :]

    def kernel(a: np.ndarray, c: np.ndarray) -> np.ndarray:
        out = np.empty((len(a), len(c)))
        for i, p in enumerate(a):
            for j, q in enumerate(c):
                r = np.sqrt(np.sum(((p - q) / length) ** 2))
                trend = 1 + np.sum((p - 0.5) * (q - 0.5))
                matern = (1 + np.sqrt(5) * r + 5 * r**2 / 3) * np.exp(-np.sqrt(5) * r)
                out[i, j] = amplitude * matern + e.TREND_STD**2 * trend
        return out

    scatter = np.exp(b[0] + (u - 0.5) @ b[1:])
    covariance = kernel(u, u) + np.diag(scatter + 1e-8)
    place = np.array([[0.2, 0.7], [0.9, 0.1]])
    across = kernel(place, u)
    told = made.forecast(made.low + place * made.span)
    assert np.allclose(told.mean, across @ np.linalg.solve(covariance, z), atol=1e-8)
    doubt = np.diag(kernel(place, place) - across @ np.linalg.solve(covariance, across.T))
    assert np.allclose(told.doubt, made.widened**2 * doubt, rtol=1e-6)
    assert np.allclose(told.scatter, made.widened**2 * np.exp(b[0] + (place - 0.5) @ b[1:]))
    squares = (u.T[:, :, None] - u.T[:, None, :]) ** 2
    centre, width = e._priors(d)
    penalty = 0.5 * np.sum(((made.hyper - centre) / width) ** 2)
    exact = 0.5 * z @ np.linalg.solve(covariance, z) + 0.5 * np.linalg.slogdet(covariance)[1] + penalty
    assert e._misfit(made.hyper, u, z, squares, centre, width)[0] == pytest.approx(exact)


def test_left_out_runs_are_foretold_without_their_replicas(fitted: tuple[e.Emulator, np.ndarray, np.ndarray]) -> None:
    """Block by block in closed form, as if the process were conditioned anew on all other runs."""
    made, _, share = fitted
    z, u = e.to_line(share), made.x
    squares = (u.T[:, :, None] - u.T[:, None, :]) ** 2
    covariance = e._covariance(made.hyper, u, squares)[0]
    pair, rest = [6, 7], [k for k in range(len(u)) if k not in (6, 7)]
    across = covariance[np.ix_(pair, rest)]
    mean = across @ np.linalg.solve(covariance[np.ix_(rest, rest)], z[rest])
    variance = np.diag(covariance[np.ix_(pair, pair)] - across @ np.linalg.solve(covariance[np.ix_(rest, rest)], across.T))
    assert np.allclose(made.left_out().standardised[pair], (z[pair] - mean) / np.sqrt(variance))


def test_known_function_and_its_uneven_scatter(fitted: tuple[e.Emulator, np.ndarray, np.ndarray]) -> None:
    made, _, _ = fitted
    place = np.random.default_rng(3).uniform(size=(400, 2))
    told = made.forecast(place * [3.0, 1e-6])
    off = np.abs(told.mean - wavy(place)) / np.sqrt(told.doubt)
    assert 0.55 < np.mean(off <= 1) < 0.95
    assert np.mean(off <= 2) > 0.88
    ends = np.sqrt(made.forecast(np.array([[0.1 * 3, 0.5e-6], [0.9 * 3, 0.5e-6]])).scatter)
    assert 2.5 < ends[1] / ends[0] < 9.5  # exp(1.6) = 5
    left = made.left_out()
    assert left.coverage(2) >= 0.88
    assert left.rms < 0.2


def test_one_more_run_at_the_nodes(fitted: tuple[e.Emulator, np.ndarray, np.ndarray]) -> None:
    made, _, _ = fitted
    told = made.forecast(np.array([[1.5, 0.5e-6]]))
    drawn = e.to_share(told.mean + np.sqrt(told.variance) * np.random.default_rng(4).normal(size=200_000))
    assert float(told.nodes()[0] @ e.WEIGHTS) == pytest.approx(drawn.mean(), abs=2e-3)


def test_hull() -> None:
    square = np.array([[0, 0], [1, 0], [0, 1e6], [1, 1e6]], float)
    assert e.in_hull(square, np.array([0.3, 0.9e6]))
    assert not e.in_hull(square, np.array([0.3, 1.1e6]))
    assert e.in_hull(np.array([[0.0, 2.0], [1.0, 2.0]]), np.array([0.5, 2.0]))
    assert not e.in_hull(np.array([[0.0, 2.0], [1.0, 2.0]]), np.array([0.5, 2.1]))


def test_an_input_that_does_not_vary_says_nothing() -> None:
    rng = np.random.default_rng(5)
    x = np.column_stack([rng.uniform(size=24), np.full(24, 7.0)])
    share = e.to_share(2 * x[:, 0] - 1)
    made = e.fit_emulator(x, share)
    assert made.length.size == 1
    assert np.allclose(made.forecast(x).mean, e.to_line(share), atol=0.05)


def test_too_few_runs_are_refused() -> None:
    with pytest.raises(DataError, match="too few"):
        e.fit_emulator(np.random.default_rng(0).uniform(size=(9, 2)), np.linspace(0, 1, 9))
    with pytest.raises(DataError, match="no input varies"):
        e.fit_emulator(np.ones((9, 2)), np.linspace(0, 1, 9))
