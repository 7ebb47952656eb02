"""What this machine offers: how much memory a computation may take before it is refused."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from anodefree.errors import ConfigError

LIMIT = Path("/sys/fs/cgroup/memory.max")
"""Where a container's limit is told."""
SHARE = 0.8
"""Of the memory, what one computation may take: the rest is the system's and the other programs'."""


def memory_bytes() -> int | None:
    """Memory of the machine, or of the container where that has less; None where the system does not tell."""
    found = []
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with contextlib.suppress(OSError, ValueError):  # no container, or one without a limit ("max")
        found.append(int(LIMIT.read_text()))
    return min(found, default=None)


def refuse_beyond_memory(needed_bytes: float, where: str, remedy: str) -> None:
    """Before anything is allocated.

    Raises
    ------
    ConfigError: more is needed than the machine can give.
    """
    have = memory_bytes()
    if have is not None and needed_bytes > SHARE * have:
        raise ConfigError(
            f"needs {needed_bytes / 2**30:.1f} GiB of memory, of {have / 2**30:.1f} GiB that are here", where, remedy
        )
