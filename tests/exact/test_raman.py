"""Raman and infrared: lines in closed form, evidence, calibration, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import multivariate_normal

import anodefree as af
from anodefree import Measurement, stages
from anodefree.analysis.raman.axis_fit import fitted
from anodefree.analysis.raman.band_model import BandModel, Spectrum
from anodefree.analysis.raman.posterior import Mode, mode_of, samples_of, walked
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.spectrum import SPECTRUM
from anodefree.physics.anion_bands import ANIONS
from anodefree.physics.line_shapes import gauss, lorentz, pseudo_voigt, voigt_width
from anodefree.physics.raman_references import lines_of, neon, refraction_of_air

CALIBRATED = {"calibrated": True, "shift_error_per_cm": 0.3}


def seen(seed: int = 0, **how: object) -> Measurement:
    """A spectrum of the virtual instrument on a calibrated axis."""
    how = {"axis_offset_per_cm": 0.0, "cosmic_rays": 0.0, "peak_counts": 5e5, "fluorescence": 0.2, **how}
    return stages.get("spectrometer.raman")(seed=seed, **how).with_meta(**CALIBRATED)


@pytest.mark.parametrize("line", [gauss, lorentz, lambda d, w: pseudo_voigt(d, w, 0.4)])
def test_lines_have_unit_area_and_their_width(line: object) -> None:
    area = quad(lambda d: float(line(np.array(d), 8.0)), -4000, 4000, points=[0], limit=400)[0]  # type: ignore[operator]
    assert area == pytest.approx(1, abs=2e-3)
    assert line(np.array(4.0), 8.0) == pytest.approx(0.5 * line(np.array(0.0), 8.0))  # type: ignore[operator]
    assert voigt_width(3.0, 0.0) == pytest.approx(3.0)
    assert voigt_width(0.0, 3.0) == pytest.approx(3.0, rel=2e-4)


def test_air_and_neon() -> None:
    """n of standard air at 632.8 nm is 1.0002765; neon's 703.24 nm line lies at 703.435 nm in vacuum."""
    assert float(refraction_of_air(632.8)) == pytest.approx(1.0002765, abs=3e-7)
    line = min(neon(633e-9), key=lambda k: abs(k.shift_per_cm - (1e7 / 633 - 1e7 / 703.4353)))
    assert line.shift_per_cm == pytest.approx(1e7 / 633 - 1e7 / 703.4353, abs=0.02)


class Normal:
    """A correlated normal density that comes from residuals: its integral is known."""

    covariance = np.array([[1.0, 0.6], [0.6, 0.5]])
    mean = np.array([1.0, -2.0])

    def log_density(self, p: np.ndarray) -> np.ndarray:
        return np.asarray(multivariate_normal(self.mean, self.covariance).logpdf(p)).reshape(len(p)) + 3.0

    def residuals(self, p: np.ndarray) -> np.ndarray:
        return np.asarray((p - self.mean) @ np.linalg.cholesky(np.linalg.inv(self.covariance)))

    def prior_curvature(self, at: np.ndarray) -> np.ndarray:
        return np.zeros((len(at), len(at)))


def test_samples_and_evidence_of_a_known_density(rng: np.random.Generator) -> None:
    density, scale = Normal(), np.ones(2)
    mode = mode_of(density, np.zeros(2), scale)
    assert mode.at == pytest.approx(density.mean, abs=0.15)
    assert mode.covariance == pytest.approx(density.covariance, rel=1e-3)
    assert mode.log_evidence == pytest.approx(3.0, abs=0.02)
    off = Mode(mode.at + 0.5, 2 * mode.covariance, mode.log_density)
    found = samples_of(density.log_density, [off], rng, 2000, 800)
    assert found.log_evidence == pytest.approx(3.0, abs=0.05)
    assert found.weights @ found.values == pytest.approx(density.mean, abs=0.1)
    walk = walked(density.log_density, found, scale, rng)
    assert np.cov(walk.values.T) == pytest.approx(density.covariance, abs=0.25)


def test_axis_polynomial_order_follows_the_evidence_and_drops_a_wrong_line(rng: np.random.Generator) -> None:
    true = np.linspace(200, 3000, 25)
    for order, shape in enumerate([lambda u: 2 + 0 * u, lambda u: 2 + u, lambda u: 2 + u + 2 * u**2]):
        error = shape((true - 1600) / 1400)
        shown = true + error + 0.05 * rng.standard_normal(25)
        shown[7] += 4.0
        found = fitted(shown, true, np.full(25, 0.05), np.full(25, 0.003))
        assert found.order == order
        assert not found.used[7]
        assert found.used.sum() >= 23
        assert found.at(shown)[0] == pytest.approx(error, abs=0.15)


