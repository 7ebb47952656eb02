"""A run: legs one after the other, with progress, checkpoints, and an end that keeps what was computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from anodefree.core.context import Context
from anodefree.core.saving import Saving
from anodefree.errors import Cancelled, NumericalError
from anodefree.simulation.deposition.galvanostat import Potentials
from anodefree.simulation.deposition.growth import Growth, Leg, Moment, State
from anodefree.simulation.deposition.pace import Pace
from anodefree.simulation.deposition.record import Record

CHECKPOINT_EVERY_S: Final = 30.0
_ARRAYS: Final = ("lithium", "concentration", "earlier", "awake", "film")
_NUMBERS: Final = (
    *("time_s", "step_s", "last_s", "plated_C_m2", "stripped_C_m2", "steps", "rejected", "shift", "current_error"),
    "left_over",
)


@dataclass
class Run:
    """How far a sequence of legs has come."""

    growth: Growth
    legs: Sequence[Leg]
    frames: int
    """Fields kept of a leg."""
    record: Record = field(default_factory=Record)
    leg: int = 0
    passed_C_m2: float = 0.0
    """Charge of the present leg, signed."""
    spent_s: float = 0.0
    kept: int = 0
    """Frames of the present leg."""
    stopped: str = ""
    turned: list[tuple[float, float, float]] = field(default_factory=list)
    """Plated and stripped charge and isolated lithium [C/m2, C/m2, m] at the end of each leg."""
    latest: Moment | None = None
    steepest_V: float = 0.0
    """Largest fall of the potential over the interface's width."""
    pace: Pace = field(default_factory=Pace)

    def carry_out(self, context: Context, fingerprint: str) -> None:
        """Run to the end, or to where the model ends.

        Raises
        ------
        NumericalError: nothing could be computed at all.
        """
        self._resume(context, fingerprint)
        saving = Saving(CHECKPOINT_EVERY_S)
        while self.leg < len(self.legs) and not self.stopped:
            try:
                self._step(context)
            except Cancelled:
                self._save(context, fingerprint)
                raise
            except NumericalError as error:
                if self.growth.state.steps == 0:
                    raise
                self.stopped = self.stopped or f"{error.what}; {error.hint}"
                self._keep_last()
            if saving.due():
                self._save(context, fingerprint)
                saving.done()

    def _step(self, context: Context) -> None:
        growth, leg = self.growth, self.legs[self.leg]
        if self.spent_s == 0 and self.passed_C_m2 == 0:
            growth.begin(leg)
        now = self.latest = growth.moment(leg)
        self.steepest_V = max(self.steepest_V, growth.fall_V(now.sharpest_A_m2))
        state = growth.state
        over = state.potentials.electrode_V > leg.cut_off_V
        over = over or leg.charge_left_C_m2(self.passed_C_m2) <= 1e-12 * state.plated_C_m2
        over = over or leg.duration_s - self.spent_s <= 1e-12 * max(state.time_s, 1e-9)
        share = self._share(leg)
        first = self.spent_s == 0 and self.passed_C_m2 == 0
        if over or first or share * (self.frames - 1) >= self.kept:
            if not (first and self.leg > 0):
                self.record.keep(growth, now)
            self.kept += 1
        self.record.note(growth, now)
        if over:
            self._turn(now)
            return
        step = growth.longest_s(leg, now, self.passed_C_m2, self.spent_s)
        step = growth.advance(now, step)
        if leg.current_A_m2:
            wrong = abs(now.flow.total_A_m2 / leg.current_A_m2 - 1)
            state.current_error = max(state.current_error, wrong)
        self.passed_C_m2 += now.flow.total_A_m2 * step
        self.spent_s += step
        fault = growth.fault()
        if fault:
            self.stopped = fault
            last = growth.moment(leg)
            self.record.keep(growth, last)
            self.record.note(growth, last)
            self._turn(last)
        done = (self.leg + self._share(leg)) / len(self.legs)
        context.progress(done, f"{state.time_s:.4g} s, step {state.steps} of {step:.2g} s{self.pace.left(done)}")

    def _keep_last(self) -> None:
        """The fields where it ended, with the potentials that were found last."""
        if self.latest is not None and self.growth.state.time_s > self.record.frame_time_s[-1]:
            self.record.keep(self.growth, self.latest)
            self.record.note(self.growth, self.latest)

    def _share(self, leg: Leg) -> float:
        """How much of the leg is done, 0 to 1."""
        whole = min(leg.charge_C_m2, leg.expected_C_m2)
        by_charge = abs(self.passed_C_m2) / whole if np.isfinite(whole) else 0.0
        by_time = self.spent_s / leg.duration_s if np.isfinite(leg.duration_s) else 0.0
        return min(max(by_charge, by_time), 1.0)

    def _turn(self, now: Moment) -> None:
        state, box = self.growth.state, self.growth.box
        loose = 0.0 if now.apart is None else float(state.lithium[now.apart].sum()) / box.columns * box.cell_m
        self.turned.append((state.plated_C_m2, state.stripped_C_m2, loose))
        self.leg, self.passed_C_m2, self.spent_s, self.kept = self.leg + 1, 0.0, 0.0, 0

    def _save(self, context: Context, fingerprint: str) -> None:
        state = self.growth.state
        arrays: dict[str, Any] = {n: getattr(state, n) for n in _ARRAYS}
        arrays |= {"liquid_V": state.potentials.liquid_V, "response": state.potentials.response}
        arrays["numbers"] = np.array([getattr(state, n) for n in _NUMBERS] + [state.potentials.electrode_V])
        arrays["place"] = np.array([self.leg, self.passed_C_m2, self.spent_s, self.kept])
        arrays["steepest"] = np.array(self.steepest_V)
        arrays["turned"] = np.array(self.turned).reshape(-1, 3)
        context.checkpoint.save(fingerprint=np.array(fingerprint), **arrays, **self.record.arrays())

    def _resume(self, context: Context, fingerprint: str) -> None:
        kept = context.checkpoint.resume(fingerprint)
        if kept is None:
            return
        numbers = kept["numbers"].tolist()
        potentials = Potentials(kept["liquid_V"], numbers.pop(), kept["response"])
        state: State = self.growth.state
        for name in _ARRAYS:
            setattr(state, name, kept[name])
        for name, value in zip(_NUMBERS, numbers, strict=True):
            setattr(state, name, int(value) if name in ("steps", "rejected") else value)
        state.potentials = potentials
        leg, self.passed_C_m2, self.spent_s, held = kept["place"].tolist()
        self.leg, self.kept = int(leg), int(held)
        self.steepest_V = float(kept.get("steepest", 0.0))
        self.turned = [tuple(t) for t in kept["turned"].tolist()]
        self.record = Record.of(kept)
