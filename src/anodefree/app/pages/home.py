"""The projects of a user: make one, open one, open one that somebody shared."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from anodefree.app.pages import drop_zone
from anodefree.app.pages.drop_zone import DropZone
from anodefree.app.project import Project, projects
from anodefree.app.shell import PAGES, Visit, card, page, said
from anodefree.errors import DataError


@page("/", "Projects", needs_project=False)
def build(visit: Visit) -> None:
    """Every project as a card, and the ways to get another one."""
    ui.add_css(drop_zone.STYLE)
    found = projects(visit.home)
    with ui.element("div").classes("af-grid").props("data-testid=projects"):
        for project in found:
            _project(visit, project)
    if not found:
        ui.label("No project yet: create one, or open one that was shared with you.").classes("af-soft")
    with ui.element("div").classes("af-grid"):
        with card("A new project"):
            ui.label("A folder of its own for files, samples, notes and results.").classes("af-soft")
            with ui.element("div").classes("af-row mt-2"):
                _creation(visit)
        with card("Open a shared project"):
            ui.label("The zip that 'Share' gave to another user. It becomes a project of yours.").classes("af-soft mb-2")
            DropZone("/open", _received, zips_only=True)


def _creation(visit: Visit) -> None:
    name = ui.input("Name").props("outlined dense data-testid=new-name").classes("grow")

    def create() -> None:
        made = Project.create(visit.home, name.value)
        ui.navigate.to(_first_page(visit, made))

    name.on("keydown.enter", create)
    ui.button("Create", on_click=create).props("unelevated no-caps data-testid=create-project")


async def _received(told: dict[str, Any]) -> None:
    """A project was opened, or the zip refused."""
    for one in told.get("refused", []):
        said(DataError(str(one.get("error", "")).rstrip("."), "", "take a zip that 'Share' on a project's page gave"))
    if not told.get("refused") and not told.get("busy"):
        ui.navigate.reload()


def _project(visit: Visit, project: Project) -> None:
    with card("") as shown:
        shown.props(f"data-testid=project-{project.folder.name}")
        ui.link(project.name, _first_page(visit, project)).classes("af-h2").props(f"data-testid=open-{project.folder.name}")
        files = project.files()
        size = sum(p.stat().st_size for p in files) / 2**20
        count = f"{len(files)} file{'' if len(files) == 1 else 's'}"
        ui.label(f"{count}, {size:.1f} MB · made {project.created[:10]}").classes("af-soft")
        ui.label(f"{visit.user}/{project.folder.name}").classes("af-soft")


def _first_page(visit: Visit, project: Project) -> str:
    return visit.link(next(iter(PAGES)), project)
