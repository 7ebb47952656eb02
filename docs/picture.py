"""Draws the README's picture from the package's own stages: python docs/picture.py"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import anodefree as af
from anodefree.core.figure import style


def main() -> None:
    """Four panels along the chain: ion, interphase, lithium inventory, pouch cell."""
    efficiency = af.get("inventory.efficiency")
    panels = [
        ("the ion in the film's field", af.regime()),
        ("the barrier of the interphase", af.arrhenius(af.impedance(noise="1 %", drift="0.5 %", seed=1))),
        ("the efficiency a retention implies", efficiency(retention="0.80 ± 0.003", cycle=200, excess=0.0)),
        ("the Wh/kg of the pouch cell", af.energy()),
    ]
    with mpl.rc_context({**style(), "figure.constrained_layout.w_pad": 0.1, "figure.constrained_layout.h_pad": 0.12}):
        figure = Figure(figsize=(7.6, 6.0))
        FigureCanvasAgg(figure)
        for (title, result), ax in zip(panels, figure.subplots(2, 2).flat, strict=True):
            result.plot(ax)
            ax.set_title(title, loc="left", fontweight="bold")
        figure.set_size_inches(7.6, 6.0)
        figure.savefig(Path(__file__).parent / "picture.png", dpi=160, facecolor="white")


if __name__ == "__main__":
    main()
