"""Where deposits end and what they cost: out of the model's domain, memory, error control, precision, a kill at any moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anodefree import stages
from anodefree.core import machine
from anodefree.core.context import Checkpoint, Context
from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError, NumericalError
from anodefree.simulation.deposition.growth import RISE_M_PER_C_M2
from anodefree.simulation.deposition.pace import Pace

SMALL: dict[str, Any] = {"width_m": 16e-6, "height_m": 12e-6, "cells": 32, "site_radius_m": 1e-6, "capacity_C_m2": 3000.0}


def grown(**given: object) -> Measurement:
    made = stages.get("deposit.grow")(**{**SMALL, **given})
    assert isinstance(made, Measurement)
    return made


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({"film_ohm_m2": 1e9}, "beyond any electrolyte"),
        ({"j0_A_m2": 1e-30}, "beyond any electrolyte"),
        ({"conductivity_S_m": 1e-8}, "beyond any electrolyte"),
        ({"current_density_A_m2": 1e9}, "beyond any electrolyte"),
    ],
)
def test_what_the_model_cannot_carry_is_refused_with_its_cause(given: dict[str, object], cause: str) -> None:
    with pytest.raises(NumericalError, match=cause) as told:
        grown(**given)
    assert told.value.hint


def test_a_current_that_outruns_the_interface_stops_and_keeps_what_was_sound() -> None:
    made = grown(potential_V=-3.0)
    assert made.meta["stopped"].startswith("the interface is not resolved")
    assert "finer cells" in made.meta["stopped"]
    assert made.meta["steps"] > 3
    assert made["frame_time_s"][-1] == made["time_s"][-1]
    assert any("as thin as the cells" in c.message for c in made.checks)
    assert abs(made.meta["faraday_error"]) < 1e-12


def test_the_current_is_met_through_a_film_that_takes_volts() -> None:
    made = grown(film_ohm_m2=4.0, capacity_C_m2=100.0)
    assert made["current_density_A_m2"] == pytest.approx(1.0, rel=1e-9)
    assert made["electrode_potential_V"][0] == pytest.approx(-4.0, rel=1e-2)
    assert made.meta["current_error"] < 1e-9


def test_what_ends_early_is_a_check_that_the_command_line_shows(tmp_path: Path) -> None:
    asked = [f"--{k.replace('_', '-')}={v}" for k, v in {**SMALL, "capacity_C_m2": 1e5, "height_m": 6e-6}.items()]
    told = subprocess.run(
        [sys.executable, "-m", "anodefree", "do", "deposit.grow", *asked, "--sites-m=8um", "--json"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    checks = json.loads(told.stdout)["checks"]
    assert checks[0]["name"] == "stopped"
    assert checks[0]["status"] == "warn"
    assert "short circuit" in checks[0]["message"]
    assert "higher box" in checks[0]["message"]
    assert not grown(capacity_C_m2=100.0).checks


def test_where_a_step_fails_the_last_fields_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    from anodefree.simulation.deposition.growth import Growth

    whole = Growth.advance

    def fails(self: Growth, now: Any, step_s: float) -> float:
        if self.state.steps == 20:
            raise NumericalError("the step collapsed", "deposition", "a finer grid")
        return whole(self, now, step_s)

    monkeypatch.setattr(Growth, "advance", fails)
    made = grown(sites_m=(8e-6,), frames=2)
    assert made.meta["stopped"] == "the step collapsed; a finer grid"
    assert made["frame_time_s"][-1] == made["time_s"][-1] > 0
    held = made["lithium"][-1].sum() / 32 * 0.5e-6
    assert held == pytest.approx(made["deposited_m"][-1], rel=1e-5)


def test_what_memory_does_not_hold_is_refused_before_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "memory_bytes", lambda: 2**30)
    tracemalloc.start()
    try:
        for stage, given in (
            ("deposit.grow", {"cells": 1000, "width_m": 50e-6, "depth_m": 50e-6}),
            ("deposit.cycle", {"cells": 400, "frames": 1000, "cycles": 100}),
            ("deposit.classical", {"cells_x": 4096, "cells_z": 4096}),
        ):
            with pytest.raises(ConfigError, match="GiB of memory") as told:
                stages.get(stage)(**given)
            assert "fewer cells" in told.value.hint
        assert tracemalloc.get_traced_memory()[1] < 2**27
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("precision", ["double", "single"])
def test_memory_is_bounded_by_what_is_stated(precision: str) -> None:
    """Beyond some 2 MiB of tables, whatever the grid."""
    given = {"width_m": 24e-6, "height_m": 24e-6, "depth_m": 24e-6, "cells": 24, "capacity_C_m2": 100.0, "frames": 4}
    grown(**given, precision=precision)
    tracemalloc.start()
    try:
        made = grown(**given, precision=precision)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < made.meta["memory_bytes"] + 2**21
    assert peak > 0.3 * made.meta["memory_bytes"]


def test_the_classical_model_stays_within_the_memory_that_it_is_refused_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from anodefree.simulation.deposition import classical

    asked: list[float] = []
    monkeypatch.setattr(classical, "refuse_beyond_memory", lambda needed, *_: asked.append(needed))
    given = {"cells_x": 128, "cells_z": 128, "width_m": 16e-6, "height_m": 16e-6, "duration_s": 0.4, "step_s": 0.1, "frames": 5}
    stages.get("deposit.classical")(**given)
    tracemalloc.start()
    try:
        stages.get("deposit.classical")(**given)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 0.3 * asked[0] < peak < asked[0] + 2**21


def test_single_precision_of_the_solver_keeps_every_balance() -> None:
    given = {"sites_m": (8e-6,), "film_ohm_m2": 1e-3, "cells": 64}
    double, single = grown(**given), grown(**given, precision="single")
    assert abs(single.meta["faraday_error"]) < 1e-12
    assert abs(single.meta["salt_error"]) < 1e-12
    assert single.meta["current_error"] < 1e-9
    assert single["deposited_m"][-1] == pytest.approx(3000 * RISE_M_PER_C_M2, rel=1e-6)
    assert single["electrode_potential_V"] == pytest.approx(double["electrode_potential_V"], rel=1e-5)
    assert np.abs(single["lithium"] - double["lithium"]).max() < 1e-5
    assert np.abs(single["concentration_mol_m3"] / double["concentration_mol_m3"] - 1).max() < 1e-5


def test_the_step_adapts_by_orders_of_magnitude_and_its_error_follows_the_tolerance() -> None:
    """The salt of a dilute liquid, at half its Sand's time, against the smallest tolerance."""
    given = {
        **{"concentration_mol_m3": 100.0, "current_density_A_m2": 30.0, "capacity_C_m2": 60.0, "width_m": 2e-6, "cells": 8},
        **{"height_m": 20e-6, "front_step": 0.5, "frames": 2},
    }
    made = [grown(**given, salt_error=e) for e in (1e-2, 1e-3, 1e-5)]
    steps = np.diff(made[2]["time_s"])
    assert steps[1:-1].max() > 100 * steps[0]
    salt = [m["concentration_mol_m3"][-1] for m in made]
    errors = [float(np.abs(s - salt[2]).max()) / 100.0 for s in salt[:2]]
    assert errors[1] < 0.5 * errors[0]
    assert errors[1] < 0.01


