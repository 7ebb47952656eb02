"""A person's first minutes on the page of files: drop three, name the columns of an unknown one, paste the samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_files import CYCLING, SPECTRUM, UNKNOWN

from anodefree.app.project import Project
from anodefree.app.reading import options
from anodefree.io.samples import read_samples

pytestmark = pytest.mark.slow


def test_a_file_beyond_the_bound_is_refused_before_it_is_sent(server: Any, page: Any, tmp_path: Path) -> None:
    with (tmp_path / "huge.mpr").open("wb") as stream:
        stream.truncate(101 * 2**20)
    (tmp_path / "small.csv").write_text(SPECTRUM)
    page.goto(server.url)
    page.goto(f"{server.base}/p/First-project/files")
    page.get_by_test_id("file-input").set_input_files([tmp_path / "huge.mpr", tmp_path / "small.csv"])
    page.get_by_test_id("file-small.csv").get_by_text("impedance spectra").wait_for()
    assert page.get_by_test_id("refused").inner_text() == "huge.mpr: is larger than 100 MB"
    assert "2 of 2 files" in page.get_by_test_id("upload-progress").inner_text()


def test_drop_map_and_paste(server: Any, page: Any, tmp_path: Path) -> None:
    project = Project.create(server.home, "cells")
    dropped = tmp_path / "dropped"
    dropped.mkdir()
    for name, text in {"eis_25degC.csv": SPECTRUM, "cell_01.csv": CYCLING, "rig.dat": UNKNOWN}.items():
        (dropped / name).write_text(text)
    page.goto(server.url)
    page.goto(f"{server.base}/p/cells/files")
    page.get_by_test_id("file-input").set_input_files(sorted(dropped.iterdir()))
    row = {name: page.get_by_test_id(f"file-{name}") for name in ("eis_25degC.csv", "cell_01.csv", "rig.dat")}
    row["eis_25degC.csv"].get_by_text("impedance spectra").wait_for()
    row["cell_01.csv"].get_by_text("galvanostatic cycling").wait_for()
    page.get_by_test_id("map-rig.dat").click()
    titles = ("frequency", "Z' (real part)", "-Z'' (imaginary part with its sign turned)")
    for number, (title, unit) in enumerate(zip(titles, ("Hz", "ohm", "ohm"), strict=True), start=1):
        page.get_by_test_id(f"map-quantity-{number}").click()
        page.get_by_role("option", name=title, exact=True).click()
        page.get_by_test_id(f"map-unit-{number}").click()
        page.get_by_role("option", name=unit, exact=True).click()
    page.get_by_test_id("map-reads").wait_for()
    page.get_by_test_id("map-keep").click()
    row["rig.dat"].get_by_text("impedance spectra").wait_for()
    page.get_by_test_id("paste-samples").click()
    page.get_by_test_id("paste-text").fill("Sample\tMass (mg)\tBatch\ncell_01\t12,5\tx\nB\t11\ty\n")
    page.get_by_test_id("paste-use").click()
    page.get_by_text("2 samples, saved").wait_for()
    assert options(project)["rig.dat"]["columns"] == ["frequency/Hz", "Z'/ohm", "-Z''/ohm", ""]
    assert read_samples(project.samples_path)["cell_01"]["active_mass_kg"] == "12.5 mg"
