"""What the files of Neware cyclers share: the scale of a current range, the order of records, how a start is written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from anodefree.errors import DataError

EXPORT: Final = "in BTSDA: Export, CSV"

# Ranges are in mA, or negative for a finer resolution. Counts of one range below the limit are worth so many mA (or mA s).
_FINE: Final = ((10, 1e-5), (100, 1e-4), (1000, 1e-3), (1_000_000, 1e-2))
_COARSE: Final = ((10, 1e-4), (100, 1e-3), (1000, 1e-2), (1_000_000, 1e-1))


def milliamperes_per_count(current_range: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """How much one count of current or charge is, for each record; `counts` (records, columns) is what is to be scaled.

    Raises
    ------
    DataError: a record that holds anything but zeros is of a range that is not known.
    """
    ranges, of = np.unique(current_range, return_inverse=True)
    scales = np.array([_scale(int(r)) for r in ranges])
    used = (counts != 0).any(axis=1)
    unknown = np.unique(of[used & np.isnan(scales)[of]])
    if unknown.size:
        raise DataError(
            f"its current range {int(ranges[unknown[0]])} is not known here, so its current has no unit", hint=EXPORT
        )
    return np.nan_to_num(scales)[of]


def _scale(current_range: int) -> float:
    limits = _FINE if current_range < 0 else _COARSE
    found = next((scale for limit, scale in limits if abs(current_range) < limit), np.nan)
    return found if current_range else np.nan


def in_order(found: np.ndarray) -> np.ndarray:
    """Records by their index, each once."""
    index = found["index"]
    if (np.diff(index.astype(np.int64)) > 0).all():
        return found
    return np.asarray(found[np.unique(index, return_index=True)[1]])


def missing(index: np.ndarray) -> dict[str, str]:
    """A note for the metadata where numbers of records are passed over: the cycler numbers them without a gap."""
    count = int(index[-1]) - int(index[0]) + 1 - index.size
    return {"records_missing": f"{count} of {count + index.size}"} if count else {}


def started_at(unix_s: float) -> str:
    """A time since 1970 as text; empty where it is no plausible one."""
    if not 6e8 < unix_s < 4.1e9:
        return ""
    return datetime.fromtimestamp(round(unix_s, 3), UTC).isoformat(sep=" ")


def written_date(record: Any) -> str:
    """The date that a record spells out (local time of the computer); empty where it is none."""
    try:
        year, month, day, hour, minute, second = (int(record[n]) for n in ("year", "month", "day", "hour", "minute", "second"))
        return datetime(year, month, day, hour, minute, second).isoformat(sep=" ")
    except ValueError:
        return ""
