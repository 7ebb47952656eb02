"""A synthetic spectrum of a known circuit: what the demos of circuit fits begin with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.kinds.impedance import IMPEDANCE
from anodefree.physics.circuits import Circuit


def noisy_spectrum(
    circuit: Circuit, values: Mapping[str, float], frequency_Hz: np.ndarray, noise: float, rng: np.random.Generator
) -> Measurement:
    """Z of the circuit at frequencies (f,), with independent normal errors of `noise` |Z| on its two parts."""
    z, count = circuit.impedance(2 * np.pi * frequency_Hz, circuit.vector(values)), len(frequency_Hz)
    z = z + noise * np.abs(z) * (rng.standard_normal(count) + 1j * rng.standard_normal(count))
    arrays = {"frequency_Hz": frequency_Hz[None], "Z_re_ohm": z.real[None], "Z_im_ohm": z.imag[None]}
    return Measurement.of(IMPEDANCE, arrays, {"cell": "synthetic"}, name="demo")
