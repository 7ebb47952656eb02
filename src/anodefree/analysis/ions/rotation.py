"""How far, and which way, each species turns about the cell's axis; shown to scale, or with the turning multiplied."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np

from anodefree.core.cell_view import CellView, cell_view, draw_both, film, turned
from anodefree.core.measurement import Measurement
from anodefree.core.movie import Movie
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.flights import FLIGHTS, Flights
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN: Final = 10
"""Paths of each species in the picture."""
TOLD: Final = ("gap_m", "radius_m", "boss_height_m", "boss_base_m", "flux_density_T", "ions", "regime", "boss_shape")
WORDS: Final = ("ions", "regime", "boss_shape")
FLOOR: Final = ("floor_x_m", "floor_z_m")


@stage("ions.rotation", version=1, cites=("chen2026", "efron1993", "busch1926"))
def rotation(
    flights: Flights,
    *,
    exaggeration: Annotated[float, Par("by how much the picture multiplies the turning about the axis", ge=1, le=1e9)] = 1.0,
) -> Result:
    """How far each species turns about the cell's axis on its way, and whether the two turn against each other.

    $w = \\Delta\\varphi/2\\pi$, φ being the azimuth of an ion about the axis; `rotation_<ion>` is its mean over the ions of a
    species, signed, with the standard error of a mean, and `spread_<ion>` its standard deviation. In a field B along the axis
    Busch's theorem gives $\\dot\\varphi = -\\frac{qB}{2m}(1 - r_0^2/r^2)$ in vacuum: a rotation needs a way towards or away
    from the axis, and its sense changes with the sign of the charge and with that way: cations that close in on the axis and
    anions that leave it turn the same way. The figure shows paths on the section and in perspective, and moves (a movie).
    With `exaggeration` f the azimuth is drawn as $\\varphi_0 + f(\\varphi - \\varphi_0)$, while heights and distances from the
    axis stay; every figure and every frame then says so: it is an illustration, not a path.
    *Valid when* both species flew in the same cell; a mean of the noise of the liquid is zero within its error. *Source* Busch
    (1926); standard error: Efron and Tibshirani (1993). *Differs from the paper*, whose figure of helices states no scale.
    Raises DataError: fewer than three ions of a species; ConfigError: an exaggeration in the liquid, which would show noise.
    """
    if exaggeration != 1 and flights.meta.get("regime") == "liquid":
        raise ConfigError(
            "in the liquid the azimuth is that of a random walk: exaggerated, it would show a rotation that is none",
            "exaggeration",
            "exaggeration = 1, or flights in vacuum",
        )
    estimates: dict[str, Estimate] = {}
    means = []
    for index, name in enumerate(str(flights.meta["ions"]).split(", ")):
        own = flights["winding"][flights["species"] == index]
        if len(own) < 3:
            raise DataError(f"only {len(own)} {name} flew", flights.source.name, "fly more ions")
        spread, key = float(own.std(ddof=1)), name.rstrip("+-")
        mean = Estimate(float(own.mean()), spread / math.sqrt(len(own)), "1", f"turns of {name} about the axis")
        error = spread / math.sqrt(2 * (len(own) - 1))
        estimates[f"rotation_{key}"] = mean
        estimates[f"spread_{key}"] = Estimate(spread, error, "1", f"standard deviation of the turns of {name}")
        means.append(mean)
    return Result.of(estimates, _curves(flights, exaggeration), _checks(means, exaggeration, "path_x_m" in flights))


def _checks(means: list[Estimate], exaggeration: float, paths: bool) -> list[Check]:
    sure = all(abs(m.value) > 2 * m.std for m in means)
    against = len(means) == 2 and means[0].value * means[1].value < 0
    largest = max(abs(m.value) for m in means)
    return [
        Check.that(
            "counter-rotation",
            sure and against,
            "the two species turn against each other",
            _against(means, sure),
        ),
        Check.that(
            "visible", largest > 0.01, "the turning can be seen to scale", f"{largest:.1g} of a turn: to scale nothing is seen"
        ),
        Check.that(
            "to scale",
            exaggeration == 1,
            "paths are drawn to scale",
            f"an illustration: the picture multiplies the turning by {exaggeration:g}",
        ),
        Check.that("paths", paths, "there are paths to show", "no paths were kept: fly with paths above 0"),
    ]


def _against(means: list[Estimate], sure: bool) -> str:
    if not sure:
        return "no mean turning beyond its error"
    return "both species turn the same way about the axis" if len(means) == 2 else "only one species flew"


def _curves(flights: Measurement, exaggeration: float) -> dict[str, Any]:
    """The true paths that are shown, the cell they run in, and by how much their turning is multiplied."""
    curves: dict[str, Any] = {n: ((), flights.meta.get(n, "" if n in WORDS else 0.0)) for n in TOLD}
    curves["exaggeration"] = ((), exaggeration)
    curves |= {n: ("floor", flights[n]) for n in FLOOR if n in flights}
    if "path_x_m" in flights:
        of = flights["path_species"]
        pick = np.concatenate([np.flatnonzero(of == i)[:SHOWN] for i in np.unique(of)])
        curves |= {f"path_{n}": (("path", "sample"), flights[f"path_{n}"][pick]) for n in ("x_m", "y_m", "z_m", "time_s")}
        curves["path_species"] = ("path", of[pick])
    return curves


def view_of(result: Result) -> CellView:
    """The paths as they are drawn."""
    curves = result.curves
    arrays = {str(n): v.values for n, v in curves.items() if str(n).startswith("path_") or n in FLOOR}
    meta = {n: curves[n].values.item() for n in TOLD}
    return turned(cell_view(arrays, meta), float(curves["exaggeration"]))


@rotation.plot
def draw(result: Result, ax: Axes) -> None:
    """Paths on the section and in perspective."""
    draw_both(view_of(result), ax)


@rotation.movie
def moving(result: Result) -> Movie:
    """Ions on their way, both species on one clock, with trails."""
    return film(view_of(result))


@rotation.demo
def demo(rng: np.random.Generator) -> Demo:
    """Ions that turn by normal amounts about known means, against each other, on drawn-out spirals."""
    count, gap, radius = 60, 50e-6, 25e-6
    mean = {"Li": rng.uniform(0.2, 1.0), "TFSI": -rng.uniform(0.2, 1.0)}
    species = np.repeat([0, 1], count).astype(np.int8)
    winding = np.array(list(mean.values()))[species] + 0.2 * rng.standard_normal(2 * count)
    way = np.linspace(0, 1, 50)
    start = np.where(species == 0, gap, 0.0)
    r, phi = radius * np.sqrt(rng.random(2 * count)), 2 * np.pi * rng.random(2 * count)
    angle = phi[:, None] + 2 * np.pi * winding[:, None] * way
    x, y = r[:, None] * np.cos(angle), r[:, None] * np.sin(angle)
    z = start[:, None] + (gap - 2 * start[:, None]) * way
    time_s = np.where(species == 0, 1e-7, 4e-7)
    arrays = {
        "species": species,
        **{f"start_{n}_m": v[:, 0] for n, v in (("x", x), ("y", y), ("z", z))},
        **{f"end_{n}_m": v[:, -1] for n, v in (("x", x), ("y", y), ("z", z))},
        "surface": np.where(species == 0, 2, 3).astype(np.int8),
        "time_of_flight_s": time_s,
        "winding": winding,
        **{n: np.zeros(2 * count) for n in ("path_length_m", "turns", "energy_error", "end_speed_m_s")},
    }
    kept = np.r_[0:4, count : count + 4]
    arrays |= {f"path_{n}_m": v[kept] for n, v in (("x", x), ("y", y), ("z", z))}
    arrays |= {"path_time_s": time_s[kept, None] * way, "path_species": species[kept]}
    meta = {"ions": "Li+, TFSI-", "gap_m": gap, "radius_m": radius, "boss_height_m": 10e-6, "boss_base_m": 3e-6}
    flights = Measurement.of(FLIGHTS, arrays, {**meta, "regime": "vacuum", "flux_density_T": 0.01}, name="demo")
    return Demo((flights,), {f"rotation_{n}": v for n, v in mean.items()})
