"""The figure of flights: paths on the section through the cell, cations down and anions up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from anodefree.core.measurement import Measurement

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_paths(flights: Measurement, ax: Axes) -> None:
    """The kept paths, seen from the side; each ends in a dot where it was captured."""
    from anodefree.core.figure import COLOURS, INK, SOFT

    gap, radius = 1e6 * flights.meta["gap_m"], 1e6 * flights.meta["radius_m"]
    names = str(flights.meta["ions"]).split(", ")
    shown = 2 if flights.meta.get("regime") == "liquid" else 14  # a random path fills the picture
    if "path_x_m" in flights:
        for index, name in enumerate(names):
            label = {"Li+": "Li$^+$, down", "TFSI-": "TFSI$^-$, up"}.get(name, name)
            for number, which in enumerate(np.flatnonzero(flights["path_species"] == index)[:shown]):
                x, z = 1e6 * flights["path_x_m"][which], 1e6 * flights["path_z_m"][which]
                flown = np.isfinite(x)
                x, z = x[flown], z[flown]
                ax.plot(x, z, color=COLOURS[index], lw=0.6, alpha=0.9, label=label if number == 0 else "_", zorder=2)
                ax.plot(x[-1:], z[-1:], "o", color=COLOURS[index], ms=1.8, mew=0, zorder=3, clip_on=False)
    h, b = 1e6 * flights.meta["boss_height_m"], 1e6 * flights.meta["boss_base_m"]
    s = np.linspace(0, np.pi, 121)
    ax.fill(b * np.cos(s), h * np.sin(s), color=SOFT, lw=0, zorder=1)
    for level in (0.0, gap):
        ax.plot([-radius, radius], [level, level], color=INK, lw=1.2, zorder=1)
    ax.set_aspect("equal")
    ax.set_xlim(-1.04 * radius, 1.04 * radius)
    ax.set_ylim(-0.03 * gap, 1.03 * gap)
    flux = flights.meta["flux_density_T"]
    strength = f"{flux:.3g} T" if flux >= 1 else f"{1e3 * flux:.3g} mT"
    where = "in the liquid" if flights.meta["regime"] == "liquid" else "illustration in vacuum, no solvent"
    ax.set_title(f"{where}, {strength}", fontsize=7)
    ax.set_xlabel("x / µm")
    ax.set_ylabel("z / µm")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.2)
