"""Real files of transmission microscopes: sizes, units and times as other programs read them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anodefree as af


def step(found: af.Measurement, name: str) -> float:
    values = found[name]
    assert np.allclose(np.diff(values), values[1] - values[0])
    return float(values[1] - values[0])


def test_tia_series_of_strontium_titanate(shared: Path) -> None:
    found = af.read(shared / "tem" / "16_STOimage_1.ser")
    assert found.kind.name == "micrograph"
    assert found["intensity"].shape == (1, 1024, 1024)
    assert step(found, "x_m") == pytest.approx(0.0100127e-9, rel=1e-5)
    assert step(found, "y_m") == pytest.approx(0.0100127e-9, rel=1e-5)


def test_velox_stack(shared: Path) -> None:
    found = af.read(shared / "tem" / "fei_example_tem_stack.emd")
    assert found["intensity"].shape == (2, 3, 3)
    assert step(found, "x_m") == pytest.approx(8.172883e-12, rel=1e-6)
    assert found["frame_time_s"].tolist() == pytest.approx([0.0, 0.8])
    assert found.meta["voltage_V"] == 300e3
    assert found.meta["camera_length_m"] == pytest.approx(0.478)
    assert "readers_that_failed" not in found.meta


def test_gatan_file_of_an_image_and_a_plot(shared: Path) -> None:
    found = af.read(shared / "tem" / "multi_signal.dm3")
    assert found.kind.name == "micrograph"
    assert found.meta["title"] == "HAADF"
    assert found["intensity"].shape == (1, 512, 512)
    assert step(found, "x_m") == pytest.approx(0.017752e-9, rel=1e-4)
    assert found.meta["beside"] == "Plot (512 values)"
    assert found.meta["voltage_V"] == 300e3


def test_gatan_diffraction_pattern(shared: Path) -> None:
    found = af.read(shared / "tem" / "test_diffraction_pattern.dm3")
    assert found.kind.name == "diffraction"
    assert found["intensity"].shape == (1, 87, 87)
    assert step(found, "qx_per_m") == pytest.approx(0.17443e9, rel=1e-4)
    assert step(found, "qy_per_m") == pytest.approx(0.17443e9, rel=1e-4)


def test_a_picture_of_rings_is_a_pattern_when_asked(shared: Path) -> None:
    picture = af.read(shared / "tem" / "Au_100cm.tif")
    pattern = af.read(shared / "tem" / "Au_100cm.tif", kind="diffraction")
    assert picture.kind.name == "micrograph"
    assert pattern.kind.name == "diffraction"
    assert pattern.meta["calibrated"] is False
    assert step(pattern, "qx_per_m") == 1.0
    assert np.array_equal(pattern["intensity"], picture["intensity"])
    assert pattern.key != picture.key
