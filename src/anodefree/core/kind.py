"""A kind of measurement: which arrays it has, in which unit, along which dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from anodefree.core.units import unit_of
from anodefree.errors import DataError


@dataclass(frozen=True)
class Array:
    """One array of a kind: its dimensions, what it is, and whether a measurement may lack it or have gaps (NaN)."""

    dims: tuple[str, ...]
    doc: str
    optional: bool = False
    gaps: bool = False
    positive: bool = False


@dataclass(frozen=True)
class Kind:
    """A frozen table: array name -> `Array`. The unit is the name's suffix, so it cannot disagree with the name.

    `series` names the dimension along which several measurements of this kind join into one, if they can. A kind without one
    may name the kind that several of it make `together`: the arrays they share then get that kind's series in front.
    """

    name: str
    title: str
    arrays: Mapping[str, Array]
    meta: Mapping[str, str] = field(default_factory=dict)
    required_meta: tuple[str, ...] = ()
    series: str = ""
    together: Kind | None = None

    def unit(self, array: str) -> str:
        """The SI unit of an array."""
        return unit_of(array)

    def check(self, data: Mapping[str, tuple[tuple[str, ...], np.ndarray]], meta: Mapping[str, object], where: str) -> None:
        """Raise one `DataError` that lists everything wrong with the arrays and metadata."""
        wrong = [f"'{name}' is missing" for name, a in self.arrays.items() if not a.optional and name not in data]
        wrong += [f"metadata '{name}' is missing" for name in self.required_meta if name not in meta]
        wrong += [f"'{name}' is not an array of this kind" for name in data if name not in self.arrays]
        sizes: dict[str, int] = {}
        for name, (dims, values) in data.items():
            if name in self.arrays:
                wrong += self._faults(name, tuple(dims), values, sizes)
        if wrong:
            known = ", ".join(f"{n} [{unit_of(n)}]" for n in self.arrays)
            raise DataError(f"not a valid {self.name} measurement: " + "; ".join(wrong), where, f"a {self.name} has: {known}")

    def _faults(self, name: str, dims: tuple[str, ...], values: np.ndarray, sizes: dict[str, int]) -> list[str]:
        expected = self.arrays[name]
        if dims != expected.dims:
            return [f"'{name}' has dimensions {dims}, expected {expected.dims}"]
        if values.ndim != len(dims):
            return [f"'{name}' has {values.ndim} dimensions, expected {len(dims)}"]
        wrong = []
        for dim, size in zip(dims, values.shape, strict=True):
            if sizes.setdefault(dim, size) != size:
                wrong.append(f"'{name}' has {size} values along {dim}, others have {sizes[dim]}")
        if values.size == 0:
            wrong.append(f"'{name}' is empty")
        elif values.dtype.kind in "fc":
            bad = np.isnan(values) if expected.gaps else ~np.isfinite(values)
            if expected.gaps and bad.all():
                wrong.append(f"'{name}' holds no number at all")
            elif not expected.gaps and bad.any():
                wrong.append(f"'{name}' holds {int(bad.sum())} NaN or infinite values (first at index {int(np.argmax(bad))})")
            if expected.positive and (values[np.isfinite(values)] <= 0).any():
                wrong.append(f"'{name}' must be positive everywhere")
        elif values.dtype.kind not in "iubUO":
            wrong.append(f"'{name}' is of type {values.dtype}, not numbers")
        return wrong
