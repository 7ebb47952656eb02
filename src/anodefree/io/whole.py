"""A column that counts -> integers from 1."""

from __future__ import annotations

import numpy as np

from anodefree.errors import DataError
from anodefree.io.table import Table


def whole_numbers(table: Table, name: str) -> np.ndarray:
    """Cycle or scan numbers as integers from 1.

    Raises
    ------
    DataError: one is not whole.
    """
    values = table.raw[name]
    if (values != np.round(values)).any() or np.abs(values).max() > 1e9:
        raise DataError(
            f"column '{table.column(name).header}' holds cycle numbers that are not whole",
            f"line {int(table.lines[int(np.argmax(values != np.round(values)))])}",
        )
    return values.astype(np.int64) + (1 if values.min() == 0 else 0)
