"""What a fade per cycle leaves after so many cycles, however it is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS, INK
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def linear_retention(fade_per_cycle: np.ndarray | float, cycles: np.ndarray | int) -> np.ndarray:
    """1 - f n, not below 0: every cycle loses the same part of the first capacity."""
    return np.maximum(1 - np.asarray(fade_per_cycle) * cycles, 0.0)


def compound_retention(fade_per_cycle: np.ndarray | float, cycles: np.ndarray | int) -> np.ndarray:
    """(1 - f)^n: every cycle loses the same part of the capacity before it."""
    return np.exp(np.asarray(cycles) * np.log1p(-np.asarray(fade_per_cycle, dtype=float)))


@stage("cycling.fade", version=1, cites=("jcgm100",))
def fade(
    *,
    fade_per_cycle: Annotated[Uncertain, Par("part of the capacity that is lost per cycle", ge=0, lt=1)],
    cycles: Annotated[int, Par("number of cycles over which it acts", ge=1)],
) -> Result:
    """Capacity retention that a fade per cycle implies, read as linear and as compound.

    R = 1 - f n where a cycle loses a part f of the first capacity, R = (1 - f)^n where it loses it of the capacity before:
    0.007 % over 1000 cycles is 93.0 % or 93.2 %. `retention` is their mean, and its variance adds the square of half their
    difference to what f contributes, since which of the two is meant is seldom said. Cycle n + 1 is the one after n losses.
    *Valid when* the fade is the same over all cycles. *Source* the two definitions; JCGM 100:2008, 5.1.2.
    """
    f, u = fade_per_cycle.value, fade_per_cycle.std
    straight, compound = float(linear_retention(f, cycles)), float(compound_retention(f, cycles))
    straight_std = cycles * u if straight > 0 else 0.0
    compound_std = cycles * compound / (1 - f) * u
    reading = 0.5 * abs(compound - straight)
    std = float(np.hypot(0.5 * (straight_std + compound_std), reading))
    number = np.unique(np.linspace(0, cycles, 121).round())
    return Result.of(
        {
            "retention": Estimate(0.5 * (straight + compound), std, "1", f"retention after {cycles} cycles", "%"),
            "retention_linear": Estimate(straight, straight_std, "1", "retention, fade of the first capacity", "%"),
            "retention_compound": Estimate(compound, compound_std, "1", "retention, fade of the capacity before", "%"),
        },
        {
            "cycle": ("point", number),
            "retention_linear": ("point", linear_retention(f, number)),
            "retention_compound": ("point", compound_retention(f, number)),
        },
        [
            Check.that(
                "reading",
                reading <= 0.01,
                f"the two readings differ by {200 * reading:.2g} points of per cent",
                f"the two readings differ by {200 * reading:.2g} points of per cent: it matters which is meant",
            )
        ],
    )


@fade.plot
def draw(result: Result, ax: Axes) -> None:
    """Both readings against cycle."""
    number = result.curves["cycle"].values
    for name, label, colour, style in (
        ("retention_compound", "of the capacity before", COLOURS[0], "-"),
        ("retention_linear", "of the first capacity", COLOURS[1], "--"),
    ):
        ax.plot(number, 100 * result.curves[name].values, color=colour, linestyle=style, label=label)
    found = result.estimates["retention"]
    ax.errorbar([number[-1]], [100 * found.value], [100 * found.std], fmt="o", color=INK, capsize=2, clip_on=False)
    ax.set(xlabel="cycle", ylabel="capacity retention / %", xlim=(0, number[-1]))
    ax.legend(loc="lower left", title="fade is a part", alignment="left", title_fontsize=7)


@fade.demo
def demo(rng: np.random.Generator) -> Demo:
    """A fade that was measured; whether it compounds is left to chance."""
    f, cycles = rng.uniform(5e-5, 2e-4), int(rng.integers(300, 1000))
    both = float(linear_retention(f, cycles)), float(compound_retention(f, cycles))
    return Demo(
        (),
        {"retention": both[int(rng.integers(2))], "retention_linear": both[0], "retention_compound": both[1]},
        {"fade_per_cycle": Uncertain(f + 0.1 * f * rng.normal(), 0.1 * f), "cycles": cycles},
    )
