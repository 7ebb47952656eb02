"""Write a measurement to open formats: .csv, .bdf.csv, .json, .nc. A file is replaced as a whole."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.arrays import write_text
from anodefree.core.measurement import Measurement
from anodefree.core.result import Result
from anodefree.core.units import bare, shown
from anodefree.errors import ConfigError
from anodefree.io import bdf, json_text

MAX_CELLS: Final = 20_000_000
_SUFFIXES: Final = ".csv, .bdf.csv (Battery Data Format), .json or .nc"


def write(obj: Measurement | Result, path: str | Path) -> Path:
    """Write to the format that the suffix names; returns the path.

    `.csv` has one header line with the field's units, and no metadata; spectra stand one below the other, arrays of different
    length side by side. `.json` and `.nc` hold everything. A result is written as its own `save` does.

    Raises
    ------
    ConfigError: the suffix is unknown, the place cannot be written, or the format cannot hold this measurement.
    """
    path = Path(path)
    if isinstance(obj, Result):
        return obj.save(path)
    if not isinstance(obj, Measurement):
        raise ConfigError(f"a {type(obj).__name__} cannot be written", str(path), "give a measurement or a result")
    name = path.name.lower()
    if name.endswith(".nc"):
        return obj.save(path)
    if name.endswith(".json"):
        write_text(path, json_text.text(obj))
    elif name.endswith(".bdf.csv"):
        write_text(path, _lines(bdf.columns(obj)))
    elif name.endswith(".csv"):
        write_text(path, _lines(csv_columns(obj)))
    else:
        raise ConfigError(f"cannot write a measurement as '{path.suffix}'", str(path), f"use {_SUFFIXES}")
    return path


def csv_columns(measurement: Measurement) -> dict[str, np.ndarray]:
    """Header -> column, in the field's units: one long table where it can be, else one block for each set of dimensions.

    Raises
    ------
    ConfigError: there are more numbers than a text file is good for.
    """
    names = [n for n in measurement.kind.arrays if n in measurement]
    dims = {n: measurement.kind.arrays[n].dims for n in names}
    largest = max(dims.values(), key=len)
    blocks = [largest] if all(set(d) <= set(largest) for d in dims.values()) else list(dict.fromkeys(dims.values()))
    sizes = {d: int(measurement.data.sizes[d]) for block in blocks for d in block}
    if sum(math.prod(sizes[d] for d in block) for block in blocks) * len(names) > MAX_CELLS:
        raise ConfigError("is too large for a text file", measurement.source.name, "write .nc instead")
    out: dict[str, np.ndarray] = {}
    for block in blocks:
        inside = [n for n in names if (set(dims[n]) <= set(block) if len(blocks) == 1 else dims[n] == block)]
        out.update(_block(measurement, block, inside, sizes, label=len(blocks) > 1))
    return out


def _block(
    measurement: Measurement, block: tuple[str, ...], names: list[str], sizes: Mapping[str, int], *, label: bool
) -> dict[str, np.ndarray]:
    prefix = f"{block[-1]}: " if label else ""
    shape = tuple(sizes[d] for d in block)
    columns: dict[str, np.ndarray] = {}
    for axis, dim in enumerate(block[:-1]):
        columns[f"{prefix}{dim}"] = np.broadcast_to(
            np.arange(1, shape[axis] + 1).reshape([-1 if i == axis else 1 for i in range(len(block))]), shape
        ).ravel()
    if block == ("cycle",) and "cycle_number" not in names:
        columns[f"{prefix}cycle_number"] = np.arange(1, shape[0] + 1)
    keep = np.zeros(math.prod(shape), bool)
    for name in names:
        array = measurement.kind.arrays[name]
        unit, factor = shown(measurement.kind.unit(name))
        values = measurement[name]
        whole = np.broadcast_to(values.reshape([sizes[d] if d in array.dims else 1 for d in block]), shape).ravel()
        columns[f"{prefix}{bare(name)}" + ("" if unit == "1" else f" [{unit}]")] = whole * factor if factor != 1 else whole
        keep |= ~np.isnan(whole) if array.gaps and whole.dtype.kind == "f" else not array.gaps and set(array.dims) == set(block)
    return {k: v[keep] for k, v in columns.items()}


def _lines(columns: Mapping[str, np.ndarray]) -> str:
    """Columns as CSV text; short ones end in empty cells, and so do gaps. Numbers keep every digit."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip_longest(*map(_cells, columns.values()), fillvalue=""))
    return table.getvalue()


def _cells(column: np.ndarray) -> Iterator[Any]:
    return ("" if isinstance(v, float) and math.isnan(v) else v for v in column.tolist())
