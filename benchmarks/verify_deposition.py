"""Deposits beside exact solutions, and what they cost: errors by grid, width, floor and step; times and memory by size.

    python benchmarks/verify_deposition.py [ripples|cylinder|floor|speed|cube]...

Prints the tables of docs/deposition.md. The first run of a machine compiles for a minute.
"""

from __future__ import annotations

import math
import resource
import sys
import time

import numpy as np

from anodefree import stages
from anodefree.simulation.deposition.cell import Box, Liquid, Numerics, Surface
from anodefree.simulation.deposition.growth import RISE_M_PER_C_M2, Growth, Leg
from anodefree.simulation.deposition.sites import everywhere, spots

J0 = 13.4


def even(conductivity: float) -> Liquid:
    return Liquid(conductivity, 3e-10, 1.0, 1200.0, 298.15, 0.0)


def surface(columns: int, **given: float) -> Surface:
    return Surface(np.full((1, columns), J0), np.zeros((1, columns)), **given)


def ripple_rate(cells: int, waves: int, conductivity: float, width_cells: float) -> tuple[float, float]:
    """Growth rate of a small ripple, and that of linear theory, k coth(kH) where the counter electrode is an equipotential."""
    width, h = 20e-6, 20e-6 / cells
    box, liquid = Box((cells, 1, cells), h), even(conductivity)
    growth = Growth(box, liquid, surface(cells), everywhere(box), Numerics(width_cells, tolerance=1e-9))
    x, z, k, small = box.centres_m(2), box.centres_m(0), 2 * math.pi * waves / width, 0.02 * h
    front = 4e-6 + small * np.cos(k * x)
    growth.state.lithium = 0.5 * (1 - np.tanh((z[:, None] - front) / (2 * width_cells * h)))[:, None, :]
    now = growth.moment(Leg(1.0, 1.0))
    column = np.bincount(now.front.at % cells, now.flow.per_face_A_m2, cells)
    found = 2 * float((column * np.cos(k * x)).mean()) / small * RISE_M_PER_C_M2
    stiff = J0 * liquid.per_volt * math.cosh(math.asinh(1 / (2 * J0)))
    effective = k / math.tanh(k * (width - 4e-6))
    return found, RISE_M_PER_C_M2 * effective / (1 + conductivity * effective / stiff)


def ripples() -> None:
    print("| wavelength / um | conductivity / S/m | cells per wavelength | growth rate over theory, width 0.75 | width 1.5 |")
    for waves in (1, 2, 5, 10):
        for conductivity in (1e-4, 1e-3, 1e-1):
            ratio = [np.divide(*ripple_rate(160, waves, conductivity, w)) for w in (0.75, 1.5)]
            print(f"| {20 / waves:g} | {conductivity:g} | {160 // waves} | {ratio[0]:.4f} | {ratio[1]:.4f} |")


def cylinder_area(cells: int, step: float, width_cells: float, turned: float = 0.0) -> tuple[float, float, float]:
    """Area of a half cylinder grown at a fixed rate over the sharp front's, and its reach at 0 and 45 degrees over upward."""
    box = Box((cells // 2, 1, cells), 10e-6 / cells)
    sites = spots(box, [(0, 5e-6)], np.array([0.5e-6]), np.zeros(1), 0.0)
    liquid = Liquid(1e3, 3e-10, 1.0, 1200.0, 298.15, 0.0)
    growth = Growth(box, liquid, surface(cells, axis_rad=turned), sites, Numerics(width_cells, front_step=step))
    speed = RISE_M_PER_C_M2 * 2 * J0 * math.sinh(liquid.per_volt * 0.025)
    leg = Leg(None, duration_s=2e-6 / speed, potential_V=-0.05)
    growth.begin(leg)
    spent = reach = 0.0
    while leg.duration_s - spent > 1e-9:
        now = growth.moment(leg)
        # The closed box concentrates its salt: the front's own speed is that of the mean concentration.
        fast = speed * math.sqrt(float(growth.state.concentration[-1].mean()) / 1200)
        took = growth.advance(now, growth.longest_s(leg, now, 0.0, spent))
        spent, reach = spent + took, reach + fast * took
    h, lithium = box.cell_m, growth.state.lithium[:, 0]
    upward = float(lithium[:, cells // 2].sum()) * h
    outward = (float(lithium[0].sum()) * h - 1e-6) / 2
    z, x = np.mgrid[0.5 : cells // 2, 0.5:cells]
    beyond = np.abs(x - cells / 2) * h - 0.5e-6
    slanted = (np.abs(np.arctan2(z * h, beyond) - math.pi / 4) < 0.1) & (beyond > 0)
    diagonal = math.sqrt(2 * float(lithium[slanted].sum()) * h * h / 0.4)  # both sides
    return float(lithium.sum()) * h * h / (1e-6 * reach + math.pi * reach**2 / 2), outward / upward, diagonal / upward


def cylinder() -> None:
    print(
        "| cells across 10 um | step / cells | width / cells | area over the sharp front's | along / up | at 45 degrees / up |"
    )
    for cells, step, width in (
        (80, 0.2, 0.75),
        (160, 0.2, 0.75),
        (320, 0.2, 0.75),
        (160, 0.2, 1.5),
        (160, 0.1, 0.75),
        (160, 0.05, 0.75),
    ):
        area, along, diagonal = cylinder_area(cells, step, width)
        print(f"| {cells} | {step} | {width} | {area:.4f} | {along:.3f} | {diagonal:.3f} |", flush=True)


SITES = {"sites_m": (7e-6, 18e-6, 26e-6, 33e-6, 44e-6), "site_radius_m": 0.5e-6, "film_ohm_m2": 1e-3}


def floor() -> None:
    print("| floor | final potential / mV | height / um |")
    for value in (1e-3, 1e-4, 1e-6, 1e-8):
        made = stages.get("deposit.grow")(cells=200, floor=value, frames=2, **SITES)
        print(f"| {value:g} | {1e3 * made['electrode_potential_V'][-1]:.5f} | {1e6 * made['tip_height_m'][-1]:.4f} |")


def speed() -> None:
    print("| cells | steps | processor time / s | memory, stated / MiB | peak of the process / MiB |")
    grow = stages.get("deposit.grow")
    grow(cells=100, frames=2, **SITES)
    for cells in (100, 200, 400):
        start = time.process_time()
        made = grow(cells=cells, **SITES)
        wall = time.process_time() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        steps, stated = made.meta["steps"], made.meta["memory_bytes"] / 2**20
        print(f"| {cells} x {cells // 2} | {steps} | {wall:.1f} | {stated:.0f} | {peak:.0f} |", flush=True)


def cube() -> None:
    grow = stages.get("deposit.grow")
    for cells in (32, 48, 96):
        start = time.process_time()
        made = grow(
            cells=cells,
            width_m=24e-6,
            height_m=24e-6,
            depth_m=24e-6,
            site_spacing_m=8e-6,
            site_radius_m=0.8e-6,
            frames=3,
        )
        print(f"| {cells}^3 | {made.meta['steps']} | {time.process_time() - start:.1f} | {made.meta['stopped']} |", flush=True)


if __name__ == "__main__":
    tables = {"ripples": ripples, "cylinder": cylinder, "floor": floor, "speed": speed, "cube": cube}
    for name in sys.argv[1:] or tables:
        tables[name]()
        print()
