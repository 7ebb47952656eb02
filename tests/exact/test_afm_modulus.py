"""Moduli from force curves: exact curves give exact moduli, distortions are told, and what has no unit gets no Pa."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from anodefree.analysis.afm.curve_parts import prepared
from anodefree.analysis.afm.modulus import modulus
from anodefree.core.measurement import Measurement
from anodefree.core.result import Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError, DataError
from anodefree.physics import contact
from anodefree.simulation.instruments.force_spectroscopy import force

QUIET: dict[str, Any] = dict.fromkeys(
    ("modulus_spread", "virtual_deflection", "interference_m", "drift_m", "hysteresis_m", "spring_error", "radius_error"), 0.0
) | {"sensitivity_error": 0.0, "noise_m": 1e-12, "columns": 1, "rows": 1}
TIP = {"tip_radius_m": Uncertain(2e-8, 4e-9), "poisson": Uncertain(0.3)}


def analysed(**given: Any) -> Result:
    return modulus(force(**{**QUIET, **given}), **TIP)


@pytest.mark.parametrize(("young", "load"), [(1e8, 1e-7), (5e9, 3e-7), (2.88e10, 3e-6)])
def test_a_clean_dmt_curve_gives_its_modulus(young: float, load: float) -> None:
    found = analysed(modulus_Pa=(young,), adhesion_N=(3e-8,), load_N=load)
    assert found["E_dmt"] == pytest.approx(young, rel=0.01)
    assert found["adhesion"] == pytest.approx(3e-8, rel=0.15)


def test_without_adhesion_all_ways_agree() -> None:
    found = analysed(modulus_Pa=(1e9,), adhesion_N=(0.0,), load_N=5e-8)
    assert found["E_hertz"] == pytest.approx(1e9, rel=0.01)
    assert found["E_dmt"] == pytest.approx(1e9, rel=0.01)
    assert found["adhesion"] == 0


def test_the_error_holds_lever_radius_and_sensitivity() -> None:
    """On a soft sample: k 10 %, R 20 % to the half, and about 3 % from the sensitivity."""
    found = analysed(modulus_Pa=(1e7,), adhesion_N=(1e-8,), spring_N_m=2.0, load_N=1e-8)
    e = found.estimates["E_dmt"]
    assert e.std / e.value == pytest.approx(math.sqrt(0.1**2 + 0.1**2 + 0.05**2), rel=0.2)
    assert e.low is not None
    assert e.high is not None
    assert e.low < e.value < e.high


def test_a_wrong_sensitivity_is_what_the_response_says() -> None:
    curves = force(**{**QUIET, "modulus_Pa": (5e9,), "adhesion_N": (3e-8,)})
    arrays = {str(n): curves[str(n)] * (1.005 if "deflection" in str(n) else 1.0) for n in curves.data.data_vars}
    off = Measurement.of(curves.kind, arrays, curves.meta)
    only = {**TIP, "tip_radius_m": Uncertain(2e-8), "spring_error": 0.0, "sensitivity_error": 0.005}
    here, there = modulus(curves, **only), modulus(off, **only)
    assert there["E_dmt"] - here["E_dmt"] == pytest.approx(here.estimates["E_dmt"].std, rel=0.25)


def test_a_shallow_dent_by_a_soft_lever_is_flagged() -> None:
    """28.8 GPa, 40 N/m and 100 nN: the tip dents the sample by less than a nanometre while the lever bends by 2.5."""
    checks = {c.name: c.status for c in analysed(modulus_Pa=(2.88e10,), adhesion_N=(1e-8,), load_N=1e-7).checks}
    assert checks["deformation"] == "fail"


def test_cone_and_sphere_give_their_own_moduli() -> None:
    """F = C δ² of a cone of 30° on 10 MPa, drawn by the lever's balance."""
    c, k = float(contact.reduced(1e7, 0.3, 1.69e11, 0.27)) * contact.cone(math.pi / 6), 2.0
    z = np.linspace(5e-7, -2e-7, 600)
    bend = -z - contact.dmt_balance_m(-z, k, c, 2.0, 0.0)
    d = np.where(z < 0, bend, 0.0) + 1e-13 * np.random.default_rng(1).normal(size=600)
    arrays = {"approach_height_m": z[None], "approach_deflection_m": d[None]}
    meta = {"spring_constant_N_m": k, "force_unit_known": True}
    found = modulus(Measurement.of(force(**QUIET).kind, arrays, meta), **TIP)
    assert found["E_cone"] == pytest.approx(1e7, rel=2e-3)
    assert found["E_pyramid"] == pytest.approx(1e7 * contact.cone(math.pi / 6) / contact.pyramid(math.pi / 9), rel=2e-3)


