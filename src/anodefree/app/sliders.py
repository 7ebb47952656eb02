"""Sliders: what stored runs say at a place between them, with their spread; what they do not say can be queued."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from anodefree.core.keys import canonical
from anodefree.core.measurement import Measurement
from anodefree.core.result import Result
from anodefree.core.uncertain import Uncertain
from anodefree.core.units import unit_of
from anodefree.errors import ConfigError
from anodefree.study.graph import Node, Outcome
from anodefree.study.written import WrittenStep, study_text

CLOSED_FORM: Final = ("ions.regime", "kinetics.overpotential", "inventory.retention", "pouch.energy")


@dataclass(frozen=True)
class Slider:
    """One parameter of one stage, what is shown of it, and what has to be said beside it."""

    name: str
    title: str
    stage: str
    parameter: str
    shows: str
    """An estimate of the stage, or an array of its measurement (whose std is then `std`)."""
    says: str
    low: float
    high: float
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """What a first point is computed with, where none is stored. In the units of a study file."""
    source: str = ""
    """The stage whose run the parameter belongs to, where it is not `stage` itself."""
    std: str = ""

    @property
    def cheap(self) -> bool:
        """Whether its stage is a closed form, which a job has done at once."""
        return self.stage in CLOSED_FORM


SLIDERS: Final = (
    Slider(
        *("thickness", "Nickel thickness: rms flux density 1 µm above the film", "magnet.film", "thickness_m", "B_rms"),
        "A model of the film's own field, alternating with the domains. The paper's 5 to 15 mT are not its mean: above an even "
        "film of one domain there is no field.",
        *(0.1e-6, 3e-6),
        {"tilt_rad": "90 deg", "domain_width_m": "1 um", "draws": 2, "grid": 128},
    ),
    Slider(
        *("flux-density", "Flux density: the Hall parameter of an ion", "ions.regime", "flux_density_T", "hall_parameter"),
        "A helix needs about 1. Physics contradicts an effect on the ion's path and, through it, on the sheath: at millitesla "
        "the Hall parameter is some ten orders of magnitude too small. No number is handed on from here.",
        *(1e-3, 1.0),
    ),
    Slider(
        *("exchange-current", "Exchange current density: overpotential", "kinetics.overpotential", "j0_A_m2", "overpotential"),
        "Butler-Volmer alone, without film and depletion: a lower bound of what a cell shows.",
        *(0.5, 50.0),
        {"current_density_A_m2": "2 mA/cm2"},
    ),
    Slider(
        *("site-spacing", "Distance of nuclei: porosity of the deposit", "deposit.point", "site_spacing_m", "porosity_volume"),
        "A phase-field model. The paper states no nucleation density: which distance belongs to which collector is open. "
        "A new point grows a deposit, which takes a minute or more.",
        *(2.5e-6, 20e-6),
        {
            **{"collector": "Ni", "cells": 200, "height_m": "12.5 um", "frames": 4, "j0_A_m2": "0.40 mA/cm2"},
            **{"film_ohm_m2": "171 ohm cm2", "current_density_A_m2": "0.1 mA/cm2", "capacity_C_m2": "0.15 mAh/cm2"},
        },
        "deposit.grow",
        "porosity_volume_std",
    ),
    Slider(
        *("efficiency", "Coulombic efficiency: cycles to 80 %", "inventory.retention", "efficiency", "cycles_to_80"),
        "The balance of lithium alone: a constant efficiency, and nothing else that ages.",
        *(0.98, 0.9999),
        {"cycle": 100, "excess": 0.0},
    ),
    Slider(
        *("loading", "Cathode loading: energy density of the pouch cell", "pouch.energy", "loading_kg_m2", "energy_density"),
        "A mass breakdown with the paper's stated inputs and assumed ones; its std is theirs.",
        *(0.1, 0.3),
    ),
)


@dataclass(frozen=True)
class Point:
    """One stored run: the parameter's value, what came out, and the node behind it."""

    x: float
    y: float
    std: float
    node: str


@dataclass(frozen=True)
class Series:
    """Stored runs that differ in the slider's parameter only, in its order."""

    slider: Slider
    points: tuple[Point, ...]
    unit: str

    @property
    def range(self) -> tuple[float, float]:
        """Between which places it says something."""
        return self.points[0].x, self.points[-1].x


@dataclass(frozen=True)
class Read:
    """What a series says at a place: stored as it stands, or interpolated between two stored points."""

    x: float
    y: float
    std: float
    interpolated: bool
    behind: tuple[Point, ...]


def series(slider: Slider, outcomes: Sequence[Outcome]) -> list[Series]:
    """Every series of a slider in what is stored, the longest first. Equal runs under two names count once."""
    known = {o.node.id: o.node for o in outcomes}
    groups: dict[str, dict[float, Point]] = {}
    unit = ""
    for outcome in outcomes:
        if outcome.node.stage != slider.stage or outcome.output is None or outcome.state == "stale":
            continue
        found = _conditions(slider, outcome.node, known)
        value = _value(slider, outcome)
        if found is None or value is None:
            continue
        (x, rest), (y, std, unit) = found, value
        groups.setdefault(rest, {}).setdefault(x, Point(x, y, std, outcome.node.id))
    made = [Series(slider, tuple(sorted(g.values(), key=lambda p: p.x)), unit) for g in groups.values()]
    return sorted(made, key=lambda s: -len(s.points))


