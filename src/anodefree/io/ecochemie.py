"""Eco Chemie (Autolab FRA, .dfr): a version, a count, a word, then nine numbers for each frequency, one a line."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.textfile import is_number, lines_of, number
from anodefree.kinds.impedance import IMPEDANCE

_EACH: Final = 9
"""Frequency, Z', -Z'', potential, current, time, and three that are not used here."""


def read(path: Path) -> Measurement:
    """One spectrum; the format holds -Z''.

    Raises
    ------
    DataError: it is shorter than its count says, or a line is no number.
    """
    lines = [(at, line.strip()) for at, line in enumerate(lines_of(path), start=1) if line.strip()]
    count = int(lines[1][1]) if len(lines) > 1 and lines[1][1].isdecimal() and len(lines[1][1]) < 8 else 0
    if not lines[0][1].lower().startswith("version") or count == 0:
        raise DataError("does not begin with a version and the number of its frequencies", "line 1")
    body = lines[3 : 3 + count * _EACH]
    if len(body) < count * _EACH:
        raise DataError(f"claims {count} frequencies, it holds {len(body) // _EACH}", "line 2", "was the export cut short?")
    used = [body[i : i + _EACH] for i in range(0, len(body), _EACH)]
    frequency, real, minus_imaginary, potential = (np.array([_value(row[k]) for row in used]) for k in range(4))
    if (frequency <= 0).any():
        raise DataError("holds a frequency that is not positive", f"line {used[int(np.argmax(frequency <= 0))][0][0]}")
    arrays = {
        "frequency_Hz": [frequency],
        "Z_re_ohm": [real],
        "Z_im_ohm": [-minus_imaginary],
        "potential_V": [potential.mean()],
    }
    return Measurement.of(IMPEDANCE, arrays, {"instrument": "Autolab"})


def _value(line: tuple[int, str]) -> float:
    at, text = line
    if not is_number(text, comma=True) or not np.isfinite(number(text, comma=True)):
        raise DataError(f"holds '{text[:40]}' where a number is due", f"line {at}", "was the export cut short?")
    return number(text, comma=True)
