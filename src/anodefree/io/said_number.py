"""A number that a stranger's file says somewhere beside its data: a finite one, a positive one, or none."""

from __future__ import annotations

import math
from typing import Any


def finite(value: Any) -> float | None:
    """The number; None where it is none, or not finite."""
    try:
        found = float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def positive(value: Any, factor: float = 1.0) -> float | None:
    """The number times a factor; None where it is not a positive finite one."""
    found = finite(value)
    scaled = None if found is None else finite(found * factor)
    return scaled if scaled is not None and scaled > 0 else None
