"""How a rough surface gathers the current: the field above a height map, in three dimensions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError
from anodefree.kinds.topography import TOPOGRAPHY, Topography
from anodefree.numerics.box_potential import BoxPotential
from anodefree.numerics.height_map import HeightMap
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
STEEP: Final = 3.0


@stage("ions.rough_field", version=1, cites=("deville2002", "lynch1964", "newman2004"))
def rough_field(
    surface: Topography,
    *,
    gap_m: Annotated[
        float, Par("gap from the surface's mean height to the upper electrode", gt=0, source="not stated", assumed=True)
    ] = 50e-6,
    order: Annotated[int, Par("order of the elements", ge=2, le=12)] = 6,
    elements: Annotated[int, Par("elements along each side of the map", ge=1, le=128)] = 20,
    context: Context,
) -> Result:
    """How a rough surface gathers the primary current: enhancement of the current density over a mapped patch.

    $\\nabla \\cdot \\nabla\\varphi = 0$ between the surface and a flat electrode above it, each at one potential; sides repeat
    or insulate, as the map says. The liquid is mapped from a box, $z = h + \\zeta (L - h)$, and solved by spectral elements
    of the order p, graded towards the surface. The enhancement is the current density on the true surface over the mean one
    (current over projected area): `enhancement_max` its largest value, `enhancement_rms` the rms of its difference from 1
    over the projected area, for a small ripple $ka \\coth(kL)/\\sqrt2$; `conductance_factor` the current over that of a flat
    surface at the mean height; `area_factor` the true area over the projected. Standard deviations hold the change from
    elements of one order less and the calibration of the heights (metadata `calibration`).
    *Valid when* the surface has one height above each point, kinetics cost nothing against the ohmic drop over the roughness
    (which at micrometres they do: the true current is more even) and the map is finer than the features that matter.
    *Source* Deville, Fischer and Mund (2002), chapters 2 and 4; Lynch, Rice and Thomas (1964). *Differs from the paper*, whose
    surface is flat but for one protrusion. Raises DataError: an uneven grid; ConfigError: the surface reaches the upper
    electrode; NumericalError: it is too steep.
    """
    measured = HeightMap.of(surface)
    peak, calibration = float(measured.height_m.max()), float(surface.meta.get("calibration") or 0.0)
    if peak * (1 + calibration) >= 0.9 * gap_m:
        raise ConfigError(
            f"the surface rises {1e6 * peak:.3g} um above its mean, the gap is {1e6 * gap_m:.3g} um",
            "gap_m",
            "widen the gap to more than 1.1 times the highest point",
        )
    shape = measured.scaled(1 / gap_m)
    context.progress(0.05, "spectral elements")
    found = _Field(shape.solved(order, elements))
    context.progress(0.5, "one order less")
    coarse = _Field(shape.solved(order - 1, elements)).numbers
    raised = _Field(shape.stretched(calibration).solved(order, elements)).numbers if calibration else found.numbers
    spread = {n: math.hypot(coarse[n] - v, raised[n] - v) for n, v in found.numbers.items()}
    labels = {
        "enhancement_max": "largest current density over the mean one",
        "enhancement_rms": "rms of its difference from 1",
        "conductance_factor": "current over that of a flat surface",
        "area_factor": "true area over projected area",
    }
    estimates = {n: Estimate(found.numbers[n], spread[n], "1", label) for n, label in labels.items()}
    change = abs(coarse["enhancement_max"] / found.numbers["enhancement_max"] - 1)
    checks = [
        Check.that(
            "resolution",
            change < 0.02,
            "elements of one order less give the same",
            f"elements of one order less change the largest value by {change:.1%}: take more elements, or a higher order",
        ),
        Check.that(
            "slope",
            found.numbers["slope"] < STEEP,
            "the surface is nowhere steep",
            f"slopes reach {found.numbers['slope']:.1f}: a height map hides overhangs, and so their field",
        ),
        Check.that(
            "flux",
            abs(found.numbers["balance"]) < 1e-3,
            "what enters above leaves below",
            f"the current on the surface differs from that through the gap by {found.numbers['balance']:.1%}: refine",
        ),
    ]
    curves = {
        "enhancement": (("y", "x"), found.enhancement.T),
        "enhancement_x_m": ("x", surface["x_m"][0] + gap_m * (found.x - found.x[0])),
        "enhancement_y_m": ("y", surface["y_m"][0] + gap_m * (found.y - found.y[0])),
    }
    return Result.of(estimates, curves, checks)


class _Field:
    """What the potential says about the current on the surface."""

    def __init__(self, solved: BoxPotential) -> None:
        box = solved.box
        field, area = solved.wall
        flat = box.x.weights[:, None] * box.y.weights
        projected = float(flat.sum())
        mean = solved.current / projected
        _, hx, hy = box.surface(box.x.points, box.y.points)
        self.x, self.y = box.x.points, box.y.points
        self.enhancement = field / mean
        self.numbers = {
            "enhancement_max": float(self.enhancement.max()),
            "enhancement_rms": float(np.sqrt(np.sum(flat * (self.enhancement - 1) ** 2) / projected)),
            "conductance_factor": mean,
            "area_factor": float(area.sum()) / projected,
            "slope": float(np.hypot(hx, hy).max()),
            "balance": float(np.sum(field * area)) / solved.current - 1,
        }


@rough_field.plot
def draw(result: Result, ax: Axes) -> None:
    """The current density over its mean."""
    x, y = (1e6 * result.curves[f"enhancement_{n}_m"].values for n in "xy")
    even = [np.linspace(v[0], v[-1], 2 * len(v)) for v in (y, x)]
    near = [np.searchsorted(0.5 * (v[1:] + v[:-1]), e) for v, e in zip((y, x), even, strict=True)]
    shown = ax.imshow(
        result.curves["enhancement"].values[np.ix_(*near)],
        origin="lower",
        extent=(x[0], x[-1], y[0], y[-1]),
        cmap="magma",
        interpolation="nearest",
    )
    ax.figure.colorbar(shown, ax=ax, label="current density / mean", shrink=0.85)
    ax.set_xlabel("x / µm")
    ax.set_ylabel("y / µm")


@rough_field.demo
def demo(rng: np.random.Generator) -> Demo:
    """A low ripple, mapped by a microscope whose heights are known to 2 %: the closed form of first order."""
    points, side, waves, calibration = 24, rng.uniform(1e-5, 5e-5), int(rng.integers(1, 3)), 0.02
    k, gap = 2 * np.pi * waves / side, rng.uniform(1e-5, 5e-5)
    x = np.arange(points) * side / points
    true = rng.uniform(0.002, 0.01) / k
    height = np.tile(true * (1 + calibration * rng.standard_normal()) * np.cos(k * x), (points, 1))
    arrays = {"x_m": x, "y_m": x, "height_m": height}
    surface = Measurement.of(TOPOGRAPHY, arrays, {"periodic": True, "calibration": calibration}, name="demo")
    truth = {"enhancement_rms": k * true / math.tanh(k * gap) / math.sqrt(2)}
    return Demo((surface,), truth, {"gap_m": gap, "order": 4, "elements": 6})
