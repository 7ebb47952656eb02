"""The figure of a lattice: picture, spectrum with indexed spots, fringes alone, phases by probability."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from anodefree.core.figure import COLOURS, INK, SOFT, sized, split

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from anodefree.core.result import Result

MOST_PHASES = 8


def draw_lattice(result: Result, ax: Axes) -> None:
    """Four panels; of spots only the strongest eight are named."""
    data = result.curves
    sized(ax, 5.0, 4.6)
    picture, spectrum, fringes, ranked = split(ax, 2, 2)
    x, y = 1e9 * data["x_m"].values, 1e9 * data["y_m"].values
    box = (x[0], x[-1], y[-1], y[0])
    for panel, name, title in ((picture, "brightness", "picture"), (fringes, "fringes", "spots only (inverse transform)")):
        low, high = np.percentile(data[name].values, [1, 99])
        panel.imshow(data[name].values, cmap="gray", extent=box, vmin=low, vmax=high, interpolation="nearest")
        panel.set(xlabel="x / nm", ylabel="y / nm", title=title)
    phases = [str(p) for p in data["phase"].values]
    shades = {p: COLOURS[i % len(COLOURS)] for i, p in enumerate(phases)}
    _draw_spectrum(result, spectrum, shades)
    shown = min(len(phases), MOST_PHASES)
    place = np.arange(shown)[::-1]
    ranked.barh(place, data["phase_probability"].values[:shown], color=[shades[p] for p in phases[:shown]], height=0.7)
    ranked.set_yticks(place, [_typeset(p) for p in phases[:shown]])
    ranked.set(
        xlim=(0, 1), ylim=(shown - 0.4 - max(shown, 4), shown - 0.4), xlabel="probability that it is there", title="phases"
    )


def _draw_spectrum(result: Result, ax: Axes, shades: dict[str, str]) -> None:
    data = result.curves
    kx, ky = 1e-9 * data["spot_x_per_m"].values, 1e-9 * data["spot_y_per_m"].values
    fx, fy = 1e-9 * data["frequency_x_per_m"].values, 1e-9 * data["frequency_y_per_m"].values
    log_power = data["log_power"].values
    low, high = np.percentile(log_power, [30, 99.8])
    reach = min(1.25 * float(np.hypot(kx, ky).max()), float(-fx[0]), float(-fy[0]))
    ax.imshow(log_power, cmap="gray_r", extent=(fx[0], fx[-1], fy[-1], fy[0]), vmin=low, vmax=high, interpolation="nearest")
    named: list[np.ndarray] = []
    for i, (phase, hkl) in enumerate(zip(data["spot_phase"].values, data["spot_hkl"].values, strict=True)):
        colour = shades.get(str(phase), SOFT)
        ax.plot([kx[i], -kx[i]], [ky[i], -ky[i]], "o", mfc="none", mec=colour, ms=7, mew=1.1, ls="none")
        side = 1 if i % 2 == 0 else -1
        at = side * np.array([kx[i], ky[i]])
        if i < 8 and all(np.linalg.norm(at - n) > 0.17 * reach for n in named):
            named.append(at)
            ax.annotate(str(hkl), (side * kx[i], side * ky[i]), (4, 4), textcoords="offset points", fontsize=6.5, color=INK)
    ax.set(xlim=(-reach, reach), ylim=(reach, -reach), xlabel="$k_x$ / nm$^{-1}$", ylabel="$k_y$ / nm$^{-1}$", title="spectrum")
    for edge in ax.spines.values():
        edge.set_visible(True)


def _typeset(formula: str) -> str:
    """Digits of a formula as subscripts."""
    return "".join(f"$_{c}$" if c.isdigit() else c for c in formula)
