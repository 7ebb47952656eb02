"""A place where files and folders are dropped: sent one by one with their relative names, progress shown in the browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from nicegui import events, ui

from anodefree.app.access import REQUEST_BYTES
from anodefree.app.uploads import BOUNDS

STYLE: Final = """
.af-drop{border:1.5px dashed var(--af-soft);border-radius:6px;padding:14px 16px;width:100%;box-sizing:border-box}
.af-drop.over{border-style:solid;border-color:var(--af-link);background:rgba(0,114,178,.08)}
.af-drop-line{display:flex;flex-wrap:wrap;gap:8px;align-items:center}
.af-drop-note{font-size:.8rem;color:var(--af-soft);margin-top:4px}
.af-pick{border:1px solid currentColor;border-radius:4px;padding:3px 10px;background:transparent;color:inherit;cursor:pointer;
font:inherit}
.af-pick:hover,.af-pick:focus-visible{background:rgba(128,128,128,.18)}
.af-drop-progress{display:flex;gap:10px;align-items:center;margin-top:8px;font-size:.85rem}
.af-drop-progress progress{flex:1;min-width:80px;max-width:360px;accent-color:var(--af-link)}
"""


class DropZone(ui.element, component="drop_zone.js"):
    """The element; `url` takes each file as a form, `received` is told what came in and what was refused."""

    def __init__(self, url: str, received: Callable[[dict[str, Any]], Awaitable[None]], *, zips_only: bool = False) -> None:
        super().__init__()
        if zips_only:
            words = {"words": "Drop the zip here, or", "pick": "Choose the zip"}
            self._props.update(url=url, limit=REQUEST_BYTES, accept=".zip", folders=False, **words)
        else:
            words = {"words": "Drop files or folders here, or", "pick": "Choose files"}
            self._props.update(url=url, limit=BOUNDS.file_bytes, accept="", folders=True, **words)

        async def told(event: events.GenericEventArguments) -> None:
            await received(event.args)

        self.on("received", told)
