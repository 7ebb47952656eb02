"""The rules of the house that a reader relies on: names, sizes, light imports, no forbidden words, true documents."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "src" / "anodefree").rglob("*.py"))
HEAVY_AT_TOP = {"matplotlib", "xarray", "pandas", "rich", "distributed", "dask", "openmm", "pybamm", "jax", "nicegui"}
PAGE_PARTS = {
    p for p in (ROOT / "src" / "anodefree" / "app").glob("*.py") if p.stem not in {"__init__", "serve", "project", "names"}
}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT / "src" / "anodefree")))
def test_each_file_is_one_idea(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    doc = ast.get_docstring(tree)
    assert doc, "its first docstring line says what it is"
    assert len(text.splitlines()) <= 420, "about 400 lines at most"
    assert path.stem not in {"utils", "helpers", "common", "misc"}
    top = [n for n in tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
    named = {(a.name if isinstance(n, ast.Import) else n.module or "").split(".")[0] for n in top for a in n.names}
    # Only the running server imports what draws its pages: `app/serve.py` does so inside a function.
    drawn = {"nicegui"} if path.parent.name == "pages" or path in PAGE_PARTS else set()
    assert not named & (HEAVY_AT_TOP - drawn), "heavy imports belong inside functions"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT / "src" / "anodefree")))
def test_compiled_kernels_are_imported_when_they_are_needed(path: Path) -> None:
    """Numba takes half a second to import: only folders named `compiled` import it, and only functions import from them."""
    inside = path.parent.name == "compiled"
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            named = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            assert inside or not any(n.split(".")[0] == "numba" or ".compiled" in n for n in named)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT / "src" / "anodefree")))
def test_nothing_is_executed_or_unpickled(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"eval", "exec", "compile", "__import__"}
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            assert not {"pickle", "marshal", "shelve", "dill"} & set(modules)


def test_importing_the_package_is_light() -> None:
    code = "import sys, anodefree; print(sorted({m.split('.')[0] for m in sys.modules} & {'numpy', 'scipy', 'xarray', 'pint'}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_the_application_is_imported_when_its_server_starts() -> None:
    code = "import sys, anodefree.app.serve, anodefree.cli.main; print({'nicegui', 'fastapi', 'plotly'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "set()"


def test_public_names_exist() -> None:
    import anodefree as af

    for name in af.__all__:
        assert getattr(af, name) is not None
    assert "fit" in dir(af)
    assert af.fit.name == "eis.fit"
    with pytest.raises(AttributeError, match=r"did you mean|no stage"):
        _ = af.nonsense_name


def test_readme_commands_exist() -> None:
    readme = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make (\w+)`", readme):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    from anodefree.cli.main import cli

    for name in re.findall(r"^\$ anodefree (\w+)", readme, re.MULTILINE):
        assert name in cli.commands, name


def test_version_is_said_once_and_the_same() -> None:
    import tomllib

    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"version: {version}" in (ROOT / "CITATION.cff").read_text()
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text()


def test_lock_covers_every_dependency() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = {
        re.split(r"[=\[]", line)[0].lower() for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line
    }
    extras = {
        n: e for n, e in project["optional-dependencies"].items() if n not in ("gpl", "movie")
    }  # GPL code: never beside ours
    wanted = project["dependencies"] + [d for extra in extras.values() for d in extra]
    for requirement in wanted:
        name = re.split(r"[>=<\[;\s]", requirement)[0].lower()
        assert name == "anodefree" or name in locked, name
