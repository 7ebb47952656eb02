"""Safe names: what a browser calls a file becomes a name that any disk takes, and no path leaves its folder."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path, PurePosixPath
from typing import Final

from anodefree.errors import ConfigError, printable

LONGEST_BYTES: Final = 120
LONGEST_PART_BYTES: Final = 255
"""What file systems hold."""
DEEPEST: Final = 8
"""Folders within folders that a dropped folder may bring."""
_FORBIDDEN: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_DEVICES: Final = {"con", "prn", "aux", "nul", *(f"{d}{i}" for d in ("com", "lpt") for i in range(1, 10))}


def safe_name(name: str) -> str:
    """One name that Linux, macOS and Windows can hold, as near to the given one as that allows.

    No separators, control or invisible characters, no leading or trailing dots and spaces, no device names, 120 bytes at most
    with the suffix kept.
    """
    text = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
    text = _FORBIDDEN.sub("_", text).strip(". \u00a0")
    if text.partition(".")[0].strip().lower() in _DEVICES:
        text = "_" + text
    return _shortened(text) or "file"


def safe_path(name: str) -> PurePosixPath:
    """The safe names of a path below some folder, as a dropped folder or a zip brings it; `..` and roots are refused.

    Raises
    ------
    ConfigError: the path is absolute, climbs, or is deeper than eight folders.
    """
    text = name.replace("\\", "/")
    parts = [p for p in text.split("/") if p not in ("", ".")]
    if text.startswith("/") or re.match(r"^[A-Za-z]:", text) or ".." in parts:
        raise ConfigError("its name points outside the project", printable(name), "rename it and drop it again")
    if len(parts) > DEEPEST:
        raise ConfigError(f"lies more than {DEEPEST} folders deep", printable(name), "drop an inner folder")
    return PurePosixPath(*(safe_name(p) for p in parts)) if parts else PurePosixPath("file")


def folder_name(name: str) -> str:
    """A name for a project's folder that can stand in an address: letters, digits, `-`, `_` and `.`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    text = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-. _")[:60].strip("-. _")
    if text.partition(".")[0].lower() in _DEVICES:
        text = "project-" + text
    return text or "project"


def inside(root: Path, path: str | Path) -> Path:
    """The real path of something below `root`, all links followed.

    Raises
    ------
    ConfigError: it is not below `root`.
    """
    base = root.resolve()
    try:
        found = (base / path).resolve()
        if any(len(os.fsencode(part)) > LONGEST_PART_BYTES for part in found.parts):
            raise ValueError("a name is too long")
    except (OSError, ValueError, RuntimeError) as error:  # a null byte, a name too long, a loop of links
        raise ConfigError("is not a usable path", printable(str(path)), "choose a file of this project") from error
    if found == base or not found.is_relative_to(base):
        raise ConfigError("lies outside this project", printable(str(path)), "choose a file of this project")
    return found


def unique(path: Path) -> Path:
    """That path, or one with a number before its suffix where something has the name already."""
    number, found = 1, path
    while found.exists() or found.is_symlink():
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found


def _shortened(text: str) -> str:
    if len(text.encode()) <= LONGEST_BYTES:
        return text
    stem, dot, suffix = text.rpartition(".")
    if not dot or len(suffix.encode()) > 12:
        stem, suffix = text, ""
    room = LONGEST_BYTES - len((dot + suffix).encode() if suffix else b"")
    cut = stem.encode()[:room].decode("utf-8", "ignore").strip(". ")
    return f"{cut}.{suffix}" if suffix else cut
