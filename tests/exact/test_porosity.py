"""Porosity, thickness and shape of deposits whose geometry is known, with and without a microscope in between."""

from __future__ import annotations

import math

import numpy as np
import pytest

from anodefree.analysis.deposit.morphology import fields_of, morphology
from anodefree.analysis.optical.front import front
from anodefree.analysis.sem.classify import classify
from anodefree.analysis.sem.compare import compare
from anodefree.analysis.sem.porosity import porosity
from anodefree.analysis.sem.scale_bar import scale
from anodefree.analysis.sem.synthetic import case, micrograph
from anodefree.core.measurement import Measurement, join
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.micrograph import MICROGRAPH
from anodefree.numerics.branches import branches
from anodefree.numerics.deposit_geometry import enclosed, geometry, loose, pore_sizes
from anodefree.numerics.random_deposit import porous_layer, rods
from anodefree.numerics.section_sampling import correlation_length, std_of_mean
from anodefree.numerics.thresholds import halfway, minimum_error, multi_otsu, otsu, walked, without_specks
from anodefree.numerics.tortuosity import through_metal, through_pores
from anodefree.physics.lithium import dense_thickness_m
from anodefree.simulation.instruments.microscope import box_of, section
from anodefree.simulation.instruments.video_microscope import video

CELL = 5e-8


def block(height: int = 30, rows: int = 40, columns: int = 64) -> np.ndarray:
    metal = np.zeros((rows, columns))
    metal[:height] = 1.0
    return metal


def test_a_dense_layer_of_any_height_has_no_void() -> None:
    for height in (10.0, 10.25, 10.5, 10.75):
        film = block(10)
        film[10] = height - 10
        found = geometry(film)
        assert found.porosity == pytest.approx(0.0, abs=0.02)
        assert found.thickness == pytest.approx(height, abs=0.5)
        assert found.porosity_enclosed == 0


def test_both_porosities_of_a_hole_and_of_a_notch() -> None:
    metal = block()
    metal[5:10, 10:20] = 0  # a hole: enclosed
    metal[20:30, 40:44] = 0  # a notch from the top: open, bridged by the envelope
    found = geometry(metal)
    whole = 30 * 64
    assert found.porosity == pytest.approx((50 + 40) / whole)
    assert found.porosity_enclosed == pytest.approx(50 / whole)
    without_bridge = geometry(metal, width=1)
    assert without_bridge.porosity == pytest.approx(50 / (whole - 40))


def test_gaps_between_rods_count_if_narrower_than_the_width() -> None:
    metal = np.zeros((50, 100))
    for at in range(0, 100, 20):
        metal[:40, at : at + 8] = 1
    assert geometry(metal, periodic=True).porosity == pytest.approx(0.6)
    assert geometry(metal, width=11, periodic=True).porosity == 0.0
    assert geometry(metal, width=13, periodic=True).porosity == pytest.approx(0.6)


def test_what_hangs_over_a_periodic_side_is_one_part() -> None:
    metal = np.zeros((10, 12), dtype=bool)
    metal[0, 0] = metal[1:4, 0] = metal[3, 11] = True
    assert loose(metal).sum() == 1
    assert loose(metal, periodic=True).sum() == 0
    ring = np.ones((6, 12), dtype=bool)
    ring[2, 0] = ring[2, 11] = ring[3:, 11] = False
    assert enclosed(ring)[2, 0]
    assert not enclosed(ring, periodic=True)[2, 0]


def test_three_dimensions_from_the_same_code() -> None:
    box = np.zeros((20, 16, 16))
    box[:12] = 1
    box[4:6, 5:9, 5:9] = 0
    found = geometry(box)
    assert found.porosity == pytest.approx(32 / (12 * 256))
    assert found.porosity_enclosed == found.porosity


