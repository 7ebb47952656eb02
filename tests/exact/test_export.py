"""What is written reads back as it was: .csv, .bdf.csv, .json, .nc."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import anodefree as af
from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.cycling import CYCLING
from anodefree.kinds.impedance import IMPEDANCE
from anodefree.kinds.tracks import TRACKS

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
finite = st.floats(-1e12, 1e12, allow_subnormal=False)
positive = st.floats(1e-9, 1e12)


def spectra(rng: np.random.Generator, sizes: tuple[int, ...] = (7, 5), sign: float = -1.0) -> Measurement:
    shape = (len(sizes), max(sizes))
    gap = np.arange(shape[1]) >= np.array(sizes)[:, None]
    arrays = {
        "frequency_Hz": np.broadcast_to(np.geomspace(1e5, 0.1, shape[1]), shape),
        "Z_re_ohm": rng.uniform(1, 100, shape),
        "Z_im_ohm": sign * rng.uniform(1, 100, shape),
    }
    arrays = {n: np.where(gap, np.nan, a) for n, a in arrays.items()}
    kelvin = np.linspace(298.15, 333.15, len(sizes))
    return Measurement.of(IMPEDANCE, {**arrays, "temperature_K": kelvin}, {"area_m2": 1.54e-4, "cell": "Li||Li"})


def cell(rng: np.random.Generator, cycles: int = 3) -> Measurement:
    time = np.arange(40.0 * cycles) * 60
    current = 1e-3 * np.where(np.arange(time.size) % 40 < 20, 1.0, -1.0)
    arrays = {
        "cycle_number": np.arange(1, cycles + 1),
        "charge_capacity_C": rng.uniform(1, 2, cycles),
        "discharge_capacity_C": rng.uniform(1, 2, cycles),
        "time_s": time,
        "voltage_V": rng.normal(size=time.size),
        "current_A": current,
        "record_cycle": np.arange(time.size) // 40 + 1,
    }
    return Measurement.of(CYCLING, arrays, {"instrument": "none"})


def same(a: Measurement, b: Measurement, rtol: float = 0.0) -> None:
    assert set(a.data.data_vars) == set(b.data.data_vars)
    for name in map(str, a.data.data_vars):
        assert a[name].shape == b[name].shape, name
        assert np.allclose(a[name], b[name], rtol=rtol, atol=0, equal_nan=True), name


@pytest.mark.parametrize("suffix", [".csv", ".json", ".nc"])
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_spectra_come_back(tmp_path: Path, rng: np.random.Generator, suffix: str, sign: float) -> None:
    one = spectra(rng, sign=sign)  # an inductive cell stays inductive: our own header states the sign
    path = af.write(one, tmp_path / f"out{suffix}")
    back = af.read(path)
    same(one, back)
    assert back.source.name == f"out{suffix}"
    if suffix != ".csv":
        assert back.meta["area_m2"] == 1.54e-4
        assert back.meta["cell"] == "Li||Li"


@pytest.mark.parametrize("suffix", [".csv", ".json", ".nc"])
@pytest.mark.parametrize("cycles", [1, 3])
def test_cycling_comes_back(tmp_path: Path, rng: np.random.Generator, suffix: str, cycles: int) -> None:
    one = cell(rng, cycles)
    back = af.read(af.write(one, tmp_path / f"out{suffix}"))
    same(one, back, rtol=1e-15)  # mAh and back to C
    assert back["cycle_number"].dtype.kind == "i"


def test_capacities_alone_come_back(tmp_path: Path, rng: np.random.Generator) -> None:
    whole = cell(rng)
    one = Measurement.of(CYCLING, {n: whole[n] for n in ("cycle_number", "charge_capacity_C", "discharge_capacity_C")})
    same(one, af.read(af.write(one, tmp_path / "c.csv")), rtol=1e-15)
    assert (tmp_path / "c.csv").read_text().splitlines()[0] == "cycle_number,charge_capacity [mAh],discharge_capacity [mAh]"


def test_battery_data_format(tmp_path: Path, rng: np.random.Generator) -> None:
    one = cell(rng)
    path = af.write(one, tmp_path / "cell.bdf.csv")
    with path.open() as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["test_time_second", "voltage_volt", "current_ampere", "cycle_count"]
    assert len(rows) == 121
    back = af.read(path)
    for name in ("time_s", "voltage_V", "current_A", "record_cycle"):
        assert np.array_equal(one[name], back[name])
    assert back.meta["capacity_from"] == "current integrated over time"
    # 20 records a minute apart at 1 mA; the first and the last record stand for half an interval.
    assert back["charge_capacity_C"] == pytest.approx([1e-3 * 60 * 19.5, 1e-3 * 60 * 20, 1e-3 * 60 * 20])
    assert back["discharge_capacity_C"] == pytest.approx([1e-3 * 60 * 20, 1e-3 * 60 * 20, 1e-3 * 60 * 19.5])


@given(
    st.lists(st.tuples(positive, finite, finite), min_size=1, max_size=12),
    st.booleans(),
)
@QUICK
def test_any_spectrum_survives_csv(tmp_path: Path, points: list[tuple[float, float, float]], own_spectra: bool) -> None:
    f, re, im = np.array(points).T
    shape = (-1, 1) if own_spectra else (1, -1)
    arrays = {"frequency_Hz": f.reshape(shape), "Z_re_ohm": re.reshape(shape), "Z_im_ohm": im.reshape(shape)}
    one = Measurement.of(IMPEDANCE, arrays)
    same(one, af.read(af.write(one, tmp_path / "any.csv")))


@given(st.lists(st.tuples(st.floats(0, 1e6), finite, finite), min_size=2, max_size=30))
@QUICK
def test_any_record_survives_csv(tmp_path: Path, points: list[tuple[float, float, float]]) -> None:
    t, v, i = np.array(points).T
    one = Measurement.of(CYCLING, {"time_s": np.sort(t), "voltage_V": v, "current_A": i})
    back = af.read(af.write(one, tmp_path / "any.csv"))
    for name in ("time_s", "voltage_V", "current_A"):
        assert np.array_equal(one[name], back[name])


def test_other_kinds_can_be_written(tmp_path: Path) -> None:
    meta = {"species": "Li+", "mass_kg": 1.15e-26, "charge_C": 1.6e-19, "flux_density_T": 0.1}
    arrays = {"time_s": np.arange(4.0), **{f"{a}_m": np.arange(8.0).reshape(2, 4) for a in "xyz"}}
    tracks = Measurement.of(TRACKS, arrays, meta)
    lines = af.write(tracks, tmp_path / "t.csv").read_text().splitlines()
    assert lines[0].startswith("ion,time [s],x [um]")
    assert len(lines) == 9
    assert lines[5] == "2,0.0,4000000.0,4000000.0,4000000.0"
    same(tracks, af.read(af.write(tracks, tmp_path / "t.json")))
    same(tracks, af.load(af.write(tracks, tmp_path / "t.nc")))
    with pytest.raises(ConfigError, match="Battery Data Format"):
        af.write(tracks, tmp_path / "t.bdf.csv")


def test_results_are_written_and_loaded(tmp_path: Path) -> None:
    result = af.Result.of({"x": af.Estimate(1.0, 0.1, "V")})
    back = af.load(af.write(result, tmp_path / "r.nc"))
    assert isinstance(back, af.Result)
    assert back["x"] == 1.0
    with pytest.raises(DataError, match="holds a result"):
        af.read(tmp_path / "r.nc")


def test_what_cannot_be_written_says_so(tmp_path: Path, rng: np.random.Generator) -> None:
    one = spectra(rng)
    with pytest.raises(ConfigError, match=r"\.xlsx") as caught:
        af.write(one, tmp_path / "out.xlsx")
    assert ".bdf.csv" in caught.value.hint
    with pytest.raises(ConfigError, match="none of cycling"):
        af.write(one, tmp_path / "out.bdf.csv")
    with pytest.raises(ConfigError, match="cannot be written"):
        af.write({"a": 1}, tmp_path / "out.csv")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    path = af.write(spectra(rng), tmp_path / "out.csv")
    before = path.read_bytes()

    def full(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ConfigError, match="no space"):
        af.write(spectra(rng, (9,)), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def test_json_is_plain(tmp_path: Path, rng: np.random.Generator) -> None:
    content = json.loads(af.write(spectra(rng), tmp_path / "s.json").read_text())
    assert content["kind"] == "impedance"
    assert content["arrays"]["Z_re_ohm"]["dims"] == ["spectrum", "frequency"]
    assert content["arrays"]["Z_re_ohm"]["values"][1][-1] is None
