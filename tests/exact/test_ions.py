"""The flights and what is read from their tracks: exactness, resuming, honest bounds, and errors that help."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from anodefree.analysis.ions.helix import helix
from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.errors import Cancelled, ConfigError, DataError, NumericalError
from anodefree.kinds.tracks import TRACKS
from anodefree.physics.lorentz import cyclotron_frequency, uniform_field_path
from anodefree.physics.transport import SPECIES, mobility, relaxation_time
from anodefree.simulation.ions import fly as module
from anodefree.simulation.ions.fly import fly

ARRAYS = ("time_s", "x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s")
FREQUENCY = cyclotron_frequency(SPECIES["Li+"].charge_C, SPECIES["Li+"].mass_kg, 0.01)
PERIOD = 2 * math.pi / FREQUENCY
ONE_TO_ONE = 3e-10 / 1.16765233e-10
"""The diffusion coefficient at which the Hall parameter of a lithium ion is 1 in 10 mT."""


@pytest.mark.parametrize("species", ["Li+", "TFSI-"])
@pytest.mark.parametrize("pusher", ["rk4", "rotation"])
@pytest.mark.parametrize("diffusivity", [None, 20 * ONE_TO_ONE])
def test_both_pushers_follow_the_closed_form(species: str, pusher: str, diffusivity: float | None) -> None:
    ion = SPECIES[species]
    duration = 3 * 2 * math.pi / abs(cyclotron_frequency(ion.charge_C, ion.mass_kg, 0.01))
    setting = {"field_V_m": 5.0, "transverse_field_V_m": 2.0, "transverse_velocity_m_s": 200.0}
    tracks = fly(
        species=species, duration_s=duration, pusher=pusher, diffusivity_m2_s=diffusivity, steps=1500, samples=61, **setting
    )
    tau = math.inf if diffusivity is None else relaxation_time(ion.mass_kg, diffusivity, 298.15)
    x, v = uniform_field_path(
        tracks["time_s"],
        (200.0, 0, 0),
        charge_C=ion.charge_C,
        mass_kg=ion.mass_kg,
        flux_density_T=0.01,
        electric_field_V_m=(2.0, 0.0, 5.0),
        relaxation_time_s=tau,
    )
    tolerance = 1e-8 if pusher == "rk4" else 1e-12
    for name, array in zip(ARRAYS[1:], [*x, *v], strict=True):
        np.testing.assert_allclose(tracks[name][0], array, rtol=0, atol=tolerance * np.abs(array).max())


def test_in_the_liquid_the_ion_drifts_with_its_mobility() -> None:
    tracks = fly(duration_s=1.0, diffusivity_m2_s=3e-10, field_V_m=10.0, pusher="rotation", steps=100, samples=11)
    drift = mobility(SPECIES["Li+"].charge_C, 3e-10, 298.15) * 10.0
    np.testing.assert_allclose(tracks["vz_m_s"][0, 1:], drift, rtol=1e-12)
    assert tracks["z_m"][0, -1] == pytest.approx(drift, rel=1e-12)


def test_the_field_moves_no_ion_in_the_liquid_by_more_than_the_bound() -> None:
    setting = dict(duration_s=2.0, diffusivity_m2_s=3e-10, pusher="rotation", brownian=True, thermal=True, steps=200, ions=50)
    # Both flights draw the same numbers: the generator depends on the parameters, so the function is called directly.
    ends = []
    for flux in (0.0, 0.01):
        with_defaults = fly.validate({**setting, "samples": 101, "flux_density_T": flux})
        with module_context() as context:
            tracks = fly.function(**with_defaults, rng=np.random.default_rng(4), context=context)
        ends.append(np.array([tracks[n][:, -1] for n in ("x_m", "y_m", "z_m")]))
    spread = np.std(ends[0][0])
    assert spread == pytest.approx(math.sqrt(2 * 3e-10 * 2.0), rel=0.4)
    assert np.abs(ends[1] - ends[0]).max() < 1e-9 * spread


def module_context():
    from anodefree.core.context import scratch

    return scratch()


@pytest.mark.parametrize(
    "parameters",
    [
        dict(thermal=True, pusher="rk4"),
        dict(thermal=True, pusher="rotation", diffusivity_m2_s=5 * ONE_TO_ONE, brownian=True),
    ],
)
def test_a_stopped_flight_resumes_bit_for_bit(tmp_path: Path, monkeypatch, parameters: dict) -> None:
    monkeypatch.setattr(module, "STEPS_AT_A_TIME", 70)
    monkeypatch.setattr(module, "CHECKPOINT_EVERY_S", 0.0)
    setting = dict(duration_s=2 * PERIOD, steps=400, samples=21, ions=3, **parameters)
    whole = fly(**setting, seed=5)

    calls = iter(range(10_000))
    stopping = Context(tmp_path, cancelled=lambda: next(calls) >= 7)
    with pytest.raises(Cancelled):
        fly(**setting, seed=5, context=stopping)
    state = stopping.checkpoint.load()
    assert state is not None
    assert 0 < int(state["at"]) < 400
    resumed = fly(**setting, seed=5, context=Context(tmp_path))
    for name in ARRAYS:
        assert np.array_equal(resumed[name], whole[name])

    # A checkpoint of another flight (another seed here) is not taken for this one's.
    other = fly(**setting, seed=6, context=Context(tmp_path))
    assert np.array_equal(other["x_m"], fly(**setting, seed=6)["x_m"])


def test_progress_ends_at_one_and_samples_are_what_was_asked() -> None:
    seen: list[float] = []
    with module_context() as context:
        context.listener, context.interval_s = lambda fraction, text: seen.append(fraction), 0.0
        tracks = fly(duration_s=1e-5, steps=1000, samples=7, ions=2, context=context)
    assert seen[-1] == 1.0
    assert seen == sorted(seen)
    assert tracks["x_m"].shape == (2, 7)
    assert tracks["time_s"][[0, -1]].tolist() == [0.0, pytest.approx(1e-5)]


def test_rk4_in_the_liquid_is_refused_by_name() -> None:
    with pytest.raises(NumericalError, match=r"2\.78 τ") as caught:
        fly(duration_s=1.0, diffusivity_m2_s=3e-10)
    assert "rotation" in caught.value.hint


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (dict(samples=102, steps=100), "samples"),
        (dict(brownian=True), "a diffusivity"),
        (dict(brownian=True, diffusivity_m2_s=3e-10), "exact pusher"),
        (dict(ions=100_000_000), "GiB"),
        (dict(species="Na+"), "Na"),
        (dict(pusher="boris"), "boris"),
        (dict(steps=0), "steps"),
        (dict(diffusivity_m2_s=0.0), "diffusivity_m2_s"),
    ],
)
def test_what_cannot_be_flown_is_said(parameters: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        fly(**{"duration_s": 1e-5, **parameters})


@pytest.mark.parametrize(("species", "sign"), [("Li+", 1), ("TFSI-", -1)])
def test_a_clean_helix_is_recovered_to_rounding(species: str, sign: int) -> None:
    ion = SPECIES[species]
    frequency = cyclotron_frequency(ion.charge_C, ion.mass_kg, 0.01)
    duration = 8 * 2 * math.pi / abs(frequency)
    tracks = fly(
        species=species,
        duration_s=duration,
        transverse_velocity_m_s=100.0,
        field_V_m=0.01,
        pusher="rotation",
        steps=400,
        samples=401,
    )
    result = helix(tracks)
    assert {c.status for c in result.checks} == {"pass"}
    assert result["cyclotron_frequency"] == pytest.approx(frequency, rel=1e-9)
    assert math.copysign(1, result["cyclotron_frequency"]) == sign
    assert result["gyroradius"] == pytest.approx(100 / abs(frequency), rel=1e-9)
    assert result["turns"] == pytest.approx(8, rel=1e-9)
    assert result["pitch"] == pytest.approx(tracks["z_m"][0, -1] / 8, rel=1e-9)
    assert "hall_parameter" not in result.estimates
    assert "no damping" in next(c.message for c in result.checks if c.name == "damping")


@pytest.mark.parametrize("beta", [3.0, 30.0])
def test_damping_is_seen_and_gives_the_hall_parameter(beta: float) -> None:
    tracks = fly(
        duration_s=3 * PERIOD,
        transverse_velocity_m_s=845.0,
        diffusivity_m2_s=beta * ONE_TO_ONE,
        pusher="rotation",
        steps=300,
        samples=301,
    )
    result = helix(tracks)
    assert result["hall_parameter"] == pytest.approx(beta, rel=1e-6)
    assert result["gyroradius"] == pytest.approx(845 / FREQUENCY / math.hypot(1, 1 / beta), rel=1e-6)


def test_the_loss_of_a_coarse_pusher_is_not_called_drag() -> None:
    result = helix(fly(duration_s=30 * PERIOD, transverse_velocity_m_s=845.0, steps=600, samples=601))
    assert "hall_parameter" not in result.estimates
    assert next(c.status for c in result.checks if c.name == "pusher") == "warn"


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (dict(duration_s=1e-4), "does not move across"),
        (dict(duration_s=4.2e-8, transverse_velocity_m_s=845.0), "of a turn only"),
        (dict(duration_s=1.0, transverse_velocity_m_s=845.0, diffusivity_m2_s=3e-10), "dies within"),
        (dict(duration_s=1.0, transverse_field_V_m=100.0, diffusivity_m2_s=3e-10), "straight"),
        (dict(duration_s=1.0, diffusivity_m2_s=3e-10, brownian=True, thermal=True), "random walk"),
    ],
)
def test_where_no_helix_is_seen_there_are_bounds_only(setting: dict, words: str) -> None:
    pusher = "rotation" if "diffusivity_m2_s" in setting else "rk4"
    result = helix(fly(**setting, pusher=pusher, steps=500, samples=251))
    assert [c.status for c in result.checks] == ["fail"]
    assert words in result.checks[0].message
    assert all(math.isinf(e.std) for e in result.estimates.values())
    assert "hall_parameter" not in result.estimates


def test_the_bounds_of_an_arc_hold() -> None:
    result = helix(fly(duration_s=0.1 * PERIOD, transverse_velocity_m_s=845.0, pusher="rotation", steps=200, samples=201))
    assert result["gyroradius"] <= 845 / FREQUENCY * (1 + 1e-6)
    assert result["cyclotron_frequency"] >= FREQUENCY * (1 - 1e-6)
    assert result["turns"] == pytest.approx(0.1, rel=1e-3)


def test_noise_hides_a_small_arc(rng: np.random.Generator) -> None:
    clean = fly(duration_s=4.2e-8, transverse_velocity_m_s=845.0, pusher="rotation", steps=200, samples=201)
    noisy = {n: clean[n] + (1e-6 * rng.standard_normal(clean[n].shape) if n != "time_s" else 0) for n in ARRAYS[:4]}
    result = helix(Measurement.of(TRACKS, noisy, clean.meta))
    assert result.checks[0].status == "fail"
    assert result["turns"] > 0.0013


def test_a_frequency_that_is_not_this_ions_is_said() -> None:
    tracks = fly(duration_s=3 * PERIOD, transverse_velocity_m_s=845.0, pusher="rotation", steps=300, samples=301)
    result = helix(tracks.with_meta(flux_density_T=0.012))
    assert next(c.status for c in result.checks if c.name == "frequency") == "warn"


def test_points_that_are_too_far_apart_fail() -> None:
    tracks = fly(duration_s=40.3 * PERIOD, transverse_velocity_m_s=845.0, pusher="rotation", steps=60, samples=61)
    assert next(c.status for c in helix(tracks).checks if c.name == "sampling") == "fail"


def test_tracks_that_hold_no_helix_to_fit_are_refused() -> None:
    tracks = fly(duration_s=1e-5, steps=10, samples=11)
    with pytest.raises(DataError, match="11 points"):
        helix(tracks)
    with pytest.raises(ConfigError, match="no ion 3"):
        helix(tracks, ion=3)
    good = fly(duration_s=1e-4, transverse_velocity_m_s=10.0, steps=50, samples=51)
    back = {n: good[n] for n in ARRAYS[1:4]} | {"time_s": good["time_s"][::-1]}
    with pytest.raises(DataError, match="time does not increase"):
        helix(Measurement.of(TRACKS, back, good.meta))
