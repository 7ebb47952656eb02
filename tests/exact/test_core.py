"""The nouns: kinds list every fault, measurements join, keys are content, checkpoints are whole, errors travel."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

import anodefree as af
from anodefree import errors, stages
from anodefree.core.context import Checkpoint, Context
from anodefree.core.parameter import Par, Parameter
from anodefree.core.rng import stream
from anodefree.errors import Cancelled, ConfigError, DataError
from anodefree.kinds.impedance import IMPEDANCE


def spectrum(points: int = 5, temperature_K: float = 300.0) -> af.Measurement:
    f = np.logspace(5, 0, points)[None, :]
    arrays = {"frequency_Hz": f, "Z_re_ohm": f * 0 + 10, "Z_im_ohm": -f * 0 - 1, "temperature_K": [temperature_K]}
    return af.Measurement.of(IMPEDANCE, arrays, {"area_m2": 1e-4, "run": temperature_K})


def test_a_kind_lists_every_fault_at_once() -> None:
    with pytest.raises(DataError) as caught:
        af.Measurement.of(
            IMPEDANCE,
            {"frequency_Hz": [[1.0, -2.0]], "Z_re_ohm": [[1.0, 2.0, 3.0]], "temprature_K": [3.0], "temperature_K": [np.nan]},
        )
    told = str(caught.value)
    for fault in (
        "'Z_im_ohm' is missing",
        "'temprature_K' is not an array of this kind",
        "'frequency_Hz' must be positive",
        "'Z_re_ohm' has 3 values along frequency, others have 2",
        "'temperature_K' holds 1 NaN or infinite values (first at index 0)",
    ):
        assert fault in told, told


def test_arrays_are_bare_and_read_only() -> None:
    m = spectrum()
    assert type(m["frequency_Hz"]) is np.ndarray
    with pytest.raises(ValueError, match="read-only"):
        m["frequency_Hz"][0, 0] = 1.0
    with pytest.raises(DataError, match="has no 'voltage_V'"):
        m["voltage_V"]


def test_series_join_ragged_parts_and_keep_what_is_shared() -> None:
    series = af.join([spectrum(5, 300.0), spectrum(7, 310.0)])
    assert len(series) == 2
    assert series["frequency_Hz"].shape == (2, 7)
    assert np.isnan(series["frequency_Hz"][0, 5:]).all()
    assert series["temperature_K"].tolist() == [300.0, 310.0]
    assert dict(series.meta) == {"area_m2": 1e-4}


def test_equal_content_has_an_equal_key() -> None:
    assert spectrum().key == spectrum().key
    assert spectrum().key != spectrum(temperature_K=301.0).key
    assert spectrum().with_meta(cell="A").key != spectrum().key


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    m = spectrum()
    again = af.load(m.save(tmp_path / "m.nc"))
    assert isinstance(again, af.Measurement)
    assert again.data.identical(m.data)
    result = af.get("deposit.thickness")(charge_C_m2=5400.0)
    reopened = af.load(result.save(tmp_path / "r.nc"))
    assert isinstance(reopened, af.Result)
    assert reopened.estimates == result.estimates
    assert reopened.draw is not None, "its figure comes back with it"


def test_streams_depend_on_content_only() -> None:
    assert stream(1, "a").normal() == stream(1, "a").normal()
    assert stream(1, "a").normal() != stream(1, "b").normal()
    assert stream(1, "a").normal() != stream(2, "a").normal()


def test_a_checkpoint_is_whole_or_absent(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "deep" / "state.npz")
    assert checkpoint.load() is None
    checkpoint.save(x=np.arange(3), step=7)
    state = checkpoint.load()
    assert state is not None
    assert state["x"].tolist() == [0, 1, 2]
    assert int(state["step"]) == 7
    checkpoint.path.write_bytes(checkpoint.path.read_bytes()[:40])
    with pytest.raises(DataError, match="checkpoint cannot be read"):
        checkpoint.load()


def test_progress_is_told_and_cancels(tmp_path: Path) -> None:
    told: list[float] = []
    Context(tmp_path, lambda fraction, _: told.append(fraction)).progress(1.5)
    assert told == [1.0]
    with pytest.raises(Cancelled):
        Context(tmp_path, cancelled=lambda: True).progress(0.1)


@pytest.mark.parametrize("name", ["ConfigError", "MissingExtra", "DataError", "NumericalError", "Cancelled"])
def test_errors_survive_the_way_between_processes(name: str) -> None:
    error = getattr(errors, name)("what", "where", "hint")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) == "where: what\n  try: hint"
    assert again.exit_code == error.exit_code


def test_a_stage_refuses_before_it_runs() -> None:
    thickness = af.get("deposit.thickness")
    with pytest.raises(ConfigError) as caught:
        thickness(charge_C_m2="-3 mAh/cm2", porosity="3 mm", density="1")
    told = str(caught.value)
    assert "unknown parameter 'density'" in told
    assert "charge_C_m2: must be > 0" in told
    assert "'mm' cannot be expressed in 1" in told
    with pytest.raises(DataError, match=r"holds impedance spectra, .* needs galvanostatic cycling"):
        af.get("cycling.retention")(spectrum())
    with pytest.raises(ConfigError, match="takes 1 inputs, got 0"):
        af.get("cycling.retention")()


def test_every_member_of_a_union_can_be_given() -> None:
    weighting = {p.name: p for p in stages.get("eis.fit").parameters}["weighting"]
    assert [weighting.read(w) for w in ("modulus", "unit", "estimated")] == ["modulus", "unit", "estimated"]
    with pytest.raises(ValueError, match="estimated"):
        weighting.read("estimatd")
    either = Parameter("width_m", float | Literal["auto"] | None, 1.0, Par("a width", gt=0), "m")
    assert (either.read("auto"), either.read("2 um"), either.read("none")) == ("auto", pytest.approx(2e-6), None)
    with pytest.raises(ValueError, match="> 0"):
        either.read(-1.0)
    several = Parameter("widths", tuple[float, ...] | float, 1.0, Par("widths"), "1")
    assert several.read([1, 2]) == (1.0, 2.0)
    assert several.read(3) == 3.0
