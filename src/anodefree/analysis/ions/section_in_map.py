"""The section through a cell above a magnetised film: flux density in colour, electric field lines over it, all to scale."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.analysis.ions.cell_section import CELL, CellSection, draw_lines, draw_walls, section_curves
from anodefree.analysis.ions.section import hemisphere_cell
from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError
from anodefree.kinds.flux_map import FLUX_MAP, FluxMap
from anodefree.kinds.potential_map import PotentialMap
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
FINER: Final = 8
"""Points along a row for each of the map: the waves themselves are summed there, and lines drawn between."""


@stage("ions.section_in_map", version=1, cites=("chen2026", "blakely1995", "landau1984"))
def section_in_map(
    cell: PotentialMap,
    flux: FluxMap,
    *,
    stand_off_m: Annotated[
        float, Par("height of the lower electrode above the film", gt=0, source="lithium upon the film", assumed=True)
    ] = 1e-6,
    axis_x_m: Annotated[float | None, Par("where the cell's axis meets the map; none: its middle")] = None,
    axis_y_m: Annotated[float | None, Par("where the cell's axis meets the map; none: its middle")] = None,
    context: Context,
) -> Result:
    """Flux density on the section through a cell above a mapped film, with the electric field lines that cross it.

    The lines are those of `ions.section`. The film lies `stand_off_m` below the lower electrode. A map that repeats is
    continued upward from its lowest plane, each wave as $e^{-kz}$; another must reach over the cell, and its planes are
    interpolated in the logarithm of the height. `B_tip` and `B_upper` are |B| at the protrusion's tip and at the middle of the
    upper electrode, `B_rms` the rms over the section, `crossing` the rms sine of the angle between E and B where B is above a
    hundredth of its largest value: the share of E that a magnetic force could act across. Standard deviations: calibration.
    *Valid when* all sources lie below the map. *Source* Blakely (1995), chapter 12 (continuation); Landau and Lifshitz (1984).
    *Differs from the paper*, which draws one uniform field. Raises ConfigError: a map that begins above the cell or does not
    cover it.
    """
    made, meta = CellSection.of(cell), cell.meta
    centre = [
        0.5 * float(flux[n][0] + flux[n][-1]) if given is None else given for n, given in (("x_m", axis_x_m), ("y_m", axis_y_m))
    ]
    curves = section_curves(made)
    r, z = curves["r_m"][1], curves["z_m"][1]
    x = np.concatenate([-r[:0:-1], r])
    field = _on_section(flux, x + centre[0], centre[1], z + stand_off_m, stand_off_m, context)
    size = np.sqrt(np.sum(field**2, axis=0))
    liquid = np.isfinite(curves["field_V_m"][1])
    whole = np.concatenate([liquid[:, :0:-1], liquid], axis=1)
    calibration = float(flux.meta.get("calibration") or 0.0)
    values = {
        "B_tip": (float(_between(size[:, len(x) // 2], z, float(meta["boss_height_m"]))), "flux density at the tip"),
        "B_upper": (float(size[-1, len(x) // 2]), "flux density at the middle of the upper electrode"),
        "B_rms": (float(np.sqrt(np.mean(size[whole] ** 2))), "rms flux density on the section"),
    }
    estimates = {n: Estimate(v, calibration * v, "T", label) for n, (v, label) in values.items()}
    crossing = _crossing(made, x, z, field, whole)
    if math.isfinite(crossing):
        estimates["crossing"] = Estimate(crossing, 0.0, "1", "rms sine of the angle between E and B")
    checks = [_reach(values["B_tip"][0], float(size[0].max()), float(meta["boss_height_m"]))]
    told = {n: ((), float(meta[n])) for n in CELL} | {"stand_off_m": ((), stand_off_m)}
    shown = {"x_m": ("x", x), "flux_density_T": (("z", "x"), np.where(whole, size, np.nan))}
    names = {"boss_shape": ((), str(meta.get("boss_shape") or ""))}
    return Result.of(estimates, {**curves, **shown, **told, **names}, checks)


def _reach(tip_T: float, below_T: float, height_m: float) -> Check:
    if below_T == 0:
        return Check("reach", "warn", "the map has no field at all: an even film magnetised evenly has none outside")
    return Check.that(
        "reach",
        tip_T > 0.01 * below_T,
        "the film's field reaches the tip",
        f"at the tip, {1e6 * height_m:.3g} um up, is {tip_T / below_T:.1g} of what there is at the lower electrode",
    )


def _between(values: Floats, z: Floats, height: float) -> float:
    """A value that falls with the height, interpolated in its logarithm."""
    if not values.all():
        return float(np.interp(height, z, values))
    return float(np.exp(np.interp(height, z, np.log(values))))


def _on_section(flux: Measurement, x_m: Floats, y_m: float, heights_m: Floats, lowest_m: float, context: Context) -> Floats:
    """Bx, By, Bz (3, height, x) on the plane through y; heights are above the film."""
    own, where = flux["z_m"], flux.source.name
    if own[0] > lowest_m * (1 + 1e-9):
        raise ConfigError(
            f"the map begins {1e6 * own[0]:.3g} um above the film, the cell {1e6 * lowest_m:.3g} um",
            where,
            f"map from {1e6 * lowest_m:.3g} um up, or stand_off_m = {own[0]:.3g}",
        )
    if flux.meta.get("periodic"):
        return _repeating(flux, x_m, y_m, heights_m, context)
    return _covering(flux, x_m, y_m, heights_m, where)


def _repeating(flux: Measurement, x_m: Floats, y_m: float, heights_m: Floats, context: Context) -> Floats:
    """The lowest plane's waves at every height, exact above all sources; summed on the row through y, interpolated along x."""
    x, y, plane = flux["x_m"], flux["y_m"], flux["Bz_T"][0]
    dx, dy = float(np.diff(x).mean()), float(np.diff(y).mean())
    kx = 2 * np.pi * np.fft.rfftfreq(len(x), dx)[None, :]
    ky = 2 * np.pi * np.fft.fftfreq(len(y), dy)[:, None]
    k = np.hypot(kx, ky)
    wave = np.fft.rfft2(plane) * np.exp(1j * ky * (y_m - y[0])) / len(y)
    safe = np.where(k > 0, k, 1.0)
    waves = (-1j * kx / safe * wave, -1j * ky / safe * wave, wave)
    fine = x[0] + np.arange(FINER * len(x)) * dx / FINER
    found = np.empty((3, len(heights_m), len(x_m)))
    for i, height in enumerate(heights_m):
        context.progress(i / len(heights_m), "continuing the map upward")
        fall = np.exp(-k * (height - flux["z_m"][0]))
        rows = [np.fft.irfft(FINER * np.sum(w * fall, axis=0), n=FINER * len(x)) for w in waves]
        found[:, i] = [np.interp(x_m, fine, row, period=dx * len(x)) for row in rows]
    return found


