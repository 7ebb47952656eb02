"""The size of a pixel from the scale bar that is drawn into a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.sem.synthetic import micrograph
from anodefree.core.figure import COLOURS
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import DataError
from anodefree.kinds.micrograph import Micrograph
from anodefree.numerics.scale_bar import scale_bar
from anodefree.physics.imaging import seen
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("sem.scale", version=1, cites=("jcgm100",))
def scale(
    picture: Micrograph,
    *,
    bar_m: Annotated[Uncertain, Par("length that is written beside the bar", gt=0)],
    strip_part: Annotated[
        float, Par("lowest part of the picture in which the bar is", gt=0, le=1, source="an info strip", assumed=True)
    ] = 0.15,
    from_top: Annotated[bool, Par("the strip is at the upper edge")] = False,
) -> Result:
    """Size of a pixel from the scale bar drawn into a picture.

    pixel = L/n, with the length L that you read beside the bar and its length n in pixels: the longest even, straight stroke of
    white or black in the strip, its ends half way between it and its surroundings. Nothing is read as text. The std is that of
    the ends (noise over slope) and of L. It says how well the bar was read, not whether it is right: scales
    of microscopes that were not calibrated are 3-6 % off.
    *Valid when* the bar is horizontal, of one grey level, and longer than a twentieth of the width. *Source* first-order
    propagation, JCGM 100.

    Raises
    ------
    DataError: no bar is found.
    """
    image = picture["intensity"][0].astype(float)
    rows = max(round(strip_part * image.shape[0]), 2)
    start = 0 if from_top else image.shape[0] - rows
    bar = scale_bar(image[start : start + rows])
    if bar is None:
        raise DataError(
            "no scale bar is found in the strip", picture.source.name, "give strip_part or from_top, or pixel_m itself"
        )
    pixel = bar_m.value / bar.length
    relative = float(np.hypot(bar.std / bar.length, bar_m.std / bar_m.value))
    thick = bar.bottom - bar.top + 1
    curves = {
        "strip": (("y", "x"), image[start : start + rows].astype(np.float32)),
        "bar_pixel": ("end", np.array([bar.left, bar.right])),
        "bar_row": ("end", np.full(2, 0.5 * (bar.top + bar.bottom))),
    }
    return Result.of(
        {
            "pixel": Estimate(pixel, pixel * relative, "m", "size of a pixel", "nm"),
            "bar": Estimate(bar.length, bar.std, "1", "length of the bar in pixels"),
        },
        curves,
        [
            Check.that(
                "bar",
                bar.length >= 50,
                f"the bar is {bar.length:.1f} x {thick} pixels",
                f"the bar is {bar.length:.1f} pixels only: its ends cost {100 * bar.std / bar.length:.1f} %",
            )
        ],
    )


@scale.plot
def draw(result: Result, ax: Axes) -> None:
    """The strip with the ends of the bar."""
    c = result.curves
    ax.imshow(c["strip"].values, cmap="gray", aspect="auto")
    at, row = c["bar_pixel"].values - 0.5, c["bar_row"].values
    ax.plot(at, row, "|-", color=COLOURS[1], ms=10, label=f"bar, {result.estimates['bar']} pixels")
    ax.set(xlabel="pixel", ylabel="row of the strip")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0))


@scale.demo
def demo(rng: np.random.Generator) -> Demo:
    """A grey scene over a dark strip with a white bar and some lettering, blurred and noisy."""
    true = float(rng.uniform(80.0, 160.0))
    left = float(rng.uniform(20.0, 60.0))
    image = np.full((120, 256), 0.5)
    image[102:] = 0.05
    edges = np.clip(np.minimum(np.arange(256) + 1 - left, left + true - np.arange(256)), 0.0, 1.0)
    image[110:114] = 0.05 + 0.9 * edges
    image[107:117, 230:233] = 0.95
    picture = micrograph(seen(image, rng, blur_px=0.6, quanta=400.0), 1e-6, {"calibrated": False})
    return Demo((picture,), {"bar": true}, {"bar_m": Uncertain(2e-6, 0.0)})
