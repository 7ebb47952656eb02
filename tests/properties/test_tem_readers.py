"""Files of transmission microscopes: every field of the layouts; damage gives our own error, never a traceback or a hang."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import anodefree as af
from anodefree.errors import AnodefreeError, DataError
from anodefree.io import emd, gatan, mrc, tia
from anodefree.io.electron_image import axis_of
from microscope_writers import SCENE, dm, ncem, ser, velox
from microscope_writers import mrc as mrc_file

FUZZ = settings(max_examples=80, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture])
STACK = np.stack([SCENE, SCENE[:, ::-1], SCENE + 3])


def opened(tmp_path: Path, content: bytes, name: str = "no_suffix", **options: object) -> af.Measurement:
    path = tmp_path / name
    path.write_bytes(content)
    return af.read(path, **options)


@pytest.mark.parametrize(
    ("unit", "factor", "reciprocal"),
    [
        ("nm", 1e-9, False),
        ("n_m", 1e-9, False),
        ("[n_m]", 1e-9, False),
        ("µm", 1e-6, False),
        ("\u00c5", 1e-10, False),
        ("\u212b", 1e-10, False),
        ("1/nm", 1e9, True),
        ("[n_m^-1]", 1e9, True),
        ("1/n_m", 1e9, True),
        ("nm-1", 1e9, True),
        ("1/\u00c5", 1e10, True),
    ],
)
def test_units_as_files_write_them(unit: str, factor: float, reciprocal: bool) -> None:
    found = axis_of(0.5, unit)
    assert found.step == pytest.approx(0.5 * factor)
    assert found.reciprocal is reciprocal


@pytest.mark.parametrize(
    ("step", "unit"), [(1.0, ""), (1.0, "eV"), (-1.0, "nm"), (0, "nm"), (float("nan"), "nm"), ("x", "nm"), (1e9, "m"), (1, "(")]
)
def test_what_is_no_size_of_a_pixel_is_not_calibrated(step: object, unit: str) -> None:
    assert axis_of(step, unit).step is None


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("little", [True, False])
@pytest.mark.parametrize("kind", ["u2", "i2", "i4", "f4", "f8", "u1"])
def test_gatan_versions_orders_and_types(tmp_path: Path, version: int, little: bool, kind: str) -> None:
    values = SCENE.astype("<" + kind)
    found = opened(tmp_path, dm([("one", values, 0.25, "nm")], version=version, little=little))
    assert np.array_equal(found["intensity"][0], SCENE)
    assert found["x_m"][1] - found["x_m"][0] == pytest.approx(0.25e-9)
    assert found.meta["voltage_V"] == 3e5
    assert found.meta["instrument"] == "Titan"


def test_gatan_stack_is_frames_and_a_pattern_has_its_centre(tmp_path: Path) -> None:
    found = opened(tmp_path, dm([("stack", STACK.astype("<u2"), 0.5, "1/nm")], origin=7.5))
    assert found.kind.name == "diffraction"
    assert np.array_equal(found["intensity"], STACK)
    assert found.meta["centre_x_pixels"] == 7.5
    assert found["qx_per_m"][[7, 8]] == pytest.approx([-0.25e9, 0.25e9])


def test_several_images_of_a_gatan_file_are_chosen_by_name(tmp_path: Path) -> None:
    content = dm([("A", SCENE.astype("<u2"), 1.0, "nm"), ("B", STACK[1].astype("<u2"), 2.0, "nm")])
    with pytest.raises(DataError, match="series"):
        opened(tmp_path, content)
    assert np.array_equal(opened(tmp_path, content, series="B")["intensity"][0], STACK[1])


def test_gatan_file_without_an_image_says_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="plot"):
        opened(tmp_path, dm([("plot", np.arange(9, dtype="<f4"), 1.0, "eV")]))


@pytest.mark.parametrize("version", [0x210, 0x220])
def test_tia_series_in_time(tmp_path: Path, version: int) -> None:
    found = opened(tmp_path, ser(STACK, version=version))
    assert np.array_equal(found["intensity"], STACK)
    assert found["frame_time_s"].tolist() == [0.0, 3.0, 6.0]
    assert found["y_m"][1] - found["y_m"][0] == pytest.approx(2e-10)


def test_tia_pattern_has_its_centre_and_the_emi_beside_it_is_read(tmp_path: Path) -> None:
    xml = b"\0\1<ObjectInfo><AcceleratingVoltage>200000</AcceleratingVoltage><Label>Camera length</Label><Value>0.3</Value>"
    (tmp_path / "pattern.emi").write_bytes(xml)
    found = opened(tmp_path, ser(SCENE[None], 1e7, offset=-4e7), "pattern_1.ser")
    assert found.kind.name == "diffraction"
    assert found["qx_per_m"][4] == pytest.approx(0.0, abs=1)
    assert found["qy_per_m"][11 - 4] == pytest.approx(0.0, abs=1)
    assert found.meta["voltage_V"] == 200e3
    assert found.meta["camera_length_m"] == 0.3


def test_tia_spectra_are_refused_with_a_reason(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="spectra"):
        opened(tmp_path, ser(STACK, kind=0x4120))


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("kind", ["i2", "u2", "f4"])
def test_mrc_orders_and_modes(tmp_path: Path, big: bool, kind: str) -> None:
    found = opened(tmp_path, mrc_file(STACK.astype("<" + kind), big=big))
    assert np.array_equal(found["intensity"], STACK)
    assert found["x_m"][1] - found["x_m"][0] == pytest.approx(2.5e-10)


@pytest.mark.parametrize("pixel", [0.0, 1.0, -1.0])
def test_mrc_without_calibration(tmp_path: Path, pixel: float) -> None:
    found = opened(tmp_path, mrc_file(STACK.astype("<f4"), pixel, mark=False), "old.mrc")
    assert found.meta["calibrated"] is False
    assert found["x_m"][1] - found["x_m"][0] == pytest.approx(1e-6)


def test_velox_images_patterns_and_stacks(tmp_path: Path) -> None:
    found = opened(tmp_path, velox([("Ceta", STACK, 2e8, "1/m")]))
    assert found.kind.name == "diffraction"
    assert np.array_equal(found["intensity"], STACK)
    assert found["qx_per_m"][8] == pytest.approx(0, abs=1)
    assert found["frame_time_s"].tolist() == [0.0, 0.5, 1.0]
    two = velox([("HAADF", STACK[:1], 1e-10, "m"), ("BF", STACK[1:2], 1e-10, "m")])
    assert np.array_equal(opened(tmp_path, two, "two.emd", series="BF")["intensity"], STACK[1:2])


@pytest.mark.parametrize(("unit", "kind"), [("[n_m]", "micrograph"), ("[n_m^-1]", "diffraction"), ("n_m", "micrograph")])
def test_ncem_units(tmp_path: Path, unit: str, kind: str) -> None:
    found = opened(tmp_path, ncem(SCENE, unit=unit), "picture.emd")
    assert found.kind.name == kind
    assert np.array_equal(found["intensity"][0], SCENE)
    axis = "x_m" if kind == "micrograph" else "qx_per_m"
    assert found[axis][1] - found[axis][0] == pytest.approx(0.25e-9 if kind == "micrograph" else 0.25e9)


@pytest.mark.parametrize(
    ("stored", "names"),
    [
        (STACK, ("time", "y", "x")),
        (STACK.T, ("x", "y", "time")),  # as HyperSpy writes it
        (np.moveaxis(STACK, 0, 2), ("Y", "X", "z")),
        (STACK, ("a", "b", "c")),
    ],
)
def test_ncem_axes_are_told_by_their_names(tmp_path: Path, stored: np.ndarray, names: tuple[str, ...]) -> None:
    assert np.array_equal(opened(tmp_path, ncem(stored, names=names), "picture.emd")["intensity"], STACK)


def test_our_own_file_under_another_name_is_still_ours(tmp_path: Path) -> None:
    saved = opened(tmp_path, mrc_file(STACK)).save(tmp_path / "saved.emd")
    assert np.array_equal(af.read(saved)["intensity"], STACK)


def test_what_unpacks_into_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.emd"
    path.write_bytes(velox([("Ceta", STACK, 1e-10, "m")]))
    with h5py.File(path, "a") as file:
        group = next(iter(file["Data/Image"].values()))
        del group["Data"]
        group.create_dataset("Data", (30_000, 30_000, 1), "u1", chunks=True)  # never written, so that it takes no room
    with pytest.raises(DataError, match="unpack"):
        af.read(path)


def test_infinite_pixels_and_complex_images_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="finite"):
        opened(tmp_path, mrc_file(np.full((1, 4, 4), np.inf, "<f4")))
    with pytest.raises(DataError, match="mode"):
        opened(tmp_path, mrc_file(STACK)[:12] + b"\4" + mrc_file(STACK)[13:])


FILES: dict[str, tuple[Callable[[], bytes], Callable[[Path], object]]] = {
    "a.dm3": (lambda: dm([("one", SCENE.astype("<u2"), 0.25, "nm")]), gatan.read),
    "a.dm4": (lambda: dm([("one", SCENE.astype("<f4"), 0.25, "1/nm")], version=4, little=False), gatan.read),
    "a.ser": (lambda: ser(STACK), tia.read),
    "a.mrc": (lambda: mrc_file(STACK), mrc.read),
    "velox.emd": (lambda: velox([("Ceta", STACK, 1e-10, "m")]), emd.read),
    "ncem.emd": (lambda: ncem(STACK), emd.read),
}


@pytest.mark.parametrize("name", FILES)
@FUZZ
@given(draw=st.data())
def test_damage_gives_one_clear_error_or_an_image(tmp_path: Path, name: str, draw: st.DataObject) -> None:
    make, reader = FILES[name]
    content = bytearray(make())
    for _ in range(draw.draw(st.integers(1, 6))):
        at = draw.draw(st.one_of(st.integers(0, min(1100, len(content) - 1)), st.integers(0, len(content) - 1)))
        width = draw.draw(st.sampled_from([1, 2, 4, 8]))
        values = st.sampled_from([0, 1, 255, 2**31 - 1, 2**31, 2**32 - 1, 2**63])
        number = draw.draw(st.one_of(st.integers(0, 255), values)) % 2 ** (8 * width)
        content[at : at + width] = number.to_bytes(width, draw.draw(st.sampled_from(["little", "big"])))
    if draw.draw(st.booleans()):
        content = content[: draw.draw(st.integers(4, len(content)))]
    path = tmp_path / name
    path.write_bytes(bytes(content))
    with suppress(DataError):
        found = reader(path)
        for one in found if isinstance(found, list) else [found]:
            assert one["intensity"].ndim == 3
            assert one["intensity"].nbytes <= 10 * len(content) + 4096
    with suppress(AnodefreeError):
        af.read(path)
