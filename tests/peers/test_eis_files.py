"""Real spectra against what other packages published or compute for them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import anodefree as af
from anodefree.analysis.eis.fit import fit_circuit, fit_series, fit_stage
from anodefree.analysis.eis.propose import propose
from anodefree.core.measurement import Measurement, join
from anodefree.numerics.fitting import fit
from anodefree.physics.circuits import read_circuit

CELSIUS = range(140, 201, 10)


@pytest.fixture
def electrolyte(shared: Path) -> Measurement:
    """A solid electrolyte at seven temperatures."""
    return join([af.read(shared / "eis" / "EISFitpython" / f"s04147-{t}deg.txt") for t in CELSIUS])


def reported(shared: Path) -> tuple[np.ndarray, np.ndarray]:
    """(temperature, parameter, value and error) of the reference report's R1 Q1 n1 R2 Q2 n2 Q3 n3, and chi2_reduced."""
    text = (shared / "eis" / "EISFitpython" / "REF_Batch_EISfit_Report.txt").read_text(encoding="utf-8")
    rows = re.findall(r"^[RQn]\d =\s+(\S+)\s+(\S+)\s+\S+$", text, flags=re.MULTILINE)
    chi2 = re.findall(r"^Reduced Chi-squared: (\S+)$", text, flags=re.MULTILINE)
    return np.array(rows, dtype=float).reshape(7, 8, 2), np.array(chi2, dtype=float)


def points(spectrum: Measurement) -> tuple[np.ndarray, np.ndarray]:
    """Frequency and complex impedance of a single spectrum."""
    return spectrum["frequency_Hz"][0], spectrum["Z_re_ohm"][0] + 1j * spectrum["Z_im_ohm"][0]


def test_seven_temperatures_agree_with_the_published_report(electrolyte, shared):
    result = fit_stage(electrolyte, circuit="p(R1,Q1)-p(R2,Q2)-Q3")
    theirs, chi2 = reported(shared)
    for k, name in enumerate(("R1", "Q1", "n1", "R2", "Q2", "n2", "Q3", "n3")):
        unit = "_ohm" if name[0] == "R" else ""
        np.testing.assert_allclose(result.curves[name + unit].values, theirs[:, k, 0], rtol=1e-3, err_msg=name)
        np.testing.assert_allclose(result.curves[f"{name}_std{unit}"].values, theirs[:, k, 1], rtol=2e-3, err_msg=name)
    np.testing.assert_allclose(result.curves["chi2_reduced"].values, chi2, rtol=1e-5)
    assert {c.name: c.status for c in result.checks}["converged"] == "pass"


