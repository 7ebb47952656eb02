"""Files of real instruments: they open, and what is the same measurement in several formats reads as the same numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anodefree as af
from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.read import read_many

INSTRUMENTS = {
    "impedance_py/Circuit1_EIS_1.z": 48,
    "impedance_py/Circuit2_EIS_1.z": 56,
    "impedance_py/Circuit3_EIS_1.z": 53,
    "impedance_py/exampleData.csv": 66,
    "impedance_py/exampleDataAutolab.txt": 41,
    "impedance_py/exampleDataBioLogic.mpt": 43,
    "impedance_py/exampleDataCHInstruments.txt": 73,
    "impedance_py/exampleDataGamry.DTA": 72,
    "impedance_py/exampleDataParstat.txt": 31,
    "impedance_py/exampleDataPowersuite.txt": 30,
    "impedance_py/exampleDataZPlot.z": 21,
    "DRTtools/LIB_data.txt": 107,
    "DRTtools/LIB_data_2.txt": 100,
    "DRTtools/data_LIB.csv": 107,
    "DRTtools/data_ZARC.csv": 81,
    "DRTtools/negami_data.txt": 81,
    "pyDRTtools/1ZARC.csv": 81,
    "pyDRTtools/2ZARC0.csv": 81,
    "pyDRTtools/2ZARC1.csv": 81,
    "pyDRTtools/2ZARC2.csv": 81,
    "pyDRTtools/2ZARC3.csv": 81,
}
NO_MEASUREMENT = {
    "eis/hybrid_drt/sample_info.txt": "names the columns",
    "eis/EISFitpython/REF_Batch_EISfit_Report.txt": "names the columns",
    "eis/EISFitpython/REF_Arrhenius_Analysis_Report.txt": "names the columns",
    "eis/boyle_tafel/Boyle_Figure_4a.csv": "holds 4 curves: '10pc tFEC', 'ECDEC', 'DEC', 'PC'",
    "eis/pyDRTtools/1ZARC_DRT-RR.csv": "names the columns",
    "cells/label_data_post_batch4.csv": "holds no fade curve",
    "cells/Li_Li_POL.txt": "not a frequency sweep",
    "cells/TestFile.ftr": "Feather",
}


def spectrum(measurement: Measurement) -> tuple[np.ndarray, np.ndarray]:
    """The one spectrum, from high to low frequency."""
    assert len(measurement) == 1
    f = measurement["frequency_Hz"][0]
    z = measurement["Z_re_ohm"][0] + 1j * measurement["Z_im_ohm"][0]
    order = np.argsort(-f)
    return f[order], z[order]


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_every_instruments_spectrum_opens(shared: Path, name: str) -> None:
    found = af.read(shared / "eis" / name)
    f, z = spectrum(found)
    assert found.kind.name == "impedance"
    assert f.size == INSTRUMENTS[name]
    assert found.source.name == Path(name).name
    assert found.source.origin == "file"
    # Noisy and inductive points apart, cells are capacitive: none of these files was turned over.
    assert np.median(z.imag) < 0
    assert "sign_of_Z_im" not in found.meta


@pytest.mark.parametrize("name", NO_MEASUREMENT)
def test_what_holds_no_measurement_says_so(shared: Path, name: str) -> None:
    with pytest.raises(DataError, match=NO_MEASUREMENT[name]) as caught:
        af.read(shared / name)
    assert Path(name).name in caught.value.where
    assert caught.value.hint


@pytest.mark.parametrize("suffix", ["z", "mpt", "P00", "i2b", "json"])
def test_one_spectrum_in_many_formats(shared: Path, suffix: str) -> None:
    folder = shared / "eis" / "pyimpspec"
    f, z = spectrum(af.read(folder / "data.dta"))
    other_f, other_z = spectrum(af.read(folder / f"data.{suffix}"))
    # The Autolab export keeps four digits of Z, the others five and more.
    assert np.allclose(other_f, f, rtol=2e-3 if suffix == "P00" else 1e-6)
    assert np.allclose(other_z, z, rtol=1e-3 if suffix == "P00" else 1e-6)
    assert f.size == 29
    assert f[0] == pytest.approx(1e4)
    assert z[0] == pytest.approx(109.0091821944 - 26.5556798765j)


def test_biologic_export_agrees_with_relaxis_export(shared: Path) -> None:
    folder = shared / "eis" / "hybrid_drt"
    one, other = (af.read(folder / f"PEIS_LPSCl_IonBlocking_-25C{end}") for end in (".txt", "_RelaxIS.txt"))
    for a, b in zip(spectrum(one), spectrum(other), strict=True):
        assert np.allclose(a, b, rtol=1e-6)
    assert one["temperature_K"] == pytest.approx([248.15])
    assert other.meta["temperature_from"] == "file name"
    assert one.meta["instrument"].startswith("BioLogic SP-300")
    assert "area_m2" not in one.meta, "0.001 cm2 is the program's default"


def test_values_as_they_stand_in_the_files(shared: Path) -> None:
    folder = shared / "eis" / "impedance_py"
    f, z = spectrum(af.read(folder / "exampleDataGamry.DTA"))
    assert f[-1] == 0.0158898
    assert z[-1] == 17007.49 - 6635.557j
    f, z = spectrum(af.read(folder / "exampleDataBioLogic.mpt"))
    assert f[0] == 1000.3201
    assert z[0] == 65.470886 - 0.38998979j
    parstat = af.read(folder / "exampleDataParstat.txt")
    assert parstat.meta["rows_left_out"].startswith("781 ")
    assert parstat["potential_V"] == pytest.approx([3.50029397010803])


def test_temperatures_from_file_names(shared: Path) -> None:
    series = read_many(shared / "eis" / "EISFitpython" / "s04147*deg.txt")
    assert [m["temperature_K"][0] for m in series] == pytest.approx(np.arange(413.15, 474, 10))
    joined = af.join(series)
    assert joined["temperature_K"].shape == (7,)
    assert joined["frequency_Hz"].shape == (7, 42)
    assert series[0]["Z_im_ohm"][0, 0] == -5.43115e4


def test_landt_csv_and_battery_data_format_are_one_test(shared: Path) -> None:
    name = "SINTEF__LiGrR2032__2024-04-30__25degC__Landt"
    landt, bdf = (af.read(shared / "cells" / f"{name}{end}") for end in (".csv", ".bdf.csv"))
    for array in ("time_s", "voltage_V", "current_A"):
        assert np.array_equal(landt[array], bdf[array])
    assert landt["time_s"].size == 25162
    assert landt["cycle_number"].tolist() == [1, 2]
    assert landt.meta["temperature_K"] == pytest.approx(298.15)
    # The largest count of the file's own columns in each cycle, in mAh.
    for measurement in (landt, bdf):
        assert measurement.meta["capacity_from"] == "counters of the instrument"
        assert measurement["charge_capacity_C"] / 3.6 == pytest.approx([3.2, 0.0])
        assert measurement["discharge_capacity_C"] / 3.6 == pytest.approx([6.3, 1.3])


def test_record_without_current(shared: Path) -> None:
    found = af.read(shared / "cells" / "Data_Figure_3bc_PHJ_13_201.csv")
    assert found["time_s"].size == 57820
    assert found["time_s"][-1] == pytest.approx(699.98249 * 3600)
    assert np.abs(found["voltage_V"]).max() == 0.2564
    assert "current_A" not in found


def test_columns_for_a_text_without_header(shared: Path) -> None:
    found = af.read(shared / "cells" / "Li_Li_POL.txt", columns="time/h, voltage/V, current/mA")
    assert found["time_s"].size == 1022
    assert found["voltage_V"].min() == pytest.approx(0.16491)
    assert found["voltage_V"].max() == pytest.approx(1.514, abs=5e-4)
    assert np.median(found["current_A"]) == pytest.approx(0.0357e-3, rel=2e-3)
    drop = np.diff(found["voltage_V"])
    assert drop.min() == pytest.approx(-0.0145, abs=1e-4)
    assert found["time_s"][np.argmin(drop) + 1] / 3600 == pytest.approx(3.940, abs=0.01)
    short = af.get("cycling.short")(found)
    assert short["drops"] == 1
    assert short["largest_drop"] == pytest.approx(0.0145, abs=1e-4)
    assert short["drop_time"] / 3600 == pytest.approx(3.940, abs=0.001)


def test_overpotential_of_a_published_cell(shared: Path) -> None:
    found = af.read(shared / "cells" / "Data_Figure_3bc_PHJ_13_201.csv")
    result = af.get("cycling.overpotential")(found, from_fraction=0.0, to_fraction=1.0)
    plateau = result.curves["plateau_V"].values
    # Median |V| of 1400 half cycles of 0.5 h, from the file without this package.
    assert plateau.size == 1400
    assert plateau[:3] == pytest.approx([0.1465, 0.1864, 0.1594], abs=6e-5)
    assert plateau[-3:] == pytest.approx([0.1811, 0.1855, 0.1811], abs=6e-5)
    assert np.diff(result.curves["time_s"].values) == pytest.approx(1800, abs=120)
    assert all(c.status == "pass" for c in result.checks)


def test_a_voltammetry_is_opened_as_the_kind_that_is_wanted(shared: Path) -> None:
    path = shared / "eis" / "mattia_lsv" / "cellG_CB_LSV_30mVpermin_CB3.txt"
    record, curve = af.read(path), af.read(path, kind="polarisation")
    assert (record.kind.name, curve.kind.name) == ("cycling", "polarisation")
    assert np.array_equal(curve["potential_V"], record["voltage_V"])
    assert np.array_equal(curve["current_A"], record["current_A"])
    assert curve["potential_V"].size == 4970
    assert curve["potential_V"][0] == 2.5443249
    assert curve["current_A"][-1] == pytest.approx(1.0903990e-4)
    assert curve["current_A"].min() == pytest.approx(record["current_A"].min())
    assert curve.meta["scan_rate_V_s"] == pytest.approx(30e-3 / 60)
    assert record.key != curve.key
    assert af.read(path, kind="cycling").key == record.key


def test_digitised_tafel_curves(shared: Path) -> None:
    """The four electrolytes of the published figure: as many points as its columns have, the sign that of the overpotential."""
    path = shared / "eis" / "boyle_tafel" / "Boyle_Figure_4a.csv"
    curves = read_many(path)
    assert [c.meta["series"] for c in curves] == ["10pc tFEC", "ECDEC", "DEC", "PC"]
    table = np.genfromtxt(path, delimiter=",", skip_header=2)
    for k, curve in enumerate(curves):
        potential, density = table[:, 2 * k], table[:, 2 * k + 1]
        there = np.isfinite(potential)
        assert curve["potential_V"] == pytest.approx(potential[there])
        assert np.abs(curve["current_density_A_m2"]) == pytest.approx(10 * density[there])
        assert (curve["current_density_A_m2"] * curve["potential_V"] > 0).all()
        assert "magnitudes" in curve.meta["sign_of_current"]
    assert af.read(path, series="PC").key == af.read(path, series=4).key == curves[3].key
    assert len({c.key for c in curves}) == 4