def test_the_time_left_is_told_from_the_pace() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    assert pace.left(0.5) == ""  # resumed at the half: nothing to judge by
    now[0] = 10.0
    assert pace.left(0.6) == ", about 40 s left"
    now[0] = 70.0
    assert pace.left(0.61) == ", about 39 min left"  # slower of late: the last minute counts
    now[0] = 200.0
    assert pace.left(0.6102) == ", about 2.9 d left"


CHILD = """
import sys, time
from pathlib import Path
from anodefree import stages
from anodefree.core.context import Context
from anodefree.simulation.deposition import run
run.CHECKPOINT_EVERY_S = 0.2
def tell(fraction, text):
    print(time.monotonic(), text.split("step ")[1].split()[0], flush=True)
context = Context(Path(sys.argv[1]), tell, interval_s=0.0)
stages.get("deposit.grow")(seed=5, context=context, **eval(sys.argv[2]))
print("done")
"""


def test_a_kill_loses_at_most_one_interval_and_changes_no_number(tmp_path: Path) -> None:
    given = {
        **{"width_m": 16e-6, "height_m": 12e-6, "cells": 96, "site_radius_m": 1e-6, "site_spacing_m": 5e-6},
        **{"capacity_C_m2": 4000.0, "film_ohm_m2": 1e-3, "film_healing_s": 500.0, "film_crack_m": 1e-7, "front_step": 0.1},
    }
    kept, log = Checkpoint(tmp_path / "killed" / "checkpoint.npz"), tmp_path / "log"
    with log.open("w") as stream:
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(kept.path.parent), repr(given)], stdout=stream)
        until = time.monotonic() + 60
        while not kept.path.exists() or _saved(kept) < 20:
            assert child.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < until
            time.sleep(0.01)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert "done" not in log.read_text()
    said = [line.split() for line in log.read_text().splitlines() if line.count(" ") == 1]
    when = {int(step): float(moment) for moment, step in said}
    saved, last = _saved(kept), max(when)
    slowest = float(np.diff([when[s] for s in sorted(when)]).max())
    assert when[last] - when[saved] <= 0.2 + 2 * slowest
    stage, first = stages.get("deposit.grow"), []
    resumed = Context(
        kept.path.parent, lambda fraction, text: first.append(int(text.split("step ")[1].split()[0])), interval_s=0.0
    )
    again = stage(seed=5, context=resumed, **given)
    assert first[0] == saved + 1, "it went on from the checkpoint"
    whole = stage(seed=5, context=Context(tmp_path / "whole"), **given)
    assert whole.meta["steps"] > last
    for name in whole.data.data_vars:
        assert np.array_equal(whole[str(name)], again[str(name)]), name


def _saved(kept: Checkpoint) -> int:
    """The number of steps in the checkpoint; it is replaced as a whole, so that it can be read at any moment."""
    from anodefree.simulation.deposition.run import _NUMBERS

    state = kept.load()
    assert state is not None
    return int(state["numbers"][_NUMBERS.index("steps")])
