"""Kramers-Kronig tests: ours against impedance.py's linKK and pyimpspec's, on the same spectra in one process.

    python benchmarks/bench_kramers_kronig.py [spectra]

Prints time per spectrum and how many are flagged: of clean spectra (false alarms), and of spectra whose polarisation grows by
2, 5 or 10 % during the sweep. The peers give residuals and leave the verdict to the eye, so the usual rule is applied to them:
a spectrum fails where a residual exceeds 1 % of |Z|, or, second figure, three times the noise that was put in, a rule that
needs to know the noise.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable

import numpy as np

from anodefree.numerics.consistency import consistency, sweep_fraction
from anodefree.physics.circuits import read_circuit

F = np.geomspace(1e5, 0.1, 61)


def made(growth: float, noise: float, count: int, rng: np.random.Generator) -> np.ndarray:
    """Noisy spectra of an arc and diffusion whose polarisation grows during the sweep."""
    z = read_circuit("R0-p(R1,Q1)-W2").impedance(2 * np.pi * F, np.array([4, 45.7, 2e-5, 0.85, 3.0]))
    z = 4 + (z - 4) * (1 + growth * sweep_fraction(F[None])[0])
    return z + noise * np.abs(z) * (rng.standard_normal((count, 61)) + 1j * rng.standard_normal((count, 61)))


def lin_kk(z: np.ndarray) -> float:
    """The largest residual over |Z| by impedance.py, its defaults (c = 0.85) with a series capacitance."""
    from impedance.models.circuits.elements import circuit_elements
    from impedance.validation import linKK

    circuit_elements["np"] = np  # version 1.7.1 evaluates text that needs it, and stops at ten elements otherwise
    _, _, _, re, im = linKK(F, z, c=0.85, max_M=50, fit_type="complex", add_cap=True)
    return float(max(np.abs(re).max(), np.abs(im).max()))


def pyimpspec_kk(z: np.ndarray) -> float:
    """The largest residual over |Z| by pyimpspec, its defaults in one process."""
    import pyimpspec

    found = pyimpspec.perform_kramers_kronig_test(pyimpspec.DataSet(F, z), num_procs=1)
    _, re, im = found.get_residuals_data()
    return float(max(np.abs(re).max(), np.abs(im).max())) / 100


def main(count: int = 40) -> None:
    """Print one line per tool, noise and drift."""
    warnings.simplefilter("ignore")
    peers: dict[str, tuple[Callable[[np.ndarray], float], int]] = {
        "impedance.py linKK": (lin_kk, count),
        "pyimpspec": (pyimpspec_kk, max(2, count // 20)),
    }
    f = np.repeat(F[None], count, axis=0)
    consistency(f, made(0, 1e-3, count, np.random.default_rng(0)))
    print(f"{'':22}{'noise':>8}{'drift':>7}{'ms':>10}{'flagged':>10}{'3 sigma':>10}{'spectra':>9}")
    for noise in (1e-3, 3e-3, 1e-2):
        for growth in (0.0, 0.02, 0.05, 0.1):
            z = made(growth, noise, count, np.random.default_rng(1))
            begin = time.perf_counter()
            flagged = consistency(f, z).violates
            spent = (time.perf_counter() - begin) / count
            print(f"{'anodefree':22}{noise:8.1%}{growth:7.0%}{1e3 * spent:10.2f}{flagged.mean():10.0%}{'':10}{count:9d}")
            for name, (run, most) in peers.items():
                if name == "pyimpspec" and (noise, growth) not in ((3e-3, 0.0), (3e-3, 0.05)):
                    continue  # seconds each
                begin = time.perf_counter()
                largest = np.array([run(row) for row in z[:most]])
                each = (time.perf_counter() - begin) / most
                rule = f"{np.mean(largest > 0.01):10.0%}{np.mean(largest > 3 * noise):10.0%}"
                print(f"{name:22}{noise:8.1%}{growth:7.0%}{1e3 * each:10.1f}{rule}{most:9d}   {each / spent:.0f}x", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
