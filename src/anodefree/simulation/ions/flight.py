"""Ions flown through the whole cell, cations down and anions up, in vacuum as in the paper or in the liquid."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.core.movie import Movie
from anodefree.kinds.flights import Flights
from anodefree.kinds.potential_map import POTENTIAL_MAP, PotentialMap
from anodefree.physics.transport import SPECIES
from anodefree.registry import Demo, stage
from anodefree.simulation.ions import flight_options as o
from anodefree.simulation.ions.flight_figure import draw_paths, film_paths
from anodefree.simulation.ions.flying import Magnetic, flown, scales
from anodefree.simulation.ions.launch import OFF

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("ions.flight", version=3, cites=("chen2026", "hairer1993", "boris1970", "hochbruck2010", "gillespie1996", "steele2014"))
def flight(
    cell: PotentialMap,
    *,
    ions: o.Ions = 2000,
    flux_density_T: o.FluxDensity = 0.01,
    tilt_rad: o.Tilt = 0.0,
    liquid: o.Liquid = False,
    cation_diffusivity_m2_s: o.CationDiffusivity = 3e-10,
    anion_diffusivity_m2_s: o.AnionDiffusivity = 2e-10,
    temperature_K: o.Temperature = 298.15,
    emission: o.Launch = "rest",
    anions: o.Anions = True,
    pusher: o.Push = "rk4",
    steps_per_flight: o.Steps = 200,
    side: o.SideOfCell = "reflects",
    paths: o.Paths = 40,
    kept: o.Kept = o.KEPT,
    threads: o.Threads = 2,
    pairing: o.Pairing = 0,
    context: Context,
) -> Flights:
    """Flights of lithium ions from the upper electrode and of anions from the lower one, to where they are captured.

    $m\\,dv/dt = q(-\\nabla\\varphi + v \\times B) - \\gamma v + \\sqrt{2kT\\gamma}\\,\\xi$ with γ = 0 (vacuum, the paper's
    picture) or γ = kT/D (`liquid`). In vacuum: classical Runge-Kutta (order 4), Boris, or the exact rotation with the force
    averaged over the step (both order 2). In the liquid: the exact Langevin step (order 2 in the force), which holds from steps
    far below the relaxation time to far above, or its overdamped limit, where only steps far above hold. Steps are halved up to
    7 times near the tip. An ion is captured exactly where its path meets the electrode (a cubic in vacuum; in the liquid the
    chord, and a Brownian bridge for touches between two points). An ion is reflected by the electrode it came from. Random
    numbers belong to `pairing`, the ion and its step: threads do not change them. Beyond `kept` ions only tallies grow, so
    memory does not. A stopped run goes on from its checkpoint.
    *Valid when* ions do not meet, and φ does not change with them. In vacuum this is an illustration: in a
    liquid the velocity is lost within femtoseconds. *Source* Hairer, Nørsett and Wanner 1993; Boris 1970; Hochbruck and
    Ostermann 2010; Gillespie 1996. *Differs from the paper* in the exact capture (it takes a distance below a threshold), the
    liquid, and the anions' own flight. Arrays over `ion`: species, start, end, surface, time_of_flight_s, path_length_m, turns,
    winding; over (`path`, `sample`): the paths of a few; over (`sort`, ...): tallies of all. Raises ConfigError: a step too
    long for the gyration, no voltage and ions at rest, an overdamped flight in vacuum.
    """
    conditions = o.Conditions(
        ions,
        liquid,
        cation_diffusivity_m2_s,
        anion_diffusivity_m2_s,
        temperature_K,
        emission,
        anions,
        pusher,
        steps_per_flight,
        side,
        paths,
        kept,
        threads,
        pairing,
    )
    axis = (math.sin(tilt_rad), 0.0, math.cos(tilt_rad))
    return flown(cell, Magnetic(flux_density_T, axis), conditions, context)


@flight.plot
def draw(flights: Measurement, ax: Axes) -> None:
    """The kept paths, seen from the side: cations down, anions up; and the protrusion."""
    draw_paths(flights, ax)


@flight.movie
def moving(flights: Measurement) -> Movie:
    """Ions on their way, both species on one clock, with trails."""
    return film_paths(flights)


@flight.demo
def demo(rng: np.random.Generator) -> Demo:
    """Ions at rest in an even field fall for L sqrt(2m/(|q|V)) and land below where they began, whatever B along their way."""
    gap, voltage = rng.uniform(20e-6, 100e-6), rng.uniform(0.02, 0.5)
    cell = even_cell(gap, voltage)
    count = 50
    falls = [math.sqrt(2) * scales(gap * (1 - OFF), voltage * (1 - OFF), SPECIES[n])[0] for n in ("Li+", "TFSI-")]
    truth = {
        "time_of_flight_s": np.repeat(falls, count),
        "end_z_m": np.repeat([0.0, gap], count),
        "path_length_m": np.full(2 * count, gap),
    }
    return Demo((cell,), truth, {"ions": count, "paths": 3, "steps_per_flight": 50}, tolerance=1e-5)


def even_cell(gap_m: float, voltage_V: float, nodes: int = 40, wide: float = 1.0) -> Measurement:
    """A cell without a protrusion to speak of, `wide` gaps in radius: the potential rises evenly with the height."""
    r = np.arange(-14, round(nodes * wide) + 15) * gap_m / nodes
    z = np.arange(-14, nodes + 15) * gap_m / nodes
    phi = np.repeat(voltage_V * z[:, None] / gap_m, len(r), axis=1)
    meta = {
        "gap_m": gap_m,
        "radius_m": wide * gap_m,
        "boss_height_m": 1e-6 * gap_m,
        "boss_base_m": 1e-6 * gap_m,
        "tip_radius_m": gap_m,
        "voltage_V": voltage_V,
        "patch_reach_r_m": 0.1 * gap_m,
        "patch_reach_z_m": 0.1 * gap_m,
    }
    grids = {"r_m": r, "z_m": z, "potential_V": phi}
    return Measurement.of(POTENTIAL_MAP, {**grids, **{"patch_" + n: v for n, v in grids.items()}}, meta, name="even field")
