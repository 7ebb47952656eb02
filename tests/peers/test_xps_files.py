"""Real photoelectron and ion files: what other programs read and fitted, and what we do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import anodefree as af
from anodefree.io.read import read_all
from anodefree.stages import get


def fitted(found: af.Measurement) -> np.ndarray:
    """Parts of the area of what CasaXPS fitted."""
    area = np.array([c["area"] for c in found.meta["fitted_components"]])
    return np.asarray(area / area.sum())


def test_kratos_with_leading_blank_lines(shared: Path) -> None:
    path = shared / "xps" / "0-150W.vms"
    found = read_all(path)
    assert [m.meta["series"] for m in found] == ["wide", "Ni 2p", "O 1s", "C 1s", "W 4f"]
    oxygen, text = af.read(path, series="O 1s"), af.read(shared / "xps" / "0-150W_NiWO1s_O1s.txt")
    assert oxygen["binding_energy_eV"] == pytest.approx(text["binding_energy_eV"], abs=1e-6)
    assert oxygen["counts"].tolist() == text["counts"].tolist()
    assert oxygen["binding_energy_eV"][[-1, -2]] == pytest.approx([545.0, 544.9])
    assert oxygen["counts"][0, [-1, -2]].tolist() == [1620.0, 1707.0]
    assert text.meta["region"] == "O 1s"
    assert text.meta["pass_energy_eV"] == 20
    assert len(af.read(path, kind="photoemission_regions")) == 5


def test_other_vamas_files(shared: Path) -> None:
    survey = af.read(shared / "xps" / "regular.vms")
    assert survey["binding_energy_eV"].shape == (1351,)
    assert survey.meta["photon_energy_eV"] == pytest.approx(1486.61)
    assert survey["binding_energy_eV"][-1] == pytest.approx(1486.61 - 136.61)
    platinum = af.read(shared / "xps" / "Pt4f.vms")
    assert platinum["binding_energy_eV"].shape == (281,)
    assert platinum.meta["region"] == "Pt 4f"
    assert platinum.meta["pass_energy_eV"] == 20


def test_irregular_vamas_with_fitted_components(shared: Path) -> None:
    iron = af.read(shared / "xps" / "FeO_analyzed.vms")
    assert iron["counts"].shape == (1, 1121)
    parts = iron.meta["fitted_components"]
    assert [p["shape"] for p in parts] == ["LF(0.54,10,80,100,6)", "SGL(30)"] * 2
    assert parts[0]["binding_energy_eV"] == pytest.approx(1486.61 - 777.56313)
    assert all(p["sensitivity"] == 16.42 for p in parts)
    assert iron.meta["fitted_regions"][0]["background"] == "U 3 Tougaard"


@pytest.mark.parametrize(
    ("level", "parts", "positions"),
    [
        ("F_1s", [0.957, 0.043], [688.82, 685.70]),
        ("S_2p", [0.133, 0.066, 0.534, 0.267], [162.20, 163.32, 168.95, 170.20]),
        ("C_1s", [0.948, 0.022, 0.031], [285.95, 289.82, 292.95]),
    ],
)
def test_casa_columns(shared: Path, level: str, parts: list[float], positions: list[float]) -> None:
    found = af.read(shared / "xps" / f"20240228_Au_MPPipTFSIIol3_{level}.csv")
    assert fitted(found) == pytest.approx(parts, abs=1e-3)
    assert [c["binding_energy_eV"] for c in found.meta["fitted_components"]] == pytest.approx(positions, abs=0.01)


@pytest.mark.parametrize(
    ("level", "names", "window", "casa"),
    [("F_1s", None, (683.6, 692.8), 0.0435), ("S_2p", ("sulfide", "TFSI"), (None, None), 0.199)],
)
def test_fractions_against_casa(
    shared: Path, level: str, names: tuple[str, ...] | None, window: tuple[float | None, float | None], casa: float
) -> None:
    """As CasaXPS does it, with constrained widths, within 1.5 %; with the background inside the fit, within its own errors."""
    found = af.read(shared / "xps" / f"20240228_Au_MPPipTFSIIol3_{level}.csv")
    stage = get("xps.components")
    first = "fraction_" + ("LiF" if names is None else "sulfide")
    usual = stage(
        found,
        names=names,
        background="shirley_static",
        shape="gl_product",
        mixing=0.39,
        low_eV=window[0],
        high_eV=window[1],
    )
    assert usual[first] == pytest.approx(casa, abs=0.015)
    inside = stage(found, names=names)
    estimate = inside.estimates[first]
    assert abs(estimate.value - casa) < 2 * estimate.std
    assert inside["chi2_reduced"] < usual["chi2_reduced"]


def test_platinum_against_khervefitting(shared: Path) -> None:
    peaks = json.loads((shared / "xps" / "Pt4f.json").read_text())["Core levels"]["Pt4f"]["Fitting"]["Peaks"]
    first, second = (peaks[n] for n in ("Pt4f7/2 p1", "Pt4f5/2 p2"))
    found = get("xps.components")(af.read(shared / "xps" / "Pt4f.vms"), positions_eV={"Pt": 71.0}, metals=("Pt",))
    assert found["position_Pt"] == pytest.approx(first["Position"], abs=0.03)
    assert second["Position"] - first["Position"] == pytest.approx(3.33, abs=0.01)
    assert second["Area"] / first["Area"] == pytest.approx(0.75, abs=0.01)


def test_composition_uses_transmission_as_casa_does(shared: Path) -> None:
    """%At of CasaXPS from its raw areas, and the transmission of the file at each component."""
    lines = (shared / "xps" / "FeO_analyzed_results.csv").read_text().splitlines()
    rows = [line.split("\t") for line in lines if line.startswith("Fe 2p\t") and line.count("\t") > 5]
    place, raw, atomic = (np.array([float(r[i]) for r in rows]) for i in (1, 3, 5))
    text = (shared / "xps" / "FeO_analyzed.vms").read_text().splitlines()
    first = text.index("736.61")
    table = np.array([float(v) for v in text[first : first + 3363]]).reshape(-1, 3)
    seen = raw / np.interp(1486.61 - place, table[:, 0], table[:, 2])
    assert 100 * seen / seen.sum() == pytest.approx(atomic, abs=0.02)


def test_surfacelab_profile(shared: Path) -> None:
    found = af.read(shared / "tofsims" / "I241209p_A_MAPI_1f-1nA_neg-B4 - NF.txt")
    assert found["sputter_time_s"].shape == (165,)
    assert found["sputter_time_s"][-1] == pytest.approx(240.522)
    result = get("tofsims.profile")(found, ions=("F-", "SnO-", "PbI3-"))
    assert result["max_F-"] == pytest.approx(18898, rel=1e-4)
    assert result["time_max_F-"] == pytest.approx(110.0, abs=0.01)
    assert result["max_SnO-"] == pytest.approx(346.6, abs=0.05)
    assert result["time_max_SnO-"] == pytest.approx(123.19, abs=0.01)
    assert result["max_PbI3-"] == pytest.approx(94190, rel=1e-4)
    assert result["time_max_PbI3-"] == pytest.approx(92.40, abs=0.01)
    assert result["sum_fraction_F-"] == pytest.approx(0.005299, abs=1e-6)


def test_surfacelab_spectrum(shared: Path) -> None:
    found = af.read(shared / "tofsims" / "N_HEA19_Bi1_1.txt")
    assert found.kind.name == "ion_spectrum"
    assert found["counts"].shape == (4950,)
    assert found["counts"][1] == 38
    assert found.meta["binning"] == 200
