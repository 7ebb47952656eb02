"""Read the files of a project in a process of its own, one row at a time: a reader that hangs or dies costs only its file."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from anodefree.app.project import Project
from anodefree.app.recognised import FileRow, remember, row_of
from anodefree.errors import ConfigError

LIMIT_S: Final = 120.0
"""How long one file may take: a file of 100 MB takes seconds."""
MOST_DEATHS: Final = 20
_TURN: defaultdict[Path, asyncio.Lock] = defaultdict(asyncio.Lock)
"""One reading process for each project at a time; whoever waits finds the work done."""


async def recognising(project: Project, limit_s: float = LIMIT_S) -> AsyncIterator[FileRow]:
    """The row of each file that was not yet known, as soon as it is."""
    async with _TURN[project.folder]:
        for _ in range(MOST_DEATHS):
            died = False
            async for row, is_dead in _one_process(project, limit_s):
                died = is_dead
                yield row
            if not died:
                return


async def _one_process(project: Project, limit_s: float) -> AsyncIterator[tuple[FileRow, bool]]:
    """The rows that one process reads, and whether it died over the last of them."""
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "anodefree.app.recognised", str(project.folder)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, **threads},
    )
    name, late = "", False
    try:
        while not late:
            try:
                line = await asyncio.wait_for(process.stdout.readline(), limit_s) if process.stdout else b""
            except TimeoutError:
                line, late = b"", True
            if line.strip():
                name = json.loads(line)
                continue
            with suppress(ConfigError):  # deleted while it was read
                if line:
                    yield row_of(project, name), False
                elif name:
                    yield _given_up(project, name, late=late, limit_s=limit_s), True
            if not line:
                return
            name = ""
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await process.wait()


def _given_up(project: Project, name: str, *, late: bool, limit_s: float) -> FileRow:
    """The row of a file over which the process died, which is remembered so that it is not tried again by itself."""
    said = f"reading it took more than {limit_s:.0f} s and was stopped" if late else "its reader died while reading it"
    hint = "is it damaged? Export it again, or choose another format"
    row = replace(row_of(project, name), problem=said, explanation=(said,), hint=hint, pending=False)
    remember(project, row)
    return row