def test_calibration_brings_a_virtual_axis_back() -> None:
    how = {"axis_offset_per_cm": 3.0, "axis_stretch": 5e-4, "shift_low_per_cm": 200.0, "shift_high_per_cm": 3200.0}
    look, calibrate = stages.get("spectrometer.reference"), stages.get("raman.calibrate")
    lamp, plastic = look(material="neon", seed=1, **how), look(material="polystyrene", seed=2, **how)
    right = calibrate(plastic, lamp, material="neon")
    assert right.meta["calibrated"]
    assert 1.0 < right.meta["shift_error_per_cm"] < 1.1  # the lines, and what may have moved since
    curves = stages.get("raman.reference")(right, material="polystyrene").curves
    off = (curves["line_shown_per_cm"] - curves["line_true_per_cm"]).values[curves["line_used"].values == 1]
    assert np.sqrt(np.mean(off**2)) < 0.3
    twice = calibrate(right, look(material="silicon", axis_offset_per_cm=0.0, seed=3), material="silicon")
    assert twice.meta["calibrated_with"] == "neon silicon"
    assert twice.meta["shift_error_per_cm"] > right.meta["shift_error_per_cm"]
    assert twice.meta["shift_error_per_cm"] < 1.2, "what moved since neon is not counted twice"


def test_reference_recovers_every_material() -> None:
    for material in ("silicon", "polystyrene", "calcite", "neon"):
        shown = stages.get("spectrometer.reference")(material=material, axis_offset_per_cm=-2.5, seed=4)
        found = stages.get("raman.reference")(shown, material=material)
        assert found["offset"] == pytest.approx(-2.5, abs=0.25), material
        assert len(lines_of(material, 785e-9)) >= found["lines"]


def test_three_species_are_told_apart_where_the_data_allow() -> None:
    strong = seen(free=(0.3,), CIP=(0.4,), AGG=(0.3,), centres_per_cm=(739.5, 744.6, 749.6), width_per_cm=6.0)
    result = stages.get("raman.speciation")(strong)
    for name, true in {"free": 0.3, "CIP": 0.4, "AGG": 0.3, "coordinated": 0.7}.items():
        assert abs(result[name] - true) < 3 * result.estimates[name].std
    assert result["free"] + result["coordinated"] == pytest.approx(1)
    assert result["CIP"] + result["AGG"] == pytest.approx(result["coordinated"])


def test_three_species_are_refused_where_they_do_not() -> None:
    weak = seen(free=(0.5,), CIP=(0.5,), AGG=(0.0,), peak_counts=300.0, fluorescence=2.0)
    result = stages.get("raman.speciation")(weak)
    assert {"free", "coordinated", "position"} <= set(result.estimates)
    assert not {"CIP", "AGG"} & set(result.estimates)
    assert any(c.name == "CIP and AGG" and c.status == "warn" for c in result.checks)
    assert abs(result["free"] - 0.5) < 3 * result.estimates["free"].std


@pytest.mark.parametrize(("axis_std", "place"), [(3.0, 741.0), (0.4, 744.0)])
def test_a_search_begins_where_the_band_is_seen(axis_std: float, place: float) -> None:
    """CIP, known at 745, is looked for under a band at 741 as far as the axis may be off: 2.5 standard deviations."""
    x = np.arange(712.0, 775.0, 1.0)
    seen_band = Spectrum(x, gauss(x - 741.0, 8.0), np.ones((len(x), 1)), np.zeros(1), np.ones(len(x)))
    starts, _ = BandModel(ANIONS["TFSI"].species, axis_std, 8.0, 0.05, seen_band, 1e-3).starts()
    assert starts[0, :3] == pytest.approx([739.5, 745.0, 748.5])
    assert starts[2, :3] - place == pytest.approx([-5.5, 0.0, 3.5])


def test_a_cosmic_ray_at_the_end_of_the_window_is_taken_out() -> None:
    clean = seen(free=(0.5,), CIP=(0.3,), AGG=(0.2,), peak_counts=2e4)
    y = clean["intensity"].copy()
    y[0, np.searchsorted(clean["shift_per_cm"], 712.0)] += 1e6
    hit = Measurement.of(SPECTRUM, {"shift_per_cm": clean["shift_per_cm"], "intensity": y}, clean.meta)
    result = stages.get("raman.speciation")(hit)
    assert len(result.curves["shift_per_cm"]) < len(stages.get("raman.speciation")(clean).curves["shift_per_cm"])
    assert abs(result["free"] - 0.5) < 4 * result.estimates["free"].std


