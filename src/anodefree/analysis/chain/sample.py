"""Two quantities of one sample as a row, for a closure between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError
from anodefree.kinds.closure_points import CLOSURE_POINTS, ClosurePoints
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("chain.sample", version=1, cites=("chen2026",))
def sample(
    *,
    x: Annotated[Uncertain, Par("the quantity that is known")],
    y: Annotated[Uncertain | None, Par("the quantity that follows from it, where it is a pure number")] = None,
    y_A_m2: Annotated[Uncertain | None, Par("the same, where it is a current density")] = None,
    name: Annotated[str, Par("name of the sample")],
    x_name: Annotated[str, Par("what x is, as on an axis")],
    y_name: Annotated[str, Par("what y is, as on an axis")],
) -> ClosurePoints:
    """Two quantities x and y of one sample as a row; rows of samples join, for `chain.closure`.

    In a study either may be fed by another step: y = { from = "efficiency[Cu]", estimate = "CE" }.
    *Valid when* both were found on the same sample. *Source* whoever measured them; the study says so.

    Raises
    ------
    ConfigError: y is given not at all, or twice.
    """
    given = [v for v in (y, y_A_m2) if v is not None]
    if len(given) != 1:
        raise ConfigError("give one of y and y_A_m2", "chain.sample")
    follows = given[0]
    arrays = {"name": [name], "x": [x.value], "x_std": [x.std], "y": [follows.value], "y_std": [follows.std]}
    return Measurement.of(CLOSURE_POINTS, {n: np.array(v) for n, v in arrays.items()}, {"x_name": x_name, "y_name": y_name})


@sample.plot
def draw(measurement: Measurement, ax: Axes) -> None:
    """Both quantities of each sample as bars."""
    for k, name in enumerate(measurement["name"]):
        values, stds = ([float(measurement[n][k]) for n in pair] for pair in (("x", "y"), ("x_std", "y_std")))
        at = np.arange(2) + 0.8 * (k + 0.5) / len(measurement["name"]) - 0.4
        ax.bar(at, values, 0.7 / len(measurement["name"]), yerr=stds, color=COLOURS[k % len(COLOURS)], label=str(name))
    ax.set_xticks(np.arange(2), [measurement.meta["x_name"], measurement.meta["y_name"]])
    ax.set(xlabel="quantity", ylabel="value")
    ax.legend(loc="lower center")


@sample.demo
def demo(rng: np.random.Generator) -> Demo:
    """What goes in comes out."""
    x, y = (Uncertain(float(v), 0.1 * float(v)) for v in rng.uniform(0.1, 0.9, 2))
    truth = {"x": np.array([x.value]), "y_std": np.array([y.std])}
    return Demo((), truth, {"x": x, "y": y, "name": "Cu", "x_name": "sheath", "y_name": "LiF"})
