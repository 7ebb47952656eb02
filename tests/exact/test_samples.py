"""Tables of samples: what they state of each file reaches the analysis, and what is wrong in them is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anodefree as af
from anodefree.core.measurement import Measurement, join
from anodefree.errors import ConfigError, DataError
from anodefree.io.cells_in_rows import refuse_cells_in_rows
from anodefree.io.samples import read_samples, sample_of
from anodefree.io.write import write
from anodefree.kinds.cycling import CYCLING


def put(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def cells(folder: Path) -> list[Path]:
    out = []
    for name, size in (("a", 3.6), ("b", 7.2)):
        charge = size * 0.99 ** np.arange(6)
        arrays = {"cycle_number": np.arange(1, 7), "charge_capacity_C": charge, "discharge_capacity_C": 0.98 * charge}
        out.append(write(Measurement.of(CYCLING, arrays), folder / f"{name}.csv"))
    return out


@pytest.mark.parametrize("parted", [",", ";", "\t"])
def test_masses_and_groups_reach_the_analysis(tmp_path: Path, parted: str) -> None:
    header = parted.join(["file", "mass / mg", "area [cm2]", "N/P", "group", "electrolyte"])
    rows = [parted.join(["a.csv", "10", "1.54", "0", "Cu", "DOL"]), parted.join(["b", "20", "1.54", "0.3", "M-Ni", ""])]
    table = put(tmp_path / "samples.txt", "\n".join([header, *rows]))
    found = af.read_many(cells(tmp_path), samples=table)
    assert found[0].meta["active_mass_kg"] == pytest.approx(1e-5)
    assert found[0].meta["area_m2"] == pytest.approx(1.54e-4)
    assert found[1].meta["np_ratio"] == 0.3
    assert "electrolyte" not in found[1].meta
    result = af.get("cycling.table")(found[0])
    assert result["first_specific"] == pytest.approx(0.98 * 3.6 / 1e-5)
    assert join(found).meta["groups"] == ["Cu", "M-Ni"]
    assert "CE_M-Ni" in af.get("cycling.compare")(join(found), formation_cycles=0).estimates


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("mass / mg\n1", "no column for the file"),
        ("file,mass\na,1", "has no unit"),
        ("file,mass / mg\na,1\na,2", "twice"),
        ("file,mass / mg\n", "names no file"),
    ],
)
def test_a_wrong_table_is_one_clear_error(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_samples(put(tmp_path / "samples.csv", text))


def test_a_file_that_the_table_does_not_name(tmp_path: Path) -> None:
    table = read_samples(put(tmp_path / "samples.csv", "file,mass / mg\ncell_1,1"))
    with pytest.raises(ConfigError, match="does not name"):
        sample_of(table, Path("cell_2.csv"))


def test_cells_in_rows_are_no_fade_curve() -> None:
    header = "name," + ",".join(f"norm_capacity_{k}" for k in range(1, 8))
    with pytest.raises(DataError, match="repeats one value"):
        refuse_cells_in_rows([header, "x,0.5,0.5,0.5,0,0,0,0", "y,0,0,0,0,0,0,0"])
    with pytest.raises(DataError, match="one cell"):
        refuse_cells_in_rows([header, "x,0.5,0.4,0.3,0,0,0,0"])
    refuse_cells_in_rows(["time/h, voltage/V", "0, 1"])


def test_the_trap_among_the_public_files_is_recognised(shared: Path) -> None:
    with pytest.raises(DataError, match=r"94 rows are cells.*repeats one value"):
        af.read(shared / "cells" / "label_data_post_batch4.csv")


def test_curves_are_saved_as_one_table(tmp_path: Path) -> None:
    result = af.get("cycling.table")(af.read(cells(tmp_path)[0]))
    lines = result.save(tmp_path / "cell.curves.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("cycle,charge [mAh],discharge [mAh],CE,")
    assert len(lines) == 7
    assert float(lines[1].split(",")[1]) == pytest.approx(1.0)
