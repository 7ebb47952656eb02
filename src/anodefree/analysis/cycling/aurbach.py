"""Average coulombic efficiency by the reservoir test (Aurbach's method), from a raw record."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.cycling import counting as c
from anodefree.analysis.cycling import protocol as p
from anodefree.analysis.cycling.pairs import timing_s
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.cycling import CYCLING, Cycling
from anodefree.numerics.segmentation import blind_s, time_of_each_s
from anodefree.physics.plating import Flow, HalfCell, reservoir, run, trace
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DRAWN = 4000
EVEN = 0.02


@stage("cycling.aurbach", version=1, cites=("adams2018", "xiao2020", "jcgm100"))
def aurbach(
    cycling: Cycling,
    *,
    cutoff_V: Annotated[
        float | None, Par("voltage that a stripping to bare copper reaches; none: found from the record", gt=0)
    ] = None,
    cycle_scatter: Annotated[
        float,
        Par(
            "standard deviation of the efficiency from cycle to cycle, where the average of many such tests is meant",
            ge=0,
            source="0: the average of this very test is meant; one test cannot tell the scatter",
            assumed=True,
        ),
    ] = 0.0,
    current_accuracy: c.CurrentAccuracy = c.OF_RANGE,
    direction_mismatch: c.DirectionMismatch = 1.5e-5,
    current_offset_A: c.CurrentOffset = None,
    leakage_A: c.Leakage = 1e-9,
    time_resolution_s: c.TimeResolution = None,
) -> Result:
    """Average coulombic efficiency of a reservoir test: formation, reservoir Q_T, n short cycles of Q_C, last strip Q_S.

    CE = (n Q_C + Q_S)/(n Q_C + Q_T) [1], with the charges as they were passed: ΣS/ΣP from the reservoir's plating to the last
    strip, so that uneven cycles count as what they are. The parts are found from the signs of the current and from which
    strippings reach the cut-off (`anodefree.analysis.cycling.protocol`); rests, pauses, several or no formation cycles, and
    either sign convention do not matter. std: offset I_0 (t_S + CE t_P)/P, leakage, difference of the two directions, the
    timing of each step's end; the charge dQ that passed from halfway between plateau and cut-off to the cut-off, as
    dQ/sqrt(12): where stripping ends is a choice; `cycle_scatter` sqrt(Σ(P_i/P)²) where it is stated. `counting_error` is the
    cycler's part.
    `Q_T`, `Q_C` (mean of the short cycles), `Q_S` [C]; `short_cycles` n; `CE_formation` where there is formation.
    *Valid when* the last strip empties the copper, and all platings lose alike: the reservoir's counts among them. *Source*
    method 3 of Adams et al. 2018; Xiao et al. 2020; errors: `anodefree.analysis.cycling.counting`, JCGM 100:2008. The paper
    gives the method's result without its charges and without an error.

    Raises
    ------
    DataError: no record of time, voltage and current, or a piece of the test is missing: the message says which.
    """
    for name in ("time_s", "voltage_V", "current_A"):
        if name not in cycling:
            raise DataError(f"has no '{name}'", cycling.source.name, "the record itself is needed, not capacities alone")
    where = cycling.source.name
    record = p.oriented(cycling["time_s"], cycling["voltage_V"], cycling["current_A"])
    found = p.protocol(record, cutoff_V, where)
    cycler = c.Cycler(current_accuracy, direction_mismatch, current_offset_A, leakage_A, time_resolution_s)
    halves = c.Halves(found.charge_C, time_of_each_s(record.time_s, found.runs), timing_s(_blind(record, found), cycler))
    test = found.of(p.RESERVOIR, p.SHORT, p.FINAL)
    plated, stripped = _of(halves, test[::2]), _of(halves, test[1::2])
    ce, errors = _efficiency(record, found, plated, stripped, test, cycler)
    tail_C = _tail_C(record, found.runs[test[-1]])
    total = float(plated.charge_C.sum())
    weights = plated.charge_C / total
    counting = float(errors.of_each()[0])
    std = math.hypot(counting, tail_C / math.sqrt(12) / total, cycle_scatter * float(np.sqrt(np.sum(weights**2))))
    n = (test.size - 2) // 2
    shorts = found.charge_C[found.of(p.SHORT)]
    estimates = {
        "CE": Estimate(ce, std, "1", f"coulombic efficiency, average over the reservoir and {n} short cycles", "%"),
        "counting_error": Estimate(counting, 0.0, "1", "what the cycler leaves open of it, standard deviation", "%"),
        "Q_T": _charge(halves, int(test[0]), cycler, "charge of the reservoir"),
        "Q_C": Estimate(
            float(shorts.mean()),
            math.hypot(current_accuracy * float(shorts.mean()), float(shorts.std()) / math.sqrt(shorts.size)),
            "C",
            "charge of a short cycle, mean",
        ),
        "Q_S": _charge(halves, int(test[-1]), cycler, "charge of the last strip"),
        "short_cycles": Estimate(float(n), 0.0, "1", "number of short cycles"),
    }
    forming = found.of(p.FORMATION)
    formation_ce = None
    if forming.size >= 2:
        formation_ce, formation_errors = _efficiency(
            record, found, _of(halves, forming[::2]), _of(halves, forming[1::2]), forming, cycler
        )
        estimates["CE_formation"] = Estimate(
            formation_ce, float(formation_errors.of_each()[0]), "1", "coulombic efficiency of the formation", "%"
        )
    checks = [
        _protocol_check(record, found, n),
        _formation_check(ce, formation_ce, plated, n),
        _even_check(shorts),
        _after_check(found),
        Check.that(
            "cut-off",
            tail_C / math.sqrt(12) / total < 0.2 * max(1 - ce, 0.0) or tail_C / math.sqrt(12) / total < counting,
            f"on the second half of the way to the cut-off {tail_C / 3.6:.2g} mAh passed",
            f"on the second half of the way to the cut-off {tail_C / 3.6:.2g} mAh passed, {100 * tail_C / total:.2g} % of all: "
            "where stripping ends decides",
        ),
        c.counting_check(counting, errors.worst(), ce),
        Check.that(
            "possible", ce <= 1 + 3 * std, "no more comes back than was put in", "more came back than was put in: a short"
        ),
    ]
    return Result.of(estimates, _curves(record, found), checks)


def _blind(record: p.Record, found: p.Protocol) -> np.ndarray:
    return blind_s(record.time_s, found.runs)


def _of(halves: c.Halves, at: np.ndarray) -> c.Halves:
    return c.Halves(halves.charge_C[at], halves.time_s[at], halves.blind_s[at])


def _efficiency(
    record: p.Record, found: p.Protocol, plated: c.Halves, stripped: c.Halves, part: np.ndarray, cycler: c.Cycler
) -> tuple[float, c.Errors]:
    """ΣS/ΣP of a part of the record, with its counting errors."""
    begin, end = found.runs[part[0]][0], found.runs[part[-1]][-1]
    whole = np.array([record.time_s[end] - record.time_s[begin]])
    largest = float(np.quantile(np.abs(record.current_A), 0.999))
    into, back = plated.total(), stripped.total()
    return float(back.charge_C[0] / into.charge_C[0]), c.efficiency_errors(into, back, whole, cycler, largest)


def _charge(halves: c.Halves, at: int, cycler: c.Cycler, label: str) -> Estimate:
    """One charge with the error of the current's scale, its offset, and the timing."""
    value = float(halves.charge_C[at])
    offset = cycler.offset_for_A(float(halves.current_A[at])) * float(halves.time_s[at])
    return Estimate(value, math.hypot(cycler.accuracy * value, offset, float(halves.unsure_C[at])), "C", label)


