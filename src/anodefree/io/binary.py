"""The bytes of a binary file as numbers, texts and records, and never a byte beyond their end."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from anodefree.errors import DataError

CUT = "was the copy or the download cut short?"


def unpack(kind: str, data: bytes, at: int, what: str) -> Any:
    """One number (or text) of a `struct` layout at an offset.

    Raises
    ------
    DataError: it lies beyond the end.
    """
    if not 0 <= at <= len(data) - struct.calcsize(kind):
        raise DataError(f"ends before {what} (at byte {at})", hint=CUT)
    return struct.unpack_from(kind, data, at)[0]


def records(data: bytes, record: np.dtype[Any], at: int, count: int, what: str) -> np.ndarray:
    """`count` records of a layout from an offset on, without a copy.

    Raises
    ------
    DataError: there are none, or they go beyond the end.
    """
    if count < 1:
        raise DataError(f"holds no {what}", hint="was anything recorded?")
    if not 0 <= at <= len(data) - count * record.itemsize:
        has = max(0, len(data) - max(at, 0)) // record.itemsize
        raise DataError(f"announces {count} {what}, there is room for {has}", hint=CUT)
    return np.frombuffer(data, record, count, at)


def layout(size: int, **fields: tuple[str, int]) -> np.dtype[Any]:
    """A record of `size` bytes with each field's type and offset; bytes between them are passed over."""
    return np.dtype(
        {
            "names": list(fields),
            "formats": [kind for kind, _ in fields.values()],
            "offsets": [at for _, at in fields.values()],
            "itemsize": size,
        }
    )


def text(data: bytes, at: int, size: int, encoding: str = "cp1252") -> str:
    """A text in a fixed field: up to its first zero byte; empty where the field lies beyond the end."""
    raw = data[at : at + size].split(b"\0", 1)[0] if at >= 0 else b""
    return "".join(c for c in raw.decode(encoding, "replace") if c.isprintable()).strip()


def pascal(data: bytes, at: int) -> str:
    """A text that begins with its own length."""
    return text(data, at + 1, data[at]) if 0 <= at < len(data) else ""
