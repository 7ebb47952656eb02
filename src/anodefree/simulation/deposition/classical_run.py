"""The run of the classical model: adaptive steps, frames, history, checkpoint and cancellation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.core.context import Context
from anodefree.core.measurement import FINISHED
from anodefree.core.saving import Saving
from anodefree.errors import Cancelled, NumericalError
from anodefree.simulation.deposition.classical_step import State, Stepper
from anodefree.simulation.deposition.pace import Pace

CHECKPOINT_EVERY_S: Final = 20.0
SHORTEST: Final = 1e-6
"""Of the whole run: a step below which it stops, keeping what it has."""
FIRST: Final = 1e-3
"""Of the whole run: the first step."""
HISTORY: Final = ("time_s", "metal_um", "top_um", "salt_least", "salt_most", "left_A_m2")


@dataclass(frozen=True)
class Plan:
    """How far, in which steps, and what is kept."""

    duration_s: float
    frames: int
    change: float
    """Most change of the phase, and of the salt over its largest value, in one step."""
    step_s: float
    """A fixed step; 0 adapts it."""
    noise: float
    noise_key: int
    fingerprint: str


@dataclass
class Run:
    """What has been computed."""

    state: State
    step_s: float
    frames: list[State]
    history: list[tuple[float, ...]]
    stopped: str = ""


def run(stepper: Stepper, first: State, plan: Plan, context: Context) -> Run:
    """Advance to the end, or to where the model cannot go on; a stopped run goes on from its checkpoint."""
    made = _resumed(context, plan) or Run(first, _first_step(plan), [first], [_seen(stepper, first, 0.0)])
    saving, pace = Saving(CHECKPOINT_EVERY_S), Pace()
    while not made.stopped and made.state.time_s < plan.duration_s * (1 - 1e-12):
        _step(stepper, made, plan)
        try:
            done = made.state.time_s / plan.duration_s
            context.progress(done, f"{made.state.time_s:.3g} of {plan.duration_s:.3g} s{pace.left(done)}")
        except Cancelled:
            _keep(context, plan, made)
            raise
        if saving.due():
            _keep(context, plan, made)
            saving.done()
    if made.frames[-1] is not made.state and made.frames[-1].time_s < made.state.time_s:
        made.frames.append(made.state)
    made.stopped = made.stopped or FINISHED
    return made


def _first_step(plan: Plan) -> float:
    return plan.step_s or FIRST * plan.duration_s


def _step(stepper: Stepper, made: Run, plan: Plan) -> None:
    """One step, halved until the fields change little enough; frames are met exactly."""
    due = len(made.frames) * plan.duration_s / (plan.frames - 1)
    while True:
        left = due - made.state.time_s
        step = (
            left if left < made.step_s * (1 + 1e-9) else min(made.step_s, 0.5 * left if left < 2 * made.step_s else made.step_s)
        )
        try:
            new = stepper.advance(made.state, step, _noise(plan, made, stepper, step))
            change = _changed(made.state, new)
        except NumericalError as error:
            reason, change = str(error.what), np.inf
        else:
            reason = f"the fields change by {change:.2g} in a step"
        if plan.step_s and np.isfinite(change):
            break
        if change <= 2 * plan.change:
            made.step_s = max(made.step_s, step) * min(1.3, max(0.5, 0.9 * plan.change / max(change, 1e-12)))
            break
        made.step_s = 0.5 * step
        if plan.step_s or made.step_s < SHORTEST * plan.duration_s:
            made.stopped = f"stopped at {made.state.time_s:.4g} s: {reason}"
            return
    before = made.state
    made.state = replace(new, time_s=due) if step == left else new
    made.history.append(_seen(stepper, made.state, float(new.metal.sum() - before.metal.sum()) / step))
    if step == left:
        made.frames.append(made.state)
    made.stopped = _full(made.state)


def _changed(old: State, new: State) -> float:
    salt = float(np.abs(new.salt - old.salt).max()) / max(1.0, float(old.salt.max()))
    return max(float(np.abs(new.metal - old.metal).max()), salt)


def _full(state: State) -> str:
    """Why the model ends: metal that reaches the other border shorts the cell."""
    return "the deposit reached the upper border" if state.metal[-1].max() > 0.5 else ""


def _noise(plan: Plan, made: Run, stepper: Stepper, step_s: float) -> NDArray[np.float64] | None:
    """White in space and time, in proportion to xi (1 - xi); each step draws from its own stream."""
    if plan.noise == 0:
        return None
    metal = made.state.metal
    draws = np.random.default_rng([plan.noise_key, len(made.history)]).standard_normal(metal.shape)
    hz, hx = stepper.e.spacing_um
    return np.asarray(plan.noise * draws * np.clip(metal * (1 - metal), 0, None) * 4 / np.sqrt(hz * hx * step_s))


def _seen(stepper: Stepper, state: State, change_per_s: float) -> tuple[float, ...]:
    """A line of the history; metal as the height of a dense layer."""
    nx, hz = stepper.e.cells[1], stepper.e.spacing_um[0]
    high = np.flatnonzero(state.metal.max(axis=1) > 0.5)
    height = hz * (high[-1] + 0.5) if len(high) else 0.0
    rate = stepper.e.charge * 1e6 * change_per_s * hz / nx
    return state.time_s, float(state.metal.sum()) * hz / nx, height, float(state.salt.min()), float(state.salt.max()), rate


def _keep(context: Context, plan: Plan, made: Run) -> None:
    now: dict[str, Any] = made.state.arrays()
    stacked = {"frame_" + n: np.stack([f.arrays()[n] for f in made.frames]) for n in now}
    context.checkpoint.save(
        fingerprint=np.array(plan.fingerprint), step_s=made.step_s, history=np.array(made.history), **now, **stacked
    )


def _resumed(context: Context, plan: Plan) -> Run | None:
    kept = context.checkpoint.resume(plan.fingerprint)
    if kept is None:
        return None
    names = list(State(np.zeros(0), np.zeros(0), np.zeros(0)).arrays())

    def state(prefix: str, index: int | None = None) -> State:
        v = {n: kept[prefix + n] if index is None else kept[prefix + n][index] for n in names}
        return State(v["metal"], v["salt"], v["potential_V"], float(v["time_s"]), v["potential_rate_V_s"])

    frames = [state("frame_", n) for n in range(len(kept["frame_time_s"]))]
    return Run(state(""), float(kept["step_s"]), frames, [tuple(map(float, row)) for row in kept["history"]])
