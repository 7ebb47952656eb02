"""Cycling files and a table of masses: dropped together, pasted beside, and their Coulombic efficiency drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import anodefree as af
from lab import Server

pytestmark = pytest.mark.slow


def test_drop_cells_paste_masses_and_see_their_efficiency(page: Any, server: Server, tmp_path: Path) -> None:
    stage = af.get("cycling.efficiency")
    names = ("cell_01.nc", "cell_02.nc")
    for seed, name in enumerate(names):
        stage.example(np.random.default_rng(seed)).inputs[0].save(tmp_path / name)
    page.set_default_timeout(60_000)
    page.goto(server.url)
    page.goto(f"{server.base}/p/First-project/files")
    page.get_by_test_id("file-input").set_input_files([tmp_path / n for n in names])
    for name in names:
        page.get_by_test_id(f"file-{name}").get_by_text("cycling").first.wait_for()
    page.get_by_test_id("paste-samples").click()
    page.get_by_test_id("paste-text").fill("Sample\tMass (mg)\ncell_01\t12.5\ncell_02\t11\n")
    page.get_by_test_id("paste-use").click()
    page.get_by_text("2 samples, saved").wait_for()

    page.get_by_test_id("nav-analyse").click()
    page.get_by_test_id(f"choose-{names[0]}").click()
    page.get_by_test_id("stage-cycling.efficiency").click()
    page.get_by_text("Parameters of cycling.efficiency", exact=True).wait_for()
    page.get_by_test_id("run-stage").click()
    page.get_by_text("cycling.efficiency · 1", exact=True).wait_for()
    page.get_by_test_id("interactive").wait_for()
    assert page.locator("svg").count() > 0
    page.get_by_test_id("reproduce").click()
    page.get_by_test_id("study-file").get_by_text("active_mass_kg").first.wait_for()
