"""A Li||Li cell from transport and kinetics: equal charges to and fro, until it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.kinds.cycling import Cycling
from anodefree.physics.plating import to_and_fro
from anodefree.registry import Demo, stage
from anodefree.simulation.cell import pair_options as o
from anodefree.simulation.cell.pair_run import measured
from anodefree.simulation.deposition import options as d
from anodefree.simulation.instruments import cycler as c
from anodefree.simulation.instruments.plate_strip import draw_trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage(
    "cell.symmetric_pair",
    version=1,
    cites=("newman2004", "pei2017", "avrami1940", "chen2017", "wood2016", "casteel1972", "sand1901", "hosea1996"),
)
def symmetric_pair(
    *,
    current_density_A_m2: Annotated[float, Par("current density", gt=0, source="section 2.5: 2 mA/cm2")] = 20.0,
    capacity_C_m2: Annotated[
        float, Par("charge of each half cycle", gt=0, source="2 mAh/cm2; not stated", assumed=True)
    ] = 72e3,
    cycles: Annotated[int, Par("number of cycles", ge=1, le=20_000)] = 10,
    efficiency: Annotated[
        float, Par("part of the plated lithium that strips again, on either electrode", gt=0, le=1, source="99.8 % at 2 mA/cm2")
    ] = 0.998,
    working_lithium_C_m2: Annotated[
        float, Par("lithium of the working electrode", gt=0, source="a foil of 450 um, usual; not stated", assumed=True)
    ] = 3.34e6,
    counter_lithium_C_m2: o.Lithium = 3.34e6,
    separator_m: o.Separator = 25e-6,
    porosity: o.Porosity = 0.41,
    tortuosity: o.Tortuosity = 2.5,
    diffusivity_m2_s: d.Diffusivity = 3e-10,
    diffusivity_fall: o.DiffusivityFall = 0.0,
    conductivity_S_m: d.Conductivity = 1.0,
    conductivity_exponent: d.Exponent = 1.0,
    conductivity_peak_mol_m3: o.Peak = None,
    thermodynamic_factor: o.Factor = 1.0,
    factor_slope: o.FactorSlope = 0.0,
    transference: d.Transference = 0.4,
    concentration_mol_m3: d.Concentration = 1200.0,
    j0_A_m2: c.ExchangeCurrent = 13.4,
    counter_j0_A_m2: o.CounterExchange = None,
    transfer_coefficient: d.Transfer = 0.5,
    film_ohm_m2: o.FilmStart = 1e-3,
    film_growth_s: o.FilmAge = None,
    film_growth_C_m2: o.FilmUse = None,
    nucleation_V: c.Nucleation = 0.05,
    nuclei_distance_m: o.NucleiDistance = 1e-6,
    roughness: o.Roughness = 1.0,
    roughness_C_m2: o.RoughnessCharge = 3600.0,
    dead_part: o.DeadPart = 0.5,
    dead_porosity: o.DeadPorosity = None,
    dead_tortuosity: o.DeadTortuosity = 1.4,
    short_C_m2: o.ShortCharge = None,
    short_ohm_m2: o.ShortResistance = 2e-3,
    temperature_K: d.Temperature = 298.15,
    conduction_barrier_J_mol: d.Barrier = 15e3,
    surface_barrier_J_mol: d.SurfaceBarrier = 54e3,
    nodes: o.Nodes = 40,
    tolerance: o.Tolerance = 1e-4,
    area_m2: c.Area = c.COIN_M2,
    cutoff_V: o.CutOff = 5.0,
    rest_s: c.Rest = 0.0,
    sampling_s: c.Sampling = 60.0,
    voltage_noise_V: c.VoltageNoise = 1e-4,
    current_noise: c.CurrentNoise = 1e-4,
    time_resolution_s: c.TimeResolution = 0.01,
    rng: np.random.Generator,
    context: Context,
) -> Cycling:
    r"""The record of a symmetric lithium cell, computed from its transport and kinetics, as a cycler would write it.

    $V = \eta_W - \eta_C + iR + i\int\tau dx/(\epsilon\kappa) + \frac{2RT}{F}(1-t_+)\int\chi\,d\ln c$ with
    $\epsilon\,\partial_t c = \partial_x(\frac{\epsilon}{\tau}D\,\partial_x c)$: `anodefree.physics.lithium_pair` has the
    equations. Fresh lithium strips first, then the foil: where fresh lithium is rough (`roughness`) that makes a step in
    the trace (peaking); where dead lithium makes a layer (`dead_porosity`) diffusion through it bends the trace (arcing) and
    ends in depletion; a short (`short_C_m2`) makes the voltage collapse. The run ends there, at the end of the lithium, or past
    the cut-off, and keeps what was computed (`stopped`).
    Arrays and metadata are those of `cell.lithium_pair`.
    *Valid when* the cell is even along the electrodes and has no double layer to charge; coverage, roughness and dead layer are
    closures. *Source* Newman and Thomas-Alyea 2004, chapters 8 and 12; shapes of the trace: Wood et al. 2016, Chen et al.
    2017. The paper states neither electrolyte, separator nor foil. Raises ConfigError: a thermodynamic factor below zero.
    """
    given = dict(locals())
    program = to_and_fro(current_density_A_m2, capacity_C_m2, efficiency, cycles, rest_s)
    return measured(given, program, "Li||Li", working_lithium_C_m2)


@symmetric_pair.plot
def draw(measurement: Measurement, ax: Axes) -> None:
    """Voltage against time."""
    draw_trace(measurement, ax)


@symmetric_pair.demo
def demo(rng: np.random.Generator) -> Demo:
    """Without loss or noise, the end of a half cycle of transference 1, against 4 RT/F asinh(j/2j0) + j r."""
    j, j0 = float(rng.uniform(5, 30)), float(rng.uniform(3, 20))
    plateau = 4 * 8.31446261815324 * 298.15 / 96485.33212331 * np.arcsinh(j / (2 * j0)) + j * (2e-3 + 25e-6 * 2.5 / 0.41)
    voltage = np.repeat([-plateau, plateau] * 2, 7)
    given = {
        "current_density_A_m2": j,
        "capacity_C_m2": 3600 * j,
        "j0_A_m2": j0,
        "cycles": 2,
        "transference": 1.0,
        "voltage_noise_V": 0.0,
        "rest_s": 0.0,
        "efficiency": 1.0,
        "sampling_s": 600.0,
    }
    return Demo((), {"voltage_V": voltage}, given, tolerance=1e-9)
