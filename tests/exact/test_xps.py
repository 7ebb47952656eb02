"""Photoelectron lines, backgrounds and fits against closed forms, independent quadrature and known truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

from anodefree.analysis.xps.composition import fractions_of, peak_area
from anodefree.analysis.xps.model_choice import areas, fractions, positions, widths
from anodefree.analysis.xps.region_fit import Setting, _Model, fit_region
from anodefree.core.measurement import Measurement
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.photoemission import PHOTOEMISSION
from anodefree.numerics.core_level_shapes import TOUGAARD, _kernel, _kernel_area, background_matrix, line, static_shirley
from anodefree.numerics.core_level_spectrum import Lines, expected_counts
from anodefree.physics.core_levels import Component, attenuation, components_of, cross_section, known_levels, known_regions
from anodefree.simulation.instruments.photoemission import seen_fraction
from anodefree.stages import get

ENERGY = np.arange(680.0, 694.01, 0.1)


def region(counts: np.ndarray, **meta: Any) -> Measurement:
    arrays = {"binding_energy_eV": ENERGY, "counts": np.atleast_2d(counts)}
    return Measurement.of(PHOTOEMISSION, arrays, {"region": "F 1s", **meta})


def two_lines(part: float = 0.7, shift: float = 0.0, **more: Any) -> np.ndarray:
    lines = Lines(np.array([685.0, 688.6]) + shift, np.array([1.6, 1.6]), 0.3)
    area = np.array([part, 1 - part]) * 1e4
    return expected_counts(ENERGY, lines, area, more.pop("background", "shirley"), more.pop("strength", 0.03), 1500.0)


@pytest.mark.parametrize("shape", ["gl_product", "gl_sum", "voigt"])
@pytest.mark.parametrize("mixing", [0.05, 0.3, 0.8])
def test_lines_have_unit_area_and_their_width(shape: Any, mixing: float) -> None:
    width, m = np.array(1.7), np.array(mixing)
    half = 400.0
    area = 2 * quad(lambda x: float(line(shape, np.array(x), width, m)), 0, half, limit=400, points=[1, 5])[0]
    tail = line(shape, np.array(half), width, m) * half * 2  # of a Lorentzian beyond: 1/x
    assert area + float(tail) == pytest.approx(1.0, abs=2e-4)
    top, at_half = line(shape, np.array([0.0, 0.85]), width, m)
    # The width that the product is written with is not quite its full width: CasaXPS writes it so.
    assert at_half / top == pytest.approx(0.5, abs={"voigt": 0.005, "gl_product": 0.03, "gl_sum": 1e-12}[shape])


def test_doniach_sunjic_leans_to_higher_binding_energy() -> None:
    away = np.linspace(-8, 8, 801)
    symmetric = line("doniach_sunjic", away, np.array(1.0), np.array(0.5), 0.0)
    assert symmetric == pytest.approx(symmetric[::-1], rel=1e-9)
    leaning = line("doniach_sunjic", away, np.array(1.0), np.array(0.5), 0.15)
    assert leaning[away > 3].sum() > 2 * leaning[away < -3].sum()


@pytest.mark.parametrize("kind", sorted(TOUGAARD))
def test_loss_kernel_has_unit_area(kind: str) -> None:
    c, sign, d = TOUGAARD[kind]
    whole = quad(lambda t: _kernel(np.array(t), c, sign, d), 0, np.inf, limit=400)[0]
    assert _kernel_area(c, sign, d) == pytest.approx(whole, rel=1e-6)


def test_backgrounds_by_hand() -> None:
    peak = np.exp(-0.5 * ((ENERGY - 686) / 0.7) ** 2)
    shirley = background_matrix("shirley", ENERGY) @ peak
    assert shirley[-1] == pytest.approx(0.7 * np.sqrt(2 * np.pi), rel=1e-6)
    assert shirley[60] == pytest.approx(0.5 * shirley[-1], rel=1e-3)
    assert not background_matrix("linear", ENERGY).any()
    c, sign, d = TOUGAARD["tougaard_u3"]
    loss = background_matrix("tougaard_u3", ENERGY) @ peak
    by_hand = quad(
        lambda e: float(_kernel(np.array(693.0 - e), c, sign, d)) * np.exp(-0.5 * ((e - 686) / 0.7) ** 2),
        680,
        693,
        points=[686],
    )[0]
    assert loss[130] == pytest.approx(by_hand / _kernel_area(c, sign, d), rel=1e-3)


def test_static_shirley_recovers_its_own_step() -> None:
    lines = Lines(np.array([687.0]), np.array([1.5]), 0.01)
    counts = expected_counts(ENERGY, lines, np.array([1e4]), "shirley", 0.04, 1000.0)
    found = static_shirley(ENERGY, counts, ends=3)
    peak = 1e4 * lines.of_unit_area(ENERGY)[0]
    assert counts - found == pytest.approx(peak, abs=0.03 * peak.max())
    assert static_shirley(ENERGY, np.full(len(ENERGY), 7.0)) == pytest.approx(np.full(len(ENERGY), 7.0))


@pytest.mark.parametrize("background", ["shirley", "tougaard_u3", "shirley_static"])
@pytest.mark.parametrize("doublet", [0.0, 0.5])
def test_derivatives_of_the_fit(background: Any, doublet: float) -> None:
    wanted = (Component("a", 685.0, 0.3, 1.2, doublet), Component("b", 688.6, 0.3, 1.2, doublet, width_std=0.5))
    setting = Setting(wanted, "gl_product", background, Uncertain(0, 1), 1.5, 0.2)
    counts = np.array([two_lines(0.7), two_lines(0.5)])
    model = _Model(setting, ENERGY, counts)
    values = model.start(0.1)
    residuals, slopes = model._one(values)
    for i, name in enumerate(model.names):
        step = 1e-6 * max(abs(values[i]), 1.0)
        ahead, behind = (model._one(values + s * step * np.eye(len(values))[i])[0] for s in (1, -1))
        numeric = (ahead - behind) / (2 * step)
        assert slopes[:, i] == pytest.approx(numeric, abs=2e-3 * max(np.abs(numeric).max(), 1e-6)), name
    assert residuals.shape[0] == counts.size + len(model.prior_at)


@pytest.mark.parametrize("derived", [fractions, positions, widths, areas])
def test_derivatives_of_what_is_reported(derived: Any) -> None:
    from dataclasses import replace

    setting = Setting(components_of("F 1s", None, None, None, (), ""), "voigt", "shirley", Uncertain(0, 1), 1.5, 0.2)
    fit = fit_region(setting, ENERGY, np.array([two_lines()]), 0.0)
    value, slopes = derived(fit)
    at = fit.index("area")[0]
    moved = replace(fit, area=fit.area + np.array([[1.0, 0.0]]))
    assert derived(moved)[0] - value == pytest.approx(slopes[:, at], abs=1e-6 + 1e-3 * np.abs(slopes[:, at]).max())


@pytest.mark.parametrize("background", ["shirley", "tougaard_u3", "linear"])
def test_exact_counts_give_back_the_fractions(background: Any) -> None:
    strength = {"shirley": 0.03, "tougaard_u3": 1.0, "linear": 0.0}[background]
    counts = two_lines(0.35, background=background, strength=strength)
    found = get("xps.components")(region(counts), background=background, shape="voigt")
    assert found["fraction_LiF"] == pytest.approx(0.35, abs=0.002)
    assert found["position_LiF"] == pytest.approx(685.0, abs=0.005)
    assert found["width_LiF"] == pytest.approx(1.6, abs=0.02)


def test_doublets_and_free_widths() -> None:
    energy = np.arange(157.0, 175.0, 0.1)
    lines = Lines(np.array([161.8, 169.0]), np.array([2.4, 1.3]), 0.3, 1.18, 0.5)
    counts = expected_counts(energy, lines, np.array([2e4, 8e4]), "shirley", 0.01, 900.0)
    spectrum = Measurement.of(PHOTOEMISSION, {"binding_energy_eV": energy, "counts": counts[None]}, {"region": "S 2p"})
    found = get("xps.components")(spectrum, names=("sulfide", "TFSI"), shape="voigt", background="shirley")
    assert found["fraction_sulfide"] == pytest.approx(0.2, abs=0.005)
    assert found["width_sulfide"] == pytest.approx(2.4, abs=0.1)


def test_references_of_energy() -> None:
    spectrum = region(two_lines(shift=1.3))
    stage = get("xps.components")
    read = stage(spectrum)
    known = stage(spectrum, charge_shift_eV=Uncertain(1.3, 0.05))
    referred = stage(spectrum, reference="C-F", reference_eV=Uncertain(688.6, 0.1))
    assert read["position_LiF"] == pytest.approx(686.3, abs=0.01)
    assert known["position_LiF"] == pytest.approx(685.0, abs=0.01)
    assert known.estimates["position_LiF"].std == pytest.approx(0.05, abs=0.01)
    assert referred["position_LiF"] == pytest.approx(685.0, abs=0.01)
    assert referred["charge_shift"] == pytest.approx(1.3, abs=0.01)
    assert [c.status for c in read.checks if c.name == "charge"] == ["warn"]
    assert [c.status for c in known.checks if c.name == "charge"] == ["pass"]


def test_doubts_are_said(rng: np.random.Generator) -> None:
    lonely = expected_counts(ENERGY, Lines(np.array([686.8]), np.array([1.6])), np.array([1e4]), "linear", 0.0, 1500.0)
    found = get("xps.components")(region(rng.poisson(lonely)))
    doubts = {c.name for c in found.checks if c.status == "warn"}
    assert "charge" in doubts
    assert doubts & {"assignment", "faint"}
    smooth = get("xps.components")(region(two_lines()))
    assert any(c.name == "counting" and c.status == "warn" for c in smooth.checks)


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        ({}, {"region": "Xx 9z"}, ConfigError, "no components are known"),
        ({}, {"names": ("LiG",)}, ConfigError, "no component"),
        ({}, {"reference": "LiG"}, ConfigError, "no component"),
        ({}, {"level": 3}, ConfigError, "has 1 levels"),
        ({}, {"low_eV": 690.0, "high_eV": 690.5}, DataError, "points lie between"),
        ({}, {"positions_eV": {"a": 600.0}}, DataError, "points lie between"),
        ({"counts": np.zeros((1, len(ENERGY)))}, {}, DataError, "none at all"),
    ],
)
def test_bad_requests_are_one_clear_error(change: dict[str, Any], options: dict[str, Any], error: Any, message: str) -> None:
    spectrum = region(change.get("counts", two_lines()))
    with pytest.raises(error, match=message):
        get("xps.components")(spectrum, **options)


def test_known_components_have_sources() -> None:
    import tomllib
    from importlib.resources import files

    data = tomllib.loads((files("anodefree") / "data" / "xps_components.toml").read_text(encoding="utf-8"))
    assert {"F 1s", "S 2p", "C 1s", "O 1s", "N 1s", "Li 1s"} <= set(known_regions()) <= set(known_levels())
    for name, level in data["region"].items():
        assert len(components_of(name, None, None, None, (), "")) == len(level)
        for component in level.values():
            assert any(source in component["source"] for source in data["sources"])
    assert cross_section("C 1s") == 1.0
    assert attenuation(1201.8) == 1.0


def test_area_and_fractions() -> None:
    lines = Lines(np.array([687.0]), np.array([1.5]), 0.05)
    counts = expected_counts(ENERGY, lines, np.array([1e4]), "shirley", 0.02, 1000.0)
    area, counting, choice = peak_area(ENERGY, counts)
    assert area == pytest.approx(1e4, abs=2 * choice + 100)
    assert 50 < counting < 1000
    part, std = fractions_of(np.array([[1.0], [3.0]]), np.array([[0.1], [0.0]]))
    assert part[:, 0].tolist() == [0.25, 0.75]
    assert std[:, 0] == pytest.approx([0.1 * 3 / 16, 0.1 * 3 / 16])


def test_composition_of_a_virtual_sample() -> None:
    sample = get("spectrometer.regions")(composition={"Li": 0.4, "F": 0.4, "O": 0.2}, noise=False)
    found = get("xps.composition")(sample)
    for element, part in (("Li", 0.4), ("F", 0.4), ("O", 0.2)):
        assert found[f"atomic_{element}"] == pytest.approx(part, abs=0.02)
    blind = get("xps.composition")(get("spectrometer.regions")(states_transmission=False, noise=False))
    assert any(c.name == "transmission" and c.status == "warn" for c in blind.checks)
    with pytest.raises(ConfigError, match="no region"):
        get("xps.composition")(sample, levels=("C 1s",))
    with pytest.raises(DataError, match="1 core levels"):
        get("xps.composition")(sample, levels=("F 1s",))


def test_what_is_seen_through_the_attenuation_length() -> None:
    surface, deep, length, attenuated = 0.9, 0.2, 8.0, 2.5
    for z in (0.0, 5.0, 20.0):
        whole = quad(
            lambda u, z=z: (deep + (surface - deep) * np.exp(-(z + u) / length)) * np.exp(-u / attenuated) / attenuated, 0, 80
        )[0]
        assert seen_fraction(surface, deep, np.array(z), length, attenuated) == pytest.approx(whole, rel=1e-6)


def test_lif_made_by_sputtering_is_warned_of() -> None:
    options: dict[str, Any] = {"surface": {"LiF": 0.5, "C-F": 0.5}, "etch_times_s": (0.0, 60.0, 120.0)}
    same = get("xps.depth")(get("spectrometer.photoemission")(**options, seed=1))
    made = get("xps.depth")(get("spectrometer.photoemission")(**options, made_by_sputtering=0.6, seed=1))
    said = {r: next(c for c in x.checks if c.name == "sputtered LiF") for r, x in (("same", same), ("made", made))}
    assert said["same"].status == "pass"
    assert said["made"].status == "warn"
    assert "upper bounds" in said["made"].message
    assert made["growth_LiF"] == pytest.approx(0.3, abs=0.03)
    assert made["surface_LiF"] == pytest.approx(0.5, abs=0.03)
    with pytest.raises(DataError, match="1 levels"):
        get("xps.depth")(get("spectrometer.photoemission")())