def test_thresholds_part_two_and_three_levels() -> None:
    rng = np.random.default_rng(1)
    two = np.concatenate([rng.normal(50, 5, 8000), rng.normal(150, 5, 2000)])
    for rule in (otsu, halfway, minimum_error):
        assert 65 < rule(two) < 135
    assert halfway(two) == pytest.approx(100, abs=1)
    three = np.concatenate([two, rng.normal(230, 5, 3000)])
    low, high = multi_otsu(three)
    assert 65 < low < 135
    assert 165 < high < 215
    assert minimum_error(np.concatenate([rng.normal(50, 3, 9000), rng.normal(100, 15, 9000)])) < 75


def test_a_random_walker_decides_what_is_unsure() -> None:
    rng = np.random.default_rng(2)
    truth = np.zeros((40, 40), dtype=bool)
    truth[10:30, 10:30] = True
    found = walked(truth + 0.25 * rng.standard_normal(truth.shape), 0.25, 0.75)
    assert np.mean(without_specks(found, 12) == truth) > 0.99


def test_specks_and_holes_go() -> None:
    mask = np.zeros((20, 20), dtype=bool)
    mask[5:15, 5:15] = True
    mask[9, 9] = False
    mask[1, 1] = True
    clean = without_specks(mask, 4)
    assert clean.sum() == 100
    assert not clean[1, 1]


def test_pores_of_one_width_have_that_size() -> None:
    void = np.zeros((60, 120), dtype=bool)
    for at in (10, 40, 80):
        y, x = np.ogrid[:60, :120]
        void |= (y - 30) ** 2 + (x - at) ** 2 <= 8.0**2
    share = pore_sizes(void, np.array([1.0, 4.0, 7.0, 9.0]))
    assert share[:3] == pytest.approx(1.0, abs=0.07)  # discs of whole pixels
    assert share[3] == 0
    assert (np.diff(share) <= 0).all()


def test_ways_straight_and_round_a_corner() -> None:
    metal = np.zeros((20, 30), dtype=bool)
    metal[:, :10] = metal[:, 20:] = True
    straight = through_pores(metal, np.full(30, 20.0))
    assert np.nanmin(straight) == pytest.approx(1.0, abs=0.05)
    metal[10, 10:19] = True  # a shelf that leaves a gap at the right
    bent = through_pores(metal, np.full(30, 20.0))
    assert np.nanmean(bent) > 1.05
    assert np.nanmean(through_metal(block() > 0)) == pytest.approx(1.0)
    shut = block() > 0
    assert np.isnan(through_pores(shut, np.full(64, 30.0))).all()


def test_no_way_through_pores_is_shorter_than_that_without_metal() -> None:
    metal = np.zeros((20, 24), dtype=bool)
    metal[:16, 4:7] = metal[12:16, 7:12] = True
    envelope = np.zeros(24)
    envelope[4:12], envelope[12:] = 16.0, 3.0
    ways = through_pores(metal, envelope)
    assert np.nanmin(ways) >= 1.0
    assert np.isfinite(ways[8])


def test_the_std_of_a_correlated_mean_is_that_over_many_series() -> None:
    rng = np.random.default_rng(3)
    length, n = 12.0, 400
    means, stds, lengths = [], [], []
    for _ in range(200):
        white = rng.standard_normal(n + 200)
        series = np.convolve(white, np.ones(int(length)) / length, "valid")[:n]
        means.append(series.mean())
        stds.append(std_of_mean(series)[0])
        lengths.append(correlation_length(series))
    assert np.median(lengths) == pytest.approx(length, rel=0.3)
    inside = np.abs(means) <= 2 * np.array(stds)
    assert 0.90 <= inside.mean() <= 0.99
    assert np.std(means) < np.sqrt(np.mean(np.square(stds))) < 1.4 * np.std(means)


