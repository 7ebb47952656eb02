"""What every reader of scanning-probe images shares: lengths with units, and a `topography` from an image and its pixels."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.units import convert
from anodefree.errors import AnodefreeError, DataError
from anodefree.kinds.topography import TOPOGRAPHY

MOST_PIXELS: Final = 2**26
_LENGTH: Final = re.compile(r"^\s*([-+]?\d{1,20}(?:[.,]\d{0,20})?(?:[eE][-+]?\d{1,3})?)\s{0,4}([A-Za-zµμÅ~º]{0,10})")
_SPELT: Final = {"~m": "um", "µm": "um", "μm": "um", "Å": "angstrom", "º": ""}


def length_m(text: str, what: str, where: str = "") -> float:
    """A length with its unit, in m.

    Raises
    ------
    DataError: it is no number, not finite, or its unit is no length.
    """
    found = _LENGTH.match(text)
    if not found:
        raise DataError(f"{what} is '{text.strip()[:40]}', not a length", where)
    unit = _SPELT.get(found[2], found[2]) or "m"
    number = float(found[1].replace(",", "."))
    value = number * 1e-10 if unit == "angstrom" else _converted(number, unit, what, where)
    if not np.isfinite(value):
        raise DataError(f"{what} is '{text.strip()[:40]}', not a finite length", where)
    return value


def _converted(number: float, unit: str, what: str, where: str) -> float:
    try:
        return convert(number, unit, "m")
    except AnodefreeError as error:
        raise DataError(f"{what} is in '{unit}', which is no length", where) from error


def checked_size(columns: int, rows: int) -> None:
    """Refuse what is no image, or one that is too large to be read.

    Raises
    ------
    DataError: fewer than four pixels along a side, or more than 2^26.
    """
    if columns < 4 or rows < 4:
        raise DataError(f"announces an image of {columns} by {rows} pixels", hint="a map needs four or more along each side")
    if columns * rows > MOST_PIXELS:
        raise DataError(
            f"announces an image of {columns} by {rows} pixels, more than {MOST_PIXELS}", hint="export a part of it"
        )


def topography_of(height_m: np.ndarray, width_m: float, depth_m: float, meta: dict[str, Any]) -> Measurement:
    """The map of an image (row, column) whose rows are `width_m` long and whose columns are `depth_m`.

    Raises
    ------
    DataError: a side has no length, or a height is not finite.
    """
    for name, side in (("width", width_m), ("height", depth_m)):
        if not 1e-10 < side < 1.0:
            raise DataError(f"the {name} of the image is {side:.3g} m", hint="is its unit right?")
    rows, columns = height_m.shape
    arrays = {
        "x_m": (np.arange(columns) + 0.5) * width_m / columns,
        "y_m": (np.arange(rows) + 0.5) * depth_m / rows,
        "height_m": np.asarray(height_m, dtype=float),
    }
    return Measurement.of(TOPOGRAPHY, arrays, {"periodic": False, **{n: v for n, v in meta.items() if v}})
