"""What Raman would read of a simulated electrolyte: what the instrument adds, and how far runs scatter, in one interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("solvation.through_raman", version=1, cites=("jcgm100",))
def through_raman(
    *,
    held: Annotated[Uncertain, Par("share of coordinated anions in the dynamics, with the std over replicas", ge=0, le=1)],
    read: Annotated[Uncertain, Par("the same share as read from the virtual spectrum of that dynamics", ge=0, le=1)],
) -> Result:
    """The share of coordinated anions that a Raman measurement of the simulated electrolyte would state.

    `coordinated`: the value read, with the std of the reading and that of the runs' mean in quadrature, since the spectrum was
    made of the mean and cannot know how far the runs scatter; `instrument`: read less held, with the std of the reading alone:
    the error that spectrometer, calibration and decomposition add. *Valid when* the spectrum was made from the same
    mean. *Source* JCGM 100, section 5.1.2. *Differs from the paper*, whose band areas carry no interval.
    """
    off = read.value - held.value
    both = math.hypot(read.std, held.std)
    return Result.of(
        {
            "coordinated": Estimate(read.value, both, "1", "coordinated anions as Raman would read them", "%"),
            "held": Estimate(held.value, held.std, "1", "coordinated anions in the dynamics", "%"),
            "instrument": Estimate(off, read.std, "1", "what the instrument adds", "%"),
        },
        {
            "value": ("part", np.array([held.value, read.value, read.value])),
            "std": ("part", np.array([held.std, read.std, both])),
        },
        [
            Check.that(
                "instrument",
                abs(off) <= 2 * read.std,
                "the instrument reads what the dynamics holds",
                f"the instrument is off by {100 * off:.1f} points, more than its own interval",
            )
        ],
    )


@through_raman.plot
def draw(result: Result, ax: Axes) -> None:
    """Held, read, and both together, each with two standard deviations."""
    value, std = (100 * result.curves[n].values for n in ("value", "std"))
    names = ("dynamics, replicas", "virtual spectrum", "together")
    ax.errorbar(value, [2, 1, 0], xerr=2 * std, fmt="o", color=COLOURS[0], capsize=3, markersize=4)
    ax.set_yticks([2, 1, 0], names)
    ax.set(xlabel="coordinated anions / %", ylim=(-0.6, 2.6))
    left, right = ax.get_xlim()
    ax.set_xlim(max(left, -2.0), min(right, 102.0))  # shares end there, however wide an interval is


@through_raman.demo
def demo(rng: np.random.Generator) -> Demo:
    """Runs that scatter about a share, and a reading that errs about the runs' mean."""
    truth = float(rng.uniform(0.3, 0.7))
    held = truth + 0.03 * float(rng.standard_normal())
    read = held + 0.02 * float(rng.standard_normal())
    return Demo((), {"coordinated": truth}, {"held": f"{held} ± 0.03", "read": f"{read} ± 0.02"})
