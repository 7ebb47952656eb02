"""Rings of an electron diffraction pattern: centre, ellipse, radii, and the phases that explain them together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.analysis.tem.dose import Dose, dose_check, dose_of
from anodefree.analysis.tem.index_rings import LEAST_SPACING_M, Indexing, index, lines_of
from anodefree.analysis.tem.lattice import INTERPHASE, Phases, Standard
from anodefree.analysis.tem.rings_figure import draw_rings
from anodefree.analysis.tem.synthetic_lattices import ring_case
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.diffraction import Diffraction
from anodefree.numerics.diffraction_rings import Frame, Profile, Rings, rings_of
from anodefree.physics.crystals import crystal
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
Found = list[tuple[float, Indexing]]
USUAL_ERROR: Final = 0.03
FREE_DECADES: Final = 10.0
"""Factor between the largest and the smallest scale that is possible where none is known."""
LEAST_PIXELS: Final = 48
MOST_PIXELS: Final = 2**24
SURE: Final = 0.9
SHOWN: Final = 400


@stage("tem.rings", version=1, cites=("peng1996", "miller2019", "chen2026"))
def rings(
    pattern: Diffraction,
    *,
    phases: Phases = INTERPHASE,
    standard: Standard = None,
    pixel_per_m: Annotated[float | None, Par("size of a pixel in q = 1/d; none: as the file says, or free", gt=0)] = None,
    scale_error: Annotated[
        float | None,
        Par(
            "relative standard deviation of that size; none: as the file says, else 0.03",
            gt=0,
            lt=1,
            source="camera lengths are some percent off unless calibrated",
            assumed=True,
        ),
    ] = None,
    lattice_error: Annotated[
        float,
        Par(
            "relative standard deviation of a ring's place by strain and by the projector's distortion",
            gt=0,
            lt=0.1,
            source="half a percent towards the edge of a pattern",
            assumed=True,
        ),
    ] = 0.005,
    ellipse: Annotated[bool, Par("whether rings may be ellipses (astigmatism of the projector)")] = True,
    least_radius_pixels: Annotated[float | None, Par("smallest ring; none: a 25th of the picture", gt=0)] = None,
    widest_ring_pixels: Annotated[float | None, Par("widest ring, edge to edge; none: a 60th of the picture", gt=1)] = None,
    prominence: Annotated[
        float, Par("height of a ring over the noise of the profile", gt=1, source="five standard deviations", assumed=True)
    ] = 5.0,
    centre_x_pixels: Annotated[float | None, Par("column about which the centre is refined; none: by symmetry", ge=0)] = None,
    centre_y_pixels: Annotated[float | None, Par("row about which the centre is refined; none: by symmetry", ge=0)] = None,
    most_phases: Annotated[int, Par("phases at a time", ge=1, le=4, source="more explain anything", assumed=True)] = 3,
    frame: Annotated[int, Par("which frame", ge=0)] = 0,
    dose_C_m2: Dose = None,
) -> Result:
    """Centre, ellipse and radii of the rings of a diffraction pattern, and the phases and scale that explain all of them.

    The centre is first where the pattern is most like itself after a half turn; the shadow of the beam stop is left out. Places
    of the strong rings in 48 sectors then give r(t) = R_k + x cos t + y sin t + R_k (e1 cos 2t + e2 sin 2t), fitted robustly.
    Radii R_k are fitted to the mean profile over its background. A line of a phase is q = 1/d = c R: all phases up to
    `most_phases` at a time are tried; ln c is normal about the file's, or even where it is unknown, and is integrated out.
    `centre_x`, `centre_y` [pixels from 0, rows downwards], `ellipticity` (long over short axis - 1), `scale` c [1/m a pixel]
    (mean over all indexings with the spread between them), `scale_factor` (c over the file's, where it says one), `radius_<i>`.
    Curves hold the ring table and the phases by probability. Without a scale only ratios of radii are known: phases of one
    lattice type cannot be told apart.
    *Valid when* rings are closed enough to be seen in a third of the sectors, and the scattering angle is small (q = c R).
    *Source* structure factors: Peng et al. 1996. The paper names four phases from rings without saying how.

    Raises
    ------
    ConfigError: an unknown phase. DataError: no rings, too few pixels, an even picture.
    """
    where = pattern.source.name
    asked = tuple(dict.fromkeys((*phases, *((standard,) if standard else ()))))
    if not asked:
        raise ConfigError("no phase is asked for", "phases", "LiF, Li2O")
    for name in asked:
        crystal(name)
    image = _image(pattern, frame)
    size = min(image.shape)
    least, widest = least_radius_pixels or size / 25, widest_ring_pixels or max(size / 60, 4.0)
    start = _start(pattern, centre_x_pixels, centre_y_pixels, image.shape)
    place, covariance, profile, seen, stop = rings_of(
        image, start=start, least=least, widest=widest, prominence=prominence, ellipse=ellipse
    )
    if not seen.radius.size or not np.isfinite(covariance[:2, :2]).all():
        raise DataError("shows no rings", where, "single spots? lower prominence, or give centre_x_pixels and centre_y_pixels")
    known = _scale(pattern, pixel_per_m, scale_error)
    error = np.hypot(seen.std, np.hypot(0.05, 0.1 * np.sqrt(float(np.trace(covariance[:2, :2])))))
    largest = float(np.log(1 / LEAST_SPACING_M / seen.radius.max()))
    found = index(
        seen.radius,
        error,
        seen.width,
        asked,
        log_scale=None if known is None else (math.log(known[0]), known[1]),
        log_range=(largest - math.log(FREE_DECADES), largest),
        lattice_std=lattice_error,
        most_phases=most_phases,
        standard=standard,
    )
    estimates = _estimates(place, covariance, seen, error, found, known)
    checks = [*_checks(seen, found, known, asked, stop, place, standard), dose_check(dose_of(pattern, dose_C_m2))]
    return Result.of(estimates, _curves(image, place, profile, seen, error, found, asked, stop), checks)


def _image(pattern: Measurement, frame: int) -> Floats:
    frames, where = pattern["intensity"], pattern.source.name
    if frame >= len(frames):
        raise ConfigError(f"there is no frame {frame}: it holds {len(frames)}", "frame", "the first is 0")
    image = frames[frame].astype(float)
    if min(image.shape) < LEAST_PIXELS:
        raise DataError(f"is {image.shape[1]} x {image.shape[0]} pixels", where, f"{LEAST_PIXELS} either way at least")
    if image.size > MOST_PIXELS:
        raise DataError(f"has {image.size} pixels", where, f"bin it to at most {MOST_PIXELS}")
    if float(np.ptp(image)) == 0:
        raise DataError("is one even grey", where, "choose another frame")
    return image


def _start(pattern: Measurement, x: float | None, y: float | None, shape: tuple[int, ...]) -> tuple[float, float] | None:
    """The centre as given, or as the file says."""
    said = [x, y]
    for i, name in enumerate(("centre_x_pixels", "centre_y_pixels")):
        value = pattern.meta.get(name)
        if said[i] is None and isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            said[i] = float(value)
    if said[0] is None or said[1] is None:
        return None
    if not (0 <= said[0] < shape[1] and 0 <= said[1] < shape[0]):
        raise ConfigError("the centre is outside the pattern", "centre_x_pixels", f"{shape[1]} columns, {shape[0]} rows")
    return said[0], said[1]


def _scale(pattern: Measurement, given: float | None, error: float | None) -> tuple[float, float] | None:
    """Size of a pixel [1/m] and its relative std; None where nobody says it."""
    said = pattern.meta.get("scale_error")
    relative = error if error is not None else (float(said) if isinstance(said, (int, float)) and 0 < said < 1 else USUAL_ERROR)
    stated = pattern.meta.get("pixel_per_m")
    if given is None and isinstance(stated, (int, float)) and not isinstance(stated, bool) and stated > 0:
        given = float(stated)
    if given is not None:
        return given, relative
    if pattern.meta.get("calibrated", True) in (False, "false", 0):
        return None
    q = pattern["qx_per_m"]
    return abs(float(q[-1] - q[0])) / (q.size - 1), relative


def _estimates(
    place: Frame, covariance: Floats, seen: Rings, error: Floats, found: Found, known: tuple[float, float] | None
) -> dict[str, Estimate]:
    oval = float(np.hypot(place.e1, place.e2))
    oval_std = float(np.sqrt(max(0.5 * (covariance[2, 2] + covariance[3, 3]), 0.0)))
    out = {
        "centre_x": Estimate(place.x, float(np.sqrt(covariance[0, 0])), "1", "column of the centre, from 0"),
        "centre_y": Estimate(place.y, float(np.sqrt(covariance[1, 1])), "1", "row of the centre, from 0"),
        "ellipticity": Estimate(2 * oval, 2 * oval_std, "1", "long over short axis - 1", "%"),
    }
    if found:
        weight = np.array([w for w, _ in found])
        mean, std = (np.array([getattr(f, n) for _, f in found]) for n in ("log_scale", "log_scale_std"))
        centre = float(weight @ mean)
        spread = float(np.sqrt(weight @ (std**2 + (mean - centre) ** 2)))
        out["scale"] = Estimate(math.exp(centre), math.exp(centre) * spread, "1/m", "1/d per pixel")
        if known is not None:
            out["scale_factor"] = Estimate(
                math.exp(centre) / known[0], math.exp(centre) / known[0] * spread, "1", "scale over the stated one"
            )
    for i, (r, s) in enumerate(zip(seen.radius, error, strict=True)):
        out[f"radius_{i + 1}"] = Estimate(float(r), float(s), "1", f"radius of ring {i + 1} in pixels")
    return out


def _presence(found: Found, asked: tuple[str, ...]) -> dict[str, float]:
    present = dict.fromkeys(asked, 0.0)
    for weight, f in found:
        for name in f.phases:
            present[name] += weight
    return dict(sorted(present.items(), key=lambda t: -t[1]))


def _also(found: Found, q: float, own: tuple[str, str] | None, asked: tuple[str, ...], error: float) -> str:
    """Other lines at the same place."""
    names = []
    for phase in asked:
        g = lines_of(phase)
        near = np.flatnonzero(np.abs(g.log_q - math.log(q)) < 2 * error)
        names += [f"{phase}({g.labels[j]})" for j in near if (phase, g.labels[j]) != own]
    return ", ".join(names[:5])


def _curves(
    image: Floats,
    place: Frame,
    profile: Profile,
    seen: Rings,
    error: Floats,
    found: Found,
    asked: tuple[str, ...],
    stop: NDArray[np.bool_],
) -> dict[str, tuple[object, object]]:
    step = max(-(-max(image.shape) // SHOWN), 1)
    present = _presence(found, asked)
    curves: dict[str, tuple[object, object]] = {
        "column": ("x", np.arange(0, image.shape[1], step, dtype=float)),
        "row": ("y", np.arange(0, image.shape[0], step, dtype=float)),
        "brightness": (("y", "x"), image[::step, ::step].astype(np.float32)),
        "beam_stop": (("y", "x"), stop[::step, ::step].astype(np.int8)),
        "frame_numbers": ("number", np.array([place.x, place.y, place.e1, place.e2])),
        "radius_pixels": ("radius", profile.radius),
        "profile": ("radius", profile.intensity),
        "profile_background": ("radius", profile.background),
        "profile_std": ("radius", profile.std),
        "ring_radius_pixels": ("ring", seen.radius),
        "ring_std_pixels": ("ring", error),
        "ring_height": ("ring", seen.height),
        "ring_width_pixels": ("ring", seen.width),
        "phase": ("phase", np.array(list(present), dtype=object)),
        "phase_probability": ("phase", np.array(list(present.values()))),
    }
    if found:
        best = found[0][1]
        c = math.exp(best.log_scale)
        wide = np.hypot(error / seen.radius, best.log_scale_std)
        told = [f"{t[0]}({t[1]})" if t else "none" for t in best.lines]
        also = [_also(found, c * r, t, asked, float(w)) for r, t, w in zip(seen.radius, best.lines, wide, strict=True)]
        sure = [sum(w for w, f in found if f.lines[i] == best.lines[i]) for i in range(seen.radius.size)]
        curves |= {
            "ring_spacing_m": ("ring", 1 / (c * seen.radius)),
            "ring_spacing_std_m": ("ring", wide / (c * seen.radius)),
            "ring_line": ("ring", np.array(told, dtype=object)),
            "ring_probability": ("ring", np.array(sure)),
            "ring_also": ("ring", np.array(also, dtype=object)),
            "solution": ("solution", np.array([" + ".join(f.phases) for _, f in found[:8]], dtype=object)),
            "solution_probability": ("solution", np.array([w for w, _ in found[:8]])),
            "solution_scale_per_m": ("solution", np.array([math.exp(f.log_scale) for _, f in found[:8]])),
        }
    return curves


def _checks(
    seen: Rings,
    found: Found,
    known: tuple[float, float] | None,
    asked: tuple[str, ...],
    stop: NDArray[np.bool_],
    place: Frame,
    standard: str | None,
) -> list[Check]:
    share = float(stop.mean())
    checks = [
        Check("beam stop", "pass", f"{100 * share:.1f} % of the picture is taken for its shadow and left out"),
        Check.that(
            "rings",
            seen.radius.size >= 3,
            f"{seen.radius.size} rings",
            f"{seen.radius.size} rings only: too few to tell phases",
        ),
        Check.that(
            "scale",
            known is not None or standard is not None or len(asked) == 1,
            "the scale is stated, or a phase that is surely there fixes it",
            "no scale is known: by ratios of radii alone phases of one lattice type look alike; give pixel_per_m or standard",
        ),
        Check.that(
            "ellipse",
            math.hypot(place.e1, place.e2) < 0.005,
            "the rings are round within 1 %",
            f"the rings are ellipses: axes differ by {200 * math.hypot(place.e1, place.e2):.1f} %, which is corrected",
        ),
    ]
    if not found:
        return [*checks, Check("phases", "fail", "no phase asked for explains a ring")]
    best = found[0][1]
    strays = [f"{r:.1f}" for r, t in zip(seen.radius, best.lines, strict=True) if t is None]
    shares = _presence(found, asked)
    unsure = [p for p, w in shares.items() if 0.1 < w < SURE]
    return [
        *checks,
        Check.that(
            "phases",
            not unsure,
            "every phase is there or not with 90 % or more",
            f"not sure: {', '.join(f'{p} {100 * shares[p]:.0f} %' for p in unsure)}",
        ),
        Check.that(
            "strays",
            not strays,
            "every ring has a line",
            f"rings at {', '.join(strays[:6])} pixels are no line of {', '.join(best.phases)}",
        ),
    ]


@rings.plot
def draw(result: Result, ax: Axes) -> None:
    """The pattern with its rings, and the profile with the lines of the best indexing."""
    draw_rings(result, ax)


@rings.demo
def demo(rng: np.random.Generator) -> Demo:
    """Gold behind a beam stop, off centre, a little elliptic, the camera length 3 % off."""
    made = ring_case(rng)
    truth = {"centre_x": made.x, "centre_y": made.y, "scale": made.scale_per_m}
    return Demo((made.pattern,), truth, {"phases": ("Au", "Ni")})