def test_rods_and_trees_are_told_apart() -> None:
    rng = np.random.default_rng(4)
    upright = branches(rods(120, 300, 60, 8, 30, rng))
    assert upright.trunks == 10
    assert upright.joints == 0
    assert upright.aspect > 5
    assert np.max(upright.angle_rad) < 0.1
    tree = np.zeros((120, 150), dtype=bool)
    tree[:2] = True
    for at in (37, 112):
        tree[:90, at - 3 : at + 3] = True
        for h in (30, 50, 70):
            for t in range(18):
                tree[h + t : h + t + 5, [at + t, at - t]] = True
    branched = branches(tree)
    assert branched.trunks == 2
    assert branched.joints_per_trunk >= 2
    assert np.any(np.abs(branched.angle_rad - math.pi / 4) < 0.15)


@pytest.mark.parametrize(
    ("shape", "name"),
    [
        (lambda rng: block(20, 60, 200) > 0, "dense"),
        (lambda rng: porous_layer(80, 300, 45, 0.3, 7, 0.08, rng), "mossy"),
        (lambda rng: rods(120, 300, 60, 8, 30, rng), "rod"),
    ],
)
def test_morphology_names_what_it_sees(shape: object, name: str) -> None:
    metal = shape(np.random.default_rng(5)).astype(float)  # type: ignore[operator]
    dense = metal.sum(axis=0).mean() * CELL
    found = morphology(fields_of(metal[None], CELL, dense))
    assert found.estimates["class"].label.startswith(name)
    assert found["class_margin"] > 1.1
    assert found["porosity_thickness"] == pytest.approx(found["porosity_volume"], abs=0.02)


def test_morphology_in_time_tip_short_circuit_and_dead_lithium() -> None:
    frames = np.zeros((6, 40, 32))
    for k in range(6):
        frames[k, :4] = 1
        frames[k, : 6 * (k + 1) + 4, 14:18] = 1
    frames[-1, 20:24, 24:28] = 1  # no contact
    found = morphology(fields_of(frames, CELL, 1e-6))
    assert found["tip_velocity"] == pytest.approx(6 * CELL, rel=1e-6)
    assert found["shorting_time"] == pytest.approx(5.8, abs=0.3)
    assert found["isolated"] == pytest.approx(16 / (frames[-1].sum()))
    assert found["isolated_of_plated"] == pytest.approx(16 * CELL / 32 / 1e-6)
    status = {c.name: c.status for c in found.checks}
    assert status["short circuit"] == "warn"
    assert status["dead lithium"] == "warn"
    flat = morphology(fields_of(block()[None], CELL, 30 * CELL))
    assert flat["surface_area"] == pytest.approx(1.0)
    assert flat["porosity_thickness"] == pytest.approx(0.0, abs=1e-9)


def test_a_sphere_has_its_surface() -> None:
    z, y, x = np.mgrid[:40, :40, :40] + 0.5
    ball = np.clip(12.5 - np.sqrt((z - 20) ** 2 + (y - 20) ** 2 + (x - 20) ** 2), 0, 1)
    found = morphology(fields_of(ball[None], CELL, 1e-6))
    assert found["surface_area"] == pytest.approx(4 * math.pi * 12.0**2 / 39**2, rel=0.02)
    assert found["isolated"] == pytest.approx(1.0)


def test_the_virtual_microscope_and_the_analysis_agree_with_the_geometry() -> None:
    metal = porous_layer(96, 400, 60, 0.35, 9, 0.08, np.random.default_rng(6)).astype(float)
    fields = box_of(metal[None, :, None], CELL)
    truth = geometry(metal)
    inside = []
    for seed in range(6):
        seen = section(fields, seed=seed)
        assert seen.kind is MICROGRAPH
        found = porosity(seen)
        for name, true in (("porosity_volume", truth.porosity), ("thickness", truth.thickness * CELL)):
            inside.append(abs(found[name] - true) < 2 * found.estimates[name].std)
        assert found["porosity_thickness"] == pytest.approx(truth.porosity, abs=3 * found.estimates["porosity_thickness"].std)
    assert np.mean(inside) >= 0.8


