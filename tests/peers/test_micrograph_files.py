"""Real pictures and a real volume: our segmentation beside masks drawn by people, and a void fraction that others counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

import anodefree as af
from anodefree.analysis.sem.porosity import porosity
from anodefree.analysis.sem.section import Look, section
from anodefree.analysis.sem.synthetic import micrograph

LOOK = Look(collector_px=0.0, smooth_px=2.0, background_px=100.0)
"""One way for both pictures: ground even over 100 pixels taken away, 2 pixels of smoothing, Otsu."""


def drawn(path: Path, shape: tuple[int, int]) -> np.ndarray:
    """The mask of a file of polygons in parts of the width and height."""
    mask = Image.new("L", (shape[1], shape[0]))
    pen = ImageDraw.Draw(mask)
    for line in path.read_text().splitlines():
        x = np.array(line.split()[1:], dtype=float).reshape(-1, 2) * [shape[1], shape[0]]
        pen.polygon([(a, b) for a, b in x.tolist()], fill=255)
    return np.asarray(mask) > 0


@pytest.mark.parametrize(
    ("name", "human_area", "least_dice"),
    [("2e-9_100s_002", 0.1327, 0.70), ("70nm_diameter_100nm_pitch_022", 0.2789, 0.72)],
)
def test_dendrites_beside_masks_that_people_drew(shared: Path, name: str, human_area: float, least_dice: float) -> None:
    """People draw outlines around twigs and gaps alike; ours keeps the gaps, so it is smaller and mostly within theirs."""
    picture = af.read(shared / "sem_optical" / f"{name}.jpg")
    assert picture.meta["calibrated"] is False
    human = drawn(shared / "sem_optical" / f"{name}.txt", picture["intensity"].shape[1:])
    assert human.mean() == pytest.approx(human_area, abs=2e-4)
    ours = section(picture, 0, LOOK).metal(LOOK)[::-1]
    both = (ours & human).sum()
    dice, precision = 2 * both / (ours.sum() + human.sum()), both / ours.sum()
    assert dice > least_dice
    assert precision > 0.9
    assert 0.5 * human_area < ours.mean() < human_area


def test_the_void_of_a_tomogram_is_counted_exactly(shared: Path) -> None:
    void = np.load(shared / "sem_optical" / "leopard_slice100.npy", allow_pickle=False) > 0
    assert void.mean() == pytest.approx(0.262235, abs=1e-9)
    volume = micrograph(np.where(void[::10], 0, 255).astype(np.uint8), 1e-6)
    plain = {"smooth_pixels": 0.0, "smallest_pixels": 0, "collector_height_m": 0.0, "envelope_width_m": 250e-6}
    found = porosity(volume, **plain)
    assert found["porosity_volume"] == pytest.approx(void[::10].mean(), abs=1e-12)
    whole = porosity(micrograph(np.where(void, 0, 255).astype(np.uint8), 1e-6), **plain)
    assert whole["porosity_volume"] == pytest.approx(0.262235, abs=1e-12)
