"""Relaxation times of public files against what their authors know or computed of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anodefree as af
from anodefree.analysis.drt.distribution import distribution
from anodefree.analysis.drt.peaks import segments
from anodefree.core.measurement import Measurement
from anodefree.kinds.impedance import IMPEDANCE


def measurement(f: np.ndarray, z: np.ndarray) -> Measurement:
    return Measurement.of(IMPEDANCE, {"frequency_Hz": f[None], "Z_re_ohm": z.real[None], "Z_im_ohm": z.imag[None]}, {})


def drttools(path: Path) -> Measurement:
    """Three columns without a head: f, Z', Z''."""
    table = np.loadtxt(path, delimiter="," if path.suffix == ".csv" else None)
    return measurement(table[:, 0], table[:, 1] + 1j * table[:, 2])


def pydrttools(path: Path) -> tuple[np.ndarray, np.ndarray]:
    table = np.loadtxt(path, delimiter=",", skiprows=1)[::-1]
    return table[:, 1], table[:, 2] + 1j * table[:, 3]


@pytest.mark.parametrize(
    ("data", "reference"),
    [
        ("1ZARC.csv", "1ZARC_DRT-RR.csv"),
        ("2ZARC0.csv", "2ZARC_DRT-RR_0.csv"),
        ("2ZARC1.csv", "2ZARC_DRT-RR_1.csv"),
        ("2ZARC3.csv", "2ZARC_DRT-RR_3.csv"),
    ],
)
def test_curve_of_pydrttools_ridge_regression(shared: Path, data: str, reference: str) -> None:
    """Theirs lists the weights of radial functions at tau from 1e-6 to 1e2 s: the curve but for its scale."""
    f, z = pydrttools(shared / "eis" / "pyDRTtools" / data)
    theirs = np.loadtxt(shared / "eis" / "pyDRTtools" / reference, skiprows=1)
    log_tau = np.sort(np.log(1 / f))
    found = distribution(f, z, model="tikhonov")
    ours = np.interp(log_tau, found.log_tau, found.gamma_ohm)
    assert np.corrcoef(ours, theirs)[0, 1] > 0.98
    tops = log_tau[segments(ours).top]
    for top in log_tau[[k for k in segments(theirs).top if theirs[k] > 0.15 * theirs.max()]]:  # the rest is their noise
        assert np.abs(tops - top).min() < 0.4


@pytest.mark.parametrize(("data", "second"), [("2ZARC0.csv", 10), ("2ZARC1.csv", 20), ("2ZARC3.csv", 50)])
def test_two_zarc_of_pydrttools(shared: Path, data: str, second: float) -> None:
    """50 ohm at 1e-4 s beside another at 0.1 s."""
    result = af.spectrum(measurement(*pydrttools(shared / "eis" / "pyDRTtools" / data)))
    assert result["n_peaks"] == 2
    for name, true in (("R1", 50.0), ("R2", second), ("R_pol", 50.0 + second)):
        estimate = result.estimates[name]
        assert abs(estimate.value - true) < 4 * estimate.std, (name, str(estimate))
    assert result["tau1"] == pytest.approx(1e-4, rel=0.1)
    assert result["tau2"] == pytest.approx(0.1, rel=0.3)


def test_one_zarc_of_pydrttools(shared: Path) -> None:
    result = af.spectrum(measurement(*pydrttools(shared / "eis" / "pyDRTtools" / "1ZARC.csv")))
    assert result["n_peaks"] == 1
    assert result["R_pol"] == pytest.approx(50, rel=0.02)
    assert result["tau1"] == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize("name", ["data_ZARC.csv", "negami_data.txt"])
def test_synthetic_spectra_of_drttools(shared: Path, name: str) -> None:
    """50 ohm behind 10 ohm in one process; one is skewed."""
    result = af.spectrum(drttools(shared / "eis" / "DRTtools" / name))
    assert result["n_peaks"] == 1
    assert result["R_inf"] == pytest.approx(10, rel=0.03)
    assert result["R_pol"] == pytest.approx(50, rel=0.03)


@pytest.mark.parametrize("name", ["LIB_data.txt", "LIB_data_2.txt", "data_LIB.csv"])
def test_lithium_ion_cells_of_drttools(shared: Path, name: str) -> None:
    """An inductive start, a few arcs of 10 to 100 mohm, and a diffusion tail that wants a series capacitance."""
    found = af.spectrum(drttools(shared / "eis" / "DRTtools" / name), capacitance=True)
    assert 1e-8 < found["L"] < 1e-5
    assert 0.05 < found["R_inf"] < 0.15
    assert 2 <= found["n_peaks"] <= 8
    residual = np.hypot(found.curves["residual_re"], found.curves["residual_im"])
    assert float(np.sqrt(np.mean(residual**2))) < 0.01
