"""The figure of a ring pattern: the picture with indexed rings, and the profile over its background."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from anodefree.core.figure import COLOURS, INK, sized, split

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from anodefree.core.result import Result

NAMED = 9


def draw_rings(result: Result, ax: Axes) -> None:
    """Two panels; the strongest rings are named in the profile."""
    data = result.curves
    sized(ax, 6.4, 2.9)
    picture, profile = split(ax, 1, 2, width_ratios=(1, 1.35))
    x, y, e1, e2 = data["frame_numbers"].values
    shown = np.log(data["brightness"].values - data["brightness"].values.min() + 1 + 0.01 * np.ptp(data["brightness"].values))
    low, high = np.percentile(shown, [1, 99.7])
    step = float(data["column"].values[1] - data["column"].values[0])
    columns, rows = data["column"].values, data["row"].values
    box = (-0.5, columns[-1] + step - 0.5, rows[-1] + step - 0.5, -0.5)
    picture.imshow(shown, cmap="gray", extent=box, vmin=low, vmax=high, interpolation="nearest")
    picture.contour(columns, rows, data["beam_stop"].values, levels=[0.5], colors=[COLOURS[4]], linewidths=0.6)
    t = np.linspace(0, 2 * np.pi, 181)
    stretch = 1 + e1 * np.cos(2 * t) + e2 * np.sin(2 * t)
    for r in data["ring_radius_pixels"].values:
        picture.plot(x + r * stretch * np.cos(t), y + r * stretch * np.sin(t), color=COLOURS[5], lw=0.5, ls=(0, (4, 4)))
    picture.plot([x], [y], "+", color=COLOURS[1], ms=5)
    picture.set(xlim=box[:2], ylim=box[2:], xlabel="column / pixels", ylabel="row / pixels", title="rings and beam stop")
    _draw_profile(result, profile)


def _draw_profile(result: Result, ax: Axes) -> None:
    data = result.curves
    r, over = data["radius_pixels"].values, data["profile"].values - data["profile_background"].values
    rings, height = data["ring_radius_pixels"].values, data["ring_height"].values
    inside = r >= 0.7 * rings.min()
    top = float(height.max())
    ax.plot(r[inside], np.clip(over[inside] / top, 1e-4, None), color=COLOURS[0], lw=0.9)
    lines = data["ring_line"].values if "ring_line" in data else np.array(["none"] * rings.size)
    last = -np.inf
    for i in np.argsort(rings):
        ax.axvline(rings[i], ymax=0.74, color=COLOURS[1], lw=0.5, ls=":")
        strong = height[i] >= np.sort(height)[::-1][:NAMED][-1]
        if strong and rings[i] - last > 0.032 * (1.1 * rings.max() - r[inside][0]):
            label = str(lines[i])
            ax.text(
                rings[i],
                0.77,
                label,
                rotation=90,
                ha="center",
                va="bottom",
                fontsize=6.5,
                color=INK,
                transform=ax.get_xaxis_transform(),
            )
            last = rings[i]
    ax.set_yscale("log")
    ax.set(
        ylim=(1e-3, 60),
        xlim=(r[inside][0], 1.1 * rings.max()),
        xlabel="radius / pixels",
        ylabel="over background / strongest ring",
    )
    ax.set_yticks([1e-3, 1e-2, 1e-1, 1])
    ax.minorticks_off()
