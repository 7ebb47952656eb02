"""The tags of a Gatan file (.dm3, .dm4): a tree of names and values; arrays stay where they are in the file.

A head (version, length, byte order), then groups of tags: a byte for group or value, the name, and for a value `%%%%`, the
description of its type in 32-bit (dm3) or 64-bit (dm4) big-endian numbers, and the value in the byte order of the head.
*Source* the layout as users of the format wrote it down: Potapov, The Format of DigitalMicrograph Files (2010).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from anodefree.errors import DataError
from anodefree.io.binary import CUT, unpack

_TYPES: Final = {
    2: "i2", 3: "i4", 4: "u2", 5: "u4", 6: "f4", 7: "f8", 8: "u1", 9: "i1", 10: "u1", 11: "i8", 12: "u8",
}  # fmt: skip
_GROUP, _VALUE, _STRUCT, _STRING, _ARRAY = 20, 21, 15, 18, 20
MAX_DEPTH: Final = 64
_LONGEST_TEXT: Final = 4096

Tags = dict[str, Any]


@dataclass(frozen=True)
class Stored:
    """An array of simple values that lies in the file."""

    data: bytes
    kind: str
    at: int
    size: int

    def raw(self) -> np.ndarray:
        """Its bytes, without a copy."""
        return np.frombuffer(self.data, np.uint8, self.size * int(self.kind[-1]), self.at)

    def text(self) -> str:
        """Its characters, where it is a text of 16-bit characters or bytes."""
        raw = self.raw()[:_LONGEST_TEXT].tobytes()
        letters = raw.decode("utf-16-be" if self.kind[0] == ">" else "utf-16-le", "replace")
        return (letters if self.kind[-1] == "2" else raw.decode("latin-1")).split("\0", 1)[0].strip()


def tags(data: bytes) -> tuple[Tags, str]:
    """The tree of tags, members without a name counted from 0; and the byte order of its values, `<` or `>`.

    Raises
    ------
    DataError: no such file, cut short, or a type that is not known.
    """
    version = unpack(">i", data, 0, "its version")
    if version not in (3, 4):
        raise DataError(f"is of version {version}", "byte 0", "versions 3 and 4 are read: save it with a newer program")
    wide = version == 4
    at = 12 if wide else 8
    order = "<" if unpack(">i", data, at, "its byte order") == 1 else ">"
    return _Reader(data, order, wide).group(at + 4, 0)[0], order


@dataclass(frozen=True)
class _Reader:
    data: bytes
    order: str
    wide: bool

    def count(self, at: int) -> tuple[int, int]:
        """A number of the description, and where the next one is."""
        kind, size = (">q", 8) if self.wide else (">i", 4)
        value = int(unpack(kind, self.data, at, "a tag"))
        if value < 0:
            raise DataError(f"a tag is described by {value}", f"byte {at}", CUT)
        return value, at + size

    def group(self, at: int, depth: int) -> tuple[Tags, int]:
        if depth > MAX_DEPTH:
            raise DataError(f"has tags more than {MAX_DEPTH} deep", f"byte {at}", "is it intact?")
        members, at = self.count(at + 2)
        if members > (len(self.data) - at) // 3 + 1:
            raise DataError(f"announces {members} tags", f"byte {at}", CUT)
        found: Tags = {}
        for index in range(members):
            sort = unpack("B", self.data, at, "a tag")
            length = unpack(">H", self.data, at + 1, "a tag's name")
            name = self.data[at + 3 : at + 3 + length].decode("latin-1") or str(index)
            at += 3 + length + (8 if self.wide else 0)
            if sort == _GROUP:
                found[name], at = self.group(at, depth + 1)
            elif sort == _VALUE:
                found[name], at = self.value(at)
            else:
                raise DataError(f"has a tag of sort {sort}", f"byte {at}", "is it intact?")
        return found, at

    def value(self, at: int) -> tuple[Any, int]:
        if self.data[at : at + 4] != b"%%%%":
            raise DataError("has a value without its mark", f"byte {at}", "is it intact?")
        numbers, at = self.count(at + 4)
        if not 1 <= numbers <= min(4096, (len(self.data) - at) // 4):
            raise DataError(f"describes a value by {numbers} numbers", f"byte {at}", CUT)
        described = []
        for _ in range(numbers):
            one, at = self.count(at)
            described.append(one)
        sort = described[0]
        if sort == _STRUCT:
            return self.fields(_field_types(described[1:]), at)
        if sort == _STRING and numbers == 2:
            return self.stored("u2", described[1] // 2, at)
        if sort == _ARRAY and numbers >= 3:
            if described[1] == _STRUCT:
                kinds = _field_types(described[2:-1])
                return None, self.within(at, described[-1] * sum(int(k[-1]) for k in kinds))
            return self.stored(_simple(described[1]), described[-1], at)
        kind = _simple(sort)
        return unpack(self.order + np.dtype(kind).char, self.data, at, "a value"), at + int(kind[-1])

    def fields(self, kinds: list[str], at: int) -> tuple[tuple[Any, ...], int]:
        values = []
        for kind in kinds:
            values.append(unpack(self.order + np.dtype(kind).char, self.data, at, "a value"))
            at += int(kind[-1])
        return tuple(values), at

    def stored(self, kind: str, size: int, at: int) -> tuple[Stored, int]:
        end = self.within(at, size * int(kind[-1]))
        return Stored(self.data, self.order + kind, at, size), end

    def within(self, at: int, size: int) -> int:
        if not 0 <= size <= len(self.data) - at:
            raise DataError(f"announces {size} bytes of values, {len(self.data) - at} are there", f"byte {at}", CUT)
        return at + size


def _field_types(described: list[int]) -> list[str]:
    """Types of a record's fields, from: length of its name, number of fields, then (length of name, type) of each."""
    if len(described) < 2 or len(described) < 2 + 2 * described[1]:
        raise DataError("describes a record too briefly", "", "is it intact?")
    return [_simple(t) for t in described[3 : 3 + 2 * described[1] : 2]]


def _simple(sort: int) -> str:
    if sort not in _TYPES:
        raise DataError(f"has a value of type {sort}", "", "is it intact?")
    return _TYPES[sort]
