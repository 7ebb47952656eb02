"""Activation energies of a solid electrolyte at seven temperatures against the report published with the spectra."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import anodefree as af
from anodefree.analysis.eis.arrhenius import arrhenius
from anodefree.core.constants import GAS_J_MOL_K
from anodefree.core.measurement import Measurement, join

EV_J_MOL = 96485.33212
CELSIUS = range(140, 201, 10)
THEIR_K = tuple(273.0 + t for t in CELSIUS)  # the reference analysis rounds the zero of the Celsius scale
CIRCUIT = "p(R1,Q1)-p(R2,Q2)-Q3"


@pytest.fixture
def electrolyte(shared: Path) -> Measurement:
    """The spectra."""
    return join([af.read(shared / "eis" / "EISFitpython" / f"s04147-{t}deg.txt") for t in CELSIUS])


def reported(shared: Path, name: str) -> dict[str, tuple[float, float]]:
    """Ea and its error [eV] of bulk and grain boundary."""
    text = (shared / "eis" / "EISFitpython" / name).read_text(encoding="utf-8")
    found = re.findall(r"^(Bulk|Gb) Analysis:.*?\(EA\): (\S+) ± (\S+) eV", text, flags=re.MULTILINE | re.DOTALL)
    return {part: (float(energy), float(error)) for part, energy, error in found}


def agree(ours: af.Estimate, theirs: tuple[float, float]) -> None:
    """Each value lies in the other's interval of 95 %, and both within their errors together."""
    value, std = theirs
    apart = abs(ours.value / EV_J_MOL - value)
    assert ours.low < value * EV_J_MOL < ours.high
    assert apart < np.hypot(ours.std / EV_J_MOL, std)


@pytest.mark.parametrize(("resistance", "part"), [("R1", "Bulk"), ("R2", "Gb")])
@pytest.mark.parametrize("temperature_std_K", [0.5, 0.0])
def test_both_routes_agree_with_the_published_report(electrolyte, shared, resistance, part, temperature_std_K):
    theirs = reported(shared, "REF_Arrhenius_Analysis_Report.txt")
    assert theirs["Bulk"] == (0.5869, 0.0163)
    result = arrhenius(
        electrolyte,
        circuit=CIRCUIT,
        resistance=resistance,
        temperatures_K=THEIR_K,
        temperature_std_K=temperature_std_K,
        temperature_offset_std_K=temperature_std_K,
    )
    both, two_step = result.estimates["Ea"], result.estimates["Ea_two_step"]
    agree(both, theirs[part])
    agree(two_step, theirs[part])
    assert both.high - both.low < two_step.high - two_step.low
    # Theirs is an unweighted line through ln(sigma T): through our resistances it is the same to the last digit they print.
    t = result.curves["temperature_K"].values
    slope = np.polyfit(1 / t, result.curves["ln_conductance"].values, 1)[0]
    assert -slope * GAS_J_MOL_K / EV_J_MOL == pytest.approx(theirs[part][0], abs=6e-5)
    status = {c.name: c.status for c in result.checks}
    assert {status[n] for n in ("joint fit", "routes", "ties")} == {"pass"}


@pytest.mark.parametrize(("resistance", "part"), [("R1", "Bulk"), ("R2", "Gb")])
def test_shared_parameters_agree_with_the_published_global_fit(electrolyte, shared, resistance, part):
    # Their global fit holds Q1 and n1 the same at all temperatures; everything else is free at each.
    result = arrhenius(
        electrolyte,
        circuit=CIRCUIT,
        resistance=resistance,
        temperatures_K=THEIR_K,
        shared=("Q1", "n1"),
        independent=tuple(n for n in ("R1", "R2", "Q2", "n2", "Q3", "n3") if n != resistance),
    )
    agree(result.estimates["Ea"], reported(shared, "REF4_Arrhenius_Analysis_Report.txt")[part])


def test_sharing_what_changes_is_noticed(electrolyte):
    wrong = arrhenius(electrolyte, circuit=CIRCUIT, temperatures_K=THEIR_K, shared=("n1", "n2"))
    status = {c.name: c.status for c in wrong.checks}
    assert status["ties"] == "warn"
    assert status["routes"] == "warn"


def test_temperatures_are_taken_from_the_files(electrolyte):
    result = arrhenius(electrolyte, circuit=CIRCUIT, resistance="R2")
    assert result.curves["temperature_K"].values.tolist() == pytest.approx([273.15 + t for t in CELSIUS])
    assert result["Ea_two_step"] / EV_J_MOL == pytest.approx(0.8919, abs=0.0025)


def test_the_other_form_is_smaller_by_rt(electrolyte):
    with_t, without = (
        arrhenius(electrolyte, circuit=CIRCUIT, resistance="R2", temperatures_K=THEIR_K, with_temperature_factor=f)
        for f in (True, False)
    )
    expected = GAS_J_MOL_K * np.mean(THEIR_K)  # 3.7 kJ/mol here
    assert with_t["Ea"] - without["Ea"] == pytest.approx(expected, rel=0.02)
    assert with_t["Ea_two_step"] - without["Ea_two_step"] == pytest.approx(expected, rel=0.02)
