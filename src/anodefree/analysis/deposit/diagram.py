"""The morphology diagram: which shape grows where over two conditions, and where one shape turns into another."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.analysis.deposit.shape import NAMES
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.units import unit_of
from anodefree.errors import ConfigError, DataError, near
from anodefree.kinds.deposit_points import CONDITIONS, DEPOSIT_POINTS, NUMBERS
from anodefree.numerics.soft_boundary import boundary
from anodefree.registry import Demo, Many, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
GRID: Final = 61
HALF: Final = 0.5

AxisName = Annotated[str, Par("condition or number along the axis, named as in the points")]


@stage("deposit.diagram", version=1, cites=("gelman2008", "murray2010", "chen2026"))
def diagram(
    points: Annotated[Measurement, DEPOSIT_POINTS, Many()],
    *,
    x: AxisName = "site_spacing_m",
    y: AxisName = "j0_A_m2",
    names: Annotated[tuple[str, ...], Par("collectors that are marked")] = (),
    at_x: Annotated[tuple[float, ...] | None, Par("where each is along x, in SI; none: not known, a line across")] = None,
    at_y: Annotated[tuple[float, ...], Par("where each is along y, in SI")] = (),
    rng: np.random.Generator,
) -> Result:
    """Shapes of deposits over two conditions, with the lines at which one turns into another and how well these are known.

    For each transition (dense to porous, porous to islands, islands to rods, rods to dendrites) of which both sides occur,
    the log odds that a run lies beyond are $\\eta = w\\cdot(1, u, v, u^2, uv, v^2)$ in the standardised logarithms of x and
    y (plain values where one is 0 or below), with weak normal beliefs about w beforehand and draws from what the runs leave
    of them. The line is where half of the draws have η > 0, the band where 2.5 to 97.5 % have: what replicas and gaps
    between runs leave open. `transition_<shape>` is where lines cross the middle of y (median, a quarter of the 95 %
    interval); `misplaced_<shape>` the share of runs on the wrong side. For a collector that is marked at x and y,
    `beyond_<shape>_<name>` is the chance of a shape beyond; for one known along y alone, `transition_<shape>_<name>` is
    where it would cross.
    *Valid when* the two axes decide: what else was varied blurs the lines, and a check says so.
    *Source* Gelman et al. 2008 for weak beliefs; Murray et al. 2010 for elliptical slice sampling.
    *Differs from the paper*, which draws no diagram. Raises ConfigError: an axis that runs do not state, marks without
    places; DataError: an axis along which nothing varies.
    """
    where = np.stack([_axis(points, x, "x"), _axis(points, y, "y")], axis=1)
    logs = [bool((where[:, i] > 0).all()) for i in (0, 1)]
    marks = _marks(names, at_x, at_y)
    for i, (name, log) in enumerate(zip((x, y), logs, strict=True)):
        if log and not (marks[:, i][np.isfinite(marks[:, i])] > 0).all():
            raise ConfigError(f"a mark is at or below 0 along '{name}'", f"at_{'xy'[i]}", "values are in SI")
    place, marked = _scaled(where, logs), _scaled(marks, logs)
    shape = points["shape"].astype(int)
    low, high = place.min(axis=0), place.max(axis=0)
    edge = 0.09 * (high - low)
    axes = [np.linspace(low[i] - edge[i], high[i] + edge[i], GRID) for i in (0, 1)]
    mesh = np.stack([a.reshape(-1) for a in np.meshgrid(*axes)], axis=1)
    estimates, lines, checks = {}, {}, []
    for k in sorted({int(s) for s in shape if s > 0}):
        beyond = shape >= k
        if beyond.all():
            continue
        fitted = boundary(place, beyond, rng)
        lines[NAMES[k]] = (fitted.log_odds(mesh) > 0).mean(axis=0).reshape(GRID, GRID)
        wrong = ((fitted.log_odds(place) > 0).mean(axis=0) > HALF) != beyond
        estimates[f"misplaced_{NAMES[k]}"] = _share(wrong, f"runs on the wrong side of the line to {NAMES[k]}")
        across = {"": float(0.5 * (low[1] + high[1]))}
        for name, mark in zip(names, marked, strict=True):
            if np.isfinite(mark).all():
                chance = 1 / (1 + np.exp(-np.clip(fitted.log_odds(mark[None])[:, 0], -50, 50)))
                label = f"chance of {NAMES[k]} or beyond, {name}"
                estimates[f"beyond_{NAMES[k]}_{name}"] = Estimate(float(chance.mean()), float(chance.std()), "1", label, "%")
            else:
                across[f"_{name}"] = float(mark[1])
        for name, at in across.items():
            found = _crossing(fitted.crossings(at, float(axes[0][0]), float(axes[0][-1])), logs[0])
            if found is not None:
                label = f"turns into {NAMES[k]}" + (f", {name[1:]}" if name else "")
                estimates[f"transition_{NAMES[k]}{name}"] = Estimate(*found, unit_of(x), label)
        checks.append(_blur(wrong, NAMES[k]))
    for k, name in enumerate(NAMES):
        estimates[name] = Estimate(float((shape == k).sum()), 0.0, "1", f"{name} runs")
    checks.insert(
        0, Check.that("transitions", bool(lines), "two shapes or more occur", "only one shape occurs: no line is drawn")
    )
    return Result.of(estimates, _curves(points, where, marks, names, axes, logs, lines, (x, y)), checks)


def _axis(points: Measurement, name: str, which: str) -> Floats:
    known = [n for n in (*CONDITIONS, *NUMBERS) if n in points]
    if name not in known:
        raise ConfigError(f"the runs do not state '{name}'", which, near(name, known))
    values = points[name].astype(float)
    if not np.ptp(values) > 0:
        raise DataError(f"'{name}' is the same in all runs", points.source.name, f"another {which}, or runs that differ in it")
    return values


def _marks(names: tuple[str, ...], at_x: tuple[float, ...] | None, at_y: tuple[float, ...]) -> Floats:
    if len(at_y) != len(names) or (at_x is not None and len(at_x) != len(names)):
        raise ConfigError(
            f"{len(names)} names, but not as many places", "names", "one value in at_y, and in at_x if given, for each"
        )
    return np.array([[math.nan] * len(names) if at_x is None else list(at_x), list(at_y)], float).T.reshape(-1, 2)


def _scaled(values: Floats, logs: list[bool]) -> Floats:
    with np.errstate(invalid="ignore"):
        return np.stack([np.log(values[:, i]) if logs[i] else values[:, i] for i in (0, 1)], axis=1)


def _crossing(places: Floats, log: bool) -> tuple[float, float] | None:
    """The median place of a line and a quarter of its 95 % interval; none where fewer than half of the draws cross in view."""
    seen = places[np.isfinite(places)]
    if seen.size < HALF * places.size:
        return None
    low, middle, high = (float(q) for q in np.percentile(np.exp(seen) if log else seen, (2.5, 50, 97.5)))
    return middle, 0.25 * (high - low)


def _share(true: NDArray[np.bool_], label: str) -> Estimate:
    odds = (int(true.sum()) + 1) / (true.size + 2)
    return Estimate(float(true.mean()), math.sqrt(odds * (1 - odds) / true.size), "1", label, "%")


def _blur(wrong: NDArray[np.bool_], name: str) -> Check:
    told = f"{int(wrong.sum())} of {wrong.size} runs lie on the wrong side of the line to {name}"
    return Check.that(f"line to {name}", float(wrong.mean()) <= 0.2, told, f"{told}: these two axes do not decide it alone")


def _curves(
    points: Measurement,
    where: Floats,
    marks: Floats,
    names: tuple[str, ...],
    axes: list[Floats],
    logs: list[bool],
    lines: dict[str, Floats],
    called: tuple[str, str],
) -> dict[str, tuple[object, object]]:
    curves: dict[str, tuple[object, object]] = {
        "axis": ("axis", np.array(called, dtype=object)),
        "logarithmic": ("axis", np.array(logs, int)),
        "x": ("run", where[:, 0]),
        "y": ("run", where[:, 1]),
        "shape": ("run", points["shape"]),
        "grid_x": ("column", np.exp(axes[0]) if logs[0] else axes[0]),
        "grid_y": ("row", np.exp(axes[1]) if logs[1] else axes[1]),
        "mark": ("mark", np.array(names, dtype=object)),
        "mark_x": ("mark", marks[:, 0]),
        "mark_y": ("mark", marks[:, 1]),
    }
    for name, share in lines.items():
        curves[f"beyond_{name}"] = (("row", "column"), share)
    return curves


@diagram.plot
def draw(result: Result, ax: Axes) -> None:
    """Every run as a mark of its shape, the lines with their bands, and the collectors."""
    from anodefree.analysis.deposit.diagram_figure import draw_diagram

    draw_diagram(result.curves, ax)


@diagram.demo
def demo(rng: np.random.Generator) -> Demo:
    """Runs that turn from dense to mossy across a straight line, with a blur; the line's place in the middle is known."""
    side, slope, blur = 9, rng.uniform(-0.4, 0.4), 0.35
    spacing, j0 = (a.reshape(-1) for a in np.meshgrid(np.geomspace(1e-6, 4e-5, side), np.geomspace(1.0, 20.0, side)))
    middle, line = math.log(math.sqrt(20.0)), math.log(rng.uniform(4e-6, 1e-5))
    odds = (np.log(spacing) - line - slope * (np.log(j0) - middle)) / blur
    count = spacing.size
    rows = {n: np.full(count, 0.1) for n in NUMBERS} | {"site_spacing_m": spacing, "j0_A_m2": j0}
    rows |= {n: np.ones(count) for n in ("charge_C_m2", "porosity_volume_std", "thickness_std_m", "shape_margin", "complete")}
    rows |= {"cell_m": np.full(count, 1e-7), "shape": (rng.random(count) < 1 / (1 + np.exp(-odds))).astype(float)}
    made = Measurement.of(DEPOSIT_POINTS, rows | {"collector": np.array([""] * count, dtype=object)}, name="demo")
    return Demo((made,), {"transition_mossy": math.exp(line)}, {"names": ("Ni",), "at_y": (4.0,)})
