"""A person's first minutes on the page of files: drop three, name the columns of an unknown one, paste the samples."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_files import CYCLING, SPECTRUM, UNKNOWN

from anodefree.app.project import Project
from anodefree.app.reading import options
from anodefree.io.samples import read_samples

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's Chromium is not installed")]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    code = "import sys, pathlib; from anodefree.app.serve import serve; serve(pathlib.Path(sys.argv[1]), 0, browser=False)"
    command = [sys.executable, "-c", code, str(tmp_path)]
    clean = {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=clean) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().split()[-1]
        finally:
            server.terminate()


def test_drop_map_and_paste(address: str, tmp_path: Path) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    project = Project.create(tmp_path / "me", "cells")
    dropped = tmp_path / "dropped"
    dropped.mkdir()
    for name, text in {"eis_25degC.csv": SPECTRUM, "cell_01.csv": CYCLING, "rig.dat": UNKNOWN}.items():
        (dropped / name).write_text(text)
    wrong: list[str] = []
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(address)
        page.goto(f"{address.partition('?')[0]}p/cells/files")
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
        browser.close()
    assert wrong == []
    assert options(project)["rig.dat"]["columns"] == ["frequency/Hz", "Z'/ohm", "-Z''/ohm", ""]
    assert read_samples(project.samples_path)["cell_01"]["active_mass_kg"] == "12.5 mg"
