"""The section through a cell from its potential map: the field on an even grid, its lines, and what flows to the protrusion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.core.measurement import Measurement
from anodefree.numerics.axisymmetric_potential import Curve, cone, hemispheroid
from anodefree.numerics.potential_tables import Grid, Table, slopes, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
ROWS: Final = 160
"""Points of the picture across the gap."""
LINES: Final = 14
"""Field lines on each side of the axis; they begin evenly spaced on the upper electrode."""
CELL: Final = ("gap_m", "radius_m", "boss_height_m", "boss_base_m")


@dataclass(frozen=True)
class CellSection:
    """The splines of a potential map, coarse and fine, and the walls of its cell."""

    coarse: Table
    fine: Table
    walls: tuple[Table, Table]
    """The same of the potential that is 0 on the lower electrode."""
    reach_m: tuple[float, float]
    radius_m: float
    gap_m: float
    boss: Curve

    @classmethod
    def of(cls, cell: Measurement) -> CellSection:
        """From a measurement."""
        meta = cell.meta
        grids = [Grid(cell[f"{p}r_m"], cell[f"{p}z_m"]) for p in ("", "patch_")]
        potential = [table(g, cell[f"{p}potential_V"]) for g, p in zip(grids, ("", "patch_"), strict=True)]
        name = "wall" if "wall" in cell else "potential_V"
        walls = [table(g, cell[f"{p}{name}"]) for g, p in zip(grids, ("", "patch_"), strict=True)]
        reach = float(meta.get("patch_reach_r_m") or 0.0), float(meta.get("patch_reach_z_m") or 0.0)
        return cls(
            potential[0],
            potential[1],
            (walls[0], walls[1]),
            reach,
            float(meta["radius_m"]),
            float(meta["gap_m"]),
            boss_curve(meta),
        )

    def field(self, r_m: Floats, z_m: Floats) -> tuple[Floats, Floats]:
        """E along r and z [V/m] at points, from the finer spline where it holds."""
        r, z = np.broadcast_arrays(np.asarray(r_m, dtype=float), np.asarray(z_m, dtype=float))
        by_r, by_z = slopes(self.coarse, r, z)
        near = (r < self.reach_m[0]) & (z < self.reach_m[1])
        if near.any():
            by_r[near], by_z[near] = slopes(self.fine, r[near], z[near])
        return -by_r, -by_z

    def liquid(self, r_m: Floats, z_m: Floats) -> NDArray[np.bool_]:
        """Which points are in the liquid."""
        r, z = np.broadcast_arrays(np.asarray(r_m, dtype=float), np.asarray(z_m, dtype=float))
        values = _value(self.walls[0], r, z)
        near = (r < self.reach_m[0]) & (z < self.reach_m[1])
        values[near] = _value(self.walls[1], r[near], z[near])
        return np.asarray(values > 0)

    def flux(self, z_m: float, from_m: float = 0.0, points: int = 4001) -> float:
        """What flows down through a level ring from a radius to the side [V m]: the integral of -E_z over its area."""
        r = np.linspace(from_m, self.radius_m, points)
        return float(2 * np.pi * np.trapezoid(-self.field(r, np.full_like(r, z_m))[1] * r, r))

    def boss_flux(self, points: int = 4001) -> float:
        """What flows into the protrusion [V m]: the component of E across its surface, integrated over it."""
        r, z, dr, dz = self.boss(np.linspace(0, 1, points))
        by_r, by_z = self.field(r, z)
        across = by_r * dz - by_z * dr  # minus E along the outward normal (-dz, dr), times the length of the profile's step
        return float(2 * np.pi * np.trapezoid(across * r, dx=1 / (points - 1)))

    def tip_V_m(self) -> float:
        """The size of the field at the tip."""
        r, z, _, _ = self.boss(np.zeros(1))
        return float(np.hypot(*self.field(r, z))[0])


def boss_curve(meta: Mapping[str, Any]) -> Curve:
    """The protrusion's profile from its metadata."""
    make = cone if meta.get("boss_shape") == "cone" else hemispheroid
    return make(float(meta["boss_height_m"]), float(meta["boss_base_m"]))


def _value(made: Table, r_m: Floats, z_m: Floats) -> Floats:
    from scipy.ndimage import map_coordinates

    coefficients, r0, z0, per_r, per_z = made
    place = np.stack([(z_m - z0) * per_z, (r_m - r0) * per_r])
    return np.asarray(map_coordinates(coefficients, place, order=3, prefilter=False, mode="nearest"))


def section_curves(section: CellSection) -> dict[str, Any]:
    """The size of the field and the flux function on an even grid of r and z; NaN in the metal.

    The flux function F(r, z) is what flows down between r and the side at the height z, over all that leaves the upper
    electrode: constant along a field line, so its contours are the lines.
    """
    rows = ROWS + 1
    columns = max(round(ROWS * section.radius_m / section.gap_m), 20) + 1
    r, z = np.linspace(0, section.radius_m, columns), np.linspace(0, section.gap_m, rows)
    by_r, by_z = section.field(r[None, :], z[:, None])
    inside = section.liquid(r[None, :], np.clip(z[:, None], 1e-6 * section.gap_m, (1 - 1e-6) * section.gap_m))
    step = -0.5 * (by_z[:, 1:] * r[1:] + by_z[:, :-1] * r[:-1]) * (r[1] - r[0])
    outside = np.concatenate([np.cumsum(step[:, ::-1], axis=1)[:, ::-1], np.zeros((rows, 1))], axis=1)
    total = outside[-1, 0]
    starts = (np.arange(LINES) + 0.5) / LINES * section.radius_m
    return {
        "r_m": ("r", r),
        "z_m": ("z", z),
        "field_V_m": (("z", "r"), np.where(inside, np.hypot(by_r, by_z), np.nan)),
        "flux_function": (("z", "r"), np.where(inside, outside / total, np.nan)),
        "line_start_m": ("line", starts),
        "line_flux": ("line", np.interp(starts, r, outside[-1] / total)),
    }


def draw_lines(curves: Any, ax: Axes, colour: str) -> None:
    """The field lines, mirrored about the axis, each with an arrow the way a cation is driven."""
    r, z = 1e6 * curves["r_m"].values, 1e6 * curves["z_m"].values
    flux = curves["flux_function"].values
    levels = np.sort(curves["line_flux"].values)
    whole = np.concatenate([flux[:, :0:-1], flux], axis=1)
    across = np.concatenate([-r[:0:-1], r])
    ax.contour(across, z, whole, levels=levels, colors=[colour], linewidths=0.6)
    row = int(0.62 * len(z))
    for level in levels:
        x = float(np.interp(-level, -flux[row], r))
        for side in (-x, x):
            ax.plot([side], [z[row]], marker="v", ms=2.4, mew=0, color=colour)


def draw_walls(ax: Axes, curves: Any, shape: str) -> None:
    """Electrodes and protrusion, to scale."""
    from anodefree.core.figure import INK, SOFT

    gap, radius, height, base = (1e6 * float(curves[n]) for n in CELL)
    r, z, _, _ = boss_curve({"boss_shape": shape, "boss_height_m": height, "boss_base_m": base})(np.linspace(0, 1, 121))
    ax.fill(np.concatenate([-r[::-1], r]), np.concatenate([z[::-1], z]), color=SOFT, lw=0, zorder=3)
    for level in (0.0, gap):
        ax.plot([-radius, radius], [level, level], color=INK, lw=1.4, zorder=4, solid_capstyle="butt")
    ax.set_aspect("equal")
    ax.set_xlabel("x / µm")
    ax.set_ylabel("z / µm")
