"""The figure of a segmented cross-section: its classes, the envelope, and the pore sizes beneath."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from anodefree.core.figure import COLOURS, INK
from anodefree.core.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CLASSES: Final = (
    ("electrolyte", "#ffffff"),
    ("void, open", COLOURS[4]),
    ("void, enclosed", COLOURS[1]),
    ("lithium", "#9a9a9a"),
)


def draw_section(result: Result, ax: Axes) -> None:
    """The classes as an image with the envelope (the profile of thickness), and below it the pores by size."""
    from matplotlib.colors import ListedColormap

    curves = result.curves
    known = "x_m" in curves
    suffix, factor, unit = ("_m", 1e6, "µm") if known else ("_pixels", 1.0, "pixels")
    x, z = factor * curves[f"x{suffix}"].values, factor * curves[f"z{suffix}"].values
    step = float(x[1] - x[0])
    extent = (x[0] - step / 2, x[-1] + step / 2, z[0] - step / 2, z[-1] + step / 2)
    colours = ListedColormap([c for _, c in CLASSES])
    ax.imshow(
        curves["class_map"].values, cmap=colours, vmin=-0.5, vmax=3.5, origin="lower", extent=extent, aspect="auto",
        interpolation="nearest",
    )  # fmt: skip
    ax.plot(x, factor * curves[f"envelope{suffix}"].values, color=INK, lw=1.0, label="envelope")
    for name, colour in CLASSES[1:]:
        ax.plot([], [], "s", color=colour, label=name)
    volume, shut = (result.estimates[n] for n in ("porosity_volume", "porosity_enclosed"))
    ax.set(xlabel=f"along the collector / {unit}", ylabel=f"height / {unit}", ylim=(0, 2.1 * extent[3]))
    ax.legend(loc="upper left", handlelength=1.0, fontsize=6.5, borderaxespad=0.1, labelspacing=0.3)
    ax.text(0.01, 0.60, f"under the envelope {volume}", transform=ax.transAxes, fontsize=6.5)
    ax.text(0.01, 0.53, f"enclosed {shut}", transform=ax.transAxes, fontsize=6.5)
    size = factor * curves[f"pore_diameter{suffix}"].values
    if size.size < 2:
        return
    inset = ax.inset_axes((0.62, 0.72, 0.37, 0.27))
    inset.plot(size, 100 * curves["pore_share_above"].values, ".-", color=COLOURS[0])
    inset.set(ylim=(0, 108), xlim=(0, None), yticks=(0, 50, 100))
    inset.set_xlabel(f"pore diameter d / {unit}", fontsize=6.5, labelpad=1)
    inset.set_ylabel("void in\nwider pores / %", fontsize=6.5, labelpad=1)
    inset.tick_params(labelsize=6.5, pad=1.5, length=2)
