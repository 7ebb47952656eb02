"""Sphinx configuration; one page for each stage is generated from its signature, docstring and demo."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from stage_pages import write_pages

project = "anodefree"
copyright = "2026, the anodefree developers"
extensions = ["myst_parser"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "anodefree"
html_static_path: list[str] = []
exclude_patterns = ["_build"]


def setup(app: Any) -> None:
    """Write the generated pages before Sphinx looks for sources."""
    app.connect("builder-inited", lambda _: write_pages(Path(__file__).parent / "stages"))


logging.getLogger("skfem").setLevel(logging.WARNING)  # the demos' finite elements tell every step
