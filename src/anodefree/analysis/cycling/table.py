"""A cell cycle by cycle as one table: charges, efficiencies, voltages, energies, per mass and per area."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.cycling.halves import halves
from anodefree.analysis.cycling.pairs import CellType, by_charge
from anodefree.core.figure import COLOURS, split
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.cycling import CYCLING, Cycling
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("cycling.table", version=1, cites=("xiao2020", "jcgm100"))
def table(
    cycling: Cycling,
    *,
    cell: CellType = "auto",
    active_mass_kg: Annotated[
        float | None, Par("mass of active material (none: what the file or the table of samples says)", gt=0)
    ] = None,
    mass_std_kg: Annotated[
        float, Par("standard deviation of that mass", ge=0, source="balance to 0.01 mg", assumed=True)
    ] = 1e-8,
) -> Result:
    """A cell cycle by cycle as a table of documented columns, to save as one file.

    Columns (curves; NaN where the file cannot tell): `cycle`; `charge_C`, `discharge_C`; `CE` (charge over discharge for
    Li||Cu, discharge over charge for a full cell, as `cell` says); `CE_cumulative`, the product of CE up to the cycle;
    `retention`, discharge over that of the first cycle; with a record of voltage `charge_V`, `discharge_V` (energy over
    charge), `charge_J`, `discharge_J`, `energy_efficiency`; with a mass `specific_charge_C_kg`, `specific_discharge_C_kg`; with
    an area `areal_charge_C_m2`, `areal_discharge_C_m2`. Estimates: `first_discharge`, `last_discharge` [C], `cycles`,
    and with a mass `first_specific` [C/kg] whose std is that of the mass.
    A check names the rule by which cycles were counted; `cycling.recount` applies another.
    *Valid when* the file's cycles are charges and discharges. The cycler's own errors are in `cycling.efficiency`. *Source*
    definitions: Xiao et al. 2020; JCGM 100:2008.

    Raises
    ------
    DataError: the file holds no capacities.
    """
    where = cycling.source.name
    for name in ("charge_capacity_C", "discharge_capacity_C"):
        if name not in cycling:
            raise DataError(f"has no '{name}'", where, "count the cycles of a record with cycling.recount")
    charge, discharge = cycling["charge_capacity_C"], cycling["discharge_capacity_C"]
    number = cycling["cycle_number"].astype(float) if "cycle_number" in cycling else np.arange(1.0, len(charge) + 1)
    half = (by_charge(charge, discharge) if cell == "auto" else cell) == "half"
    into, back = (discharge, charge) if half else (charge, discharge)
    efficiency = _over(back, into)
    mass = active_mass_kg if active_mass_kg is not None else cycling.meta.get("active_mass_kg")
    columns: dict[str, np.ndarray] = {
        "cycle": number,
        "charge_C": charge,
        "discharge_C": discharge,
        "CE": efficiency,
        "CE_cumulative": np.cumprod(np.where(np.isfinite(efficiency), efficiency, 1.0)),
        "retention": discharge / discharge[np.argmax(discharge > 0)] if (discharge > 0).any() else np.full(len(number), np.nan),
        **_voltages(cycling, number),
    }
    for per, value in (("specific", mass), ("areal", cycling.meta.get("area_m2"))):
        if value is not None:
            unit = "C_kg" if per == "specific" else "C_m2"
            columns |= {f"{per}_{n}_{unit}": v / float(value) for n, v in (("charge", charge), ("discharge", discharge))}
    some = np.flatnonzero(discharge > 0)
    first, last = (some[0], some[-1]) if some.size else (0, len(number) - 1)
    estimates = {
        "first_discharge": Estimate(float(discharge[first]), 0.0, "C", f"discharge of cycle {number[first]:g}", "mAh"),
        "last_discharge": Estimate(float(discharge[last]), 0.0, "C", f"discharge of cycle {number[last]:g}", "mAh"),
        "cycles": Estimate(float(len(number)), 0.0, "1", "cycles in the table"),
    }
    if mass is not None:
        specific = float(discharge[first]) / float(mass)
        estimates["first_specific"] = Estimate(
            specific, specific * mass_std_kg / float(mass), "C/kg", "specific capacity of the first discharge", "mAh/g"
        )
    rule = str(cycling.meta.get("cycles_from", "the numbers in the file"))
    checks = [
        Check("counting", "pass", f"cycles are counted by: {rule}"),
        Check("cell", "pass", f"CE is {'charge over discharge (Li||Cu)' if half else 'discharge over charge'}"),
    ]
    if "capacity_note" in cycling.meta:
        checks.append(Check("counters", "warn", str(cycling.meta["capacity_note"])))
    return Result.of(estimates, {n: ("cycles", v) for n, v in columns.items()}, checks)


def _over(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """The ratio, NaN where nothing is below."""
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)


def _voltages(cycling: Measurement, number: np.ndarray) -> dict[str, np.ndarray]:
    """Mean voltages and energies of each cycle, where the file holds a record."""
    if any(n not in cycling for n in ("time_s", "voltage_V", "current_A", "record_cycle")):
        return {}
    energy = {d: np.zeros(len(number)) for d in ("charge", "discharge")}
    passed = {d: np.zeros(len(number)) for d in energy}
    for h in halves(cycling):
        at = np.flatnonzero(number == h.cycle)
        if at.size:
            energy[h.direction][at[0]] += h.energy_J
            passed[h.direction][at[0]] += h.charge_C
    return {
        "charge_V": _over(energy["charge"], passed["charge"]),
        "discharge_V": _over(energy["discharge"], passed["discharge"]),
        "charge_J": energy["charge"],
        "discharge_J": energy["discharge"],
        "energy_efficiency": _over(energy["discharge"], energy["charge"]),
    }


@table.plot
def draw(result: Result, ax: Axes) -> None:
    """Capacities above, efficiency below."""
    c = {str(n): result.curves[n].values for n in result.curves.data_vars}
    specific = "specific_discharge_C_kg" in c
    pair = ("specific_charge_C_kg", "specific_discharge_C_kg") if specific else ("charge_C", "discharge_C")
    top, bottom = split(ax, 2, 1, height_ratios=(1.4, 1))
    for name, colour, label in zip(pair, (COLOURS[1], COLOURS[0]), ("charge", "discharge"), strict=True):
        top.plot(c["cycle"], c[name] / (3600 if specific else 3.6), "o", color=colour, markersize=2.5, label=label)
    top.set(ylabel="capacity / (mAh/g)" if specific else "capacity / mAh")
    top.tick_params(labelbottom=False)
    top.legend()
    bottom.plot(c["cycle"], 100 * c["CE"], "o", color=COLOURS[2], markersize=2.5)
    bottom.ticklabel_format(axis="y", useOffset=False)
    bottom.set(xlabel="cycle", ylabel="CE / %")


@table.demo
def demo(rng: np.random.Generator) -> Demo:
    """A full cell on a cathode that was weighed to 2 %."""
    true_mass, count = float(rng.uniform(8e-6, 15e-6)), 30
    discharge = 0.19 * 3.6e6 * true_mass * 0.999 ** np.arange(count)
    arrays = {
        "cycle_number": np.arange(1, count + 1),
        "charge_capacity_C": discharge / 0.998,
        "discharge_capacity_C": discharge,
    }
    cell = Measurement.of(CYCLING, arrays, name="full cell")
    weighed = true_mass * (1 + 0.02 * float(rng.standard_normal()))
    return Demo((cell,), {"first_specific": 0.19 * 3.6e6}, {"active_mass_kg": weighed, "mass_std_kg": 0.02 * weighed})
