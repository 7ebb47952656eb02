"""The figure of a modulus from force curves: a typical curve with its fit, and of a map the distribution and the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from anodefree.core.figure import COLOURS, INK, SOFT, sized, split
from anodefree.core.result import Result
from anodefree.core.units import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW = 8
"""Fewer curves than this have no distribution."""


def draw_modulus(result: Result, ax: Axes) -> None:
    """One panel for single curves, two for many, three where they make up a grid."""
    modulus = result.curves["E_dmt_Pa"].values
    grid = _grid(result)
    if np.isfinite(modulus).sum() < FEW:
        _draw_curve(result, ax)
        return
    sized(ax, 3.5, 4.2 if grid is None else 6.0)
    panels = split(ax, 2 if grid is None else 3, 1)
    _draw_curve(result, panels[0])
    _draw_distribution(result, modulus, panels[1])
    if grid is not None:
        _draw_map(result, grid, panels[2])


def _unit(result: Result) -> tuple[str, float]:
    estimate = next((e for n, e in result.estimates.items() if n in ("E_dmt", "E_hertz")), None)
    return shown("Pa", estimate.display) if estimate else ("GPa", 1e-9)


def _force_unit(force_N: np.ndarray) -> tuple[str, float]:
    return ("µN", 1e6) if np.nanmax(np.abs(force_N)) > 1e-6 else ("nN", 1e9)


def _draw_curve(result: Result, ax: Axes) -> None:
    data = result.curves
    unit, factor = _force_unit(data["fit_force_N"].values)
    reach = 1e9 * float(-data["fit_separation_m"].values.min())
    for name, colour in (("approach", SOFT), ("retract", COLOURS[0])):
        if f"{name}_force_N" in data:
            x, y = 1e9 * data[f"{name}_separation_m"].values, factor * data[f"{name}_force_N"].values
            near = x < max(4 * reach, 5.0)
            ax.plot(x[near], y[near], ".", color=colour, ms=2, label=name)
    ax.plot(1e9 * data["fit_separation_m"].values, factor * data["fit_force_N"].values, color=COLOURS[1], label="fit")
    ax.axvline(0, color=INK, lw=0.5, ls=":")
    ax.set(xlabel="tip above the contact point / nm", ylabel=f"force / {unit}")
    ax.legend(loc="upper right", handlelength=1.2)


def _draw_distribution(result: Result, modulus: np.ndarray, ax: Axes) -> None:
    unit, factor = _unit(result)
    values = factor * modulus[np.isfinite(modulus)]
    low, high = np.percentile(values, [1, 99])
    wide = low > 0 and high > 30 * low
    edges = np.geomspace(low, high, 25) if wide else np.linspace(low, max(high, low * (1 + 1e-9)), 25)
    ax.hist(values, edges.tolist(), color=COLOURS[0], alpha=0.75)
    estimate = result.estimates.get("E_dmt")
    if estimate is not None:
        value, std, _ = estimate.in_field_units()
        ax.axvline(value, color=COLOURS[1], label="median")
        ax.axvspan(max(value - std, 0), value + std, color=COLOURS[1], alpha=0.15, lw=0, label="its error")
        ax.legend(loc="upper right", handlelength=1.2)
    ax.set(xlabel=f"Young's modulus (DMT) / {unit}", ylabel="curves", xscale="log" if wide else "linear")


def _grid(result: Result) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Columns, rows and the place of each curve in them; None where they fill no grid."""
    if "x_m" not in result.curves:
        return None
    x, y = (np.round(result.curves[n].values, 10) for n in ("x_m", "y_m"))
    columns, i = np.unique(x, return_inverse=True)
    rows, j = np.unique(y, return_inverse=True)
    if min(columns.size, rows.size) < 2 or columns.size * rows.size != x.size:
        return None
    return columns, rows, j * columns.size + i


def _draw_map(result: Result, grid: tuple[np.ndarray, np.ndarray, np.ndarray], ax: Axes) -> None:
    unit, factor = _unit(result)
    columns, rows, place = grid
    picture = np.full(columns.size * rows.size, np.nan)
    picture[place] = factor * result.curves["E_dmt_Pa"].values
    dx, dy = (0.5e6 * (a[-1] - a[0]) / (a.size - 1) for a in (columns, rows))
    extent = (1e6 * columns[0] - dx, 1e6 * columns[-1] + dx, 1e6 * rows[0] - dy, 1e6 * rows[-1] + dy)
    low, high = np.nanpercentile(picture, [2, 98])
    image = ax.imshow(
        picture.reshape(rows.size, columns.size), origin="lower", extent=extent, cmap="viridis", vmin=low, vmax=high
    )
    ax.figure.colorbar(image, ax=ax, label=f"modulus / {unit}", shrink=0.9)
    ax.set(xlabel="x / µm", ylabel="y / µm")
