"""Roughness of a surface from a height image, with the error of the scale, of the patch, and of the levelling."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from anodefree.core.figure import draw_heights
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.topography import TOPOGRAPHY, Topography
from anodefree.numerics.areal_texture import correlated_share, correlation_length, parameters
from anodefree.numerics.height_map import spacing_m
from anodefree.numerics.levelling import Levelling, levelled
from anodefree.numerics.random_surface import gaussian_surface_m
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
_NEXT: dict[str, Levelling] = {"none": "plane", "plane": "quadratic", "quadratic": "plane", "rows": "quadratic"}
"""The levelling that the chosen one is compared with."""


@stage("afm.roughness", version=1, cites=("iso25178", "thomas1999"))
def roughness(
    surface: Topography,
    *,
    levelling: Annotated[
        Levelling, Par("what is taken out first: nothing, a plane, a bowl, or a plane and rows' medians")
    ] = "plane",
    calibration: Annotated[
        float,
        Par(
            "relative standard deviation of the height scale, where the file states none", ge=0, source="grating", assumed=True
        ),
    ] = 0.03,
    lateral_calibration: Annotated[
        float, Par("relative standard deviation of the pixel size", ge=0, source="grating", assumed=True)
    ] = 0.03,
) -> Result:
    """Areal roughness of a height image after levelling: Sa, Sq, Sz, skewness, kurtosis and developed area.

    $S_q = \\langle z^2 \\rangle^{1/2}$, $S_a = \\langle |z| \\rangle$, $S_z = \\max z - \\min z$, $S_{sk} = \\langle z^3
    \\rangle/S_q^3$, $S_{ku} = \\langle z^4 \\rangle/S_q^4$, `Sdr` the true area over the projected one less 1 (triangles
    between pixels). They are estimates of the surface of which the image is a patch: standard deviations join the scale of
    heights (and of pixels, for Sdr), the patch's size ($\\mathrm{var}(S_q)/S_q^2 = S_2/2A$, with $S_2$ the integral of the
    squared autocorrelation, from the periodogram), half the change that another levelling makes, and for Sdr half its change
    at twice the pixel. Sz has no limit: it grows with the patch, and its deviation is that of the scale alone. *Valid when*
    the surface is even over the image and near to Gaussian, and the tip is sharper than its curvature. *Source* ISO 25178-2
    (2021); Thomas (1999), chapter 7. *Differs from the paper*, which gives no error of its roughness. Raises DataError: an
    uneven grid, or a flat image.
    """
    where = surface.source.name
    dx, dy = spacing_m(surface["x_m"], "x_m", where), spacing_m(surface["y_m"], "y_m", where)
    flat = levelled(surface["height_m"], levelling)
    if not np.ptp(flat) > 0:
        raise DataError("the image is flat: it has no roughness", where, "is this the height channel?")
    found = parameters(flat, dx, dy)
    other = parameters(levelled(surface["height_m"], _NEXT[levelling]), dx, dy)
    half = parameters(flat[::2, ::2], 2 * dx, 2 * dy)["Sdr"] if min(flat.shape) >= 8 else math.nan
    share, length = correlated_share(flat), correlation_length(flat, dx, dy)
    stated = surface.meta.get("calibration")
    scale = calibration if stated is None else float(stated)
    patch = {
        "Sa": found["Sa"] * math.sqrt(share / 2),
        "Sq": found["Sq"] * math.sqrt(share / 2),
        "Sz": 0.0,
        "Ssk": math.sqrt(6 * share * 2 / 3),
        "Sku": math.sqrt(24 * share / 2),
        "Sdr": math.hypot(found["Sdr"] * math.sqrt(2 * share), 0.5 * (half - found["Sdr"]) if math.isfinite(half) else 0.0),
    }
    scaled = {"Sa": scale, "Sq": scale, "Sz": scale, "Ssk": 0.0, "Sku": 0.0, "Sdr": 2 * math.hypot(scale, lateral_calibration)}
    labels = {
        "Sa": ("m", "mean deviation from the mean height", "nm"),
        "Sq": ("m", "root mean square height", "nm"),
        "Sz": ("m", "highest less lowest point", "nm"),
        "Ssk": ("1", "skewness of the heights", None),
        "Sku": ("1", "kurtosis of the heights", None),
        "Sdr": ("1", "true over projected area, less 1", None),
    }
    estimates = {}
    for name, (unit, label, shown) in labels.items():
        levelled_by = 0.0 if name == "Sz" else 0.5 * (other[name] - found[name])
        std = math.sqrt((scaled[name] * found[name]) ** 2 + patch[name] ** 2 + levelled_by**2)
        estimates[name] = Estimate(found[name], std, unit, label, shown) if shown else Estimate(found[name], std, unit, label)
    across = min(dx * flat.shape[1], dy * flat.shape[0])
    estimates["correlation_length"] = Estimate(length, max(dx, dy), "m", "distance at which the correlation is 1/e", "nm")
    rows, columns = (float(np.std(np.median(flat, axis=a))) for a in (1, 0))
    checks = [
        Check.that(
            "patch",
            0 < length < across / 10,
            "the image holds many correlation lengths",
            f"the image is {across / length:.1f} correlation lengths wide: a larger one may be rougher"
            if length
            else "no correlation length is found in the image",
        ),
        Check.that(
            "pixels",
            length > 3 * max(dx, dy),
            "pixels resolve the roughness",
            "the correlation length is below three pixels: noise, or features that are not resolved",
        ),
        Check.that(
            "rows",
            levelling == "rows" or rows < 3 * columns or rows < 0.1 * found["Sq"],
            "rows differ from each other no more than columns do",
            f"rows differ from each other by {1e9 * rows:.2g} nm, columns by {1e9 * columns:.2g} nm: try levelling = 'rows'",
        ),
        Check.that(
            "levelling",
            abs(other["Sq"] / found["Sq"] - 1) < 0.1,
            "another levelling changes Sq by less than a tenth",
            f"levelling by '{_NEXT[levelling]}' would give Sq = {1e9 * other['Sq']:.3g} nm",
        ),
    ]
    curves = {"height_m": (("y", "x"), flat), "x_m": ("x", surface["x_m"]), "y_m": ("y", surface["y_m"])}
    return Result.of(estimates, curves, checks)


@roughness.plot
def draw(result: Result, ax: Axes) -> None:
    """The levelled image, with Sq and Sa."""
    x, y, height = (result.curves[n].values for n in ("x_m", "y_m", "height_m"))
    draw_heights(x, y, height, ax)
    sq, sa = (1e9 * result.estimates[n].value for n in ("Sq", "Sa"))
    ax.set_title(f"Sq = {sq:.3g} nm, Sa = {sa:.3g} nm", fontsize=7)


@roughness.demo
def demo(rng: np.random.Generator) -> Demo:
    """A patch of a Gaussian surface, tilted, with heights known to 3 %."""
    points, side, rms = 96, 1e-5, rng.uniform(2e-9, 5e-8)
    length = side / rng.uniform(24, 30)
    wide = gaussian_surface_m(128, side * 128 / points, rms, length, rng)[:points, :points]
    place = (np.arange(points) + 0.5) * side / points
    tilt = rng.uniform(-1e-3, 1e-3, 2)
    height = wide * (1 + 0.03 * rng.standard_normal()) + tilt[0] * place[:, None] + tilt[1] * place[None, :]
    measured = Measurement.of(TOPOGRAPHY, {"x_m": place, "y_m": place, "height_m": height}, {"calibration": 0.03}, name="demo")
    return Demo((measured,), {"Sq": rms, "Sa": rms * math.sqrt(2 / math.pi), "Ssk": 0.0, "Sku": 3.0})
