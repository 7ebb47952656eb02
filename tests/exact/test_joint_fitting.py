"""Structured solvers against the same problems written out in full, and what they must recover."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime, least_squares

from anodefree.numerics.joint_fitting import Quadratic, bordered, fit_groups, quadratic
from anodefree.numerics.smooth_series import Chain, Roughness, smooth_fit
from anodefree.numerics.tied_groups import Laws, most_likely_scatter, tied


def random_data(rng, groups=6, parameters=3):
    """A convex quadratic for each group."""
    root = rng.standard_normal((groups, 8, parameters))
    x, g = rng.standard_normal((2, groups, parameters))
    return Quadratic(x, np.zeros(groups), g, np.swapaxes(root, 1, 2) @ root)


def random_laws(rng, data, known=0.3):
    groups, k = data.x.shape
    shift = rng.standard_normal((groups, k))
    design = np.zeros((groups, k, 2 * k))
    for i in range(k):
        design[:, i, 2 * i], design[:, i, 2 * i + 1] = 1.0, np.arange(groups)
    return Laws(
        rng.standard_normal((groups, k)),
        design,
        np.zeros(2 * k),
        known**2 * shift[:, :, None] * shift[:, None, :],
        np.ones(k, bool),
    )


def test_tied_groups_are_generalised_least_squares(rng):
    data = random_data(rng)
    laws, scatter = random_laws(rng, data), np.array([0.5, 0.0, 1.2])
    found = tied(data, laws, scatter)
    # The same in full: y = own minima ~ N(mean + X c, V), V block-diagonal.
    groups, k = data.x.shape
    own = data.x - np.linalg.solve(data.curvature, data.gradient[..., None])[..., 0]
    v = np.zeros((groups * k, groups * k))
    prior = laws.known + np.diag(scatter**2)
    for g in range(groups):
        v[g * k : g * k + k, g * k : g * k + k] = np.linalg.inv(data.curvature[g]) + prior[g]
    design, y = laws.design.reshape(groups * k, -1), (own - laws.mean).ravel()
    covariance = np.linalg.inv(design.T @ np.linalg.solve(v, design))
    coefficients = covariance @ design.T @ np.linalg.solve(v, y)
    np.testing.assert_allclose(found.coefficients, coefficients, rtol=1e-7)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-7, atol=1e-9)
    residual = (y - design @ coefficients).reshape(groups, k)
    pulled = np.linalg.solve(v, residual.ravel()).reshape(groups, k)
    np.testing.assert_allclose(
        found.x, laws.mean + (laws.design @ coefficients) + np.einsum("gij,gj->gi", prior, pulled), rtol=1e-6, atol=1e-8
    )

    # What the restricted likelihood says of two scatters differs as it does in full.
    def deviance(scatter):
        v = np.zeros((groups * k, groups * k))
        for g in range(groups):
            v[g * k : g * k + k, g * k : g * k + k] = np.linalg.inv(data.curvature[g]) + laws.known[g] + np.diag(scatter**2)
        inner = design.T @ np.linalg.solve(v, design)
        r = y - design @ np.linalg.solve(inner, design.T @ np.linalg.solve(v, y))
        return np.linalg.slogdet(v)[1] + np.linalg.slogdet(inner)[1] + r @ np.linalg.solve(v, r)

    other = np.array([0.1, 0.4, 0.9])
    assert tied(data, laws, other).deviance - found.deviance == pytest.approx(deviance(other) - deviance(scatter), rel=1e-6)
    slope = approx_fprime(other**2, lambda s: tied(data, laws, np.sqrt(s)).deviance, 1e-7)
    np.testing.assert_allclose(tied(data, laws, other).slope, slope, rtol=1e-4)


def test_scatter_is_that_of_the_groups(rng):
    groups, true = 400, np.array([0.5, 0.02])
    x = true * rng.standard_normal((groups, 2)) + 0.02 * rng.standard_normal((groups, 2))
    data = Quadratic(x, np.zeros(groups), np.zeros_like(x), np.repeat(np.eye(2)[None] / 0.02**2, groups, axis=0))
    laws = random_laws(rng, data, known=0.0)
    laws = Laws(0 * laws.mean, laws.design / groups, laws.precision, laws.known, laws.scatters)
    for never_nil in (np.zeros(2, bool), np.ones(2, bool)):
        np.testing.assert_allclose(most_likely_scatter(data, laws, np.full(2, 0.1), never_nil), true, rtol=0.15)


def test_a_scatter_that_seven_points_cannot_show_is_not_taken_for_nil(rng):
    x = 0.01 * rng.standard_normal((7, 1))
    data = Quadratic(x, np.zeros(7), np.zeros_like(x), np.full((7, 1, 1), 0.02**-2))  # scatters less than its errors
    laws = random_laws(rng, data, known=0.0)
    laws = Laws(0 * laws.mean, laws.design, laws.precision, laws.known, laws.scatters)
    nil, not_nil = (float(most_likely_scatter(data, laws, np.full(1, 0.1), np.array([b]))[0]) for b in (False, True))
    assert nil < 1e-3
    assert 0.003 < not_nil < 0.02


def test_parameters_that_are_left_out_follow(rng):
    data = random_data(rng)
    gone = np.array([False, True, False])
    rest = data.without(gone)
    own = rest.x - np.linalg.solve(rest.curvature, rest.gradient[..., None])[..., 0]
    whole = data.x - np.linalg.solve(data.curvature, data.gradient[..., None])[..., 0]
    np.testing.assert_allclose(data.following(gone, own), whole, rtol=1e-8, atol=1e-8)


def decays(t, count):
    """Groups of exponentials a exp(-b t), a and b as logarithms, with the data of given parameters."""

    def model(x, which):
        a, b = np.exp(x[:, :1]), np.exp(x[:, 1:])
        y = a * np.exp(-b * t)
        return y - data[which], np.stack([y, -b * t * y], axis=2)

    data = np.zeros((count, len(t)))
    return model, data


def test_groups_find_the_minima_of_separate_fits(rng):
    t = np.linspace(0, 3, 20)
    model, data = decays(t, 5)
    true = np.stack([rng.uniform(0, 1, 5), rng.uniform(-1, 1, 5)], axis=1)
    data[:] = np.exp(true[:, :1]) * np.exp(-np.exp(true[:, 1:]) * t) + 0.05 * rng.standard_normal(data.shape)
    found, converged = fit_groups(model, np.zeros((5, 2)), np.full(2, -5.0), np.full(2, 5.0))
    assert converged.all()
    for i in range(5):
        alone = least_squares(lambda x, i=i: model(x[None], np.array([i]))[0][0], np.zeros(2), xtol=1e-12, ftol=1e-12)
        np.testing.assert_allclose(found.x[i], alone.x, atol=1e-4)
    held, _ = fit_groups(model, np.zeros((5, 2)), np.full(2, -5.0), np.array([5.0, -0.5]))
    assert held.x[:, 1].max() <= -0.5


@pytest.mark.parametrize("count", [7, 8])
def test_a_chain_is_its_full_matrix(rng, count):
    place, k = np.cumsum(rng.uniform(0.2, 1.8, count)), 3
    rough = Roughness.over(place)
    s = np.diag(rough.own)
    for step, band in ((1, rough.next), (2, rough.second)):
        s += np.diag(band, step) + np.diag(band, -step)
    np.testing.assert_allclose(s @ np.stack([np.ones(count), place], axis=1), 0, atol=1e-9)  # straight lines are free
    x = rng.standard_normal((count, k))
    np.testing.assert_allclose(rough.of(x), np.einsum("ik,ij,jk->k", x, s, x), rtol=1e-10)
    curvature, stiffness = random_data(rng, count).curvature, np.array([1.0, 5.0, 0.3])
    full = np.zeros((count, k, count, k))
    for t in range(count):
        full[t, :, t, :] = curvature[t]
    for i in range(k):
        full[:, i, :, i] += stiffness[i] * s
    full = full.reshape(count * k, count * k)
    chain = Chain.of(curvature, rough, stiffness)
    right = rng.standard_normal((count, k, 2))
    np.testing.assert_allclose(chain.solve(right).reshape(-1, 2), np.linalg.solve(full, right.reshape(-1, 2)), rtol=1e-8)
    assert chain.log_determinant == pytest.approx(np.linalg.slogdet(full)[1])
    inverse = np.linalg.inv(full).reshape(count, k, count, k)
    for far, got in enumerate(chain.variances()):
        expected = [np.diag(inverse[t, :, t + far, :]) for t in range(count - far)]
        np.testing.assert_allclose(got, expected, rtol=1e-8)


def test_a_smooth_course_is_closer_to_the_truth_than_its_points(rng):
    t, count, noise = np.linspace(0, 3, 20), 60, 0.05
    model, data = decays(t, count)
    u = np.linspace(0, 1, count)
    true = np.stack([np.sin(3 * u), 0.3 * u], axis=1)
    data[:] = np.exp(true[:, :1]) * np.exp(-np.exp(true[:, 1:]) * t) + noise * rng.standard_normal(data.shape)
    alone, _ = fit_groups(model, np.zeros((count, 2)), np.full(2, -5.0), np.full(2, 5.0))
    found = smooth_fit(model, alone.x, np.full(count, noise**2), u)
    assert found.converged
    error, before = (np.sqrt(np.mean((x - true) ** 2, axis=0)) for x in (found.x, alone.x))
    assert (error < 0.4 * before).all()
    assert 0.85 < np.mean(np.abs(found.x - true) < 1.96 * found.std) <= 1
    assert found.stiffness[1] > 10 * found.stiffness[0]  # the straight course is the stiffer one
    variance = np.diag(np.linalg.inv(bordered(quadratic(model, found.x).curvature[:1])[0] / noise**2))
    assert (found.std[0] ** 2 < variance).all()
    np.testing.assert_allclose(found.to_last[-1], found.std[-1] ** 2, rtol=1e-8)
    with pytest.raises(ValueError, match="four"):
        smooth_fit(model, alone.x[:3], np.ones(3), u[:3])
