"""Sudden drops of the voltage while a current flows: what gives a soft short away."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS, INK
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.cycling import CYCLING, Cycling
from anodefree.numerics.robust_line import NORMAL_MAD
from anodefree.numerics.segmentation import half_cycles
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST = 20
REST = 1e-3
"""Currents below this part of the largest are rest."""
SETTLING = 3
"""Records at either end of a half cycle in which the voltage settles."""


def drops_of(time_s: np.ndarray, voltage_V: np.ndarray, runs: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Falls of |V| from one record to the next within half cycles: index of the record after it, fall, noise of each."""
    places, falls, noise = [], [], []
    for run in runs:
        if len(run) < 2 * SETTLING + 4:
            continue
        size = np.abs(voltage_V[run])
        step = np.diff(size)[SETTLING:-SETTLING]
        spread = NORMAL_MAD * float(np.median(np.abs(step - np.median(step))))
        places.append(run[1 + SETTLING : len(run) - SETTLING])
        falls.append(-(step - np.median(step)))
        noise.append(np.full(len(step), spread))
    empty = np.empty(0)
    if not places:
        return np.empty(0, np.int64), empty, empty
    return np.concatenate(places), np.concatenate(falls), np.concatenate(noise)


def many_alike(size_V: np.ndarray, within_V: float) -> bool:
    """Whether the voltage stays within a band: held by the instrument."""
    return len(size_V) >= 10 and float(np.ptp(size_V)) <= within_V


@stage("cycling.short", version=1, cites=("wood2016", "chen2017"))
def short(
    cycling: Cycling,
    *,
    sigmas: Annotated[float, Par("how far a fall must stand out of the noise of its half cycle", gt=0)] = 8.0,
    least_V: Annotated[
        float, Par("least fall that counts", ge=0, source="above the resolution of most cyclers", assumed=True)
    ] = 5e-3,
) -> Result:
    """Sudden drops of the voltage at constant current: soft shorts in a symmetric cell, or in one long polarisation.

    A drop is a fall of |V| between two records of one half cycle by more than max(`sigmas` s, `least_V`) beyond the median step
    there, s being the spread of the steps (median absolute deviation); three records at either end are left out. `drops`: how
    many; `largest_drop` [V], std √2 s; `drop_time` [s] of the largest, std the interval over √12; `first_drop` [s].
    *Valid when* records are denser than the drop is fast. A drop is a sign of a short, no proof: a change of temperature or of
    contact makes one, too; a hard short also keeps the voltage low afterwards (`after_over_before`).
    *Source* signature: Wood et al. 2016; Chen et al. 2017.

    Raises
    ------
    DataError: no record of time and voltage, or fewer than twenty records under current.
    """
    where = cycling.source.name
    missing = [n for n in ("time_s", "voltage_V") if n not in cycling]
    if missing:
        raise DataError(f"has no record of {', '.join(missing)}", where, "capacities alone do not do")
    time, voltage = cycling["time_s"], cycling["voltage_V"]
    known = "current_A" in cycling
    signal = cycling["current_A"] if known else voltage
    runs = half_cycles(signal, REST * float(np.max(np.abs(signal))), hold=not known)
    place, fall, noise = drops_of(time, voltage, runs)
    if len(place) < FEWEST:
        raise DataError(f"has {len(place)} records under current", where, f"{FEWEST} at least are needed, within half cycles")
    limit = np.maximum(sigmas * noise, least_V)
    seen = fall > limit
    worst = int(np.argmax(fall))
    at = place[worst]
    interval = float(time[at] - time[at - 1])
    before, after = (float(np.median(np.abs(voltage[s]))) for s in (slice(max(at - 20, 0), at), slice(at, at + 20)))
    held = many_alike(np.abs(voltage[at : at + 20]), 0.2 * float(fall[worst]))
    estimates = {
        "drops": Estimate(float(seen.sum()), 0.0, "1", "sudden drops"),
        "largest_drop": Estimate(float(fall[worst]), math.sqrt(2) * float(noise[worst]), "V", "largest fall", "mV"),
        "drop_time": Estimate(float(time[at]) - 0.5 * interval, interval / math.sqrt(12), "s", "time of the largest fall", "h"),
        "after_over_before": Estimate(after / before, 0.0, "1", "size of the voltage after it over that before"),
    }
    if seen.any():
        first = place[np.flatnonzero(seen)[0]]
        width = float(time[first] - time[first - 1])
        estimates["first_drop"] = Estimate(float(time[first]) - 0.5 * width, width / math.sqrt(12), "s", "first drop", "h")
    many = int(seen.sum())
    return Result.of(
        estimates,
        {
            "time_s": ("point", time),
            "voltage_V": ("point", voltage),
            "drop_time_s": ("drop", time[place[seen]]),
            "drop_V": ("drop", fall[seen]),
        },
        [
            Check.that(
                "short",
                many == 0 or held,
                "no fall beyond the noise"
                if many == 0
                else "the voltage is constant after the fall: a limit of the program was reached, no short",
                f"{many} sudden falls, the largest {1e3 * float(fall[worst]):.3g} mV at {time[at] / 3600:.4g} h: a short?",
            )
        ],
    )


@short.plot
def draw(result: Result, ax: Axes) -> None:
    """Voltage in time, with the drops."""
    c = {str(n): result.curves[n].values for n in result.curves.data_vars}
    ax.plot(c["time_s"] / 3600, c["voltage_V"], color=COLOURS[0], linewidth=0.8, label="voltage")
    at = np.searchsorted(c["time_s"], c["drop_time_s"])
    if len(at):
        ax.plot(c["drop_time_s"] / 3600, c["voltage_V"][at], "v", color=INK, markersize=4, label="sudden drop")
    ax.set(xlabel="time / h", ylabel="voltage / V")
    ax.legend()


@short.demo
def demo(rng: np.random.Generator) -> Demo:
    """A polarisation that rises slowly, with noise of 0.3 mV and one fall of 10 to 20 mV."""
    time = np.arange(400) * 60.0
    fall, at = float(rng.uniform(0.010, 0.020)), int(rng.integers(100, 300))
    voltage = 0.2 + 1e-4 * np.arange(400) + 3e-4 * rng.standard_normal(400)
    voltage[at:] -= fall
    arrays = {"time_s": time, "voltage_V": voltage, "current_A": np.full(400, 1e-4)}
    cell = Measurement.of(CYCLING, arrays, name="polarisation")
    return Demo((cell,), {"largest_drop": fall})
