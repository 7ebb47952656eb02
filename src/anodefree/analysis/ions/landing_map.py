"""Where ions land, from above: counts in squares on the electrode, protrusion included, beside the radial profile."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.core.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
PER_SQUARE: Final = 6
"""Ions in a square on average, as far as the number of squares allows."""
FEWEST, MOST = 8, 60
"""Squares across the cell."""


def map_curves(x_m: Floats, y_m: Floats, surface: NDArray[Any], meta: Mapping[str, Any], species: str) -> dict[str, Any]:
    """Counts of landed ions (y, x), the edges of the squares, and what the figure must say of them.

    `surface` is 1 on the protrusion, 2 on the flat below, 3 on the upper electrode; others have not landed.
    """
    landed = (surface >= 1) & (surface <= 3)
    radius = float(meta["radius_m"])
    across = int(np.clip(math.sqrt(4 / math.pi * landed.sum() / PER_SQUARE), FEWEST, MOST))
    edges = np.linspace(-radius, radius, across + 1)
    counts = np.histogram2d(y_m[landed], x_m[landed], [edges, edges])[0]
    return {
        "square_edge_m": ("square_edge", edges),
        "landed": (("square_y", "square_x"), counts),
        "landed_on": ("where", np.array([np.count_nonzero(surface == s) for s in (1, 2, 3)])),
        "boss_base_m": ((), float(meta["boss_base_m"])),
        "species": ((), species),
    }


def draw_landing(result: Result, ax: Axes) -> None:
    """The map of counts, and under it the flux on the flat against the distance from the axis."""
    from anodefree.core.figure import sized, split

    sized(ax, 3.5, 4.6)
    above, profile = split(ax, 2, 1, height_ratios=[1.7, 1.0])
    _draw_map(result, above)
    _draw_profile(result, profile)


def _draw_map(result: Result, ax: Axes) -> None:
    curves = result.curves
    edges, counts = 1e6 * curves["square_edge_m"].values, curves["landed"].values
    middle = 0.5 * (edges[1:] + edges[:-1])
    side, radius, base = edges[1] - edges[0], edges[-1], 1e6 * float(curves["boss_base_m"])
    outside = np.hypot(*np.meshgrid(middle, middle)) > radius  # squares that lie mostly beyond the side would seem empty
    shown = ax.imshow(
        np.ma.masked_where(outside, counts),
        origin="lower",
        extent=(-radius, radius, -radius, radius),
        cmap="viridis",
        vmin=0,
        interpolation="nearest",
    )
    ax.figure.colorbar(shown, ax=ax, label=f"ions in {side:.2g} × {side:.2g} µm²", shrink=0.9)
    s = np.linspace(0, 2 * np.pi, 181)
    ax.plot(base * np.cos(s), base * np.sin(s), color="white", lw=0.8, label="_")
    boss, flat, upper = (int(n) for n in curves["landed_on"].values)
    name = str(curves["species"].values.item())
    where = f"{boss} on the protrusion (ring), {flat} on the flat" if boss + flat else f"{upper} on the upper electrode"
    ax.set_title(f"{name}: {where}", fontsize=7)
    ax.set_xlabel("x / µm")
    ax.set_ylabel("y / µm")


def _draw_profile(result: Result, ax: Axes) -> None:
    """In units of the mean on the flat; the grey band is the counting noise of a ring."""
    from anodefree.core.figure import COLOURS, SOFT

    r, flux = 1e6 * result.curves["ring_radius_m"].values, result.curves["ring_flux"].values
    flat = float(result.curves["landed_on"].values[1])
    ax.axhline(1.0, color=SOFT, lw=0.8, ls=":")
    if not flat:
        ax.text(0.5, 0.5, "none landed on the lower flat", transform=ax.transAxes, ha="center", fontsize=7)
    else:
        noise = 1 / math.sqrt(flat / len(r))
        ax.axhspan(max(1 - noise, 0.0), 1 + noise, color=SOFT, alpha=0.2, lw=0)
        ax.plot(r, flux, "o-", color=COLOURS[0], label="flat")
    if "flux_ratio" in result.estimates:
        ratio = result.estimates["flux_ratio"]
        ax.errorbar([0.0], [ratio.value], [2 * ratio.std], fmt="s", color=COLOURS[1], label="protrusion (its true area), 2 std")
    ax.set_ylim(bottom=0)
    if flat:
        ax.legend()
    ax.set_xlim(left=-0.03 * r[-1], right=1.05 * r[-1])
    ax.set_xlabel("distance from the axis / µm")
    ax.set_ylabel("flux / mean on the flat")
