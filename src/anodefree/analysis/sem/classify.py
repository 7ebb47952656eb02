"""Teach the program what is void, lithium and collector by a few strokes, where no threshold of brightness parts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import numpy as np

from anodefree.analysis.sem.synthetic import micrograph
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import DataError
from anodefree.kinds.micrograph import MICROGRAPH, Micrograph
from anodefree.numerics.pixel_classes import features, quadratic_classes
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STEP: Final = 100.0
MOST_CLASSES: Final = 6
FEWEST_PIXELS: Final = 20
CHUNK: Final = 2**17


@stage("sem.classify", version=1, cites=("friedman1989",))
def classify(
    picture: Micrograph,
    strokes: Micrograph,
    *,
    scales_pixels: Annotated[
        tuple[float, ...],
        Par("scales of the features", gt=0, le=50, source="from the blur to a small pore, doubling", assumed=True),
    ] = (1.0, 2.0, 4.0),
) -> Micrograph:
    """Classes of pixels learnt from strokes, as a picture that `sem.porosity` takes.

    `strokes` is a picture of the same size: 0 where nothing is said, and one grey level for each class, rising: void, lithium,
    collector (PNG or TIFF; JPEG blurs levels). Features of a pixel x: its brightness, and at each scale the smoothed
    brightness, the gradient and the local standard deviation. Classes k = 0, 1, ... have normal laws,
    p_k ∝ exp(-(x - μ_k)ᵀ C_k⁻¹ (x - μ_k)/2)/√|C_k|, and the picture returned is 100 Σ k p_k: 0 is
    surely void, 100 lithium, 200 collector.
    *Valid when* the strokes show each class as it looks all over the picture. *Source* Friedman 1989 (regularised quadratic
    discriminant analysis).

    Raises
    ------
    DataError: the strokes are of another size, of fewer than two or more than six classes, or of fewer than 20 pixels in one.
    """
    image, marks = picture["intensity"], strokes["intensity"][0]
    where = strokes.source.name
    if marks.shape != image.shape[1:]:
        raise DataError(f"is {marks.shape[1]} x {marks.shape[0]}, the picture {image.shape[2]} x {image.shape[1]}", where)
    levels = np.unique(marks[marks != 0])
    if not 2 <= levels.size <= MOST_CLASSES:
        raise DataError(f"holds {levels.size} classes", where, "one grey level for each of 2 to 6, 0 elsewhere; no JPEG")
    drawn = np.isin(marks, levels)
    labels = np.searchsorted(levels, marks[drawn])
    least = np.bincount(labels)
    if least.min() < FEWEST_PIXELS:
        raise DataError(f"a class has {least.min()} pixels", where, f"{FEWEST_PIXELS} or more are needed of each")
    known = features(image[0].astype(float), scales_pixels)
    frames = []
    for frame in image:
        seen = features(frame.astype(float), scales_pixels)
        flat = seen.reshape(-1, seen.shape[-1])
        parts = [quadratic_classes(known[drawn], labels, flat[i : i + CHUNK]) for i in range(0, len(flat), CHUNK)]
        frames.append((STEP * np.concatenate(parts) @ np.arange(levels.size)).reshape(frame.shape))
    arrays = {n: picture[n] for n in ("x_m", "y_m", "frame_time_s")}
    return Measurement.of(MICROGRAPH, {**arrays, "intensity": np.stack(frames).astype(np.float32)}, picture.meta)


@classify.plot
def draw(output: Measurement, ax: Axes) -> None:
    """The first frame, from void to collector."""
    x, y = 1e6 * output["x_m"], 1e6 * output["y_m"]
    image = ax.imshow(output["intensity"][0], cmap="cividis", extent=(0, x[-1], 0, y[-1]), interpolation="nearest")
    ax.set(xlabel="x / µm", ylabel="height in the picture / µm")
    ax.figure.colorbar(image, ax=ax, label="0 void, 100 lithium, 200 collector", shrink=0.8)


@classify.demo
def demo(rng: np.random.Generator) -> Demo:
    """A pore in lithium on a collector, a quarter of the pixels labelled; every pixel must get its class."""
    truth = np.zeros((64, 128))
    truth[20:, :] = STEP
    truth[30:44, 24:60] = 0.0
    truth[52:, :] = 2 * STEP
    level, noise = np.array([40.0, 120.0, 220.0]), np.array([2.0, 3.0, 4.0])
    kind = (truth / STEP).astype(int)
    image = level[kind] + noise[kind] * rng.standard_normal(truth.shape)
    marks = np.where(rng.random(truth.shape) < 0.25, 1.0 + kind, 0.0)
    inputs = (micrograph(np.clip(np.rint(image), 0, 255).astype(np.uint8), 1e-7), micrograph(marks, 1e-7))
    return Demo(inputs, {"intensity": truth[None]}, {"scales_pixels": (1.0,)}, 0.249)
