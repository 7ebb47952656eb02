"""SurfaceLab 7 (IONTOF) text exports: depth profiles of ions, and mass spectra."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError, Unrecognised
from anodefree.io.textfile import is_number, lines_of, number
from anodefree.kinds.ion_profile import ION_PROFILE
from anodefree.kinds.ion_spectrum import ION_SPECTRUM

_MOST_IONS: Final = 5000
_HEAD_WITHIN: Final = 60
_BINNING: Final = re.compile(r"Binning: (\d{1,6}) channels")
_INSTRUMENT: Final = "IONTOF, SurfaceLab export"


def read(path: Path) -> Measurement:
    """A depth profile or a mass spectrum.

    Columns that are ratios or sums of ions are left out, because their counts are no counts; `columns_left_out` says how many.

    Raises
    ------
    DataError: it has no header of SurfaceLab, or a cell is no number.
    """
    lines = lines_of(path)
    for at, line in enumerate(lines[:_HEAD_WITHIN]):
        if line.startswith("#Data Point") or line.startswith("# Data Point"):
            return _profile(lines, at)
        if line.split("\t")[:3] == ["Channel", "m/z", "Intensity"]:
            return _spectrum(lines, at)
    raise Unrecognised("has neither a row 'Data Point' nor 'Channel, m/z, Intensity'", "", "export it from SurfaceLab as text")


def _cells(line: str, width: int, at: int) -> list[float]:
    """The numbers of a row, which ends in a tab."""
    cells = line.rstrip("\r\n").split("\t")
    if len(cells) == width + 1 and not cells[-1].strip():
        cells.pop()
    if len(cells) != width:
        raise DataError(f"has {len(cells)} columns, the header {width}", f"line {at + 1}", "was the export cut short?")
    bad = next((c for c in cells if not is_number(c.strip(), comma=False)), None)
    if bad is not None:
        raise DataError(f"holds '{bad[:30]}' where a number is due", f"line {at + 1}", "is the export whole?")
    return [number(c.strip(), comma=False) for c in cells]


def _rows(lines: Sequence[str], first: int, width: int) -> np.ndarray:
    rows = [_cells(lines[i], width, i) for i in range(first, len(lines)) if lines[i].strip()]
    if not rows:
        raise DataError("its header is followed by no row", f"line {first}", "was the export cut short?")
    return np.array(rows)


def _finite(values: np.ndarray, what: str) -> np.ndarray:
    if not np.isfinite(values).all() or (values < 0).any():
        raise DataError(f"holds a {what} that is negative or not finite", "", "export the counts themselves, as text")
    return values


def _profile(lines: Sequence[str], at: int) -> Measurement:
    """Three rows above the numbers: names of ions, their mass over charge, and what each column is."""
    if at < 2:
        raise DataError("its rows of names and masses are missing", f"line {at + 1}", "export with the header")
    words = [w.strip() for w in lines[at].rstrip("\t").split("\t")]
    if not 3 <= len(words) <= _MOST_IONS:
        raise DataError(f"names {len(words)} columns", f"line {at + 1}", "is it a depth profile?")
    names, masses = (_padded(lines[at - back].split("\t"), len(words)) for back in (2, 1))
    rows = _rows(lines, at + 1, len(words))
    time = next((i for i, w in enumerate(words) if w.startswith("Sputter Time")), None)
    if time is None:
        raise DataError("has no column of sputter time", f"line {at + 1}", "export the profile against sputter time")
    if not (np.diff(_finite(rows[:, time], "sputter time")) > 0).all():
        raise DataError("its sputter time does not rise", f"column {time + 1}", "export one profile")
    ions, left_out, total = [], 0, None
    for i, word in enumerate(words):
        if not word.startswith("Intensity"):
            continue
        if names[i] == "total":
            total = rows[:, i]
        elif is_ion(names[i]):
            ions.append(i)
        else:
            left_out += 1
    if not ions:
        raise DataError("holds no ion", f"line {at - 1}", "export at least one ion")
    counts = _finite(rows[:, ions].T, "count")  # a ratio beside them may well be infinite
    preamble = "\n".join(lines[: at - 2])
    meta: dict[str, Any] = {"instrument": _INSTRUMENT, "polarity": _polarity([names[i] for i in ions])}
    if "Smoothing is" in preamble:
        meta["smoothed"] = "Smoothing is Disabled" not in preamble
    if left_out:
        meta["columns_left_out"] = f"{left_out} that are ratios or sums of ions"
    arrays: dict[str, Any] = {"ion_name": [names[i] for i in ions], "counts": counts, "sputter_time_s": rows[:, time]}
    fluence = next((i for i, w in enumerate(words) if w.startswith("Fluence (ions/cm^2)")), None)
    if fluence is not None:
        arrays["fluence_per_m2"] = _finite(rows[:, fluence], "fluence") * 1e4
    of_mass = [number(masses[i], comma=False) if is_number(masses[i], comma=False) else np.nan for i in ions]
    if np.isfinite(of_mass).any():
        arrays["mass_to_charge"] = np.where(np.isfinite(of_mass), of_mass, np.nan)
    if total is not None:
        arrays["total_counts"] = _finite(total, "count")
    return Measurement.of(ION_PROFILE, arrays, meta)


def is_ion(name: str) -> bool:
    """Whether a column is one ion: `^118SnI_3-SnI_3-` is a sum of two, `A / ( B )` a ratio."""
    if not name or " / " in name or "," in name or name.lower() in ("total", "sum of rest", "rest", "tic"):
        return False
    return sum(name.count(sign) for sign in "+-") == 1 or not re.search(r"[+-].", name)


def _padded(cells: Sequence[str], width: int) -> list[str]:
    return [c.strip() for c in cells[:width]] + [""] * (width - len(cells))


def _polarity(names: Sequence[str]) -> str:
    negative = sum(n.endswith("-") for n in names)
    return "negative" if 2 * negative > len(names) else "positive"


def _spectrum(lines: Sequence[str], at: int) -> Measurement:
    rows = _rows(lines, at + 1, 3)
    mass, counts = _finite(rows[:, 1], "mass"), _finite(rows[:, 2], "count")
    if not (np.diff(mass) >= 0).all():
        raise DataError("its masses do not rise", "column 2", "export one spectrum")
    preamble = "\n".join(lines[:at])
    binned = _BINNING.search(preamble)
    meta: dict[str, Any] = {"instrument": _INSTRUMENT, "dead_time_corrected": "Deadtime Correction: on" in preamble}
    if binned:
        meta["binning"] = int(binned[1])
    return Measurement.of(ION_SPECTRUM, {"mass_to_charge": mass, "counts": counts}, meta)
