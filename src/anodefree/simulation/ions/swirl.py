"""The swirl of the liquid about the protrusion: the part of j x B that pressure cannot bear, solved for the flow it drives."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray

from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import DataError
from anodefree.kinds.potential_map import POTENTIAL_MAP, PotentialMap
from anodefree.numerics.axisymmetric_potential import space
from anodefree.numerics.azimuthal_flow import solve_flow
from anodefree.physics.transport import SPECIES, mobility
from anodefree.registry import Demo, stage
from anodefree.simulation.ions.cell_shape import Elements, Order, cell_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
FLUX_DENSITY, VISCOSITY = Uncertain(0.01), Uncertain(1e-3, 0.5e-3)
DENSITY_KG_M3 = 1000.0
"""Of the liquid, to the order of magnitude: only the Reynolds number of a check takes it."""
SAMPLES = 81
NAMES = {
    "peak_velocity": ("m/s", "fastest flow about the axis"),
    "turn_time": ("s", "time once round, where it is fastest"),
    "turns_per_transit": ("1", "turns about the axis while Li+ drifts across the gap"),
    "velocity_over_drift": ("1", "fastest flow over the drift of Li+"),
    "peclet": ("1", "Péclet number of the flow, uL/D"),
    "turns_per_diffusion": ("1", "turns about the axis while Li+ diffuses across the gap"),
    "separator_velocity": ("m/s", "the same within a separator, at most"),
}


def radial_field(cell: Measurement) -> Callable[[Floats, Floats], Floats]:
    """dφ/dr [V per gap] by the splines of a map, fine about the protrusion; places in gaps."""
    from scipy.interpolate import RectBivariateSpline

    gap = float(cell.meta["gap_m"])
    reach = [float(cell.meta[f"patch_reach_{n}_m"]) / gap for n in "rz"]
    whole, fine = (
        RectBivariateSpline(cell[p + "z_m"] / gap, cell[p + "r_m"] / gap, cell[p + "potential_V"]) for p in ("", "patch_")
    )

    def slope(r: Floats, z: Floats) -> Floats:
        near = (r < reach[0]) & (z < reach[1])
        out = np.asarray(whole.ev(z, r, dy=1))
        if near.any():
            out[near] = fine.ev(z[near], r[near], dy=1)
        return out

    return slope


@stage("ions.swirl", version=1, cites=("davidson2001", "landau1987", "brenner2008", "chen2026"))
def swirl(
    cell: PotentialMap,
    *,
    flux_density_T: Annotated[
        Uncertain, Par("uniform magnetic flux density along the axis", gt=0, source="1 um of nickel: 10 mT (section 2.1)")
    ] = FLUX_DENSITY,
    conductivity_S_m: Annotated[
        float | None, Par("conductivity that turns the map's field into a current; none: the map's own", gt=0)
    ] = None,
    viscosity_Pa_s: Annotated[
        Uncertain, Par("viscosity of the electrolyte", gt=0, source="order of magnitude, ethers with salt", assumed=True)
    ] = VISCOSITY,
    diffusivity_m2_s: Annotated[
        float, Par("diffusion coefficient of Li+", gt=0, source="order of magnitude in ether electrolytes", assumed=True)
    ] = 3e-10,
    permeability_m2: Annotated[
        float, Par("permeability of a separator, if one fills the gap", gt=0, source="pores of 0.1 um", assumed=True)
    ] = 1e-15,
    temperature_K: Annotated[float, Par("temperature", gt=0)] = 298.15,
    order: Order = 4,
    elements: Elements = 16,
    context: Context,
) -> Result:
    """How fast the electrolyte turns about the protrusion because the current bends there in a magnetic field.

    With the current $J = -\\sigma\\nabla\\varphi$ [A/m2] of the map and B [T] along +z the force about the axis is
    $(J \\times B)_\\theta = -J_r B$ (counted positive from x to y), so that $\\eta(\\nabla^2 u - u/r^2) = J_r B$ with u = 0 on
    all walls. `peak_velocity` [m/s]; `turn_time` = 2πr/u there [s]; against the transit of Li+ across the gap L
    with its drift μV/L, and against its diffusion: `turns_per_transit`, `velocity_over_drift`, `peclet` = uL/D,
    `turns_per_diffusion` (L²/D over the turn). The sense does not depend on the sign of an ion: cations and anions are carried
    round together. In a separator of permeability k the flow is at most k J_r B/η (Darcy), `separator_velocity`.
    *Valid when* the flow is slow (Reynolds number below 1: a check) and does not change the current (Hartmann number below 1),
    and the liquid is free, or fills a separator. *Source* Davidson 2001, chapter 2; Landau and Lifshitz 1987, section 15;
    elements as in Brenner and Scott 2008. *Differs from the paper*, which has single ions turn, in opposite senses. Standard
    deviations from B, η and the change from elements of one order less. Curves: r_m, z_m, velocity_m_s. Raises DataError: a map
    without a conductivity; ConfigError: a protrusion that does not fit.
    """
    meta, where = cell.meta, cell.source.name
    sigma = conductivity_S_m if conductivity_S_m is not None else meta.get("conductivity_S_m")
    if sigma is None:
        raise DataError("states no conductivity, so no current", where, "conductivity_S_m = 1, or a map of ions.field_primary")
    gap, voltage = float(meta["gap_m"]), float(meta["voltage_V"])
    lengths = [float(meta[n]) for n in ("radius_m", "boss_height_m", "boss_base_m")]
    shape = cell_of("cone" if meta.get("boss_shape") == "cone" else "hemispheroid", gap, *lengths)
    slope = radial_field(cell)

    def drive(r: Floats, z: Floats) -> Floats:
        """-J_r B L²/η over the factor that `unit` is, in gaps: dφ/dr."""
        return slope(r, z)

    unit = float(sigma) * flux_density_T.value * gap / viscosity_Pa_s.value
    found = []
    for part, degree in ((0.1, order), (0.6, order - 1)):
        context.progress(part, f"elements of order {degree}")
        r, z, u = solve_flow(space(shape, order=degree, elements=elements), drive).samples(SAMPLES)
        at = np.unravel_index(np.argmax(np.abs(u)), u.shape)
        found.append((float(abs(u[at])), float(abs(u[at]) / r[at])))
        if degree == order:
            flow = (r * gap, z * gap, unit * u)
    peak, spin = unit * found[0][0], unit * found[0][1] / gap
    drift = mobility(SPECIES["Li+"].charge_C, diffusivity_m2_s, temperature_K) * voltage / gap
    pull = float(sigma) * float(np.abs(slope(*(flow[k].ravel() / gap for k in (0, 1)))).max()) / gap * flux_density_T.value
    values = {
        "peak_velocity": peak,
        "turn_time": 2 * math.pi / spin,
        "turns_per_transit": spin * gap / drift / (2 * math.pi),
        "velocity_over_drift": peak / drift,
        "peclet": peak * gap / diffusivity_m2_s,
        "turns_per_diffusion": spin * gap**2 / diffusivity_m2_s / (2 * math.pi),
        "separator_velocity": permeability_m2 * pull / viscosity_Pa_s.value,
    }
    change = [abs(found[1][k] / found[0][k] - 1) for k in (0, 1)]
    given = math.hypot(flux_density_T.std / flux_density_T.value, viscosity_Pa_s.std / viscosity_Pa_s.value)
    estimates = {}
    for name, (unit_, label) in NAMES.items():
        mesh = change[1] if name in ("turn_time", "turns_per_transit", "turns_per_diffusion") else change[0]
        estimates[name] = Estimate(values[name], values[name] * math.hypot(given, mesh), unit_, label)
    checks = _checks(values, change, peak * gap * DENSITY_KG_M3 / viscosity_Pa_s.value, gap**2 / diffusivity_m2_s)
    names = ("r_m", "z_m", "velocity_m_s")
    return Result.of(estimates, {n: (("s", "t"), v) for n, v in zip(names, flow, strict=True)}, checks)


def _checks(values: dict[str, float], change: list[float], reynolds: float, diffusion_s: float) -> list[Check]:
    turn, peclet = values["turn_time"], values["peclet"]
    return [
        Check.that(
            "resolution",
            max(change) < 0.02,
            "elements of one order less give the same flow",
            f"elements of one order less change the flow by {max(change):.1%}: take more elements",
        ),
        Check.that(
            "mixing",
            peclet < 1,
            f"the swirl does not matter: once round takes {turn:.2g} s, diffusion across the gap {diffusion_s:.2g} s (Pe ="
            f" {peclet:.2g})",
            f"the swirl stirs the salt: Pe = {peclet:.2g}, once round takes {turn:.2g} s and diffusion across the gap"
            f" {diffusion_s:.2g} s, unless a separator holds the liquid",
        ),
        Check.that(
            "creeping",
            reynolds < 1,
            f"the flow is slow (Reynolds number {reynolds:.2g})",
            f"a Reynolds number of {reynolds:.2g}: inertia slows this flow, and drives another across it",
        ),
    ]


@swirl.plot
def draw(result: Result, ax: Axes) -> None:
    """The flow about the axis on the section through it: on the right half; the protrusion at the axis."""
    from anodefree.core.figure import INK, SOFT

    r, z, u = (result.curves[n].values for n in ("r_m", "z_m", "velocity_m_s"))
    size = float(np.abs(u).max())
    scale, name = next(((s, n) for s, n in ((1e3, "mm/s"), (1e6, "µm/s"), (1e9, "nm/s")) if size * s >= 0.3), (1e12, "pm/s"))
    shown = ax.contourf(1e6 * r, 1e6 * z, scale * u, levels=13, cmap="RdBu_r", vmin=-size * scale, vmax=size * scale)
    ax.fill(1e6 * np.append(r[:, 0], 0.0), 1e6 * np.append(z[:, 0], 0.0), color=SOFT, lw=0)
    ax.plot(1e6 * r[:, 0], 1e6 * z[:, 0], color=INK, lw=0.8, label="protrusion")
    ax.figure.colorbar(shown, ax=ax, label=f"flow about the axis / {name}", shrink=0.85)
    ax.set_aspect("equal")
    ax.set_xlabel("r / µm")
    ax.set_ylabel("z / µm")


@swirl.demo
def demo(rng: np.random.Generator) -> Demo:
    """A current whose swirl is known, J₁(kr) sin(πz/L), in a cell with next to no protrusion; B and η known to 3 %."""
    from scipy.special import j0, j1, jn_zeros, jnp_zeros

    gap, sigma, wide = rng.uniform(2e-5, 1e-4), rng.uniform(0.5, 2.0), 0.8
    flux, viscosity, part = rng.uniform(0.005, 0.05), rng.uniform(5e-4, 3e-3), rng.uniform(0.05, 0.2)
    k = float(jn_zeros(1, 1)[0]) / wide
    arrays: dict[str, Any] = {}
    for prefix, nodes, reach in (("", 60, (wide, 1.0)), ("patch_", 60, (0.1, 0.1))):
        r, z = (np.arange(-14, round(nodes * m) + 15) / nodes for m in reach)
        arrays |= {prefix + "r_m": gap * r, prefix + "z_m": gap * z}
        arrays[prefix + "potential_V"] = z[:, None] + part * j0(k * r) * np.sin(math.pi * z[:, None])
    small = 0.004 * gap
    meta = {"gap_m": gap, "radius_m": wide * gap, "boss_height_m": small, "boss_base_m": small, "tip_radius_m": small}
    meta |= {"voltage_V": 1.0, "conductivity_S_m": sigma, "patch_reach_r_m": 0.05 * gap, "patch_reach_z_m": 0.05 * gap}
    steepest = float(jnp_zeros(1, 1)[0])  # where J₁ is largest
    peak = sigma * flux * gap / viscosity * part * k / (k**2 + math.pi**2) * float(j1(steepest))
    spin = peak / (steepest / k * gap)
    given = {"flux_density_T": flux, "viscosity_Pa_s": viscosity}
    known = {n: Uncertain(v * (1 + 0.03 * rng.standard_normal()), 0.03 * v) for n, v in given.items()}
    cell = Measurement.of(POTENTIAL_MAP, arrays, meta, name="demo")
    return Demo((cell,), {"peak_velocity": peak, "turn_time": 2 * math.pi / spin}, {**known, "order": 3, "elements": 8})
