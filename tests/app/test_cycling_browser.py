"""A folder of cells and a table of masses: dropped, pasted beside, and the Coulombic efficiency of all three in one figure."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import anodefree as af
from lab import Server

pytestmark = pytest.mark.slow
NAMES = ("cell_01.nc", "cell_02.nc", "cell_03.nc")


def drop(page: Any, *paths: Path) -> None:
    """A real drag from the desktop: files and folders, let go over the place for them."""
    box = page.get_by_test_id("upload").bounding_box()
    hand = page.context.new_cdp_session(page)
    what = {"items": [], "files": [str(p) for p in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        hand.send("Input.dispatchDragEvent", {"type": kind, **place, "data": what})
    hand.detach()


def test_drop_a_folder_of_cells_paste_masses_and_see_their_efficiency(page: Any, server: Server, tmp_path: Path) -> None:
    stage = af.get("cycling.efficiency")
    folder = tmp_path / "cells"
    folder.mkdir()
    for seed, name in enumerate(NAMES):
        stage.example(np.random.default_rng(seed)).inputs[0].save(folder / name)
    (folder / ".hidden").write_text("of the desktop")
    (tmp_path / "notes of the rig.txt").write_text("no measurement\n")
    page.set_default_timeout(90_000)
    page.goto(server.url)
    page.goto(f"{server.base}/p/First-project/files")
    page.get_by_test_id("upload").wait_for()
    drop(page, folder, tmp_path / "notes of the rig.txt")
    page.get_by_text("4 of 4 files").wait_for()
    for name in NAMES:
        page.get_by_test_id(f"file-cells/{name}").get_by_text("cycling").first.wait_for()
    page.get_by_test_id("file-notes of the rig.txt").get_by_test_id("file-problem").wait_for()
    page.get_by_test_id("paste-samples").click()
    page.get_by_test_id("paste-text").fill("Sample\tMass (mg)\ncell_01\t12.5\ncell_02\t11\ncell_03\t11.7\n")
    page.get_by_test_id("paste-use").click()
    page.get_by_text("3 samples, saved").wait_for()

    page.get_by_test_id("nav-analyse").click()
    page.get_by_test_id("all-cycling").click()
    page.get_by_text("3 of 3 chosen").wait_for()
    page.get_by_test_id("stage-cycling.efficiency").click()
    page.get_by_text("3 files, each by itself").wait_for()
    page.get_by_test_id("run-stage").click()
    page.get_by_text("cycling.efficiency · 1", exact=True).wait_for()
    plot = page.get_by_test_id("interactive")
    plot.locator(".main-svg").first.wait_for()
    drawn = page.evaluate("document.querySelector('[data-testid=interactive]').data.map(t => t.name)")
    assert [n for n in drawn if n and n.endswith(" CE")] == [f"{n} CE" for n in NAMES]
    assert page.get_by_test_id("compared").locator("tbody tr").count() == 3

    for suffix in ("csv", "svg"):
        with page.expect_download() as coming:
            page.get_by_test_id(f"seen-{suffix}").click()
        coming.value.save_as(tmp_path / f"seen.{suffix}")
    with (tmp_path / "seen.csv").open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    for seed, name in enumerate(NAMES):
        wanted = stage(*stage.example(np.random.default_rng(seed)).inputs).curves["CE"].values
        np.testing.assert_array_equal([float(line[f"{name} CE"]) for line in lines], wanted)
    assert "<svg" in (tmp_path / "seen.svg").read_text()
    with page.expect_download() as coming:
        page.get_by_test_id("export-csv").click()
    coming.value.save_as(tmp_path / "estimates.csv")
    with (tmp_path / "estimates.csv").open(newline="") as stream:
        told = [(line["sample"], line["estimate"]) for line in csv.DictReader(stream)]
    assert len(told) == len(set(told))
    assert {s for s, _ in told} == set(NAMES)
    page.get_by_test_id("reproduce").click()
    page.get_by_test_id("study-file").get_by_text("active_mass_kg").first.wait_for()
