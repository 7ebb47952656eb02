"""A full cell cycled: charges and discharges, with progress, checkpoints, and an end that keeps what was computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from anodefree.core.context import Context
from anodefree.core.saving import Saving
from anodefree.errors import Cancelled, NumericalError
from anodefree.simulation.cell.full_cell_model import RESIDUE, Ended, FullCell

CHECKPOINT_EVERY_S: Final = 10.0
DEAD: Final = 1e-3
"""Discharge over the capacity below which a cell is over."""
DYING: Final = 0.05
"""Below this an impossible charge means that the cell is over, too: there is no lithium to bring the voltage down."""
_LONGEST: Final = 1.5
"""How much more than the positive electrode's reversible charge a half cycle may take before it counts as endless."""
_COLUMNS: Final = ("time_s", "voltage_V", "current_A_m2", "record_cycle")


@dataclass(frozen=True)
class Plan:
    """What is done to the cell; per area of electrode."""

    capacity_C_m2: float
    charge_A_m2: float
    discharge_A_m2: float
    lower_V: float
    upper_V: float
    temperature_K: float
    full: float
    """Filling of the positive electrode at assembly, and the largest it takes."""
    j0_A_m2: float
    excess: float
    efficiency: Sequence[float]
    """Of each cycle."""
    film_ohm_m2: Sequence[float]
    active: Sequence[float]
    """What is left of the positive electrode at the discharge of each cycle, over what it was made with."""
    points: int

    @property
    def cycles(self) -> int:
        """How many cycles are asked for."""
        return len(self.efficiency)


def recorded_s(expected_s: float, points: int, longest_s: float) -> np.ndarray:
    """Times [s] (n,): evenly spaced, and closer and closer together towards the start and the expected end.

    A voltage turns most steeply when a current has just begun, and when what is left runs out.
    """
    close = expected_s * np.geomspace(1e-4, 0.5 / points, 6)
    even = np.arange(0.0, longest_s, expected_s / max(points - 2 * close.size, 8))
    return np.unique(np.concatenate([even, close, expected_s - close]))


class Account(NamedTuple):
    """Lithium as charge [C/m2] after a discharge, and what each half cycle passed."""

    charged: float
    discharged: float
    plated: float
    lost: float
    in_cathode: float
    in_lost_cathode: float
    salt: float
    """Lithium of the electrolyte [mol/m2]."""


