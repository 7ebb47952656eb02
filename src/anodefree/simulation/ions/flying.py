"""What flies ions through a cell: both species in batches over threads, checkpointed, with memory that does not grow."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from anodefree.core.constants import BOLTZMANN_J_K, ELEMENTARY_CHARGE_C
from anodefree.core.context import Context
from anodefree.core.keys import content_key, plain
from anodefree.core.measurement import Measurement
from anodefree.core.saving import Saving
from anodefree.errors import Cancelled, ConfigError
from anodefree.kinds.flights import FLIGHTS
from anodefree.physics.lorentz import cyclotron_frequency
from anodefree.physics.transport import SPECIES, Species, relaxation_time, thermal_speed
from anodefree.simulation.ions.cell_tables import Ready, ready
from anodefree.simulation.ions.flight_options import Conditions
from anodefree.simulation.ions.flight_tally import Tally
from anodefree.simulation.ions.flux_in_cell import NO_FLUX, FluxTable
from anodefree.simulation.ions.langevin_steps import frame, langevin_steps, spreads
from anodefree.simulation.ions.launch import launch

Floats = NDArray[np.float64]
LEVELS: Final = 8
"""Halvings of the step that are ready near the tip."""
NEAR_TIP: Final = 0.25
"""Longest step over the distance from the tip, its radius of curvature added."""
BATCH: Final = 5_000
BATCH_STEPS: Final = 5_000_000
"""Most ion steps between two reports of progress: about a second."""
SAMPLES: Final = 400
FLOOR: Final = 241
"""Points of the outline of an uneven electrode."""
PATIENCE: Final = 50.0
"""An ion is given up after so many times its flight or drift across the gap."""
CHECKPOINT_EVERY_S: Final = 20.0
COLUMNS: Final = (
    *("start_x_m", "start_y_m", "start_z_m", "end_x_m", "end_y_m", "end_z_m", "surface", "time_of_flight_s", "path_length_m"),
    *("turns", "winding", "energy_error", "end_speed_m_s", "momentum_error"),
)


@dataclass(frozen=True)
class Magnetic:
    """The magnetic field: uniform along an axis, or a table of a map in the cell's own lengths."""

    flux_density_T: float
    """Uniform, or the rms of the map."""
    axis: tuple[float, float, float] = (0.0, 0.0, 1.0)
    table: FluxTable = NO_FLUX
    largest_T: float = 0.0
    """Of the map within the cell."""
    key: str = ""

    @property
    def mapped(self) -> bool:
        """Whether it comes from a map."""
        return self.table is not NO_FLUX


def scales(gap_m: float, voltage_V: float, ion: Species) -> tuple[float, float]:
    """The time L sqrt(m/(|q|V)) [s] and the speed sqrt(|q|V/m) [m/s] in which an ion's flight is counted."""
    speed = math.sqrt(abs(ion.charge_C) * voltage_V / ion.mass_kg)
    return gap_m / speed, speed


class Motion(NamedTuple):
    """One species' flight in scaled units, ready for the compiled kernel."""

    sign: float
    time_s: float
    speed_m_s: float
    gyration: Floats
    """Uniform angular frequency as a vector."""
    per_tesla: float
    drag: float
    scheme: int
    step: float
    crossing: float
    """Time of the free flight or of the drift."""
    flows: Floats
    noises: Floats
    spreads: Floats
    bridges: Floats
    thermal: float


