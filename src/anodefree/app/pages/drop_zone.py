"""A place where files and folders are dropped: sent one by one with their relative names, progress shown in the browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi import Request
from fastapi.responses import JSONResponse
from nicegui import app, events, ui

from anodefree.app.project import Project
from anodefree.app.received import MAX_BYTES, receive
from anodefree.errors import AnodefreeError

STYLE: Final = """
.af-drop{border:1.5px dashed #8a8f98;border-radius:6px;padding:14px 16px;width:100%;box-sizing:border-box}
.af-drop.over{border-style:solid;border-color:#0072B2;background:rgba(0,114,178,.08)}
.af-drop-line{display:flex;flex-wrap:wrap;gap:8px;align-items:center}
.af-drop-note{font-size:.8rem;opacity:.75;margin-top:4px}
.af-pick{border:1px solid currentColor;border-radius:4px;padding:3px 10px;background:transparent;color:inherit;cursor:pointer;
font:inherit}
.af-pick:hover,.af-pick:focus-visible{background:rgba(128,128,128,.18)}
.af-drop-progress{display:flex;gap:10px;align-items:center;margin-top:8px;font-size:.85rem}
.af-drop-progress progress{flex:1;min-width:80px;max-width:360px;accent-color:#0072B2}
"""


class DropZone(ui.element, component="drop_zone.js"):
    """The element; `received` is told what came in and what was refused. Its route serves this one page and this project."""

    def __init__(self, project: Project, received: Callable[[dict[str, Any]], Awaitable[None]], limit: int = MAX_BYTES) -> None:
        super().__init__()
        self._route = f"/_nicegui/client/{self.client.id}/received/{self.id}"
        self._props.update(url=self._route, limit=limit)

        @app.post(self._route, include_in_schema=False)
        async def take(request: Request, name: str = "") -> JSONResponse:
            try:
                return JSONResponse({"name": await receive(project, name, request.stream(), limit)})
            except AnodefreeError as error:
                return JSONResponse({"error": error.what + (f" ({error.hint})" if error.hint else "")}, status_code=422)

        async def told(event: events.GenericEventArguments) -> None:
            await received(event.args)

        self.on("received", told)

    def _handle_delete(self) -> None:
        app.remove_route(self._route)
        super()._handle_delete()
