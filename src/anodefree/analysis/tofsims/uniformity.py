"""How evenly ions are spread sideways: variation beyond counting, pattern (Moran's I), depth by depth; an iso-surface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.tofsims.ions import find, key, plain
from anodefree.analysis.tofsims.surface import coarse, iso_surface, seen
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.ion_image import ION_IMAGE, IonImage
from anodefree.numerics.count_maps import excess_variance, morans_i, permuted
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST = 8
MOST_IONS = 12


@stage("tofsims.uniformity", version=1, cites=("moran1950", "cliff1981", "vickerman2013"))
def uniformity(
    stack: IonImage,
    *,
    ions: Annotated[tuple[str, ...] | None, Par("ions to look at (none: all, at most twelve)")] = None,
    slabs: Annotated[int, Par("into how many depths the stack is summed", ge=1, le=50)] = 4,
    permutations: Annotated[int, Par("shuffled maps for each probability", ge=19, le=9999)] = 199,
    surface_ion: Annotated[str | None, Par("ion whose surface is drawn (none: the first)")] = None,
    surface_part: Annotated[float, Par("density of that surface, as part of its range", gt=0, lt=1)] = 0.5,
    rng: np.random.Generator,
) -> Result:
    """Lateral evenness of ions, with what counting alone would give taken off.

    Of each ion's map (all slices summed): `cv_i` = √(S² - m)/m, the variation of the intensity behind Poisson counts (0: as
    even as counting can tell); `moran_I_i` = (N/W) Σ w d d'/Σ d², the correlation of a pixel with its four neighbours, its
    std that of a map without pattern; `field_moran_I_i` = I S²/(S² - m), the same of the intensity, where that varies beyond
    counting; `p_i` the probability of so large an I in shuffled maps. Curves give each for `slabs` depths. The figure is the
    surface at `surface_part` of the density's range (marching cubes).
    *Valid when* the raster lies flat within one layer (a tilted or rough sample shows as a pattern), and counts are counts.
    *Source* Moran 1950; Cliff and Ord 1981. The paper calls its maps homogeneous by eye.
    Raises ConfigError (ions), DataError (fewer than 8 pixels an edge, no counts).
    """
    where = stack.source.name
    names = list(map(str, stack["ion_name"]))
    counts = stack["counts"]
    if min(counts.shape[2:]) < FEWEST:
        raise DataError(f"has {counts.shape[3]} x {counts.shape[2]} pixels", where, f"{FEWEST} an edge are needed")
    if (counts < 0).any() or not counts.any():
        raise DataError("holds negative counts, or none at all", where, "export the counts themselves")
    chosen = find(names, ions, where) if ions else list(range(min(len(names), MOST_IONS)))
    out: dict[str, Estimate] = {}
    tables = np.zeros((4, len(chosen), min(slabs, counts.shape[1])))
    parts = np.array_split(np.arange(counts.shape[1]), tables.shape[2])
    for row, i in enumerate(chosen):
        whole = counts[i].sum(axis=0)
        out |= _estimates(whole, plain(names[i]), key(names[i]), permutations, rng)
        for column, slices in enumerate(parts):
            own = counts[i, slices].sum(axis=0)
            variance, std = excess_variance(own)
            mean = max(float(own.mean()), 1e-12)
            shuffled = permuted(own, permutations, rng)
            measured = float(morans_i(own[None].astype(float))[0])
            tables[:, row, column] = (
                np.sqrt(max(variance, 0.0)) / mean,
                std / mean**2,
                measured,
                (1 + (shuffled >= measured).sum()) / (permutations + 1),
            )
    drawn = find(names, [surface_ion], where)[0] if surface_ion else chosen[0]
    density = coarse(counts[drawn])
    corners, triangles = iso_surface(density, surface_part)
    box = np.array(density.shape, dtype=float) - 1
    curves: dict[str, tuple[object, object]] = {
        "ion_name": ("ion", np.array([plain(names[i]) for i in chosen])),
        "slab": ("depth", np.arange(1, tables.shape[2] + 1)),
        "cv": (("ion", "depth"), tables[0]),
        "cv2_std": (("ion", "depth"), tables[1]),
        "moran_I": (("ion", "depth"), tables[2]),
        "p": (("ion", "depth"), tables[3]),
        "surface_corner": (("corner", "axis"), corners),
        "surface_triangle": (("triangle", "three"), triangles),
        "box": ("axis", box),
        "surface_ion": ((), np.array(plain(names[drawn]))),
        "width_m": ((), float(np.ptp(stack["x_m"])) * counts.shape[3] / max(counts.shape[3] - 1, 1)),
    }
    return Result.of(out, curves, _checks(stack, [plain(names[i]) for i in chosen], counts[chosen], tables))


def _estimates(whole: np.ndarray, name: str, k: str, permutations: int, rng: np.random.Generator) -> dict[str, Estimate]:
    mean = max(float(whole.mean()), 1e-12)
    variance, std = excess_variance(whole)
    cv = float(np.sqrt(max(variance, 0.0)) / mean)
    # Near zero the square is what has a normal error; there its root is known to the root of that.
    cv_std = float(std / mean**2 / (2 * max(cv, np.sqrt(std) / mean)))
    measured = float(morans_i(whole[None].astype(float))[0])
    shuffled = permuted(whole, permutations, rng)
    out = {
        f"cv_{k}": Estimate(cv, cv_std, "1", f"lateral variation of {name} beyond counting", "%"),
        f"moran_I_{k}": Estimate(measured, float(shuffled.std()), "1", f"Moran's I of {name}; std without a pattern"),
        f"p_{k}": Estimate(
            float((1 + (shuffled >= measured).sum()) / (permutations + 1)), 0.0, "1", f"probability of it in shuffled {name}"
        ),
    }
    if variance > 3 * std:
        full = 1 + mean / variance
        spread = float(np.hypot(shuffled.std() * full, measured * mean * std / variance**2))
        out[f"field_moran_I_{k}"] = Estimate(measured * full, spread, "1", f"Moran's I of the density of {name}")
    return out


def _checks(stack: Measurement, names: list[str], counts: np.ndarray, tables: np.ndarray) -> list[Check]:
    mean = counts.sum(axis=1).mean(axis=(1, 2))
    faint = [n for n, m in zip(names, mean, strict=True) if m < 1]
    patterned = [n for n, p in zip(names, tables[3], strict=True) if (p < 0.05 / tables.shape[2]).any()]
    return [
        Check.that(
            "counts", not faint, "every map has a count a pixel", f"less than one count a pixel: {', '.join(faint)}; bin pixels"
        ),
        Check.that(
            "pattern",
            not patterned,
            "no depth shows a pattern beyond chance",
            f"a pattern at some depth (permutation test, corrected for {tables.shape[2]} depths): {', '.join(patterned)}",
        ),
        Check.that(
            "scale",
            stack.meta.get("calibrated") is not False,
            "pixels have a size",
            "the file gives no size of a pixel: lengths are pixels",
        ),
    ]


@uniformity.plot
def draw(result: Result, ax: Axes) -> None:
    """The iso-surface in its box, from above one corner; shaded by how it is turned. Sputtering goes down."""
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgb

    from anodefree.core.figure import COLOURS, SOFT

    corners, triangles = result.curves["surface_corner"].values, result.curves["surface_triangle"].values
    size = tuple(float(v) for v in result.curves["box"].values)
    place, near = seen(corners, size)  # type: ignore[arg-type]
    edges = np.array([[z, y, x] for z in (0, 1) for y in (0, 1) for x in (0, 1)], dtype=float)
    flat, _ = seen(edges, (1.0, 1.0, 1.0))
    for a in range(8):
        for b in range(a + 1, 8):
            if np.abs(edges[a] - edges[b]).sum() == 1:
                ax.plot(*flat[[a, b]].T, color=SOFT, lw=0.6, label="_box", zorder=0 if 4 in (a, b) else 3)
    if len(triangles):
        across = corners[triangles] / np.maximum(np.array(size), 1e-12)
        normal = np.cross(across[:, 1] - across[:, 0], across[:, 2] - across[:, 0])
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        light = 0.45 + 0.55 * np.abs(normal @ np.array([0.75, 0.35, 0.55]))
        order = np.argsort(near[triangles].mean(axis=1), kind="stable")
        colour = np.clip(light[order, None] * np.array(to_rgb(COLOURS[0])) + 0.25 * (light[order, None] - 0.45), 0, 1)
        ax.add_collection(PolyCollection(place[triangles[order]], facecolors=colour, edgecolors="none", rasterized=True))
    name = str(result.curves["surface_ion"].values)
    wide = float(result.curves["width_m"].values) * 1e6
    ax.set_aspect("equal")
    ax.set_xticks([])
    ax.set_yticks([])
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    k = key(name)
    cv = result.estimates.get(f"cv_{k}")
    moran = result.estimates.get(f"moran_I_{k}")
    told = f"variation {cv}, Moran's I {moran}" if cv and moran else ""
    ax.set_title(f"{name}: {told}", fontsize=7)
    ax.set(xlabel=f"raster {wide:.3g} µm wide", ylabel="sputtering ↓")


@uniformity.demo
def demo(rng: np.random.Generator) -> Demo:
    """An ion that is patchy and one that is even, 32 x 32 pixels and 8 slices."""
    from scipy.ndimage import gaussian_filter

    pixels, slices, patchy = 32, 8, float(rng.uniform(0.15, 0.4))
    field = gaussian_filter(rng.standard_normal((pixels, pixels)), 2.0, mode="wrap")
    field = np.exp(patchy * (field - field.mean()) / field.std())
    field *= 1 / field.mean()
    depth = np.exp(-0.5 * ((np.arange(slices) - 3.5) / 2.0) ** 2)
    mean = np.array([4.0 * depth[:, None, None] * field, 2.0 * depth[:, None, None] * np.ones_like(field)])
    at = (np.arange(pixels) + 0.5) * 0.5e-6
    stack = Measurement.of(
        ION_IMAGE,
        {"ion_name": ["LiF2-", "LiO-"], "counts": rng.poisson(mean), "x_m": at, "y_m": at},
        name="virtual interphase",
    )
    return Demo((stack,), {"cv_LiF2-": float(field.std() / field.mean())}, {"slabs": 2, "permutations": 99})