def read(found: Series, x: float) -> Read:
    """The value at a place.

    Exact at a stored point. Between two it is a monotone cubic (Fritsch and Carlson's condition, SciPy's PCHIP) over the
    logarithm of the parameter; its std is that of the two points, interpolated, and the distance of the cubic from the straight
    line, which is what two honest interpolations differ by.

    Raises
    ------
    ConfigError: the place lies outside what is stored. Nothing is extrapolated.
    """
    low, high = found.range
    for point in found.points:
        if math.isclose(point.x, x, rel_tol=1e-9):
            return Read(x, point.y, point.std, interpolated=False, behind=(point,))
    if not math.isfinite(x) or not low < x < high:
        span = f"{low:g} to {high:g}" if low < high else f"{low:g} only"
        raise ConfigError(
            f"nothing is stored at {found.slider.parameter} = {x:g}", found.slider.title, f"stored: {span}; compute this place"
        )
    from scipy.interpolate import PchipInterpolator

    at = np.log([p.x for p in found.points])
    values = np.array([p.y for p in found.points])
    place = math.log(x)
    curve = float(PchipInterpolator(at, values)(place))
    line = float(np.interp(place, at, values))
    carried = float(np.interp(place, at, [p.std for p in found.points]))
    right = int(np.searchsorted(at, place))
    return Read(x, curve, math.hypot(carried, curve - line), interpolated=True, behind=found.points[right - 1 : right + 1])


def study_for(slider: Slider, values: Iterable[float], like: Node | None = None, grown: Node | None = None) -> str:
    """A small study (TOML) that computes the slider's stage at these places, under the conditions of a stored run.

    `like` is a stored run of the slider's stage; `grown` the run it reads, where the parameter belongs to that one.

    Raises
    ------
    ConfigError: a place is outside the slider's range.
    """
    places = sorted(set(values))
    if not places or not all(slider.low <= v <= slider.high for v in places):
        raise ConfigError(
            f"{slider.parameter} goes from {slider.low:g} to {slider.high:g}", slider.title, "choose a place within"
        )
    owner = grown if slider.source else like
    given = _given(owner, slider.parameter) if owner is not None else dict(slider.defaults)
    swept = {slider.parameter: _as_certain(places, owner, slider.parameter)}
    steps = [WrittenStep(slider.name, slider.source or slider.stage, (), given, sweep=swept)]
    if slider.source:
        own = _given(like, "") if like is not None else {"envelope_width_m": "20 um"}
        steps.append(WrittenStep(f"{slider.name}-read", slider.stage, [slider.name], own))
    return study_text("Slider: " + slider.title, steps)


def _conditions(slider: Slider, node: Node, known: Mapping[str, Node]) -> tuple[float, str] | None:
    """The parameter's value, and everything else as one text; None where it is not a plain number."""
    chain = [node]
    while slider.source and chain[-1].stage != slider.source:
        if len(chain[-1].inputs) != 1 or chain[-1].inputs[0] not in known:
            return None
        chain.append(known[chain[-1].inputs[0]])
    owner = chain[-1]
    if slider.parameter in owner.fed or (not slider.source and owner.inputs):
        return None
    given = owner.parameters.get(slider.parameter)
    x = given.value if isinstance(given, Uncertain) else given
    if isinstance(x, bool) or not isinstance(x, (int, float)) or not x > 0:
        return None
    rest = [{k: v for k, v in n.parameters.items() if n is not owner or k != slider.parameter} for n in chain]
    fed = [{k: [f.node, f.estimate] for k, f in n.fed.items()} for n in chain]
    return float(x), canonical([rest, fed])


def _value(slider: Slider, outcome: Outcome) -> tuple[float, float, str] | None:
    output = outcome.output
    if isinstance(output, Result):
        estimate = output.estimates.get(slider.shows)
        if estimate is None:
            return None
        y, std, unit = estimate.value, estimate.std, estimate.unit
    elif isinstance(output, Measurement) and slider.shows in output.data:
        y = float(np.ravel(output[slider.shows])[0])
        std = float(np.ravel(output[slider.std])[0]) if slider.std in output.data else math.nan
        unit = unit_of(slider.shows)
    else:
        return None
    return (float(y), float(std), unit) if math.isfinite(y) else None


def _as_certain(places: Sequence[float], node: Node | None, parameter: str) -> list[float | str]:
    """The places, each as well known, in relative terms, as a stored run's parameter: else their stds would not join."""
    given = node.parameters.get(parameter) if node is not None else None
    if not isinstance(given, Uncertain) or given.std == 0:
        return list(places)
    return [f"{v!r} ± {v * given.std / given.value!r}" for v in places]


def _given(node: Node, but: str) -> dict[str, Any]:
    """A run's parameters as a study file gives them; what is fed by another run is left to its default."""
    kept = {k: v for k, v in node.parameters.items() if k != but and v is not None and k not in node.fed}
    return {k: f"{v.value!r} ± {v.std!r}" if isinstance(v, Uncertain) else v for k, v in kept.items()}
