"""From a solved potential to the map in which ions fly: sampled, with the error of its spline and of its elements stated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.core.measurement import Measurement
from anodefree.kinds.potential_map import POTENTIAL_MAP
from anodefree.numerics.axisymmetric_potential import Cell, Potential, Space, solve, solved_in, space
from anodefree.numerics.potential_tables import Walls, grids, sampled, spline_error, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
SHARP: Final = 0.01
"""A tip factor that changes by more than this from one order of the elements to the next has no limit, or none in reach."""
PROBES: Final = 12
"""Random points of each element at which the spline is compared with it."""


def itself(u: Floats) -> Floats:
    """No change of scale."""
    return u


@dataclass(frozen=True)
class Scale:
    """The potential in V and its slope as functions of what was solved."""

    value: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]


def linear(factor_V: float, shift: float = 0.0) -> Scale:
    """factor (u - shift)."""
    return Scale(lambda u: factor_V * (u - shift), lambda u: np.full_like(u, factor_V))


@dataclass(frozen=True)
class Primary:
    """The cell with equipotential electrodes, 0 below and 1 above, and what follows from it."""

    space: Space
    potential: Potential
    tip: float
    """The field at the tip over that of the flat cell."""
    mesh_change: float
    """The relative change of it from elements of one order less."""
    flux_factor: float
    """The current over that of the flat cell."""
    mean: float
    """The mean potential over the volume: a half in the flat cell."""

    @property
    def meta(self) -> dict[str, Any]:
        """What goes with a map of it."""
        return {
            "distribution": "primary",
            "tip_factor": self.tip,
            "tip_current": self.tip / self.flux_factor,
            "mesh_change": self.mesh_change,
            "flux_factor": self.flux_factor,
        }


def primary(cell: Cell, order: int, elements: int) -> Primary:
    """Solved with elements of an order, and of one less for comparison."""
    made = space(cell, order=order, elements=elements)
    found = solved_in(made, 1.0)
    tip, coarser = (float(p.wall[2][0]) for p in (found, solve(cell, 1.0, order=order - 1, elements=elements)))
    energy = float(found.values @ (made.stiffness @ found.values))
    mean = float(made.volumes @ found.values) / float(made.volumes @ _ones(made))
    return Primary(made, found, tip, abs(coarser / tip - 1), 2 * energy / cell.radius_m**2, mean)


def _ones(made: Space) -> Floats:
    return np.asarray(made.basis.project(lambda x: np.ones_like(x[0])))


def mapped(found: Potential, scale: Scale, meta: dict[str, Any], *, wall: Potential | None = None) -> Measurement:
    """The map of scale(found); `wall` where the electrodes are not at one potential each. Lengths of the cell are in gaps."""
    cell, gap = found.cell, float(meta["gap_m"])
    walls = _walls(cell, found)
    coarse, fine, reach = grids(walls)
    whole, about = (np.asarray(scale.value(sampled(walls, g))) for g in (coarse, fine))
    arrays = {
        "r_m": coarse.r * gap,
        "z_m": coarse.z * gap,
        "potential_V": whole,
        "patch_r_m": fine.r * gap,
        "patch_z_m": fine.z * gap,
        "patch_potential_V": about,
    }
    if wall is not None:
        metal = _walls(cell, wall)
        arrays |= {"wall": sampled(metal, coarse), "patch_wall": sampled(metal, fine)}
    error = spline_error(table(coarse, whole), table(fine, about), reach, _probed(found, scale))
    known = {
        "patch_reach_r_m": reach[0] * gap,
        "patch_reach_z_m": reach[1] * gap,
        **{f"spline_error_{name}": value for name, value in error.items()},
    }
    return Measurement.of(POTENTIAL_MAP, arrays, {**meta, **known})


def _walls(cell: Cell, found: Potential) -> Walls:
    return Walls(found.at, cell.boss, cell.height_m, cell.base_m, cell.radius_m, cell.gap_m)


def _probed(found: Potential, scale: Scale) -> tuple[Floats, ...]:
    """r, z and the field by the elements at random points, the same for every run."""
    local = np.random.default_rng(0).random((2, PROBES))
    r, z, dr, dz, u = found.field_at(local)
    rate = scale.slope(u)
    return r, z, rate * dr, rate * dz


def described(
    cell: Cell, shape: str, gap_m: float, radius_m: float, height_m: float, base_m: float, voltage_V: float
) -> dict[str, Any]:
    """The metadata of the cell itself."""
    blunt = min(cell.base_m**2 / cell.height_m, cell.base_m) if shape == "hemispheroid" else 0.05 * cell.base_m
    return {
        "gap_m": gap_m,
        "radius_m": radius_m,
        "boss_height_m": height_m,
        "boss_base_m": base_m,
        "boss_shape": shape,
        "tip_radius_m": blunt * gap_m,
        "voltage_V": voltage_V,
    }


def draw_map(cell: Measurement, ax: Axes) -> None:
    """Lines of equal potential on the section through the axis, and the protrusion; a doubt about the tip in the title."""
    from anodefree.core.figure import INK, SOFT

    r, z = 1e6 * cell["r_m"], 1e6 * cell["z_m"]
    gap, radius = 1e6 * cell.meta["gap_m"], 1e6 * cell.meta["radius_m"]
    inside = np.ix_((z >= -1e-9) & (z <= gap * 1.0001), (r >= -1e-9) & (r <= radius * 1.0001))
    phi = cell["potential_V"][inside]
    metal = (cell["wall"] if "wall" in cell else cell["potential_V"])[inside]
    r, z = r[inside[1][0]], z[inside[0][:, 0]]
    low, high = phi[metal > 0].min(), phi[metal > 0].max()
    levels = np.linspace(low, high, 13)[1:-1]
    whole_r = np.concatenate([-r[:0:-1], r])
    whole, solid = (np.concatenate([v[:, :0:-1], v], axis=1) for v in (np.where(metal > 0, phi, np.nan), metal))
    drawn = ax.contour(whole_r, z, whole, levels=levels, cmap="viridis", linewidths=0.8)
    ax.contourf(whole_r, z, solid, levels=[-1e9, 0.0], colors=[SOFT])
    ax.clabel(drawn, levels[1::3], fontsize=5.5, fmt=lambda v: f"{1e3 * v:.3g} mV")
    ax.axvline(0, color=INK, lw=0.5, ls=":")
    for level in (0.0, gap):
        ax.plot([-radius, radius], [level, level], color=INK, lw=1.2)
    title = str(cell.meta.get("distribution", ""))
    if float(cell.meta.get("mesh_change") or 0.0) > SHARP:
        title += f"; the tip is sharp: its field depends on the mesh ({cell.meta['mesh_change']:.0%})"
    ax.set_title(title, fontsize=7)
    ax.set_aspect("equal")
    ax.set_xlabel("r / µm")
    ax.set_ylabel("z / µm")
