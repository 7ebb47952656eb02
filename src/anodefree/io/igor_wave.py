"""Igor binary waves of version 5 (`.ibw`): shape, scales, numbers, note and labels, each within the file's own bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from anodefree.errors import DataError
from anodefree.io.binary import CUT, records, text, unpack

HEADER: Final = 64
DATA: Final = 64 + 320
LABEL: Final = 32
TYPES: Final = {2: "f4", 4: "f8", 8: "i1", 16: "i2", 32: "i4"}
"""Number types of waves; complex ones and text are no measurement of a probe."""


@dataclass(frozen=True)
class Wave:
    """The header of a wave, and where in its bytes everything lies."""

    data: bytes
    order: str
    sort: int
    nodes: tuple[int, ...]
    """Points along each of four dimensions, 0 where there is none."""
    steps: tuple[float, ...]
    sizes: tuple[int, ...]
    """Bytes of the wave, formula, note, units (1 + 4), labels (4)."""

    def numbers(self, count: int, what: str) -> np.ndarray:
        """The first `count` numbers.

        Raises
        ------
        DataError: of a type that is not known here, or beyond the end.
        """
        if self.sort not in TYPES:
            raise DataError(f"holds numbers of type {self.sort}, which is not known here")
        return records(self.data, np.dtype(self.order + TYPES[self.sort]), DATA, count, what)

    def after(self, count: int) -> int:
        """Where the numbers end."""
        return DATA + count * np.dtype(TYPES[self.sort]).itemsize

    def note(self, count: int) -> dict[str, str]:
        """The `name: value` lines of the note behind so many numbers."""
        at = self.after(count) + self.sizes[1]
        lines = self.data[at : at + max(self.sizes[2], 0)].decode("cp1252", "replace").replace("\n", "\r").split("\r")
        pairs = (line.partition(":") for line in lines[:5000])
        return {key.strip(): value.strip() for key, sign, value in pairs if sign}

    def labels(self, count: int, of: int, along: int) -> list[str]:
        """The last `of` labels along a dimension (0 to 3), behind so many numbers; empty where there are fewer."""
        _, formula, note, data_units, *rest = self.sizes
        units, labels = rest[:4], rest[4:8]
        if any(s < 0 for s in self.sizes[1:]) or labels[along] < LABEL * of:
            return []
        at = self.after(count) + formula + note + data_units + sum(units) + sum(labels[:along])
        per = labels[along] // LABEL
        return [text(self.data, at + LABEL * k, LABEL) for k in range(max(per - of, 0), per)]


def wave_of(data: bytes) -> Wave:
    """The wave of a file's bytes.

    Raises
    ------
    DataError: another version, or a file cut short.
    """
    order = "<" if data[:2] == b"\x05\x00" else ">"
    if unpack(order + "h", data, 0, "the version") != 5:
        raise DataError("is an Igor wave of another version than 5", hint="Asylum's program writes version 5")
    sizes = tuple(unpack(f"{order}i", data, at, "the header") for at in range(4, 52, 4))
    sort = unpack(order + "h", data, HEADER + 16, "the type of its numbers")
    nodes = tuple(unpack(f"{order}i", data, HEADER + 68 + 4 * k, "its dimensions") for k in range(4))
    steps = tuple(unpack(f"{order}d", data, HEADER + 84 + 8 * k, "its scales") for k in range(4))
    if any(n < 0 for n in nodes):
        raise DataError("announces a negative number of points", hint=CUT)
    return Wave(data, order, sort, nodes, steps, sizes)
