"""Verdicts on real spectra, and the classic test's residuals against what another package computes for the same file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anodefree as af
from anodefree.analysis.eis.kramers_kronig import kramers_kronig
from anodefree.analysis.eis.validity import kramers_kronig_checks

PASSES = (
    "DRTtools/LIB_data.txt",
    "DRTtools/data_LIB.csv",
    "DRTtools/negami_data.txt",
    "impedance_py/Circuit1_EIS_1.z",
    "impedance_py/Circuit3_EIS_1.z",
    "pyDRTtools/2ZARC0.csv",  # an error that does not scale with |Z|
    "pyimpspec/data.P00",
)
FAILS = {
    "EISFitpython/s04147-180deg.txt": "grew by",
    "hybrid_drt/PEIS_LPSCl_IonBlocking_-25C.txt": "7 MHz",
    "hybrid_drt/PEIS_LPSCl_IonBlocking_-25C_RelaxIS.txt": "7 MHz",
    "impedance_py/exampleData.csv": "Hz",
    "impedance_py/exampleDataGamry.DTA": "during the sweep|in the sweep",
    "impedance_py/exampleDataParstat.txt": "cable or instrument",
}


@pytest.mark.parametrize("name", PASSES)
def test_sound_files_pass(shared: Path, name: str) -> None:
    (check,) = kramers_kronig_checks(af.read(shared / "eis" / name))
    assert check.status == "pass", check.message


@pytest.mark.parametrize("name", FAILS)
def test_unsound_files_say_why(shared: Path, name: str) -> None:
    (check,) = kramers_kronig_checks(af.read(shared / "eis" / name))
    assert check.status == "warn"
    assert any(word in check.message for word in FAILS[name].split("|")), check.message


def test_the_classic_test_agrees_with_impedance_py(shared: Path) -> None:
    """impedance.py 1.7.1, linKK(c=0.5, max_M=100, fit_type="complex", add_cap=True), where Z'' < 0: 27 elements."""
    from anodefree.numerics.kramers_kronig import counted_model

    spectrum = af.read(shared / "eis" / "impedance_py" / "exampleData.csv")
    f, z = spectrum["frequency_Hz"][0], spectrum["Z_re_ohm"][0] + 1j * spectrum["Z_im_ohm"][0]
    f, z = f[z.imag < 0], z[z.imag < 0]
    found = counted_model(f, z, 27)
    assert found.chi2 == pytest.approx(1.4068068837e-4, rel=1e-6)
    assert found.mu == pytest.approx(0.3197979, abs=1e-4)
    relative = (z - found.model_ohm) / np.abs(z)
    assert np.abs(relative.real).max() == pytest.approx(2.96785e-3, rel=1e-4)
    assert np.abs(relative.imag).max() == pytest.approx(3.55974e-3, rel=1e-4)


def test_a_real_file_runs_through_the_stage(shared: Path) -> None:
    result = kramers_kronig(af.read(shared / "eis" / "DRTtools" / "LIB_data.txt"))
    assert result["noise"] < 1e-3
    assert all(c.status == "pass" for c in result.checks if c.name == "kramers_kronig")