def test_pixels_share_out_the_cells() -> None:
    fields = box_of(porous_layer(40, 80, 28, 0.3, 6, 0.1, np.random.default_rng(7)).astype(float)[None, :, None], 1e-7)
    options = {"blur_pixels": 0.0, "electrons": 0.0, "curtaining": 0.0, "scale_error": 0.0, "collector_m": 0.0}
    coarse = section(fields, pixel_m=2.5e-7, **options)["intensity"][0].mean()
    fine = section(fields, pixel_m=1e-7, **options)["intensity"][0].mean()
    assert coarse == pytest.approx(fine, abs=1.0)
    with pytest.raises(ConfigError, match="pixels"):
        section(fields, pixel_m=1e-5)
    with pytest.raises(ConfigError, match="no frame"):
        section(fields, frame=4)


def test_a_video_gives_the_speed_of_the_tip() -> None:
    frames = np.zeros((10, 60, 1, 60))
    for k in range(10):
        frames[k, :3] = 1
        frames[k, : 5 + 4 * k, :, 20:27] = 1
    seen = video(box_of(frames, 1e-6, seconds=30.0), seed=3)
    found = front(seen)
    speed = found.estimates["tip_speed"]
    assert abs(speed.value - 4e-6 / 30) < 3 * speed.std
    assert np.ptp(found.curves["exposure"].values) > 0.02
    with pytest.raises(DataError, match="frames"):
        front(micrograph(np.zeros((2, 20, 20), dtype=np.uint8), 1e-6))


def test_a_dark_deposit_and_a_collector_on_top() -> None:
    made = case(np.random.default_rng(8))
    image = made.picture["intensity"][0].astype(int)
    plain = porosity(made.picture)
    turned = micrograph(np.ascontiguousarray(image[::-1]), 5e-8, {"scale_error": 0.04, "collector_up": True})
    assert porosity(turned)["porosity_volume"] == pytest.approx(plain["porosity_volume"], abs=1e-9)
    foot = image[:-10]
    dark = micrograph((255 - foot).astype(np.uint8), 5e-8, {"scale_error": 0.04})
    found = porosity(dark, deposit="dark", collector_height_m=0.0)
    assert found["porosity_volume"] == pytest.approx(plain["porosity_volume"], abs=0.03)


def test_slices_of_a_volume_are_pooled() -> None:
    parts = [case(np.random.default_rng(s), porosity=0.3).picture for s in (1, 2)]
    both = micrograph(np.concatenate([p["intensity"] for p in parts]), 5e-8, {"scale_error": 0.04})
    pooled, each = porosity(both), [porosity(p)["porosity_volume"] for p in parts]
    assert min(each) - 0.01 <= pooled["porosity_volume"] <= max(each) + 0.01
    assert pooled.curves.sizes["frame"] == 2


def test_collectors_are_compared() -> None:
    pictures = []
    for name, p in (("Cu_1.tif", 0.45), ("Cu_2.tif", 0.45), ("Ni_1.tif", 0.15), ("Ni_2.tif", 0.15)):
        one = case(np.random.default_rng(len(pictures)), porosity=p).picture
        pictures.append(Measurement.of(MICROGRAPH, {str(n): one[str(n)] for n in one.data.data_vars}, one.meta, name=name))
    small = pictures[-1]
    cropped = {n: small[n] for n in ("y_m", "frame_time_s")} | {
        "x_m": small["x_m"][:180],
        "intensity": small["intensity"][..., :180],
    }
    pictures[-1] = Measurement.of(MICROGRAPH, cropped, small.meta, name="Ni_2.tif")
    found = compare(join(pictures), areal_capacity_C_m2="0.4 mAh/cm2")
    assert found["porosity_volume_Cu"] > found["porosity_volume_Ni"]
    assert found["difference"] == pytest.approx(found["porosity_volume_Cu"] - found["porosity_volume_Ni"])
    thick = found["thickness_Cu"]
    assert found["porosity_thickness_Cu"] == pytest.approx(1 - float(dense_thickness_m(0.4 * 36000)) / thick, abs=0.02)
    with pytest.raises(ConfigError, match="groups"):
        compare(join(pictures), groups=("a",))


