"""Flights against PlasmaPy's tracker and scipy's integrator, on the same fields in one process; time and memory to many ions.

    python benchmarks/bench_flight.py [particles] [largest number of ions]

(100000 and 1000000; ten million take minutes.) Three tables, by the clock and by the processor
time of all threads. Particle steps per second and the error against the closed
form, ours and PlasmaPy's, both Boris on the same grid of E and B in space, averaged by volume; PlasmaPy takes a velocity for
that half a step before its place, so its error is given against the closed form from there too. Trajectories per second to
capture at an electrode, ours and scipy's solve_ivp with an event and a RegularGridInterpolator, with the distance of landing
places from a reference of 6000 steps. Wall time and peak memory against the number of ions.
"""

from __future__ import annotations

import math
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from anodefree.physics.lorentz import cyclotron_frequency, uniform_field_path
from anodefree.physics.transport import SPECIES, thermal_speed
from anodefree.simulation.ions.cell_tables import spline_tables
from anodefree.simulation.ions.field import field
from anodefree.simulation.ions.field_ellipsoid import field_ellipsoid
from anodefree.simulation.ions.flight import flight
from anodefree.simulation.ions.flying import scales

ION, THREADS = SPECIES["Li+"], 2
E_V_M, B_T, HALF_M, NODES = 10.0, 0.01, 0.5, 20


def seconds(run, repeats: int = 3) -> tuple[float, float]:
    """The medians of a few wall times and of the processor times of all threads, which other jobs disturb less."""
    taken = []
    for _ in range(repeats):
        begin, spent = time.perf_counter(), time.process_time()
        run()
        taken.append((time.perf_counter() - begin, time.process_time() - spent))
    wall, processor = np.median(taken, axis=0)
    return float(wall), float(processor)


def grid_steps(particles: int) -> None:
    """Particle steps a second on a grid in space, ours and PlasmaPy's."""
    from anodefree.numerics.compiled.grid_boris import push

    step = 2 * math.pi / abs(cyclotron_frequency(ION.charge_C, ION.mass_kg, B_T)) / 100
    specific = ION.charge_C / ION.mass_kg
    rng = np.random.default_rng(1)
    start = np.c_[
        0.1 * HALF_M * rng.uniform(-1, 1, (particles, 3)),
        thermal_speed(ION.mass_kg, 298.15, 1) * rng.standard_normal((particles, 3)),
    ]
    table = np.zeros((NODES, NODES, NODES, 6))
    table[..., 2], table[..., 5] = specific * E_V_M, specific * B_T
    first, per = np.full(3, -HALF_M), np.full(3, (NODES - 1) / (2 * HALF_M))

    def exact(time_s: float, launch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        fields = {"flux_density_T": B_T, "electric_field_V_m": (0, 0, E_V_M)}
        return uniform_field_path(time_s, launch, charge_C=ION.charge_C, mass_kg=ION.mass_kg, **fields)

    def error(state: np.ndarray, steps: int, ahead: float = 0.0) -> float:
        radius, worst = thermal_speed(ION.mass_kg, 298.15) / (specific * B_T), 0.0
        for now, then in zip(state[:200], start[:200], strict=True):
            path, _ = exact(steps * step, exact(ahead * step, then[3:])[1][:, 0])
            worst = max(worst, float(np.abs(now[:3] - then[:3] - path[:, 0])[:2].max()) / radius)
        return worst

    def ours(threads: int, steps: int) -> np.ndarray:
        state = start.copy()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda part: push(table, first, per, part, step, steps), np.array_split(state, 4 * threads)))
        return state

    rows = []
    ours(1, 1)
    for threads in (1, THREADS):
        steps = 100
        rows.append(
            (
                f"ours, Boris, {threads} thread" + "s" * (threads > 1),
                *(particles * steps / np.array(seconds(lambda t=threads: ours(t, 100)))),
                error(ours(threads, steps), steps),
            )
        )
    peer = plasmapy_steps(start, step)
    if peer is not None:
        rates = [particles * peer[1] / spent for spent in peer[0]]
        rows.append(("PlasmaPy, volume averaged, Boris", *rates, error(peer[2], peer[1])))
        rows.append(("  from half a step before", *rates, error(peer[2], peer[1], 0.5)))
    print(f"\n{particles} Li+ on a grid of {NODES}^3 of E and B, 100 steps a turn; error across B against the closed form")
    print(f"{'':38}{'M steps/s':>11}{'times PlasmaPy':>16}{'by processor':>14}{'error / gyroradius':>20}")
    for name, rate, by_processor, wrong in rows:
        times = [rate / rows[-1][1], by_processor / rows[-1][2]] if peer is not None else [math.nan] * 2
        print(f"{name:38}{1e-6 * rate:11.2f}{times[0]:16.1f}{times[1]:14.1f}{wrong:20.1e}")


