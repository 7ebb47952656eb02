"""A series whose course is known: the joint fit must come closer to it than single fits, say how close, and notice a jump."""

from __future__ import annotations

import numpy as np
import pytest

from anodefree.analysis.eis.evolution import evolution
from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.impedance import IMPEDANCE
from anodefree.physics.circuits import read_circuit

TWO_ARCS = "R0-p(R1,Q1)-p(R2,Q2)-W3"
F = np.geomspace(1e5, 0.1, 61)


def measured(circuit, values, rng, noise=0.01, **more):
    """Spectra of parameter vectors (s, p)."""
    z = read_circuit(circuit).impedance(2 * np.pi * F[None], values)
    z = z + noise * np.abs(z) * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape))
    arrays = {"frequency_Hz": np.repeat(F[None], len(z), axis=0), "Z_re_ohm": z.real, "Z_im_ohm": z.imag, **more}
    return Measurement.of(IMPEDANCE, arrays, name="series")


def growing(count):
    """An interphase that grows while the charge transfer becomes faster."""
    u, one = np.linspace(0, 1, count), np.ones(count)
    r1, r2 = 20 * (1 + 1.5 * np.sqrt(u + 0.02)), 60 * np.exp(-1.2 * u * (1 - 0.5 * u))
    w3 = 4 + np.sin(5 * u)
    return np.stack([4 * (1 + 0.2 * u), r1, 2e-5 * np.exp(-0.3 * u), 0.85 * one, r2, 1.5e-3 * one, 0.82 + 0.03 * u, w3], axis=1)


def one_arc(count, jump=0.0):
    u, one = np.linspace(0, 1, count), np.ones(count)
    return np.stack([4 * one, 40 * (1 + 0.5 * np.sin(3 * u) + jump * (u > 0.5)), 2e-5 * one, 0.85 * one, 3 * one], axis=1)


def status(result):
    return {c.name: c.status for c in result.checks}


def test_a_series_is_known_better_than_its_spectra(rng):
    errors, alone, inside = [], [], []
    for _ in range(5):
        truth = growing(30)
        result = evolution(measured(TWO_ARCS, truth, rng, time_s=600.0 * np.arange(30)), circuit=TWO_ARCS)
        assert set(status(result).values()) == {"pass"}
        for k, name in enumerate(read_circuit(TWO_ARCS).names):
            unit = "_ohm" if name[0] == "R" else ""
            found, single, low, high = (result.curves[name + tag + unit].values for tag in ("", "_alone", "_low", "_high"))
            errors.append(np.mean((found / truth[:, k] - 1) ** 2))
            alone.append(np.mean((single / truth[:, k] - 1) ** 2))
            inside.append(np.mean((low < truth[:, k]) & (truth[:, k] < high)))
    of_each = np.sqrt(np.reshape(errors, (5, 8)).mean(axis=0) / np.reshape(alone, (5, 8)).mean(axis=0))
    assert (of_each < 0.55).all()  # every parameter at least twice as close
    assert of_each.mean() < 0.4
    assert 0.90 < np.mean(inside) < 0.99


def test_exact_spectra_give_exact_ends(rng):
    truth = one_arc(12)
    result = evolution(measured("R0-p(R1,Q1)-W2", truth, rng, noise=0.0))
    for name, k in (("R0", 0), ("R1", 1), ("Q1", 2), ("n1", 3), ("W2", 4)):
        assert result[f"{name}_first"] == pytest.approx(truth[0, k], rel=1e-6)
        assert result[f"{name}_last"] == pytest.approx(truth[-1, k], rel=1e-6)
    assert result["R1_change"] == pytest.approx(truth[-1, 1] - truth[0, 1], rel=1e-5)


def test_a_jump_and_an_outlier_are_noticed(rng):
    smooth = evolution(measured("R0-p(R1,Q1)-W2", one_arc(40), rng))
    assert status(smooth)["smooth"] == "pass"
    jump = evolution(measured("R0-p(R1,Q1)-W2", one_arc(40, jump=0.5), rng))
    assert "spectra 19, 20" in next(c.message for c in jump.checks if c.name == "smooth")
    series = measured("R0-p(R1,Q1)-W2", one_arc(40), rng)
    arrays = {n: series[n].copy() for n in ("frequency_Hz", "Z_re_ohm", "Z_im_ohm")}
    arrays["Z_re_ohm"][17] *= 1.15
    arrays["Z_im_ohm"][17] *= 1.15
    outlier = evolution(Measurement.of(IMPEDANCE, arrays))
    assert " 17" in next(c.message for c in outlier.checks if c.name == "smooth")


