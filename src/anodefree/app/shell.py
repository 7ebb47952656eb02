"""The frame of every page: header, navigation, light and dark, style; and errors said as one sentence."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import nicegui
from fastapi import Request

from anodefree.app.access import USER
from anodefree.app.early import IN_ORDER, leave_typing_alone
from anodefree.app.project import Project, project_of
from anodefree.app.theme import BLUE, CSS, GREEN, RED, SCHEMES
from anodefree.errors import AnodefreeError

Builder = Callable[["Visit"], Awaitable[None] | None]
BUILDS_WITHIN_S: Final = 30.0
PAGES: Final[dict[str, str]] = {}
"""Path below a project -> title, in the order of the navigation, of the pages that are there."""
ui = nicegui.ui
_log = logging.getLogger("anodefree.app")


@dataclass(frozen=True)
class Visit:
    """Who looks at what."""

    user: str
    home: Path
    project: Project | None

    @property
    def here(self) -> Project:
        """The project, on pages that need one."""
        if self.project is None:
            raise AnodefreeError("no project is open", hint="choose one from the list of projects")
        return self.project

    def link(self, path: str, project: Project | None = None) -> str:
        """The address of another page of this project, or of that one."""
        return f"/p/{(project or self.here).folder.name}/{path.strip('/')}"


class Homes:
    """Where the users' projects lie; set once, when the server starts."""

    root: Path = Path()


def page(path: str, title: str, *, needs_project: bool = True) -> Callable[[Builder], Builder]:
    """Register `f(visit)` as a page: below `/p/{project}/` where it needs a project, else at `path` itself."""
    below = path.strip("/")

    def register(build: Builder) -> Builder:
        if needs_project:
            PAGES[below] = title

            async def shown(project: str, request: Request) -> None:
                await _draw(build, title, below, request, project)

            ui.page(f"/p/{{project}}/{below}", response_timeout=BUILDS_WITHIN_S)(shown)
        else:

            async def alone(request: Request) -> None:
                await _draw(build, title, below, request, None)

            ui.page("/" + below, response_timeout=BUILDS_WITHIN_S)(alone)
        return build

    return register


def visit_of(request: Request, project: str | None) -> Visit:
    """Who asks, and for which of their projects.

    Raises
    ------
    ConfigError: this user has no such project.
    """
    user = str(request.scope[USER])
    home = Homes.root / user
    return Visit(user, home, None if project is None else project_of(home, project))


def said(error: AnodefreeError) -> None:
    """One notification: what, where, what to try."""
    ui.notify(sentence(error), type="negative", position="top", close_button="Close", timeout=0, multi_line=True)


def told(text: str) -> None:
    """One notification of something that went well."""
    ui.notify(text, type="positive", position="top", timeout=4000)


def sentence(error: BaseException) -> str:
    """An error in words; what nobody foresaw is told shortly, and written to the server's own output."""
    if isinstance(error, AnodefreeError):
        where = f"{error.where}: " if error.where else ""
        return f"{where}{error.what}." + (f" Try: {error.hint}." if error.hint else "")
    return "Something went wrong that should not have. The terminal where `anodefree app` runs says more; please report it."


@contextmanager
def card(title: str) -> Iterator[Any]:
    """The house's card: a section with a heading."""
    with ui.element("section").classes("af-card").props(f'aria-label="{_attribute(title)}"') as section:
        if title:
            heading(title, 2)
        yield section


def heading(text: str, level: int = 2) -> None:
    """A heading that screen readers know as one."""
    with ui.element(f"h{level}").classes(f"af-h{level}"):
        ui.label(text)


# A plot that is taken off the page, or hidden, while its frame changes size rejects a promise of its own: nothing is lost.
QUIET_PLOTS: Final = """<script>window.addEventListener("unhandledrejection", (event) => {
  if (/displayed plot div/.test(String(event.reason?.message ?? event.reason))) event.preventDefault();
});</script>"""


# The wheel zooms a plot that was clicked, until the pointer leaves it; before that it scrolls the page as everywhere else.
WHEEL: Final = """<script>(() => {
  let held = null;
  const plot = (event) => event.target.closest?.(".af-wheel");
  addEventListener("pointerdown", (event) => { held = plot(event); }, true);
  addEventListener("pointerover", (event) => {
    const passing = event.buttons || event.target === document.body || event.target.classList?.contains("dragcover");
    if (held && !passing && plot(event) !== held) held = null;
  }, true);
  addEventListener("wheel", (event) => {
    if (plot(event) && plot(event) !== held && !event.ctrlKey) event.stopPropagation();
  }, {capture: true, passive: true});
})();</script>"""