def plasmapy_steps(start: np.ndarray, step: float) -> tuple[tuple[float, float], int, np.ndarray] | None:
    """Wall and processor seconds, steps and last places of PlasmaPy's tracker; None where it is not installed."""
    try:
        import astropy.units as u
        from plasmapy.particles import CustomParticle
        from plasmapy.plasma.grids import CartesianGrid
        from plasmapy.simulation.particle_integrators import BorisIntegrator
        from plasmapy.simulation.particle_tracker.particle_tracker import ParticleTracker
        from plasmapy.simulation.particle_tracker.termination_conditions import TimeElapsedTerminationCondition
    except ImportError:
        return None
    steps = 100
    grid = CartesianGrid(-HALF_M * u.m, HALF_M * u.m, num=NODES)
    shape = (NODES,) * 3
    zero = np.zeros(shape)
    grid.add_quantities(
        E_x=zero * u.V / u.m, E_y=zero * u.V / u.m, E_z=np.full(shape, E_V_M) * u.V / u.m,
        B_x=zero * u.T, B_y=zero * u.T, B_z=np.full(shape, B_T) * u.T,
    )  # fmt: skip
    particle = CustomParticle(mass=ION.mass_kg * u.kg, charge=ION.charge_C * u.C)

    def run() -> ParticleTracker:
        tracker = ParticleTracker(
            grid, TimeElapsedTerminationCondition((steps - 0.5) * step * u.s), particle_integrator=BorisIntegrator,
            dt=step * u.s, field_weighting="volume averaged", verbose=False,
        )  # fmt: skip
        tracker.load_particles(start[:, :3] * u.m, start[:, 3:] * u.m / u.s, particle)
        begin, spent = time.perf_counter(), time.process_time()
        tracker.run()
        tracker.spent = time.perf_counter() - begin, time.process_time() - spent
        return tracker

    done = [run()]
    places = np.asarray(getattr(done[-1].x, "value", done[-1].x))
    made = round(float(np.unique(np.asarray(done[-1].time)).item()) / step)  # it goes one step beyond the time asked for
    return done[-1].spent, made, places


