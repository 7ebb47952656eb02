"""What an instrument and its leads add to the impedance of a cell: each artefact by itself, and off unless it is asked for."""

from __future__ import annotations

import numpy as np

from anodefree.physics.butler_volmer import amplitude_ratio
from anodefree.physics.circuits import Circuit


def large_signal(
    circuit: Circuit,
    omega_rad_s: np.ndarray,
    values: np.ndarray,
    resistance: str,
    amplitude_V: float,
    temperature_K: np.ndarray,
    interfaces: int,
) -> np.ndarray:
    """Parameter vectors (..., f, p) whose charge-transfer resistance is that of the voltage across it, at each frequency.

    A sinusoidal potential of amplitude V on the cell leaves on the resistance |V_R| = V R sqrt|dZ/dR|/|Z|, since dZ/dR is the
    square of the current through it over the cell's current. Shared by `interfaces` alike, it makes the apparent resistance
    R(V) = R ratio(F V_R/(interfaces RT)) (`physics.butler_volmer.amplitude_ratio`); repeated until both agree. Harmonics of the
    response do not act back on the fundamental (describing function), which the double layer's low impedance for them warrants.
    """
    at = circuit.names.index(resistance)
    found, small = values.copy(), values[..., at]
    w = np.broadcast_to(omega_rad_s, small.shape)[..., None]
    for _ in range(40):
        z, slopes = circuit.derivatives(w, found)
        share = found[..., at] * np.sqrt(np.abs(slopes[..., 0, at])) / np.abs(z[..., 0])
        new = small * amplitude_ratio(amplitude_V * share / interfaces, temperature_K)
        change = np.abs(new / found[..., at] - 1).max()
        found[..., at] = new
        if change < 1e-12:
            break
    return found


def leads(omega_rad_s: np.ndarray, z_ohm: np.ndarray, inductance_H: float, capacitance_F: float) -> np.ndarray:
    """Z [ohm] seen through leads: an inductance in series with the cell, and a stray capacitance across both."""
    z = z_ohm + 1j * omega_rad_s * inductance_H
    return z / (1 + 1j * omega_rad_s * capacitance_F * z)


def mains_pickup(
    frequency_Hz: np.ndarray, cycles: int, mains_Hz: float, size: float, rng: np.random.Generator, shape: tuple[int, ...]
) -> np.ndarray:
    """Relative error of Z (..., f), complex, from a disturbance at the mains and its odd harmonics up to the fifth.

    Correlation over `cycles` periods at f lets a line at g through as |sinc((g/f - 1) cycles)| (and its image at -g, left out);
    `size` is the line's amplitude over that of the signal, falling as one over the harmonic's number; phases are random.
    """
    error = np.zeros(shape, dtype=complex)
    for harmonic in (1, 3, 5):
        passed = np.abs(np.sinc((harmonic * mains_Hz / frequency_Hz - 1) * cycles))
        error += size / harmonic * passed * np.exp(2j * np.pi * rng.uniform(size=shape))
    return error


def glitches(probability: float, size: float, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Factors (..., f), complex, 1 but where a point is struck: there 1 + size, in a random direction."""
    struck = rng.uniform(size=shape) < probability
    return np.where(struck, 1 + size * np.exp(2j * np.pi * rng.uniform(size=shape)), 1.0)
