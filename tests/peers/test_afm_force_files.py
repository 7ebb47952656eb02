"""Real force files: values of their headers, of the makers' programs and of nanite 4.2.3."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anodefree as af
from anodefree.analysis.afm.modulus import modulus
from anodefree.core.result import Result
from anodefree.core.uncertain import Uncertain

SPOT, MAP = "fmt-jpk-fd_spot3-0192.jpk-force", "fmt-jpk-fd_map2x2_extracted.jpk-force-map"
QI = "fmt-jpk-fd_qi-data-2021.04.13.jpk-qi-series"


def analysed(shared: Path, name: str, radius_m: float) -> Result:
    return modulus(af.read(shared / "afm" / name), tip_radius_m=Uncertain(radius_m), poisson=Uncertain(0.5))


def test_jpk_curve_against_jpks_own_software(shared: Path) -> None:
    curve = af.read(shared / "afm" / SPOT)
    assert curve.meta["spring_constant_N_m"] == pytest.approx(0.04349, rel=1e-3)
    assert curve["approach_height_m"].shape == curve["retract_height_m"].shape == (1, 2000)
    found = analysed(shared, SPOT, 40e-9)
    assert found["E_hertz"] == pytest.approx(233.1e3, rel=0.02)
    # JPK kept the contact point of another fit for these two.
    assert found["E_cone"] == pytest.approx(348.6e3, rel=0.08)
    assert found["E_pyramid"] == pytest.approx(396.1e3, rel=0.08)
    ball = analysed(shared, SPOT, 10e-6)
    assert ball["E_sphere"] == pytest.approx(14.94e3, rel=0.02)
    assert ball["E_sphere"] == pytest.approx(14.767e3, rel=0.01)
    assert ball["E_hertz"] == pytest.approx(14.742e3, rel=0.01)


def test_jpk_map_against_nanite(shared: Path) -> None:
    curves = af.read(shared / "afm" / MAP)
    assert len(curves) == 4
    assert curves["x_m"][0] == pytest.approx(3.197265625e-5)
    assert np.isfinite(curves["approach_height_m"]).sum(axis=1).tolist() == [12030, 12030, 1627, 4141]
    found = analysed(shared, MAP, 5e-6)
    assert found.curves["E_hertz_Pa"].values[:2] == pytest.approx([2353.5, 6709.6], rel=0.03)


def test_jpk_quantitative_image_with_a_stiff_lever(shared: Path) -> None:
    curve = af.read(shared / "afm" / QI)
    k = curve.meta["spring_constant_N_m"]
    assert k == pytest.approx(35.03, rel=1e-3)
    into, out = k * curve["approach_deflection_m"][0], k * curve["retract_deflection_m"][0]
    assert into.max() - np.median(into[:200]) == pytest.approx(1.0e-6, rel=0.02)
    assert out.min() - np.median(out[-500:]) == pytest.approx(-9.6e-9, rel=0.1)
    assert analysed(shared, QI, 20e-9)["E_hertz"] == pytest.approx(45.92e6, rel=0.02)


def test_bruker_single_curve(shared: Path) -> None:
    curve = af.read(shared / "afm" / "20200904_Egel4-Z1.0_00025.spm")
    assert curve.meta["spring_constant_N_m"] == 0.1332
    assert curve.meta["sensitivity_m_V"] == pytest.approx(27.39e-9)
    assert curve["approach_height_m"].shape == curve["retract_height_m"].shape == (1, 1024)
    volts = curve["approach_deflection_m"][0] / 27.39e-9
    assert volts[-1] - np.median(volts[:200]) == pytest.approx(1.2, abs=0.05)  # the trigger of its header
    assert curve["approach_height_m"][0, 0] == pytest.approx(227.2211 * 13.203e-9, rel=2e-3)


def test_bruker_force_volume(shared: Path) -> None:
    """Its integers carry eight bits of fraction: only so do the curves turn back at the trigger that the header states."""
    curves = af.read(shared / "afm" / "20200903_Egel2.0_00023.spm")
    assert len(curves) == 256
    volts = curves["approach_deflection_m"] / 27.39e-9
    trigger = volts.max(axis=1) - np.median(volts[:, :200], axis=1)
    assert np.median(trigger) == pytest.approx(1.2, abs=0.02)
    assert trigger == pytest.approx(1.2, abs=0.12)
    assert np.unique(np.round(curves["x_m"], 12)).size == np.unique(np.round(curves["y_m"], 12)).size == 16
    assert np.ptp(curves["x_m"]) == pytest.approx(2e-6 * 15 / 16)
    found = analysed(shared, "20200903_Egel2.0_00023.spm", 20e-9)
    assert found["curves"] + found["failed"] == 256
    assert found["curves"] > 240


def test_asylum_curve(shared: Path) -> None:
    curve = af.read(shared / "afm" / "fmt-igor-fd_SiN_FD_plot.ibw")
    assert curve.meta["spring_constant_N_m"] == pytest.approx(1.1841)
    assert curve.meta["sensitivity_m_V"] == pytest.approx(44.99e-9)
    assert curve["approach_height_m"].shape == (1, 1008)
    assert curve["approach_height_m"][0, 0] > curve["approach_height_m"][0, -1]  # towards the surface
    assert curve["retract_deflection_m"].min() < curve["approach_deflection_m"].min() - 5e-9  # it sticks on the way out
