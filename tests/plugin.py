"""A package of toy stages, written to a temporary folder and found through entry points: what a user's own package does."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SOURCE = '''
"""Toy stages: slow, noisy, failing, deadly."""
import os, signal, time
from pathlib import Path
from typing import Annotated
import numpy as np
from anodefree import Array, Demo, Estimate, Kind, Measurement, Par, Result, stage
from anodefree.core.context import Context
from anodefree.errors import NumericalError

TALLY = Kind("tally", "a tally", {"count": Array(("step",), "counted so far")})
Tally = Annotated[Measurement, TALLY]

def note(text):
    log = os.environ.get("TOY_LOG")
    if log:
        with Path(log).open("a") as stream:
            stream.write(text + "\\n")

@stage("toy.count")
def count(
    *,
    steps: Annotated[int, Par("how many", gt=0)] = 5,
    pause_s: Annotated[float, Par("wait in each step", ge=0)] = 0.0,
    offset: Annotated[float, Par("added")] = 0.0,
    context: Context,
) -> Tally:
    """Count slowly.

    c_k = k + offset.
    """
    state = context.checkpoint.load()
    done = state["count"].tolist() if state else []
    note(f"start {offset} at {len(done)}")
    while len(done) < steps:
        time.sleep(pause_s)
        done.append(len(done) + offset)
        context.checkpoint.save(count=np.array(done))
        note(f"step {offset} {len(done)}")
        context.progress(len(done) / steps, "counting")
    return Measurement.of(TALLY, {"count": np.array(done)})

@stage("toy.noise")
def noise(
    *,
    mean: Annotated[float, Par("mean")] = 0.0,
    pause_s: Annotated[float, Par("wait", ge=0)] = 0.0,
    rng: np.random.Generator,
) -> Tally:
    """Draw numbers.

    c ~ N(mean, 1).
    """
    note(f"noise {mean}")
    time.sleep(pause_s)
    return Measurement.of(TALLY, {"count": rng.normal(mean, 1, 100)})

@stage("toy.mean")
def mean(tally: Tally, *, scale: Annotated[float, Par("factor")] = 1.0) -> Result:
    """Average a tally.

    m = scale sum(c) / n.
    """
    note("mean")
    c = tally["count"] * scale
    return Result.of({"mean": Estimate(c.mean(), c.std() / len(c) ** 0.5)})

@stage("toy.fail")
def fail(*, why: Annotated[str, Par("why")] = "no reason") -> Tally:
    """Fail.

    Always.
    """
    raise NumericalError("does not converge: " + why, "toy", "do not try")

@stage("toy.deadly")
def deadly(*, once: Annotated[str, Par("a file that marks the first try; empty: always deadly")] = "") -> Tally:
    """Kill the process that runs it.

    kill(getpid()).
    """
    if once and Path(once).exists():
        return Measurement.of(TALLY, {"count": np.arange(3.0)})
    if once:
        Path(once).write_text("tried")
    os.kill(os.getpid(), signal.SIGKILL)

@mean.plot
def draw(result, ax):
    ax.plot([0, 1], [0, result["mean"]], label="mean")
    ax.set_xlabel("x"); ax.set_ylabel("mean")

@mean.demo
def demo(rng):
    truth = rng.normal()
    return Demo((Measurement.of(TALLY, {"count": rng.normal(truth, 1, 400)}),), {"mean": truth})
'''

NAMES = ("toy.count", "toy.noise", "toy.mean", "toy.fail", "toy.deadly")


@dataclass(frozen=True)
class Plugin:
    """A folder that holds the package, and commands that see it."""

    folder: Path

    def environment(self, **more: str) -> dict[str, str]:
        """The environment in which the package is found."""
        return {**os.environ, "PYTHONPATH": str(self.folder), "COLUMNS": "200", **more}

    def command(self, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the command line to its end."""
        return subprocess.run(
            [sys.executable, "-m", "anodefree", *map(str, arguments)],
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def start(self, *arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
        """Start the command line and return at once."""
        return subprocess.Popen(
            [sys.executable, "-m", "anodefree", *map(str, arguments)],
            env=self.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def write_package(folder: Path, name: str, source: str, stages: tuple[str, ...]) -> Plugin:
    """Write a module with its distribution metadata, as an installer would."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(source)
    info = folder / f"{name}-0.1.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
    entries = "\n".join(f"{s} = {name}" for s in stages)
    (info / "entry_points.txt").write_text(f"[anodefree.stages]\n{entries}\n")
    return Plugin(folder)
