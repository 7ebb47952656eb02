"""A Li||Cu cell on a galvanostatic program: its voltage, and the lithium on its copper from step to step.

The copper holds the charge m [C/m2] of lithium that can be stripped. At the current density j (negative on plating) the cell
voltage is that of two electrodes in series with a resistance, each by Butler-Volmer,

    V = eta(j; j0 theta) + eta(j; j0) + j r - v_n exp(-m/m_n) [j < 0],     theta = m/(m + m_s) on stripping, else 1:

plating begins with the nucleation overpotential v_n, which fades as the copper is covered, and stripping ends with a
divergence, because the lithium covers less and less of it. At rest V = V_bare (1 - theta).

Plating adds CE |j| dt to m, stripping takes |j| dt, a leak takes j_leak dt at all times; what is lost never comes back. A soft
short carries a part b of the current past the electrodes: the lithium sees (1 - b) j, and the voltage falls by as much.

*Valid when* transport in the electrolyte limits nothing and the lithium strips from all places alike: a real tail at the end of
stripping is longer. *Source* kinetics: Bard and Faulkner 2001, equation 3.4.11; the shape of the trace: Wood et al. 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anodefree.physics.butler_volmer import current_density_A_m2, overpotential_V


@dataclass(frozen=True)
class HalfCell:
    """What the voltage of a Li||Cu cell depends on."""

    j0_A_m2: float
    resistance_ohm_m2: float = 2e-3
    nucleation_V: float = 0.05
    nucleation_C_m2: float = 180.0
    coverage_C_m2: float = 360.0
    bare_V: float = 0.4
    temperature_K: float = 298.15

    def voltage_V(self, density_A_m2: ArrayLike, lithium_C_m2: ArrayLike) -> NDArray:
        """V at a current density (negative on plating) with this much lithium on the copper; arguments broadcast."""
        j, m = np.asarray(density_A_m2, dtype=float), np.maximum(np.asarray(lithium_C_m2, dtype=float), 0.0)
        covered = np.maximum(m / (m + self.coverage_C_m2), 1e-12)
        copper = overpotential_V(j, self.j0_A_m2 * np.where(j > 0, covered, 1.0), 0.5, self.temperature_K)
        metal = overpotential_V(j, self.j0_A_m2, 0.5, self.temperature_K)
        nucleation = np.where(j < 0, self.nucleation_V * np.exp(-m / self.nucleation_C_m2), 0.0)
        return np.asarray(
            np.where(j == 0, self.bare_V * (1 - covered), copper + metal + j * self.resistance_ohm_m2 - nucleation)
        )

    def left_C_m2(self, density_A_m2: float, cutoff_V: float) -> float:
        """Lithium left on the copper when stripping at this current density reaches the cut-off; inf where it begins above."""
        spare = cutoff_V - density_A_m2 * self.resistance_ohm_m2
        spare -= float(overpotential_V(density_A_m2, self.j0_A_m2, 0.5, self.temperature_K))
        if spare <= 0:
            return float("inf")
        covered = density_A_m2 / float(current_density_A_m2(spare, self.j0_A_m2, 0.5, self.temperature_K))
        return self.coverage_C_m2 * covered / (1 - covered) if covered < 1 else float("inf")


@dataclass(frozen=True)
class Step:
    """One step of a program: a current until a charge is counted, stripping until the cut-off, or a rest."""

    density_A_m2: float
    charge_C_m2: float | None = None
    """Where it ends by charge; None: stripping ends at the cut-off."""
    rest_s: float = 0.0
    efficiency: float = 1.0
    bypass: float = 0.0
    cycle: int = 1


@dataclass(frozen=True)
class Leg:
    """What became of a step: when it began, how long it took, and the lithium on the copper at its ends."""

    step: Step
    start_s: float
    duration_s: float
    lithium_C_m2: tuple[float, float]

    @property
    def counted_C_m2(self) -> float:
        """The charge that the instrument's set current makes of the duration."""
        return abs(self.step.density_A_m2) * self.duration_s


@dataclass(frozen=True)
class Flow:
    """The current that flows where the instrument believes the set one does: j = (j_set - offset)/(1 + gain)."""

    gain: float = 0.0
    offset_A_m2: float = 0.0
    leak_A_m2: float = 0.0

    def true_A_m2(self, set_A_m2: float) -> float:
        """The current density through the cell; none at rest, when the circuit is open."""
        return (set_A_m2 - self.offset_A_m2) / (1 + self.gain) if set_A_m2 else 0.0


EXACT = Flow()


