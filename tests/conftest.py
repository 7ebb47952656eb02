"""What every test may ask for: the folder of real instrument files, and a seeded generator."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from anodefree import registry, stages
from plugin import NAMES, SOURCE, Plugin, write_package

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real instrument files; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("real instrument files are not here (a folder 'shared/data' beside the project)")
    return SHARED


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator with a fixed seed."""
    return np.random.default_rng(20260101)


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugin]:
    """Toy stages, seen by this process and by every process it starts."""
    made = write_package(tmp_path / "plugin", "toystages", SOURCE, NAMES)
    monkeypatch.syspath_prepend(str(made.folder))
    monkeypatch.setenv("PYTHONPATH", str(made.folder))
    stages.modules.cache_clear()
    yield made
    stages.modules.cache_clear()
    sys.modules.pop("toystages", None)
    for name in NAMES:
        registry._STAGES.pop(name, None)
