"""Porosity and thickness of a deposit from pictures of its cross-section, measured or simulated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray

from anodefree.analysis.sem.measured import Measured, Number, measured
from anodefree.analysis.sem.scale import PixelSize, Scale, ScaleError, scale_of
from anodefree.analysis.sem.section import LEAST_CONTRAST, Look, Method
from anodefree.analysis.sem.section_figure import draw_section
from anodefree.analysis.sem.synthetic import case
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.micrograph import Micrograph
from anodefree.numerics.deposit_geometry import enclosed, pore_sizes, void_under
from anodefree.numerics.section_sampling import std_of_mean, stretch_length
from anodefree.numerics.tortuosity import through_metal, through_pores
from anodefree.physics.lithium import DENSITY, dense_thickness_m
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
Curves = dict[str, tuple[object, object]]
SIZES: Final = 9
"""Diameters at which the pore sizes are told, evenly in the logarithm from two pixels to the largest pore."""
ABOVE, OPEN, SHUT, METAL = 0, 1, 2, 3

SegmentMethod = Annotated[
    Method, Par("how lithium is told from void", source="the usual one; the others enter the std", assumed=True)
]
Brightness = Annotated[Literal["bright", "dark"], Par("whether lithium is brighter or darker than void and electrolyte")]
SmoothPx = Annotated[
    float,
    Par("Gaussian smoothing before thresholds, in pixels", ge=0, le=20, source="about the blur of a picture", assumed=True),
]
SmallestPx = Annotated[
    int,
    Par(
        "specks and holes of fewer pixels are noise", ge=0, le=10**6, source="a dozen pixels: noise of few counts", assumed=True
    ),
]
Background = Annotated[
    float | None, Par("objects narrower than this stand on an uneven ground that is taken away; none: the ground is even", gt=0)
]
CollectorHeight = Annotated[
    Uncertain | None, Par("height of the collector's face above the lower edge of the picture; none: it is found", ge=0)
]
ThresholdStd = Annotated[
    float,
    Par(
        "standard deviation of the threshold over the contrast of lithium and void",
        ge=0,
        lt=0.5,
        source="a tenth of the contrast moves an edge by a fraction of the blur that an eye can see",
        assumed=True,
    ),
]
EnvelopeWidth = Annotated[
    float | None,
    Par("gaps narrower than this count as pores under the envelope; none: the height Σh²/Σh of the deposit", gt=0),
]
Charge = Annotated[Uncertain | None, Par("charge plated per area of the collector; none: as the file says", gt=0)]


@dataclass(frozen=True)
class Length:
    """How pixels become metres, and what the scale adds to a standard deviation."""

    scale: Scale

    def of(self, number: Number, label: str) -> Estimate:
        """A length."""
        value = number.value * self.scale.pixel_m
        return Estimate(value, float(np.hypot(number.std * self.scale.pixel_m, value * self.scale.relative_std)), "m", label)

    def interval_68(self, number: Number) -> Floats:
        """Lower and upper bound of a length's 68 % interval."""
        half = float(np.hypot(number.half_68, number.value * self.scale.relative_std))
        return np.array([number.value - half, number.value + half]) * self.scale.pixel_m


@dataclass(frozen=True)
class Pores:
    """Diameters (pixels), share of the void that discs of each reach, mean diameter by area and its standard deviation."""

    diameter: Floats
    share: Floats
    mean: float
    std: float


