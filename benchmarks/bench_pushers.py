"""Ions in uniform fields: our Runge-Kutta and our exact rotation against scipy's DOP853, on the same input in one process.

    python benchmarks/bench_pushers.py [ions] [turns]

Prints, for each, particle steps per second, the time for the whole flight, and the largest error of position against the closed
form in units of the gyroradius. DOP853 integrates all ions as one system (its fastest way) to a relative tolerance of 1e-8.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from scipy.integrate import solve_ivp

from anodefree.numerics.pushers import linear_step, rk4_step
from anodefree.physics.lorentz import cyclotron_frequency, uniform_field_path
from anodefree.physics.transport import SPECIES, thermal_speed
from anodefree.simulation.ions.fly import uniform_acceleration, uniform_flow

ION, FLUX_T, FIELD_V_M = SPECIES["Li+"], 0.01, (0.0, 0.0, 10.0)


def main(ions: int = 1000, turns: int = 20) -> None:
    """Fly the same ions three ways and print one line for each."""
    omega = cyclotron_frequency(ION.charge_C, ION.mass_kg, FLUX_T)
    periods = turns + 0.37  # not a whole number: after whole turns every closed orbit is back at its start
    duration = periods * 2 * math.pi / omega
    force = tuple(ION.charge_C / ION.mass_kg * e for e in FIELD_V_M)
    launch = thermal_speed(ION.mass_kg, 298.15, 1) * np.random.default_rng(1).standard_normal((3, ions))
    radius = thermal_speed(ION.mass_kg, 298.15) / omega
    acceleration = uniform_acceleration(complex(0, omega), force)
    exact = np.stack(
        [
            uniform_field_path(
                duration,
                v,
                charge_C=ION.charge_C,
                mass_kg=ION.mass_kg,
                flux_density_T=FLUX_T,
                electric_field_V_m=FIELD_V_M,
            )[0][:, 0]
            for v in launch.T
        ],
        axis=1,
    )

    def stepped(push: Callable[..., tuple[np.ndarray, np.ndarray]], steps: int) -> tuple[np.ndarray, int]:
        x, v = np.zeros_like(launch), launch
        for _ in range(steps):
            x, v = push(x, v)
        return x, steps

    def rk4(per_turn: float) -> tuple[np.ndarray, int]:
        steps = round(per_turn * periods)
        return stepped(partial(rk4_step, step_s=duration / steps, acceleration=acceleration), steps)

    def rotation(per_turn: float) -> tuple[np.ndarray, int]:
        steps = round(per_turn * periods)
        return stepped(partial(linear_step, flow=uniform_flow(complex(0, omega), force, duration / steps)), steps)

    def dop853() -> tuple[np.ndarray, int]:
        shape = (6, ions)

        def slope(_: float, state: np.ndarray) -> np.ndarray:
            x, v = np.split(state.reshape(shape), 2)
            return np.concatenate([v, acceleration(x, v)]).ravel()

        start = np.concatenate([np.zeros_like(launch), launch]).ravel()
        found = solve_ivp(slope, (0.0, duration), start, method="DOP853", rtol=1e-8, atol=1e-9 * radius)
        return found.y[:, -1].reshape(shape)[:3], found.t.size - 1

    print(f"{ions} lithium ions, {periods} turns in {1e3 * FLUX_T:g} mT and {FIELD_V_M[2]:g} V/m along the field")
    print(f"{'':34}{'steps':>7}{'s':>9}{'M ion steps/s':>15}{'error / gyroradius':>20}{'DOP853 time / its':>19}")
    runs = {
        "scipy DOP853, rtol 1e-8": dop853,
        "rk4, 100 steps a turn": partial(rk4, 100),
        "rk4, 500 steps a turn": partial(rk4, 500),
        "exact rotation, 100 steps a turn": partial(rotation, 100),
        "exact rotation, 1 step a turn": partial(rotation, 1),
        "exact rotation, the whole at once": partial(rotation, 1.0 / periods),
    }
    peer = 0.0
    for name, run in runs.items():
        run()
        begin = time.perf_counter()
        end, steps = run()
        spent = time.perf_counter() - begin
        peer = peer or spent
        error = float(np.abs(end - exact)[:2].max()) / radius
        print(f"{name:34}{steps:7d}{spent:9.3f}{1e-6 * ions * steps / spent:15.2f}{error:20.1e}{peer / spent:19.1f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