def _tail_C(record: p.Record, last: np.ndarray) -> float:
    """Charge [C] that passed in the last strip from halfway between its plateau and its last voltage to that voltage."""
    voltage, time = record.voltage_V[last], record.time_s[last]
    half = 0.5 * (float(np.median(voltage)) + float(voltage[-5:].max()))
    below = np.flatnonzero(voltage < half)
    if below.size == 0 or below[-1] == last.size - 1:
        return 0.0
    k = int(below[-1])
    crossing = time[k] + (half - voltage[k]) / (voltage[k + 1] - voltage[k]) * (time[k + 1] - time[k])
    return float((time[-1] - crossing) * np.abs(record.current_A[last[k + 1 :]]).mean())


def _protocol_check(record: p.Record, found: p.Protocol, n: int) -> Check:
    """What was found in the record."""
    formation = found.of(p.FORMATION).size // 2
    parts = [f"{formation} formation cycle{'' if formation == 1 else 's'}", "reservoir", f"{n} short cycles", "last strip"]
    told = f"found {', '.join(parts)}; strippings that end above {found.threshold_V:.2g} V empty the copper"
    doubts = [record.told] if record.told else []
    if found.others:
        doubts.append(f"the record holds {found.others} more test(s) of this kind; the one with the most cycles is taken")
    return Check.that("protocol", not doubts, told, "; ".join([told, *doubts]))


def _formation_check(ce: float, formation: float | None, plated: c.Halves, n: int) -> Check:
    """How much the reservoir's own plating may weigh in the average."""
    if formation is None:
        return Check(
            "formation", "warn", "there is no formation: what bare copper loses in its first plating is part of this average"
        )
    total, first = float(plated.charge_C.sum()), float(plated.charge_C[0])
    cycles = 1 - ((1 - ce) * total - (1 - formation) * first) / max(total - first, 1e-300)
    return Check(
        "formation",
        "pass",
        f"formation has {100 * formation:.2f} %; had the reservoir lost as much, the {n} short cycles alone would have "
        f"{100 * min(cycles, 1.0):.2f} %",
    )


def _even_check(shorts: np.ndarray) -> Check:
    uneven = float(np.ptp(shorts) / shorts.mean())
    return Check.that(
        "short cycles",
        uneven < EVEN,
        f"all short cycles pass the same charge within {100 * uneven:.2g} %",
        f"the short cycles differ by {100 * uneven:.2g} %: each counts with the charge it passed",
    )


