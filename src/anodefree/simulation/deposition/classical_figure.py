"""The three fields of a deposit over one another: metal, salt and potential, at the last frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from anodefree.core.figure import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from anodefree.core.measurement import Measurement

APART = 1.1
"""From one panel to the next, in heights of a panel."""


def draw_fields(fields: Measurement, ax: Axes) -> None:
    """Metal in the axes themselves, salt and potential above; the line is where the metal is one half."""
    x, z = fields["x_m"] * 1e6, fields["z_m"] * 1e6
    metal = fields["lithium"][-1, :, 0]
    edges = _edges(x) + _edges(z)
    tall = (edges[3] - edges[2]) / (edges[1] - edges[0])
    figure: Any = ax.get_figure(root=True)
    if len(figure.axes) == 1:
        wide = figure.get_figwidth()
        figure.set_size_inches(wide, wide * (0.17 + 2.1 * min(tall, 1.0)))
        left, low, across, up = 0.0, 0.0, 1.0, 1.0
    else:
        left, low, across, up = ax.get_position().bounds
    figure.set_layout_engine("none")  # the panels share the axes' place, by hand
    foot = 0.13 / (0.17 + 2.1 * min(tall, 1.0))
    ax.set_position((left + 0.14 * across, low + foot * up, 0.64 * across, (0.97 - foot) * up / (1 + 2 * APART)))
    shown = (
        (ax, metal, "Greys", "lithium", (0.0, 1.0)),
        (
            ax.inset_axes((0, APART, 1, 1)),
            fields["concentration_mol_m3"][-1, :, 0] / 1e3,
            "viridis",
            "salt / mol L$^{-1}$",
            None,
        ),
        (ax.inset_axes((0, 2 * APART, 1, 1)), fields["potential_V"][-1, :, 0] * 1e3, "plasma", "potential / mV", None),
    )
    for panel, values, colours, name, limits in shown:
        low, high = limits or _limits(values)
        image = panel.imshow(
            values,
            origin="lower",
            extent=edges,
            cmap=colours,
            vmin=low,
            vmax=high,
            interpolation="nearest",
            aspect="equal" if tall <= 1 else "auto",
        )
        if metal.min() < 0.5 < metal.max():
            panel.contour(x, z, metal, levels=[0.5], colors=[INK if panel is ax else "white"], linewidths=0.6)
        beside = panel.inset_axes((1.03, 0, 0.03, 1))
        figure.colorbar(image, cax=beside, label=name)
        panel.tick_params(labelbottom=panel is ax)
        panel.set_ylabel("height / µm")
    ax.set_xlabel("x / µm")


def _edges(centres: np.ndarray) -> tuple[float, float]:
    half = 0.5 * (centres[1] - centres[0]) if len(centres) > 1 else 0.5
    return float(centres[0] - half), float(centres[-1] + half)


def _limits(values: np.ndarray) -> tuple[float, float]:
    """The range, widened where the field is even, so that rounding does not fill the colours."""
    low, high = float(values.min()), float(values.max())
    least = 1e-3 * max(abs(low), abs(high), 1e-9)
    return (low, high) if high - low > least else (low - least, high + least)
