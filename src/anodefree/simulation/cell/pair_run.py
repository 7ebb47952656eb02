"""A program on a pair of lithium electrodes: step after step, with progress, checkpoints, and an end that keeps its records."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from anodefree.core.context import Context
from anodefree.core.keys import arrays_key, plain
from anodefree.core.measurement import Measurement
from anodefree.core.saving import Saving
from anodefree.errors import Cancelled
from anodefree.numerics import pair_terms as p
from anodefree.physics.lithium_pair import limiting_A_m2, sand_time_s
from anodefree.physics.plating import EXACT, Step, Trace
from anodefree.simulation.cell.pair_options import BARE_V, STEEP_V, Pair
from anodefree.simulation.instruments import cycler

CHECKPOINT_EVERY_S: Final = 30.0
LIMIT_V: Final = 10.0
"""Beyond this voltage, but for the cut-off, a run ends."""
_ROWS: Final = 4096
_OVER: Final = 1.5
"""A strip without a charge ends at the latest after so many times the charge that the electrode holds."""
_SHORTEST: Final = 1e-10
"""The end of a step is found to this part of its expected duration."""
_PARTS: Final = ("kinetic_working", "kinetic_counter", "film_working", "film_counter", "ohmic", "concentration")


@dataclass
class Run:
    """How far a program has come."""

    pair: Pair
    program: Sequence[Step]
    cutoff_V: float
    sampling_s: float
    working_lithium_C_m2: float = 0.0
    leg: int = 0
    stopped: str = ""
    rows: list[np.ndarray] = field(default_factory=list)
    """Records (n, 4): time, voltage, set current density, cycle."""
    ends: list[tuple[float, float, float, float]] = field(default_factory=list)
    """Set current density, start and end [s] and cycle of each step."""
    parts_V: list[np.ndarray] = field(default_factory=list)
    """Mean of the parts of the voltage over each step, (6,)."""

    def __post_init__(self) -> None:
        pair = self.pair
        self.widths_m = pair.widths_m()
        self.salt = np.full(self.widths_m.size, pair.concentration_mol_m3)
        self.lithium = np.zeros((2, 4))
        self.lithium[:, p.FOIL] = self.working_lithium_C_m2, pair.counter_lithium_C_m2
        self.numbers = np.zeros(7)
        self.medium, self.sides = pair.medium(), pair.sides()
        self.efficiency = 1.0
        self._before = self.lithium.sum(), self.salt_mol_m2()

    def _mesh(self) -> tuple[np.ndarray, np.ndarray]:
        """Pore volume [m] and half the diffusion resistance [s/m] of each cell."""
        from anodefree.numerics.compiled.pair_half_cycle import mesh

        volume, half = np.empty(self.salt.size), np.empty(self.salt.size)
        mesh(self.lithium, self.widths_m, self.pair.porosity, self.pair.layers, self.medium, volume, half)
        return volume, half

    def salt_mol_m2(self) -> float:
        """Salt between the electrodes."""
        return float(self._mesh()[0] @ self.salt)

    def carry_out(self, context: Context, fingerprint: str) -> None:
        """Run to the end of the program, or to where the model ends: `stopped` then says why."""
        self._resume(context, fingerprint)
        saving = Saving(CHECKPOINT_EVERY_S)
        while self.leg < len(self.program) and not self.stopped:
            try:
                context.progress(self.leg / len(self.program), f"cycle {self.program[self.leg].cycle}")
            except Cancelled:
                self._save(context, fingerprint)
                raise
            self._step(self.program[self.leg], context)
            self.leg += 1
            if saving.due():
                self._save(context, fingerprint)
                saving.done()

    def _orders(self, step: Step) -> p.Orders:
        """What the compiled step is told."""
        size = abs(step.density_A_m2)
        if step.density_A_m2 < 0:
            self.efficiency = step.efficiency
        lost = (1 - self.efficiency) * self.pair.dead_part
        to_film = 1 - self.efficiency - lost
        to_dead = lost / (1 - to_film)
        stripping = step.density_A_m2 > 0
        held = float(self.lithium[0, : p.DEAD].sum())
        most = max(_OVER * held, held + 60.0 * size)
        charge = most if step.charge_C_m2 is None else step.charge_C_m2
        duration = step.rest_s if size == 0 else math.inf
        expected = duration if size == 0 else max(charge / size, 1e-6)
        short = self.pair.short_C_m2
        return p.Orders(
            step.density_A_m2,
            charge,
            duration,
            -self.cutoff_V if self.working_lithium_C_m2 > 0 else -LIMIT_V,
            self.cutoff_V if stripping else LIMIT_V,
            self.sampling_s,
            STEEP_V,
            self.pair.tolerance,
            to_film,
            to_dead,
            math.inf if short is None else short,
            self.pair.short_ohm_m2,
            BARE_V if self.working_lithium_C_m2 == 0 else 0.0,
            _SHORTEST * expected,
        )

    def _step(self, step: Step, context: Context) -> None:
        from anodefree.numerics.compiled.pair_half_cycle import carry_out

        if step.density_A_m2 == 0 and step.rest_s <= 0:
            return
        orders = self._orders(step)
        run, mean = self.numbers, np.zeros((2, 6))
        start = run[p.TIME]
        run[p.SPENT] = run[p.PASSED] = 0.0
        run[p.STEP] = 1e-4 * self.sampling_s
        why = p.FULL
        while why == p.FULL:
            out = np.empty((_ROWS, 3))
            rows, why, one, other = carry_out(
                self.salt,
                self.lithium,
                self.widths_m,
                self.pair.porosity,
                self.pair.layers,
                self.medium,
                self.sides,
                orders,
                run,
                out,
                mean,
            )
            if why == p.FULL:  # a long step: cancelled here it resumes from the last checkpoint, which is never half a step
                context.progress(self.leg / len(self.program), f"cycle {step.cycle}")
            self.rows.append(np.column_stack([out[:rows], np.full(rows, float(step.cycle))]))
            if why == p.FULL and rows < _ROWS:
                break
        self.ends.append((step.density_A_m2, start, float(run[p.TIME]), float(step.cycle)))
        self.parts_V.append(mean[0] / max(run[p.SPENT], 1e-300))
        self.stopped = self._why(why, step, orders, one, other)

    def _why(self, why: int, step: Step, orders: p.Orders, one: float, other: float) -> str:
        """Why the run ends here; empty where it goes on."""
        spent_s = float(self.numbers[p.SPENT])
        at = f"in cycle {step.cycle}, {spent_s:.4g} s after the current was set"
        if why == p.DEPLETED:
            where = "working" if one < other else "counter"
            return (
                f"the salt at the {where} electrode ran out {at}: the limiting current is now about "
                f"{self._limiting_A_m2() / 10:.3g} mA/cm2{self._sand(step)}; "
                "lower the current, thin the separator, or take more salt"
            )
        if why == p.FULL:
            return f"the internal steps became too short to go on {at}: a short beside an electrode that is nearly empty?"
        if why == p.USED_UP and self._emptied(0) and not self._emptied(1):
            return f"the lithium of the working electrode is used up beside a short {at}: no cut-off can be reached"
        side = 0 if step.density_A_m2 > 0 else 1
        if why == p.USED_UP or (why in (p.LIMIT, p.CUT_OFF) and side == 1 and self._emptied(1)):
            return f"the lithium of the counter electrode is used up {at}: more lithium, or a higher efficiency"
        if why == p.LIMIT or (why == p.CUT_OFF and self.working_lithium_C_m2 > 0):
            by = ", the lithium of the working electrode being used up," if side == 0 and self._emptied(0) else ""
            return f"the voltage passed {orders.high_V:g} V{by} {at}: lower the current or the resistance, or take more lithium"
        if why == p.CUT_OFF and spent_s == 0 and not self._emptied(0):
            return f"stripping begins above the cut-off of {self.cutoff_V:g} V {at}: raise it, or lower the resistance"
        if why == p.DONE and step.density_A_m2 > 0 and step.charge_C_m2 is None:
            return f"stripping passed more charge than there was lithium and never reached {self.cutoff_V:g} V, {at}: a short"
        return ""

    def _limiting_A_m2(self) -> float:
        """The largest steady current through separator and layers, with D as at the initial concentration."""
        _, half = self._mesh()
        medium = self.medium
        return limiting_A_m2(medium.concentration_mol_m3, 0.5 / float(half.sum()), medium.transference)

    def _sand(self, step: Step) -> str:
        """Sand's time, where no layer of dead lithium lies on the electrode."""
        if self.pair.layers:
            return ""
        medium = self.medium
        pores = self.pair.porosity * medium.separator_transport
        numbers = medium.concentration_mol_m3, medium.diffusivity_m2_s, medium.transference
        return f", Sand's time {float(sand_time_s(abs(step.density_A_m2), *numbers, pores)):.4g} s"

    def _emptied(self, side: int) -> bool:
        """Whether an electrode's lithium no longer covers its collector."""
        return float(self.lithium[side, : p.DEAD].sum()) < 0.1 * self.sides[side].covering_C_m2

    def trace(self) -> Trace:
        """Records in the order of time."""
        rows = np.concatenate(self.rows)
        return Trace(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3].astype(int))

    def account(self) -> dict[str, Any]:
        """What is known at the end: why it stopped, lithium and salt that are missing (relative), thicknesses, parts of V."""
        lithium, salt = self._before
        ended = self.numbers[p.ADDED_SALT]
        thick = self.medium.molar_volume_m3_mol / self.medium.faraday_C_mol
        names = ("working", "counter")
        loads = [n for n, (j, *_) in enumerate(self.ends) if j]
        parts = self.parts_V[loads[-1]] if loads else np.zeros(6)
        found: dict[str, Any] = {
            "stopped": self.stopped,
            "lithium_missing": float(self.lithium.sum() / lithium - 1),
            "salt_missing": float((self.salt_mol_m2() - ended) / salt - 1),
            "internal_steps": int(self.numbers[p.STEPS]),
            "limiting_A_m2": self.pair.limiting_A_m2(),
            **{f"part_{n}_V": float(v) for n, v in zip(_PARTS, parts, strict=True)},
        }
        for name, side in zip(names, self.lithium, strict=True):
            found[f"{name}_lithium_m"] = float(thick * (side[p.FOIL] + side[p.FRESH]))
            found[f"{name}_dead_C_m2"] = float(side[p.DEAD])
            found[f"{name}_interphase_C_m2"] = float(side[p.FILM])
        return found

    def _save(self, context: Context, fingerprint: str) -> None:
        context.checkpoint.save(
            fingerprint=np.array(fingerprint),
            salt=self.salt,
            lithium=self.lithium,
            numbers=self.numbers,
            place=np.array([self.leg, self.efficiency]),
            rows=np.concatenate(self.rows) if self.rows else np.empty((0, 4)),
            ends=np.array(self.ends).reshape(-1, 4),
            parts_V=np.array(self.parts_V).reshape(-1, 6),
        )

    def _resume(self, context: Context, fingerprint: str) -> None:
        kept = context.checkpoint.resume(fingerprint)
        if kept is None:
            return
        self.salt, self.lithium, self.numbers = kept["salt"], kept["lithium"], kept["numbers"]
        self.leg, self.efficiency = int(kept["place"][0]), float(kept["place"][1])
        self.rows = [kept["rows"]]
        self.ends = [tuple(e) for e in kept["ends"].tolist()]
        self.parts_V = list(kept["parts_V"])


def measured(given: Mapping[str, Any], program: Sequence[Step], what: str, working_C_m2: float = 0.0) -> Measurement:
    """The record that a cycler writes of a program on the pair that a stage's parameters describe."""
    run = Run(Pair.of(given), program, given["cutoff_V"], given["sampling_s"], working_C_m2)
    steps = np.array([(s.density_A_m2, s.charge_C_m2 or -1.0, s.rest_s, s.efficiency) for s in program])
    stated = {k: plain(v) for k, v in given.items() if k in Pair.__dataclass_fields__ or k in ("cutoff_V", "sampling_s")}
    run.carry_out(given["context"], arrays_key({"program": steps}, {**stated, "working": working_C_m2}))
    noise = (given["time_resolution_s"], given["voltage_noise_V"], given["current_noise"])
    by = cycler.Instrument(EXACT, given["sampling_s"], *noise)
    ends = np.array(run.ends)
    return cycler.written(run.trace(), ends, given["area_m2"], by, given["rng"], {"cell": what, **run.account()})
