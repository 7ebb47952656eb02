"""Where ions are launched and how fast: over the whole electrode they come from, at rest or with a thermal velocity."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Emission = Literal["rest", "thermal", "flux"]
OFF = 1e-7
"""How far from its electrode an ion begins, over the gap."""


def launch(seed: int, first: int, last: int, sign: float, shape: Floats, emission: Emission, thermal: float) -> Floats:
    """x, y, z, vx, vy, vz (n, 6) of ions first ... last, in units of the gap and of the flight's speed.

    Ions are spread evenly over the electrode's flat part (`shape` is boss base, boss height, cell radius, tip radius): cations
    over the whole upper one, anions over the lower one outside the protrusion. `thermal` is sqrt(kT/m). "thermal" draws each
    component from the Maxwellian, away from the wall; "flux" weights the component across the wall by itself, as effusion
    does. The numbers depend on the ion alone, not on how ions are batched.
    """
    draws = _uniforms(seed, first, last)
    inner = 0.0 if sign > 0 else float(shape[0])
    r = np.sqrt(inner**2 + (shape[2] ** 2 - inner**2) * draws[0])
    angle = 2 * np.pi * draws[1]
    out = np.zeros((last - first, 6))
    out[:, 0], out[:, 1] = r * np.cos(angle), r * np.sin(angle)
    out[:, 2] = 1.0 - OFF if sign > 0 else OFF
    if emission != "rest":
        size = thermal * np.sqrt(-2 * np.log(draws[2]))
        out[:, 3], out[:, 4] = size * np.cos(2 * np.pi * draws[3]), size * np.sin(2 * np.pi * draws[3])
        across = np.sqrt(-2 * np.log(draws[4]))
        if emission == "thermal":
            across = np.abs(across * np.cos(2 * np.pi * draws[5]))
        out[:, 5] = -sign * thermal * across
    return out


def _uniforms(seed: int, first: int, last: int) -> Floats:
    """(6, n) numbers in (0, 1), from a counter-based generator that is advanced to the first ion."""
    bits = np.random.Philox(key=seed)
    bits.advance(2 * first)  # one step of Philox gives four 64-bit numbers: two steps an ion
    return np.random.Generator(bits).random((last - first, 8)).T[:6] * (1 - 2e-16) + 1e-16
