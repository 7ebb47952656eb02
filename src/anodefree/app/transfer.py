"""The routes that carry files: into a project, a project out as a zip, and a zip in as a project."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from anodefree.app.shell import sentence, visit_of
from anodefree.app.uploads import open_zip, receive
from anodefree.errors import AnodefreeError, printable

MOST_FILES: Final = 1000
"""In one request."""


def routes(app: FastAPI) -> None:
    """Add them to the server. Each answers for the user who asks and for no other."""
    app.add_api_route("/p/{project}/upload", upload, methods=["POST"])
    app.add_api_route("/p/{project}/share", share, methods=["GET"])
    app.add_api_route("/open", opened, methods=["POST"])


async def upload(project: str, request: Request) -> JSONResponse:
    """Files of a form into a project: `{"kept": [names], "refused": [{"name", "why"}]}`; one bad file stops no other."""
    try:
        here = visit_of(request, project).here
    except AnodefreeError as error:
        return JSONResponse({"kept": [], "refused": [{"name": "", "why": sentence(error)}]}, 404)
    root = here.files_path.resolve()

    def keep(name: str, stream: IO[bytes]) -> list[str]:
        return [str(p.relative_to(root)) for p in receive(here, name, stream)]

    return await _each(request, keep)


async def opened(request: Request) -> JSONResponse:
    """A shared project's zip as a project of this user."""
    home = visit_of(request, None).home
    return await _each(request, lambda name, stream: [open_zip(home, stream).folder.name])


async def share(project: str, request: Request) -> Any:
    """The project as one zip, with its results unless `?store=no`."""
    try:
        here = visit_of(request, project).here
        with tempfile.NamedTemporaryFile(prefix="anodefree-", suffix=".zip", delete=False) as made:
            target = Path(made.name)
        await run_in_threadpool(here.zip, target, store=request.query_params.get("store") != "no")
    except AnodefreeError as error:
        return PlainTextResponse(sentence(error), 404)
    name = f"{here.folder.name}.zip"
    return FileResponse(target, filename=name, media_type="application/zip", background=BackgroundTask(target.unlink))


async def _each(request: Request, keep: Callable[[str, IO[bytes]], list[str]]) -> JSONResponse:
    kept: list[str] = []
    refused: list[dict[str, str]] = []
    try:
        form = await request.form(max_files=MOST_FILES, max_fields=MOST_FILES)
    except HTTPException as error:  # what arrived is no form
        return JSONResponse({"kept": [], "refused": [{"name": "", "why": str(error.detail)}]}, 400)
    try:
        for _, part in form.multi_items():
            if not isinstance(part, UploadFile):
                continue
            name = part.filename or "file"
            try:
                kept += await run_in_threadpool(keep, name, part.file)
            except AnodefreeError as error:
                refused.append({"name": printable(name), "why": sentence(error)})
    finally:
        await form.close()
    if not kept and not refused:
        refused.append({"name": "", "why": "No file arrived."})
    return JSONResponse({"kept": kept, "refused": refused}, 200 if kept else 400)
