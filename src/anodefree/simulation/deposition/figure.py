"""The figure of a deposit: metal, salt and potential over one another at the end, and the history of the cell below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from anodefree.core.figure import COLOURS, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from anodefree.core.measurement import Measurement

HEIGHT_IN = 5.2
"""Of the figure, where it is its own."""


def draw_triptych(fields: Measurement, ax: Axes) -> None:
    """The history in the axes themselves, three maps above it (a slice through the middle of three dimensions)."""
    x, z = fields["x_m"] * 1e6, fields["z_m"] * 1e6
    middle = fields["lithium"].shape[2] // 2
    metal = fields["lithium"][-1, :, middle]
    maps: list[tuple[np.ndarray, str, str]] = [(metal, "Greys", "lithium")]
    if "concentration_mol_m3" in fields:
        maps.append((fields["concentration_mol_m3"][-1, :, middle], "viridis", "salt / mol m⁻³"))
    if "potential_V" in fields:
        maps.append((fields["potential_V"][-1, :, middle] * 1e3, "plasma", "potential / mV"))
    figure: Any = ax.get_figure(root=True)
    if len(figure.axes) == 1:
        figure.set_size_inches(figure.get_figwidth(), HEIGHT_IN)
        place = (0.0, 0.0, 1.0, 1.0)
    else:
        place = ax.get_position().bounds
    figure.set_layout_engine("none")  # the maps share the axes' place, by hand

    def part(left: float, low: float, width: float, height: float) -> tuple[float, float, float, float]:
        return place[0] + left * place[2], place[1] + low * place[3], width * place[2], height * place[3]

    ax.set_position(part(0.16, 0.08, 0.66, 0.16))
    for n, (values, colours, name) in enumerate(reversed(maps)):
        low = 0.335 + 0.222 * n
        panel = figure.add_axes(part(0.16, low, 0.62, 0.19))
        beside = figure.add_axes(part(0.80, low, 0.02, 0.19))
        _map(panel, beside, x, z, values, metal, colours, name)
        panel.tick_params(labelbottom=n == 0)
        if n == 0:
            panel.set_xlabel("x / µm", labelpad=1)
    _history(fields, ax)


def _map(
    panel: Any, beside: Any, x: np.ndarray, z: np.ndarray, values: np.ndarray, metal: np.ndarray, colours: str, name: str
) -> None:
    across, up = (x[1] - x[0]) / 2, (z[1] - z[0]) / 2
    edges = (x[0] - across, x[-1] + across, z[0] - up, z[-1] + up)
    itself = values is metal
    shown = values if itself else np.ma.masked_where(metal > 0.5, values)
    limits = {"vmin": 0.0, "vmax": 1.0} if itself else _apart(shown)
    image = panel.imshow(shown, origin="lower", extent=edges, cmap=colours, aspect="auto", interpolation="nearest", **limits)
    if not itself and metal.max() > 0.5 > metal.min():
        panel.contour(x, z, metal, [0.5], colors=INK, linewidths=0.5)
    panel.set_ylabel("z / µm")
    bar = panel.get_figure(root=True).colorbar(image, cax=beside)
    panel.set_title(name, loc="left", fontsize=7, pad=2)
    low, high = image.get_clim()
    bar.set_ticks([low, (low + high) / 2, high])
    digits = 1 if itself else max(0, int(np.ceil(1 - np.log10(high - low))))
    bar.set_ticklabels([f"{v:.{digits}f}".replace("-0.00", "0.00").replace("-", "−") for v in (low, (low + high) / 2, high)])


def _apart(values: Any) -> dict[str, float]:
    """Limits of the colours, apart also where nothing varies."""
    low, high = float(values.min()), float(values.max())
    room = max(1e-6 * abs(low), 1e-9)
    return {"vmin": low - room, "vmax": high + room} if high - low < room else {"vmin": low, "vmax": high}


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
