"""The map in space that ions fly in: its two grids, and the error of its spline against the elements it was sampled from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from anodefree.core.measurement import Measurement
from anodefree.kinds.potential_map import POTENTIAL_MAP
from anodefree.numerics.potential_tables import MARGIN
from anodefree.simulation.ions.cell_tables import box_tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
Known = tuple[Floats, Floats, Floats, Floats]
"""x, y, z (n) of points of the liquid, and the gradient there (n, 3)."""


def axis(low: float, high: float, step: float) -> Floats:
    """Even nodes of about a step between two ends, and a margin beyond each."""
    count = max(round((high - low) / step), 4)
    return np.asarray(low + (high - low) / count * np.arange(-MARGIN, count + MARGIN + 1), dtype=float)


def boxed(
    axes: tuple[list[Floats], list[Floats]],
    samples: tuple[Floats, Floats],
    known: Known,
    voltage_V: float,
    meta: dict[str, Any],
) -> Measurement:
    """The map of samples (z, y, x) between 0 and 1 on the coarse and on the fine axes (x, y, z), lengths in gaps."""
    gap = float(meta["gap_m"])
    arrays: dict[str, Any] = {}
    for prefix, own, values in zip(("", "patch_"), axes, samples, strict=True):
        arrays |= {f"{prefix}{n}_m": a * gap for n, a in zip("xyz", own, strict=True)}
        arrays[f"{prefix}potential_box_V"] = voltage_V * values
    error = spline_error(axes, samples, known)
    return Measurement.of(POTENTIAL_MAP, arrays, {**meta, **{f"spline_error_{n}": v for n, v in error.items()}})


def spline_error(axes: tuple[list[Floats], list[Floats]], samples: tuple[Floats, Floats], known: Known) -> dict[str, float]:
    """How far the splines' field is from a known one, in the fine grid's part and elsewhere: rms and largest.

    |difference| is relative to the larger of the field there and its rms over all points.
    """
    from anodefree.numerics.compiled.spline_box import fields

    x, y, z, true = known
    tables, grids = box_tables([*axes], [*samples])
    found = np.empty_like(true)
    fields(tables, grids, x, y, z, found)
    size = np.linalg.norm(true, axis=1)
    error = np.linalg.norm(found - true, axis=1) / np.maximum(size, np.sqrt(np.mean(size**2)))
    near = np.ones(len(x), bool)
    for n, at in enumerate((x, y, z)):
        near &= (at >= grids[1, n, 3]) & (at <= grids[1, n, 4])
    out: dict[str, float] = {}
    for name, which in (("near", near), ("bulk", ~near)):
        if which.any():
            out |= {f"{name}_rms": float(np.sqrt(np.mean(error[which] ** 2))), f"{name}_max": float(error[which].max())}
    return out


def draw_box(cell: Measurement, ax: Axes) -> None:
    """Lines of equal potential on the section through the axis along x, and the lower electrode."""
    from anodefree.core.figure import INK, SOFT

    gap, radius, top = 1e6 * cell.meta["gap_m"], 1e6 * cell.meta["radius_m"], float(cell.meta["voltage_V"])
    levels = np.linspace(0, top, 13)[1:-1]
    for prefix, width in (("", 0.8), ("patch_", 0.0)):
        x, z = 1e6 * cell[prefix + "x_m"], 1e6 * cell[prefix + "z_m"]
        middle = int(np.argmin(np.abs(cell[prefix + "y_m"])))
        phi = cell[prefix + "potential_box_V"][:, middle, :]
        inside = np.ix_((z >= -1e-9) & (z <= gap * 1.0001), (x >= -1.0001 * radius) & (x <= 1.0001 * radius))
        phi, x, z = phi[inside], x[inside[1][0]], z[inside[0][:, 0]]
        if width:
            lines = ax.contour(x, z, np.where(phi > 0, phi, np.nan), levels=levels, cmap="viridis", linewidths=width)
            ax.clabel(lines, levels[1::3], fontsize=5.5, fmt=lambda v: f"{1e3 * v:.3g} mV")
        else:
            ax.contourf(x, z, phi, levels=[-1e9, 0.0], colors=[SOFT], zorder=3)
            up = z > 1e-4 * gap  # beside the protrusion the floor itself is at zero
            ax.contour(x, z[up], phi[up], levels=[0.0], colors=[INK], linewidths=0.8, zorder=4)
            if cell.meta["boss_base_m"] > 0:
                ax.plot([-radius, radius], [0, 0], color=INK, lw=1.2)
    ax.plot([-radius, radius], [gap, gap], color=INK, lw=1.2)
    ax.set_aspect("equal")
    ax.set_xlim(-1.02 * radius, 1.02 * radius)
    ax.set_ylim(-0.02 * gap, 1.02 * gap)
    change = float(cell.meta.get("mesh_change") or 0.0)
    ax.set_title(
        "section at y = 0" + (f"; the highest field depends on the mesh ({change:.0%})" if change > 0.02 else ""), fontsize=7
    )
    ax.set_xlabel("x / µm")
    ax.set_ylabel("z / µm")
