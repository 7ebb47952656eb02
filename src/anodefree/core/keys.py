"""Content keys: the same content has the same name, everywhere and always."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

KEY_LENGTH = 32


def plain(value: Any) -> Any:
    """A value as JSON can hold it: dataclasses as tables, arrays and tuples as lists, numpy scalars as Python's own."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return value.name
    return value


def canonical(value: Any) -> str:
    """One JSON text for one content: sorted, without blanks."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def content_key(value: Any) -> str:
    """The key of any plain content."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:KEY_LENGTH]


def file_sha256(path: Path) -> str:
    """The sha256 of a file's bytes, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def arrays_key(arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> str:
    """The key of arrays made in memory: names, shapes, bytes and metadata."""
    digest = hashlib.sha256(canonical(meta).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name}{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes() if array.dtype != object else canonical(array.tolist()).encode())
    return digest.hexdigest()[:KEY_LENGTH]
