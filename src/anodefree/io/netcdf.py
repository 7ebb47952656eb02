"""Our own files: measurements and results with their provenance, as NetCDF-4."""

from __future__ import annotations

from pathlib import Path

from anodefree.core.arrays import read_netcdf
from anodefree.core.measurement import Measurement
from anodefree.core.result import Result
from anodefree.errors import DataError
from anodefree.io.kinds import known_kinds


def read(path: Path) -> Measurement:
    """A measurement that was saved.

    Raises
    ------
    DataError: it is a result, is damaged, or was not written by this package.
    """
    found = load(path)
    if isinstance(found, Result):
        raise DataError("holds a result, not a measurement", hint="open it with load()")
    return found


def load(path: Path) -> Measurement | Result:
    """Whatever was saved.

    Raises
    ------
    DataError: it is damaged, or was not written by this package.
    """
    _, record = read_netcdf(path)
    try:
        return Result.load(path) if record.get("type") == "result" else Measurement.load(path, known_kinds())
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError("its record is damaged or of another version", str(path), "write it again with this version") from error
