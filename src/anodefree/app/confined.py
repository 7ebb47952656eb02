"""What a project's studies and jobs reach: files of the project, whoever wrote them, and what comes with the package."""

from __future__ import annotations

from pathlib import Path

from anodefree.app.names import inside
from anodefree.app.project import Project
from anodefree.errors import ConfigError, printable
from anodefree.study import jobs as running
from anodefree.study.jobs import Job
from anodefree.study.plan import Study, plan
from anodefree.study.shipped import shipped


def planned(project: Project, path: Path) -> Study:
    """The plan of a study of the project, or of one that comes with the package.

    Raises
    ------
    ConfigError: it is not valid, lies elsewhere, or names a file outside the project.
    """
    return plan(path) if _comes_along(path) else plan(inside(project.folder, path), within=project.folder)


def start(project: Project, path: Path, title: str) -> Job:
    """Run a study of the project into its store, in a process that plans it within the same bounds.

    Raises
    ------
    ConfigError: there is no such study in the project.
    """
    if not _comes_along(path):
        inside(project.folder, path)
    return running.start(path, project.store.root, project.jobs_path, title, within=project.folder)


def jobs(project: Project) -> list[Job]:
    """The project's own jobs, newest first. What a folder from elsewhere calls a job, but runs or writes elsewhere, is none."""
    return [j for j in running.jobs(project.jobs_path) if _own(project, j)]


def resume(project: Project, job: Job) -> None:
    """Start it again.

    Raises
    ------
    ConfigError: it still runs, or was not started here.
    """
    if not _own(project, job) or job.within != project.folder:
        raise ConfigError("was not started by this project", printable(job.title), "start the study again")
    job.resume()


def _own(project: Project, job: Job) -> bool:
    """Whether it runs a study of the project into the project's store."""
    if job.folder.is_symlink() or job.store != project.store.root.resolve():
        return False
    return _comes_along(job.study) or job.study.resolve().is_relative_to(project.folder)


def _comes_along(path: Path) -> bool:
    """Whether it is a study of the package itself."""
    return path.resolve().parent == shipped("first").resolve().parent