def _covering(flux: Measurement, x_m: Floats, y_m: float, heights_m: Floats, where: str) -> Floats:
    """A map that does not repeat, interpolated on its own points: linear in x, y and the logarithm of the height."""
    from scipy.interpolate import RegularGridInterpolator

    own = flux["z_m"]
    lacking = [n for n in ("Bx_T", "By_T") if n not in flux]
    if lacking or len(own) < 2 or own[-1] < heights_m[-1] * (1 - 1e-9):
        what = f"lacks {' and '.join(lacking)}" if lacking else f"ends {1e6 * own[-1]:.3g} um above the film"
        raise ConfigError(
            f"the map {what} and does not repeat", where, "only a map that repeats (metadata `periodic`) is continued upward"
        )
    for values, low, high, name in ((flux["x_m"], x_m[0], x_m[-1], "x"), (flux["y_m"], y_m, y_m, "y")):
        if values[0] > low + 1e-12 or values[-1] < high - 1e-12:
            raise ConfigError(
                f"the map spans {1e6 * values[0]:.3g} to {1e6 * values[-1]:.3g} um in {name}, the section needs "
                f"{1e6 * low:.3g} to {1e6 * high:.3g} um",
                where,
                "a wider map, or another place for the cell's axis (axis_x_m, axis_y_m)",
            )
    logs = np.clip(np.log(heights_m), math.log(own[0]), math.log(own[-1]))
    grid = np.stack(np.meshgrid(logs, [y_m], x_m, indexing="ij"), axis=-1)
    planes = [RegularGridInterpolator((np.log(own), flux["y_m"], flux["x_m"]), flux[n]) for n in ("Bx_T", "By_T", "Bz_T")]
    return np.stack([p(grid)[:, 0, :] for p in planes])


