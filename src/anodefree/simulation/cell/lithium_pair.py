"""A Li||Cu cell from transport and kinetics: plate a fixed charge, strip to the cut-off, as often as asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.kinds.cycling import Cycling
from anodefree.physics.plating import plate_and_strip
from anodefree.registry import Demo, stage
from anodefree.simulation.cell import pair_options as o
from anodefree.simulation.cell.pair_run import measured
from anodefree.simulation.deposition import options as d
from anodefree.simulation.instruments import cycler as c
from anodefree.simulation.instruments.plate_strip import draw as drawn
from anodefree.simulation.instruments.plate_strip import efficiencies

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage(
    "cell.lithium_pair",
    version=1,
    cites=("newman2004", "pei2017", "avrami1940", "chen2017", "wood2016", "casteel1972", "sand1901", "hosea1996", "adams2018"),
)
def lithium_pair(
    *,
    efficiency: Annotated[float, Par("part of the plated lithium that strips again", gt=0, le=1)],
    current_density_A_m2: Annotated[float, Par("current density", gt=0, source="section 2.5: 0.5 mA/cm2")] = 5.0,
    capacity_C_m2: Annotated[float, Par("charge plated in each cycle", gt=0, source="1 mAh/cm2, usual", assumed=True)] = 36e3,
    cycles: Annotated[int, Par("number of cycles", ge=1, le=20_000)] = 10,
    first_efficiency: Annotated[float | None, Par("the same in the first cycle; none: as later", gt=0, le=1)] = None,
    drift_per_cycle: Annotated[float, Par("change of the efficiency per cycle")] = 0.0,
    scatter: Annotated[float, Par("standard deviation of the efficiency from cycle to cycle", ge=0)] = 0.0,
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
    cutoff_V: c.Cutoff = 1.0,
    rest_s: c.Rest = 600.0,
    sampling_s: c.Sampling = 60.0,
    voltage_noise_V: c.VoltageNoise = 1e-4,
    current_noise: c.CurrentNoise = 1e-4,
    time_resolution_s: c.TimeResolution = 0.01,
    rng: np.random.Generator,
    context: Context,
) -> Cycling:
    r"""The record of a Li||Cu cell, computed from its transport and kinetics, as a cycler would write it.

    $\epsilon\,\partial_t c = \partial_x(\frac{\epsilon}{\tau}D\,\partial_x c)$ between two lithium electrodes,
    $V = \eta_W - \eta_C + iR + i\int\tau dx/(\epsilon\kappa) + \frac{2RT}{F}(1-t_+)\int\chi\,d\ln c$, with coverage and
    nucleation on the bare collector, a film that grows, fresh, dead and interphase lithium, a layer of dead lithium, and a soft
    short: `anodefree.physics.lithium_pair` has the equations. Current is positive on stripping. Finite volumes, TR-BDF2;
    lithium and salt are conserved to rounding (`lithium_missing`, `salt_missing` in the metadata). A run that meets
    depletion, the end of the counter electrode or a cut-off that is never reached keeps what was computed: `stopped` in the
    metadata says why.
    Arrays: time_s, voltage_V, current_A, record_cycle (point); cycle_number, charge_capacity_C (stripped),
    discharge_capacity_C (plated) (cycle), as counted. `part_*_V`: means of the parts of the voltage in the last step.
    *Valid when* the cell is even along the electrodes and has no double layer to charge; coverage, roughness and dead layer are
    closures. *Source* Newman and Thomas-Alyea 2004, chapters 8 and 12; Pei et al. 2017; Chen et al. 2017. The paper states
    neither electrolyte nor separator. Raises ConfigError: a thermodynamic factor below zero.
    """
    given = dict(locals())
    each = efficiencies(rng, cycles, efficiency, first_efficiency, drift_per_cycle, scatter)
    program = plate_and_strip(current_density_A_m2, capacity_C_m2, each.tolist(), rest_s)
    return measured(given, program, "Li||Cu")


@lithium_pair.plot
def draw(measurement: Measurement, ax: Axes) -> None:
    """Voltage against time; of many cycles a few as voltage against charge."""
    drawn(measurement, ax)


@lithium_pair.demo
def demo(rng: np.random.Generator) -> Demo:
    """An exact instrument: from the second cycle on CE of what is plated comes back; the first leaves a trace behind."""
    ce, cycles = float(rng.uniform(0.95, 0.99)), 3
    plated = np.full(cycles, 36e3 * 1.131e-4)
    truth = {"cycle_number": np.arange(1, cycles + 1), "discharge_capacity_C": plated, "charge_capacity_C": ce * plated}
    given = {"efficiency": ce, "cycles": cycles, "time_resolution_s": 1e-6, "sampling_s": 300.0}
    return Demo((), truth, given, tolerance=2e-3)