def test_it_is_smooth_along_what_is_asked(rng):
    truth, potential = one_arc(16), np.linspace(3.0, 4.2, 16)
    order = rng.permutation(16)
    series = measured("R0-p(R1,Q1)-W2", truth[order], rng, potential_V=potential[order])
    along = evolution(series, along="potential")
    assert along.curves["potential_V"].values.tolist() == potential.tolist()
    assert along.curves["order"].values.astype(int).tolist() == np.argsort(order).tolist()
    np.testing.assert_allclose(along.curves["R1_ohm"].values, truth[:, 1], rtol=0.02)
    as_they_come = evolution(series)
    std = [np.median(r.curves["R1_std_ohm"].values) for r in (along, as_they_come)]
    assert std[0] < std[1]


def test_it_is_said_where_nothing_is_gained(rng):
    truth = one_arc(12) * np.exp(0.2 * rng.standard_normal((12, 5)) * np.array([1, 1, 1, 0.1, 1]))
    result = evolution(measured("R0-p(R1,Q1)-W2", truth, rng))
    assert status(result)["neighbours"] == "warn"
    np.testing.assert_allclose(result.curves["R1_ohm"].values, truth[:, 1], rtol=0.02)  # and the bands are not fooled


def test_an_exponent_beyond_one_is_said(rng):
    truth = one_arc(12)
    truth[:, 3] = 1.0
    result = evolution(measured("R0-p(R1,Q1)-W2", truth, rng, noise=0.03))
    assert result.curves["n1"].values.max() > 1
    assert status(result)["bounds"] == "warn"


def test_parameters_may_be_held_and_lengths_may_differ(rng):
    series = measured("R0-p(R1,Q1)-W2", one_arc(10), rng)
    arrays = {n: series[n].copy() for n in ("frequency_Hz", "Z_re_ohm", "Z_im_ohm")}
    for values in arrays.values():
        values[3, 40:] = np.nan
    result = evolution(Measurement.of(IMPEDANCE, arrays), fixed={"n1": 0.85})
    assert "n1_first" not in result.estimates
    np.testing.assert_allclose(result.curves["R1_ohm"].values, one_arc(10)[:, 1], rtol=0.02)


def test_a_circuit_without_resistances_is_drawn(rng):
    from matplotlib.figure import Figure

    truth = np.stack([2e-5 * np.ones(6), 0.8 * np.ones(6)], axis=1)
    result = evolution(measured("Q1", truth, rng), circuit="Q1")
    ax = Figure().add_subplot()
    result.plot(ax)
    assert ax.get_ylabel() == "Q1"


def test_hundreds_of_spectra(rng):
    truth = one_arc(300)
    result = evolution(measured("R0-p(R1,Q1)-W2", truth, rng))
    error, alone = (np.sqrt(np.mean((result.curves[n].values / truth[:, 1] - 1) ** 2)) for n in ("R1_ohm", "R1_alone_ohm"))
    assert error < 0.2 * alone


def test_refusals(rng):
    series = measured("R0-p(R1,Q1)-W2", one_arc(6), rng)
    with pytest.raises(DataError, match="holds no time"):
        evolution(series, along="time")
    with pytest.raises(DataError, match="fewer than four different"):
        evolution(measured("R0-p(R1,Q1)-W2", one_arc(6), rng, potential_V=np.ones(6)), along="potential")
    with pytest.raises(DataError, match="3 spectra"):
        evolution(measured("R0-p(R1,Q1)-W2", one_arc(3), rng))
    with pytest.raises(ConfigError):
        evolution(series, fixed={"R9": 1.0})
    arrays = {n: series[n].copy() for n in ("frequency_Hz", "Z_re_ohm", "Z_im_ohm")}
    for values in arrays.values():
        values[2, 2:] = np.nan
    with pytest.raises(DataError, match="cannot determine"):
        evolution(Measurement.of(IMPEDANCE, arrays))
    arrays = {n: series[n].copy() for n in arrays}
    arrays["Z_re_ohm"][1, 0] = arrays["Z_im_ohm"][1, 0] = 0.0
    with pytest.raises(DataError, match="spectrum 1"):
        evolution(Measurement.of(IMPEDANCE, arrays))
