"""One band of a spectrum: exact shapes come back, the axis is in the interval, and what is no band is said."""

from __future__ import annotations

import numpy as np
import pytest

from anodefree import Measurement, Result, stages
from anodefree.errors import ConfigError, DataError, NumericalError
from anodefree.kinds.spectrum import SPECTRUM

BAND = stages.get("raman.band")
X = np.arange(900.0, 985.0, 1.0)


def lorentz(centre: float, width: float) -> np.ndarray:
    return np.asarray(1 / (1 + (2 * (X - centre) / width) ** 2))


def spectrum(y: np.ndarray, **meta: object) -> Measurement:
    arrays = {"shift_per_cm": X, "intensity": y[None]}
    return Measurement.of(SPECTRUM, arrays, {"technique": "raman", "quantity": "counts", **meta})


def status(result: Result) -> dict[str, str]:
    return {c.name: c.status for c in result.checks}


def test_two_overlapping_lines_on_a_slope_come_back() -> None:
    y = 1000 * lorentz(941.3, 14.0) + 400 * lorentz(958.0, 14.0) + 500 - 2 * (X - 941)
    found = BAND(spectrum(y), near_per_cm=940, beside_per_cm=(960.0,), shift_std_per_cm=0.0)
    assert found["position"] == pytest.approx(941.3, abs=1e-3)
    assert found["width"] == pytest.approx(14.0, abs=1e-2)
    assert found["height"] == pytest.approx(1000, rel=1e-3)
    assert found["area"] == pytest.approx(1000 * np.pi / 2 * 14.0, rel=2e-3)
    assert found["lorentzian"] == pytest.approx(1.0, abs=1e-2)


def test_a_band_that_is_not_named_pulls_at_its_neighbour() -> None:
    y = 1000 * lorentz(941.3, 14.0) + 700 * lorentz(955.0, 14.0) + 500
    assert BAND(spectrum(y), near_per_cm=941, shift_std_per_cm=0.0)["position"] > 943


def test_the_axis_is_in_the_interval(rng: np.random.Generator) -> None:
    y = rng.poisson(4000 * lorentz(941.0, 14.0) + 500).astype(float)
    unknown, known = BAND(spectrum(y)), BAND(spectrum(y, calibrated=True, shift_error_per_cm=0.3))
    assert unknown.estimates["position"].std == pytest.approx(3.0, abs=0.05)
    assert known.estimates["position"].std == pytest.approx(0.31, abs=0.03)
    assert status(unknown)["calibration"] == "warn"
    assert status(known)["calibration"] == "pass"


def test_noise_alone_is_no_clear_band(rng: np.random.Generator) -> None:
    said = 0
    for _ in range(8):
        try:
            found = BAND(spectrum(500 + 20 * rng.standard_normal(X.size)))
        except NumericalError:
            said += 1
        else:
            said += "warn" in (status(found)["signal"], status(found)["bounds"])
    assert said >= 7


def test_what_cannot_be_fitted_is_told() -> None:
    y = 1000 * lorentz(941.0, 14.0) + 500
    with pytest.raises(ConfigError, match="not between"):
        BAND(spectrum(y), beside_per_cm=(1200.0,))
    with pytest.raises(DataError, match="points between"):
        BAND(spectrum(y), near_per_cm=2000.0)
    with pytest.raises(DataError, match="flat"):
        BAND(spectrum(np.full(X.size, 3.0)))
    with pytest.raises(NumericalError, match="points do not fix"):
        BAND(spectrum(y), beside_per_cm=(936.0, 938.0, 944.0, 946.0), half_window_per_cm=8.0, near_per_cm=941.0)
