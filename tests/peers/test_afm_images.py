"""Real scanning-probe files: an image against its own header, and force files that are told from images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anodefree as af
from anodefree.analysis.afm.roughness import roughness
from anodefree.errors import DataError


def test_a_wsxm_image_agrees_with_both_scales_of_its_header(shared: Path) -> None:
    """The header gives the heights twice: by their span, and by 13.6 nm/V over 20 V in 65536 steps."""
    path = shared / "afm" / "sample_0.top"
    found = af.read(path)
    raw = np.frombuffer(path.read_bytes(), "<i2", 512 * 512, 2996).reshape(512, 512)
    assert found["height_m"].shape == (512, 512)
    assert np.diff(found["x_m"]) == pytest.approx(0.9765625e-9)
    assert np.ptp(found["height_m"]) == pytest.approx(59.7449e-9, rel=1e-6)
    assert found["height_m"] == pytest.approx(raw * 13.6e-9 * 20 / 65536, rel=1e-5)


def test_drift_from_row_to_row_is_noticed(shared: Path) -> None:
    """Its rows are offset by drift, which a plane does not take out: the roughness of the plane's remainder is doubted."""
    image = af.read(shared / "afm" / "sample_0.top")
    plane, rows = roughness(image), roughness(image, levelling="rows")
    assert {c.name: c.status for c in plane.checks}["rows"] == "warn"
    assert rows["Sq"] < 0.1 * plane["Sq"]
    assert plane.estimates["Sq"].std > 0.2 * plane["Sq"]


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("20200903_Egel2.0_00023.spm", "nanoscope"),
        ("20200904_Egel4-Z1.0_00025.spm", "nanoscope"),
        ("fmt-igor-fd_SiN_FD_plot.ibw", "asylum"),
    ],
)
def test_a_force_file_is_no_image(shared: Path, name: str, format: str) -> None:
    with pytest.raises(DataError, match="not an image"):
        af.read(shared / "afm" / name, format=format)
