"""Arrays of a checkpoint that another process writes: read within bounds, nothing where it is half-written or foreign."""

from __future__ import annotations

import math
import tokenize
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

MOST_FILE: Final = 2 * 2**30
MOST_ARRAY: Final = 64 * 2**20
"""Bytes of one array that a picture reads at most."""
MOST_HEADER: Final = 4096
_READABLE: Final = "fiub"
_BROKEN: Final = (
    *(OSError, ValueError, EOFError, KeyError, RuntimeError, SyntaxError, TypeError, OverflowError, MemoryError),
    *(zipfile.BadZipFile, zlib.error, tokenize.TokenError),
)


def kept(path: Path, names: Collection[str]) -> dict[str, NDArray[Any]]:
    """Those of the named arrays that can be read: numbers of bounded size. A file that is no checkpoint has none.

    A checkpoint is replaced as a whole, so a file that is open stays the complete state that it was.
    """
    try:
        if path.stat().st_size > MOST_FILE:
            return {}
        with zipfile.ZipFile(path) as archive:
            held = set(archive.namelist())
            return {n: _array(archive, f"{n}.npy") for n in names if f"{n}.npy" in held}
    except _BROKEN:
        return {}


def _array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """One array. The header tells its size before any of it is read: a small file cannot unpack into a large one."""
    with archive.open(name) as stream:
        shape, fortran, dtype = _header(stream)
        if dtype.hasobject or dtype.kind not in _READABLE:
            raise ValueError(name)
        size = math.prod(shape) * dtype.itemsize
        if min(shape, default=0) < 0 or size > MOST_ARRAY:
            raise ValueError(name)
        held = stream.read(size)
        if len(held) != size:
            raise EOFError(name)
        return np.frombuffer(held, dtype).reshape(shape, order="F" if fortran else "C")


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(stream, max_header_size=MOST_HEADER)
    return np.lib.format.read_array_header_2_0(stream, max_header_size=MOST_HEADER)
