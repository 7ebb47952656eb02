"""Is a track a helix, and which one? Radius, frequency, pitch and damping by least squares, or bounds where none is seen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.ions.winding import ROUNDING, Floats, Winding, fit_winding, quantities, spread
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.tracks import TRACKS, Tracks
from anodefree.physics.lorentz import cyclotron_frequency, uniform_field_path
from anodefree.physics.transport import SPECIES, mobility, relaxation_time
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ARC = "the path turns by"
EVIDENCE = 10.0
"""A difference of the Bayesian information criterion that is called very strong."""
FEWEST_POINTS = 12
PUSHER_LOSS = 1e-5
"""A damping that takes less than this off the radius is not told from the rounding of a simulation."""


def random_walk_criterion(t: Floats, position: Floats) -> float:
    """The Bayesian information criterion, across the field, of a random walk with drift (variance of a step ∝ its duration)."""
    gaps, steps = np.diff(t), np.diff(position[:2], axis=1)
    drift = steps.sum(axis=1) / gaps.sum()
    square = float(np.sum((steps - drift[:, None] * gaps) ** 2 / gaps))
    count = steps.size
    if square <= 0:
        return math.inf
    return count * math.log(square / count) + 2.0 * float(np.sum(np.log(gaps))) + 3 * math.log(count)


def across_criterion(residual: Floats, parameters: int, extent_m: float) -> float:
    """The same criterion of a path with white noise; what is below the rounding of `extent_m` counts as no residual."""
    count = residual[:2].size
    square = max(float(np.sum(residual[:2] ** 2)), count * (ROUNDING * extent_m) ** 2, 1e-300)
    return count * math.log(square / count) + (parameters + 1) * math.log(count)


@stage("ions.helix", version=1, cites=("chen2016", "golub1973", "schwarz1978", "chen2026"))
def helix(
    tracks: Tracks,
    *,
    ion: Annotated[int, Par("which ion of the tracks, from 0", ge=0)] = 0,
    fewest_turns: Annotated[
        float,
        Par("turns from which a path counts as a helix", gt=0, source="less is an arc: radius and frequency separate no more"),
    ] = 0.2,
) -> Result:
    """Gyroradius, frequency, pitch and damping of the helix along an ion's track, or bounds where no helix can be seen.

    $x + iy = c + ut + A e^{-(1/\\tau + i\\omega)t}$ and, along the field, the motion under a constant force and the same drag
    are fitted to positions [m] and times [s] by least squares. Gyroradius |A| [m] (at launch, where damped); ω [rad/s],
    positive: clockwise seen against B, as a positive charge turns; mean axial speed [m/s]; pitch = that speed times 2π/|ω| [m];
    turns (until the radius falls to 1/e); and, where damped, the Hall parameter β = |ω|τ. Damping is kept where the Bayesian
    information criterion is strongly in its favour.

    *Valid when* the field is uniform along z and the noise of positions is white and equal on all axes: standard deviations
    follow from the residuals. A path that turns by less than `fewest_turns`, dies within two samples, or that a random walk
    explains better gives a failed check, and bounds (with infinite standard deviation) in place of values.
    *Source* Chen 2016, section 2.2; Golub and Pereyra 1973 (fit); Schwarz 1978 (choice).
    *Differs from the paper*, which judges helical motion by eye. Raises ConfigError for an ion that is not there, DataError for
    a track that is too short or runs backwards in time.
    """
    name = tracks.source.name
    if ion >= len(tracks["x_m"]):
        raise ConfigError(f"there is no ion {ion}", name, f"the tracks hold ions 0 to {len(tracks['x_m']) - 1}")
    time, position = tracks["time_s"].astype(float), np.array([tracks[n][ion] for n in ("x_m", "y_m", "z_m")], dtype=float)
    if len(time) < FEWEST_POINTS:
        raise DataError(f"has {len(time)} points", name, f"a helix is fitted to {FEWEST_POINTS} points or more")
    if (np.diff(time) <= 0).any():
        raise DataError("time does not increase from point to point", name, "sort the track by time")
    duration = float(time[-1] - time[0])
    t = (time - time[0]) / duration

    fits = [fit_winding(t, position, damped) for damped in (False, True)]
    loss = 3.0 * float(tracks.meta.get("pusher_speed_error", 0.0)) + PUSHER_LOSS
    drag_seen = fits[0].criterion - fits[1].criterion > EVIDENCE and -math.expm1(-fits[1].values[10]) > loss
    fit = fits[int(drag_seen)]
    why = unseen(fit, t, position, fewest_turns)
    curves = {"time_s": ("sample", time), **{n: ("sample", p) for n, p in zip(("x_m", "y_m", "z_m"), position, strict=True)}}
    if why:
        return Result.of(
            _bounds(fit, position, duration, why.startswith(ARC)),
            curves,
            [Check("helix", "fail", f"no helix can be seen: {why}")],
        )

    value, std = quantities(fit.values), spread(quantities, fit.values, fit.covariance)
    rate = np.array([1.0, 1.0 / duration, 1.0 / duration, 1.0, 1.0, 1.0])[: len(value)]
    rows = [
        ("gyroradius", "m", "gyroradius" + (" at launch" if fit.damped else ""), "mm"),
        ("cyclotron_frequency", "rad/s", "frequency of gyration, signed like the charge", None),
        ("drift_speed", "m/s", "mean speed along the field", None),
        ("pitch", "m", "advance along the field in a turn, mean over the track", "mm"),
        ("turns", "1", "turns" + (" until the radius falls to 1/e" if fit.damped else " along the track"), None),
        ("hall_parameter", "1", "Hall parameter β = ωτ", None),
    ]
    estimates = {
        n: Estimate(float(v), float(e), unit, label, display)
        for (n, unit, label, display), v, e in zip(rows, value * rate, std * rate, strict=False)
    }
    for n, path in zip(("x_fit_m", "y_fit_m", "z_fit_m"), fit.path, strict=True):
        curves[n] = ("sample", path)
    checks = [
        Check("helix", "pass", f"{value[4]:.2f} turns are seen"),
        _damping(fits, duration),
        *_soundness(fit, position, t, duration, estimates["cyclotron_frequency"], tracks),
    ]
    return Result.of(estimates, curves, checks)


def unseen(fit: Winding, t: Floats, position: Floats, fewest_turns: float) -> str:
    """Why no helix can be seen, or nothing."""
    extent = float(np.ptp(position, axis=1).max())
    winding = across_criterion(fit.path - position, len(fit.values) - 3, extent)
    line = np.array([np.polyval(np.polyfit(t, p, 1), t) for p in position])
    if across_criterion(line - position, 4, extent) < winding + EVIDENCE:
        moves = float(np.hypot(*np.ptp(position[:2], axis=1)))
        if moves <= 8.0 * fit.sigma_m:
            return f"the ion does not move across the field by more than {moves:.2g} m"
        return f"seen along the field, the path is straight to {_height(position):.2g} m"
    if fit.damped and 1.0 / fit.values[10] < 2.0 * float(np.median(np.diff(t))):
        return "motion across the field dies within the first two samples"
    if random_walk_criterion(t, position) < winding:
        return "a random walk explains the track better than any winding path"
    turns = float(quantities(fit.values)[4])
    if turns < fewest_turns:
        return f"{ARC} {turns:.2g} of a turn only"
    if math.sqrt(fit.covariance[9, 9]) > 0.3 * abs(fit.values[9]):
        return "the frequency is lost in the noise"
    return ""


def _height(position: Floats) -> float:
    """The largest distance from the chord between the ends, across the field."""
    s = position[0] + 1j * position[1]
    chord, away = s[-1] - s[0], s - s[0]
    return float(np.abs((away * np.conj(chord)).imag / abs(chord)).max() if chord != 0 else np.abs(away).max())


def _bounds(fit: Winding, position: Floats, duration: float, arc: bool) -> dict[str, Estimate]:
    """What a path without a visible helix still says: an arc of chord ℓ and height d turns by 4 arctan(2d/ℓ).

    Only a free ion's arc bounds its gyroradius from below: against friction a straight path says nothing of the kind, but no
    winding about it can be wider than its deviations.
    """
    chord = float(np.hypot(*(position[:2, -1] - position[:2, 0])))
    height = _height(position) + 2.0 * fit.sigma_m
    angle = 4.0 * math.atan2(2.0 * height, chord)
    turns = Estimate(angle / (2.0 * math.pi), math.inf, "1", "turns: at most", high=angle / (2.0 * math.pi))
    if arc and not fit.damped:
        radius, rate = chord / (2.0 * math.sin(angle / 2.0)), angle / duration
        return {
            "gyroradius": Estimate(radius, math.inf, "m", "gyroradius: at least", "mm", low=radius),
            "cyclotron_frequency": Estimate(rate, math.inf, "rad/s", "frequency of gyration: at most, either way", high=rate),
            "turns": turns,
        }
    straight = chord > 4.0 * height
    widest = height if straight else float(np.hypot(*np.ptp(position[:2], axis=1))) + 2.0 * fit.sigma_m
    if fit.damped:
        widest = max(widest, math.hypot(*fit.values[4:6]) + 2.0 * math.sqrt(fit.covariance[4, 4] + fit.covariance[5, 5]))
    return {
        "gyroradius": Estimate(widest, math.inf, "m", "gyroradius of any winding: at most", "mm", high=widest),
        "turns": turns if straight else Estimate(0.0, math.inf, "1", "turns: none can be counted"),
    }


def _damping(fits: list[Winding], duration: float) -> Check:
    """Whether the radius decays, and if not, how slowly at least."""
    g, std = float(fits[1].values[10]), math.sqrt(fits[1].covariance[10, 10])
    if fits[0].criterion - fits[1].criterion > EVIDENCE:
        return Check("damping", "pass", f"the radius decays with {duration / g:.3g} s")
    least = duration / max(g + 2.0 * std, 1e-300)
    return Check("damping", "pass", f"no damping is seen, so no Hall parameter: the velocity lives longer than {least:.2g} s")


def _soundness(
    fit: Winding, position: Floats, t: Floats, duration: float, frequency: Estimate, tracks: Measurement
) -> list[Check]:
    """Whether the frequency is that of the ion, the sampling is fine enough, the residuals white, and the pusher accurate."""
    meta = tracks.meta
    expected = cyclotron_frequency(meta["charge_C"], meta["mass_kg"], meta["flux_density_T"])
    slip, loss = (float(meta.get(f"pusher_{n}_error", 0.0)) for n in ("frequency", "speed"))
    off = abs(frequency.value - expected)
    coarse = abs(expected) * duration * float(np.diff(t).max())
    residual = fit.path - position
    correlation = float(np.sum(residual[:, 1:] * residual[:, :-1]) / max(np.sum(residual**2), 1e-300))
    exact = fit.sigma_m < 1e-6 * math.hypot(*fit.values[4:6])
    checks = [
        Check.that(
            "frequency",
            off <= 3.0 * frequency.std + (2.0 * slip + 1e-6) * abs(expected),
            f"the frequency is qB/m = {expected:.4g} rad/s of this ion",
            f"the frequency, {frequency.value:.4g} rad/s, is not qB/m = {expected:.4g} rad/s: another field, mass or charge?",
        ),
        Check.that(
            "sampling",
            coarse < math.pi,
            "points are closer than half a period",
            f"points are {coarse / (2 * math.pi):.2g} periods apart: the frequency may be an alias",
            otherwise="fail",
        ),
        Check.that(
            "residuals",
            exact or abs(correlation) < 4.0 / math.sqrt(residual.size),
            "the track carries no noise" if exact else "residuals are white",
            f"residuals of neighbouring points are correlated ({correlation:.2f}): standard deviations are too small",
        ),
    ]
    if "pusher" in meta:
        good, bad = "the pusher kept the speed", f"the pusher changed the speed by {100 * loss:.2g} %: take more steps"
        checks.append(Check.that("pusher", loss < 1e-3, good, bad))
    return checks


@helix.plot
def draw(result: Result, ax: Axes) -> None:
    """The projection along the field, with equal scales."""
    from anodefree.core.figure import COLOURS, SOFT

    x, y = np.asarray(result.curves["x_m"]), np.asarray(result.curves["y_m"])
    extent = max(float(np.ptp(x)), float(np.ptp(y)))
    power, unit = next((p for p in ((0, "m"), (3, "mm"), (6, "µm"), (9, "nm")) if extent >= 10.0 ** -p[0]), (12, "pm"))
    scale = 10.0**power
    ax.plot(scale * x, scale * y, "o", ms=2, color=SOFT, label="track")
    if "x_fit_m" in result.curves:
        ax.plot(
            scale * np.asarray(result.curves["x_fit_m"]),
            scale * np.asarray(result.curves["y_fit_m"]),
            color=COLOURS[0],
            label="helix",
        )
    else:
        ax.set_title("no helix can be seen")
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_xlabel(f"x / {unit}")
    ax.set_ylabel(f"y / {unit}")
    ax.legend()


@helix.demo
def demo(rng: np.random.Generator) -> Demo:
    """A lithium ion in a thin gas: the exact damped helix, with white noise on the positions."""
    ion, temperature = SPECIES["Li+"], 298.15
    beta, flux, speed = rng.uniform(8, 20), rng.uniform(0.005, 0.015), rng.uniform(500, 1500)
    frequency = cyclotron_frequency(ion.charge_C, ion.mass_kg, flux)
    diffusivity = beta / abs(mobility(ion.charge_C, 1.0, temperature) * flux)
    tau = relaxation_time(ion.mass_kg, diffusivity, temperature)
    duration, angle = 1.6 * tau, rng.uniform(0, 2 * math.pi)
    time = np.linspace(0.0, duration, 250)
    launch = (speed * math.cos(angle), speed * math.sin(angle), rng.uniform(100, 500))
    path, _ = uniform_field_path(
        time,
        launch,
        charge_C=ion.charge_C,
        mass_kg=ion.mass_kg,
        flux_density_T=flux,
        electric_field_V_m=(0.3, 0.0, 5.0),
        relaxation_time_s=tau,
    )
    rate = complex(1.0 / tau, frequency)
    # The gyration is about the drift, which the transverse field sets: u = qE/(mλ).
    drift = ion.charge_C * 0.3 / (ion.mass_kg * rate)
    radius = abs((complex(launch[0], launch[1]) - drift) / rate)
    noisy = path + 0.02 * radius * rng.standard_normal(path.shape)
    tracks = Measurement.of(
        TRACKS,
        {"time_s": time, **{n: p[None, :] for n, p in zip(("x_m", "y_m", "z_m"), noisy, strict=True)}},
        {"species": ion.name, "mass_kg": ion.mass_kg, "charge_C": ion.charge_C, "flux_density_T": flux},
        name="noisy helix",
    )
    speed_z = float(path[2, -1] / duration)
    truth = {
        "gyroradius": radius,
        "cyclotron_frequency": frequency,
        "drift_speed": speed_z,
        "pitch": speed_z * 2.0 * math.pi / frequency,
        "turns": frequency * tau / (2.0 * math.pi),
        "hall_parameter": beta,
    }
    return Demo(inputs=(tracks,), truth=truth)
