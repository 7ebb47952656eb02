"""The electric field in the cell: a cylinder, a flat electrode above, one with a protrusion below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.kinds.potential_map import POTENTIAL_MAP, PotentialMap
from anodefree.numerics.axisymmetric_potential import Cell, cone, hemispheroid, solve
from anodefree.numerics.potential_tables import Grid, Walls, grids, sampled
from anodefree.physics.hemispheroid import potential_V
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Shape = Literal["hemispheroid", "cone"]


def cell_of(shape: Shape, gap_m: float, radius_m: float, height_m: float, base_m: float) -> Cell:
    """The cell with lengths in units of its gap.

    Raises
    ------
    ConfigError: the protrusion does not fit into the gap or the cell.
    """
    if height_m >= 0.9 * gap_m:
        raise ConfigError(
            f"a protrusion of {1e6 * height_m:.3g} um in a gap of {1e6 * gap_m:.3g} um leaves no room",
            "boss_height_m",
            "make it lower than nine tenths of the gap",
        )
    if base_m >= 0.9 * radius_m:
        raise ConfigError(
            f"a protrusion {1e6 * base_m:.3g} um wide does not fit into a cell of {1e6 * radius_m:.3g} um",
            "boss_base_m",
            "widen the cell",
        )
    h, b = height_m / gap_m, base_m / gap_m
    boss = hemispheroid(h, b) if shape == "hemispheroid" else cone(h, b)
    return Cell(boss, h, b, radius_m / gap_m, 1.0)


@stage("ions.field", version=1, cites=("chen2026", "brenner2008", "landau1984"))
def field(
    *,
    gap_m: Annotated[float, Par("gap between the electrodes", gt=0, source="not stated", assumed=True)] = 50e-6,
    radius_m: Annotated[float, Par("radius of the cylinder", gt=0, source="half of the gap", assumed=True)] = 25e-6,
    boss_height_m: Annotated[float, Par("height of the protrusion", gt=0, source="a fifth of the gap", assumed=True)] = 10e-6,
    boss_base_m: Annotated[float, Par("radius of its base", gt=0, source="3.3 times as high as wide", assumed=True)] = 3e-6,
    shape: Annotated[Shape, Par("its shape", source="the paper: 'a central protrusion'", assumed=True)] = "hemispheroid",
    voltage_V: Annotated[
        float, Par("potential of the liquid at the upper electrode", gt=0, source="not stated", assumed=True)
    ] = 0.1,
    order: Annotated[int, Par("order of the elements", ge=1, le=8)] = 4,
    elements: Annotated[int, Par("elements along each side of the map of the cell", ge=4, le=64)] = 16,
    context: Context,
) -> PotentialMap:
    """The potential between a flat electrode and one with a protrusion, by finite elements, sampled for flight.

    $\\nabla \\cdot \\nabla \\varphi = 0$ in the liquid, φ = 0 on the lower electrode and its protrusion, `voltage_V` on the
    upper, no flux through the side: the field of a voltage across an even medium, which is also that of the primary current
    distribution. The elements live on an exact map of the cell, so curved walls are met exactly; `tip_factor` is the field at
    the tip over voltage/gap, from the elements. Maps reach beyond every wall by reflection.
    *Valid when* no charge is left in the liquid and neither kinetics nor depletion shape the current. A cone's tip has no
    finite field: its `tip_factor` depends on the mesh. *Source* Brenner and Scott (2008), chapter 4; verified on the
    hemispheroid of Landau and Lifshitz (1984), section 4. *Differs from the paper* in nothing that it states: it gives neither
    gap nor voltage nor the protrusion's size. Raises ConfigError: the protrusion does not fit.
    """
    cell = cell_of(shape, gap_m, radius_m, boss_height_m, boss_base_m)
    context.progress(0.1, "finite elements")
    found = solve(cell, 1.0, order=order, elements=elements)
    tip = found.wall[2][0]
    context.progress(0.5, "sampling")
    walls = Walls(found.at, cell.boss, cell.height_m, cell.base_m, cell.radius_m, 1.0, 1.0)
    coarse, fine, reach = grids(walls)
    tip_radius = min(cell.base_m**2 / cell.height_m, cell.base_m) if shape == "hemispheroid" else 0.05 * cell.base_m
    meta = {
        "gap_m": gap_m,
        "radius_m": radius_m,
        "boss_height_m": boss_height_m,
        "boss_base_m": boss_base_m,
        "boss_shape": shape,
        "tip_radius_m": tip_radius * gap_m,
        "voltage_V": voltage_V,
        "patch_reach_r_m": reach[0] * gap_m,
        "patch_reach_z_m": reach[1] * gap_m,
        "distribution": "primary",
        "tip_factor": float(tip),
    }
    return Measurement.of(POTENTIAL_MAP, _arrays(walls, coarse, fine, gap_m, voltage_V), meta)


def _arrays(walls: Walls, coarse: Grid, fine: Grid, gap_m: float, voltage_V: float) -> dict[str, np.ndarray]:
    return {
        "r_m": coarse.r * gap_m,
        "z_m": coarse.z * gap_m,
        "potential_V": voltage_V * sampled(walls, coarse),
        "patch_r_m": fine.r * gap_m,
        "patch_z_m": fine.z * gap_m,
        "patch_potential_V": voltage_V * sampled(walls, fine),
    }


@field.plot
def draw(cell: Measurement, ax: Axes) -> None:
    """Lines of equal potential on the section through the axis, and the protrusion."""
    from anodefree.core.figure import INK, SOFT

    r, z, phi = 1e6 * cell["r_m"], 1e6 * cell["z_m"], cell["potential_V"]
    gap, radius, top = 1e6 * cell.meta["gap_m"], 1e6 * cell.meta["radius_m"], cell.meta["voltage_V"]
    inside_r, inside_z = (r >= -1e-9) & (r <= radius * 1.0001), (z >= -1e-9) & (z <= gap * 1.0001)
    r, z, phi = r[inside_r], z[inside_z], phi[np.ix_(inside_z, inside_r)]
    levels = np.linspace(0, top, 13)[1:-1]
    whole_r, whole = np.concatenate([-r[:0:-1], r]), np.concatenate([phi[:, :0:-1], phi], axis=1)
    drawn = ax.contour(whole_r, z, whole, levels=levels, cmap="viridis", linewidths=0.8)
    ax.contourf(whole_r, z, whole, levels=[-1e9, 0.0], colors=[SOFT])
    ax.clabel(drawn, levels[1::3], fontsize=5.5, fmt=lambda v: f"{1e3 * v:.0f} mV")
    ax.axvline(0, color=INK, lw=0.5, ls=":")
    ax.plot([-radius, radius], [0, 0], color=INK, lw=1.2)
    ax.plot([-radius, radius], [gap, gap], color=INK, lw=1.2)
    ax.set_aspect("equal")
    ax.set_xlabel("r / µm")
    ax.set_ylabel("z / µm")


@field.demo
def demo(rng: np.random.Generator) -> Demo:
    """A hemisphere in a wide and high cell, whose field is nearly that in open space."""
    gap, top, size = rng.uniform(20e-6, 100e-6), rng.uniform(0.05, 0.5), rng.uniform(0.03, 0.05)

    def exact(r: np.ndarray, z: np.ndarray) -> np.ndarray:
        return potential_V(r, z, size, size, 1.0)

    walls = Walls(exact, hemispheroid(size, size), size, size, 1.0, 1.0, 1.0)
    parameters = {"gap_m": gap, "radius_m": gap, "boss_height_m": gap * size, "boss_base_m": gap * size, "voltage_V": top}
    return Demo((), {"potential_V": top * sampled(walls, grids(walls)[0])}, parameters, tolerance=1e-3)
