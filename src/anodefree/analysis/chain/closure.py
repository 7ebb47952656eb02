"""An empirical closure between two quantities that were measured on the same few samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS, INK, SOFT
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.closure import CLOSURE, Closure
from anodefree.kinds.closure_points import CLOSURE_POINTS
from anodefree.physics.scales import SCALES, Scale
from anodefree.registry import Demo, Many, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST = 3
NINETY = 1.6448536269514722
"""Standard deviations that bound the central 90 % of a normal distribution."""


@stage("chain.closure", version=1, cites=("chen2026", "jcgm100"))
def closure(
    points: Annotated[Measurement, CLOSURE_POINTS, Many()],
    *,
    x_scale: Annotated[Scale, Par("scale of x in which the line is straight")] = "linear",
    y_scale: Annotated[Scale, Par("scale of y in which the line is straight")] = "linear",
    scatter: Annotated[
        float,
        Par(
            "standard deviation of one sample about the line, in the scale of y (0.3 in log is 35 %)",
            ge=0,
            source="a guess: three samples cannot tell it",
            assumed=True,
        ),
    ] = 0.3,
) -> Closure:
    """An empirical closure: the line between two quantities measured on the same samples, in stated scales. It is no physics.

    With u = s_x(x) and v = s_y(y), v = a + b (u - c) + e by weighted least squares; the variance of a sample is that of its y,
    b² times that of its x, and `scatter`² for what else differs between samples. c is the weighted mean of u, so that `level`
    a and `slope` b are independent; their standard deviations follow from these variances, not from the few residuals.
    *Valid when* a new sample is of the family of those fitted, and lies between them: with three collectors a line says that
    both quantities rise together, and cannot tell cause from company. Whoever uses it carries its std on. *Source* data: what
    the study states, by default Chen et al. 2026; errors in both variables to first order: JCGM 100:2008, 5.1.

    Raises
    ------
    DataError: fewer than three samples, or all x alike. ConfigError: values outside their scale.
    """
    if len(points["x"]) < FEWEST:
        raise DataError(
            f"{len(points['x'])} samples make no line that could be wrong", points.source.name, f"give {FEWEST} at least"
        )
    values = {n: (points[n], points[f"{n}_std"]) for n in ("x", "y")}
    for name, scale in (("x", x_scale), ("y", y_scale)):
        low, high = SCALES[scale].low, SCALES[scale].high
        if not ((values[name][0] > low) & (values[name][0] < high)).all():
            raise ConfigError(f"{name} has values outside of {low:g} to {high:g}, which its scale ({scale}) takes", name)
    (u, u_std), (v, v_std) = (
        (SCALES[s].forward(values[n][0]), SCALES[s].derivative(values[n][0]) * values[n][1])
        for n, s in (("x", x_scale), ("y", y_scale))
    )
    if np.ptp(u) == 0:
        raise DataError("all samples have one x", points.source.name, "a line needs samples that differ")
    line = weighted_line(u, u_std, v, v_std, scatter)
    arrays = {
        **{n: points[n] for n in ("x", "x_std", "y", "y_std")},
        **{n: np.array([value]) for n, value in line.items()},
        "scatter": np.array([scatter]),
    }
    names = {n: points.meta[n] for n in ("x_name", "y_name")}
    meta = {**names, "x_scale": x_scale, "y_scale": y_scale, "samples": [str(n) for n in points["name"]]}
    return Measurement.of(CLOSURE, arrays, meta)


def weighted_line(u: np.ndarray, u_std: np.ndarray, v: np.ndarray, v_std: np.ndarray, scatter: float) -> dict[str, float]:
    """centre, level, slope and their std; the slope that carries the error of u over is found by repetition."""
    slope = float(np.polyfit(u, v, 1)[0])
    for _ in range(50):
        weight = 1 / np.maximum(v_std**2 + (slope * u_std) ** 2 + scatter**2, 1e-30)
        centre = float(weight @ u / weight.sum())
        spread = float(weight @ (u - centre) ** 2)
        before, slope = slope, float(weight @ ((u - centre) * v) / spread)
        if abs(slope - before) <= 1e-12 * abs(slope):
            break
    return {
        "centre": centre,
        "level": float(weight @ v / weight.sum()),
        "level_std": float(weight.sum() ** -0.5),
        "slope": slope,
        "slope_std": spread**-0.5,
    }


def to_loss(y: np.ndarray) -> np.ndarray:
    """An axis on which nines lie evenly."""
    return -np.log10(np.maximum(1 - np.asarray(y), 1e-9))


def from_loss(u: np.ndarray) -> np.ndarray:
    """Back from it."""
    return 1 - 10 ** -np.asarray(u)


@closure.plot
def draw(measurement: Measurement, ax: Axes) -> None:
    """The samples, the line, and where 90 % of new samples would lie."""
    to, back = SCALES[measurement.meta["x_scale"]], SCALES[measurement.meta["y_scale"]]
    c = {n: measurement[n] for n in ("x", "x_std", "y", "y_std")}
    f = {n: float(measurement[n][0]) for n in ("centre", "level", "level_std", "slope", "slope_std", "scatter")}
    u = to.forward(c["x"])
    at = np.linspace(u.min() - 0.15 * np.ptp(u), u.max() + 0.15 * np.ptp(u), 121)
    line = f["level"] + f["slope"] * (at - f["centre"])
    std = np.sqrt(f["level_std"] ** 2 + (f["slope_std"] * (at - f["centre"])) ** 2 + f["scatter"] ** 2)
    ax.fill_between(
        to.backward(at),
        back.backward(line - NINETY * std),
        back.backward(line + NINETY * std),
        color=SOFT,
        alpha=0.25,
        linewidth=0,
        label="90 % of new samples",
    )
    ax.plot(to.backward(at), back.backward(line), color=COLOURS[0], label="closure")
    ax.errorbar(c["x"], c["y"], c["y_std"], c["x_std"], fmt="o", color=INK, capsize=2, label="samples")
    for name, x, y in zip(measurement.meta.get("samples", []), c["x"], c["y"], strict=False):
        ax.annotate(str(name), (x, y), xytext=(5, -9), textcoords="offset points", fontsize=7)
    if measurement.meta["y_scale"] == "log":
        ax.set_yscale("log")
    elif measurement.meta["y_scale"] == "log_loss":
        ax.set_yscale("function", functions=(to_loss, from_loss))
        ax.set_yticks([0, 0.5, 0.9, 0.97, 0.99, 0.997, 0.999, 0.9997])
    if measurement.meta["x_scale"] == "log":
        ax.set_xscale("log")
    ax.set(xlabel=measurement.meta["x_name"], ylabel=measurement.meta["y_name"])
    ax.legend(loc="best")


@closure.demo
def demo(rng: np.random.Generator) -> Demo:
    """Points on a power law without error: the line is exact."""
    x = rng.uniform(1, 10, 4)
    power, factor = float(rng.uniform(0.5, 2)), float(rng.uniform(0.5, 2))
    arrays = {"name": ["a", "b", "c", "d"], "x": x, "x_std": np.zeros(4), "y": factor * x**power, "y_std": np.zeros(4)}
    points = Measurement.of(CLOSURE_POINTS, {n: np.array(v) for n, v in arrays.items()}, {"x_name": "x", "y_name": "y"})
    centre = float(np.log(x).mean())
    truth = {"slope": power, "level": np.log(factor) + power * centre, "centre": centre}
    return Demo((points,), truth, {"x_scale": "log", "y_scale": "log"})
