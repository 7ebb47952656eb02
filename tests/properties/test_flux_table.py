"""Maps of flux density as text: any delimiter, unit and order of rows; damage gives our own error, which names the place."""

from __future__ import annotations

import itertools
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import anodefree as af
from anodefree.analysis.magnet.above import above
from anodefree.errors import AnodefreeError, DataError

X, Y, Z = np.arange(5) * 2.0, np.arange(4) * 3.0, np.array([1.0, 2.5])
HEADER = "x/um,y/um,z/um,Bx/mT,By/mT,Bz/mT"


def field(x: float, y: float, z: float) -> tuple[float, float, float]:
    return x + 0.1 * z, y - 1, x * y + z


def table(delimiter: str = ",", header: str = HEADER, shuffle: int | None = None) -> str:
    points = list(itertools.product(X, Y, Z))
    if shuffle is not None:
        np.random.default_rng(shuffle).shuffle(points)
    rows = [delimiter.join(f"{v:.9g}" for v in (*p, *field(*p))) for p in points]
    return header.replace(",", delimiter) + "\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", " "])
@pytest.mark.parametrize("shuffle", [None, 3])
def test_the_map_is_read_in_si_whatever_the_order(tmp_path: Path, delimiter: str, shuffle: int | None) -> None:
    path = tmp_path / "map.txt"
    path.write_text(table(delimiter, shuffle=shuffle))
    found = af.read(path, calibration=0.02)
    assert found.kind.name == "flux_map"
    assert found["x_m"] == pytest.approx(1e-6 * X)
    assert found["z_m"] == pytest.approx(1e-6 * Z)
    assert found["Bz_T"] == pytest.approx(1e-3 * np.array([[[x * y + z for x in X] for y in Y] for z in Z]))
    assert found["Bx_T"][1, 2, 3] == pytest.approx(1e-3 * (6.0 + 0.25))
    assert found.meta["calibration"] == 0.02


@pytest.mark.parametrize("header", ["x [mm],y [mm],z [mm],Bx [T],By [T],Bz [T]", "# X (mm),Y (mm),Z (mm),BX (T),BY (T),BZ (T)"])
def test_other_ways_to_write_the_units(tmp_path: Path, header: str) -> None:
    path = tmp_path / "map.csv"
    path.write_text(table(header=header))
    found = af.read(path)
    assert found["y_m"] == pytest.approx(1e-3 * Y)
    assert found["By_T"].max() == pytest.approx(8.0)


def test_gauss_and_a_lone_component(tmp_path: Path) -> None:
    path = tmp_path / "map.csv"
    path.write_text("x/um,y/um,z/um,Bz/G\n" + "\n".join(f"{x},{y},1,{x + y}" for x in X for y in Y))
    found = af.read(path)
    assert found["Bz_T"].max() == pytest.approx(17e-4)
    assert "Bx_T" not in found


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda t: t.replace("\n2,3,1,", "\n2,3,1,nan,0,0\n4,0,9,", 1), "not a finite number"),
        (lambda t: "\n".join(t.split("\n")[:-5]), "full grid"),
        (lambda t: t + "0,0,1,0,0,0\n", "full grid"),
        (lambda t: t.replace("\n2,0,1,", "\n0,0,1,", 1), "two rows"),
        (lambda t: t.replace("\n8,", "\n9,"), "not evenly spaced"),
        (lambda t: t.replace("Bz/mT", "Bz"), "no unit"),
        (lambda t: t.replace("Bz/mT", "Bz/mV"), "no unit of its kind"),
        (lambda t: t.split("\n")[0] + "\n", "no row of numbers"),
        (lambda t: t.replace("\n2,0,1,", "\n2,0,abc,", 1), "abc"),
    ],
)
def test_damage_is_refused_with_its_place(tmp_path: Path, damage: object, message: str) -> None:
    path = tmp_path / "map.csv"
    path.write_text(damage(table()))  # type: ignore[operator]
    with pytest.raises(DataError, match=message):
        af.read(path, format="flux")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_breaks_the_reader(tmp_path: Path, data: st.DataObject) -> None:
    text = bytearray(table().encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=8))
    path = tmp_path / "map.csv"
    path.write_bytes(bytes(text))
    with suppress(AnodefreeError):
        found = af.read(path)
        assert all(np.isfinite(found[str(n)]).all() for n in found.data.data_vars)


def test_a_map_that_was_read_is_continued_upward(tmp_path: Path) -> None:
    k, x = 2 * np.pi / 16.0, np.arange(32) * 0.5
    path = tmp_path / "map.csv"
    rows = "\n".join(f"{a},{b},1,{5 * np.cos(k * a):.9g}" for a in x for b in x)
    path.write_text("x/um,y/um,z/um,Bz/mT\n" + rows)
    found = above(af.read(path, periodic=True), height_m=3e-6)
    assert found["B_rms"] == pytest.approx(5e-3 * np.exp(-k * 2.0), rel=1e-6)
