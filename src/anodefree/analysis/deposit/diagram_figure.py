"""The figure of a morphology diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from anodefree.analysis.deposit.conditions import axis_label
from anodefree.analysis.deposit.shape import NAMES

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

MARKERS = "os^D"


def draw_diagram(c: xr.Dataset, ax: Axes) -> None:
    """Runs by their shape, jittered where several lie at one place; lines with bands; collectors as stars or lines across."""
    from anodefree.core.figure import COLOURS, INK

    labels = [axis_label(str(n)) for n in c["axis"].values]
    logs = [bool(v) for v in c["logarithmic"].values]
    fx, fy = labels[0][1], labels[1][1]
    grid_x, grid_y = fx * c["grid_x"].values, fy * c["grid_y"].values
    for k, name in enumerate(NAMES):
        if f"beyond_{name}" in c:
            share = c[f"beyond_{name}"].values
            ax.contourf(grid_x, grid_y, share, [0.025, 0.975], colors=[COLOURS[k]], alpha=0.16)
            line = ax.contour(grid_x, grid_y, share, [0.5], colors=[COLOURS[k]], linewidths=1.2)
            if any(len(s) for s in line.allsegs[0]):
                ax.plot([], [], color=COLOURS[k], label=f"to {name}, 95 % band")
    x, y = _apart(fx * c["x"].values, fy * c["y"].values, logs, (grid_x, grid_y))
    shape = c["shape"].values
    for k, name in enumerate(NAMES):
        of = shape == k
        if of.any():
            ax.plot(
                x[of], y[of], MARKERS[k], color=COLOURS[k], ms=3.2, mew=0.7, mfc="white" if k == 0 else COLOURS[k], label=name
            )
    for name, at, height in zip(c["mark"].values, fx * c["mark_x"].values, fy * c["mark_y"].values, strict=True):
        if np.isfinite(at):
            ax.plot([at], [height], "*", color=INK, ms=8, zorder=6, label="_")
            ax.annotate(str(name), (at, height), (4, 3), textcoords="offset points", fontsize=7, color=INK, zorder=7)
        else:
            ax.axhline(height, color=INK, lw=0.7, ls="--", zorder=1)
            ax.annotate(
                str(name),
                (1.0, height),
                (3, 0),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                fontsize=7,
                va="center",
            )
    for axis, log, values in (("x", logs[0], grid_x), ("y", logs[1], grid_y)):
        if log:
            getattr(ax, f"set_{axis}scale")("log")
            _plain_ticks(ax, axis, values, np.unique((fx if axis == "x" else fy) * c[axis].values))
    heights = [float(h) for h in fy * c["mark_y"].values]
    ax.set(
        xlabel=labels[0][0],
        ylabel=labels[1][0],
        xlim=(grid_x[0], grid_x[-1]),
        ylim=(min([grid_y[0], *(0.9 * h for h in heights if logs[1])]), max([grid_y[-1], *(1.1 * h for h in heights)])),
    )
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, columnspacing=1.0, handletextpad=0.4)


def _apart(
    x: np.ndarray, y: np.ndarray, logs: list[bool], grid: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Runs at one place side by side, by a hundredth of the axis each."""
    seen: dict[tuple[float, float], int] = {}
    moved = x.astype(float).copy()
    span = np.log(grid[0][-1] / grid[0][0]) if logs[0] else grid[0][-1] - grid[0][0]
    for k, place in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        n = seen.get(place, 0)
        seen[place] = n + 1
        shift = 0.024 * span * ((n + 1) // 2) * (-1) ** n
        moved[k] = x[k] * np.exp(shift) if logs[0] else x[k] + shift
    return moved, y


def _plain_ticks(ax: Axes, axis: str, values: np.ndarray, taken: np.ndarray) -> None:
    """Ticks at the values that runs have where they are few, else at 1, 2, 5 where the axis spans less than three decades."""
    from matplotlib.ticker import FixedLocator, LogLocator, NullFormatter, NullLocator, StrMethodFormatter

    of = ax.xaxis if axis == "x" else ax.yaxis
    few = taken.size <= 6 and (np.diff(np.log(taken)) > 0.12 * np.log(values[-1] / values[0])).all()
    if few:
        of.set_major_locator(FixedLocator(taken.tolist()))
        of.set_minor_locator(NullLocator())
    elif values[-1] / values[0] < 1e3:
        of.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    if few or values[-1] / values[0] < 1e3:
        of.set_major_formatter(StrMethodFormatter("{x:g}"))
    of.set_minor_formatter(NullFormatter())
