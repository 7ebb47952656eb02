"""An in-situ series with a known course: eis.evolution against impedance.py, spectrum after spectrum, in one process.

    python benchmarks/bench_evolution.py [spectra] [for the peer]

Two arcs and a Warburg, noise of 1 % of |Z|, every parameter changing smoothly. Printed: the root mean square relative error of
each parameter (smooth, each spectrum alone by ours, by impedance.py), how many per cent of the 95 % bands hold the truth, and
the times. The peer begins at the true values of the first spectrum and then at its own result of the spectrum before, weighted
with the modulus.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np

from anodefree.analysis.eis.evolution import evolution
from anodefree.core.measurement import Measurement
from anodefree.kinds.impedance import IMPEDANCE
from anodefree.physics.circuits import read_circuit

CIRCUIT = "R0-p(R1,Q1)-p(R2,Q2)-W3"
FREQUENCY_HZ = np.geomspace(1e5, 0.1, 61)


def course(count: int) -> np.ndarray:
    """Parameters (spectrum, p): an interphase grows while the charge transfer becomes faster."""
    u, one = np.linspace(0, 1, count), np.ones(count)
    r1, r2, w3 = 20 * (1 + 1.5 * np.sqrt(u + 0.02)), 60 * np.exp(-1.2 * u * (1 - 0.5 * u)), 4 + np.sin(5 * u)
    return np.stack([4 * (1 + 0.2 * u), r1, 2e-5 * np.exp(-0.3 * u), 0.85 * one, r2, 1.5e-3 * one, 0.82 + 0.03 * u, w3], axis=1)


def peer(z_ohm: np.ndarray, first: np.ndarray) -> np.ndarray:
    """impedance.py on each spectrum in turn."""
    from impedance.models.circuits import CustomCircuit

    guess, found = first.tolist(), []
    for z in z_ohm:
        fitted = CustomCircuit(CIRCUIT.replace("Q", "CPE"), initial_guess=guess)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted.fit(FREQUENCY_HZ, z, weight_by_modulus=True)
        guess = list(fitted.parameters_)
        found.append(guess)
    return np.array(found)


def main(count: int = 200, for_peer: int = 40) -> None:
    """Draw one series and print a line for each route."""
    tree, truth, rng = read_circuit(CIRCUIT), course(count), np.random.default_rng(2026)
    z = tree.impedance(2 * np.pi * FREQUENCY_HZ[None], truth)
    z = z + 0.01 * np.abs(z) * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape))
    f = np.repeat(FREQUENCY_HZ[None], count, axis=0)
    arrays = {"frequency_Hz": f, "Z_re_ohm": z.real, "Z_im_ohm": z.imag, "time_s": 600.0 * np.arange(count)}
    series = Measurement.of(IMPEDANCE, arrays)
    evolution(Measurement.of(IMPEDANCE, {k: v[:6] for k, v in arrays.items()}), circuit=CIRCUIT)
    begin = time.perf_counter()
    ours = evolution(series, circuit=CIRCUIT)
    ours_s = (time.perf_counter() - begin) / count
    begin = time.perf_counter()
    theirs = peer(z[:for_peer], truth[0])
    theirs_s = (time.perf_counter() - begin) / for_peer
    print(f"{count} spectra (peer: the first {for_peer}); root mean square error of each parameter, per cent")
    print(f"{'':14}{'smooth':>9}{'alone':>9}{'impedance.py':>14}{'in its 95 % band, %':>22}")
    for k, name in enumerate(tree.names):
        unit = "_ohm" if name[0] == "R" else ""
        found, alone, low, high = (ours.curves[name + tag + unit].values for tag in ("", "_alone", "_low", "_high"))
        error = [100 * np.sqrt(np.mean((x / truth[: len(x), k] - 1) ** 2)) for x in (found, alone, theirs[:, k])]
        inside = 100 * np.mean((low < truth[:, k]) & (truth[:, k] < high))
        print(f"{name:14}{error[0]:9.2f}{error[1]:9.2f}{error[2]:14.2f}{inside:22.0f}")
    print(
        f"time for a spectrum: ours {1e3 * ours_s:.1f} ms, impedance.py {1e3 * theirs_s:.0f} ms, ratio {theirs_s / ours_s:.0f}"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
