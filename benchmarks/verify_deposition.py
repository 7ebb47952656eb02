"""Deposits beside exact solutions, and what they cost: errors by grid, width, floor and step; times and memory by size.

    python benchmarks/verify_deposition.py [ripples|cylinder|orientation|floor|speed|cube]...

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
    print("| wavelength / um | cells per wavelength | conductivity / S/m | growth rate over theory, width 0.75 | width 1.5 |")
    for cells, waves in ((160, 1), (160, 2), (160, 5), (160, 10), (320, 10), (640, 10)):
        for conductivity in (1e-4, 1e-3, 1e-1):
            ratio = [np.divide(*ripple_rate(cells, waves, conductivity, w)) for w in (0.75, 1.5)]
            found = f"{ratio[0]:.4f} | {ratio[1]:.4f}"
            print(f"| {20 / waves:g} | {cells // waves} | {conductivity:g} | {found} |", flush=True)


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


def orientation() -> None:
    print("| model | cells to the tip | reach at 45 degrees with the axis turned by 45, over upward with it upright |")
    for cells in (80, 160, 320):
        reached = [grown_crystal(cells, turned) for turned in (0.0, math.pi / 4)]
        print(f"| deposit.grow | {reached[0] * cells / 10e-6:.0f} | {reached[1] / reached[0]:.4f} |", flush=True)
    for cells in (32, 64, 128):
        reached = [classical_crystal(cells, turned) for turned in (0.0, math.pi / 4)]
        print(f"| deposit.classical | {reached[0] * cells / 16:.0f} | {reached[1] / reached[0]:.4f} |", flush=True)


def reach_along(metal: np.ndarray, angle: float, origin: float) -> float:
    """Cells from the corner (row 0, column `origin`) to where the metal falls to one half, along an angle to the columns."""
    from scipy.ndimage import map_coordinates

    r = np.linspace(0, min(metal.shape), 40 * min(metal.shape) + 1)
    line = map_coordinates(metal, [r * math.sin(angle) - 0.5, origin + r * math.cos(angle) - 0.5], order=1, mode="nearest")
    inside = np.flatnonzero(line > 0.5)
    return float(r[inside[-1]])


def grown_crystal(cells: int, turned: float) -> float:
    """Reach [m] of a crystal of anisotropic kinetics, 1 + 0.05 cos 4(theta - theta0), in its fast direction, from a site."""
    box = Box((cells // 2, 1, cells), 10e-6 / cells)
    sites = spots(box, [(0, 5e-6)], np.array([0.5e-6]), np.zeros(1), 0.0)
    liquid = Liquid(1e3, 3e-10, 1.0, 1200.0, 298.15, 0.0)
    growth = Growth(box, liquid, surface(cells, anisotropy=0.05, axis_rad=turned), sites, Numerics())
    carried(
        growth,
        Leg(None, duration_s=2.5e-6 / (RISE_M_PER_C_M2 * 2 * J0 * math.sinh(liquid.per_volt * 0.025)), potential_V=-0.05),
    )
    angle = math.pi / 4 if turned else math.pi / 2
    edge = cells / 2 + (0.5e-6 / box.cell_m if turned else 0.0)  # a corner of the strip, or its middle
    return reach_along(growth.state.lithium[:, 0], angle, edge) * box.cell_m


def carried(growth: Growth, leg: Leg) -> None:
    growth.begin(leg)
    spent = 0.0
    while leg.duration_s - spent > 1e-9 * leg.duration_s:
        now = growth.moment(leg)
        spent += growth.advance(now, growth.longest_s(leg, now, 0.0, spent))


def classical_crystal(cells: int, turned: float) -> float:
    """Reach [um] of a quarter of a crystal of the classical model, delta 0.05, in the direction of the least energy."""
    from anodefree.simulation.deposition.classical_step import Equations, Stepper

    h = 16 / cells
    least = turned - math.pi / 4  # kappa is largest along theta0, and the crystal grows between
    e = Equations((cells, cells), (h, h), voltage_V=0.0, reaction_per_s=0.1, sites_over_salt=1e-6, open_top=False,
                  anisotropy=0.05, angle_rad=least)  # fmt: skip
    x = (np.arange(cells) + 0.5) * h
    metal = 0.5 * (1 + np.tanh(2 * (3.0 - np.hypot(x[:, None], x[None, :]))))
    stepper = Stepper(e)
    state = stepper.start(metal, np.full_like(metal, 2.0))
    for _ in range(400):
        state = stepper.advance(state, 0.05)
    return reach_along(state.metal, math.pi / 4 if turned else math.pi / 2, 0.0) * h


SITES = {"sites_m": (7e-6, 18e-6, 26e-6, 33e-6, 44e-6), "site_radius_m": 0.5e-6, "film_ohm_m2": 1e-3}


def floor() -> None:
    print("| floor | final potential / mV | height / um |")
    for value in (1e-3, 1e-4, 1e-6, 1e-8):
        made = stages.get("deposit.grow")(cells=200, floor=value, frames=2, **SITES)
        print(f"| {value:g} | {1e3 * made['electrode_potential_V'][-1]:.5f} | {1e6 * made['tip_height_m'][-1]:.4f} |")


def told(made, cells: int, seconds: float, table: list[tuple[float, float, float]]) -> str:
    steps = made.meta["steps"]
    table.append((cells, seconds / steps, seconds))
    rest = f"{made.meta['memory_bytes'] / 2**20:.0f} | {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}"
    return f"{steps} | {1e3 * seconds / steps:.1f} | {seconds:.1f} | {rest} |"


def exponents(table: list[tuple[float, float, float]]) -> None:
    cells, step, whole = np.log(np.array(table)).T
    print(f"a step costs cells^{np.polyfit(cells, step, 1)[0]:.2f}, a run cells^{np.polyfit(cells, whole, 1)[0]:.2f}")


HEAD = "| cells | steps | ms a step | processor time / s | memory, stated / MiB | peak of the process / MiB |"


def speed() -> None:
    print(HEAD)
    grow = stages.get("deposit.grow")
    grow(cells=100, frames=2, **SITES)
    table: list[tuple[float, float, float]] = []
    for cells in (100, 200, 400, 800):
        start = time.process_time()
        made = grow(cells=cells, **SITES)
        print(f"| {cells} x {cells // 2} |", told(made, cells**2 // 2, time.process_time() - start, table), flush=True)
    exponents(table)


def cube() -> None:
    print(HEAD)
    grow = stages.get("deposit.grow")
    places = tuple(4e-6 + 8e-6 * n for pair in ((i, j) for i in range(3) for j in range(3)) for n in pair)
    table: list[tuple[float, float, float]] = []
    for cells in (32, 48, 64, 96):
        start = time.process_time()
        box = {"width_m": 24e-6, "height_m": 24e-6, "depth_m": 24e-6}
        made = grow(cells=cells, **box, sites_m=places, site_radius_m=0.8e-6, frames=3)
        print(f"| {cells}^3 |", told(made, cells**3, time.process_time() - start, table), flush=True)
    exponents(table)


if __name__ == "__main__":
    tables = {
        "ripples": ripples,
        "cylinder": cylinder,
        "orientation": orientation,
        "floor": floor,
        "speed": speed,
        "cube": cube,
    }
    for name in sys.argv[1:] or tables:
        tables[name]()
        print()
