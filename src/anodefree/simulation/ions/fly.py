"""Ions launched into uniform fields: the tracks they draw, in vacuum as in the paper, or against the friction of the liquid."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from anodefree.core.context import Context
from anodefree.core.keys import content_key, plain
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import Cancelled, ConfigError, DataError
from anodefree.kinds.tracks import TRACKS, Tracks
from anodefree.numerics.pushers import Acceleration, Floats, Flow, check_rk4, linear_step, product, rk4_growth, rk4_step
from anodefree.physics.lorentz import cyclotron_frequency, propagator, thermal_kicks, uniform_field_path
from anodefree.physics.transport import SPECIES, SpeciesName, relaxation_time, thermal_speed
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CHECKPOINT_EVERY_S = 20.0
MAX_TRACK_BYTES = 4 * 2**30
STEPS_AT_A_TIME = 200_000
"""Particle steps between two reports of progress: a few seconds."""

Push = Callable[[Floats, Floats], tuple[Floats, Floats]]


def uniform_acceleration(rate_per_s: complex, acceleration_m_s2: tuple[float, float, float]) -> Acceleration:
    """a + (v × ω ẑ) - v/τ for λ = 1/τ + iω: the right-hand side that RK4 takes."""
    drag, turn = rate_per_s.real, rate_per_s.imag
    matrix = np.array([[-drag, turn, 0.0], [-turn, -drag, 0.0], [0.0, 0.0, -drag]])
    constant = np.array(acceleration_m_s2)[:, None]
    return lambda position, velocity: product(matrix, velocity) + constant


def uniform_flow(
    rate_per_s: complex, acceleration_m_s2: tuple[float, float, float], step_s: float, velocity_variance_m2_s2: float = 0.0
) -> Flow:
    """The exact map over one step for λ = 1/τ + iω, with thermal noise where kT/m (`velocity_variance_m2_s2`) is given."""
    decay, C, D = propagator(rate_per_s, step_s)
    decay_z, C_z, D_z = propagator(rate_per_s.real, step_s)
    noise = None
    if velocity_variance_m2_s2 > 0:
        rates = rate_per_s, complex(rate_per_s.real)
        noise = (
            thermal_kicks(rates[0], step_s, velocity_variance_m2_s2),
            thermal_kicks(rates[1], step_s, velocity_variance_m2_s2),
        )
    across, along = (complex(decay), complex(C), complex(D)), (float(decay_z), float(C_z), float(D_z))
    return Flow.of(across, along, acceleration_m_s2, noise)


def gyration_errors(rate_per_s: complex, step_s: float, steps: int) -> dict[str, float]:
    """Relative errors of RK4 in the speed (at the end) and in the frequency of gyration, from its growth factor."""
    growth, z = rk4_growth(rate_per_s, step_s), rate_per_s * step_s
    lost = steps * (math.log(max(abs(growth), 1e-300)) + z.real)
    slip = abs(math.atan2(growth.imag, growth.real) / -z.imag - 1.0) if z.imag else 0.0
    return {"pusher_speed_error": abs(math.expm1(min(lost, 700.0))), "pusher_frequency_error": slip}


def follow(
    push: Push,
    velocity_m_s: Floats,
    recorded_steps: NDArray[np.int64],
    rng: np.random.Generator,
    context: Context,
    fingerprint: str,
) -> Floats:
    """Positions and velocities, shape (6, ion, sample), at the recorded steps of ions that start at the origin.

    Memory is bounded by what is recorded. The state, the record and the generator go to the checkpoint every so often; a run
    that finds a checkpoint with the same `fingerprint` goes on from it and gives the same bits as one that was never stopped.
    """
    ions = velocity_m_s.shape[1]
    tracks = np.zeros((6, ions, len(recorded_steps)))
    position, velocity, at, done = np.zeros_like(velocity_m_s), velocity_m_s, 0, 1
    tracks[3:, :, 0] = velocity
    state = context.checkpoint.resume(fingerprint)
    if state is not None:
        if state["tracks"].shape != (*tracks.shape[:2], int(state["done"])):
            raise DataError("the checkpoint is not whole", str(context.checkpoint.path), "delete it to start this step anew")
        position, velocity, at, done = state["position"], state["velocity"], int(state["at"]), int(state["done"])
        tracks[:, :, :done] = state["tracks"]
        rng.bit_generator.state = json.loads(str(state["rng"]))

    def keep() -> None:
        numbers = json.dumps(plain(rng.bit_generator.state))
        context.checkpoint.save(
            fingerprint=np.array(fingerprint),
            position=position,
            velocity=velocity,
            at=at,
            done=done,
            tracks=tracks[:, :, :done],
            rng=np.array(numbers),
        )

    last, kept, chunk = int(recorded_steps[-1]), time.monotonic(), max(1, STEPS_AT_A_TIME // ions)
    while at < last:
        stop = min(int(recorded_steps[done]), at + chunk)
        for _ in range(stop - at):
            position, velocity = push(position, velocity)
        at = stop
        if at == recorded_steps[done]:
            tracks[:3, :, done], tracks[3:, :, done] = position, velocity
            done += 1
        try:
            context.progress(at / last, f"{ions} ions, step {at} of {last}")
        except Cancelled:
            keep()
            raise
        if at < last and time.monotonic() - kept >= CHECKPOINT_EVERY_S:
            keep()
            kept = time.monotonic()
    return tracks


@stage("ions.fly", version=1, cites=("chen2026", "chen2016", "hairer1993", "hochbruck2010", "gillespie1996"))
def fly(
    *,
    duration_s: Annotated[float, Par("time of flight", gt=0)],
    species: Annotated[SpeciesName, Par("the ion")] = "Li+",
    flux_density_T: Annotated[
        float, Par("magnetic flux density, uniform, along z", source="1 um nickel, 180 days beside a magnet: 10 mT")
    ] = 0.01,
    field_V_m: Annotated[
        float, Par("electric field along z", source="0.1 V across 50 um; the paper states neither", assumed=True)
    ] = 2000.0,
    transverse_field_V_m: Annotated[float, Par("electric field along x")] = 0.0,
    transverse_velocity_m_s: Annotated[
        float, Par("launch velocity along x", source="the paper: 'typically zero or a very small random value'")
    ] = 0.0,
    thermal: Annotated[bool, Par("add a Maxwellian launch velocity")] = False,
    diffusivity_m2_s: Annotated[
        float | None, Par("diffusion coefficient that sets the drag; none: no liquid, as in the paper", gt=0)
    ] = None,
    temperature_K: Annotated[float, Par("temperature of the liquid and of the launch", gt=0)] = 298.15,
    brownian: Annotated[bool, Par("add the thermal noise that belongs to the drag")] = False,
    pusher: Annotated[Literal["rk4", "rotation"], Par("Runge-Kutta as in the paper, or the exact rotation")] = "rk4",
    steps: Annotated[int, Par("time steps", ge=1, le=1e12)] = 10_000,
    samples: Annotated[int, Par("points of a track that are kept, launch included", ge=2)] = 501,
    ions: Annotated[int, Par("number of ions", ge=1, le=1e8)] = 1,
    rng: np.random.Generator,
    context: Context,
) -> Tracks:
    """Tracks of ions in uniform electric and magnetic fields, with or without the drag of the liquid.

    $m\\,dv/dt = q(E + v \\times B) - \\gamma v + \\sqrt{2kT\\gamma}\\,\\xi$, with m [kg], q [C], E [V/m] in the x-z plane,
    B [T] along z, and γ = kT/D [kg/s] (zero where no diffusivity is given). All ions start at the origin at time 0. `rk4` is
    the classical Runge-Kutta method; `rotation` is exact for any step (complex exponential; with `brownian`, the exact
    Ornstein-Uhlenbeck noise).

    *Valid when* fields are uniform, ions do not meet and speeds are far below light. Without drag this is flight in vacuum: in
    the liquid the velocity is lost within femtoseconds (`ions.regime`). A bare Li+ with drag has no inertial motion of its own;
    only its drift and its diffusion are meaningful.
    *Source* Chen 2016 (motion), Hairer, Nørsett and Wanner 1993 (RK4), Gillespie 1996 (noise).
    *Differs from the paper* in the uniform field (no protrusion), in drag and noise it can include, and in the exact pusher.

    Returns x, y, z [m] and vx, vy, vz [m/s], shape (ion, sample), at `samples` nearly even times. Metadata `pusher_speed_error`
    and `pusher_frequency_error` are the relative errors of RK4 in the speed (at the end) and the frequency of gyration.
    Raises NumericalError where RK4 is unstable (h > 2.78 τ with drag); ConfigError where noise is asked for without drag or
    with RK4, or the tracks would not fit into memory.
    """
    ion = SPECIES[species]
    if samples > steps + 1:
        raise ConfigError(
            f"{samples} samples cannot be taken of {steps} steps", "ions.fly", f"samples = {steps + 1}, or more steps"
        )
    if brownian and (diffusivity_m2_s is None or pusher == "rk4"):
        missing = "a diffusivity" if diffusivity_m2_s is None else "the exact pusher: RK4 has no noise"
        raise ConfigError(f"thermal noise needs {missing}", "ions.fly", "diffusivity_m2_s = 3e-10, pusher = 'rotation'")
    if 6 * 8 * ions * samples > MAX_TRACK_BYTES:
        need = 6 * 8 * ions * samples / 2**30
        raise ConfigError(f"the tracks would take {need:.0f} GiB", "ions.fly", "keep fewer samples, or fly fewer ions")
    drag = 0.0 if diffusivity_m2_s is None else 1.0 / relaxation_time(ion.mass_kg, diffusivity_m2_s, temperature_K)
    rate = complex(drag, cyclotron_frequency(ion.charge_C, ion.mass_kg, flux_density_T))
    specific = ion.charge_C / ion.mass_kg
    force = (specific * transverse_field_V_m, 0.0, specific * field_V_m)
    step = duration_s / steps
    variance = thermal_speed(ion.mass_kg, temperature_K, 1) ** 2

    setting = [
        species,
        rate,
        force,
        variance,
        transverse_velocity_m_s,
        thermal,
        brownian,
        pusher,
        duration_s,
        steps,
        samples,
        ions,
    ]
    fingerprint = content_key([list(map(str, setting)), rng.bit_generator.state])
    velocity = np.zeros((3, ions))
    velocity[0] = transverse_velocity_m_s
    if thermal:
        velocity += math.sqrt(variance) * rng.standard_normal((3, ions))
    push: Push
    if pusher == "rk4":
        check_rk4(rate, step, "pusher = 'rotation'")
        push = partial(rk4_step, step_s=step, acceleration=uniform_acceleration(rate, force))
    else:
        flow = uniform_flow(rate, force, step, variance if brownian else 0.0)
        push = partial(linear_step, flow=flow, rng=rng if brownian else None)
    recorded = np.round(np.linspace(0, steps, samples)).astype(np.int64)
    tracks = follow(push, velocity, recorded, rng, context, fingerprint)
    names = ("x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s")
    meta = {
        "species": species,
        "mass_kg": ion.mass_kg,
        "charge_C": ion.charge_C,
        "flux_density_T": flux_density_T,
        "pusher": pusher,
        **(gyration_errors(rate, step, steps) if pusher == "rk4" else {}),
    }
    return Measurement.of(TRACKS, {"time_s": recorded * step, **dict(zip(names, tracks, strict=True))}, meta)


@fly.plot
def draw(tracks: Measurement, ax: Axes) -> None:
    """Side view: the field lies along z, to the right; at most twenty ions."""
    from anodefree.core.figure import INK

    (along, unit_z), (across, unit_x) = (_length(float(np.ptp(tracks[n][:20]))) for n in ("z_m", "x_m"))
    for x, z in zip(tracks["x_m"][:20], tracks["z_m"][:20], strict=True):
        ax.plot(along * z, across * x, lw=1.0)
    ax.plot(0.0, 0.0, "o", color=INK, ms=3, zorder=3)
    ax.set_xlabel(f"z, along the field / {unit_z}")
    ax.set_ylabel(f"x, across the field / {unit_x}")


def _length(extent_m: float) -> tuple[float, str]:
    """The factor and the unit in which a length of this size is best read."""
    for unit_m, unit in ((1.0, "m"), (1e-3, "mm"), (1e-6, "µm"), (1e-9, "nm"), (1e-12, "pm")):
        if extent_m >= unit_m:
            return 1.0 / unit_m, unit
    return 1e15, "fm"


@fly.demo
def demo(rng: np.random.Generator) -> Demo:
    """Three turns of a lithium ion in vacuum by RK4; the truth is the closed form."""
    speed, field, across = rng.uniform(300, 1500), rng.uniform(-20, 20), rng.uniform(-1, 1)
    flux, ion = rng.uniform(0.005, 0.015), SPECIES["Li+"]
    duration = 3.0 * 2.0 * math.pi / cyclotron_frequency(ion.charge_C, ion.mass_kg, flux)
    steps, samples = 2000, 201
    position, velocity = uniform_field_path(
        np.arange(samples) * (duration / (samples - 1)),
        (speed, 0.0, 0.0),
        charge_C=ion.charge_C,
        mass_kg=ion.mass_kg,
        flux_density_T=flux,
        electric_field_V_m=(across, 0.0, field),
    )
    names = ("x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s")
    return Demo(
        inputs=(),
        truth={n: a[None, :] for n, a in zip(names, [*position, *velocity], strict=True)},
        parameters={
            "duration_s": duration,
            "flux_density_T": flux,
            "field_V_m": field,
            "transverse_field_V_m": across,
            "transverse_velocity_m_s": speed,
            "steps": steps,
            "samples": samples,
        },
        tolerance=1e-7,
    )
