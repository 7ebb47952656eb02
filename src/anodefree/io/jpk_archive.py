"""The zip archives that JPK instruments write: properties and raw numbers by name, unpacked within bounds."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from anodefree.errors import DataError

MAX_ENTRIES: Final = 2_000_000
MAX_PROPERTIES: Final = 2**20
MAX_DATA: Final = 2**28
HINT: Final = "save the curves again in JPK's data processing"
Properties = Mapping[str, str]


@dataclass
class Archive:
    """An archive in memory. What it unpacks to in total may be ten times its own size and a few MiB more."""

    data: bytes
    zip: zipfile.ZipFile = field(init=False)
    room: int = field(init=False)

    def __post_init__(self) -> None:
        if self.data.count(b"PK\x01\x02") > MAX_ENTRIES:
            raise DataError(f"the archive has more than {MAX_ENTRIES} entries")
        try:
            self.zip = zipfile.ZipFile(io.BytesIO(self.data))
        except (zipfile.BadZipFile, struct.error, ValueError, EOFError, OverflowError, NotImplementedError) as error:
            raise DataError(f"the archive is damaged ({_reason(error)})", hint=HINT) from error
        self.room = min(10 * len(self.data) + 2**22, 2**31)

    def names(self) -> list[str]:
        """The entries in their order."""
        return list(self.zip.NameToInfo)

    def bytes_of(self, name: str, most: int = MAX_DATA) -> bytes:
        """What an entry unpacks to.

        Raises
        ------
        DataError: it is not there, damaged, encrypted, packed in an unknown way, or larger than is read.
        """
        entry = self.zip.NameToInfo.get(name)
        if entry is None:
            raise DataError(f"the archive holds no '{name[:80]}'", hint=HINT)
        if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DataError(f"'{name[:80]}' is encrypted, or packed in a way that is not known here", hint=HINT)
        size = entry.file_size
        if size > min(most, self.room):
            raise DataError(f"'{name[:80]}' would unpack to {size / 2**20:.1f} MiB, more than is read", hint=HINT)
        self.room -= size
        try:
            with self.zip.open(entry) as stream:
                return stream.read(size)
        except (
            *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError),
            *(RuntimeError, OverflowError, NotImplementedError, OSError),
        ) as error:
            raise DataError(f"'{name[:80]}' is damaged ({_reason(error)})", hint=HINT) from error

    def properties(self, name: str) -> dict[str, str]:
        """The `name=value` lines of an entry; empty where it is not there."""
        if name not in self.zip.NameToInfo:
            return {}
        found: dict[str, str] = {}
        for line in self.bytes_of(name, MAX_PROPERTIES).decode("latin-1").splitlines():
            key, sign, value = line.partition("=")
            if sign and not line.startswith("#"):
                found[key.strip()] = value.strip()
        return found


def _reason(error: Exception) -> str:
    return str(error)[:100] or type(error).__name__
