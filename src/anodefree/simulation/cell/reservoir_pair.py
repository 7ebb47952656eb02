"""A Li||Cu cell from transport and kinetics on the reservoir test of the average efficiency, after Aurbach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.kinds.cycling import Cycling
from anodefree.physics.plating import reservoir
from anodefree.registry import Demo, stage
from anodefree.simulation.cell import pair_options as o
from anodefree.simulation.cell.pair_run import measured
from anodefree.simulation.deposition import options as d
from anodefree.simulation.instruments import cycler as c
from anodefree.simulation.instruments import reservoir as r
from anodefree.simulation.instruments.plate_strip import draw_trace, efficiencies

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage(
    "cell.reservoir_pair",
    version=1,
    cites=("newman2004", "pei2017", "avrami1940", "chen2017", "wood2016", "casteel1972", "sand1901", "hosea1996", "adams2018"),
)
def reservoir_pair(
    *,
    efficiency: Annotated[float, Par("part of the plated lithium that strips again", gt=0, le=1)],
    current_density_A_m2: r.Current = 10.0,
    reservoir_C_m2: r.ReservoirCharge = 180e3,
    cycled_C_m2: r.CycledCharge = 36e3,
    cycles: r.Cycles = 10,
    formations: r.Formations = 1,
    formation_efficiency: r.FormationEfficiency = 0.97,
    scatter: r.Scatter = 0.0,
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
    r"""The record of a reservoir test of a Li||Cu cell, computed from its transport and kinetics.

    Formation: plate Q_T, strip to the cut-off. Then the reservoir Q_T is plated, n times Q_C is stripped and plated again,
    and all that is left, Q_S, is stripped: CE = (n Q_C + Q_S)/(n Q_C + Q_T). The cell is that of `cell.lithium_pair`, with
    $\epsilon\,\partial_t c = \partial_x(\frac{\epsilon}{\tau}D\,\partial_x c)$; equations: `anodefree.physics.lithium_pair`.
    Arrays and metadata are those of `cell.lithium_pair`. A lost part d of fresh lithium is left behind in each stripping, a
    part s goes to the interphase in each plating, with CE = (1 - s)(1 - d).
    *Valid when* the cell is even along the electrodes and has no double layer to charge; coverage, roughness and dead layer are
    closures. *Source* Newman and Thomas-Alyea 2004, chapters 8 and 12; the test: method 3 of Adams et al. 2018. The paper
    states neither its charges nor its cycles. Raises ConfigError: a thermodynamic factor below zero.
    """
    given = dict(locals())
    each = efficiencies(rng, cycles + 1, efficiency, None, 0.0, scatter)
    forming = [formation_efficiency] * formations
    program = reservoir(current_density_A_m2, reservoir_C_m2, cycled_C_m2, cycles, forming, each.tolist(), rest_s)
    return measured(given, program, "Li||Cu")


@reservoir_pair.plot
def draw(measurement: Measurement, ax: Axes) -> None:
    """Voltage against time."""
    draw_trace(measurement, ax)


@reservoir_pair.demo
def demo(rng: np.random.Generator) -> Demo:
    """An exact instrument: the last strip gives what is left of the reservoir, but for what the cut-off leaves."""
    ce, n = float(rng.uniform(0.97, 0.995)), 3
    q_t, q_c = 180e3 * 1.131e-4, 36e3 * 1.131e-4
    lost = (1 - ce) * 0.5
    film, dead = 1 - (1 - lost), lost / (1 - lost)
    metal = q_t * (1 - film)
    for _ in range(n):
        metal += q_c * (1 - film) - q_c / (1 - dead)
    truth = {
        "discharge_capacity_C": np.array([q_t, q_t, *[q_c] * n]),
        "charge_capacity_C": np.array([0.97 * q_t, *[q_c] * n, metal * (1 - dead)]),
    }
    given = {"efficiency": ce, "cycles": n, "time_resolution_s": 1e-6, "sampling_s": 600.0}
    return Demo((), truth, given, tolerance=1e-3)
