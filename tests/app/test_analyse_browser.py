"""A person's first minutes with an impedance file: drop it, fit it, look at its relaxation times, take the numbers away."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import anodefree as af
from lab import Server

pytestmark = pytest.mark.slow
PATIENCE_MS = 60_000


def csv_of(page: Any, folder: Path, suffix: str) -> list[dict[str, str]]:
    with page.expect_download() as coming:
        page.get_by_test_id(f"export-{suffix}").click()
    target = folder / coming.value.suggested_filename
    coming.value.save_as(target)
    with target.open(newline="") as stream:
        return list(csv.DictReader(stream))


def run(page: Any, stage: str, number: int) -> None:
    page.get_by_test_id(f"stage-{stage}").click()
    page.get_by_text(f"Parameters of {stage}", exact=True).wait_for()
    page.get_by_test_id("run-stage").click()
    page.get_by_text(f"{stage} · {number}", exact=True).wait_for()
    page.get_by_test_id("interactive").wait_for()


def test_drop_an_impedance_file_fit_it_and_take_the_numbers(page: Any, server: Server, tmp_path: Path) -> None:
    measured = tmp_path / "cell 7.nc"
    af.get("eis.fit").example(np.random.default_rng(4)).inputs[0].save(measured)
    page.set_default_timeout(PATIENCE_MS)
    page.goto(server.url)
    page.goto(f"{server.base}/p/First-project/files")
    page.get_by_test_id("file-input").set_input_files(measured)
    page.get_by_test_id("file-cell 7.nc").get_by_text("impedance spectra").wait_for()
    page.get_by_test_id("nav-analyse").click()
    page.get_by_test_id("choose-cell 7.nc").click()
    page.get_by_test_id("stage-eis.fit").click()

    noise = page.get_by_test_id("param-noise")
    noise.fill("two apples")
    page.locator(".q-field--error").wait_for()
    assert page.get_by_test_id("run-stage").is_disabled()
    noise.fill("")
    run(page, "eis.fit", 1)
    spectra = af.read(measured, kind="impedance")
    told = {line["estimate"]: float(line["value"]) for line in csv_of(page, tmp_path, "csv")}
    assert told == {n: e.value for n, e in af.get("eis.fit")(spectra).estimates.items()}

    run(page, "drt.spectrum", 2)
    relaxation = af.get("drt.spectrum")(spectra)
    told = {line["estimate"]: float(line["value"]) for line in csv_of(page, tmp_path, "csv")}
    assert told == {n: e.value for n, e in relaxation.estimates.items()}
    curves = csv_of(page, tmp_path, "curves.csv")
    wanted = np.asarray(relaxation.curves["gamma_ohm"].values).ravel()
    found = np.array([float(line["gamma [ohm]"]) for line in curves if line["gamma [ohm]"]])
    assert np.isin(wanted, found).all()

    page.reload()
    page.get_by_text("drt.spectrum · 2", exact=True).wait_for()
    page.get_by_test_id("open-analysis-1-eis.fit").click()
    page.get_by_text("eis.fit · 1", exact=True).wait_for()
    page.get_by_test_id("reproduce").click()
    page.get_by_test_id("python-lines").get_by_text('af.get("eis.fit")').wait_for()
    page.get_by_test_id("study-file").get_by_text("[[step]]").wait_for()
