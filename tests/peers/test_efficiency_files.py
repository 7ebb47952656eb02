"""Efficiencies from files of real instruments, against the charges that the files' own columns hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anodefree as af
from anodefree.core.measurement import Measurement
from anodefree.core.result import Result
from anodefree.errors import DataError

EFFICIENCY = af.get("cycling.efficiency")
LANDT = "SINTEF__LiGrR2032__2024-04-30__25degC__Landt"


def checks(result: Result) -> dict[str, tuple[str, str]]:
    return {c.name: (c.status, c.message) for c in result.checks}


@pytest.mark.parametrize("end", [".csv", ".bdf.csv"])
def test_a_graphite_half_cell_counts_charge_over_discharge(shared: Path, end: str) -> None:
    """Cycle 1 of the file's counters: 6.3 mAh in, 3.2 mAh back; cycle 2 was never charged."""
    result = EFFICIENCY(af.read(shared / "cells" / f"{LANDT}{end}"))
    assert result["CE_first"] == pytest.approx(3.2 / 6.3)
    assert result.curves["plated_C"].values / 3.6 == pytest.approx([6.3])
    assert "begins with a discharge" in checks(result)["cell"][1]
    # The file rounds its charges to 0.1 mAh: that alone leaves half a percent.
    assert result.estimates["CE_first"].std == pytest.approx(0.1 / 6.3 * np.sqrt((1 + (3.2 / 6.3) ** 2) / 12), rel=0.02)
    assert checks(result)["charge"][0] == "warn"
    assert checks(result)["left out"][0] == "warn"


def test_summed_current_of_the_graphite_cell(shared: Path) -> None:
    """Without the counters: the current, rounded by the file to 0.1 mA, integrates to 7.14 and 3.56 mAh."""
    found = af.read(shared / "cells" / f"{LANDT}.bdf.csv")
    t, i = found["time_s"], found["current_A"]
    bare = Measurement.of(found.kind, {"time_s": t, "voltage_V": found["voltage_V"], "current_A": i}, name="record alone")
    result = EFFICIENCY(bare)
    first = np.flatnonzero(i > 0)
    into = np.trapezoid(np.where(np.arange(t.size) < first[0], -np.minimum(i, 0), 0.0), t)
    back = np.trapezoid(np.maximum(i, 0), t)
    assert result["CE_first"] == pytest.approx(back / into, rel=1e-6)
    assert abs(result["CE_first"] - 3.2 / 6.3) < 0.02


def test_a_symmetric_cell_has_no_efficiency(shared: Path) -> None:
    found = af.read(shared / "cells" / "Data_Figure_3bc_PHJ_13_201.csv")
    with pytest.raises(DataError, match="neither charge and discharge"):
        EFFICIENCY(found)
    with pytest.raises(DataError, match="current_A"):
        af.get("cycling.aurbach")(found)
    with_current = {**{n: found[n] for n in ("time_s", "voltage_V")}, "current_A": 1e-3 * np.sign(found["voltage_V"])}
    given = Measurement.of(found.kind, with_current, name="current by hand")
    assert checks(EFFICIENCY(given))["bare copper"][0] == "warn"
    with pytest.raises(DataError, match="no stripping ends at a cut-off"):
        af.get("cycling.aurbach")(given)


def test_neware_cell_that_began_with_a_discharge(shared: Path) -> None:
    """Cycle 2 in the reference frame: 5811.19 mAh charged, 5806.64 discharged; the first discharge emptied the cell."""
    result = EFFICIENCY(af.read(shared / "cells" / "TestFile.nda"))
    assert result["CE_first"] == pytest.approx(5806.64 / 5811.19, abs=1e-4)
    assert "was not empty" in checks(result)["cell"][1]


def test_neware_archive_of_fifty_four_cycles(shared: Path) -> None:
    """Cycle 2: 0.0703 mAh charged, 0.0610 discharged."""
    result = EFFICIENCY(af.read(shared / "cells" / "test_2.ndax"))
    assert result.curves["CE"].values[1] == pytest.approx(0.0610 / 0.0703, abs=1e-3)
    assert result.curves["CE"].size in (53, 54)


def test_arbin_cell(shared: Path) -> None:
    """Largest capacity 0.4835 mAh, the first charge; five cycles, the last one charged only."""
    result = EFFICIENCY(af.read(shared / "cells" / "arbin_example.res"))
    assert result.curves["plated_C"].values[0] / 3.6 == pytest.approx(0.4835, abs=5e-5)
    assert result.curves["CE"].size == 4
    assert (result.curves["CE"].values < 1).all()


def test_biologic_cycles_are_paired_with_what_comes_after(shared: Path) -> None:
    """A cathode that begins with a short discharge: each charge meets the discharge after it, so none is above 1."""
    result = EFFICIENCY(af.read(shared / "cells" / "jdb11-1_c3_gcpl_5cycles_2V-3p8V_C-24_data_C09.mpr"))
    assert (result.curves["CE"].values < 1).all()
    assert result["CE_median"] == pytest.approx(0.93, abs=0.015)
    assert "paired with the next" in checks(result)["cell"][1]


@pytest.mark.parametrize("name", [f"{LANDT}.csv", "TestFile.nda", "test_2.ndax", "arbin_example.res", "gcpl.pr_182.1.mpr"])
def test_none_of_them_is_a_reservoir_test(shared: Path, name: str) -> None:
    found = af.read(shared / "cells" / name)
    with pytest.raises(DataError, match=r"cut-off|missing"):
        af.get("cycling.aurbach")(found)
