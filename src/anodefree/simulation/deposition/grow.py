"""A lithium deposit grown on a collector at an applied current: metal, salt and potential in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from anodefree.core.context import Context
from anodefree.core.keys import arrays_key, plain
from anodefree.core.measurement import Measurement
from anodefree.kinds.fields import Fields
from anodefree.registry import Demo, stage
from anodefree.simulation.deposition import options as o
from anodefree.simulation.deposition.account import account
from anodefree.simulation.deposition.figure import draw_triptych
from anodefree.simulation.deposition.growth import Growth, Leg
from anodefree.simulation.deposition.run import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("deposit.grow", version=1, cites=("chen2026", "jain2022", "newman2004", "vitos1998"))
def grow(
    *,
    current_density_A_m2: o.Current = 1.0,
    capacity_C_m2: o.Capacity = 5400.0,
    potential_V: o.Potential = None,
    width_m: o.Width = 50e-6,
    height_m: o.Height = 25e-6,
    depth_m: o.Depth = 0.0,
    cells: o.Cells = 200,
    sides: o.Sides = "mirror",
    site_spacing_m: o.Spacing = None,
    sites_m: o.Places = None,
    site_radius_m: o.Radius = 0.5e-6,
    site_radius_spread: o.RadiusSpread = 0.0,
    nucleation_V: o.Threshold = 0.0,
    nucleation_spread_V: o.ThresholdSpread = 0.0,
    blocked: o.Blocked = 1.0,
    j0_A_m2: o.Exchange = 13.4,
    transfer_coefficient: o.Transfer = 0.5,
    film_ohm_m2: o.Film = 0.0,
    film_spread: o.FilmSpread = 0.0,
    activity_spread: o.ActivitySpread = 0.0,
    patch_m: o.Patch = 1e-6,
    film_healing_s: o.Healing = 0.0,
    film_crack_m: o.Crack = 0.0,
    anisotropy: o.Anisotropy = 0.0,
    axis_rad: o.Axis = 0.0,
    surface_energy_N_m: o.Energy = 0.5,
    energy_anisotropy: o.EnergyAnisotropy = 0.0,
    temperature_K: o.Temperature = 298.15,
    conductivity_S_m: o.Conductivity = 1.0,
    conductivity_exponent: o.Exponent = 1.0,
    diffusivity_m2_s: o.Diffusivity = 3e-10,
    transference: o.Transference = 0.4,
    concentration_mol_m3: o.Concentration = 1200.0,
    conduction_barrier_J_mol: o.Barrier = 15e3,
    surface_barrier_J_mol: o.SurfaceBarrier = 54e3,
    counter_ohm_m2: o.Counter = 0.0,
    interface_cells: o.InterfaceCells = 0.75,
    floor: o.Floor = 1e-6,
    front_step: o.FrontStep = 0.2,
    salt_error: o.SaltError = 1e-3,
    frames: o.Frames = 21,
    precision: o.Precision = "double",
    collector: o.Collector = "",
    replica: o.Replica = 0,
    rng: np.random.Generator,
    context: Context,
) -> Fields:
    """Lithium grown from active sites of a collector, with the salt and the potential in the liquid above it.

    $\\nabla\\cdot(\\psi\\kappa\\nabla\\varphi - 2(1-t_+)\\frac{RT}{F}\\psi\\kappa\\nabla\\ln c) = -i|\\nabla\\xi|$,
    $\\partial_t(\\psi c) = \\nabla\\cdot(\\psi D\\nabla c) - \\frac{1-t_+}{F} i|\\nabla\\xi|$,
    $\\partial_t\\xi = \\frac{V_m}{F} i|\\nabla\\xi| + $ sharpening, $\\psi = 1-\\xi$,
    $i = j_0 (c/c_0)^{1-\\alpha}(e^{\\alpha f v} - e^{-(1-\\alpha) f v})$, $v = \\varphi - \\varphi_m - R i - \\gamma V_m K/F$,
    and $\\varphi_m$ such that $\\int i|\\nabla\\xi|dV = I$: ξ the fraction of metal, c the salt [mol/m3], φ the potential [V]
    that a lithium electrode in the liquid reads, against the counter electrode. A site of the collector acts as metal once the
    overpotential there has reached its own; the rest is blocked. The film R may vary from patch to patch, break where lithium
    grows and heal. Finite volumes; ξ and the charge agree to rounding (Faraday's law), salt is conserved in a closed box.
    *Valid when* the radius of a site and the gaps are several cells wide, salt is left at the surface, the liquid is dilute,
    and stress, side reactions and flow do not matter. It stops, keeping what was computed, at a short circuit, at depletion, or
    where no step converges; `stopped` says why. *Source* Newman and Thomas-Alyea 2004, chapters 8 and 12; sharpening: Jain
    2022. *Differs from the paper*, whose single-potential phase field has neither j0 nor an applied current. Raises
    ConfigError: a grid that does not resolve box or sites, or that memory does not hold. NumericalError: no first step.
    """
    given = dict(locals())
    growth = o.Conditions.of(given).growth(rng, frames)
    current = None if potential_V is not None else current_density_A_m2
    run = Run(growth, [Leg(current, capacity_C_m2, potential_V=potential_V or 0.0)], frames)
    run.carry_out(context, fingerprint(given, growth))
    return run.record.measured(growth, account(run, given))


def fingerprint(given: dict[str, Any], growth: Growth) -> str:
    """What a checkpoint must agree in: parameters and what was drawn."""
    drawn = {
        "film": growth.surface.film_ohm_m2,
        "exchange": growth.surface.exchange_A_m2,
        "threshold": growth.sites.threshold_V,
        "wall": growth.sites.wall(np.ones(growth.sites.threshold_V.size, bool)),
    }
    return arrays_key(drawn, {k: plain(v) for k, v in given.items() if k not in ("rng", "context")})


@grow.plot
def draw(fields: Measurement, ax: Axes) -> None:
    """Metal, salt and potential at the end, and the overpotential and the height in time."""
    draw_triptych(fields, ax)


@grow.demo
def demo(rng: np.random.Generator) -> Demo:
    """A flat film: the current that is asked for at every step, over an area of one, for the time that the charge takes."""
    current, j0, film = rng.uniform(0.5, 20), rng.uniform(1, 20), rng.uniform(0, 0.01)
    capacity = rng.uniform(500, 2000)
    return Demo(
        (),
        {"current_density_A_m2": current, "surface_area": 1.0, "frame_time_s": np.array([0.0, capacity / current])},
        {
            "current_density_A_m2": current,
            "capacity_C_m2": capacity,
            "width_m": 2e-6,
            "height_m": 4e-6,
            "cells": 8,
            "j0_A_m2": j0,
            "film_ohm_m2": film,
            "frames": 2,
        },
        tolerance=1e-6,
    )
