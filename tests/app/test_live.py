"""Pictures of unfinished work, from checkpoints as the stages leave them and from files that are no such thing."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from anodefree.app.checkpoint import MOST_ARRAY, kept
from anodefree.app.live import live
from anodefree.core.context import Context
from anodefree.errors import Cancelled
from anodefree.stages import get

GIVEN = {"width_m": 20e-6, "height_m": 10e-6, "cells": 40, "capacity_C_m2": 3000.0, "sites_m": (10e-6,)}


class After:
    """Cancels at the n-th look."""

    def __init__(self, looks: int) -> None:
        self.left = looks

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scratch")
    with pytest.raises(Cancelled):
        get("deposit.grow")(context=Context(folder, cancelled=After(45)), **GIVEN)
    return folder


def test_a_stopped_deposit_is_seen(stopped: Path) -> None:
    seen = live(stopped, GIVEN)
    assert seen is not None
    charge = kept(stopped / "checkpoint.npz", ["history"])["history"][-1, 2]  # C/m2; 1 mAh/cm2 is 3.6 C/cm2
    assert f"{charge / 3.6e4:.3g} mAh/cm²" in seen.said
    words = [e.text for e in ElementTree.fromstring(seen.svg).iter() if e.tag.endswith("text")]
    assert "2 µm" in words
    assert "lithium" in words
    found = re.search(r"base64,([^\"]+)", seen.svg)
    assert found is not None
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(found[1]))))
    metal = np.asarray(kept(stopped / "checkpoint.npz", ["lithium"])["lithium"])[::-1, 0] > 0.9
    assert metal.any()
    assert pixels[metal].mean() < 80  # dark where there is metal, and the collector is below
    assert pixels[~metal].mean() > 100


def test_without_the_box_there_is_no_bar(stopped: Path) -> None:
    seen = live(stopped, {})
    assert seen is not None
    assert "2 µm" not in seen.svg


def test_dynamics_and_flights(tmp_path: Path) -> None:
    box, ions = Context(tmp_path / "box"), Context(tmp_path / "ions")
    box.checkpoint.save(log=np.column_stack([np.arange(5.0), np.full(5, 1100.0), np.zeros(5), np.linspace(290, 300, 5)]))
    ions.checkpoint.save(ended=np.array([[1.0, 2, 3, 0, 0], [0, 0, 0, 4, 0]]))
    seen = live(box.workdir, {})
    assert seen is not None
    assert seen.said == "4 ps, 1100 kg/m³, 300 K"
    ElementTree.fromstring(seen.svg)
    landed = live(ions.workdir, {})
    assert landed is not None
    assert landed.said == "Li⁺ 6 flown; TFSI⁻ 4 flown"
    ElementTree.fromstring(landed.svg)


def test_cells_show_their_voltage_and_capacity(tmp_path: Path) -> None:
    full, pair = Context(tmp_path / "full"), Context(tmp_path / "pair")
    time, cycle = np.linspace(0, 7.2e4, 40), np.repeat(np.arange(1.0, 9), 5)
    volts = 3.4 + 0.3 * np.sin(time)
    accounts = np.column_stack([np.full(8, 1.8e5), np.linspace(1.8e5, 1.44e5, 8), np.zeros((8, 5))])
    full.checkpoint.save(records=np.array([time, volts, time, cycle]), accounts=accounts)
    seen = live(full.workdir, {})
    assert seen is not None
    assert seen.said == f"8 cycles, {volts[-1]:.3g} V, 4 mAh/cm²"
    words = [e.text for e in ElementTree.fromstring(seen.svg).iter() if e.tag.endswith("text")]
    assert "cell voltage / V" in words
    assert "discharge capacity / (mAh/cm²)" in words
    pair.checkpoint.save(rows=np.column_stack([time, volts, time, cycle]), parts_V=np.zeros((0, 6)))
    alone = live(pair.workdir, {})
    assert alone is not None
    assert alone.said == f"8 cycles, {volts[-1]:.3g} V"


@pytest.mark.parametrize(
    "arrays",
    [
        {"lithium": np.zeros((3, 3)), "concentration": np.zeros((3, 3))},
        {"lithium": np.zeros((0, 1, 4)), "concentration": np.zeros((0, 1, 4))},
        {"lithium": np.full((3, 1, 3), np.nan), "concentration": np.ones((3, 1, 3))},
        {"lithium": np.array(["a"]), "concentration": np.array(["b"])},
        {"log": np.zeros((3, 2))},
        {"log": np.array(1.0)},
        {"ended": np.full((2, 5), -1.0)},
        {"ended": np.zeros((9, 5))},
        {"records": np.zeros((4, 0)), "accounts": np.zeros((0, 7))},
        {"records": np.zeros(4), "accounts": np.zeros((0, 7))},
        {"rows": np.zeros((3, 2)), "parts_V": np.zeros((0, 6))},
        {"rows": np.full((3, 4), np.nan), "parts_V": np.zeros((0, 6))},
        {"something": np.zeros(3)},
    ],
)
def test_foreign_arrays_show_nothing(arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    Context(tmp_path).checkpoint.save(**arrays)
    assert live(tmp_path, GIVEN) is None


def test_damaged_files_show_nothing_or_the_truth(stopped: Path, tmp_path: Path) -> None:
    whole = (stopped / "checkpoint.npz").read_bytes()
    rng = np.random.default_rng(1)
    assert live(tmp_path, GIVEN) is None
    for trial in range(60):
        data = bytearray(whole[: rng.integers(0, len(whole))] if trial % 2 else whole)
        for at in rng.integers(0, max(len(data), 1), 20):
            if data:
                data[at] = rng.integers(0, 256)
        (tmp_path / "checkpoint.npz").write_bytes(bytes(data))
        live(tmp_path, GIVEN)  # a picture or none; never an error


def test_nothing_large_or_executable_is_read(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.npz"
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (MOST_ARRAY,)})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("log.npy", header.getvalue() + bytes(10_000_000))
    assert kept(path, ["log"]) == {}
    np.savez(path, log=np.array([{"a": 1}], dtype=object))
    assert kept(path, ["log"]) == {}