def flown(cell: Measurement, magnetic: Magnetic, conditions: Conditions, context: Context) -> Measurement:
    """Fly every species and return what became of them."""
    unit_V = _unit_V(cell, conditions)
    motions = [motion(cell, magnetic, conditions, SPECIES[n], unit_V) for n in conditions.species]
    gap, kept = float(cell.meta["gap_m"]), min(conditions.kept, conditions.ions)
    sorts, paths = len(motions), min(conditions.paths, conditions.ions)
    out, record = np.zeros((sorts, kept, len(COLUMNS))), np.full((sorts, paths, SAMPLES, 4), np.nan)
    tally = Tally.empty(cell.meta, [PATIENCE * m.crossing * m.time_s for m in motions])
    made = ready(cell, unit_V)
    fly = _flyer(made, gap, magnetic, conditions)
    size = max(1, min(BATCH, BATCH_STEPS // conditions.steps_per_flight))
    work = [(i, first, min(first + size, conditions.ions)) for i in range(sorts) for first in range(0, conditions.ions, size)]
    fingerprint = content_key([cell.key, magnetic.key, plain(asdict(conditions)), magnetic.flux_density_T, magnetic.axis])
    rows = out.reshape(-1, len(COLUMNS))
    done = _resumed(context, fingerprint, rows, record, tally)

    def keep() -> None:
        index, _, last = work[done - 1]
        filled = index * kept + min(last, kept) if done else 0
        context.checkpoint.save(fingerprint=np.array(fingerprint), done=done, rows=rows[:filled], record=record, **tally.arrays)

    saving = Saving(CHECKPOINT_EVERY_S)
    with ThreadPoolExecutor(conditions.threads) as pool:
        for summary, tracks in _in_order(
            pool, work[done:], lambda i, a, b: fly(motions[i], i, a, b, paths), conditions.threads
        ):
            index, first, last = work[done]
            tally.add(index, summary)
            out[index, first : min(last, kept)] = summary[: max(kept - first, 0), : len(COLUMNS)]
            record[index, first : min(last, paths)] = tracks
            done += 1
            try:
                context.progress(done / len(work), f"{conditions.species[index]}: {last} of {conditions.ions}")
            except Cancelled:
                keep()
                raise
            if done < len(work) and saving.due():
                keep()
                saving.done()
    return _measured(cell, made, magnetic, conditions, out, record, tally)


def _in_order(
    pool: ThreadPoolExecutor, work: list[tuple[int, int, int]], fly: Callable[..., Any], threads: int
) -> Iterator[tuple[Floats, Floats]]:
    """Results in the order of the work, few of them waiting at a time; what waits is dropped where the reader stops."""
    waiting: deque[Any] = deque()
    try:
        for item in work:
            waiting.append(pool.submit(fly, *item))
            if len(waiting) > threads + 1:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _resumed(context: Context, fingerprint: str, rows: Floats, record: Floats, tally: Tally) -> int:
    """Take up a checkpoint of the same run; the number of batches that it holds."""
    state = context.checkpoint.resume(fingerprint)
    if state is None:
        return 0
    rows[: len(state["rows"])] = state["rows"]
    record[...] = state["record"]
    for name, values in tally.arrays.items():
        values[...] = state[name]
    return int(state["done"])


def _unit_V(cell: Measurement, conditions: Conditions) -> float:
    """The voltage that sets the scales: the cell's, or the thermal one where the cell has none.

    Raises
    ------
    ConfigError: nothing would move, or nothing tells where the electrodes are.
    """
    voltage = float(cell.meta["voltage_V"])
    if voltage > 0:
        return voltage
    if voltage < 0:
        raise ConfigError(f"a voltage of {voltage:.3g} V", "voltage_V", "count it upward from the lower electrode: positive")
    if conditions.emission == "rest" and not conditions.liquid:
        raise ConfigError(
            "without a voltage ions at rest stay where they are", "voltage_V", "emission = 'thermal', or a voltage"
        )
    if "wall" not in cell:
        raise ConfigError(
            "without a voltage the potential does not tell where the electrodes are",
            cell.source.name,
            "a map with `wall` and `patch_wall`, or a voltage",
        )
    return BOLTZMANN_J_K * conditions.temperature_K / ELEMENTARY_CHARGE_C


def motion(cell: Measurement, magnetic: Magnetic, conditions: Conditions, ion: Species, unit_V: float) -> Motion:
    """The scaled motion of one species.

    Raises
    ------
    ConfigError: a step too long for the gyration; an overdamped flight in vacuum, or without steps far above relaxation.
    """
    from anodefree.numerics.compiled import steps as compiled

    time_s, speed = scales(float(cell.meta["gap_m"]), unit_V, ion)
    per_tesla = cyclotron_frequency(ion.charge_C, ion.mass_kg, 1.0) * time_s
    diffusivity, temperature = conditions.diffusivity_m2_s(ion.name), conditions.temperature_K
    thermal = thermal_speed(ion.mass_kg, temperature, 1) / speed
    drag = 0.0 if diffusivity is None else time_s / relaxation_time(ion.mass_kg, diffusivity, temperature)
    crossing = drag or math.sqrt(2.0)
    step = crossing / conditions.steps_per_flight
    largest = abs(per_tesla) * (magnetic.largest_T if magnetic.mapped else magnetic.flux_density_T)
    overdamped = conditions.pusher == "overdamped"
    if magnetic.mapped and conditions.liquid and not overdamped:
        _check_local(drag, step, largest)
    if overdamped:
        _check_overdamped(drag, step, largest, magnetic.mapped)
        scheme = compiled.OVERDAMPED
    elif conditions.liquid:
        scheme = compiled.EXACT
    else:
        uniform_turn = compiled.ROTATION if magnetic.mapped else compiled.EXACT
        scheme = {"rk4": compiled.RK4, "boris": compiled.BORIS, "rotation": uniform_turn}[conditions.pusher]
        if scheme != compiled.EXACT and largest * step > 0.5:
            raise ConfigError(
                f"{2 * math.pi / (largest * step):.1f} steps a turn are too few for {conditions.pusher}",
                "steps_per_flight",
                f"steps_per_flight = {math.ceil(2 * conditions.steps_per_flight * largest * step)}"
                + ("" if magnetic.mapped else ", or pusher = 'rotation'"),
            )
    omega = 0.0 if magnetic.mapped else per_tesla * magnetic.flux_density_T
    variance = thermal**2 if conditions.liquid else 0.0
    flows, noises = langevin_steps(drag, omega, variance, step, LEVELS, magnetic.axis)
    spread, bridge = spreads(drag, variance, step, LEVELS, overdamped)
    gyration = omega * np.array(magnetic.axis)
    sign = math.copysign(1.0, ion.charge_C)
    return Motion(
        sign, time_s, speed, gyration, per_tesla, drag, scheme, step, crossing, flows, noises, spread, bridge, thermal
    )


def _check_overdamped(drag: float, step: float, gyration: float, mapped: bool) -> None:
    if drag == 0.0:
        raise ConfigError("an overdamped flight needs a liquid", "pusher", "liquid = true, or pusher = 'rk4'")
    if drag * step < 30.0:
        raise ConfigError(
            f"a step of {drag * step:.2g} relaxation times is too short for the overdamped limit",
            "steps_per_flight",
            "take fewer steps, or the exact Langevin step (any other pusher)",
        )
    if mapped and gyration > 0.1 * drag:
        raise ConfigError(
            f"a Hall parameter of {gyration / drag:.2g} in an uneven field has no overdamped limit with white noise",
            "flux",
            "scale the map down: below 0.1 the limit holds",
        )


def _check_local(drag: float, step: float, gyration: float) -> None:
    """A step far above the relaxation time sees one place of the map only; where B turns the motion, that is too coarse."""
    if gyration > 0.1 * drag and drag * step > 1.0:
        raise ConfigError(
            f"with a Hall parameter of {gyration / drag:.2g} a step of {drag * step:.2g} relaxation times is too long in a map",
            "steps_per_flight",
            "take steps below the relaxation time, or scale the map down: below 0.1 any step holds",
        )


def _flyer(made: Ready, gap: float, magnetic: Magnetic, conditions: Conditions) -> Callable[..., tuple[Floats, Floats]]:
    """The function that flies ions first ... last of a species: their summaries and the first few paths, in SI."""
    from anodefree.numerics.compiled import flight as compiled

    across = frame(np.array(magnetic.axis))[:2].copy()
    every = max(1, math.ceil(3 * conditions.steps_per_flight / SAMPLES))

    def fly(m: Motion, index: int, first: int, last: int, paths: int) -> tuple[Floats, Floats]:
        seed = 2 * conditions.pairing + index
        start = launch(seed, first, last, m.sign, made.shape, conditions.emission, m.thermal)
        if made.rough and m.sign < 0:
            start = made.risen(start)
        out = np.zeros((last - first, compiled.SUMMARY))
        record = np.full((max(min(last, paths) - first, 0), SAMPLES, 4), np.nan)
        motion = np.array([m.sign, *m.gyration, m.drag, m.thermal**2])
        flux, layout = magnetic.table.scaled(m.per_tesla)
        compiled.fly(
            made.tables, made.wall, made.grids, flux, layout, made.shape, motion, across, m.scheme, m.flows, m.noises, LEVELS,
            m.step, NEAR_TIP, m.spreads, m.bridges, PATIENCE * m.crossing, conditions.side == "absorbs", m.sign, seed, first,
            start, every, record, out,
        )  # fmt: skip
        out[:, :6] *= gap
        out[:, 7] *= m.time_s
        out[:, 8] *= gap
        out[:, 12] *= m.speed_m_s
        record[..., :3] *= gap
        record[..., 3] *= m.time_s
        return out, record

    return fly


def _measured(
    cell: Measurement,
    made: Ready,
    magnetic: Magnetic,
    conditions: Conditions,
    out: Floats,
    record: Floats,
    tally: Tally,
) -> Measurement:
    gap = float(cell.meta["gap_m"])
    sorts, kept, _ = out.shape
    arrays: dict[str, Any] = {"species": np.repeat(np.arange(sorts, dtype=np.int8), kept)}
    arrays |= {name: out[:, :, i].reshape(-1) for i, name in enumerate(COLUMNS)}
    arrays["surface"] = arrays["surface"].astype(np.int8)
    if record.shape[1]:
        tracks = record.reshape(-1, *record.shape[2:])
        arrays |= {f"path_{n}": tracks[..., i] for i, n in enumerate(("x_m", "y_m", "z_m", "time_s"))}
        arrays["path_species"] = np.repeat(np.arange(sorts, dtype=np.int8), record.shape[1])
    liquid = "overdamped" if conditions.pusher == "overdamped" else "exact Langevin step"
    meta = {
        **{n: cell.meta[n] for n in ("gap_m", "radius_m", "boss_height_m", "boss_base_m", "voltage_V")},
        "ions": ", ".join(conditions.species),
        "flown": conditions.ions,
        "flux_density_T": magnetic.flux_density_T,
        "regime": "liquid" if conditions.liquid else "vacuum",
        "pusher": liquid if conditions.liquid else conditions.pusher,
        "temperature_K": conditions.temperature_K,
    }
    if "boss_shape" in cell.meta:
        meta["boss_shape"] = cell.meta["boss_shape"]
    if made.rough:
        x = np.linspace(-1, 1, FLOOR) * made.shape[2]
        arrays |= {"floor_x_m": gap * x, "floor_z_m": gap * made.below(x, np.zeros(FLOOR))}
    if conditions.liquid:
        meta |= {n: getattr(conditions, n) for n in ("cation_diffusivity_m2_s", "anion_diffusivity_m2_s")}
    return Measurement.of(FLIGHTS, {**arrays, **tally.arrays}, meta)