def test_correlations_agree_with_the_published_report(electrolyte, shared):
    correlation = fit_stage(electrolyte, circuit="p(R1,Q1)-p(R2,Q2)-Q3").curves["correlation"].values
    text = (shared / "eis" / "EISFitpython" / "REF_Batch_EISfit_Report.txt").read_text(encoding="utf-8")
    rows = re.findall(r"^[RQn]\d : ((?: *-?\d\.\d+)+) *$", text, flags=re.MULTILINE)
    assert len(rows) == 7 * 8
    for k, row in enumerate(rows):
        theirs = [float(v) for v in row.split()]
        np.testing.assert_allclose(correlation[k // 8, k % 8, : len(theirs)], theirs, atol=2.5e-3)


def test_one_fit_to_all_temperatures_agrees_with_the_published_report(electrolyte, shared):
    """Q1 and n1 shared by all seven, everything else by temperature: 44 parameters at once."""
    text = (shared / "eis" / "EISFitpython" / "REF_Single-chi_Report.txt").read_text(encoding="utf-8")
    rows = re.findall(r"^ *([RQn]\d)(?:_(\d+)°C)? = +(\S+) +(\S+) +\S+ *$", text, flags=re.MULTILINE)
    theirs = {(name, t): (float(value), float(error)) for name, t, value, error in rows}
    circuit = read_circuit("p(R1,Q1)-p(R2,Q2)-Q3")
    fits = fit_series(electrolyte, circuit)
    shared_names = ("Q1", "n1")
    names = [(n, str(t)) for n in circuit.names if n not in shared_names for t in CELSIUS] + [(n, "") for n in shared_names]
    place = [[names.index((n, "" if n in shared_names else str(t))) for n in circuit.names] for t in CELSIUS]

    def model(stack: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        residuals, slopes = [], []
        for f, at in zip(fits, place, strict=True):
            z, d = circuit.derivatives(2 * np.pi * f.frequency_Hz, stack[:, at])
            r, weighted = (z - f.z_ohm) / np.abs(f.z_ohm), np.zeros((*z.shape, len(names)), dtype=complex)
            weighted[..., at] = d / np.abs(f.z_ohm)[:, None]
            residuals += [r.real, r.imag]
            slopes += [weighted.real, weighted.imag]
        return np.concatenate(residuals, axis=1), np.concatenate(slopes, axis=1)

    start = np.empty(len(names))
    for f, at in zip(fits, place, strict=True):
        start[at] = f.fit.values
    is_log = np.array([n[0] != "n" for n, _ in names])
    low, high = np.where(is_log, 1e-14, 0.1), np.where(is_log, 1e9, 1.0)
    found = fit(model, start[None], low, high, is_log)
    assert (found.converged, found.dof) == (True, 534)
    assert found.chi2 == pytest.approx(2.332765e-2, rel=1e-5)
    values, errors = zip(*(theirs[n] for n in names), strict=True)
    np.testing.assert_allclose(found.values, values, rtol=1e-3)
    np.testing.assert_allclose(found.std, errors, rtol=2e-3)


@pytest.mark.parametrize(
    ("weighting", "theirs", "sum_of_squares"),
    [
        # impedance.py 1.7.1 on the points with Z'' < 0, from the start that its documentation gives.
        (
            "unit",
            [1.65187261e-2, 8.67655045e-3, 3.32142566, 5.38996282e-3, 6.30927432e-2, 232.520433, 0.219541828],
            1.9430171668e-5,
        ),
        (
            "modulus",
            [1.63985830e-2, 9.05622068e-3, 3.06043081, 5.28667998e-3, 0.144868594, 1320.12800, 0.201513702],
            2.0021602910e-2,
        ),
    ],
)
def test_battery_spectrum_is_fitted_at_least_as_well_as_by_impedance_py(shared, weighting, theirs, sum_of_squares):
    f, z = points(af.read(shared / "eis" / "impedance_py" / "exampleData.csv"))
    f, z = f[z.imag < 0], z[z.imag < 0]
    circuit = read_circuit("R0-p(R1,C1)-p(R2-Wo1,C2)")
    weight = np.abs(z) if weighting == "modulus" else 1.0
    # The same circuit: at their parameters we find their sum of squares.
    at_theirs = np.sum(np.abs((circuit.impedance(2 * np.pi * f, np.array(theirs)) - z) / weight) ** 2)
    assert at_theirs == pytest.approx(sum_of_squares, rel=1e-6)
    ours = fit_circuit(circuit, f, z, weighting=weighting)
    assert ours.fit.converged
    found = np.sum(np.abs((ours.model_ohm - ours.z_ohm) / (np.abs(ours.z_ohm) if weighting == "modulus" else 1.0)) ** 2)
    assert found < 0.95 * sum_of_squares
    # The lowest of many minima, some of which are within two thousandths of each other.
    assert found == pytest.approx(1.403138e-5 if weighting == "unit" else 1.838793e-2, rel=1e-5)


def test_dummy_cell(shared):
    f, z = points(af.read(shared / "eis" / "impedance_py" / "Circuit1_EIS_1.z"))
    found = fit_circuit(read_circuit("R0-p(R1,C1)"), f, z)
    assert found.fit.agreeing > 0.5
    assert np.sqrt(found.fit.chi2_reduced) < 0.01
    assert {n: round(v, 8) for n, v in found.values.items()} == pytest.approx({"R0": 29.1, "R1": 46.7, "C1": 1.04e-5}, rel=0.01)


def test_the_circuit_behind_a_simulated_file_is_proposed(shared):
    """pyimpspec's example is R(RC)(RW), the same as R0-p(R1,C1)-p(R2,Q2) with n2 = 1/2."""
    result = propose(af.read(shared / "eis" / "pyimpspec" / "data.z"))
    assert result.curves["candidate_circuit"].values[0] == "R0-p(R1,C1)-p(R2,Q2)"
    assert result["n2"] == pytest.approx(0.5, abs=1e-4)
    assert result["weight"] > 0.99
    assert {c.status for c in result.checks} == {"pass"}
