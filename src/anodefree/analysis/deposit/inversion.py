"""Runs of a simulation, their emulator, and on a grid the posterior of sites and film given measured porosities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.deposit_points import CONDITIONS
from anodefree.numerics.emulator import WEIGHTS, Emulator, Forecast, fit_emulator, in_hull, to_share

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Unknown:
    """A condition that is sought: how its estimate is called, its unit, its words, and whether its logarithm is even."""

    estimate: str
    unit: str
    words: str
    logarithmic: bool


UNKNOWNS: Final = {
    "site_spacing_m": Unknown("site_spacing", "m", "mean distance of active sites", True),
    "film_spread": Unknown("film_spread", "1", "std of the logarithm of the film's resistance", False),
    "film_ohm_m2": Unknown("film_resistance", "ohm m2", "mean resistance of the film", True),
}
KNOWN: Final = ("current_density_A_m2", "capacity_C_m2", "j0_A_m2")
NODES_ALONG: Final = {1: (161,), 2: (49, 49), 3: (29, 29, 11)}
DRAWS: Final = 4000
"""Of one more section, for its interval."""

By = Annotated[
    Literal["layer", "thickness", "volume", "tip"],
    Par("which porosity of the runs is the measured one; layer: 1 - d_t over the height where lithium stands"),
]
Measured = Annotated[tuple[Uncertain, ...], Par("measured porosities of one collector, value ± std")]
Currents = Annotated[tuple[float, ...], Par("current density at each", gt=0)]
Capacities = Annotated[tuple[float, ...], Par("plated charge at each", gt=0)]
Exchange = Annotated[float, Par("exchange current density on this collector", gt=0)]
Inadequacy = Annotated[
    float,
    Par(
        "standard deviation by which the model itself may miss a porosity",
        ge=0,
        lt=0.5,
        source="cells of 0.3 um miss a porosity by up to 5 % against half of that; two dimensions and the film law are on top",
        assumed=True,
    ),
]


@dataclass(frozen=True)
class Section:
    """A measured porosity and what it was plated under."""

    current_A_m2: float
    capacity_C_m2: float
    porosity: Uncertain


def sections_of(
    porosity: tuple[Uncertain, ...], current_A_m2: tuple[float, ...], capacity_C_m2: tuple[float, ...]
) -> list[Section]:
    """The measured sections.

    Raises
    ------
    ConfigError: lists of different length, none, a porosity outside 0..1 or without a standard deviation.
    """
    if not porosity or not len(porosity) == len(current_A_m2) == len(capacity_C_m2):
        counts = f"{len(porosity)} porosities, {len(current_A_m2)} currents, {len(capacity_C_m2)} capacities"
        raise ConfigError(counts, "porosity", "one current and one capacity for each measured porosity")
    for p in porosity:
        if not 0 <= p.value < 1:
            raise ConfigError(f"a porosity of {p.value:g}", "porosity", "0 to 1, or a percentage with its sign")
        if p.std <= 0:
            raise ConfigError("a measured porosity without a standard deviation", "porosity", "'13.1 ± 3.5 %'")
    return [Section(i, q, p) for i, q, p in zip(current_A_m2, capacity_C_m2, porosity, strict=True)]


@dataclass(frozen=True)
class Runs:
    """The runs that count: inputs (run, unknowns then knowns), logarithms where even, and what was left out."""

    inputs: Floats
    porosity: Floats
    logarithmic: tuple[bool, ...]
    checks: tuple[Check, ...]

    def known(self, current_A_m2: float, capacity_C_m2: float, j0_A_m2: float) -> Floats:
        """The known part of an input."""
        return np.log([current_A_m2, capacity_C_m2, j0_A_m2])

    def reach(self, known: Floats) -> bool:
        """Whether runs surround these known conditions."""
        return in_hull(self.inputs[:, len(UNKNOWNS) :], known)


def runs_of(points: Measurement, by: str) -> Runs:
    """Complete runs with sites at a finite distance.

    Raises
    ------
    DataError: a condition that the runs do not state, or too few of them.
    """
    wanted = [*UNKNOWNS, *KNOWN, f"porosity_{by}"]
    missing = [n for n in wanted if n not in points]
    if missing:
        raise DataError(f"the runs do not state {', '.join(missing)}", points.source.name, "points of deposit.grow state all")
    good = (points["complete"] > 0.5) & (points["site_spacing_m"] > 0)
    if good.sum() < 8:
        raise DataError(
            f"only {int(good.sum())} of {good.size} runs are complete and have sites at a distance",
            points.source.name,
            "a taller box, and more runs",
        )
    columns, logs = [], []
    for name in [*UNKNOWNS, *KNOWN]:
        values = points[name][good].astype(float)
        even = bool(name in KNOWN or UNKNOWNS[name].logarithmic) and bool((values > 0).all())
        columns.append(np.log(values) if even else values)
        logs.append(even)
    others = [n for n in CONDITIONS if n in points and n not in wanted and n != "replica"]
    differ = [n for n in others if np.unique(points[n][good]).size > 1]
    left = int((~good).sum())
    checks = (
        Check.that(
            "runs left out",
            left == 0,
            "every run is complete",
            f"{left} of {good.size} runs stopped early or have no distance of sites; tall deposits are then too few",
        ),
        Check.that(
            "other conditions",
            not differ,
            "the runs differ in nothing else",
            f"the runs also differ in {', '.join(differ)}, which is taken as of no consequence",
        ),
    )
    share = points[f"porosity_{by}"][good].astype(float)
    return Runs(np.column_stack(columns), share, tuple(logs), checks)


@dataclass(frozen=True)
class Grid:
    """The unknowns that vary, at even steps (of the logarithm) over the range of the runs; the prior is even there."""

    names: tuple[str, ...]
    axes: tuple[Floats, ...]
    inputs: Floats
    """(place, unknown), those that do not vary included."""
    prior: Floats

    @property
    def shape(self) -> tuple[int, ...]:
        """Places along each axis."""
        return tuple(a.size for a in self.axes)


def grid_of(runs: Runs) -> Grid:
    """The grid over the range of the runs.

    Raises
    ------
    DataError: nothing that is sought varies.
    """
    own = runs.inputs[:, : len(UNKNOWNS)]
    free = [k for k in range(own.shape[1]) if np.ptp(own[:, k]) > 1e-9]
    if not free:
        raise DataError("neither sites nor film vary over the runs", "points", "vary site_spacing_m and film_spread")
    axes = tuple(_middles(own[:, k], n) for k, n in zip(free, NODES_ALONG[len(free)], strict=True))
    mesh = np.meshgrid(*axes, indexing="ij")
    inputs = np.tile(own[0], (mesh[0].size, 1))
    for k, values in zip(free, mesh, strict=True):
        inputs[:, k] = values.reshape(-1)
    names = tuple(list(UNKNOWNS)[k] for k in free)
    return Grid(names, axes, inputs, np.full(len(inputs), 1 / len(inputs)))


def _middles(column: Floats, count: int) -> Floats:
    """Middles of equal intervals over the range of a column."""
    return np.asarray(column.min() + np.ptp(column) * (np.arange(count) + 0.5) / count)


@dataclass(frozen=True)
class Inversion:
    """Runs, emulator, grid, what is foretold on it for each measured section, and the posterior over its places."""

    runs: Runs
    emulator: Emulator
    grid: Grid
    j0_A_m2: float
    inadequacy: float
    sections: tuple[Section, ...]
    foretold: tuple[Forecast, ...]
    evidence: Floats
    """ln of the likelihood (section, place)."""

    @property
    def posterior(self) -> Floats:
        """Probability of each place."""
        return self.given(range(len(self.sections)))

    def given(self, which: range | list[int]) -> Floats:
        """Posterior of some of the sections only."""
        return posterior_of(self.grid.prior, self.evidence[list(which)].sum(axis=0))

    def forecast(self, current_A_m2: float, capacity_C_m2: float) -> Forecast:
        """What the emulator says on the whole grid for other conditions of the same collector."""
        known = self.runs.known(current_A_m2, capacity_C_m2, self.j0_A_m2)
        places = np.column_stack([self.grid.inputs, np.tile(known, (len(self.grid.inputs), 1))])
        return self.emulator.forecast(places)

    def drawn(self, forecast: Forecast, weights: Floats, rng: np.random.Generator) -> Floats:
        """Porosities of one more section: places by their weights, the emulator's doubt, scatter, and the model's own."""
        at = rng.choice(weights.size, DRAWS, p=weights)
        line = forecast.mean[at] + np.sqrt(forecast.variance[at]) * rng.standard_normal(DRAWS)
        return np.asarray(np.clip(to_share(line) + self.inadequacy * rng.standard_normal(DRAWS), 0.0, 0.995))

    def values(self, name: str) -> Floats:
        """An unknown at each place, in SI."""
        k = list(UNKNOWNS).index(name)
        column = self.grid.inputs[:, k]
        return np.asarray(np.exp(column) if self.runs.logarithmic[k] else column)


def posterior_of(prior: Floats, evidence: Floats) -> Floats:
    """Normalised product of a prior and exp(evidence)."""
    weight = prior * np.exp(evidence - evidence.max())
    return np.asarray(weight / weight.sum())


def log_likelihood(forecast: Forecast, porosity: float, std: float) -> Floats:
    """ln of the density of a measured porosity: one section of the simulation, seen with a normal error `std`."""
    off = (porosity - forecast.nodes()) / std
    return np.asarray(np.log(np.exp(-0.5 * off**2) @ WEIGHTS + 1e-300) - np.log(std * np.sqrt(2 * np.pi)))


def invert(points: Measurement, sections: list[Section], j0_A_m2: float, inadequacy: float, by: str) -> Inversion:
    """The posterior of the unknowns given the measured sections.

    Raises
    ------
    DataError: see `runs_of`, `grid_of`, `fit_emulator`; ConfigError: a measured section outside the reach of the runs.
    """
    runs = runs_of(points, by)
    for s in sections:
        if not runs.reach(runs.known(s.current_A_m2, s.capacity_C_m2, j0_A_m2)):
            raise ConfigError(
                f"no runs surround {s.current_A_m2:g} A/m2, {s.capacity_C_m2:g} C/m2, j0 {j0_A_m2:g} A/m2",
                "porosity",
                "runs at these conditions, or on either side",
            )
    bare = Inversion(runs, fit_emulator(runs.inputs, runs.porosity), grid_of(runs), j0_A_m2, inadequacy, (), (), np.empty(0))
    foretold = tuple(bare.forecast(s.current_A_m2, s.capacity_C_m2) for s in sections)
    evidence = np.array(
        [
            log_likelihood(f, s.porosity.value, float(np.hypot(s.porosity.std, inadequacy)))
            for f, s in zip(foretold, sections, strict=True)
        ]
    )
    return Inversion(runs, bare.emulator, bare.grid, j0_A_m2, inadequacy, tuple(sections), foretold, evidence)
