"""The figure of a calibration: where the posterior lies, and the porosities before and after beside the measured ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from anodefree.core.figure import COLOURS, SOFT, sized, split
from anodefree.core.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
SHARES = (0.95, 0.68)


def levels_of(table: Floats) -> list[float]:
    """Heights of a density above which it holds 95 and 68 %, rising."""
    ranked = np.sort(table.reshape(-1))[::-1]
    sums = np.cumsum(ranked) / ranked.sum()
    return [float(ranked[min(int(np.searchsorted(sums, s)), ranked.size - 1)]) for s in SHARES]


def draw_posterior(result: Result, ax: Axes) -> None:
    """Posterior of distance and spread on the left, porosities on the right."""
    sized(ax, 6.6, 2.7)
    left, right = split(ax, 1, 2, width_ratios=(1.1, 1.0))
    c = result.curves
    if "joint" in c:
        _joint(left, result)
    else:
        name = next(n for n in ("site_spacing_m", "film_spread", "film_ohm_m2") if n in c)
        estimate = next(n for n in c if str(n).startswith("over_prior_"))
        left.plot(c[name].values * (1e6 if name.endswith("_m") else 1), c[estimate].values, color=COLOURS[0])
        left.set(xlabel=_axis(name), ylabel="density over the prior's", ylim=(0, None))
    before_and_after(right, result, "measured" in c)


def _axis(name: str) -> str:
    return {
        "site_spacing_m": "mean distance of sites / µm",
        "film_spread": "spread of the film (std of ln R)",
        "film_ohm_m2": "film resistance / Ω m²",
    }[name]


def _joint(ax: Axes, result: Result) -> None:
    """Regions of 68 and 95 %, over the whole range of the prior."""
    table = result.curves["joint"]
    first, second = (str(d) for d in table.dims)
    x, y = result.curves[first].values, result.curves[second].values
    factor = 1e6 if first == "site_spacing_m" else 1.0
    density = table.values.T
    levels = levels_of(density)
    ax.contourf(x * factor, y, density, [*levels, density.max() * 1.001], colors=[COLOURS[4], COLOURS[0]], alpha=0.85)
    ax.plot([], [], "s", color=COLOURS[0], label="68 %")
    ax.plot([], [], "s", color=COLOURS[4], label="95 %")
    if first != "film_spread":
        ax.set_xscale("log")
        ticks = [t for t in (0.5, 1, 2, 5, 10, 20, 50) if x[0] * factor <= t * 1.001 and t <= x[-1] * factor * 1.001]
        ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
        ax.minorticks_off()
    if second == "film_ohm_m2":
        ax.set_yscale("log")
    ax.set(xlabel=_axis(first), ylabel=_axis(second), xlim=(x[0] * factor, x[-1] * factor), ylim=(y[0], y[-1]))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, title="calibrated posterior", title_fontsize=7)


def before_and_after(ax: Axes, result: Result, measured: bool) -> None:
    """Median, 68 % (thick) and 95 % (thin) of one more section at each condition, before and after calibration."""
    c = result.curves
    at = np.arange(c.sizes["section"], dtype=float)
    kinds = (("uncalibrated", SOFT, -0.14, "uncalibrated"), ("calibrated", COLOURS[0], 0.14, "calibrated"))
    for name, colour, shift, label in kinds:
        q = 100 * c[name].values
        for low, high, width in ((0, 4, 1.0), (1, 3, 4.0)):
            ends = np.column_stack([q[:, low], q[:, high], np.full(len(q), np.nan)])
            ax.plot(np.repeat(at + shift, 3), ends.reshape(-1), color=colour, lw=width, solid_capstyle="butt", label="_")
        ax.plot(at + shift, q[:, 2], "o", color=colour, mec="white", mew=0.6, ms=5, label=label)
    if measured:
        value, std = 100 * c["measured"].values, 100 * c["measured_std"].values
        ax.errorbar(at, value, 2 * std, fmt="_", color=COLOURS[1], capsize=2.5, ms=8, label="measured, 2 std")
    current, capacity = c["current_density_A_m2"].values / 10, c["capacity_C_m2"].values / 36000
    words = [f"{i:.3g} mA/cm²\n{q:.3g} mAh/cm²" for i, q in zip(current, capacity, strict=True)]
    ax.set_xticks(at, words, fontsize=7)
    ax.set(xlabel="plated at", ylabel="porosity / %", xlim=(-0.5, at[-1] + 0.5), ylim=(-2, 102))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, columnspacing=1.0, handletextpad=0.4)