def trajectories() -> None:
    """Trajectories a second to capture, ours and scipy's."""
    from scipy.integrate import solve_ivp
    from scipy.interpolate import RegularGridInterpolator

    from anodefree.numerics.compiled.spline_table import potential

    cell = field()
    gap, voltage = cell.meta["gap_m"], cell.meta["voltage_V"]
    flux = 15.0 / (cyclotron_frequency(ION.charge_C, ION.mass_kg, 1.0) * scales(gap, voltage, ION)[0])
    settings = {"anions": False, "paths": 0, "flux_density_T": flux, "threads": THREADS}
    exact = flight(cell, ions=100, steps_per_flight=6000, **settings)
    rows = []
    for pusher, steps, threads in (
        ("rk4", 200, THREADS),
        ("rk4", 80, THREADS),
        ("rk4", 80, 1),
        ("boris", 200, THREADS),
        ("rotation", 200, THREADS),
    ):
        settings["threads"] = threads
        run = lambda p=pusher, s=steps: flight(cell, ions=50_000, pusher=p, steps_per_flight=s, **settings)  # noqa: E731
        found = run()
        shift = np.hypot(found["end_x_m"][:100] - exact["end_x_m"], found["end_y_m"][:100] - exact["end_y_m"]) / gap
        name = f"ours, {pusher}, {steps} steps, {threads} thread" + "s" * (threads > 1)
        rows.append((name, *(50_000 / np.array(seconds(run))), shift))
    tables, grids = spline_tables(cell, "potential_V", voltage)
    r, z = np.linspace(0, 0.5, 251), np.linspace(-0.02, 1.0, 511)
    slopes = np.array([[potential(tables, grids, a, 0.0, b) for b in z] for a in r])
    sampled = RegularGridInterpolator((r, z), slopes[..., [0, 1, 3]], bounds_error=False, fill_value=None)
    omega = 15.0

    def slope(_: float, s: np.ndarray) -> np.ndarray:
        radius = math.hypot(s[0], s[1])
        _, by_r, by_z = sampled((radius, s[2]))
        out = by_r / radius if radius > 0 else 0.0
        return np.array([s[3], s[4], s[5], -out * s[0] + omega * s[4], -out * s[1] - omega * s[3], -by_z])

    def met(_: float, s: np.ndarray) -> float:
        return float(sampled((math.hypot(s[0], s[1]), s[2]))[0])

    met.terminal, met.direction = True, -1  # type: ignore[attr-defined]
    starts = np.c_[exact["start_x_m"], exact["start_y_m"], exact["start_z_m"]][:30] / gap
    for rtol, longest in ((1e-6, 0.01), (1e-6, np.inf)):
        begin, worked, ends = time.perf_counter(), time.process_time(), []
        for s in starts:
            found = solve_ivp(slope, (0, 10), np.r_[s, 0, 0, 0], rtol=rtol, atol=1e-9, max_step=longest, events=met)
            ends.append(found.y_events[0][0][:2])
        spent, worked = time.perf_counter() - begin, time.process_time() - worked
        shift = np.hypot(*(np.array(ends) - np.c_[exact["end_x_m"], exact["end_y_m"]][:30] / gap).T)
        name = f"scipy RK45, rtol {rtol:g}" + (", capped at 0.01" if longest < 1 else ", free steps")
        rows.append((name, len(starts) / spent, len(starts) / worked, shift))
    capped, free = rows[-2][2], rows[-1][2]
    print("\nLi+ through the cell to capture, Lambda 15; landing places against the reference; ratios by processor time of all")
    print(f"{'':38}{'ions/s':>9}{'by processor':>14}{'times capped':>14}{'times free':>12}{'median / gap':>14}{'largest':>9}")
    for name, rate, own, shift in rows:
        ratios = f"{own / capped:14.0f}{own / free:12.0f}"
        print(f"{name:38}{rate:9.0f}{own:14.0f}{ratios}{np.median(shift):14.0e}{shift.max():9.0e}")


def scaling(most: int) -> None:
    """Wall time and peak memory of whole stages, 100 000 ions kept."""
    cell = field()
    print(f"\nThe whole stage, 200 steps a flight, {THREADS} threads, 100 000 ions kept, the rest in tallies")
    print(f"{'ions':>12}{'s':>10}{'processor s':>13}{'ions/s':>12}{'peak memory / MB':>18}{'on the protrusion':>20}")
    ions = 100_000
    while ions <= most:
        begin, worked = time.perf_counter(), time.process_time()
        found = flight(cell, ions=ions, anions=False, paths=0, kept=100_000, threads=THREADS)
        spent, worked = time.perf_counter() - begin, time.process_time() - worked
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{ions:12d}{spent:10.2f}{worked:13.2f}{ions / spent:12.0f}{peak:18.0f}{found['ended'][0, 1] / ions:20.5f}",
            flush=True,
        )
        ions *= 10
    settings = {"anions": False, "paths": 0, "liquid": True, "pusher": "overdamped", "steps_per_flight": 1000}

    def liquid() -> None:
        flight(cell, ions=10_000, threads=THREADS, **settings)

    liquid()
    space = field_ellipsoid(base_x_m=3e-6, base_y_m=3e-6)
    run = lambda: flight(space, ions=10_000, anions=False, paths=0, threads=THREADS)  # noqa: E731
    run()
    print(f"through a map in space, 200 steps a flight: {10_000 / seconds(run)[0]:.0f} ions/s")
    print(f"in the liquid, overdamped, 1000 steps a drift: {10_000 / seconds(liquid, 1)[0]:.0f} ions/s")


if __name__ == "__main__":
    given = list(map(int, sys.argv[1:3]))
    grid_steps(given[0] if given else 100_000)
    trajectories()
    scaling(given[1] if len(given) > 1 else 1_000_000)
