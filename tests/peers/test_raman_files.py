"""Real Raman and infrared files: the values that other readers and the fits of others give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anodefree as af
from anodefree import Measurement, stages
from anodefree.errors import DataError

NEON, SILICON, POLYSTYRENE = (
    "NeonSNQ043_iR785_OP01.txt",
    "S0N10_iR785_OP01_6000msx4.txt",
    "PST10_iR785_OP01_40000msx4.txt",
)


@pytest.fixture
def raman(shared: Path) -> Path:
    return shared / "raman"


@pytest.mark.parametrize("folder", ["raman", "ftir"])
def test_every_file_opens(shared: Path, folder: str) -> None:
    files = [f for f in sorted((shared / folder).iterdir()) if f.name != "README.md"]
    assert files
    for file in files:
        found = af.read(file)
        assert found.kind.name == "spectrum", file.name
        assert (np.diff(found["shift_per_cm"]) > 0).all()


def test_wdf_equals_its_text_twin(raman: Path) -> None:
    binary, text = af.read(raman / "raman_example.wdf"), af.read(raman / "raman_example.txt")
    assert binary["shift_per_cm"].shape == (1011,)
    assert text["shift_per_cm"] == pytest.approx(binary["shift_per_cm"], abs=1e-6)
    assert text["intensity"] == pytest.approx(binary["intensity"], abs=1e-5)
    assert binary.meta["laser_m"] == pytest.approx(632.8e-9, rel=1e-5)


def test_wdf_series(raman: Path) -> None:
    found = af.read(raman / "renishaw_test_timeseries.wdf")
    assert found["intensity"].shape == (3, 1007)
    assert found["shift_per_cm"][[0, -1]] == pytest.approx([-1070, 1847], abs=0.3)
    assert found["time_s"][0] == 0
    assert (np.diff(found["time_s"]) > 1).all()


def test_wdf_depth_scan(raman: Path) -> None:
    found = af.read(raman / "renishaw_test_zscan.wdf")
    assert found["intensity"].shape == (40, 1015)
    assert np.diff(found["z_m"]) == pytest.approx(np.full(39, 0.5e-6))
    assert found["shift_per_cm"][[0, -1]] == pytest.approx([1226.6, 2787.8], abs=0.05)


def test_wdf_map_in_wavelengths_becomes_shifts_from_its_own_laser(raman: Path) -> None:
    found = af.read(raman / "renishaw_test_map.wdf")
    assert found["intensity"].shape == (9, 47)
    assert len(set(found["x_m"])) == len(set(found["y_m"])) == 3
    assert found.meta["laser_m"] == pytest.approx(325e-9, rel=1e-5)
    wavelength_nm = 1e7 / (1e-2 / found.meta["laser_m"] - found["shift_per_cm"])
    assert wavelength_nm[[0, -1]] == pytest.approx([346.8, 350.7], abs=0.05)
    assert "325.000 nm" in found.meta["axis_from"]


def test_horiba(raman: Path) -> None:
    xml = af.read(raman / "jobinyvon_test_spec.xml")
    assert xml["intensity"].shape == (1, 34)
    assert xml.meta["laser_m"] == pytest.approx(632.817e-9)
    nm = 1e7 / (1e7 / 632.817 - xml["shift_per_cm"])
    assert nm[[0, -1]] == pytest.approx([522.574, 537.361], abs=1e-3)
    assert xml["intensity"][0, -1] == 1496
    assert "blue side" in xml.meta["axis_from"]
    text = af.read(raman / "labspec_raman_example.txt")
    assert text["shift_per_cm"][0] == 201.795
    assert text["intensity"][0, 0] == 45.0984
    assert text.meta["started"] == "2023-10-23T16:11:12"


def test_jcamp(shared: Path) -> None:
    found = af.read(shared / "ftir" / "ethanol2.jdx")
    x, t = found["shift_per_cm"], found["intensity"][0]
    assert len(x) == 1764
    assert x[[0, -1]] == pytest.approx([599.86, 4000.36], abs=0.01)
    assert x[t.argmin()] == pytest.approx(1049.28, abs=0.01)
    assert t.min() == pytest.approx(0.1397983932)
    assert t.max() == pytest.approx(0.9472448730)
    assert found.meta["quantity"] == "transmittance"


def test_text_and_galactic(shared: Path) -> None:
    text = af.read(shared / "ftir" / "[FTIRText]020.txt")
    assert text["intensity"][0, 0] == pytest.approx(0.81708257)
    galactic = af.read(shared / "ftir" / "spectra.spc")
    assert galactic["intensity"].shape == (1, 1911)
    assert galactic["shift_per_cm"][[0, -1]] == pytest.approx([400.62, 3799.82], abs=0.01)


def calibrated(raman: Path) -> tuple[Measurement, Measurement]:
    """Silicon and polystyrene on the axis that neon gives."""
    files = [af.read(raman / f, laser_m="785 nm") for f in (NEON, SILICON, POLYSTYRENE)]
    calibrate = stages.get("raman.calibrate")
    silicon, polystyrene = (calibrate(s, files[0], material="neon") for s in files[1:])
    return silicon, calibrate(polystyrene, silicon, material="silicon")


def test_neon_puts_silicon_in_its_place(raman: Path) -> None:
    silicon, _ = calibrated(raman)
    before = stages.get("raman.reference")(af.read(raman / SILICON), material="silicon")
    after = stages.get("raman.reference")(silicon, material="silicon")
    assert before["offset"] == pytest.approx(2.6, abs=0.2)
    assert abs(after["offset"]) < 0.3


def test_neon_gives_the_shape_of_the_axis_for_polystyrene(raman: Path) -> None:
    """About one common offset, polystyrene's narrow lines lie within 0.5 1/cm of ASTM E1840.

    That offset is -1.3 1/cm. A laser line that moved between silicon and polystyrene would explain it; the files do not tell.
    """
    _, polystyrene = calibrated(raman)
    curves = stages.get("raman.reference")(polystyrene, material="polystyrene").curves
    narrow = np.isin(curves["line_true_per_cm"].values, [620.9, 795.8, 1001.4, 1031.8, 1602.3])
    assert narrow.sum() == 5
    off = (curves["line_shown_per_cm"].values - curves["line_true_per_cm"].values)[narrow]
    assert off.std() < 0.5
    assert off.mean() == pytest.approx(-1.3, abs=0.3)


def test_polystyrene_after_neon_sets_the_offset(raman: Path) -> None:
    """Neon for the shape and polystyrene for what moved since: its narrow lines then lie within 0.5 1/cm (rms)."""
    calibrate = stages.get("raman.calibrate")
    lamp, plastic = (af.read(raman / f, laser_m="785 nm") for f in (NEON, POLYSTYRENE))
    plastic = calibrate(plastic, lamp, material="neon")
    plastic = calibrate(plastic, plastic, material="polystyrene")
    curves = stages.get("raman.reference")(plastic, material="polystyrene").curves
    narrow = np.isin(curves["line_true_per_cm"].values, [620.9, 795.8, 1001.4, 1031.8])
    off = (curves["line_shown_per_cm"].values - curves["line_true_per_cm"].values)[narrow]
    assert narrow.sum() == 4
    assert np.sqrt(np.mean(off**2)) < 0.5
    assert plastic.meta["shift_error_per_cm"] < 1.5


def test_uncalibrated_lines_agree_with_the_fits_of_others(raman: Path) -> None:
    curves = stages.get("raman.reference")(af.read(raman / POLYSTYRENE), material="polystyrene").curves
    found = dict(zip(curves["line_true_per_cm"].values, curves["line_shown_per_cm"].values, strict=True))
    for true, shown in {620.9: 622.11, 795.8: 795.75, 1001.4: 1002.24, 1031.8: 1032.77, 1602.3: 1604.64}.items():
        assert found[true] == pytest.approx(shown, abs=0.8)


def test_wrong_reference_is_refused(raman: Path) -> None:
    with pytest.raises(DataError, match="shows none of the"):
        stages.get("raman.reference")(af.read(raman / "labspec_raman_example.txt"), material="polystyrene", reach_per_cm=1)
