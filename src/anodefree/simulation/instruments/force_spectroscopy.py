"""A virtual atomic-force microscope in spectroscopy: moduli and adhesions as its lever records them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.kinds.force_curves import FORCE_CURVES, ForceCurves
from anodefree.physics.contact import dmt_balance_m, paraboloid_m, reduced
from anodefree.physics.force_curve import recorded
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 2**24
"""Points of all curves together."""


@stage("afm.force", version=1, cites=("dmt1975", "butt2005"))
def force(
    *,
    modulus_Pa: Annotated[tuple[float, ...], Par("Young's modulus at each place, row by row; one for all", gt=0)] = (5e9,),
    adhesion_N: Annotated[tuple[float, ...], Par("pull-off force at each place; one for all", ge=0)] = (1e-8,),
    columns: Annotated[int, Par("curves along a row", ge=1, le=1024)] = 4,
    rows: Annotated[int, Par("rows of the map", ge=1, le=1024)] = 4,
    spacing_m: Annotated[float, Par("distance of neighbouring curves", gt=0)] = 1e-7,
    modulus_spread: Annotated[
        float, Par("relative spread of the modulus from place to place", ge=0, le=2, source="SEI maps", assumed=True)
    ] = 0.2,
    poisson: Annotated[float, Par("Poisson's ratio of the sample", ge=0, le=0.5, source="usual", assumed=True)] = 0.3,
    tip_radius_m: Annotated[float, Par("stated radius of the tip", gt=0, source="silicon tip", assumed=True)] = 2e-8,
    spring_N_m: Annotated[float, Par("stated spring constant", gt=0, source="tapping lever", assumed=True)] = 40.0,
    sensitivity_m_V: Annotated[float, Par("stated sensitivity of the lever", gt=0, source="usual", assumed=True)] = 5e-8,
    tip_modulus_Pa: Annotated[float, Par("Young's modulus of the tip", gt=0, source="silicon", assumed=True)] = 1.69e11,
    tip_poisson: Annotated[float, Par("Poisson's ratio of the tip", ge=0, le=0.5, source="silicon", assumed=True)] = 0.27,
    load_N: Annotated[float, Par("force at which the lever turns back", gt=0, source="usual", assumed=True)] = 3e-7,
    travel_m: Annotated[float, Par("way that is recorded out of contact", gt=0, source="usual", assumed=True)] = 1e-7,
    points: Annotated[int, Par("points of each way", ge=32, le=65536)] = 512,
    noise_m: Annotated[float, Par("rms noise of the deflection", ge=0, source="thermal", assumed=True)] = 5e-11,
    virtual_deflection: Annotated[
        float, Par("standard deviation of the slope of the baseline", ge=0, source="mounting", assumed=True)
    ] = 1e-4,
    interference_m: Annotated[float, Par("amplitude of the laser's interference", ge=0, source="usual", assumed=True)] = 2e-11,
    drift_m: Annotated[float, Par("drift of the deflection between the ways", ge=0, source="usual", assumed=True)] = 5e-11,
    hysteresis_m: Annotated[float, Par("lag of the piezo on the way out", ge=0, source="piezo", assumed=True)] = 3e-9,
    spring_error: Annotated[
        float, Par("relative standard deviation of k", ge=0, lt=0.5, source="thermal tune", assumed=True)
    ] = 0.1,
    radius_error: Annotated[
        float, Par("relative standard deviation of R", ge=0, lt=0.5, source="tip check", assumed=True)
    ] = 0.2,
    sensitivity_error: Annotated[
        float, Par("relative standard deviation of the sensitivity", ge=0, lt=0.5, source="hard sample", assumed=True)
    ] = 0.03,
    rng: np.random.Generator,
) -> ForceCurves:
    """Force curves that a lever records on a sample of given modulus and adhesion, single or as a map.

    $k d = C\\delta^{3/2} - F_{adh}$, $\\delta = -z - d$, $C = \\tfrac43 E^*\\sqrt R$ in contact, which begins
    at z = 0 and ends at the pull-off. True k, R (log-normal) and sensitivity are drawn once a map and differ from the stated
    ones, as does the slope of the baseline; every point has white noise, every curve an interference and an offset, and the
    way out lags. *Valid when*
    the sample is elastic and Tabor's number is small, inertia and viscous forces are not felt. *Source* DMT (1975); Butt,
    Cappella and Kappl (2005) for the distortions. *Differs from the paper*, which shows maps of a modulus and no curve. Raises
    ConfigError: lists of another length than the map, or too many points.
    """
    count = columns * rows
    if count * points > MOST:
        raise ConfigError(f"{count} curves of {points} points are more than {MOST} points", "points", "make the map smaller")
    young, pull = (_for_each(values, count, name) for values, name in ((modulus_Pa, "modulus_Pa"), (adhesion_N, "adhesion_N")))
    k, radius = spring_N_m * math.exp(spring_error * rng.normal()), tip_radius_m * math.exp(radius_error * rng.normal())
    gain = max(1 + sensitivity_error * rng.normal(), 0.1)
    slope = virtual_deflection * rng.normal()
    young = young * np.exp(modulus_spread * rng.standard_normal(count))
    arrays = recorded(
        stiffness=paraboloid_m(radius) * reduced(young, poisson, tip_modulus_Pa, tip_poisson),
        power=1.5,
        pull_off_N=pull,
        spring_N_m=k,
        load_N=load_N,
        travel_m=travel_m,
        points=points,
        gain=gain,
        noise_m=noise_m,
        slope=slope,
        rng=rng,
        lag_m=hysteresis_m,
        drift_m=drift_m,
        wave_m=interference_m,
    )
    row, column = np.divmod(np.arange(count), columns)
    arrays |= {"x_m": (column + 0.5) * spacing_m, "y_m": (row + 0.5) * spacing_m}
    meta = {
        "spring_constant_N_m": spring_N_m,
        "sensitivity_m_V": sensitivity_m_V,
        "tip_radius_m": tip_radius_m,
        "force_unit_known": True,
        "instrument": "virtual force spectroscopy",
    }
    return Measurement.of(FORCE_CURVES, arrays, meta)


def _for_each(values: tuple[float, ...], count: int, name: str) -> np.ndarray:
    if len(values) not in (1, count):
        raise ConfigError(f"has {len(values)} values for {count} curves", name, f"give 1 or {count}")
    return np.array(np.broadcast_to(np.asarray(values, dtype=float), (count,)))


@force.plot
def draw(curves: Measurement, ax: Axes) -> None:
    """The first curve, there and back."""
    k = float(curves.meta["spring_constant_N_m"])
    for way, colour in (("approach", COLOURS[0]), ("retract", COLOURS[1])):
        z, d = curves[f"{way}_height_m"][0], curves[f"{way}_deflection_m"][0]
        ax.plot(1e9 * z, 1e9 * k * d, color=colour, lw=0.9, label=way)
    ax.set(xlabel="height / nm", ylabel="force / nN")
    ax.legend()


@force.demo
def demo(rng: np.random.Generator) -> Demo:
    """Without distortions the lever and the contact balance at every point, and the pull-off is the adhesion over k."""
    young, pull, points = float(rng.uniform(1e8, 1e10)), float(rng.uniform(1e-9, 2e-8)), 64
    c = float(paraboloid_m(2e-8) * reduced(young, 0.3, 1.69e11, 0.27))
    most = ((3e-7 + pull) / c) ** (2 / 3) + 3e-7 / 40.0
    z = np.linspace(1e-7, -most, points)
    truth = np.where(z < 0, -z - dmt_balance_m(-z, 40.0, c, 1.5, pull), 0.0)
    none = {n: 0.0 for n in ("modulus_spread", "noise_m", "virtual_deflection", "interference_m", "drift_m", "hysteresis_m")}
    none |= {n: 0.0 for n in ("spring_error", "radius_error", "sensitivity_error")}
    given = {"modulus_Pa": (young,), "adhesion_N": (pull,), "columns": 1, "rows": 1, "points": points}
    return Demo((), {"approach_deflection_m": truth[None], "approach_height_m": z[None]}, {**given, **none})
