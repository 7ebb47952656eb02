"""The server: one process on 127.0.0.1, one printed address with a token for each user."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
import re
import socket
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from anodefree.errors import AnodefreeError, ConfigError, missing_extra

HOST: Final = "127.0.0.1"
PORT: Final = 8760
FIRST_LOOK_S: Final = 3.0
"""The first page is drawn before the stages are imported, so that neither waits for the other."""
PAGES: Final = (  # in the order of the navigation
    "home",
    "files",
    "analyse",
    "simulate",
    "jobs",
    "reproduce",
    "notes",
)


def serve(folder: Path, port: int | None = None, users: Sequence[str] = ("me",), *, browser: bool = True) -> None:
    """Serve the projects in `folder` until the process is stopped. `port` 0 takes a free one.

    Raises
    ------
    ConfigError: a user's name is no folder's name, the port is taken, or the folder cannot be written.
    MissingExtra: NiceGUI is not installed.
    """
    names = _checked(users)
    os.environ.pop("PYTEST_CURRENT_TEST", None)  # NiceGUI takes it for a sign that it is being tested
    try:
        import nicegui
    except ImportError as error:
        raise missing_extra("nicegui", "app") from error
    from anodefree.app import downloads
    from anodefree.app.access import TOKEN, Guard, Visitor
    from anodefree.app.project import Project
    from anodefree.app.shell import Homes
    from anodefree.app.theme import ICON
    from anodefree.app.transfer import routes
    from anodefree.app.uploads import sweep
    from anodefree.core.arrays import cannot_write

    Homes.root = folder.expanduser().resolve()
    for name in names:
        home = Homes.root / name
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(error, home) from error
        sweep(home)
        if not any(home.iterdir()):
            Project.create(home, "First project")
    for module in PAGES:
        importlib.import_module(f"anodefree.app.pages.{module}")
    taken = _free(port)
    visitors = tuple(Visitor.new(n) for n in names)
    addresses = [f"http://{HOST}:{taken}/?{TOKEN}={v.token}" for v in visitors]

    def owner(client: str) -> str | None:
        from anodefree.app.access import USER

        found = nicegui.Client.instances.get(client)
        return str(found.request.scope.get(USER)) if found is not None and found.request is not None else None

    async def ready() -> None:
        await _answers(taken)
        for name, address in zip(names, addresses, strict=True):
            sys.stdout.write(f"{name}  {address}\n" if len(names) > 1 else f"{address}\n")
        sys.stdout.flush()
        if browser:
            webbrowser.open(addresses[0])
        await asyncio.sleep(FIRST_LOOK_S)
        await nicegui.run.io_bound(_acquainted)

    logging.getLogger("nicegui").addFilter(_unforeseen)
    nicegui.app.add_middleware(Guard, visitors=visitors, port=taken, owner=owner)
    nicegui.app.on_startup(lambda: nicegui.background_tasks.create(ready(), name="tell the addresses"))
    routes(nicegui.app)
    downloads.routes(nicegui.app)
    with contextlib.suppress(KeyboardInterrupt):  # the usual way to end it
        nicegui.ui.run(
            host=HOST,
            port=taken,
            title="anodefree",
            favicon=ICON,
            dark=None,
            language="en-US",
            reload=False,
            show=False,
            show_welcome_message=False,
            reconnect_timeout=30.0,
            server_header=False,
            forwarded_allow_ips="",
        )


def _acquainted() -> None:
    """Import every stage and plan the paper, which takes seconds, before somebody asks for their list or for the chain."""
    from anodefree.app.reproduction import acquaint
    from anodefree.stages import get
    from anodefree.stages import names as stages

    for name in stages():
        with contextlib.suppress(AnodefreeError):  # the page that needs it says why
            get(name)
    with contextlib.suppress(AnodefreeError):
        acquaint()


def _checked(users: Sequence[str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(u.strip() for u in users if u.strip()))
    wrong = [n for n in names if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", n)]
    if wrong or not names:
        raise ConfigError(f"'{', '.join(wrong)}' cannot be a user", "--users", "letters and digits: --users anna,ben")
    return names


def _free(port: int | None) -> int:
    """The port asked for, or the usual one, or any free one where nobody asked and the usual one is taken."""
    for wanted in (PORT, 0) if port is None else (port,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, wanted))
                return int(probe.getsockname()[1])
            except (OSError, OverflowError):
                continue
    raise ConfigError(f"the port {port} cannot be used", "--port", "give another one, or none: a free one is taken")


async def _answers(port: int) -> None:
    """Wait until the server can be reached: an address that is told can be opened."""
    while True:
        try:
            _, stream = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            stream.close()
            return


def _unforeseen(record: logging.LogRecord) -> bool:
    """Our own errors were told to the user: only the others belong into the server's output."""
    error = record.exc_info[1] if record.exc_info else record.msg
    return not isinstance(error, AnodefreeError)
