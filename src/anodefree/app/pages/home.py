"""The projects of a user: make one, open one, open one that somebody shared."""

from __future__ import annotations

from nicegui import ui

from anodefree.app.project import Project, projects
from anodefree.app.shell import PAGES, Visit, card, page, said


@page("/", "Projects", needs_project=False)
def build(visit: Visit) -> None:
    """Every project as a card, and the ways to get another one."""
    with ui.element("div").classes("af-grid").props("data-testid=projects"):
        for project in projects(visit.home):
            _project(visit, project)
    with card("A new project"), ui.element("div").classes("af-row"):
        name = ui.input("Name").props("outlined dense data-testid=new-name").classes("min-w-[240px]")

        def create() -> None:
            made = Project.create(visit.home, name.value)
            ui.navigate.to(_first_page(visit, made))

        name.on("keydown.enter", create)
        ui.button("Create", on_click=create).props("unelevated no-caps data-testid=create-project")
    with card("Open a shared project"):
        ui.label("A zip that another user's 'Share' gave. It becomes a project of yours.").classes("af-soft")
        picker = ui.upload(label="Choose the zip", auto_upload=True)
        picker.props('url=/open accept=.zip flat bordered data-testid=open-zip aria-label="Zip of a shared project"')
        picker.on("uploaded", lambda: ui.navigate.reload(), args=[])
        picker.on("failed", lambda: _not_opened(), args=[])


def _project(visit: Visit, project: Project) -> None:
    with card("") as shown:
        shown.props(f"data-testid=project-{project.folder.name}")
        ui.link(project.name, _first_page(visit, project)).classes("af-h2").props(f"data-testid=open-{project.folder.name}")
        files = project.files()
        size = sum(p.stat().st_size for p in files) / 2**20
        ui.label(f"{len(files)} files, {size:.1f} MB · made {project.created[:10]}").classes("af-soft")
        ui.label(f"{visit.user}/{project.folder.name}").classes("af-soft")


def _first_page(visit: Visit, project: Project) -> str:
    return visit.link(next(iter(PAGES)), project)


def _not_opened() -> None:
    from anodefree.errors import DataError

    said(DataError("this zip holds no project, or is damaged", hint="take one that 'Share' on a project's page gave"))
