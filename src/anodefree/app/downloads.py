"""Results to take away: each is made anew from the project's store when it is asked for, and no other file can be reached."""

from __future__ import annotations

import csv
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, PlainTextResponse
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from anodefree.app.analyses import Row, analysis, rows, stage_of
from anodefree.app.exports import export
from anodefree.app.names import safe_name
from anodefree.app.project import Project
from anodefree.app.result_view import DRAWING
from anodefree.app.shell import sentence, visit_of
from anodefree.core.result import Result
from anodefree.errors import AnodefreeError, ConfigError
from anodefree.registry import Output, Stage


def routes(app: FastAPI) -> None:
    """Add the route to the server."""
    app.add_api_route("/p/{project}/result", result, methods=["GET"])


async def result(project: str, request: Request) -> Any:
    """`?of=analysis-1-eis.fit&as=csv`: the results of one or several analyses; more than one file comes as a zip."""
    wanted, suffix = request.query_params.getlist("of"), request.query_params.get("as", "")
    folder = tempfile.TemporaryDirectory(prefix="anodefree-", ignore_cleanup_errors=True)
    try:
        here = visit_of(request, project).here
        made = await run_in_threadpool(written, here, wanted, suffix, Path(folder.name))
    except AnodefreeError as error:
        folder.cleanup()
        return PlainTextResponse(sentence(error), 404)
    return FileResponse(made, filename=made.name, background=BackgroundTask(folder.cleanup))


def written(project: Project, wanted: list[str], suffix: str, folder: Path) -> Path:
    """The one file that holds what was asked for.

    Raises
    ------
    ConfigError: no such analysis, nothing computed, or no such suffix.
    """
    found: list[tuple[Stage, Row, Output]] = []
    for name in wanted[:50]:
        one = analysis(project, name)
        found += [(stage_of(one), r, r.output) for r in rows(project, one) if r.output is not None]
    if not found:
        raise ConfigError("holds no result yet", ", ".join(wanted)[:80], "run it first")
    made: list[Path] = []
    with DRAWING:
        for stage, row, output in found:
            name = safe_name(f"{row.name.rpartition('.')[0] or row.name} {stage.name}")
            if any(p.name == f"{name}.{suffix}" for p in made):
                name += f" {len(made) + 1}"
            made.append(export(stage, output, suffix, folder, name))
    if len(made) == 1:
        return made[0]
    if suffix == "csv" and all(isinstance(o, Result) for _, _, o in found):
        return _one_table(made, [r.name for _, r, _ in found], folder / safe_name(f"{found[0][0].name} compared.csv"))
    packed = folder / safe_name(f"{found[0][0].name} {suffix}.zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in made:
            archive.write(path, path.name)
    return packed


def _one_table(parts: list[Path], samples: list[str], target: Path) -> Path:
    """The estimates of several samples beneath each other, their sample in the first column."""
    with target.open("w", newline="") as stream:
        out = csv.writer(stream, lineterminator="\n")
        for place, (part, sample) in enumerate(zip(parts, samples, strict=True)):
            with part.open(newline="") as source:
                head, *lines = csv.reader(source)
            out.writerows([["sample", *head]] if place == 0 else [])
            out.writerows([sample, *line] for line in lines)
    return target