def _bare(meta: dict[str, Any], what: str = "signal") -> Measurement:
    curves = force(**QUIET)
    names = {str(n): str(n).replace("deflection_m", what) for n in curves.data.data_vars}
    scale = 1 / 5e-8 if what == "signal" else 1.0
    arrays = {new: curves[old] * (scale if new != old else 1.0) for old, new in names.items()}
    return Measurement.of(curves.kind, arrays, {"force_unit_known": False, **meta})


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        ({"signal_unit": "Arb", "spring_constant_N_m": 40.0, "sensitivity_m_V": 5e-8}, "would be an invention"),
        ({"signal_unit": "V", "spring_constant_N_m": 40.0}, "would be an invention"),
        ({"signal_unit": "V", "sensitivity_m_V": 5e-8}, "no spring constant"),
    ],
)
def test_no_pascal_without_a_unit(meta: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        modulus(_bare(meta), **TIP)


def test_volts_with_a_given_sensitivity_are_forces() -> None:
    meta = {"signal_unit": "V", "spring_constant_N_m": 40.0, "sensitivity_m_V": 5e-8}
    assert modulus(_bare(meta), **TIP)["E_dmt"] == pytest.approx(modulus(force(**QUIET), **TIP)["E_dmt"], rel=1e-6)


def test_curves_that_fail_are_counted() -> None:
    curves = force(**{**QUIET, "columns": 5, "rows": 2, "noise_m": 3e-11}, seed=3)
    arrays = {str(n): curves[str(n)].copy() for n in curves.data.data_vars}
    for way in ("approach", "retract"):
        arrays[f"{way}_deflection_m"][:3] = 3e-11 * np.random.default_rng(0).normal(size=(3, 512))
    found = modulus(Measurement.of(curves.kind, arrays, curves.meta), **TIP)
    assert found["failed"] == 3
    assert found["curves"] == 7
    assert {c.name: c.status for c in found.checks}["curves"] == "warn"
    assert np.isnan(found.curves["E_dmt_Pa"].values[:3]).all()


def test_nothing_but_noise_is_one_clear_error(rng: np.random.Generator) -> None:
    z = np.linspace(1e-6, 0, 100)
    arrays = {"approach_height_m": z[None], "approach_deflection_m": 1e-11 * rng.normal(size=(1, 100))}
    noise = Measurement.of(force(**QUIET).kind, arrays, {"spring_constant_N_m": 1.0, "force_unit_known": True})
    with pytest.raises(DataError, match="no curve has a baseline and a contact"):
        modulus(noise, **TIP)


def test_a_curve_in_either_order_is_the_same() -> None:
    curves = force(**QUIET)
    z, d = curves["approach_height_m"][0], curves["approach_deflection_m"][0]
    one, two = prepared(z, d, adhesive=False), prepared(z[::-1], d[::-1], adhesive=False)
    assert one is not None
    assert two is not None
    assert (one.height_nm == two.height_nm).all()


def test_the_virtual_lever_refuses_lists_of_another_length() -> None:
    with pytest.raises(ConfigError, match="2 values for 4 curves"):
        force(modulus_Pa=(1e9, 2e9), columns=2, rows=2)