def _crossing(made: CellSection, x: Floats, z: Floats, field: Floats, whole: NDArray[np.bool_]) -> float:
    """The rms sine of the angle between E and B on the section."""
    by_r, by_z = made.field(np.abs(x)[None, :], z[:, None])
    electric = np.stack([by_r * np.sign(x), np.zeros_like(by_r), by_z])
    sizes = np.sqrt(np.sum(electric**2, axis=0)) * np.sqrt(np.sum(field**2, axis=0))
    magnetic = np.sqrt(np.sum(field**2, axis=0))
    pick = whole & (magnetic > 0.01 * magnetic.max()) & (sizes > 0)
    if not pick.any():
        return math.nan
    sine = np.sqrt(np.sum(np.cross(electric, field, axis=0)[:, pick] ** 2, axis=0)) / sizes[pick]
    return float(np.sqrt(np.mean(np.clip(sine, 0, 1) ** 2)))


@section_in_map.plot
def draw(result: Result, ax: Axes) -> None:
    """Flux density in colour, lines of the electric field over it; the film, the electrodes and the protrusion to scale."""
    from matplotlib.colors import LogNorm

    from anodefree.core.figure import COLOURS

    curves = result.curves
    values = 1e3 * curves["flux_density_T"].values
    gap, radius, away = (1e6 * float(curves[n]) for n in ("gap_m", "radius_m", "stand_off_m"))
    most = float(np.nanmax(values)) or 1.0
    shown = ax.imshow(
        np.ma.masked_invalid(np.maximum(values, 1e-6 * most)),
        origin="lower",
        extent=(-radius, radius, 0, gap),
        cmap="magma",
        norm=LogNorm(1e-4 * most, most),
        interpolation="nearest",
    )
    ax.figure.colorbar(shown, ax=ax, label="|B| / mT", extend="min", shrink=0.9)
    draw_lines(curves, ax, "white")
    draw_walls(ax, curves, str(curves["boss_shape"].values.item()))
    ax.plot([-radius, radius], [-away, -away], color=COLOURS[2], lw=2, solid_capstyle="butt", label="film")
    ax.set_ylim(-away - 0.03 * gap, 1.01 * gap)
    ax.legend(loc="upper left", bbox_to_anchor=(0.0, -0.18), handlelength=1.4)


@section_in_map.demo
def demo(rng: np.random.Generator) -> Demo:
    """A film of stripes, whose |B| falls as e^(-kz) and is the same along each level; mapped by an instrument known to 2 %."""
    gap, size, calibration = rng.uniform(20e-6, 100e-6), rng.uniform(0.05, 0.1), 0.02
    cell = hemisphere_cell(size, gap, 0.1, 0.5, steps=40)
    points, waves, away = 32, 2, 1e-6
    side = gap
    k, true = 2 * math.pi * waves / side, rng.uniform(2e-3, 1e-2)
    place = np.arange(points) * side / points
    wave = np.tile(true * (1 + calibration * rng.standard_normal()) * np.cos(k * place), (points, 1))
    arrays = {"x_m": place, "y_m": place, "z_m": np.array([away]), "Bz_T": wave[None]}
    flux = Measurement.of(FLUX_MAP, arrays, {"periodic": True, "calibration": calibration}, name="stripes")
    truth = {"B_tip": true * math.exp(-k * size * gap), "B_upper": true * math.exp(-k * gap)}
    return Demo((cell, flux), truth, {"stand_off_m": away})
