"""Battery Data Format as CSV: agreed column names (test_time_second, voltage_volt, current_ampere), then records."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError, DataError
from anodefree.io.records import cycling
from anodefree.io.table import read_table
from anodefree.io.textfile import lines_of

REQUIRED: Final = ("test_time_second", "voltage_volt", "current_ampere")


def read(path: Path) -> Measurement:
    """Cycling records.

    Raises
    ------
    DataError: a required column is missing, or a cell is no number.
    """
    table = read_table(lines_of(path), wanted="cycling")
    if table.kind != "cycling" or "current_A" not in table:
        raise DataError("lacks a required column", "line 1", "needed: " + ", ".join(REQUIRED))
    return cycling(table, {"format": "Battery Data Format"})


def columns(measurement: Measurement) -> dict[str, np.ndarray]:
    """The records of a cycling measurement under the format's names, which are in SI.

    Capacities are left out: the format makes them optional, and they follow from time and current.

    Raises
    ------
    ConfigError: it is no cycling measurement, or has no record of time, voltage and current.
    """
    needed = ("time_s", "voltage_V", "current_A")
    missing = [n for n in needed if n not in measurement]
    if measurement.kind.name != "cycling" or missing:
        lacks = (
            f"this measurement lacks {', '.join(missing)}" if measurement.kind.name == "cycling" else "it is none of cycling"
        )
        raise ConfigError(
            f"the Battery Data Format holds records of time, voltage and current; {lacks}",
            measurement.source.name,
            "write .csv, .json or .nc instead",
        )
    time, current = measurement["time_s"], measurement["current_A"]
    out = dict(zip(REQUIRED, (time, measurement["voltage_V"], current), strict=True))
    if "record_cycle" in measurement:
        out["cycle_count"] = measurement["record_cycle"]
    return out
