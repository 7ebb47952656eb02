"""Every example runs and asserts the exact answer in its header."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_example(path: Path) -> None:
    assert "Exact answer" in path.read_text()
    runpy.run_path(str(path), run_name="__main__")
