"""The figure of a traced film: the picture with both edges above, the distribution of its thickness below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from anodefree.core.figure import COLOURS, INK, sized, split
from anodefree.core.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_thickness(result: Result, ax: Axes) -> None:
    """Edges on the picture; the histogram of the local thickness with its mean and one standard deviation."""
    curves = result.curves
    known = "x_m" in curves
    suffix, factor, unit = ("_m", 1e9, "nm") if known else ("_pixels", 1.0, "pixels")
    x, y = factor * curves[f"x{suffix}"].values, factor * curves[f"y{suffix}"].values
    step = float(x[1] - x[0])
    shape = (y[-1] - y[0]) / (x[-1] - x[0])
    high = float(np.clip(3.3 * shape, 1.2, 4.0))
    sized(ax, 3.5, high + 1.9)
    image, below = split(ax, 2, 1, height_ratios=(high, 1.5))
    extent = (x[0] - step / 2, x[-1] + step / 2, y[-1] + step / 2, y[0] - step / 2)
    brightness = curves["brightness"].values
    low, top = np.percentile(brightness, (0.5, 99.5))
    image.imshow(brightness, cmap="gray", vmin=low, vmax=max(top, low + 1e-12), extent=extent, interpolation="nearest")
    for edge, colour in (("upper", COLOURS[1]), ("lower", COLOURS[4])):
        image.plot(
            factor * curves[f"{edge}_x{suffix}"].values, factor * curves[f"{edge}_y{suffix}"].values, "-", color=colour, lw=1.3
        )
    image.set(xlim=extent[:2], ylim=extent[2:], xlabel=f"x / {unit}", ylabel=f"y / {unit}")
    _histogram(result, below, factor * curves[f"thickness_along{suffix}"].values, factor, unit)


def _histogram(result: Result, ax: Axes, local: np.ndarray, factor: float, unit: str) -> None:
    mean = result.estimates["thickness"]
    value, std = factor * mean.value, factor * mean.std
    counts, edges = np.histogram(local, bins=int(np.clip(1.5 * local.size**0.5, 6, 24)))
    ax.stairs(counts, edges, fill=True, color=COLOURS[0], alpha=0.75, label="windows")
    said = str(mean) if factor != 1.0 else f"{mean} pixels"
    ax.axvspan(value - std, value + std, ymax=0.7, color=COLOURS[5], alpha=0.3, lw=0, label=f"mean ± std: {said}")
    ax.axvline(value, ymax=0.7, color=INK, lw=1.0)
    ax.set(xlabel=f"local thickness / {unit}", ylabel="windows", ylim=(0, 1.6 * float(counts.max())))
    ax.legend(loc="upper left", handlelength=1.2, borderaxespad=0.1, labelspacing=0.3)
