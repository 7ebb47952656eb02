"""The section through a cell: electric field lines about the protrusion, and the current that they carry to it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.ions.cell_section import CELL, CellSection, draw_lines, draw_walls, section_curves
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.kinds.potential_map import POTENTIAL_MAP, PotentialMap
from anodefree.numerics.axisymmetric_potential import hemispheroid
from anodefree.numerics.potential_tables import Walls, grids, sampled
from anodefree.physics.hemispheroid import potential_V
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CONDUCTIVITY = Uncertain(0.5, 0.1)


@stage("ions.section", version=1, cites=("chen2026", "landau1984", "newman2004"))
def section(
    cell: PotentialMap,
    *,
    conductivity_S_m: Annotated[
        Uncertain, Par("conductivity of the electrolyte", gt=0, source="order of magnitude, 1 M LiTFSI in ethers", assumed=True)
    ] = CONDUCTIVITY,
) -> Result:
    """Field lines on the section through a cell, to scale, and what share of them, and what current, the protrusion gathers.

    $F(r, z) = \\frac{\\int_r^R -E_z r'\\,dr'}{\\int_0^R -E_z(z = L)\\,r'\\,dr'}$ is constant along a line of a field without
    sources and through a side that insulates, so its contours are the lines. `boss_share` is the flux into the protrusion over
    all, `capture_radius` the radius on the upper electrode within which lines end on it, `tip_factor` the field at the tip over
    V/L, `boss_current` the flux times the conductivity κ. Standard deviations: that of κ, the change of the flux with the
    height (zero without sources) and the stated error of the map's spline. For a hemisphere of the radius a in a wide cell the
    flux is $3\\pi a^2 E_0$ and the capture radius $\\sqrt{3} a$.
    *Valid when* the current is ohmic (primary or secondary distribution); where salt is depleted the field has sources, and a
    check says how much. *Source* Landau and Lifshitz (1984), section 4 (hemisphere); Newman (2004), chapter 18. *Differs from
    the paper*, which shows bent lines without a scale. Raises DataError: a map whose arrays are not even grids.
    """
    made, meta = CellSection.of(cell), cell.meta
    gap = float(meta["gap_m"])
    top, middle = (made.flux(z) for z in (gap, 0.5 * (gap + float(meta["boss_height_m"]))))
    boss, flat = made.boss_flux(), made.flux(0.0, float(meta["boss_base_m"]))
    leak = max(abs(middle / top - 1), abs((boss + flat) / top - 1))
    near = float(meta.get("spline_error_near_rms") or 0.0)
    share = boss / top
    error = math.hypot(leak, near)
    curves = section_curves(made)
    gathered = float(np.interp(-(1 - share), -curves["flux_function"][1][-1], curves["r_m"][1]))
    current = conductivity_S_m.value * boss
    tip = made.tip_V_m() * gap / float(meta["voltage_V"]) if float(meta["voltage_V"]) else math.nan
    estimates = {
        "boss_share": Estimate(share, error * share, "1", "share of the field lines that end on the protrusion"),
        "capture_radius": Estimate(gathered, 0.5 * error * gathered, "m", "radius above within which lines end on it"),
        "boss_current": Estimate(
            current, abs(current) * math.hypot(conductivity_S_m.std / conductivity_S_m.value, error), "A", "current into it"
        ),
    }
    if math.isfinite(tip):
        sharp = float(meta.get("mesh_change") or 0.0)
        estimates["tip_factor"] = Estimate(tip, abs(tip) * math.hypot(near, sharp), "1", "field at the tip over V/L")
    checks = [
        Check.that(
            "sources",
            leak < 0.02,
            "what leaves the upper electrode arrives below",
            f"{leak:.1%} of the flux appears or vanishes on the way: the lines are approximate (depleted salt, a sharp tip)",
        ),
    ]
    told = {n: ((), float(meta[n])) for n in (*CELL, "voltage_V")}
    return Result.of(estimates, {**curves, **told, "boss_shape": ((), str(meta.get("boss_shape") or ""))}, checks)


@section.plot
def draw(result: Result, ax: Axes) -> None:
    """The size of the field in colour, lines in white with arrows the way a cation is driven, walls to scale."""
    from matplotlib.colors import LogNorm

    curves = result.curves
    mean = abs(float(curves["voltage_V"])) / float(curves["gap_m"]) or float(np.nanmean(curves["field_V_m"].values))
    size = np.ma.masked_invalid(curves["field_V_m"].values / mean)
    whole = np.ma.concatenate([size[:, :0:-1], size], axis=1)
    gap, radius = (1e6 * float(curves[n]) for n in ("gap_m", "radius_m"))
    shown = ax.imshow(
        whole, origin="lower", extent=(-radius, radius, 0, gap), cmap="viridis", norm=LogNorm(0.1, 10), interpolation="nearest"
    )
    ax.figure.colorbar(shown, ax=ax, label="|E| / (V/L)", extend="both", shrink=0.9)
    draw_lines(curves, ax, "white")
    draw_walls(ax, curves, str(curves["boss_shape"].values.item()))
    share = result.estimates["boss_share"]
    ax.set_title(f"lines that end on the protrusion: {100 * share.value:.3g} %", fontsize=7)


@section.demo
def demo(rng: np.random.Generator) -> Demo:
    """A hemisphere in a wide and high cell; its conductivity is known to a fifth."""
    size, gap, voltage = rng.uniform(0.08, 0.12), rng.uniform(20e-6, 100e-6), rng.uniform(0.05, 0.5)
    wide, true = 1.0, rng.uniform(0.2, 1.0)
    cell = hemisphere_cell(size, gap, voltage, wide)
    flux = 3 * math.pi * (size * gap) ** 2 * voltage / gap
    kappa = Uncertain(true * (1 + 0.1 * rng.standard_normal()), 0.1 * true)
    return Demo((cell,), {"boss_current": true * flux}, {"conductivity_S_m": kappa})


def hemisphere_cell(size: float, gap_m: float, voltage_V: float, wide: float = 1.0, steps: int = 80) -> Measurement:
    """The closed form of a hemisphere of `size` gaps in open space as the map of a cell that is `wide` gaps in radius."""

    def exact(r: np.ndarray, z: np.ndarray) -> np.ndarray:
        return voltage_V * potential_V(r, z, size, size, 1.0)

    walls = Walls(exact, hemispheroid(size, size), size, size, wide, 1.0)
    coarse, fine, reach = grids(walls, steps=steps)
    arrays = {
        "r_m": coarse.r * gap_m,
        "z_m": coarse.z * gap_m,
        "potential_V": sampled(walls, coarse),
        "patch_r_m": fine.r * gap_m,
        "patch_z_m": fine.z * gap_m,
        "patch_potential_V": sampled(walls, fine),
    }
    meta = {
        "gap_m": gap_m,
        "radius_m": wide * gap_m,
        "boss_height_m": size * gap_m,
        "boss_base_m": size * gap_m,
        "boss_shape": "hemispheroid",
        "tip_radius_m": size * gap_m,
        "voltage_V": voltage_V,
        "patch_reach_r_m": reach[0] * gap_m,
        "patch_reach_z_m": reach[1] * gap_m,
    }
    return Measurement.of(POTENTIAL_MAP, arrays, meta, name="hemisphere")
