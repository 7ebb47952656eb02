"""A study's series of files that are listed one by one: each keeps what is said of it alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError
from anodefree.kinds.impedance import IMPEDANCE
from anodefree.study.plan import plan
from anodefree.study.store import Store
from anodefree.study.work import _input

HEAD = '[study]\ntitle = "t"\n[[step]]\nname = "clean"\nstage = "eis.evolution"\n'


def _spectra(folder: Path) -> None:
    f = np.logspace(0, 3, 8)[None]
    for name, shift in (("a.nc", 0.0), ("b.nc", 1.0)):
        made = {"frequency_Hz": f, "Z_re_ohm": f * 0 + 5 + shift, "Z_im_ohm": -1 / f}
        Measurement.of(IMPEDANCE, made).save(folder / name)


def test_each_file_keeps_its_own_metadata(tmp_path: Path) -> None:
    _spectra(tmp_path)
    members = ", ".join(
        f'{{ file = "{name}", meta = {{ temperature_K = "{t} degC" }} }}' for name, t in (("b.nc", 25), ("a.nc", 60))
    )
    listed = f"inputs = [{{ files = [{members}] }}]"
    (tmp_path / "s.toml").write_text(HEAD + listed)
    study = plan(tmp_path / "s.toml")
    source = next(iter(study.files.values()))
    assert [p.name for p in source.paths] == ["b.nc", "a.nc"], "the order is the study's"
    joined = _input(Store(tmp_path / "store"), source, IMPEDANCE)
    assert joined["temperature_K"].tolist() == [298.15, 333.15]
    assert joined["Z_re_ohm"][:, 0].tolist() == [6.0, 5.0]


def test_other_metadata_is_other_work(tmp_path: Path) -> None:
    _spectra(tmp_path)
    keys = set()
    for degrees in ("", ', meta = { temperature_K = "25 degC" }', ', meta = { temperature_K = "26 degC" }'):
        (tmp_path / "s.toml").write_text(HEAD + f'inputs = [{{ files = [{{ file = "a.nc"{degrees} }}, {{ file = "b.nc" }}] }}]')
        keys.add(plan(tmp_path / "s.toml").nodes[0].key)
    assert len(keys) == 3


def test_a_slip_is_told_by_its_place(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(HEAD + 'inputs = [{ files = [{ fil = "a.nc" }] }]')
    with pytest.raises(ConfigError, match="step 'clean'"):
        plan(tmp_path / "s.toml")
    (tmp_path / "s.toml").write_text(HEAD + 'inputs = [{ files = [{ file = "gone.nc" }] }]')
    with pytest.raises(ConfigError, match="no such file"):
        plan(tmp_path / "s.toml")
