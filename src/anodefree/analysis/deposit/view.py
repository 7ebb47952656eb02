"""A growing deposit as one sees it: metal, salt and potential at a moment and as a movie; how much is covered, how high."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.analysis.deposit.caps import caps
from anodefree.analysis.deposit.triptych import draw_triptych, film_triptych
from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.core.movie import Movie
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.fields import Fields
from anodefree.numerics.isosurface import isosurface, thinned
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
FIELD_ARRAYS: Final = ("lithium", "concentration_mol_m3", "potential_V", "isolated")
MOST_ACROSS: Final = 400
"""Cells along a side of a section in the picture; finer grids are averaged."""
MOST_IN_SPACE: Final = 48
"""Cells along a side of the volume whose surface a movie shows."""
BLOCKS: Final = 20
HISTORY: Final = ("current_density_A_m2", "charge_C_m2")


@stage("deposit.view", version=1, cites=("chen2026", "avrami1940", "lewiner2003"))
def view(
    fields: Fields,
    *,
    at_s: Annotated[float | None, Par("moment that is shown; none: the last", ge=0)] = None,
    section_y_m: Annotated[float | None, Par("where a deposit in space is cut; none: through its middle")] = None,
    most_frames: Annotated[int, Par("frames that are kept for the movie, evenly chosen", ge=1, le=1000)] = 120,
    context: Context,
) -> Result:
    """Metal, salt and potential of a growing deposit at a moment, and as a movie; cover, dense layer and height then.

    $\\theta = \\overline{[\\max_z \\xi \\ge 1/2]}$ is the share of the collector under metal (`covered`),
    $d_t = \\overline{\\int \\xi\\,dz}$ the metal as a dense layer (`layer`), ξ being its volume fraction; `tip_height` is the
    top of the highest cell that is metal. The figure shows the section in three panels; of a deposit in space the first is the
    surface ξ = 1/2 by marching cubes, which the report lets one turn. The movie shows all frames on one scale of colours.
    Standard deviations of `covered` and `layer` are those of means over equal parts of the collector: what another patch of
    the same size would show, for nuclei at random places. That of the height is of the grid alone, a cell over √12.
    *Valid when* deposits are much smaller than a twentieth of the collector; else the interval is rough, and a check says so.
    *Source* random nuclei of radius R cover $1 - e^{-\\pi n R^2}$: Avrami (1940); surface: Lewiner et al. (2003). *Differs from
    the paper* in nothing: its Fig. 5m-n shows the same three fields. Raises ConfigError: a moment or a place outside;
    DataError: an uneven grid, or a single column of cells.
    """
    where = fields.source.name
    steps = tuple(_spacing(fields[f"{a}_m"], f"{a}_m", where) for a in "zyx")
    if len(fields["y_m"]) == 1:
        steps = (steps[0], steps[2], steps[2])
    times = fields["frame_time_s"]
    chosen = _frame_at(times, at_s)
    cut = _cut(fields["y_m"], section_y_m, steps[1])
    lithium = np.asarray(fields["lithium"][chosen], dtype=float)
    history = {n: np.interp(times, fields["time_s"], fields[n]) for n in HISTORY}
    kept = np.unique(np.append(np.linspace(0, len(times) - 1, min(most_frames, len(times))).round().astype(int), chosen))
    estimates = {
        "time": Estimate(float(times[chosen]), 0.0, "s", "time"),
        "capacity": Estimate(float(history["charge_C_m2"][chosen]), 0.0, "C/m2", "charge passed", "mAh/cm2"),
        "current_density": Estimate(float(history["current_density_A_m2"][chosen]), 0.0, "A/m2", "current density", "mA/cm2"),
        **_numbers(lithium, steps),
    }
    curves: dict[str, Any] = {
        "frame": ((), int(np.searchsorted(kept, chosen))),
        "frame_time_s": ("frame_kept", times[kept]),
        **{f"frame_{n}": ("frame_kept", v[kept]) for n, v in history.items()},
        **_sections(fields, kept, cut, steps, context),
    }
    if lithium.shape[1] > 1:
        curves |= _in_space(fields, lithium, kept, steps, context)
    return Result.of(estimates, curves, _checks(fields, lithium, times[chosen], steps))


def _spacing(values: Floats, name: str, where: str) -> float:
    if len(values) == 1 and name == "y_m":
        return 0.0
    if len(values) < 2:
        raise DataError(f"has one cell along {name[0]}: there is no section to see", where, "fields of two or three dimensions")
    steps = np.diff(values)
    if not (steps > 0).all() or np.ptp(steps) > 1e-3 * steps.mean():
        raise DataError(f"'{name}' is not an even, rising grid", where, "interpolate the fields onto one")
    return float(steps.mean())


def _frame_at(times: Floats, at_s: float | None) -> int:
    """The frame nearest to a moment."""
    if at_s is None:
        return len(times) - 1
    if not times[0] * (1 - 1e-9) <= at_s <= times[-1] * (1 + 1e-9):
        raise ConfigError(
            f"{at_s:.4g} s is outside of {times[0]:.4g} to {times[-1]:.4g} s", "at_s", "choose a moment within, or leave it out"
        )
    return int(np.abs(times - at_s).argmin())


def _cut(y_m: Floats, section_y_m: float | None, step_m: float) -> int:
    """The row of cells that the section goes through."""
    if section_y_m is None:
        return len(y_m) // 2
    if not y_m[0] - 0.51 * step_m <= section_y_m <= y_m[-1] + 0.51 * step_m:
        raise ConfigError(
            f"{1e6 * section_y_m:.3g} um is outside of {1e6 * y_m[0]:.3g} to {1e6 * y_m[-1]:.3g} um",
            "section_y_m",
            "choose a place within, or leave it out",
        )
    return int(np.abs(y_m - section_y_m).argmin())


def _numbers(lithium: Floats, steps: tuple[float, ...]) -> dict[str, Estimate]:
    """Cover, dense layer and height of one frame (z, y, x)."""
    covered = (lithium.max(axis=0) >= 0.5).astype(float)
    layer = lithium.sum(axis=0) * steps[0]
    metal = np.flatnonzero(lithium.max(axis=(1, 2)) >= 0.5)
    height = float((metal[-1] + 1) * steps[0]) if len(metal) else 0.0
    return {
        "covered": Estimate(float(covered.mean()), _error_of_mean(covered), "1", "share of the collector under metal"),
        "layer": Estimate(float(layer.mean()), _error_of_mean(layer), "m", "metal as a dense layer"),
        "tip_height": Estimate(height, steps[0] / math.sqrt(12), "m", "height of the highest metal"),
    }


def _error_of_mean(columns: Floats) -> float:
    """The standard error of a mean over the collector (y, x), from means over parts of it; infinite for fewer than three."""
    along_y = min(columns.shape[0], round(math.sqrt(BLOCKS))) if columns.shape[0] > 1 else 1
    along_x = min(columns.shape[1], BLOCKS // along_y if along_y == 1 else round(math.sqrt(BLOCKS)))
    rows = np.array_split(columns, along_y, axis=0)
    parts = np.array([part.mean() for row in rows for part in np.array_split(row, along_x, axis=1)])
    return float(parts.std(ddof=1) / math.sqrt(len(parts))) if len(parts) > 2 else math.inf


def _sections(
    fields: Measurement, kept: NDArray[np.int64], cut: int, steps: tuple[float, ...], context: Context
) -> dict[str, Any]:
    """The fields on the section (frame, z, x), averaged where they are finer than a picture, in single precision."""
    nz, nx = fields["lithium"].shape[1], fields["lithium"].shape[3]
    factor = max(math.ceil(max(nz, nx) / MOST_ACROSS), 1)
    curves: dict[str, Any] = {"section_step_m": ((), factor * steps[2]), "section_rise_m": ((), factor * steps[0])}
    curves["section_m"] = ("side", np.array([nx * steps[2], nz * steps[0]]))
    for number, name in enumerate(n for n in FIELD_ARRAYS if n in fields):
        context.progress(0.5 * number / len(FIELD_ARRAYS), name)
        values = fields[name]
        planes = [thinned(values[i, :, cut, :], (factor, factor)).astype(np.float32) for i in kept]
        curves[f"section_{name}"] = (("frame_kept", "z", "x"), np.stack(planes))
    return curves


def _in_space(
    fields: Measurement, lithium: Floats, kept: NDArray[np.int64], steps: tuple[float, ...], context: Context
) -> dict[str, Any]:
    """The surface of one frame, and the metal of all in per cent on a grid coarse enough for a movie."""
    context.progress(0.5, "surface")
    points, triangles = isosurface(lithium, (steps[0], steps[1], steps[2]))
    factor = max(math.ceil(max(lithium.shape) / MOST_IN_SPACE), 1)
    volume = []
    for number, index in enumerate(kept):
        context.progress(0.5 + 0.5 * number / len(kept), f"frame {number + 1} of {len(kept)}")
        volume.append(np.rint(100 * np.clip(thinned(fields["lithium"][index], (factor,) * 3), 0, 1)).astype(np.uint8))
    return {
        "mesh_point_m": (("vertex", "axis"), points),
        "mesh_triangle": (("triangle", "corner"), triangles.astype(np.int32)),
        "volume_percent": (("frame_kept", "volume_z", "volume_y", "volume_x"), np.stack(volume)),
        "volume_step_m": ("axis", factor * np.array(steps[::-1])),
        "box_m": ("axis", np.array([n * s for n, s in zip(lithium.shape, steps, strict=True)][::-1])),
    }


def _checks(fields: Measurement, lithium: Floats, time_s: float, steps: tuple[float, ...]) -> list[Check]:
    from scipy.ndimage import label

    lumps = int(label(lithium.max(axis=0) >= 0.5)[1])
    layer = float(lithium.mean(axis=(1, 2)).sum() * steps[0])
    told = float(np.interp(time_s, fields["time_s"], fields["deposited_m"]))
    apart = abs(layer - told) / max(told, 1e-300) if max(layer, told) > 0 else 0.0
    low, high = float(lithium.min()), float(lithium.max())
    return [
        Check.that(
            "metal",
            apart < 0.02,
            "the metal in the frame is that of the history",
            f"the metal in the frame is {1e9 * layer:.4g} nm as a dense layer, the history says {1e9 * told:.4g} nm",
        ),
        Check.that(
            "fractions",
            low > -0.01 and high < 1.01,
            "volume fractions lie between 0 and 1",
            f"volume fractions reach from {low:.3g} to {high:.3g}",
        ),
        Check.that(
            "patch",
            lumps >= BLOCKS,
            "there are enough separate deposits for an interval",
            f"separate deposits in this patch: {lumps}; intervals are rough, a larger patch or several runs tell more",
        ),
    ]


@view.plot
def draw(result: Result, ax: Axes) -> None:
    """Metal (or its surface), salt and potential at the chosen moment."""
    draw_triptych(result.curves, ax)


@view.movie
def moving(result: Result) -> Movie:
    """The same from the first frame to the last, with time, current and charge."""
    return film_triptych(result.curves)


@view.demo
def demo(rng: np.random.Generator) -> Demo:
    """Half cylinders about random places: they cover 1 - exp(-2Rn) of the collector, n being their number per length."""
    cells, step, radius = 1200, 0.2e-6, 1e-6
    length, density = cells * step, rng.uniform(0.2e6, 0.5e6)
    centres = rng.uniform(0, length, (rng.poisson(density * length), 2))
    fields = caps(centres, np.array([0.0, 0.5, 1.0]) * radius, (12, 1, cells), step, name="demo")
    return Demo((fields,), {"covered": 1 - math.exp(-2 * radius * density)})
