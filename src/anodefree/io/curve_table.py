"""What every reader of force curves shares: curves of unequal length as one measurement, within bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.kinds.force_curves import FORCE_CURVES

MOST_VALUES: Final = 2**27
FEWEST_POINTS: Final = 8
_LARGEST_m: Final = 1.0


@dataclass(frozen=True)
class Curve:
    """One curve: height and deflection (a length, or the file's own signal) there and back, and its place."""

    approach: tuple[np.ndarray, np.ndarray]
    retract: tuple[np.ndarray, np.ndarray] | None = None
    place_m: tuple[float, float] | None = None


def force_curves(curves: Sequence[Curve], *, deflection_known: bool, meta: dict[str, Any]) -> Measurement:
    """Curves as one measurement; those of a map that hold fewer than eight points are left out, and counted.

    Raises
    ------
    DataError: no curve is left, a value is not finite, or padding them to one length would fill the memory.
    """
    whole = [c for c in curves if c.approach[0].size >= FEWEST_POINTS]
    if not whole:
        raise DataError(f"holds no curve of {FEWEST_POINTS} or more points", hint="was anything recorded?")
    if len(whole) < len(curves):
        meta = {**meta, "curves_left_out": len(curves) - len(whole)}
    what = "deflection_m" if deflection_known else "signal"
    arrays: dict[str, np.ndarray] = {}
    arrays["approach_height_m"], arrays[f"approach_{what}"] = _padded([c.approach for c in whole])
    if any(c.retract is not None and c.retract[0].size for c in whole):
        nothing = (np.full(1, np.nan), np.full(1, np.nan))
        arrays["retract_height_m"], arrays[f"retract_{what}"] = _padded([c.retract or nothing for c in whole])
    for name, values in arrays.items():
        if name.endswith("_m") and not np.nanmax(np.abs(values)) < _LARGEST_m:
            raise DataError(f"its {name} reaches {np.nanmax(np.abs(values)):.3g} m", hint="is the calibration right?")
    places = [c.place_m for c in whole if c.place_m is not None]
    if len(places) == len(whole):
        arrays["x_m"], arrays["y_m"] = np.array(places, dtype=float).T
    known = deflection_known and meta.get("spring_constant_N_m") is not None
    return Measurement.of(FORCE_CURVES, arrays, {**meta, "force_unit_known": known})


def _padded(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    longest = max(z.size for z, _ in pairs)
    if longest * len(pairs) > MOST_VALUES or longest * len(pairs) > 64 * (sum(z.size for z, _ in pairs) + 4096):
        raise DataError(
            f"holds {len(pairs)} curves of up to {longest} points, more than can be read", hint="export a part of it"
        )
    out = np.full((2, len(pairs), longest), np.nan)
    for row, pair in enumerate(pairs):
        for index, values in enumerate(pair):
            if pair[0].size != values.size:
                raise DataError(f"curve {row} has {pair[0].size} heights and {values.size} deflections")
            if values.size > 1 and not np.isfinite(values).all():
                raise DataError(f"curve {row} holds values that are not finite", hint="was the scan stopped early?")
            out[index, row, : values.size] = values
    return out[0], out[1]
