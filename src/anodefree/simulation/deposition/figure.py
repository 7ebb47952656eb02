"""The figure of a deposit: metal, salt and potential over one another at the end, and the history of the cell below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from anodefree.core.figure import COLOURS, INK, WIDTH_IN, sized, split

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from anodefree.core.measurement import Measurement

HEIGHT_IN = 5.2
"""Of the figure, where it is its own."""
MAPS = {
    "lithium": ("Greys", "lithium", 1.0),
    "concentration_mol_m3": ("viridis", "salt / mol m⁻³", 1.0),
    "potential_V": ("plasma", "potential / mV", 1e3),
}


def draw_triptych(fields: Measurement, ax: Axes) -> None:
    """Up to three maps of the last frame (a slice through the middle of three dimensions), and the history below."""
    x, z = fields["x_m"] * 1e6, fields["z_m"] * 1e6
    middle = fields["lithium"].shape[2] // 2
    there = [name for name in MAPS if name in fields]
    sized(ax, WIDTH_IN, HEIGHT_IN * (1 + len(there)) / 4)
    panels = split(ax, 1 + len(there), 1)
    metal = fields["lithium"][-1, :, middle]
    for panel, name in zip(panels, there, strict=False):
        colours, label, factor = MAPS[name]
        _map(panel, x, z, factor * fields[name][-1, :, middle], metal, colours, label)
        panel.tick_params(labelbottom=panel is panels[-2])
    panels[-2].set_xlabel("x / µm", labelpad=1)
    _history(fields, panels[-1])


def _map(panel: Axes, x: np.ndarray, z: np.ndarray, values: np.ndarray, metal: np.ndarray, colours: str, label: str) -> None:
    across, up = (x[1] - x[0]) / 2, (z[1] - z[0]) / 2
    edges = (x[0] - across, x[-1] + across, z[0] - up, z[-1] + up)
    itself = label == "lithium"
    shown = values if itself else np.ma.masked_where(metal > 0.5, values)
    low, high = (0.0, 1.0) if itself else _apart(shown)
    image = panel.imshow(
        shown, cmap=colours, vmin=low, vmax=high, origin="lower", extent=edges, aspect="auto", interpolation="nearest"
    )
    if not itself and metal.max() > 0.5 > metal.min():
        panel.contour(x, z, metal, [0.5], colors=INK, linewidths=0.5)
    panel.set_ylabel("z / µm")
    bar = panel.figure.colorbar(image, ax=panel, pad=0.02, aspect=10, label=label)
    bar.set_ticks([low, (low + high) / 2, high])
    digits = 1 if itself else max(0, int(np.ceil(1 - np.log10(high - low))))
    bar.set_ticklabels([f"{v:.{digits}f}".replace("-0.00", "0.00").replace("-", "−") for v in (low, (low + high) / 2, high)])


def _apart(values: Any) -> tuple[float, float]:
    """Limits of the colours, apart also where nothing varies."""
    low, high = float(values.min()), float(values.max())
    room = max(1e-6 * abs(low), 1e-9)
    return (low - room, high + room) if high - low < room else (low, high)


def _history(fields: Measurement, ax: Axes) -> None:
    hours = fields["time_s"] / 3600
    span, unit = (1.0, "h") if hours[-1] > 1 else (60.0, "min") if hours[-1] > 1 / 60 else (3600.0, "s")
    ax.plot(hours * span, fields["electrode_potential_V"] * 1e3, color=COLOURS[0], label="potential")
    ax.set_xlabel(f"time / {unit}")
    ax.set_ylabel("electrode / mV", color=COLOURS[0])
    if "tip_height_m" in fields:
        height: Any = ax.twinx()
        height.plot(hours * span, fields["tip_height_m"] * 1e6, color=COLOURS[1], label="height")
        height.set_ylabel("height / µm", color=COLOURS[1])
        height.spines["right"].set_visible(True)
