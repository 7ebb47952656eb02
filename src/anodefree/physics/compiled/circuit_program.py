"""A circuit's impedance and derivatives at one frequency, from its postfix program: the elements' own laws, compiled.

The program is data (`Circuit.program`), never source text. A stack holds the impedance of each part so far and the range of the
parameters that it depends on; because parameters are numbered as they are written, each range is a slice.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from anodefree.physics.circuits import PARALLEL
from anodefree.physics.elements import (
    LAWS,
    capacitor,
    constant_phase,
    gerischer,
    havriliak_negami,
    inductor,
    resistor,
    transmission_line,
    transmission_line_blocking,
    warburg,
    warburg_open,
    warburg_short,
    zarc,
)

_compiled = njit(cache=True, nogil=True, error_model="numpy")
_resistor = _compiled(resistor.law)
_capacitor = _compiled(capacitor.law)
_inductor = _compiled(inductor.law)
_constant_phase = _compiled(constant_phase.law)
_warburg = _compiled(warburg.law)
_warburg_short = _compiled(warburg_short.law)
_warburg_open = _compiled(warburg_open.law)
_gerischer = _compiled(gerischer.law)
_zarc = _compiled(zarc.law)
_havriliak_negami = _compiled(havriliak_negami.law)
_transmission_line = _compiled(transmission_line.law)
_transmission_line_blocking = _compiled(transmission_line_blocking.law)


_SIZES: Final = tuple(len(law.parameters) for law in LAWS.values())


@_compiled
def element(code: int, at: int, s: complex, v: np.ndarray, slopes: np.ndarray) -> complex:
    """Z of one leaf; its slopes go to `slopes[at:]`. `code` is the element's place in `elements.LAWS`."""
    if code == 0:
        z, slopes[at] = _resistor(s, v[at])
    elif code == 1:
        z, slopes[at] = _capacitor(s, v[at])
    elif code == 2:
        z, slopes[at] = _inductor(s, v[at])
    elif code == 3:
        z, slopes[at], slopes[at + 1] = _constant_phase(s, v[at], v[at + 1])
    elif code == 4:
        z, slopes[at] = _warburg(s, v[at])
    elif code == 5:
        z, slopes[at], slopes[at + 1] = _warburg_short(s, v[at], v[at + 1])
    elif code == 6:
        z, slopes[at], slopes[at + 1] = _warburg_open(s, v[at], v[at + 1])
    elif code == 7:
        z, slopes[at], slopes[at + 1] = _gerischer(s, v[at], v[at + 1])
    elif code == 8:
        z, slopes[at], slopes[at + 1], slopes[at + 2] = _zarc(s, v[at], v[at + 1], v[at + 2])
    elif code == 9:
        z, slopes[at], slopes[at + 1], slopes[at + 2], slopes[at + 3] = _havriliak_negami(
            s, v[at], v[at + 1], v[at + 2], v[at + 3]
        )
    elif code == 10:
        z, slopes[at], slopes[at + 1], slopes[at + 2], slopes[at + 3] = _transmission_line(
            s, v[at], v[at + 1], v[at + 2], v[at + 3]
        )
    elif code == 11:
        z, slopes[at], slopes[at + 1], slopes[at + 2] = _transmission_line_blocking(s, v[at], v[at + 1], v[at + 2])
    else:
        z = complex(np.nan, np.nan)
    return z


@_compiled
def at_frequency(
    program: np.ndarray, omega: float, v: np.ndarray, slopes: np.ndarray, z: np.ndarray, first: np.ndarray
) -> complex:
    """Z of the whole at one frequency; dZ/dv goes to `slopes` (p,). `z` and `first` are the stack, as long as the program.

    A series leaves the slopes of its parts, a parallel multiplies them by (Z / Z_part)^2, because 1/Z = sum 1/Z_part.
    """
    s = complex(0.0, omega)
    top, end = 0, 0
    for k in range(len(program)):
        code, number = program[k, 0], program[k, 1]
        if code >= 0:
            z[top] = element(code, number, s, v, slopes)
            first[top] = number
            top, end = top + 1, number + _SIZES[code]
            continue
        base = top - number
        whole = complex(0.0, 0.0)
        for part in range(base, top):
            if code == PARALLEL:
                z[part] = 1.0 / z[part]
            whole += z[part]
        if code == PARALLEL:
            whole = 1.0 / whole
            for part in range(base, top):
                ratio = whole * z[part]
                ratio *= ratio
                for i in range(first[part], first[part + 1] if part + 1 < top else end):
                    slopes[i] *= ratio
        z[base] = whole
        top = base + 1
    return z[0]


@_compiled
def spectrum(program: np.ndarray, omega: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Z (f,) and dZ/dv (f, p)."""
    out, slopes = np.empty(len(omega), np.complex128), np.zeros((len(omega), len(v)), np.complex128)
    z, first = np.empty(len(program), np.complex128), np.zeros(len(program), np.int64)
    for k in range(len(omega)):
        out[k] = at_frequency(program, omega[k], v, slopes[k], z, first)
    return out, slopes
