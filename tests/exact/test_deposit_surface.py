"""The surface of a deposit: what a tip would touch, as it goes to the probe's picture and its roughness."""

from __future__ import annotations

import numpy as np
import pytest

from anodefree import stages
from anodefree.errors import ConfigError, DataError
from anodefree.simulation.instruments.microscope import box_of

SURFACE = stages.get("deposit.surface")
CELL = 1e-7


def test_an_overhang_hides_what_is_below_and_shares_move_the_top() -> None:
    lithium = np.zeros((1, 10, 12, 9))
    lithium[0, 6, 3, 4] = 1.0  # a lid over void
    lithium[0, :2, 5, 5] = (1.0, 0.75)
    height = SURFACE(box_of(lithium, CELL))["height_m"] / CELL
    assert height[3, 4] == pytest.approx(7.0)
    assert height[5, 5] == pytest.approx(1.5 + 0.25 / 0.75)
    assert np.count_nonzero(height) == 2


def test_a_deposit_reaches_the_roughness_of_its_picture() -> None:
    """A chessboard of 4 and 8 cells, seen by a point without errors, has Sq of two cells."""
    squares = np.add.outer(np.arange(32) // 8, np.arange(40) // 8) % 2
    lithium = (np.arange(12)[:, None, None] < 4 + 4 * squares).astype(float)[None]
    ideal = {"tip_radius_m": 0.0, "tilt_x": 0.0, "tilt_y": 0.0, "bow_m": 0.0, "row_noise_m": 0.0, "noise_m": 0.0}
    seen = stages.get("afm.image")(SURFACE(box_of(lithium, CELL)), scale_error=0.0, **ideal)
    assert stages.get("afm.roughness")(seen)["Sq"] == pytest.approx(2 * CELL, rel=0.02)


def test_what_has_no_surface_is_told() -> None:
    with pytest.raises(ConfigError, match="no surface"):
        SURFACE(box_of(np.ones((1, 6, 1, 12)), CELL))
    with pytest.raises(ConfigError, match="no frame 3"):
        SURFACE(box_of(np.ones((1, 6, 10, 12)), CELL), frame=3)
    with pytest.raises(DataError, match="no lithium"):
        SURFACE(box_of(np.zeros((1, 6, 10, 12)), CELL))
