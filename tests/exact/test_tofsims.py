"""Depth profiles and maps of ions against closed forms and known truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from anodefree.analysis.tofsims.ions import find, key, plain
from anodefree.analysis.tofsims.profile import edge
from anodefree.analysis.tofsims.surface import coarse, iso_surface, seen
from anodefree.core.measurement import Measurement
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.ion_image import ION_IMAGE
from anodefree.kinds.ion_profile import ION_PROFILE
from anodefree.numerics.count_maps import excess_variance, morans_i, permuted
from anodefree.simulation.instruments.interphase_ions import layer, patches
from anodefree.stages import get

TIME = np.linspace(0, 100, 51)


def profile(**more: Any) -> Measurement:
    flank = norm.cdf((TIME - 30) / 5) * (1 - norm.cdf((TIME - 70) / 5))
    arrays = {"ion_name": ["LiF_2-", "Li-"], "counts": np.round([1000 * flank, np.full(51, 400.0)]), "sputter_time_s": TIME}
    return Measurement.of(ION_PROFILE, {**arrays, "total_counts": np.full(51, 5000.0), **more})


def image(counts: np.ndarray) -> Measurement:
    at = (np.arange(counts.shape[-1]) + 0.5) * 1e-6
    arrays = {"ion_name": [f"A{i}-" for i in range(len(counts))], "counts": counts, "x_m": at, "y_m": at[: counts.shape[-2]]}
    return Measurement.of(ION_IMAGE, arrays)


def test_names_of_ions() -> None:
    assert plain("LiF_2-") == plain("LiF2-") == plain("LiF₂⁻") == "LiF2-"
    assert key("^7LiF_2-") == "^7LiF2-"
    assert find(["A-", "LiF_2-"], ["LiF2-"], "") == [1]
    with pytest.raises(ConfigError, match="did you mean"):
        find(["LiF_2-"], ["LiF3-"], "")
    with pytest.raises(ConfigError, match="twice"):
        find(["LiF_2-"], ["LiF2-", "LiF_2-"], "")


def test_edges_of_a_layer() -> None:
    found = get("tofsims.profile")(profile(), ions=("LiF2-",), sputter_rate_m_s=Uncertain(1e-9, 1e-10))
    assert found["onset_LiF2-"] == pytest.approx(30, abs=0.2)
    assert found["end_LiF2-"] == pytest.approx(70, abs=0.2)
    assert found["depth_end_LiF2-"] == pytest.approx(70e-9, abs=0.2e-9)
    assert found.estimates["depth_end_LiF2-"].std == pytest.approx(7e-9, rel=0.01)
    assert [c.status for c in found.checks if c.name == "depth"] == ["warn"]
    falling = edge(TIME, np.linspace(10, 0, 51), np.ones(51), falling=False)
    assert falling is None, "it begins above the half"


def test_normalised_profiles() -> None:
    by_total = get("tofsims.profile")(profile(), ions=("LiF2-",), normalise="total")
    signal, std = by_total.curves["signal"].values[0], by_total.curves["signal_std"].values[0]
    assert signal[25] == pytest.approx(1000 / 5000)
    assert std[25] == pytest.approx(signal[25] * np.sqrt(1 / 1000 + 1 / 5000))
    by_ion = get("tofsims.profile")(profile(), ions=("LiF2-",), normalise="reference", reference="Li-")
    assert by_ion.curves["signal"].values[0, 25] == pytest.approx(2.5)
    assert by_total["sum_fraction_LiF2-"] == pytest.approx(profile()["counts"][0].sum() / 5000 / 51)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"ions": ("X-",)}, ConfigError, "no ion"),
        ({"normalise": "reference"}, ConfigError, "no reference"),
        ({"normalise": "reference", "reference": "LiF2-"}, DataError, "zero at many points"),
    ],
)
def test_bad_profiles(options: dict[str, Any], error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        get("tofsims.profile")(profile(), **options)
    with pytest.raises(ConfigError, match="no total"):
        get("tofsims.profile")(profile(total_counts=None), normalise="total")
    with pytest.raises(DataError, match="negative"):
        get("tofsims.profile")(profile(counts=-profile()["counts"]))


def test_morans_i_against_the_double_sum(rng: np.random.Generator) -> None:
    values = rng.poisson(5, (5, 6)).astype(float)
    d = values - values.mean()
    total = pairs = 0.0
    for i in range(5):
        for j in range(6):
            for a, b in ((i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)):
                if 0 <= a < 5 and 0 <= b < 6:
                    total, pairs = total + d[i, j] * d[a, b], pairs + 1
    assert morans_i(values[None])[0] == pytest.approx(30 / pairs * total / (d**2).sum())
    assert morans_i(np.ones((1, 4, 4)))[0] == 0
    board = np.indices((8, 8)).sum(axis=0) % 2
    assert morans_i(board[None].astype(float))[0] == pytest.approx(-1)
    shuffled = permuted(rng.poisson(5, (12, 12)), 400, rng)
    assert shuffled.mean() == pytest.approx(-1 / 143, abs=0.01)


def test_excess_variance_is_unbiased(rng: np.random.Generator) -> None:
    field = 3.0 * patches(32, 32.0, 4.0, 0.3, rng)
    found = np.array([excess_variance(rng.poisson(field)) for _ in range(300)])
    true = float(field.var(ddof=1))
    assert found[:, 0].mean() == pytest.approx(true, abs=4 * found[:, 0].std() / np.sqrt(300))
    assert found[:, 1].mean() == pytest.approx(found[:, 0].std(), rel=0.15)
    even = np.array([excess_variance(rng.poisson(np.full((32, 32), 3.0)))[0] for _ in range(300)])
    assert even.mean() == pytest.approx(0, abs=4 * even.std() / np.sqrt(300))


def test_layer_is_a_normal_edge_with_a_tail() -> None:
    z, sigma, tail = np.array([-1.0, 2.0, 6.0]), 1.5, 2.5
    by_hand = [
        quad(lambda u, at=at: norm.cdf((at - u) / sigma) * np.exp(-u / tail) / tail, 0, 80)[0]
        - quad(lambda u, at=at: norm.cdf((at - 4 - u) / sigma) * np.exp(-u / tail) / tail, 0, 80)[0]
        for at in z
    ]
    assert layer(z, 0.0, 4.0, sigma, tail) == pytest.approx(by_hand, abs=1e-7)
    assert layer(z, 0.0, 4.0, 0.0, 0.0).tolist() == [0.0, 1.0, 0.0]
    assert layer(z, 0.0, 4.0, sigma, 0.0) == pytest.approx(norm.cdf(z / sigma) - norm.cdf((z - 4) / sigma))
    assert layer(np.array([2.0]), 0.0, 40.0, 0.0, 2.5) == pytest.approx([1 - np.exp(-0.8)])


def test_iso_surface_of_a_ball() -> None:
    z, y, x = np.indices((21, 21, 21)) - 10
    corners, triangles = iso_surface((np.sqrt(x**2 + y**2 + z**2) < 6).astype(float) * 100, 0.5)
    radius = np.linalg.norm(corners - 10, axis=1)
    assert radius.mean() == pytest.approx(6, abs=0.4)
    assert radius.std() < 0.4
    assert triangles.max() < len(corners)
    assert len(iso_surface(np.ones((5, 5, 5)), 0.5)[1]) == 0
    assert coarse(np.ones((60, 10, 3))).shape == (20, 10, 3)
    flat, near = seen(np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 1.0]]), (1.0, 1.0, 1.0))
    assert flat[0].tolist() == [0.0, 0.0]
    assert near[1] > near[0]


def test_even_maps_and_patchy_ones(rng: np.random.Generator) -> None:
    even = image(rng.poisson(3.0, (1, 4, 32, 32)))
    assert [c.status for c in get("tofsims.uniformity")(even).checks if c.name == "pattern"] == ["pass"]
    patchy = get("spectrometer.ion_mass")(variation=0.4, seed=3)
    found = get("tofsims.uniformity")(patchy, ions=("LiF2-",))
    assert [c.status for c in found.checks if c.name == "pattern"] == ["warn"]
    assert found["cv_LiF2-"] == pytest.approx(0.4, abs=0.1)
    assert found["field_moran_I_LiF2-"] > found["moran_I_LiF2-"]
    assert found["p_LiF2-"] == pytest.approx(1 / 200)
    with pytest.raises(DataError, match="pixels"):
        get("tofsims.uniformity")(image(np.ones((1, 2, 4, 4), dtype=int)))
    with pytest.raises(ConfigError, match="no ion"):
        get("tofsims.uniformity")(even, ions=("X-",))


def test_false_alarms_of_the_permutation_test(rng: np.random.Generator) -> None:
    hits = 0
    for _ in range(200):
        counts = rng.poisson(2.0, (16, 16))
        measured = morans_i(counts[None].astype(float))[0]
        hits += (1 + (permuted(counts, 99, rng) >= measured).sum()) / 100 <= 0.05
    assert hits <= 20


def test_profile_and_stack_of_one_interphase_agree() -> None:
    stack = get("spectrometer.ion_mass")(noise=False, variation=0.0, slices=40)
    lines = get("spectrometer.ion_profile")(noise=False, points=40)
    for name in stack["ion_name"]:
        a = stack["counts"][list(stack["ion_name"]).index(name)].mean(axis=(1, 2)) / 4.0
        b = lines["counts"][list(lines["ion_name"]).index(name)] / 3000.0
        assert a == pytest.approx(b)
    with pytest.raises(ConfigError, match="no fragment"):
        get("spectrometer.ion_mass")(ions=("X-",))
    with pytest.raises(ConfigError, match="too many"):
        get("spectrometer.ion_mass")(pixels=1024, slices=900)