@stage(
    "sem.porosity",
    version=2,
    cites=("otsu1979", "liao2001", "grady2006", "kunsch1989", "politis1992", "meketon1984", "chen2026"),
)
def porosity(
    picture: Micrograph,
    *,
    method: SegmentMethod = "otsu",
    deposit: Brightness = "bright",
    areal_capacity_C_m2: Charge = None,
    pixel_m: PixelSize = None,
    scale_error: ScaleError = None,
    collector_height_m: CollectorHeight = None,
    envelope_width_m: EnvelopeWidth = None,
    smooth_pixels: SmoothPx = 1.0,
    smallest_pixels: SmallestPx = 12,
    background_m: Background = None,
    threshold_std: ThresholdStd = 0.05,
) -> Result:
    """Porosity, thickness and pores of a deposit in cross-section.

    h(x) is the height of the highest lithium above the collector, H(x) the envelope: h after a grey closing over
    `envelope_width_m`, so that gaps narrower than it are pores and wider ones are not. `porosity_volume` = void under H / area
    under H; `porosity_enclosed` = void without a path (over faces of pixels, in the plane of the cut) to the electrolyte / area
    under H; `thickness` d_a = mean of H; `roughness` = rms of H; `porosity_thickness` = 1 - d_t/d_a with d_t = q M/(F ρ), which
    needs the charge q; `porosity_layer` = 1 - d_t/`layer_height` with Σh²/Σh, the height where lithium stands: what a ruler
    held to the section reads, and the same as d_a for an even layer, but far from it for islands and rods. `tortuosity_pore`
    and `tortuosity_metal` are geodesic: shortest way (8 neighbours) over straight way, from the envelope through pores to the
    collector, and from the collector through metal to each top. Pore sizes: share of the void that a disc of that diameter
    reaches. Several frames are slices of one volume; each is cut on its own.
    The std joins: the stretch that was seen (circular block bootstrap in closed form, few enclosed pores by Poisson), the
    choice of threshold (± `threshold_std` of the contrast, and the scatter between methods), the resolution (what twice the
    smoothing changes), the collector line, the scale. `cause` and `std_<number>` in the curves tell them apart.
    *Valid when* lithium differs from void in brightness all over, pores are wider than about four pixels, and the cut does not
    show the back wall of open pores; a 2-D cut sees more voids enclosed than a volume has.
    *Source* Otsu 1979; Liao et al. 2001; Grady 2006; Künsch 1989; `porosity_thickness`: Chen et al. 2026, section 2.4.

    Raises
    ------
    ConfigError: a length is given while the size of a pixel is unknown. DataError: no contrast, no deposit, too few pixels.
    """
    where = picture.source.name
    scale = scale_of(picture, pixel_m, scale_error)
    lengths = {"collector_height_m": collector_height_m, "envelope_width_m": envelope_width_m, "background_m": background_m}
    if not scale.known and (asked := [n for n, v in lengths.items() if v is not None and v != Uncertain(0.0)]):
        raise ConfigError(f"{', '.join(asked)} needs the size of a pixel", where, "give pixel_m")
    unit = scale.pixel_m if scale.known else 1.0
    foot = collector_height_m
    look = Look(
        method=method,
        deposit=deposit,
        smooth_px=smooth_pixels,
        smallest_px=smallest_pixels,
        background_px=background_m / unit if background_m else None,
        collector_px=foot.value / unit if foot is not None else None,
        collector_std_px=foot.std / unit if foot is not None else 0.0,
        threshold_std=threshold_std,
    )
    seen = measured(picture, look, envelope_width_m / unit if envelope_width_m else None)
    if seen.whole.solid.sum() == 0:
        raise DataError("no deposit is seen above the collector", where, "is lithium darker than void? deposit='dark'")
    n = seen.numbers
    estimates = {
        "porosity_volume": Estimate(n["porosity"].value, n["porosity"].std, "1", "void under the envelope", "%"),
        "porosity_enclosed": Estimate(n["enclosed"].value, n["enclosed"].std, "1", "void without a way out of the cut", "%"),
    }
    if scale.known:
        length = Length(scale)
        estimates["thickness"] = length.of(n["thickness"], "mean height of the envelope")
        estimates["layer_height"] = length.of(n["height"], "height where lithium stands")
        estimates["roughness"] = length.of(n["roughness"], "rms of the envelope")
        charge = _charge(picture, areal_capacity_C_m2)
        if charge is not None:
            estimates["porosity_thickness"] = _by_charge(estimates["thickness"], charge, "mean thickness")
            estimates["porosity_layer"] = _by_charge(estimates["layer_height"], charge, "height where lithium stands")
    metals = [s.metal(look) for s in seen.sections]
    ways, sizes = _ways(metals, seen), _pores(metals, seen)
    estimates |= {k: e for k, e in ways.items() if e is not None}
    if scale.known and sizes.mean > 0:
        grain = Number(sizes.mean, {"sampling": sizes.std, "segmentation": 1.0})
        estimates["pore_diameter"] = Length(scale).of(grain, "mean diameter of pores by area")
    return Result.of(estimates, _curves(seen, metals, sizes, unit, scale), _checks(seen, scale, estimates, metals))