MENU: Final = """(event) => {
  const button = event.target.closest("button");
  button.setAttribute("aria-expanded", button.getAttribute("aria-expanded") !== "true");
}"""


async def _draw(build: Builder, title: str, path: str, request: Request, name: str | None) -> None:
    ui.on_exception(_handled)
    ui.add_head_html(IN_ORDER)
    try:
        visit = visit_of(request, name)
    except AnodefreeError as error:
        with _frame(None, title, path, request):
            _failed(error)
        return
    with _frame(visit, title, path, request):
        try:
            drawn = build(visit)
            if inspect.isawaitable(drawn):
                await drawn
        except Exception as error:
            if not isinstance(error, AnodefreeError):
                _log.exception("the page %s could not be drawn", path or "/")
            _failed(error)
    await leave_typing_alone(ui.context.client)


def _handled(error: Exception) -> None:
    """What a handler raised after the page was shown."""
    if isinstance(error, AnodefreeError):
        said(error)
    else:
        ui.notify(sentence(error), type="negative", position="top", close_button="Close", timeout=0)


def _failed(error: BaseException) -> None:
    with ui.element("section").classes("af-card").props('role="alert" data-testid=page-error'):
        ui.label(sentence(error))
        ui.link("All projects", "/")


@contextmanager
def _frame(visit: Visit | None, title: str, path: str, request: Request) -> Iterator[None]:
    project = visit.project if visit else None
    ui.page_title(" · ".join(x for x in (title, project.name if project else "", "anodefree") if x))
    ui.add_css(CSS)
    ui.colors(primary=BLUE, negative=RED, positive=GREEN)
    ui.add_head_html(QUIET_PLOTS + WHEEL)
    scheme = request.cookies.get("anodefree_scheme", "auto")
    dark = ui.dark_mode(SCHEMES.get(scheme))
    ui.link("Skip to the content", "#main").classes("af-skip")
    with ui.element("header").classes("af-header"):
        ui.link("anodefree", "/").classes("af-brand").props('data-testid=home aria-label="anodefree: all projects"')
        if project is not None:
            name = ui.label(project.name).classes("af-project").props("data-testid=project-name")
            name.props["title"] = project.name
        _menu_button()
        with ui.element("div").classes("af-more").props("id=menu"):
            if project is not None and visit is not None:
                _navigation(visit, path)
            ui.element("div").classes("af-space")
            if visit is not None:
                ui.label(visit.user).classes("af-user").props("data-testid=user")
            _scheme_switch(dark, scheme)
    with ui.element("main").classes("af-main").props('id=main tabindex="-1"'):
        heading(title, 1)
        yield


def _navigation(visit: Visit, path: str) -> None:
    with ui.element("nav").classes("af-nav").props('aria-label="Pages of the project"'):
        for below, name in PAGES.items():
            link = ui.link(name, visit.link(below)).props(f"data-testid=nav-{below}")
            if below == path:
                link.props('aria-current="page"')


def _menu_button() -> None:
    """On a narrow screen the rest of the header waits behind it."""
    button = (
        ui.element("button").classes("af-menu").props("type=button aria-expanded=false aria-controls=menu data-testid=menu")
    )
    button.on("click", js_handler=MENU)
    with button:
        ui.label("Menu")


def _scheme_switch(dark: Any, scheme: str) -> None:
    """Follows the system until it is told otherwise; the browser remembers."""

    def change(event: Any) -> None:
        dark.value = SCHEMES[event.value]
        ui.run_javascript(
            f"document.cookie = 'anodefree_scheme={event.value}; path=/; max-age=31536000; samesite=strict'",
        )

    chosen = scheme if scheme in SCHEMES else "auto"
    words = {"auto": "As the system", "light": "Light", "dark": "Dark"}
    ui.select(words, value=chosen, on_change=change).props('dense borderless data-testid=scheme aria-label="Light or dark"')


def _attribute(text: str) -> str:
    """For a property in quotes."""
    return text.replace("\\", "").replace('"', "'")
