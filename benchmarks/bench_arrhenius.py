"""Activation energies of virtual experiments: all spectra at once, in two steps, and impedance.py with a straight line.

    python benchmarks/bench_arrhenius.py [experiments] [experiments for the peer]

Seven temperatures from 30 to 60 degC, 61 frequencies, noise of 1 % of |Z|; every temperature is read wrong by its own error
and by one that all share. Printed for each route: the root mean square error of Ea, the median half-widths of value +- std and
of the 68 and 95 % intervals by Student's t, how many hold the truth, and the time for one experiment. The peer fits each
spectrum with modulus weights from the true values (it needs a guess), then polyfit gives the line and its standard error.
"""

from __future__ import annotations

import sys
import time
import warnings
from dataclasses import dataclass, field

import numpy as np
from scipy.special import stdtrit

from anodefree.analysis.eis.activation import activation
from anodefree.analysis.eis.fit import CircuitFit, fit_series
from anodefree.analysis.eis.joint import Spectra
from anodefree.analysis.eis.joint_activation import Thermometry, Tie, joint_activation
from anodefree.core.constants import GAS_J_MOL_K
from anodefree.core.measurement import Measurement
from anodefree.kinds.impedance import IMPEDANCE
from anodefree.physics.arrhenius import activated_resistance_ohm
from anodefree.physics.circuits import read_circuit

TRUE_K = 303.15 + 5.0 * np.arange(7)
FREQUENCY_HZ = np.geomspace(1e5, 0.1, 61)
ONE_ARC = {"R0": 4.0, "R1": 45.7, "Q1": 2e-5, "n1": 0.85, "W2": 3.0}
TWO_ARCS = {"R0": 4.0, "R1": 45.7, "Q1": 2e-5, "n1": 0.85, "R2": 30.0, "Q2": 4e-4, "n2": 0.8, "W3": 3.0}


@dataclass(frozen=True)
class Case:
    """A kind of experiment."""

    title: str
    circuit: str
    values: dict[str, float]
    energy_J_mol: float
    each_std_K: float = 0.5
    offset_std_K: float = 0.5
    scatter: float = 0.0
    """How far ln R1 lies off its line at each temperature, standard deviation."""
    energies_J_mol: dict[str, float] = field(default_factory=dict)
    """Of the circuit's other resistances."""

    def draw(self, rng: np.random.Generator) -> tuple[Measurement, np.ndarray]:
        """The spectra and the true parameters (7, p); the temperatures are as they were read."""
        tree = read_circuit(self.circuit)
        values = np.repeat(tree.vector(self.values)[None], 7, axis=0)
        for name, energy in {"R1": self.energy_J_mol, **self.energies_J_mol}.items():
            values[:, tree.names.index(name)] = activated_resistance_ohm(TRUE_K, self.values[name], 303.15, energy)
        values[:, tree.names.index("R1")] *= np.exp(self.scatter * rng.standard_normal(7))
        z = tree.impedance(2 * np.pi * FREQUENCY_HZ[None], values)
        z = z + 0.01 * np.abs(z) * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape))
        read = TRUE_K + self.each_std_K * rng.standard_normal(7) + self.offset_std_K * rng.standard_normal()
        f = np.repeat(FREQUENCY_HZ[None], 7, axis=0)
        arrays = {"frequency_Hz": f, "Z_re_ohm": z.real, "Z_im_ohm": z.imag, "temperature_K": read}
        return Measurement.of(IMPEDANCE, arrays), values


CASES = (
    Case("as in the study, M-Ni", "R0-p(R1,Q1)-W2", ONE_ARC, 53.7e3),
    Case("as in the study, Ni", "R0-p(R1,Q1)-W2", ONE_ARC | {"R1": 153.0}, 63.6e3),
    Case("as in the study, Cu", "R0-p(R1,Q1)-W2", ONE_ARC | {"R1": 198.0}, 76.0e3),
    Case("temperature to 0.1 K", "R0-p(R1,Q1)-W2", ONE_ARC, 63.6e3, 0.1, 0.1),
    Case("a second arc that overlaps, 0.1 K", "R0-p(R1,Q1)-p(R2,Q2)-W3", TWO_ARCS, 63.6e3, 0.1, 0.1, 0.0, {"R2": 45e3}),
    Case("R off its line by 5 %, 0.1 K", "R0-p(R1,Q1)-W2", ONE_ARC, 63.6e3, 0.1, 0.1, 0.05),
)


def two_step(case: Case, fits: list[CircuitFit], read_K: np.ndarray) -> tuple[float, float, float]:
    """Ea, its standard deviation, degrees of freedom: ours, one spectrum after the other."""
    r_ohm = np.array([f.values["R1"] for f in fits])
    relative = np.array([f.relative_std("R1") for f in fits])
    found = activation(read_K, r_ohm, relative, case.each_std_K, case.offset_std_K, True)
    return found.energy_J_mol, float(np.sqrt(found.covariance[0, 0])), found.line.dof


