"""Readers of photoelectron and ion files: every layout gives back what was written; damage ends in one clear error."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import anodefree as af
from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError, DataError
from anodefree.io.read import read_all

FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
KINETIC = np.round(1486.6 - np.arange(694.0, 680.0, -0.5), 6)
COUNTS = np.round(1000 + 500 * np.exp(-0.5 * ((1486.6 - KINETIC - 687) / 1.0) ** 2))


def block(
    name: str = "F 1s",
    *,
    regular: bool = True,
    variables: Sequence[float] = (),
    comments: Sequence[str] = (),
    level: tuple[str, str] = ("F", "1s"),
    photon: str = "1486.6",
    technique: str = "XPS",
    counts: np.ndarray = COUNTS,
    label: str = "Kinetic Energy",
    profile: bool = False,
) -> list[str]:
    """One block as the standard lays it out."""
    head = [name, "sample 1", "2026", "1", "2", "3", "4", "5", "0", str(len(comments)), *comments, technique]
    head += [f"{v}" for v in variables] + ["Al"] + (["18", "1", "1"] if profile else [])
    head += [photon, "150", "0", "0", "54.7", "0", "FAT", "20", "1", "4.5", *["1E+37"] * 5, *level, "-1"]
    head += [label, "eV", f"{KINETIC[0]}", f"{KINETIC[1] - KINETIC[0]}", "2"] if regular else ["3", label, "eV"]
    head += ["counts", "d", "Transmission", "d", "pulse counting", "0.5", "4", "0"]
    head += (["1000", "1E-6", "100", "100", "45", "0", "1"] if profile else []) + ["0", "0", "0", "0"]
    columns = [counts, np.linspace(1.0, 1.1, len(counts))] if regular else [KINETIC, counts, np.linspace(1.0, 1.1, len(counts))]
    head += [str(len(columns) * len(counts)), *[f"{f(c)}" for c in columns for f in (min, max)]]
    return head + [f"{v:.10g}" for row in zip(*columns, strict=True) for v in row]


def vamas(
    *blocks: list[str], regular: bool = True, variables: Sequence[tuple[str, str]] = (), blank: int = 0, mode: str = "NORM"
) -> bytes:
    """A whole file."""
    head = [""] * blank + [
        "VAMAS Surface Chemical Analysis Standard Data Transfer Format 1988 May 4",
        "here",
        "Maker 1",
        "me",
        "e",
    ]
    head += ["1", "a comment", mode, "REGULAR" if regular else "IRREGULAR"] + (["1"] if mode in ("NORM", "SDP") else [])
    head += [str(len(variables)), *[x for pair in variables for x in pair], "0", "0", "0", "0", str(len(blocks))]
    return "\r\n".join([*head, *[line for b in blocks for line in b], "end of experiment"]).encode()


def casa() -> bytes:
    lines = [",,,", ",,,", "Characteristic Energy eV,1486.6,Acquisition Time s,3,"]
    lines += ["BE_F 1s 7,CPS_F 1s 7,F 1s_1_F 1s 7,F 1s_2_F 1s 7,Background_F 1s 7,Envelope_F 1s 7"]
    return "\n".join(
        lines + [f"{694 - 0.5 * i},{1000 + i},{900 + i},{800 + i},{700 + i},{1000 + i}" for i in range(28)]
    ).encode()


def profile() -> bytes:
    lines = ["# Profile Smoothing is Disabled", "#\t\t\t\ttotal\tLiF_2-\tA- / ( B- )\t", "#\t\t\t\tN/A\t45.01\tN/A\t"]
    lines += ["#Data Point #\tSputter Time (s)\tDose (ions)\tFluence (ions/cm^2)\tIntensity\tIntensity\tIntensity\t"]
    return "\n".join(
        lines + [f"{i + 1}\t{1.5 * i}\t{i}e9\t{i}e12\t{900 + i}\t{10 * i}\tinf\t" for i in range(12)] + [""]
    ).encode()


def spectrum() -> bytes:
    lines = ["# Binning: 200 channels", "# Deadtime Correction: on", "Channel\tm/z\tIntensity"]
    return "\n".join(lines + [f"{200 * i}\t{0.01 * i * i:.6f}\t{i % 7}" for i in range(30)]).encode()


def bif6(across: int = 5, down: int = 4) -> bytes:
    image = np.arange(across * down, dtype="<u4")
    parts = [b"\0\0BIF6" + struct.pack("<3H", 2, across, down)]
    parts += [
        struct.pack("<I3f", 0, 0, 0, 0) + (10 * image).tobytes(),
        struct.pack("<I3f", 1, 44.9, 45.0, 45.1) + image.tobytes(),
    ]
    return b"".join(parts)


SEEDS: dict[str, Callable[[], bytes]] = {
    "regular.vms": lambda: vamas(block(), block("O 1s", level=("O", "1s")), blank=2),
    "irregular.vms": lambda: vamas(block(regular=False), regular=False),
    "profile.npl": lambda: vamas(block(variables=(0,)), block(variables=(60,)), variables=(("Etch Time", "s"),)),
    "casa.csv": casa,
    "profile.txt": profile,
    "spectrum.txt": spectrum,
    "image.bif6": bif6,
}


def opened(folder: Path, name: str, data: bytes, **options: object) -> list[Measurement]:
    path = folder / name
    path.write_bytes(data)
    return read_all(path, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("regular", [True, False])
@pytest.mark.parametrize("blank", [0, 2])
def test_vamas_layouts(tmp_path: Path, regular: bool, blank: int) -> None:
    (found,) = opened(tmp_path, "a.vms", vamas(block(regular=regular), regular=regular, blank=blank))
    assert found["binding_energy_eV"] == pytest.approx(np.sort(1486.6 - KINETIC))
    assert found["counts"][0] == pytest.approx(COUNTS[np.argsort(1486.6 - KINETIC)])
    assert found.meta["region"] == "F 1s"
    assert found.meta["dwell_s"] == pytest.approx(2.0)
    assert found.meta["sweeps"] == 4
    assert found.meta["pass_energy_eV"] == 20
    assert found.meta["transmission"] == pytest.approx(1.05)
    assert found.meta["started"] == "2026-01-02 03:04:05"


def test_several_regions_are_named_and_picked(tmp_path: Path) -> None:
    data = vamas(block(), block("O 1s scan", level=("", "")), block("something", level=("", "")))
    found = opened(tmp_path, "a.vms", data)
    assert [m.meta["series"] for m in found] == ["F 1s", "O 1s", "something"]
    with pytest.raises(DataError, match="holds 3 curves"):
        af.read(tmp_path / "a.vms")
    assert af.read(tmp_path / "a.vms", series="O 1s").meta["region"] == "O 1s"
    assert af.read(tmp_path / "a.vms", series=3).meta["region"] == "something"
    whole = af.read(tmp_path / "a.vms", kind="photoemission_regions")
    assert list(whole["region_name"]) == ["F 1s", "O 1s", "something"]
    assert whole["dwell_s"] == pytest.approx(np.full(3, 2.0))


def test_one_region_is_also_a_measurement_of_regions(tmp_path: Path) -> None:
    for name in ("regular.vms", "casa.csv"):
        data = vamas(block()) if name.endswith("vms") else casa()
        (found,) = opened(tmp_path, name, data, kind="photoemission_regions")
        assert found.kind.name == "photoemission_regions"
        assert list(found["region_name"]) == ["F 1s"]


def test_etch_levels_are_joined_in_order(tmp_path: Path) -> None:
    variables = (("Etch Time", "min"),)
    data = vamas(block(variables=(2,), counts=COUNTS + 5), block(variables=(0,)), variables=variables)
    (found,) = opened(tmp_path, "a.vms", data)
    assert found["etch_time_s"].tolist() == [0.0, 120.0]
    assert (found["counts"][1] - found["counts"][0]).tolist() == [5.0] * len(COUNTS)
    twice = vamas(block(variables=(1,)), block(variables=(1,)), variables=variables)
    assert len(opened(tmp_path, "b.vms", twice)) == 2
    (ions,) = opened(tmp_path, "c.vms", vamas(block(profile=True), mode="SDP"))
    assert ions["counts"].shape == (1, len(COUNTS))


def test_rates_become_counts_and_calibrations_are_applied(tmp_path: Path) -> None:
    lines = block(comments=("Calib M = 285.5 A = 284.8 BE ADD",))
    lines[lines.index("counts") + 1] = "c/s"
    (found,) = opened(tmp_path, "a.vms", vamas(lines))
    assert found["counts"].max() == pytest.approx(COUNTS.max() * 2.0)
    assert found.meta["charge_shift_eV"] == pytest.approx(-0.7)
    assert found["binding_energy_eV"][-1] == pytest.approx(694.0 - 0.7)


def test_fitted_components_in_comments(tmp_path: Path) -> None:
    comment = "CASA comp (*LiF*) (*GL(30)*) Area 123.5 1e-020 6383903.5 -1 1 MFWHM 1.5 1 2 -1 1 "
    comment += "Position 801.6 1 2 -1 1 RSF 4.43 MASS 19"
    (found,) = opened(tmp_path, "a.vms", vamas(block(comments=(comment,))))
    assert found.meta["fitted_components"] == [
        {"name": "LiF", "shape": "GL(30)", "area": 123.5, "fwhm_eV": 1.5, "binding_energy_eV": 685.0, "sensitivity": 4.43}
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (vamas(block())[:900], "ends in the middle|more than the lines"),
        (vamas(block(technique="AES dir")), "no photoelectron spectrum"),
        (vamas(block(counts=-COUNTS)), "negative"),
        (vamas(block(photon="abc")), "where a number is due"),
        (vamas(block(counts=COUNTS[:3])), "block of 3 points"),
        (vamas(), "holds no block"),
        (vamas(block()).replace(b"NORM", b"XXXX"), "unknown mode"),
        (vamas(block()).replace(b"\r\nREGULAR", b"\r\nMAPPING"), "only REGULAR"),
        (casa().replace(b"1005,", b"abc,"), "where numbers are due"),
        (profile().replace(b"\t50\t", b"\tx\t"), "where a number is due"),
        (profile().replace(b"\t50\t", b"\t-50\t"), "negative or not finite"),
        (bif6()[:-3], "announces 2 images"),
        (bif6() + b"\0", "announces 2 images"),
        (bif6().replace(struct.pack("<f", 45.0), struct.pack("<f", float("nan"))), "no positive number"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        opened(tmp_path, "a.dat", data)


def test_ions(tmp_path: Path) -> None:
    (found,) = opened(tmp_path, "a.txt", profile())
    assert found.kind.name == "ion_profile"
    assert list(found["ion_name"]) == ["LiF_2-"]
    assert found["counts"][0].tolist() == [10.0 * i for i in range(12)]
    assert found["mass_to_charge"].tolist() == [45.01]
    assert found["fluence_per_m2"][1] == pytest.approx(1e16)
    assert found.meta["polarity"] == "negative"
    assert "1 that are ratios" in found.meta["columns_left_out"]
    (mass,) = opened(tmp_path, "b.txt", spectrum())
    assert mass.kind.name == "ion_spectrum"
    assert mass.meta["binning"] == 200
    (image,) = opened(tmp_path, "c.bif6", bif6())
    assert image["counts"].shape == (1, 1, 4, 5)
    assert image["counts"][0, 0, 1].tolist() == [5, 6, 7, 8, 9]
    assert image["total_counts"].max() == 190
    assert image["mass_to_charge"] == pytest.approx([45.0])


@st.composite
def damages(draw: st.DrawFn) -> tuple[str, bytes]:
    """A file of one of the formats with bytes changed, cut out, or repeated."""
    name = draw(st.sampled_from(sorted(SEEDS)))
    data = bytearray(SEEDS[name]())
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        how = draw(st.integers(0, 3))
        if how == 0:
            data[at : at + 1] = draw(st.binary(max_size=3))
        elif how == 1:
            del data[at : at + draw(st.integers(1, 200))]
        elif how == 2:
            data[at:at] = draw(
                st.sampled_from([b"\n", b"1e308", b"-1", b"nan", b"99999999", b"\t", b",", b"1E+37\r\n", b"\xff"])
            )
        else:
            data = data[:at]
    return name, bytes(data)


@FUZZ
@given(damaged=damages())
def test_damage_ends_in_an_error_or_a_measurement(tmp_path: Path, damaged: tuple[str, bytes]) -> None:
    name, data = damaged
    with contextlib.suppress(DataError, ConfigError):
        assert all(isinstance(m, Measurement) for m in opened(tmp_path, name, data))
