"""The chain: lines with errors in both variables, scales, and shares of the links that sum up as they must."""

from __future__ import annotations

import numpy as np
import pytest

import anodefree as af
from anodefree.analysis.chain.closure import weighted_line
from anodefree.core.measurement import Measurement, join
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError, DataError
from anodefree.physics.scales import SCALES

SAMPLE, CLOSURE, COLLECTOR = (af.get(f"chain.{n}") for n in ("sample", "closure", "collector"))


def points(x: list[float], y: list[float], std: float = 0.01) -> Measurement:
    rows = [
        SAMPLE(x=Uncertain(a, std), y=Uncertain(b, std), name=f"s{k}", x_name="x", y_name="y")
        for k, (a, b) in enumerate(zip(x, y, strict=True))
    ]
    return join(rows)


@pytest.mark.parametrize("scale", list(SCALES))
def test_scales_go_there_and_back(scale: str) -> None:
    s = SCALES[scale]
    v = np.array([0.03, 0.4, 0.97])
    np.testing.assert_allclose(s.backward(s.forward(v)), v, rtol=1e-12)
    step = 1e-6
    slope = (s.forward(v + step) - s.forward(v - step)) / (2 * step)
    np.testing.assert_allclose(s.derivative(v), np.abs(slope), rtol=1e-5)  # it carries a standard deviation over


def test_line_is_weighted_least_squares() -> None:
    rng = np.random.default_rng(0)
    u, v_std = rng.uniform(0, 3, 8), rng.uniform(0.1, 0.5, 8)
    v = 1 + 2 * u + v_std * rng.standard_normal(8)
    found = weighted_line(u, np.zeros(8), v, v_std, 0.0)
    slope, level = np.polyfit(u, v, 1, w=1 / v_std)
    assert found["slope"] == pytest.approx(slope)
    assert found["level"] - found["slope"] * found["centre"] == pytest.approx(level)


def test_errors_of_x_widen_the_line() -> None:
    u, v = np.array([0.0, 1.0, 2.0]), np.array([0.0, 2.0, 4.0])
    narrow, wide = (weighted_line(u, np.full(3, s), v, np.full(3, 0.1), 0.0) for s in (0.0, 0.2))
    assert wide["slope_std"] == pytest.approx(narrow["slope_std"] * np.hypot(0.1, 0.4) / 0.1)


def test_shares_are_of_the_links_that_are_open() -> None:
    """With the closures exact and without scatter, the sheath is all that is open of LiF, the porosity of the thickness."""
    x = [0.2, 0.5, 0.8]
    given = {"x_scale": "logit", "scatter": 0.0}
    fluoride = CLOSURE(points(x, x, 1e-9), y_scale="logit", **given)
    kinetics = CLOSURE(points(x, [3.0, 4.0, 13.0], 1e-9), y_scale="log", **given)
    efficiency = CLOSURE(points(x, [0.9, 0.97, 0.999], 1e-9), y_scale="log_loss", **given)
    result = COLLECTOR(
        fluoride,
        kinetics,
        efficiency,
        coordinated_fraction=Uncertain(0.6, 0.02),
        porosity=Uncertain(0.3, 0.05),
        energy_density_J_kg=Uncertain(1.6e6, 3e4),
        mean_voltage_V=Uncertain(3.8, 0.02),
        draws=4000,
        seed=1,
    )
    assert result["lif_fraction"] == pytest.approx(0.6, abs=2e-3)
    links = [str(n) for n in result.curves["link"].values]
    share = {
        n: dict(zip(links, result.curves[f"share_{n}"].values, strict=True)) for n in ("lif_fraction", "deposit_thickness")
    }
    assert share["lif_fraction"]["sheath: coordinated fraction"] == pytest.approx(1.0, abs=0.05)
    assert share["deposit_thickness"]["deposit: porosity"] == pytest.approx(1.0, abs=0.05)
    assert share["deposit_thickness"]["sheath: coordinated fraction"] == 0
    thickness = 160e3 * 6.94e-3 / (96485.33212 * 534) / 0.7
    assert result["deposit_thickness"] == pytest.approx(thickness, rel=1e-2)


def test_what_makes_no_closure_is_refused() -> None:
    with pytest.raises(DataError, match="could be wrong"):
        CLOSURE(points([0.2, 0.5], [0.1, 0.2]))
    with pytest.raises(DataError, match="one x"):
        CLOSURE(points([0.2, 0.2, 0.2], [0.1, 0.2, 0.3]))
    with pytest.raises(ConfigError, match="outside"):
        CLOSURE(points([0.2, 0.5, 1.2], [0.1, 0.2, 0.3]), x_scale="logit")
    with pytest.raises(ConfigError, match="one of y"):
        SAMPLE(x=Uncertain(1.0), name="a", x_name="x", y_name="y")
    line = CLOSURE(points([0.2, 0.5, 0.8], [0.1, 0.2, 0.3]))
    with pytest.raises(ConfigError, match="needs the scales"):
        COLLECTOR(
            line,
            line,
            line,
            coordinated_fraction=Uncertain(0.5),
            porosity=Uncertain(0.1),
            energy_density_J_kg=Uncertain(1e6),
            mean_voltage_V=Uncertain(3.8),
        )
