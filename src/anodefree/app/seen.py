"""Export of exactly what is seen: the chosen panels within their windows, hidden lines left out, as one figure or table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from anodefree.app.curves import Line, Panel
from anodefree.app.interactive import DASHES, FEW_POINTS, View
from anodefree.core.figure import columns_csv, renders, sized, split
from anodefree.errors import ConfigError, near

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES: Final = ("svg", "pdf", "png", "csv")
WIDTH_IN, PANEL_IN = 3.5, 2.1
_STYLES: Final = dict(zip(DASHES, ("-", "--", ":", "-."), strict=True))


def export(view: View, suffix: str, path: Path) -> Path:
    """Write it.

    Raises
    ------
    ConfigError: no such suffix, or nothing is shown.
    """
    from anodefree.core.arrays import write_bytes

    if suffix not in SUFFIXES:
        raise ConfigError(f"cannot be exported as '{suffix}'", path.stem, near(suffix, list(SUFFIXES)))
    if not view.panels:
        raise ConfigError("nothing is shown", path.stem, "choose a panel first")
    if suffix == "csv":
        write_bytes(path, columns_csv(table(view)).encode())
    else:
        write_bytes(path, renders(lambda ax: draw(view, ax), (suffix,))[suffix])
    return path


def draw(view: View, ax: Axes) -> None:
    """One figure for print: a panel beneath the other, every point that is in sight."""
    panels = view.panels
    sized(ax, WIDTH_IN, 0.5 + PANEL_IN * len(panels) + 0.1 * _names(view))
    told: dict[str, Any] = {}
    axes = split(ax, len(panels), 1) if len(panels) > 1 else [ax]
    for row, (panel, one) in enumerate(zip(panels, axes, strict=True)):
        _draw(view, row, panel, one, told)
    if len(told) > 1:
        ax.figure.legend(
            list(told.values()), list(told), loc="outside upper center", ncols=2 if max(map(len, told)) < 26 else 1
        )


def table(view: View) -> dict[str, np.ndarray]:
    """Columns of all that is in sight, x and y of each line; of a picture x, y and value of each point."""
    columns: dict[str, np.ndarray] = {}

    def add(name: str, values: np.ndarray) -> None:
        number, free = 1, name
        while free in columns:
            number += 1
            free = f"{name} ({number})"
        columns[free] = values

    for row, panel in enumerate(view.panels):
        if panel.picture is not None:
            across, up = np.meshgrid(panel.picture.x, panel.picture.y)
            for name, values in ((panel.x_label, across), (panel.y_label, up), (panel.title, panel.picture.values)):
                add(name, values.ravel())
        for line in (n for n in panel.lines if n.label not in view.hidden):
            at = in_sight(view, row, line)
            unit = panel.y_label.removeprefix(panel.y)
            add(f"{line.label}: {panel.x_label}", line.x[at])
            add(f"{line.label}{unit}", line.y[at])
            for word, values in (("std", line.std), ("low", line.low), ("high", line.high)):
                if values is not None:
                    add(f"{line.label} {word}{unit}", values[at])
    return columns


def in_sight(view: View, row: int, line: Line) -> np.ndarray:
    """Which of all points of a line lie within the window of a panel, with those by which it enters and leaves."""
    window = view.window(row, "x")
    if window is None:
        return np.arange(len(line.y))
    with np.errstate(invalid="ignore"):
        inside = (line.x >= window[0]) & (line.x <= window[1])
    wide = inside.copy()
    wide[1:] |= inside[:-1]
    wide[:-1] |= inside[1:]
    return np.flatnonzero(wide)


def _draw(view: View, row: int, panel: Panel, ax: Axes, told: dict[str, Any]) -> None:
    if panel.picture is not None:
        picture = panel.picture
        steps = [0.5 * (p[1] - p[0]) if len(p) > 1 else 0.5 for p in (picture.x, picture.y)]
        extent = (picture.x[0] - steps[0], picture.x[-1] + steps[0], picture.y[0] - steps[1], picture.y[-1] + steps[1])
        shown = ax.imshow(picture.values, origin="lower", extent=extent, aspect="auto", cmap="viridis")
        ax.set_aspect("equal" if panel.x_unit == panel.y_unit else "auto")
        ax.figure.colorbar(shown, ax=ax, label=picture.name.replace("ohm", "Ω"))
        if picture.downwards:
            ax.invert_yaxis()
    for line in (n for n in panel.lines if n.label not in view.hidden):
        at, (colour, dash) = in_sight(view, row, line), view.colour_of(line)
        marker, ls = (
            "o" if line.measured or (len(at) <= FEW_POINTS and line.has_markers) else "",
            "none" if line.measured else _STYLES[dash],
        )
        (made,) = ax.plot(
            line.x[at], line.y[at], marker=marker, ms=2.2, lw=0.9, color=colour, ls=ls, rasterized=len(at) > 20_000
        )
        told.setdefault(line.label, made)
        _spread(ax, line, at, colour)
    ax.set(xlabel=panel.x_label, ylabel=panel.y_label, xscale="log" if panel.x_log else "linear")
    ax.set_yscale("log" if panel.y_log else "linear")
    if panel.equal:
        ax.set_aspect("equal", adjustable="datalim")
    for set_ends, letter in ((ax.set_xlim, "x"), (ax.set_ylim, "y")):
        window = view.window(row, letter)
        if window is not None:
            set_ends(*(reversed(window) if letter == "y" and panel.picture and panel.picture.downwards else window))


def _spread(ax: Axes, line: Line, at: np.ndarray, colour: str) -> None:
    if line.low is not None and line.high is not None:
        ax.fill_between(line.x[at], line.low[at], line.high[at], color=colour, alpha=0.18, lw=0)
    elif line.std is not None and len(at) <= FEW_POINTS:
        ax.errorbar(line.x[at], line.y[at], yerr=line.std[at], fmt="none", ecolor=colour, elinewidth=0.7, capsize=1.5)
    elif line.std is not None:
        ax.fill_between(line.x[at], (line.y - line.std)[at], (line.y + line.std)[at], color=colour, alpha=0.18, lw=0)


def _names(view: View) -> int:
    return len({n.label for p in view.panels for n in p.lines})
