"""Spots, joint identification and rings on pictures of known truth; what cannot be told is said."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from anodefree import Measurement, Result, stages
from anodefree.analysis.tem.identify import Model, explain
from anodefree.analysis.tem.synthetic_lattices import fringe_case
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.diffraction import DIFFRACTION
from anodefree.kinds.micrograph import MICROGRAPH
from anodefree.numerics.diffraction_rings import beam_stop, rough_centre
from anodefree.numerics.fourier_spots import passed, spots, windowed_power
from anodefree.physics.crystals import crystal
from anodefree.physics.ring_pattern import pattern

LOOK, RINGS = stages.get("tem.lattice"), stages.get("tem.rings")
MAKE, CAMERA = stages.get("microscope.lattice"), stages.get("microscope.diffraction")
FEW = ("LiF", "Li2O", "Li2S", "Ni")
MODEL = Model(0.05, 0.005, 0.003, 1.7e9, 9e9, 9e9)


def picture(image: np.ndarray, pixel_m: float = 0.03e-9, **meta: object) -> Measurement:
    x, y = ((np.arange(n) + 0.5) * pixel_m for n in (image.shape[1], image.shape[0]))
    arrays = {"x_m": x, "y_m": y, "intensity": image[None], "frame_time_s": np.zeros(1)}
    return Measurement.of(MICROGRAPH, arrays, {"calibrated": True, "scale_error": 0.04, **meta})


@cache
def two_grains() -> Result:
    found: Result = LOOK(fringe_case(np.random.default_rng(3)).picture, phases=FEW)
    return found


def status(result: Result, name: str) -> str:
    return next(c.status for c in result.checks if c.name == name)


def test_white_noise_has_the_power_one(rng: np.random.Generator) -> None:
    assert windowed_power(rng.standard_normal((96, 128))).mean() == pytest.approx(1, abs=0.05)


def test_noise_alone_makes_few_spots() -> None:
    found = [
        len(
            spots(
                np.random.default_rng(s).standard_normal((128, 128)), 0.06, 0.4, smooth=1.2, false_alarms=0.05, limit=10
            ).above
        )
        for s in range(40)
    ]
    assert sum(found) <= 7  # 2 are expected


def test_a_cosine_is_placed_within_a_fiftieth_of_a_bin(rng: np.random.Generator) -> None:
    row, column = np.mgrid[:160, :128]
    fx, fy = 0.1837, 0.0921
    image = np.cos(2 * np.pi * (fx * column + fy * row)) + 0.5 * rng.standard_normal(row.shape)
    found = spots(image, 0.05, 0.4, smooth=1.2, false_alarms=0.05, limit=5)
    assert len(found.above) == 1
    assert np.abs(found.frequency[0] - [fx, fy]).max() < 0.02 / 128
    back = passed(image, found.frequency, 2 / 128)
    assert np.corrcoef(back.ravel(), np.cos(2 * np.pi * (fx * column + fy * row)).ravel())[0, 1] > 0.93


def exact(name: str, planes: list[tuple[int, int, int]], turn: float, stretch: np.ndarray) -> np.ndarray:
    """Places of planes of one zone in a distorted picture, from the Gram matrix alone."""
    g = crystal(name).wave_vector_per_m(np.array(planes))
    x = g[0] / np.linalg.norm(g[0])
    y = g[1] - (g[1] @ x) * x
    y /= np.linalg.norm(y)
    flat = g @ np.stack([x, y], axis=1)
    cos, sin = np.cos(turn), np.sin(turn)
    return np.asarray(flat @ np.array([[cos, sin], [-sin, cos]]) @ stretch.T)


def test_scale_and_shear_of_exact_spots_are_recovered() -> None:
    s, e1, e2 = 1.03, 0.004, -0.003
    stretch = s * (np.eye(2) + np.array([[e1, e2], [e2, -e1]]))
    wave = exact("LiF", [(1, 1, 1), (2, 0, 0), (1, -1, -1), (0, 2, 2)], 0.7, stretch)
    found = explain(wave, np.full(4, 1e-4), ("LiF", "Li2O", "Ni"), Model(0.05, 0.02, 1e-4, 1.7e9, 9e9, 9e9))
    weight, best = found[0]
    assert weight > 0.7
    assert [g.label for g in best.grains] == ["LiF [110]"]
    assert np.exp(best.mean[0]) == pytest.approx(s, abs=2e-4)
    assert best.mean[1:] == pytest.approx([e1, e2], abs=2e-4)


def test_one_spacing_alone_leaves_every_phase_that_has_it() -> None:
    """2.32 angstrom is LiF(111) as well as Li2O(200), Li(110), Ni or Cu: what is told is little more than the prior."""
    found = explain(np.array([[1 / 2.32e-10, 0.0]]), np.array([1e-3]), ("LiF", "Li2O", "Li", "Cu"), MODEL)
    phases: dict[str, float] = {}
    for weight, e in found:
        for g in e.grains:
            phases[g.pattern.phase] = phases.get(g.pattern.phase, 0.0) + weight
    assert max(phases.values()) < 0.75
    assert sum(p > 0.02 for p in phases.values()) >= 2


def test_two_planes_and_their_angle_do_identify() -> None:
    """Lengths in the ratio of (111) and (200) at 54.7 degrees: face-centred; the length then says which."""
    found = explain(
        exact("LiF", [(1, 1, 1), (2, 0, 0), (-1, 1, 1)], 0.2, np.eye(2)), np.full(3, 1e-3), ("LiF", "Li2O", "Li2S"), MODEL
    )
    assert found[0][1].grains[0].label == "LiF [110]"
    assert found[0][0] > 0.9


def test_a_standard_fixes_the_scale() -> None:
    """A stretched gold pattern looks like itself, whatever the scale: its being gold tells the scale."""
    wave = exact("Au", [(1, 1, 1), (2, 0, 0), (-1, 1, 1)], 0.2, 0.93 * np.eye(2))
    found = explain(wave, np.full(3, 1e-3), ("LiF", "Au"), Model(0.05, 0.005, 0.003, 1.7e9, 9e9, 9e9), "Au")
    assert all(any(g.pattern.phase == "Au" for g in e.grains) for _, e in found)
    assert np.exp(found[0][1].mean[0]) == pytest.approx(0.93, abs=0.005)


def test_probabilities_add_up_and_the_order_of_spots_does_not_matter() -> None:
    wave = np.concatenate(
        [exact("LiF", [(1, 1, 1), (2, 0, 0)], 0.2, np.eye(2)), exact("Li2S", [(1, 1, 1), (2, 2, 0)], 1.2, np.eye(2))]
    )
    one = explain(wave, np.full(4, 2e-3), FEW, MODEL)
    other = explain(wave[::-1], np.full(4, 2e-3), FEW, MODEL)
    assert sum(w for w, _ in one) == pytest.approx(1)
    assert one[0][1].log_evidence == pytest.approx(other[0][1].log_evidence, abs=0.05)


def test_two_grains_of_a_picture_are_told_apart() -> None:
    found = two_grains()
    assert dict(zip(found.curves["phase"].values, found.curves["phase_probability"].values, strict=True))["LiF"] > 0.99
    assert status(found, "collisions") == "warn"
    collided = next(c.message for c in found.checks if c.name == "collisions")
    assert "Li2S" in collided or "Li2O(200)" in collided


def test_the_strongest_spot_is_not_taken_for_the_widest_plane() -> None:
    message = next(c.message for c in two_grains().checks if c.name == "strongest spot")
    assert "do not look it up in a table alone" in message


def test_a_single_row_of_planes_is_flagged() -> None:
    found = LOOK(MAKE(grains=("LiF (200)",), pixels=128, pixel_m=0.04e-9, scale_factor=1.0, seed=2), phases=FEW)
    assert status(found, "single spacing") == "warn"
    assert "one spacing alone never identifies" in next(c.message for c in found.checks if c.name == "single spacing")
    assert status(found, "identification") == "warn"


def test_dose_is_asked_for_and_warned_of() -> None:
    case = fringe_case(np.random.default_rng(3)).picture
    assert status(two_grains(), "dose") == "warn"
    assert status(LOOK(case, phases=FEW, dose_C_m2="50 e/angstrom^2"), "dose") == "pass"
    assert status(LOOK(case, phases=FEW, dose_C_m2="500 e/angstrom^2"), "dose") == "warn"


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"phases": ("LiX",)}, ConfigError, "no crystal"),
        ({"phases": ()}, ConfigError, "no phase"),
        ({"frame": 3}, ConfigError, "no frame"),
        ({"window_m": 1e-10}, DataError, "pixels"),
        ({"window_x_m": 1.0, "window_m": 3e-9}, ConfigError, "outside"),
        ({"least_spacing_m": 7e-10}, ConfigError, "narrowest"),
        ({"pixel_m": 1e-9}, DataError, "resolves no lattice"),
    ],
)
def test_what_cannot_be_done_is_said(options: dict[str, object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        LOOK(fringe_case(np.random.default_rng(1)).picture, **options)


def test_pictures_without_a_lattice_are_refused(rng: np.random.Generator) -> None:
    with pytest.raises(DataError, match="even grey"):
        LOOK(picture(np.ones((64, 64))))
    with pytest.raises(DataError, match="no size of a pixel"):
        LOOK(picture(rng.standard_normal((64, 64)), calibrated=False))
    with pytest.raises(DataError, match="no lattice fringes"):
        LOOK(picture(rng.standard_normal((64, 64))), false_alarms=1e-6)


def test_grains_that_cannot_be_are_named() -> None:
    for grains, words in (
        (("LiF",), "is no grain"),
        (("LiF (210)",), "shows no"),
        ((), "no grain"),
        (("X [110]",), "no crystal"),
    ):
        with pytest.raises(ConfigError, match=words):
            MAKE(grains=grains)
    with pytest.raises(ConfigError, match="turns"):
        MAKE(turns_rad=(0.1,))


def test_the_rough_centre_and_the_shadow_of_a_pattern() -> None:
    image = pattern((160, 160), (83.0, 77.0), 1.1e8, {"Au": 1.0}, width_pixels=1.5, decay_pixels=15.0, stop=(5.0, 0.4))
    x, y = rough_centre(image)
    assert abs(x - 83) < 1.5
    assert abs(y - 77) < 1.5
    row, column = np.mgrid[:160, :160]
    along = (column - 83) * np.cos(0.4) + (row - 77) * np.sin(0.4)
    across = np.abs(-(column - 83) * np.sin(0.4) + (row - 77) * np.cos(0.4))
    stop = beam_stop(image, x, y)
    assert stop[(across < 3) & (along > 5) & (along < 50)].mean() > 0.9
    assert stop[(along < -15)].mean() < 0.05


def test_centre_ellipse_and_scale_of_a_pattern_are_recovered() -> None:
    image = pattern((200, 200), (104.3, 97.6), 9.0e7, {"Au": 1.0}, ellipse=(0.006, -0.004), width_pixels=1.6, decay_pixels=20.0)
    noisy = np.random.default_rng(4).poisson(500 * image).astype(float)
    axis = np.arange(200.0)
    arrays = {"qx_per_m": axis, "qy_per_m": axis, "intensity": noisy[None], "frame_time_s": np.zeros(1)}
    free = Measurement.of(DIFFRACTION, arrays, {"calibrated": False})
    found = RINGS(free, phases=("Au",))
    assert found["centre_x"] == pytest.approx(104.3, abs=0.1)
    assert found["centre_y"] == pytest.approx(97.6, abs=0.1)
    assert found["ellipticity"] == pytest.approx(2 * np.hypot(0.006, 0.004), abs=0.001)
    assert found["scale"] == pytest.approx(9.0e7, rel=0.004)
    assert "scale_factor" not in found.estimates
    lattices = RINGS(free, phases=("Au", "Ni"))
    assert status(lattices, "scale") == "warn"
    assert lattices.curves["phase_probability"].values.min() > 0.1, "ratios alone cannot tell two face-centred metals apart"
    assert RINGS(free, phases=("Ni",), standard="Au")["scale"] == pytest.approx(9.0e7, rel=0.01)


def test_rings_of_a_mixture_with_a_known_scale() -> None:
    made = CAMERA(
        shares={"LiF": 1.0, "Li2O": 0.8},
        pixels=256,
        pixel_per_m=8e7,
        decay_pixels=30.0,
        stop_pixels=7.0,
        width_pixels=1.6,
        seed=1,
    )
    found = RINGS(made, phases=("LiF", "Li2O", "Li3N", "Cu"))
    told = dict(zip(found.curves["phase"].values, found.curves["phase_probability"].values, strict=True))
    assert min(told["LiF"], told["Li2O"]) > 0.9
    assert max(told["Li3N"], told["Cu"]) < 0.5


def test_patterns_without_rings_are_refused(rng: np.random.Generator) -> None:
    axis = np.arange(96.0)
    for image, words in ((np.zeros((96, 96)), "even grey"), (rng.poisson(50, (96, 96)).astype(float), "no rings")):
        arrays = {"qx_per_m": axis, "qy_per_m": axis, "intensity": image[None], "frame_time_s": np.zeros(1)}
        with pytest.raises(DataError, match=words):
            RINGS(Measurement.of(DIFFRACTION, arrays, {"calibrated": False}), prominence=60.0)


def test_copies_of_grains_lie_apart_and_their_sizes_come_back() -> None:
    """Many particles of one sort, drawn as wide as asked for: their domains are counted and measured by the analysis."""
    options = {"copies": 6, "radius_m": 1.6e-9, "radius_spread": 0.0, "pixels": 320, "pixel_m": 0.08e-9, "scale_error": 0.0}
    made = MAKE(grains=("LiF (111)", "Li2O (111)"), dose_C_m2=16.0 * 300, seed=5, **options)
    found = stages.get("tem.domains")(made, spacing_m=(0.18e-9, 0.4e-9))
    assert found["diameter"] == pytest.approx(3.2e-9, rel=0.06)
    assert found["spread"] < 0.12 * 3.2e-9
    assert abs(found["count"] - 12) <= 2
    with pytest.raises(ConfigError, match="no room"):
        MAKE(grains=("LiF (111)",), copies=60, seed=1, pixels=64)
    with pytest.raises(ConfigError, match="at most"):
        MAKE(grains=("LiF (111)",) * 5, copies=200)