def test_a_scale_that_is_not_known_leaves_lengths_out() -> None:
    made = case(np.random.default_rng(9))
    bare = micrograph(made.picture["intensity"], 1e-6, {"calibrated": False})
    found = porosity(bare)
    assert "thickness" not in found.estimates
    assert found["porosity_volume"] > 0
    assert {c.name: c.status for c in found.checks}["scale"] == "warn"
    assert found.plot() is not None
    with pytest.raises(ConfigError, match="size of a pixel"):
        porosity(bare, envelope_width_m="1 um")
    told = porosity(bare, pixel_m="50 nm")
    assert told["thickness"] == pytest.approx(porosity(made.picture, pixel_m=5e-8)["thickness"])
    assert porosity(bare.with_meta(pixel_m=5e-8))["thickness"] == told["thickness"]


def test_a_scale_bar_is_found_among_lettering() -> None:
    image = np.full((200, 400), 90, dtype=np.uint8)
    image[170:] = 10
    image[182:186, 40:201] = 250
    image[176:192, 240:243] = image[176:192, 250:253] = 250
    found = scale(micrograph(image, 1e-6, {"calibrated": False}), bar_m="2 um")
    assert found["bar"] == pytest.approx(161, abs=0.5)
    assert found["pixel"] == pytest.approx(2e-6 / 161, rel=0.005)
    black = np.where(image > 200, 0, 255 - image // 4).astype(np.uint8)
    assert scale(micrograph(black, 1e-6), bar_m="2 um")["bar"] == pytest.approx(161, abs=0.5)
    with pytest.raises(DataError, match="no scale bar"):
        scale(micrograph(np.full((100, 100), 7, dtype=np.uint8), 1e-6), bar_m="2 um")


def test_texture_is_learnt_where_no_threshold_parts() -> None:
    rng = np.random.default_rng(10)
    truth = np.zeros((64, 128), dtype=bool)
    truth[:, 64:] = True
    image = np.clip(120 + np.where(truth, 30, 4) * rng.standard_normal(truth.shape), 0, 255).astype(np.uint8)
    marks = np.zeros(truth.shape, dtype=np.uint8)
    marks[10:50, 5:25], marks[10:50, 100:120] = 1, 2
    seen = classify(micrograph(image, 1e-7), micrograph(marks, 1e-7))
    assert np.mean((seen["intensity"][0] > 50) == truth) > 0.93  # within the reach of the features, a border looks like neither
    with pytest.raises(DataError, match="classes"):
        classify(micrograph(image, 1e-7), micrograph(np.zeros_like(marks), 1e-7))
    with pytest.raises(DataError, match="picture"):
        classify(micrograph(image, 1e-7), micrograph(marks[:50], 1e-7))


@pytest.mark.parametrize("image", [np.full((40, 40), 9, dtype=np.uint8), np.zeros((4, 4), dtype=np.uint8)])
def test_nothing_to_see_is_one_clear_error(image: np.ndarray) -> None:
    with pytest.raises(DataError):
        porosity(micrograph(image, 1e-7))


def test_empty_fields_are_refused() -> None:
    with pytest.raises(DataError, match="no lithium"):
        morphology(fields_of(np.zeros((1, 10, 10)), CELL, 1e-6))
    with pytest.raises(ConfigError, match="counter"):
        morphology(fields_of(block()[None], CELL, 1e-6), counter_height_m=1.0)


def test_the_68_percent_interval_is_inside_the_standard_deviation() -> None:
    """Student's factor at 68 % is below half of that at 95 %, and the causes beside sampling are in both."""
    made = case(np.random.default_rng(5))
    found = porosity(made.picture)
    for name, curve in (("porosity_volume", "porosity_volume_68"), ("thickness", "thickness_68_m")):
        e = found.estimates[name]
        low, high = found.curves[curve].values
        assert low + high == pytest.approx(2 * e.value)
        assert 0.6 * e.std < 0.5 * (high - low) < e.std