@dataclass
class CellRun:
    """How far the cycling has come."""

    cell: FullCell
    plan: Plan
    cycle: int = 0
    clock_s: float = 0.0
    stranded_C_m2: float = 0.0
    """Lithium in the part of the positive electrode that is lost."""
    accounts: list[Account] = field(default_factory=list)
    records: list[np.ndarray] = field(default_factory=list)
    """(columns, n) of each half cycle."""
    stopped: str = ""
    state: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.state = self.cell.start(self._inputs(0, 1.0))

    def carry_out(self, context: Context, fingerprint: str) -> None:
        """Cycle to the end, or to where the cell or the model ends.

        Raises
        ------
        NumericalError: not even one cycle could be computed.
        """
        self._resume(context, fingerprint)
        saving = Saving(CHECKPOINT_EVERY_S)
        while self.cycle < self.plan.cycles and not self.stopped:
            try:
                done = self.accounts[-1].discharged if self.accounts else self.plan.capacity_C_m2
                context.progress(
                    self.cycle / self.plan.cycles,
                    f"cycle {self.cycle + 1} of {self.plan.cycles}, {done / self.plan.capacity_C_m2:.1%} of the capacity",
                )
                self._step()
            except Cancelled:
                self._save(context, fingerprint)
                raise
            except NumericalError as error:
                if not self.accounts:
                    raise
                self.stopped = self._why(error)
            if saving.due():
                self._save(context, fingerprint)
                saving.done()
        context.progress(1.0, f"{self.cycle} cycles")

    def _step(self) -> None:
        """One charge and the discharge after it."""
        plan, k = self.plan, self.cycle
        before = plan.active[k - 1] if k else 1.0
        expected = self.accounts[-1].discharged if self.accounts else before / plan.active[0] * plan.capacity_C_m2
        charged = self._half(self.state, self._inputs(k, before, -plan.charge_A_m2), expected)
        self._must_end(charged, "charging")
        passed = plan.charge_A_m2 * charged.time_s[-1]
        back = plan.efficiency[k] * passed
        given = self._half(charged.state, self._inputs(k, plan.active[k], plan.discharge_A_m2), back)
        self._must_end(given, "discharging")
        self._keep(charged, -plan.charge_A_m2)
        self._keep(given, plan.discharge_A_m2)
        sites = self.cell.sites_C_m2
        self.stranded_C_m2 += (before - plan.active[k]) * sites * charged.filling
        returned = float(plan.discharge_A_m2 * given.time_s[-1])
        self.accounts.append(
            Account(
                float(passed),
                returned,
                given.plated_C_m2,
                given.lost_C_m2,
                plan.active[k] * sites * given.filling,
                self.stranded_C_m2,
                given.electrolyte_mol_m2,
            )
        )
        self.state, self.cycle = given.state, k + 1
        if returned < DEAD * plan.capacity_C_m2 and self.cycle < plan.cycles:
            self.stopped = self._over()

    def _over(self) -> str:
        left = self.accounts[-1].discharged / self.plan.capacity_C_m2
        return f"the cell is over: the discharge of cycle {self.cycle} gave {100 * left:.2g} % of the capacity"

    def _why(self, error: NumericalError) -> str:
        """Why a later cycle could not be computed."""
        if self.accounts[-1].discharged < DYING * self.plan.capacity_C_m2:
            return self._over()
        return f"in cycle {self.cycle + 1}, {error.what}; try {error.hint}"

    def _half(self, state: np.ndarray, inputs: dict[str, float], expected_C_m2: float) -> Ended:
        """One half cycle, recorded where it is expected to change."""
        rate = abs(inputs["current_A_m2"])
        whole = _LONGEST * self.cell.sites_C_m2 / rate
        times = recorded_s(max(expected_C_m2 / rate, 1e-3 * whole), self.plan.points, whole)
        return self.cell.pass_current(state, inputs, times, whole)

    def _must_end(self, half: Ended, what: str) -> None:
        if half.why == "final time":
            raise NumericalError(
                f"{what} meets no limit: more charge passed than the positive electrode can hold",
                "cell.cycle",
                "a window of voltage within 2.0 to 4.6 V",
            )

    def _inputs(self, cycle: int, active: float, current_A_m2: float = 0.0) -> dict[str, float]:
        plan = self.plan
        return {
            "current_A_m2": current_A_m2,
            "active_fraction": self.cell.active_fraction * active,
            "capacity_C_m2": plan.capacity_C_m2,
            "efficiency": plan.efficiency[cycle],
            "film_ohm_m2": plan.film_ohm_m2[cycle],
            "filling": plan.full,
            "fullest": plan.full,
            "j0_A_m2": plan.j0_A_m2,
            "lower_V": plan.lower_V,
            "upper_V": plan.upper_V,
            "plated_C_m2": (plan.excess + RESIDUE) * plan.capacity_C_m2,
            "temperature_K": plan.temperature_K,
            "unity": 1.0,
        }

    def _keep(self, half: Ended, current_A_m2: float) -> None:
        """Append the records; current positive on charging, as a cycler counts it."""
        n = half.time_s.size
        time_s = self.clock_s + half.time_s
        self.records.append(np.stack([time_s, half.voltage_V, np.full(n, -current_A_m2), np.full(n, self.cycle + 1.0)]))
        self.clock_s = float(time_s[-1])

    def columns(self) -> dict[str, np.ndarray]:
        """The whole record, column by column, each (n,)."""
        return dict(zip(_COLUMNS, np.hstack(self.records), strict=True))

    def lithium_error(self) -> float:
        """The largest difference of all lithium but the salt from what the cell was made with, over that."""
        made = (self.plan.excess + RESIDUE) * self.plan.capacity_C_m2 + self.plan.full * self.cell.sites_C_m2
        return max(abs(a.plated + a.lost + a.in_cathode + a.in_lost_cathode - made) for a in self.accounts) / made

    def charge_error(self) -> float:
        """The largest difference between the charge that passed and what left the positive electrode, over its capacity."""
        held = self.plan.full * self.cell.sites_C_m2 - np.cumsum([a.charged - a.discharged for a in self.accounts])
        found = np.array([a.in_cathode + a.in_lost_cathode for a in self.accounts])
        return float(np.abs(held - found).max() / self.plan.capacity_C_m2)

    def salt_error(self) -> float:
        """The largest change of the electrolyte's lithium over what it was made with."""
        inputs = self._inputs(0, 1.0)
        made = float(self.cell.look(np.zeros(1), self.cell.start(inputs)[:, None], inputs)[4, 0])
        return max(abs(a.salt / made - 1) for a in self.accounts)

    def _save(self, context: Context, fingerprint: str) -> None:
        context.checkpoint.save(
            fingerprint=np.array(fingerprint),
            state=self.state,
            place=np.array([self.cycle, self.clock_s, self.stranded_C_m2]),
            accounts=np.array(self.accounts).reshape(-1, len(Account._fields)),
            records=np.hstack(self.records) if self.records else np.zeros((len(_COLUMNS), 0)),
        )

    def _resume(self, context: Context, fingerprint: str) -> None:
        kept = context.checkpoint.resume(fingerprint)
        if kept is None:
            return
        self.state = kept["state"]
        cycle, self.clock_s, self.stranded_C_m2 = kept["place"].tolist()
        self.cycle = int(cycle)
        self.accounts = [Account(*row) for row in kept["accounts"].tolist()]
        self.records = [kept["records"]]