def run(cell: HalfCell, program: Sequence[Step], cutoff_V: float, flow: Flow = EXACT) -> list[Leg]:
    """The program, step by step, on bare copper. Stripping ends at the cut-off even where a charge was asked for."""
    at, lithium, legs = 0.0, 0.0, []
    for step in program:
        true = flow.true_A_m2(step.density_A_m2)
        through = true * (1 - step.bypass)
        rate = (-through if through > 0 else -through * step.efficiency) - flow.leak_A_m2
        counted = abs(step.density_A_m2)
        duration = step.rest_s if counted == 0 else float("inf")
        if step.charge_C_m2 is not None and counted:
            duration = step.charge_C_m2 / counted
        if through > 0 and rate < 0:
            left = min(cell.left_C_m2(through, cutoff_V), lithium)
            duration = min(duration, (lithium - left) / -rate)
        after = max(lithium + rate * duration, 0.0)
        legs.append(Leg(step, at, duration, (lithium, after)))
        at, lithium = at + duration, after
    return legs


@dataclass(frozen=True)
class Trace:
    """Records in the order of time, both ends of every step among them."""

    time_s: np.ndarray
    voltage_V: np.ndarray
    density_A_m2: np.ndarray
    cycle: np.ndarray


def trace(cell: HalfCell, legs: Sequence[Leg], sampling_s: float, flow: Flow = EXACT) -> Trace:
    """What an instrument without noise would write of these legs, one record every `sampling_s` and one at each end.

    Where stripping runs to the cut-off its last interval is halved twelve times, as by an instrument that also records when the
    voltage has changed.
    """
    time, lithium, density, through, cycle = [], [], [], [], []
    for leg in legs:
        if leg.duration_s <= 0:
            continue
        inside = np.append(np.arange(0.0, leg.duration_s - 1e-9, sampling_s), leg.duration_s)
        if leg.step.density_A_m2 > 0 and leg.step.charge_C_m2 is None:
            closer = leg.duration_s - sampling_s * 0.5 ** np.arange(1, 13)
            inside = np.unique(np.concatenate([inside, closer[closer > 0]]))
        first, last = leg.lithium_C_m2
        time.append(leg.start_s + inside)
        lithium.append(first + (last - first) * inside / leg.duration_s)
        density.append(np.full(inside.size, leg.step.density_A_m2))
        through.append(np.full(inside.size, flow.true_A_m2(leg.step.density_A_m2) * (1 - leg.step.bypass)))
        cycle.append(np.full(inside.size, leg.step.cycle))
    voltage = cell.voltage_V(np.concatenate(through), np.concatenate(lithium))
    return Trace(np.concatenate(time), voltage, np.concatenate(density), np.concatenate(cycle))


def plate_and_strip(
    density_A_m2: float,
    charge_C_m2: float,
    efficiencies: Sequence[float],
    rest_s: float = 0.0,
    bypasses: Sequence[tuple[float, float]] = (),
) -> list[Step]:
    """The conventional test: plate a fixed charge, strip to the cut-off, again and again; one cycle per efficiency."""
    program = []
    for k, efficiency in enumerate(efficiencies):
        on_plating, on_stripping = bypasses[k] if bypasses else (0.0, 0.0)
        rest = Step(0.0, rest_s=rest_s, cycle=k + 1)
        program += [Step(-density_A_m2, charge_C_m2, efficiency=efficiency, bypass=on_plating, cycle=k + 1), rest]
        program += [Step(density_A_m2, bypass=on_stripping, cycle=k + 1), rest]
    return program


def to_and_fro(density_A_m2: float, charge_C_m2: float, efficiency: float, cycles: int, rest_s: float = 0.0) -> list[Step]:
    """A symmetric cell's program: the same charge plated and stripped, again and again."""
    program = []
    for k in range(1, cycles + 1):
        rest = [Step(0.0, rest_s=rest_s, cycle=k)] if rest_s > 0 else []
        for density in (-density_A_m2, density_A_m2):
            program += [Step(density, charge_C_m2, efficiency=efficiency, cycle=k), *rest]
    return program


def reservoir(
    density_A_m2: float,
    reservoir_C_m2: float,
    cycled_C_m2: float,
    cycles: int,
    formations: Sequence[float],
    efficiencies: Sequence[float],
    rest_s: float = 0.0,
) -> list[Step]:
    """The reservoir test: formation cycles of the reservoir's charge, the reservoir, n short cycles, the last strip.

    `formations` holds the efficiency of each formation cycle, `efficiencies` that of the reservoir and of each short plating
    (1 + n). Cycles are numbered as an instrument counts them: a plating and the stripping after it.
    """
    program = plate_and_strip(density_A_m2, reservoir_C_m2, formations, rest_s)
    number = len(formations)
    for k in range(cycles + 1):
        number += 1
        rest = Step(0.0, rest_s=rest_s, cycle=number)
        program += [Step(-density_A_m2, cycled_C_m2 if k else reservoir_C_m2, efficiency=efficiencies[k], cycle=number), rest]
        program += [Step(density_A_m2, cycled_C_m2 if k < cycles else None, cycle=number), rest]
    return program