def all_at_once(case: Case, fits: list[CircuitFit], read_K: np.ndarray) -> tuple[float, float, float]:
    """The same by the joint fit, from the minima of the single spectra."""
    spectra = Spectra.of_fits(fits)
    start = spectra.coordinates(np.array([f.fit.values for f in fits])[:, spectra.free])
    variance = np.array([f.fit.chi2_reduced for f in fits])
    none = np.zeros(len(spectra.names), dtype=bool)
    tie = Tie(spectra.names.index("R1"), none, none)
    thermometry = Thermometry(read_K, case.each_std_K, case.offset_std_K)
    found = joint_activation(spectra, start, variance, thermometry, tie, True)
    return found.energy_J_mol, float(np.sqrt(found.covariance[0, 0])), found.dof


def peer(case: Case, spectra: Measurement, values: np.ndarray) -> tuple[float, float, float]:
    """impedance.py and numpy.polyfit."""
    from impedance.models.circuits import CustomCircuit

    r_ohm = []
    for i in range(7):
        fitted = CustomCircuit(case.circuit.replace("Q", "CPE"), initial_guess=values[i].tolist())
        z = spectra["Z_re_ohm"][i] + 1j * spectra["Z_im_ohm"][i]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted.fit(spectra["frequency_Hz"][i], z, weight_by_modulus=True)
        r_ohm.append(fitted.parameters_[1])
    t = spectra["temperature_K"]
    line, covariance = np.polyfit(1 / t, np.log(t / np.array(r_ohm)), 1, cov=True)
    return -GAS_J_MOL_K * line[0], GAS_J_MOL_K * float(np.sqrt(covariance[0, 0])), 5.0


def row(name: str, truth: float, found: np.ndarray, seconds: list[float]) -> str:
    """One line of the table, kJ/mol."""
    error, std, wide = found[:, 0] - truth, found[:, 1], found[:, 1] * stdtrit(found[:, 2], 0.84134)
    far = found[:, 1] * stdtrit(found[:, 2], 0.975)
    inside = [100 * np.mean(np.abs(error) <= w) for w in (std, wide, far)]
    widths = "".join(f"{np.median(w) / 1e3:9.3f}" for w in (std, wide, far))
    covered = f"{inside[0]:9.0f}{inside[1]:7.0f}{inside[2]:7.0f}"
    rms = np.sqrt(np.mean(error**2)) / 1e3
    return f"  {name:34}{len(found):5d}{rms:9.2f}{widths}{covered}{1e3 * np.median(seconds):12.1f}"


def main(experiments: int = 200, for_peer: int = 10) -> None:
    """Draw the experiments of each case and print a line for each route."""
    head = f"{'':36}{'runs':>5}{'rms':>9}{'std':>9}{'68 %':>9}{'95 %':>9}{'in std':>9}{'in 68':>7}{'in 95':>7}{'ms':>12}"
    print("Ea in kJ/mol: root mean square error, median half-widths, and how many per cent of the intervals hold the truth")
    for number, case in enumerate(CASES):
        print(f"{case.title}: {case.energy_J_mol / 1e3:g} kJ/mol\n{head}")
        rng = np.random.default_rng(2026 + number)
        found: dict[str, list[tuple[float, float, float]]] = {}
        spent: dict[str, list[float]] = {}
        for k in range(experiments):
            spectra, values = case.draw(rng)
            read_K = spectra["temperature_K"]
            begin = time.perf_counter()
            fits = fit_series(spectra, read_circuit(case.circuit))
            fitted = time.perf_counter() - begin
            routes = {"all at once": (all_at_once, fitted), "two steps, York": (two_step, fitted)}
            for name, (route, before) in routes.items():
                begin = time.perf_counter()
                found.setdefault(name, []).append(route(case, fits, read_K))
                spent.setdefault(name, []).append(before + time.perf_counter() - begin)
                spent.setdefault(f"{name}, without the single fits", []).append(spent[name][-1] - before)
            if k < for_peer and number < 3:
                begin = time.perf_counter()
                found.setdefault("impedance.py, numpy.polyfit", []).append(peer(case, spectra, values))
                spent.setdefault("impedance.py, numpy.polyfit", []).append(time.perf_counter() - begin)
        for name, numbers in found.items():
            print(row(name, case.energy_J_mol, np.array(numbers), spent[name]))
        for_one, for_two = (np.median(np.array(found[n])[:, 1] * stdtrit(np.array(found[n])[:, 2], 0.84134)) for n in routes)
        joint_ms = 1e3 * np.median(spent["all at once, without the single fits"])
        print(
            f"  68 % interval, all at once over two steps: {for_one / for_two:.2f}; the joint part takes {joint_ms:.1f} ms",
            end="",
        )
        theirs = spent.get("impedance.py, numpy.polyfit")
        print(f"; peer's time over ours: {np.median(theirs) / np.median(spent['all at once']):.0f}" if theirs else "")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
