"""Binary files of real instruments: the numbers are those of the instruments' own exports, and of other packages' readers.

Values with a package's name were computed by it: galvani 0.5.0, yadg 7.0.1, NewareNDA 2026.6.11, fastnda 1.3.1, access-parser
0.0.6, pyimpspec 5.1.2. The others stand beside the files, in their README.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anodefree as af
from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.records import charge_by_cycle

MAH = 3.6


def spectrum(measurement: Measurement) -> tuple[np.ndarray, np.ndarray]:
    """The one spectrum, from high to low frequency."""
    assert len(measurement) == 1
    f = measurement["frequency_Hz"][0]
    z = measurement["Z_re_ohm"][0] + 1j * measurement["Z_im_ohm"][0]
    order = np.argsort(-f)
    return f[order], z[order]


def integrated(measurement: Measurement) -> tuple[np.ndarray, np.ndarray]:
    """Charge and discharge of each cycle in mAh, from the current alone."""
    cycle, of = np.unique(measurement["record_cycle"], return_inverse=True)
    both = charge_by_cycle(measurement["time_s"], measurement["current_A"], of, cycle.size)
    return both[0] / MAH, both[1] / MAH


def test_mpr_text_and_relaxis_are_one_spectrum(shared: Path) -> None:
    folder = shared / "eis" / "hybrid_drt"
    mpr, text, relaxis = (af.read(folder / f"PEIS_LPSCl_IonBlocking_-25C{end}") for end in (".mpr", ".txt", "_RelaxIS.txt"))
    f, z = spectrum(mpr)
    assert f.size == 79
    for other in (text, relaxis):
        other_f, other_z = spectrum(other)
        # The exports keep eight digits of the instrument's single precision.
        assert np.allclose(f, other_f, rtol=1e-7)
        assert np.allclose(z, other_z, rtol=1e-7)
    assert mpr["potential_V"] == pytest.approx(text["potential_V"], rel=1e-6)
    assert mpr["temperature_K"] == pytest.approx([248.15])
    assert mpr.meta["technique"] == text.meta["technique"] == "Potentio Electrochemical Impedance Spectroscopy"
    assert mpr.meta["started"] == "2025-05-15 01:18:45.867"
    assert mpr.meta["software"] == "EC-Lab 11.61"
    assert "area_m2" not in mpr.meta, "0.001 cm2 is the program's default"


def test_idf_holds_the_spectrum_of_the_other_formats(shared: Path) -> None:
    folder = shared / "eis" / "pyimpspec"
    f, z = spectrum(af.read(folder / "data.idf"))
    other_f, other_z = spectrum(af.read(folder / "data.dta"))
    assert f.size == 29
    # Six digits are written.
    assert np.allclose(f, other_f, rtol=1e-5)
    assert np.allclose(z, other_z, rtol=1e-5)
    # As pyimpspec reads it.
    assert z[0] == 109.009 - 26.5557j


def test_biologic_half_cell(shared: Path) -> None:
    found = af.read(shared / "cells" / "gcpl.pr_182.1.mpr")
    assert found["time_s"].size == 2533
    assert found["time_s"][-1] == pytest.approx(302518.94760759384, rel=1e-15)
    # Settings and ranges as yadg and galvani read them.
    assert found.meta["area_m2"] == pytest.approx(1.767e-4)
    assert found.meta["notes"] == "1A_01_05"
    assert found["voltage_V"].max() == pytest.approx(2.3545616, abs=1e-7)
    assert found["voltage_V"].min() == pytest.approx(0.0038288473, abs=1e-9)
    # EC-Lab's own counter at the end of each half cycle (galvani's "Q charge/discharge/mA.h"): discharge came first.
    discharge = [3.251960077105808, 2.252434088541612, 2.119512192028333, 2.08827847830019]
    charge = [2.6160720031221287, 2.0926328612618645, 1.9881629381947632, 1.9788950457757613]
    assert found["discharge_capacity_C"] / MAH == pytest.approx(discharge, rel=1e-12)
    assert found["charge_capacity_C"] / MAH == pytest.approx(charge, rel=1e-12)
    assert found["record_cycle"][[0, 5, -1]].tolist() == [1, 1, 4]
    # The file holds no current; C/10 of the settings is 0.2217 mA.
    charging = found["current_A"] > 1e-5
    assert np.median(found["current_A"][charging]) == pytest.approx(0.2217e-3, rel=1e-3)


def test_biologic_full_cell_as_galvani_and_yadg_read_it(shared: Path) -> None:
    found = af.read(shared / "cells" / "jdb11-1_c3_gcpl_5cycles_2V-3p8V_C-24_data_C09.mpr")
    assert found["time_s"].size == 46102
    assert found["time_s"][-1] == pytest.approx(456309.58615131397, rel=1e-15)
    assert found["voltage_V"].max() == pytest.approx(3.8000646, abs=1e-7)
    assert found.meta["started"] == "2020-10-26 12:49:58.000"
    assert found.meta["software"] == "EC-Lab 11.32"
    charge = [0.9867813600429652, 0.9370903700322882, 0.9419401960654015]
    assert found["charge_capacity_C"][:3] / MAH == pytest.approx(charge, rel=1e-12)
    discharge = [0.20652871427545638, 0.8528549910909516, 0.8763298205900488]
    assert found["discharge_capacity_C"][:3] / MAH == pytest.approx(discharge, rel=1e-12)
    # The file's power over its potential is its current.
    assert np.abs(found["current_A"]).max() == pytest.approx(8.882254e-5, rel=1e-5)


def test_biologic_copper_powder_half_cycle(shared: Path) -> None:
    found = af.read(shared / "eis" / "ecir" / "F1-112_CuPowder_LP30_Li_GCPL.mpr")
    assert found.kind.name == "cycling"
    assert found["time_s"].size == 19486
    assert found.meta["started"] == "2023-08-22 11:56:22.724"
    # galvani's "Q charge/discharge/mA.h" at the end. The cell was never charged: there is no efficiency to be had.
    assert found["discharge_capacity_C"] / MAH == pytest.approx([0.9375997676765927], rel=1e-6)
    assert found["charge_capacity_C"].tolist() == [0.0]


def test_biologic_sweep(shared: Path) -> None:
    found = af.read(shared / "cells" / "lsv.mpr")
    assert found.kind.name == "polarisation"
    assert found["potential_V"].size == 1186
    assert found["current_A"].min() == pytest.approx(-133.2903170320933e-3, rel=1e-12)
    assert found["potential_V"].min() == pytest.approx(-4.0008063, abs=1e-7)
    # 20 mV/s in the settings, as yadg reads them.
    assert found.meta["scan_rate_V_s"] == pytest.approx(0.02)
    assert found.meta["technique"] == "Linear Sweep Voltammetry"
    assert found.meta["reference"] == "SCE Saturated Calomel Electrode"


def test_neware_nda_bts9(shared: Path) -> None:
    found = af.read(shared / "cells" / "TestFile.nda")
    assert found["time_s"].size == 6670
    assert found["cycle_number"].tolist() == [1, 2, 3]
    # The README's value of cycle 2 is the current, integrated.
    charge, discharge = integrated(found)
    assert charge[1] == pytest.approx(5811.19, abs=0.01)
    assert discharge[1] == pytest.approx(5806.64, abs=0.01)
    # The cycler's counters: the maxima of the steps in NewareNDA's table, which the vendor's program confirms.
    assert found["charge_capacity_C"] / MAH == pytest.approx([0.0, 5811.025009, 5815.090546], rel=1e-6)
    assert found["discharge_capacity_C"] / MAH == pytest.approx([3790.167969, 5806.645996, 0.0], rel=1e-6)
    assert found["current_A"].max() == pytest.approx(1200.774170e-3, rel=1e-8)
    assert found["voltage_V"].max() == pytest.approx(4.200059, abs=1e-6)
    # fastnda's total time.
    assert found["time_s"][-1] == pytest.approx(72373.25, abs=1e-6)
    assert found.meta["started"].startswith("2024-05-27 08:02:53")
    assert found.meta["software"] == "BTS 9.1.5.7.20240403.R5"


def test_neware_nda_symmetric_cell(shared: Path) -> None:
    found = af.read(shared / "cells" / "new_nda_file.nda")
    assert found["time_s"].size == 439
    assert found["voltage_V"].min() == pytest.approx(-0.101)
    assert found["voltage_V"].max() == pytest.approx(-0.0849)
    assert np.abs(found["current_A"]).max() == pytest.approx(0.0505e-3)
    # Step maxima in NewareNDA's table: discharge, charge, discharge.
    assert found["discharge_capacity_C"] / MAH == pytest.approx([6.530555e-5, 7.009194e-3], rel=1e-6)
    assert found["charge_capacity_C"] / MAH == pytest.approx([6.965278e-4, 0.0], rel=1e-6)
    assert found["time_s"][-1] == pytest.approx(721.6)
    assert found.meta["started"] == "2020-03-25 11:16:50"


def test_neware_ndax_with_one_table(shared: Path) -> None:
    found = af.read(shared / "cells" / "test.ndax")
    assert found["time_s"].size == 1464
    assert (found["voltage_V"].min(), found["voltage_V"].max()) == pytest.approx((1.4995, 4.3998))
    charge, discharge = integrated(found)
    assert charge == pytest.approx([0.59277], abs=1e-5)
    assert discharge == pytest.approx([0.62663], abs=1e-5)
    # The cycler's counters, as NewareNDA reads them.
    assert found["charge_capacity_C"] / MAH == pytest.approx([0.593039], abs=1e-6)
    assert found["discharge_capacity_C"] / MAH == pytest.approx([0.625451], abs=1e-6)
    assert found["time_s"][-1] == 43800
    assert found.meta["started"] == "2024-02-01 20:24:23"


def test_neware_ndax_with_three_tables(shared: Path) -> None:
    found = af.read(shared / "cells" / "test_2.ndax")
    assert found["time_s"].size == 108563
    assert (found["voltage_V"].min(), found["voltage_V"].max()) == pytest.approx((0.1995, 3.4061), abs=5e-5)
    # The cycler counts 44 loops of its program; there are 54 cycles, as NewareNDA and fastnda number them anew.
    assert found["cycle_number"].tolist() == list(range(1, 55))
    assert found["charge_capacity_C"][:3] / MAH == pytest.approx([0.2349722, 0.0703110, 0.0360485], rel=2e-6)
    assert found["discharge_capacity_C"][:3] / MAH == pytest.approx([0.1005857, 0.0609901, 0.0330897], rel=2e-6)
    # fastnda's total time and last current.
    assert found["time_s"][-1] == pytest.approx(93207.6, abs=1e-6)
    assert found["current_A"][-1] == pytest.approx(-0.316821e-3, rel=1e-5)
    assert found.meta["notes"] == "SC149-15HJ78_2CMC20K_03"


def test_arbin_res(shared: Path) -> None:
    found = af.read(shared / "cells" / "arbin_example.res")
    assert found["time_s"].size == 2150
    assert found["cycle_number"].tolist() == [1, 2, 3, 4, 5]
    assert (found["voltage_V"].min(), found["voltage_V"].max()) == pytest.approx((3.0, 4.3), abs=1e-3)
    # Maxima of the counters in each cycle, in access-parser's table.
    charge = [0.483514940818, 0.476750555943, 0.476184523588, 0.47602824765, 0.0]
    discharge = [0.475155859428, 0.474353299947, 0.474001533123, 0.473704386191, 0.0]
    assert found["charge_capacity_C"] / MAH == pytest.approx(charge, rel=1e-10)
    assert found["discharge_capacity_C"] / MAH == pytest.approx(discharge, rel=1e-10)
    assert found["time_s"][-1] == pytest.approx(345733.389457 - 0.072595, abs=1e-5)
    assert found.meta["started"] == "2023-07-24 18:50:00"


def test_every_binary_file_opens_or_says_why_not(shared: Path) -> None:
    unread = {}
    for path in sorted([*(shared / "cells").iterdir(), *(shared / "eis").glob("*/*")]):
        if path.suffix in (".mpr", ".nda", ".ndax", ".res", ".idf", ".ftr"):
            try:
                af.read(path)
            except DataError as error:
                unread[path.name] = f"{error.what} ({error.hint})"
    assert list(unread) == ["TestFile.ftr"]
    assert "Feather" in unread["TestFile.ftr"]
