"""Real pictures: the wrong pixel of a scanned SrTiO3 lattice, and the rings of gold behind a beam stop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anodefree as af
from anodefree import stages

GOLD_RINGS = {"111": 112.5, "200": 129.0, "220": 184.0, "311": 216.0, "400": 258.0, "331": 286.0, "422": 317.5}
"""Radii [pixels] of the strong rings, read by hand."""


def test_the_pixel_error_of_strontium_titanate_is_found_and_not_absorbed(shared: Path) -> None:
    """a = 0.3905 nm; by the stated pixel its planes are 3 % and 4.5 % too wide along the two axes, 1.3 % apart."""
    found = stages.get("tem.lattice")(af.read(shared / "tem" / "16_STOimage_1.ser"), phases=("SrTiO3",), scale_error=0.05)
    stated = 0.5 * (0.4029 + 0.4079)
    assert found["scale_factor"] == pytest.approx(0.3905 / stated, abs=0.004)
    assert abs(found["axis_ratio"] - 0.4079 / 0.4029) < 2.5 * found.estimates["axis_ratio"].std
    assert found["axis_ratio"] > 1 + 3 * found.estimates["axis_ratio"].std
    checks = {c.name: c for c in found.checks}
    assert checks["size of a pixel"].status == "warn"
    assert checks["distortion"].status == "warn"
    data = found.curves
    planes = dict(zip(data["spot_hkl"].values, data["spot_spacing_m"].values, strict=True))
    assert planes["100"] == pytest.approx(3.905e-10, rel=0.006)
    assert planes["200"] == pytest.approx(1.9525e-10, rel=0.006)
    strong = data["spot_power_over_noise"].values > 100
    assert set(data["spot_phase"].values[strong]) == {"SrTiO3"}


def test_gold_rings_behind_a_beam_stop(shared: Path) -> None:
    pattern = af.read(shared / "tem" / "Au_100cm.tif", kind="diffraction")
    found = stages.get("tem.rings")(pattern, phases=("Au",))
    assert abs(found["centre_x"] - 487.8) < 1
    assert abs(found["centre_y"] - 488.4) < 1
    assert found["scale"] == pytest.approx(0.003773e10, rel=0.006)
    radius, line = found.curves["ring_radius_pixels"].values, found.curves["ring_line"].values
    for label, by_hand in GOLD_RINGS.items():
        nearest = int(np.abs(radius - by_hand).argmin())
        assert abs(radius[nearest] - by_hand) < 1.4, label
        assert line[nearest] == f"Au({label})"
    assert "none" not in line
    assert 0.03 < found.curves["beam_stop"].values.mean() < 0.12
