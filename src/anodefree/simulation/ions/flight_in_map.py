"""Ions flown through the cell in a mapped magnetic field: that of a film with domains and roughness, a solid, or measured."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.kinds.flights import Flights
from anodefree.kinds.flux_map import FLUX_MAP, FluxMap
from anodefree.kinds.potential_map import PotentialMap
from anodefree.physics.lorentz import cyclotron_frequency
from anodefree.physics.transport import SPECIES
from anodefree.registry import Demo, stage
from anodefree.simulation.ions import flight_options as o
from anodefree.simulation.ions.flight import even_cell
from anodefree.simulation.ions.flight_figure import draw_paths
from anodefree.simulation.ions.flux_in_cell import flux_table, middle
from anodefree.simulation.ions.flying import Magnetic, flown, scales
from anodefree.simulation.ions.launch import OFF

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("ions.flight_in_map", version=2, cites=("chen2026", "hairer1993", "boris1970", "blakely1995", "gillespie1996"))
def flight_in_map(
    cell: PotentialMap,
    flux: FluxMap,
    *,
    stand_off_m: Annotated[
        float, Par("height of the lower electrode above the film", gt=0, source="lithium upon the film", assumed=True)
    ] = 1e-6,
    axis_x_m: Annotated[float | None, Par("where the cell's axis meets the map; none: its middle")] = None,
    axis_y_m: Annotated[float | None, Par("where the cell's axis meets the map; none: its middle")] = None,
    ions: o.Ions = 2000,
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
    """Flights as in `ions.flight`, in the magnetic field of a map instead of a uniform one.

    $m\\,dv/dt = q(-\\nabla\\varphi + v \\times B(r)) - \\gamma v + \\sqrt{2kT\\gamma}\\,\\xi$. The film lies below the lower
    electrode by `stand_off_m`. A map that repeats (metadata `periodic`) is taken on its lowest plane and continued upward, each
    wave as $e^{-kz}$, which is exact above all sources; one that does not must reach over the whole cell, and its planes are
    interpolated in the logarithm of the height. Between nodes B is a cubic spline. In vacuum: Runge-Kutta, Boris, or the exact
    rotation by the local field (order 2). In the liquid: the overdamped step with the drift
    $u = (\\Gamma a + a \\times w + (a \\cdot w) w/\\Gamma)/(\\Gamma^2 + w^2)$, w the local gyration, Γ the drag.
    *Valid when* all sources lie below the cell; in the liquid while the Hall parameter stays far below 1 (1e-10 at 10 mT).
    *Source* Hairer, Nørsett and Wanner 1993; Boris 1970; Blakely 1995, chapter 12 (continuation). *Differs from the paper*,
    which takes a uniform field. Arrays as of `ions.flight`; `flux_density_T` is the rms of the map between the electrodes.
    Raises ConfigError: a map that does not cover the cell or begins above it, a step too long for the gyration, in the liquid
    a Hall parameter above 0.1; DataError: an uneven grid.
    """
    gap = float(cell.meta["gap_m"])
    centre = middle(flux)
    centre = (centre[0] if axis_x_m is None else axis_x_m, centre[1] if axis_y_m is None else axis_y_m)
    table, samples = flux_table(flux, gap, float(cell.meta["radius_m"]), stand_off_m, centre)
    square = np.sum(samples**2, axis=0)
    heights = np.geomspace(stand_off_m, stand_off_m + gap, len(square))
    mean = float(np.trapezoid(square.mean(axis=(1, 2)), heights)) / gap
    key = f"{flux.key} {stand_off_m!r} {centre!r}"
    magnetic = Magnetic(math.sqrt(mean), (0.0, 0.0, 1.0), table, math.sqrt(float(square.max())), key)
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
    return flown(cell, magnetic, conditions, context)


@flight_in_map.plot
def draw(flights: Measurement, ax: Axes) -> None:
    """The kept paths, seen from the side: cations down, anions up; and the protrusion."""
    draw_paths(flights, ax)


@flight_in_map.demo
def demo(rng: np.random.Generator) -> Demo:
    """A film of stripes. Its field bends every path and does no work: all end with the speed that the voltage gives."""
    gap, voltage = rng.uniform(20e-6, 100e-6), rng.uniform(0.02, 0.5)
    cell, ion = even_cell(gap, voltage), SPECIES["Li+"]
    time_s, speed = scales(gap, voltage, ion)
    strongest = rng.uniform(1.0, 2.0) / (cyclotron_frequency(ion.charge_C, ion.mass_kg, 1.0) * time_s)
    place = np.arange(16) * 0.5 * gap / 16
    wave = np.tile(strongest * np.cos(4 * math.pi * place / gap), (1, 16, 1))
    arrays = {"x_m": place, "y_m": place, "z_m": np.array([1e-6]), "Bz_T": wave}
    flux = Measurement.of(FLUX_MAP, arrays, {"periodic": True}, name="stripes")
    truth = {"end_speed_m_s": np.full(40, math.sqrt(2 * (1 - OFF)) * speed)}
    return Demo((cell, flux), truth, {"ions": 40, "anions": False, "paths": 2}, tolerance=1e-5)
