"""A full cell without a lithium electrode of its own, cycled: what a cycler would record of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np

from anodefree.core.context import Context
from anodefree.core.figure import COLOURS, INK
from anodefree.core.keys import content_key, plain
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.kinds.cycling import CYCLING, Cycling
from anodefree.physics.lithium_accounts import accounts, full_cell
from anodefree.registry import Demo, stage
from anodefree.simulation.cell.full_cell_cathode import CATHODES, CathodeName
from anodefree.simulation.cell.full_cell_model import Fidelity, FullCell, built
from anodefree.simulation.cell.full_cell_run import CellRun, Plan

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DISC_M2: Final = 1.131e-4


@stage(
    "cell.cycle",
    version=1,
    cites=("sulzer2021", "marquis2019", "doyle1993", "chen2020", "oregan2022", "prada2013"),
)
def cycle(
    *,
    cathode: CathodeName = "NCM811 Chen2020",
    fidelity: Annotated[
        Fidelity, Par("resolution of the porous electrode: every depth of its own (DFN), or one particle for all (SPMe)")
    ] = "SPMe",
    efficiency: Annotated[
        tuple[float, ...] | float,
        Par("part of what a charge plates that can be stripped again, of every cycle or of each", gt=0, le=1),
    ],
    cycles: Annotated[int, Par("number of cycles", ge=1, le=100_000)] = 100,
    excess: Annotated[
        float, Par("lithium on the collector at assembly over the reversible capacity (N/P)", ge=0, le=100)
    ] = 0.0,
    hidden_reservoir: Annotated[
        float, Par("capacity that the cathode gives at the first charge only, over its reversible one", ge=0, le=1)
    ] = 0.0,
    charge_C_rate: Annotated[float, Par("charging current over the reversible capacity", gt=0, le=20)] = 0.1,
    discharge_C_rate: Annotated[float | None, Par("that of discharging; none: as charging", gt=0, le=20)] = None,
    lower_V: Annotated[
        float | None, Par("voltage at which a discharge ends; none: 2.8 V for NCM811, 2.5 V for LFP", gt=0)
    ] = None,
    upper_V: Annotated[float | None, Par("voltage at which a charge ends; none: 4.3 V for NCM811, 3.8 V for LFP", gt=0)] = None,
    j0_A_m2: Annotated[
        float, Par("exchange current density of lithium at this temperature", gt=0, source="section 2.3, M-Ni: 1.34 mA/cm2")
    ] = 13.4,
    film_ohm_m2: Annotated[
        float, Par("resistance of the interphases, times area", ge=0, source="20 ohm cm2, usual in ether", assumed=True)
    ] = 2e-3,
    film_growth_ohm_m2: Annotated[float, Par("what a cycle adds to it", ge=0)] = 0.0,
    cathode_loss: Annotated[float, Par("part of the cathode that a cycle takes, lost while it is charged", ge=0, lt=1)] = 0.0,
    areal_capacity_C_m2: Annotated[
        float | None, Par("reversible capacity per area, set by the cathode's thickness; none: as published", gt=0)
    ] = None,
    area_m2: Annotated[float, Par("area of the cell", gt=0, source="a disc of 12 mm", assumed=True)] = DISC_M2,
    temperature_K: Annotated[float, Par("temperature, the same everywhere", gt=240, lt=360)] = 298.15,
    points: Annotated[int, Par("records of each half cycle, about", ge=10, le=10_000)] = 60,
    tolerance: Annotated[float, Par("relative tolerance of the integration", ge=1e-10, le=1e-3)] = 1e-5,
    context: Context,
) -> Cycling:
    """Voltage, current and capacities, cycle by cycle, of a cell whose lithium comes from its cathode.

    $\\dot Q = \\mathrm{CE}\\,i$ on charging and $-i$ on discharging, $\\dot L = (1-\\mathrm{CE})\\,i$ on charging: Q the metal
    on the collector, L what is lost to interphase and dead lithium [C/m2], states of a PyBaMM half cell (SPMe or DFN) whose
    lithium electrode reacts with $j = 2 j_0\\theta\\sinh(F\\eta/2RT)$, $\\theta = (Q + 10^{-5}Q_n)/(Q + 2\\cdot10^{-3}Q_n)$. To
    its voltage a film adds $-i(R + (k-1)\\Delta R)$ in cycle k. A discharge ends at its voltage, where 1e-4 of the capacity
    Q_n is left on the collector, or when the cathode is as full as it was made. At the end of a charge the cathode loses a part
    of its sites: h/(1+h) of them in the first cycle (the hidden reservoir), and `cathode_loss` in each. Q_n, which the C-rates
    refer to, is what the cathode holds between the open-circuit voltages of the window, after the first loss. Constant current
    both ways, no rest. Arrays: time_s, voltage_V, current_A (positive on charging), record_cycle (point); cycle_number,
    charge_capacity_C, discharge_capacity_C (cycle). The metadata holds the account of the lithium.
    *Valid when* CE is known (an input), the collector is even, the temperature uniform, and NCM811 lies within the fillings
    that were measured (up to 0.9084). *Source* Sulzer et al. 2021; SPMe: Marquis et al. 2019; DFN: Doyle et al. 1993;
    materials: Chen et al. 2020, O'Regan et al. 2022, Prada et al. 2013. *Differs from the paper*, which models no cell.

    Raises
    ------
    ConfigError: the window is upside down, or as many efficiencies as cycles are not given. NumericalError: the first cycle
    cannot be computed (a later one ends the run, `stopped` says why). MissingExtra: PyBaMM is not installed. Cancelled.
    """
    given = dict(locals())
    made = CATHODES[cathode]
    low, high = lower_V or made.lower_V, upper_V or made.upper_V
    if low >= high:
        raise ConfigError(f"a discharge to {low:g} V does not end below a charge to {high:g} V", "lower_V", "exchange them")
    each = _each(efficiency, cycles)
    cell = built(made, fidelity, None, tolerance)
    full, empty = cell.filling_at(low, made.fullest), cell.filling_at(high, made.fullest)
    if full - empty < 0.01:
        raise ConfigError(f"the cathode gives next to nothing between {low:g} and {high:g} V", "upper_V", "a wider window")
    if areal_capacity_C_m2 is not None:
        published = cell.sites_C_m2 * (full - empty) / (1 + hidden_reservoir)
        cell = built(made, fidelity, cell.thickness_m * areal_capacity_C_m2 / published, tolerance)
    plan = _plan(given, cell, (low, high), full, cell.sites_C_m2 * (full - empty) / (1 + hidden_reservoir), each)
    run = CellRun(cell, plan)
    run.carry_out(context, content_key([plain({k: v for k, v in given.items() if k != "context"}), cycle.version]))
    return _measured(run, given)


def _each(efficiency: tuple[float, ...] | float, cycles: int) -> np.ndarray:
    """The efficiency of every cycle (cycles,)."""
    listed = np.atleast_1d(np.asarray(efficiency, dtype=float))
    if listed.size not in (1, cycles):
        raise ConfigError(
            f"{listed.size} efficiencies for {cycles} cycles",
            "efficiency",
            "one for all, or one for each (set cycles to match)",
        )
    return np.broadcast_to(listed, (cycles,))


def _plan(
    given: dict[str, Any], cell: FullCell, window_V: tuple[float, float], full: float, capacity_C_m2: float, each: np.ndarray
) -> Plan:
    number = np.arange(1, given["cycles"] + 1)
    back = given["discharge_C_rate"] or given["charge_C_rate"]
    return Plan(
        capacity_C_m2=capacity_C_m2,
        charge_A_m2=given["charge_C_rate"] * capacity_C_m2 / 3600,
        discharge_A_m2=back * capacity_C_m2 / 3600,
        lower_V=window_V[0],
        upper_V=window_V[1],
        temperature_K=given["temperature_K"],
        full=full,
        j0_A_m2=given["j0_A_m2"],
        excess=given["excess"],
        efficiency=each.tolist(),
        film_ohm_m2=(given["film_ohm_m2"] + given["film_growth_ohm_m2"] * (number - 1)).tolist(),
        active=((1 - given["cathode_loss"]) ** number / (1 + given["hidden_reservoir"])).tolist(),
        points=given["points"],
    )


def _measured(run: CellRun, given: dict[str, Any]) -> Measurement:
    """The record and the counters as a cycler's file holds them, and the lithium's account as metadata."""
    area, columns = given["area_m2"], run.columns()
    account = np.array(run.accounts) * area
    arrays = {
        "time_s": columns["time_s"],
        "voltage_V": columns["voltage_V"],
        "current_A": columns["current_A_m2"] * area,
        "record_cycle": columns["record_cycle"].astype(int),
        "cycle_number": np.arange(1, len(account) + 1),
        "charge_capacity_C": account[:, 0],
        "discharge_capacity_C": account[:, 1],
    }
    meta = {
        "instrument": f"PyBaMM, {given['fidelity']}",
        "cell": f"anode-free||{given['cathode']}, N/P {given['excess']:g}",
        "area_m2": area,
        "reversible_capacity_C": run.plan.capacity_C_m2 * area,
        "plated_C": account[:, 2].tolist(),
        "lost_C": account[:, 3].tolist(),
        "in_cathode_C": account[:, 4].tolist(),
        "in_lost_cathode_C": account[:, 5].tolist(),
        "lithium_error": run.lithium_error(),
        "charge_error": run.charge_error(),
        "salt_error": run.salt_error(),
        "stopped": run.stopped,
    }
    return Measurement.of(CYCLING, arrays, meta, name=meta["cell"])


@cycle.plot
def draw(measurement: Measurement, ax: Axes) -> None:
    """Voltage against the charge passed, of the first cycle, one in the middle, and the last."""
    number, kept = measurement["cycle_number"], measurement["discharge_capacity_C"]
    shown = sorted({int(number[0]), int(number[number.size // 2]), int(number[-1])})
    time, current = measurement["time_s"], measurement["current_A"]
    area_cm2 = 1e4 * float(measurement.meta["area_m2"])
    for colour, k in zip((COLOURS[0], COLOURS[2], COLOURS[1]), shown, strict=False):
        for sign in (1, -1):
            rows = (measurement["record_cycle"] == k) & (sign * current > 0)
            passed = (time[rows] - time[rows][0]) * abs(current[rows][0]) / 3.6 / area_cm2
            label = f"cycle {k}" + (f", {100 * kept[k - 1] / kept[0]:.1f} %" if k > 1 else "") if sign < 0 else None
            ax.plot(passed, measurement["voltage_V"][rows], color=colour, linewidth=1.1, label=label)
    ax.set(xlabel="charge passed / mAh cm$^{-2}$", ylabel="cell voltage / V", xlim=(0, None))
    if measurement.meta.get("stopped"):
        ax.set_title("ended early", color=INK, fontsize=7)
    ax.legend(loc="best")


@cycle.demo
def demo(rng: np.random.Generator) -> Demo:
    """A slow cell is its inventory: capacities by `anodefree.physics.lithium_accounts`, from the first charge on."""
    ce, excess, hidden = (float(rng.uniform(*limits)) for limits in ((0.95, 0.99), (0.0, 0.03), (0.0, 0.05)))
    count, areal_C_m2 = 4, 72e3
    kept = accounts(full_cell(1 - ce, excess=excess, hidden_reservoir=hidden), count)
    capacity_C = areal_C_m2 * DISC_M2
    return Demo(
        (),
        {
            "cycle_number": np.arange(1, count + 1),
            "charge_capacity_C": capacity_C * kept.charge,
            "discharge_capacity_C": capacity_C * kept.discharge,
        },
        {
            "cathode": "LFP Prada2013",
            "efficiency": ce,
            "excess": excess,
            "hidden_reservoir": hidden,
            "areal_capacity_C_m2": areal_C_m2,
            "cycles": count,
            "charge_C_rate": 0.02,
            "film_ohm_m2": 0.0,
        },
        tolerance=3e-3,
    )
