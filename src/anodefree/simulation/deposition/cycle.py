"""Lithium plated, rested and stripped again and again: what stays behind without contact, and the Coulombic efficiency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.kinds.fields import Fields
from anodefree.registry import Demo, stage
from anodefree.simulation.deposition import options as o
from anodefree.simulation.deposition.account import account, efficiencies, isolated_m, lithium_missing
from anodefree.simulation.deposition.figure import draw_triptych
from anodefree.simulation.deposition.grow import fingerprint
from anodefree.simulation.deposition.growth import Leg
from anodefree.simulation.deposition.run import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("deposit.cycle", version=1, cites=("chen2026", "jain2022", "newman2004", "vitos1998"))
def cycle(
    *,
    current_density_A_m2: o.Current = 1.0,
    strip_density_A_m2: o.StripCurrent = None,
    capacity_C_m2: o.Capacity = 5400.0,
    cycles: o.Cycles = 1,
    rest_s: o.Rest = 0.0,
    cut_off_V: o.CutOff = 0.5,
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
    frames: o.Frames = 6,
    precision: o.Precision = "double",
    collector: o.Collector = "",
    replica: o.Replica = 0,
    rng: np.random.Generator,
    context: Context,
) -> Fields:
    """Lithium plated on a collector and stripped to a cut-off, with rests, cycle after cycle.

    The equations of `deposit.grow` with a negative current while stripping. Metal that no longer has contact, through metal, to
    an active place of the collector carries no current: pieces of cells of more than half metal that share a face. It counts as
    isolated until growing metal reaches it. $CE_n = Q_{strip,n}/Q_{plate,n}$; the charge that does not come back is on the
    collector, isolated or behind the cut-off, to 1e-8. Of a cell's surface only what has metal behind it strips.
    *Valid when* as for `deposit.grow`, and side reactions take no lithium: the efficiency is that of lost contact alone, an
    upper bound. *Source* Newman and Thomas-Alyea 2004; Jain 2022. *Differs from the paper*, which simulates no stripping.
    `efficiency` (of each cycle), `isolated_m` (after each stretch) and `lithium_missing` are metadata. Raises ConfigError: a
    grid that does not resolve box or sites, or that memory does not hold. NumericalError: no first step.
    """
    given = dict(locals())
    back = strip_density_A_m2 or current_density_A_m2
    rest = [Leg(0.0, duration_s=rest_s)] if rest_s > 0 else []
    strip = Leg(-back, expected_C_m2=capacity_C_m2, cut_off_V=cut_off_V)
    once = [Leg(current_density_A_m2, capacity_C_m2), *rest, strip, *rest]
    growth = o.Conditions.of(given).growth(rng, frames * cycles * len(once))
    run = Run(growth, once * cycles, frames)
    run.carry_out(context, fingerprint(given, growth))
    found = {"efficiency": efficiencies(run), "isolated_m": isolated_m(run), "lithium_missing": lithium_missing(run)}
    return run.record.measured(growth, account(run, given) | found)


@cycle.plot
def draw(fields: Measurement, ax: Axes) -> None:
    """Metal, salt and potential at the end, and the potential and the height in time."""
    draw_triptych(fields, ax)


@cycle.demo
def demo(rng: np.random.Generator) -> Demo:
    """A flat film plated and stripped: at a given current the one takes as long as the other."""
    current, capacity = rng.uniform(0.5, 10), rng.uniform(1e4, 2e4)
    return Demo(
        (),
        {"frame_time_s": capacity / current * np.arange(3)},
        {
            "current_density_A_m2": current,
            "capacity_C_m2": capacity,
            "width_m": 2e-6,
            "height_m": 8e-6,
            "cells": 4,
            "frames": 2,
        },
        tolerance=1e-2,
    )