def test_interval_grows_with_the_axis_error() -> None:
    spectrum = seen(free=(0.3,), CIP=(0.5,), AGG=(0.2,), peak_counts=5e3)
    stds = [stages.get("raman.speciation")(spectrum, shift_std_per_cm=s).estimates["free"].std for s in (0.05, 3.0)]
    positions = [stages.get("raman.speciation")(spectrum, shift_std_per_cm=s).estimates["position"].std for s in (0.05, 3.0)]
    assert stds[1] > 1.1 * stds[0]
    assert positions[1] > 2 * positions[0]
    assert any(
        "not calibrated" in c.message for c in stages.get("raman.speciation")(spectrum.with_meta(calibrated=False)).checks
    )


def test_cosmic_rays_are_left_out() -> None:
    clean = seen(free=(0.4,), CIP=(0.4,), AGG=(0.2,))
    y = clean["intensity"].copy()
    y[0, np.searchsorted(clean["shift_per_cm"], 752.0)] += 2e5
    struck = Measurement.of(SPECTRUM, {"shift_per_cm": clean["shift_per_cm"], "intensity": y}, clean.meta)
    one, two = stages.get("raman.speciation")(clean), stages.get("raman.speciation")(struck)
    assert one["free"] == pytest.approx(two["free"], abs=0.03)
    assert any(c.name == "spikes" for c in two.checks)


def test_fsi_and_infrared() -> None:
    spectrum = seen(anion="FSI", free=(0.5,), CIP=(0.3,), AGG=(0.2,), solvents={})
    result = stages.get("raman.speciation")(spectrum, anion="FSI", interfering_per_cm=())
    assert abs(result["free"] - 0.5) < 3 * result.estimates["free"].std
    film = stages.get("spectrometer.infrared")(free=(0.6,), CIP=(0.3,), AGG=(0.1,))
    bands = stages.get("ftir.bands")(film)
    assert abs(bands["free"] - 0.6) < 3 * bands.estimates["free"].std
    with pytest.raises(DataError, match="neither absorbance nor transmittance"):
        stages.get("ftir.bands")(spectrum)
    with pytest.raises(DataError, match="thinner film"):
        stages.get("ftir.bands")(stages.get("spectrometer.infrared")(absorbance=5.0))


def test_series_follows_a_change_and_needs_several() -> None:
    free = tuple(np.linspace(0.8, 0.3, 6))
    spectra = seen(free=free, CIP=tuple(0.7 * (1 - f) for f in free), AGG=tuple(0.3 * (1 - f) for f in free))
    result = stages.get("raman.series")(spectra)
    change = np.mean(free[:2]) - np.mean(free[-2:])
    assert result["coordinated_change"] == pytest.approx(change, abs=max(0.04, 3 * result.estimates["coordinated_change"].std))
    assert result.curves["time_s"].values.tolist() == [60.0 * k for k in range(6)]
    assert (np.diff(result.curves["free"].values) < 0).all()
    assert result.curves["solvent_height"].values == pytest.approx(np.ones(6), abs=0.4)
    assert any(c.name == "series" for c in stages.get("raman.speciation")(spectra).checks)
    with pytest.raises(DataError, match="one spectrum"):
        stages.get("raman.series")(seen())


def test_files_of_one_axis_join_and_others_do_not() -> None:
    x = np.linspace(600, 900, 100)
    parts = [Measurement.of(SPECTRUM, {"shift_per_cm": x, "intensity": np.full((1, 100), k)}, name=f"{k}") for k in (1.0, 2.0)]
    joined = af.join(parts)
    assert joined["intensity"].shape == (2, 100)
    assert joined["shift_per_cm"].tolist() == x.tolist()
    other = Measurement.of(SPECTRUM, {"shift_per_cm": x + 0.1, "intensity": np.ones((1, 100))}, name="other")
    with pytest.raises(DataError, match="another 'shift_per_cm'"):
        af.join([parts[0], other])


def test_what_cannot_be_analysed_is_said() -> None:
    x = np.linspace(900, 1800, 400)
    elsewhere = Measurement.of(SPECTRUM, {"shift_per_cm": x, "intensity": np.ones((1, 400))})
    flat = Measurement.of(SPECTRUM, {"shift_per_cm": x - 300, "intensity": np.ones((1, 400))})
    with pytest.raises(DataError, match="0 points between 712 to 775"):
        stages.get("raman.speciation")(elsewhere)
    with pytest.raises(DataError, match="is flat"):
        stages.get("raman.speciation")(flat)
    with pytest.raises(ConfigError, match="laser"):
        stages.get("raman.reference")(elsewhere, material="neon")
    with pytest.raises(ConfigError, match="differ in length"):
        stages.get("spectrometer.raman")(free=(0.1, 0.2), CIP=(0.1, 0.2, 0.3))
    with pytest.raises(ConfigError, match="no anion"):
        stages.get("spectrometer.raman")(free=(0.0,), CIP=(0.0,), AGG=(0.0,))
    with pytest.raises(ConfigError, match="no bands of"):
        stages.get("spectrometer.raman")(solvents={"DMSO": 1.0})