def _charge(picture: Measurement, given: Uncertain | None) -> Uncertain | None:
    stated = picture.meta.get("areal_capacity_C_m2")
    if given is None and isinstance(stated, (int, float)) and not isinstance(stated, bool) and stated > 0:
        return Uncertain(float(stated))
    return given


def _by_charge(thickness: Estimate, charge: Uncertain, named: str) -> Estimate:
    """P = 1 - d_t/d_a, to first order in the thickness, the charge and the density of lithium."""
    share = float(dense_thickness_m(charge.value)) / thickness.value
    relative = np.sqrt(
        (thickness.std / thickness.value) ** 2 + (charge.std / charge.value) ** 2 + (DENSITY.std / DENSITY.value) ** 2
    )
    return Estimate(1 - share, float(share * relative), "1", f"1 - dense thickness / {named}", "%")


def _ways(metals: list[NDArray[np.bool_]], seen: Measured) -> dict[str, Estimate | None]:
    """Tortuosity of the pores and of the metal; None where no way leads through."""
    each = {
        "tortuosity_pore": [through_pores(m, g.envelope) for m, g in zip(metals, seen.frames, strict=True)],
        "tortuosity_metal": [through_metal(m) for m in metals],
    }
    labels = {
        "tortuosity_pore": "shortest way through pores, geodesic",
        "tortuosity_metal": "shortest way through metal, geodesic",
    }
    found: dict[str, Estimate | None] = {}
    for name, columns in each.items():
        good = np.concatenate(columns)
        good = good[np.isfinite(good)]
        if good.size < 4:
            found[name] = None
            continue
        # A way on a grid of pixels is too long by up to 8 % where it is oblique.
        grid = 0.08 * max(float(good.mean()) - 1, 0.0)
        found[name] = Estimate(float(good.mean()), float(np.hypot(std_of_mean(good)[0], grid)), "1", labels[name])
    return found


def _pores(metals: list[NDArray[np.bool_]], seen: Measured) -> Pores:
    """The pores of the middle frame."""
    k = len(metals) // 2
    void = void_under(metals[k].astype(float), seen.frames[k].envelope)
    from scipy.ndimage import distance_transform_edt

    if not void.any():
        return Pores(np.array([2.0]), np.zeros(1), 0.0, 0.0)
    largest = max(2 * float(distance_transform_edt(np.pad(void, 1, mode="edge"))[1:-1, 1:-1].max()), 4.0)
    diameter = np.geomspace(2.0, largest, SIZES)
    share = pore_sizes(void, diameter / 2)
    # What is lost between two diameters has their geometric mean; what the finest disc cannot reach, half of it.
    middle = np.concatenate([[1.0], np.sqrt(diameter[1:] * diameter[:-1]), diameter[-1:]])
    mass = -np.diff(np.concatenate([[1.0], share, [0.0]]))
    mean = float(mass @ middle)
    spread = float(np.sqrt(max(float(mass @ (middle - mean) ** 2), 0.0)))
    count = max(float(void.sum()) / max(mean**2, 1.0), 1.0)
    return Pores(diameter, share, mean, spread / float(np.sqrt(count)))


