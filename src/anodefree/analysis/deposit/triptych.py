"""Metal, salt and potential of a deposit side by side, still and moving; in space the metal is a shaded surface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.core.movie import Movie
from anodefree.core.perspective import Camera, box, set_surface, surface
from anodefree.core.units import shown
from anodefree.numerics.isosurface import isosurface

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

Floats = NDArray[np.float64]
METAL: Final = "#9aa3ad"
"""The surface in space; metal in the panels of salt and potential."""
WHAT: Final = {
    "lithium": ("lithium", "metal", "Greys", 1.0),
    "concentration_mol_m3": ("salt", "c / mol L$^{-1}$", "viridis", 1e-3),
    "potential_V": ("potential of the electrolyte", "φ / mV", "plasma", 1e3),
}
FEWEST_FPS, MOST_FPS, LASTS_S = 3.0, 20.0, 6.0


@dataclass(frozen=True)
class Panel:
    """One field on the section in all frames, and its range over them, in the unit shown."""

    name: str
    values: Floats
    low: float
    high: float


def _panels(curves: xr.Dataset, moving: bool) -> list[Panel]:
    """What is there to be shown. A movie has one range for all frames, a still its own; the metal does not count for either."""
    made, pick = [], slice(None) if moving else slice(int(curves["frame"]), int(curves["frame"]) + 1)
    metal = curves["section_lithium"].values >= 0.5
    for name, (_, _, _, factor) in WHAT.items():
        if f"section_{name}" in curves:
            values = factor * curves[f"section_{name}"].values.astype(float)
            low, high = 0.0, 1.0
            if name != "lithium":
                values = np.where(metal, np.nan, values)
                seen = values[pick][np.isfinite(values[pick])]
                low, high = (float(seen.min()), float(seen.max())) if seen.size else (0.0, 1.0)
                high = high if high > low else low + 1e-9 * max(abs(low), 1.0)
            made.append(Panel(name, values, low, high))
    return made


def told(curves: xr.Dataset, frame: int) -> str:
    """Time, current density and charge of a frame."""
    last = float(curves["frame_time_s"].values[-1])
    unit = "h" if last >= 7200 else "min" if last >= 240 else "s"
    time = float(curves["frame_time_s"].values[frame]) / {"h": 3600.0, "min": 60.0, "s": 1.0}[unit]
    current = float(curves["frame_current_density_A_m2"].values[frame]) * shown("A/m2", "mA/cm2")[1]
    charge = float(curves["frame_charge_C_m2"].values[frame]) * shown("C/m2", "mAh/cm2")[1]
    return f"{time:.3g} {unit}, {current:.3g} mA/cm², {charge:.3g} mAh/cm²"


def size_of(curves: xr.Dataset, width_in: float) -> tuple[bool, tuple[float, float]]:
    """Whether panels stand above each other, as they do for a wide section, and the size of the figure."""
    across, along = (float(v) for v in curves["section_m"].values)
    count = sum(f"section_{n}" in curves for n in WHAT)
    ratio = along / across
    if ratio > 0.8:
        return False, (2 * width_in, 2 * width_in / count * min(ratio, 2.0) + 0.9)
    plain = count - ("mesh_point_m" in curves)
    high = plain * max(0.72 * width_in * ratio, 0.25 * width_in) + (0.8 * width_in if "mesh_point_m" in curves else 0.0)
    return True, (width_in, high + 0.16 * width_in + 0.3)


def draw_triptych(curves: xr.Dataset, ax: Axes) -> None:
    """The chosen frame."""
    upright, size = size_of(curves, 3.5)
    frame = int(curves["frame"])
    _laid_out(curves, ax, frame, upright, size, moving=False)


def film_triptych(curves: xr.Dataset) -> Movie:
    """All frames, on one scale of colours and, in space, seen by a camera that stands still."""
    upright, size = size_of(curves, 4.6)
    count = int(curves.sizes["frame_kept"])

    def begin(figure: Figure) -> Callable[[int], None]:
        return _laid_out(curves, figure.add_subplot(), count - 1, upright, size, moving=True)

    return Movie(begin, count, size, frames_per_second=float(np.clip(count / LASTS_S, FEWEST_FPS, MOST_FPS)))


def _laid_out(
    curves: xr.Dataset, ax: Axes, frame: int, upright: bool, size: tuple[float, float], *, moving: bool
) -> Callable[[int], None]:
    """Draw a frame into panels; the function that turns them to another."""
    from anodefree.core.figure import sized, split

    sized(ax, *size)
    shown_panels = _panels(curves, moving)
    count, solid = len(shown_panels), "mesh_point_m" in curves
    ratios: dict[str, Any] = {"height_ratios": [1.6 if solid else 1.0, *[1.0] * (count - 1)]} if upright and count > 1 else {}
    axes = split(ax, count, 1, **ratios) if upright else split(ax, 1, count)
    turns = [
        _solid(curves, a, moving) if solid and p.name == "lithium" else _plane(curves, a, p, frame, upright)
        for a, p in zip(axes, shown_panels, strict=True)
    ]
    first = 2 if solid else 1  # a box in space has no axis whose labels could stand for the panel beside it
    for a in axes[:-1] if upright else axes[first:]:
        a.tick_params(labelbottom=not upright, labelleft=upright)
        (a.set_xlabel if upright else a.set_ylabel)("")
    title = axes[0].set_title("", fontsize=7, loc="left")
    if moving:
        _mark(axes, title)

    def turn(number: int) -> None:
        for one in turns:
            one(number)
        title.set_text(told(curves, number))

    turn(frame)
    return turn


def _mark(axes: list[Axes], title: Text) -> None:
    """What changes from frame to frame, and what lies over it."""
    for ax in axes:
        frame = list(ax.spines.values()) if ax.axison else []
        legend = [found] if (found := ax.get_legend()) is not None else []
        for artist in (*ax.images, *ax.collections, *ax.texts, *frame, *legend):
            artist.set_animated(True)
    title.set_animated(True)


def _plane(curves: xr.Dataset, ax: Axes, panel: Panel, frame: int, upright: bool) -> Callable[[int], None]:
    """One field on the section."""
    import matplotlib as mpl
    from matplotlib.colors import ListedColormap
    from matplotlib.patheffects import withStroke
    from matplotlib.ticker import MaxNLocator, ScalarFormatter

    from anodefree.core.figure import COLOURS

    title, label, colours, _ = WHAT[panel.name]
    across, along = (1e6 * float(v) for v in curves["section_m"].values)
    where = (0.0, across, 0.0, along)
    shades = mpl.colormaps[colours].with_extremes(bad=METAL)
    image = ax.imshow(
        np.ma.masked_invalid(panel.values[frame]),
        cmap=shades,
        vmin=panel.low,
        vmax=panel.high,
        origin="lower",
        extent=where,
        interpolation="nearest",
    )
    bar = ax.figure.colorbar(image, ax=ax, label=label, **({"shrink": 0.9} if upright else {"location": "bottom"}))
    bar.locator = MaxNLocator(4 if upright and along > 0.3 * across else 2)
    bar.formatter = ScalarFormatter(useOffset=False)
    bar.update_ticks()
    ax.set_xlabel("x / µm")
    ax.set_ylabel("z / µm")
    lost = None
    if panel.name == "lithium" and "section_isolated" in curves:
        dead = curves["section_isolated"].values
        lost = ax.imshow(
            _dead(dead[frame]),
            cmap=ListedColormap([COLOURS[1]]),
            vmin=0,
            vmax=1,
            origin="lower",
            extent=where,
            interpolation="nearest",
        )
        ax.plot([], [], "s", color=COLOURS[1], label="without contact")
        ax.legend(loc="upper right", handlelength=0.6)
    over = panel.name != "lithium"
    words = ax.text(0.02, 0.96, title, transform=ax.transAxes, va="top", fontsize=6.5, color="white" if over else "black")
    if over:  # colours reach from dark to yellow
        words.set_path_effects([withStroke(linewidth=1.2, foreground="#333333")])

    def turn(number: int) -> None:
        image.set_data(np.ma.masked_invalid(panel.values[number]))
        if lost is not None:
            lost.set_data(_dead(curves["section_isolated"].values[number]))

    return turn


def _dead(fraction: NDArray[Any]) -> Any:
    return np.ma.masked_where(fraction < 0.5, np.ones(fraction.shape))


def _solid(curves: xr.Dataset, ax: Axes, moving: bool) -> Callable[[int], None]:
    """The surface of the metal in space, in a box to scale; a movie takes it from the coarse volume of each frame."""
    from anodefree.core.figure import SOFT

    size = 1e6 * curves["box_m"].values
    camera = Camera((size[0] / 2, size[1] / 2, size[2] / 2), float(np.linalg.norm(size)), turn=0.55, tilt=0.5)
    edges = [camera.seen(line) for line in box((0.0, 0.0, 0.0), tuple(size))]
    for line in edges:
        ax.plot(line[:, 0], line[:, 1], color=SOFT, lw=0.6, zorder=1)
    made = surface(ax, camera, 1e6 * curves["mesh_point_m"].values, curves["mesh_triangle"].values.astype(np.int64), METAL)
    every = np.concatenate(edges)
    ax.set_xlim(every[:, 0].min(), every[:, 0].max())
    ax.set_ylim(every[:, 1].min(), every[:, 1].max())
    ax.set_aspect("equal")
    ax.set_axis_off()
    name = f"{size[0]:.3g} × {size[1]:.3g} × {size[2]:.3g} µm³"
    ax.text(0.0, -0.04, name, transform=ax.transAxes, fontsize=6.5, va="top")
    if not moving:
        return lambda _: None

    def turn(number: int) -> None:
        step = 1e6 * curves["volume_step_m"].values
        volume = 0.01 * curves["volume_percent"].values[number]
        points, triangles = isosurface(volume, (float(step[2]), float(step[1]), float(step[0])))
        set_surface(made, camera, np.minimum(points, size), triangles, METAL)

    return turn