def _after_check(found: p.Protocol) -> Check:
    after = found.of(p.AFTER).size
    return Check.that(
        "end",
        after == 0,
        "the record ends with the last strip",
        f"{after} half cycles follow the last strip: did the reservoir run out before the planned number of cycles?",
    )


def _curves(record: p.Record, found: p.Protocol) -> dict[str, tuple[str, np.ndarray]]:
    """The record, thinned out for the figure, with the part of each point; and the table of half cycles."""
    of = np.full(record.time_s.size, -1)
    for k, each in enumerate(found.runs):
        of[each[0] : each[-1] + 1] = found.part[k]
    step = max(record.time_s.size // DRAWN, 1)
    ends = np.concatenate([each[[0, -1]] for each in found.runs])
    peaks = np.array([each[int(np.argmax(np.abs(record.voltage_V[each])))] for each in found.runs])
    at = np.unique(np.concatenate([np.arange(0, record.time_s.size, step), ends, peaks]))
    return {
        "time_s": ("point", record.time_s[at]),
        "voltage_V": ("point", record.voltage_V[at]),
        "part": ("point", of[at]),
        "half_sign": ("half", found.sign),
        "half_charge_C": ("half", found.charge_C),
        "half_end_V": ("half", found.end_V),
        "half_part": ("half", found.part),
        "half_begin_s": ("half", np.array([record.time_s[r[0]] for r in found.runs])),
        "half_end_s": ("half", np.array([record.time_s[r[-1]] for r in found.runs])),
    }


@aurbach.plot
def draw(result: Result, ax: Axes) -> None:
    """Voltage against time, coloured by the part of the test, with the charges."""
    from anodefree.core.figure import COLOURS, INK, SOFT

    time, voltage, part = (result.curves[n].values for n in ("time_s", "voltage_V", "part"))
    shades = {p.BEFORE: SOFT, p.FORMATION: COLOURS[4], p.RESERVOIR: COLOURS[1], p.SHORT: COLOURS[0], p.FINAL: COLOURS[2]}
    ax.plot(time / 3600, voltage, color=SOFT, linewidth=0.5)
    for which, colour in shades.items():
        here = part == which
        if here.any():
            ax.plot(time / 3600, np.where(here, voltage, np.nan), color=colour, linewidth=1.1, label=p.NAMES[which])
    top, low = float(voltage.max()), float(voltage.min())
    halves = {n: result.curves[f"half_{n}"].values for n in ("part", "begin_s", "end_s")}
    charges = {p.RESERVOIR: f"$Q_T$ {result.estimates['Q_T'].value / 3.6:.3f}", p.FINAL: f"$Q_S$ {result['Q_S'] / 3.6:.3f}"}
    charges[p.SHORT] = f"{result['short_cycles']:.0f} × $Q_C$ {result['Q_C'] / 3.6:.3f}"
    edge = 0.015 * float(time[-1])
    for which, text in charges.items():
        here = halves["part"] == which
        begin, end = float(halves["begin_s"][here].min()), float(halves["end_s"][here].max())
        at, side = {
            p.RESERVOIR: (begin + edge, "left"),
            p.SHORT: (0.5 * (begin + end), "center"),
            p.FINAL: (end - edge, "right"),
        }[which]
        height = (0.33 if which == p.SHORT else 0.16) * top
        ax.annotate(f"{text} mAh", (at / 3600, height), ha=side, color=INK, fontsize=6.5)
    ax.set_ylim(low - 0.05 * top, 1.45 * top)
    ax.set(xlabel="time / h", ylabel="voltage against Li / V")
    ax.legend(ncols=3, loc="upper left", title=f"CE {result.estimates['CE']}", title_fontsize=7, handlelength=1.0)


@aurbach.demo
def demo(rng: np.random.Generator) -> Demo:
    """A usual test, written every two minutes; the instrument has an offset of 0.01 % of the current and a wrong scale."""
    ce, n, area_m2, offset_std_A = float(rng.uniform(0.985, 0.998)), 10, 1e-4, 1e-7
    flow = Flow(float(1e-3 * rng.standard_normal()), offset_std_A * float(rng.standard_normal()) / area_m2)
    half = HalfCell(13.4)
    legs = run(half, reservoir(10.0, 180e3, 36e3, n, [0.96], [ce] * (n + 1), 600.0), 1.0, flow)
    seen = trace(half, legs, 120.0, flow)
    noise = rng.standard_normal((2, seen.time_s.size))
    arrays = {
        "time_s": np.round(seen.time_s, 2),
        "voltage_V": seen.voltage_V + 2e-4 * noise[0],
        "current_A": seen.density_A_m2 * area_m2 * (1 + 1e-4 * noise[1]),
    }
    measured = Measurement.of(CYCLING, arrays, name="Li||Cu reservoir test")
    given = {"current_offset_A": offset_std_A, "current_accuracy": 1e-3}
    passed = abs(flow.true_A_m2(-10.0)) * 18e3 * area_m2
    return Demo((measured,), {"CE": ce, "Q_T": passed, "CE_formation": 0.96}, given)
