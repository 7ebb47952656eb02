"""Rows without an order of their own as a table: words, numbers in the field's units, `value ± std` where a std is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from anodefree.app.curves import Named, is_shape, is_tabular
from anodefree.core.result import rounded
from anodefree.core.units import bare, shown, unit_of
from anodefree.study.typeset import unit

if TYPE_CHECKING:
    import xarray as xr

MOST_ROWS: Final = 2000


@dataclass(frozen=True)
class Cell:
    """What a table shows, and the number by which it is sorted (0 for words)."""

    text: str
    number: float = 0.0


@dataclass(frozen=True)
class Table:
    """Rows that have no order of their own."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


NOTHING: Final = Cell("–", -float(2**53))


def table(named: Named, dim: str) -> Table | None:
    """The rows along a dimension; None where they are curves, or there are none."""
    having = {w: d for w, d in named.items() if dim in d.sizes and d.sizes[dim] and is_tabular(d, dim)}
    if is_shape(dim):
        return None
    columns = list(dict.fromkeys(n for d in having.values() for n in _columns(d, dim)))
    if not columns or (max(d.sizes[dim] for d in having.values()) < 2 and not any(_has_words(d, dim) for d in having.values())):
        return None
    if all(d[n].dtype.kind in "OUSb" for d in having.values() for n in columns if n in d) and len(columns) < 2:
        return None  # names alone, of the rows and columns of a matrix
    several = len(named) > 1
    rows = [r for who, d in having.items() for r in _rows(d, dim, columns, (Cell(who),) if several else ())]
    head = (*(("sample",) if several else ()), *(_head(n, dim) for n in columns))
    return Table(dim.replace("_", " "), head, tuple(rows[:MOST_ROWS]))


def _columns(data: xr.Dataset, dim: str) -> list[str]:
    """The arrays of the dimension alone; a std stands beside its value."""
    own = [str(n) for n, v in data.variables.items() if v.dims == (dim,) and v.dtype.kind in "fiuOUSb"]
    return [n for n in own if _value_of(n) not in own]


def _value_of(name: str) -> str:
    """The array whose std this is."""
    word = bare(name)
    return word.removesuffix("_std") + name[len(word) :] if word.endswith("_std") else ""


def _rows(data: xr.Dataset, dim: str, columns: list[str], first: tuple[Cell, ...]) -> list[tuple[Cell, ...]]:
    cells = [_cells(data, n) if n in data else [NOTHING] * data.sizes[dim] for n in columns]
    return [(*first, *row) for row in zip(*cells, strict=True)]


def _cells(data: xr.Dataset, name: str) -> list[Cell]:
    values = data[name].values
    if values.dtype.kind in "OUSb":
        return [Cell(str(v)) for v in values]
    if values.dtype.kind in "iu":
        return [Cell(str(v), float(v)) for v in values]
    of, factor = shown(unit_of(name))
    offset = -273.15 if of == "K" else 0.0
    word = bare(name)
    std = f"{word}_std{name[len(word) :]}"
    if std in data:
        stds = data[std].values * factor
        return [Cell(rounded(v * factor + offset, s), float(v)) for v, s in zip(values, stds, strict=True)]
    return [Cell(f"{v * factor + offset:.5g}", float(v)) if np.isfinite(v) else NOTHING for v in values]


def _head(name: str, dim: str) -> str:
    of = shown(unit_of(name))[0]
    word = bare(name)
    short = word.removeprefix(f"{dim}_") or word
    return short.replace("_", " ") + ("" if of == "1" else " / °C" if of == "K" else f" / {unit(of)}")


def _has_words(data: xr.Dataset, dim: str) -> bool:
    return any(v.dims == (dim,) and v.dtype.kind in "OUS" for v in data.variables.values())


def as_rows(made: Table) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Columns and rows as a page's table takes them; numbers are sorted as numbers, however they are written."""
    columns = [
        {
            **{"name": f"c{i}", "label": h, "field": f"c{i}", "align": "left", "sortable": True},
            ":sort": f"(a, b, one, other) => one.n{i} - other.n{i} || String(a).localeCompare(String(b))",
        }
        for i, h in enumerate(made.head)
    ]
    rows: list[dict[str, Any]] = []
    for r, row in enumerate(made.rows):
        cells = {f"c{i}": cell.text for i, cell in enumerate(row)} | {f"n{i}": cell.number for i, cell in enumerate(row)}
        rows.append({"row": str(r), **cells})
    return columns, rows
