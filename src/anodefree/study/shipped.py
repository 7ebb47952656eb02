"""The studies that come with the package: the reference paper at laptop and at production scale, and a first one."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from anodefree.errors import ConfigError, near


def shipped(name: str) -> Path:
    """The path of a study that comes with the package.

    In an installed package the studies lie beside the data; in a checkout they are the folder `studies` at its top.
    """
    package = Path(str(files("anodefree")))
    for folder in (package / "data" / "studies", package.parents[1] / "studies"):
        if (folder / f"{name}.toml").is_file():
            return folder / f"{name}.toml"
    known = [p.stem for f in (package / "data" / "studies", package.parents[1] / "studies") for p in f.glob("*.toml")]
    raise ConfigError(f"no study '{name}' comes with the package", hint=near(name, known))


def audit_template() -> str:
    """A claims file to begin an audit with."""
    return (files("anodefree") / "data" / "audit_template.toml").read_text(encoding="utf-8")
