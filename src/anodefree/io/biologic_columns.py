"""Column numbers of BioLogic data: how wide each column is, and which quantity the ones that are read hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from anodefree.errors import DataError

FLAGS: Final = frozenset({1, 2, 3, 21, 31, 65})
"""Mode, direction, error and three signals of change: together one byte, where the first of them stands."""

_WIDTHS: Final[dict[str, frozenset[int]]] = {
    "<f8": frozenset(
        {4, 7, 11, 13, 23, 24, 74, 110, 112, 115, 116, 123, 124, 125, 126, 182, 211, 438, 467, 498, 499, 500, 501, 502}
    ),
    "<f4": frozenset({5, 6, 8, 9, 15, 16, 17, 19, 20, 26, 27, 45, 46, 75, 76, 77, 78, 96, 98, 99, 100, 101, 105, 106, 135, 136})
    | frozenset({*range(32, 39), 69, 70, 163, *range(166, 170), *range(172, 180), 185, 206, 215, *range(217, 226)})
    | frozenset({*range(230, 250), 271, 272, 301, 302, 331, 332, 361, 362, 391, 392, *range(422, 427), *range(430, 436)})
    | frozenset({441, 462, 471, 473, 474, 476, 477, 479, 480, *range(486, 498), 505}),
    "<u4": frozenset({212, 213, 468, 469}),
    "<u2": frozenset({39, 131}),
    "u1": frozenset({253, 509}),
}
WIDTH: Final = {number: layout for layout, numbers in _WIDTHS.items() for number in numbers}

# Quantity -> the columns that hold it, the best first, each with its factor to SI.
_QUANTITIES: Final[dict[str, tuple[tuple[int, float], ...]]] = {
    "time_s": ((4, 1.0),),
    "voltage_V": ((27, 1.0), (6, 1.0), (77, 1.0), (174, 1.0)),
    "current_A": ((11, 1e-3), (76, 1e-3), (8, 1e-3)),
    # Since the record before, and since the start; dQ (23, 179, 435) counts from the start of a step, and is not needed.
    "passed_C": ((7, 3.6),),
    "total_C": ((13, 3.6), (434, 1.0), (178, 1.0)),
    "control_V": ((19, 1.0),),
    "frequency_Hz": ((32, 1.0),),
    "Z_re_ohm": ((37, 1.0),),
    "Z_im_ohm": ((38, -1.0),),
    "Z_abs_ohm": ((36, 1.0),),
    "Z_phase_rad": ((35, math.pi / 180),),
    "temperature_C": ((462, 1.0), (206, 1.0)),
    "cycle": ((24, 1.0),),
}

# The headers under which EC-Lab writes these columns as text; a second reader knows them by these names.
HEADERS: Final[dict[int, str]] = {
    4: "time/s",
    6: "Ewe/V",
    7: "dq/mA.h",
    8: "I/mA",
    11: "<I>/mA",
    13: "(Q-Qo)/mA.h",
    19: "control/V",
    24: "cycle number",
    27: "Ewe-Ece/V",
    32: "freq/Hz",
    35: "Phase(Z)/deg",
    36: "|Z|/Ohm",
    37: "Re(Z)/Ohm",
    38: "-Im(Z)/Ohm",
    77: "<Ewe>/V",
    434: "(Q-Qo)/C",
    462: "Temperature/°C",
}


def known_as(number: int, *, always_lower: bool = False) -> int:
    """The number under which a column's width is listed: its own, or what it is beyond a multiple of 256.

    Newer programs write the higher byte for some columns, without a change of meaning; a few numbers above 255 have one of
    their own (`always_lower` takes these for their lower byte too).
    """
    return number if number in WIDTH and not always_lower else number % 256


def layout_of(numbers: Sequence[int], *, always_lower: bool = False) -> np.dtype[Any]:
    """The layout of one record; its fields are named by their column numbers.

    Raises
    ------
    DataError: a column's width is not known, so nothing after it can be found.
    """
    fields: list[tuple[str, str]] = []
    seen: set[str] = set()
    for place, written in enumerate(numbers):
        number = known_as(written, always_lower=always_lower)
        name = "flags" if written in FLAGS else str(number)
        if name == "flags" and name in seen:
            continue
        if name != "flags" and number not in WIDTH:
            raise DataError(
                f"column {written} (the {place + 1}. of {len(numbers)}) is of a type that is not known here",
                hint="in EC-Lab: Experiment, Export as Text, then read the .mpt; "
                "or pip install 'anodefree[gpl]' for a second reader",
            )
        fields.append((f"{name} again {place}" if name in seen else name, "u1" if name == "flags" else WIDTH[number]))
        seen.add(name)
    return np.dtype(fields)


def quantities(columns: dict[int, np.ndarray]) -> dict[str, np.ndarray]:
    """What the columns hold, in SI; where several hold one quantity, the best of them."""
    found: dict[str, np.ndarray] = {}
    for name, places in _QUANTITIES.items():
        for number, factor in places:
            if number in columns and name not in found:
                found[name] = columns[number].astype(float) * factor
    return found