def _curves(seen: Measured, metals: list[NDArray[np.bool_]], sizes: Pores, unit: float, scale: Scale) -> Curves:
    """The cut that is drawn, the thickness along it, the pores, and what each cause adds."""
    g, metal = seen.frames[0], metals[0]
    classes = np.full(metal.shape, ABOVE, dtype=np.int8)
    classes[void_under(metal.astype(float), g.envelope)] = OPEN
    classes[enclosed(metal)] = SHUT
    classes[metal] = METAL
    rows = min(metal.shape[0], int(g.envelope.max() * 1.25) + 4)
    x, z = (np.arange(metal.shape[1]) + 0.5) * unit, (np.arange(rows) + 0.5) * unit
    suffix = "_m" if scale.known else "_pixels"
    length = Length(scale if scale.known else Scale(1.0, 0.0, scale.check))
    bounds = {
        f"porosity_{name}_68": ("bound", n.value + n.half_68 * np.array([-1.0, 1.0]))
        for name, n in (("volume", seen.numbers["porosity"]), ("enclosed", seen.numbers["enclosed"]))
    }
    for name in ("thickness", "roughness"):
        bounds[f"{name}_68{suffix}"] = ("bound", length.interval_68(seen.numbers[name]))
    causes = list(next(iter(seen.numbers.values())).parts)
    shares = {
        f"std_{name}{suffix if name in ('thickness', 'roughness') else ''}": (
            "cause",
            np.array([n.parts[c] for c in causes]) * (unit if name in ("thickness", "roughness") else 1.0),
        )
        for name, n in seen.numbers.items()
    }
    return {
        f"x{suffix}": ("x", x),
        f"z{suffix}": ("z", z),
        "class_map": (("z", "x"), classes[:rows]),
        "brightness": (("z", "x"), seen.sections[0].brightness[:rows].astype(np.float32)),
        f"envelope{suffix}": ("x", g.envelope * unit),
        f"top{suffix}": ("x", g.tops * unit),
        "porosity_along": ("x", np.where(g.envelope > 0, g.void / np.maximum(g.envelope, 1e-12), 0.0)),
        f"pore_diameter{suffix}": ("size", sizes.diameter * unit),
        "pore_share_above": ("size", sizes.share),
        "cause": ("cause", np.array(causes, dtype=object)),
        **shares,
        **bounds,
        "frame_porosity": ("frame", np.array([f.porosity for f in seen.frames])),
        f"frame_thickness{suffix}": ("frame", np.array([f.thickness for f in seen.frames]) * unit),
    }


def _checks(seen: Measured, scale: Scale, estimates: dict[str, Estimate], metals: list[NDArray[np.bool_]]) -> list[Check]:
    """What the analysis thinks of itself."""
    first, g = seen.sections[0], seen.whole
    ratio = min(s.contrast / max(s.scatter, 1e-12) for s in seen.sections)
    blocks = g.envelope.size / stretch_length(g.void - g.porosity * g.envelope)
    cut = any(m[-1].mean() > 0.01 for m in metals)
    fine = estimates.get("pore_diameter")
    checks = [
        scale.check,
        Check.that(
            "collector",
            first.found,
            f"its face is {np.median(first.line):.1f} pixels above the lower edge",
            "no bright collector is seen at the lower edge, which counts as its face: give collector_height_m",
        ),
        Check.that(
            "contrast",
            ratio >= LEAST_CONTRAST,
            f"lithium and void differ by {ratio:.1f} times their scatter",
            f"lithium and void differ by {ratio:.1f} times their scatter only: smooth more, or classify with sem.classify",
        ),
        Check.that(
            "whole height",
            not cut,
            "the deposit ends below the upper edge",
            "the deposit reaches the upper edge of the picture: what is above it is missing",
        ),
        Check.that(
            "sampling",
            blocks >= 8,
            f"the stretch holds {blocks:.0f} independent blocks",
            f"the stretch holds {blocks:.1f} independent blocks only: the std of a single stretch is itself unsure, take more",
        ),
        Check(
            "definition", "pass", "porosity_volume counts void under the envelope, porosity_enclosed what no way leads out of"
        ),
    ]
    if fine is not None and scale.known:
        across = fine.value / scale.pixel_m
        checks.append(
            Check.that(
                "resolution",
                across >= 4,
                f"the mean pore is {across:.0f} pixels wide",
                f"the mean pore is {across:.1f} pixels wide: finer ones are missed, magnify more",
            )
        )
    return checks


@porosity.plot
def draw(result: Result, ax: Axes) -> None:
    """The cut with envelope and pores, and the pore sizes below."""
    draw_section(result, ax)


@porosity.demo
def demo(rng: np.random.Generator) -> Demo:
    """A stretch of a porous layer on its collector, with blur, shot noise, curtains and a scale that is 4 % off."""
    made = case(rng)
    dense = made.whole.thickness * made.pixel_m * (1 - made.whole.porosity)
    charge = dense / float(dense_thickness_m(1.0))
    return Demo(
        (made.picture,),
        {
            "porosity_volume": made.whole.porosity,
            "porosity_thickness": made.whole.porosity,
            "thickness": made.whole.thickness * made.pixel_m,
        },
        {"areal_capacity_C_m2": Uncertain(charge, 0.0)},
    )
