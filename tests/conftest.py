"""What every test may ask for: the folder of real instrument files, and a seeded generator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture
def shared() -> Path:
    """The folder of real instrument files; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("real instrument files are not here (a folder 'shared/data' beside the project)")
    return SHARED


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator with a fixed seed."""
    return np.random.default_rng(20260101)
