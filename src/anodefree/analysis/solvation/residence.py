"""How long a partner stays with an ion, from the persistence of their contact, with a bound where the run is too short."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.solvation.frames import contacts_of, radial
from anodefree.analysis.solvation.selection import Centre, Partner, atoms_of
from anodefree.analysis.solvation.synthetic import BOX_A, CONTACT_A, FAR_A, built
from anodefree.core.figure import COLOURS, SOFT
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.trajectory import Trajectory
from anodefree.numerics.correlated import std_of_mean_of_few
from anodefree.numerics.displacement import persistence
from anodefree.numerics.radial import first_shell
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST = 50
BLOCKS = 5
HIGH, LOW = 0.95, 0.15
"""The part of the persistence that is fitted."""


@stage("solvation.residence", version=1, cites=("impey1983", "allen2017"))
def residence(
    trajectory: Trajectory,
    *,
    centre: Centre = "Li",
    partner: Partner = "TFSI",
    element: Annotated[str | None, Par("element of the partner that touches; none: all its atoms")] = "O",
    cutoff_m: Annotated[float | None, Par("end of the first shell (none: the first minimum of g)", gt=0)] = None,
) -> Result:
    r"""Residence time of a partner at an ion: $C(t) = \langle h(0)h(t)\rangle/\langle h\rangle$ of pairs that touch or not.

    Short breaks count for nothing (intermittent definition). `residence_time` [s] is τ of exp(-t/τ) fitted to C from 0.95 to
    0.15 after the background <h> of a partner that comes back by chance is taken off; its std is that of the mean of five
    groups of ions, widened for few. Where C does not fall to 0.6 within half of the run the value is an extrapolation,
    and a check fails: longer than the run, nothing can be said but a bound.
    *Valid when* the exchange is one process. *Source* Impey et al. 1983, with the intermittent in place of the continuous
    definition; Allen and Tildesley 2017.

    Raises
    ------
    ConfigError: no such species. DataError: fewer than fifty frames, no contact, or no first minimum.
    """
    where = trajectory.source.name
    time = trajectory["time_s"]
    if len(time) < FEWEST:
        raise DataError(f"has {len(time)} frames", where, f"{FEWEST} at least are needed")
    centres, partners = atoms_of(trajectory, centre), atoms_of(trajectory, partner, element)
    end = cutoff_m
    if end is None:
        counted = radial(trajectory, centres, partners, min(6e-10, float(trajectory["box_m"].min()) / 2), 300)
        end = first_shell(counted.middle_m, counted.distribution(), 1e-11).minimum_m
        if not math.isfinite(end):
            raise DataError("g has no first minimum", where, "give cutoff_m")
    pairs = contacts_of(trajectory, centres, partners, end)[1]
    step = float(time[1] - time[0])
    of = {int(m): k for k, m in enumerate(np.unique(trajectory["molecule"][centres]))}
    table, owner = _table(pairs, len(time), of)
    if not table.size:
        raise DataError(f"no {partner} ever touches {centre}", where, "is the cut-off right?")
    background = len(np.unique(trajectory["molecule"][partners]))
    whole = _without_chance(persistence(table), table, background, len(of))
    tau = _time(whole, step)
    groups = [table[:, owner % BLOCKS == g] for g in range(BLOCKS)]
    each = np.array([_time(_without_chance(persistence(t), t, background, len(of) / BLOCKS), step) for t in groups if t.size])
    std = std_of_mean_of_few(each)
    half = len(time) // 2
    fallen = float(whole[:half].min())
    return Result.of(
        {
            "residence_time": Estimate(tau, std, "s", f"residence of {partner} at {centre}", "ps"),
            "contacts": Estimate(float(table.sum(axis=1).mean()) / len(of), 0.0, "1", f"{partner} at {centre}"),
        },
        {
            "lag_s": ("lag", step * np.arange(half)),
            "persistence": ("lag", whole[:half]),
            "fit": ("lag", np.exp(-step * np.arange(half) / tau)),
        },
        [
            Check.that(
                "length",
                fallen < 0.6,
                "the run is long enough to see partners leave",
                f"after half of the run {100 * fallen:.0f} % are still there: the time is an extrapolation and a bound",
                otherwise="fail",
            )
        ],
    )


def _table(pairs: list[np.ndarray], frames: int, of: dict[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Whether each pair that ever touches does so in each frame (frame, pair), and the number of its centre (pair,)."""
    known = np.unique(np.concatenate([*pairs, np.empty((0, 2), np.int64)]), axis=0)
    table = np.zeros((frames, len(known)), dtype=bool)
    key = known[:, 0] * (known.max(initial=0) + 1) + known[:, 1]
    for k, found in enumerate(pairs):
        if len(found):
            table[k, np.searchsorted(key, found[:, 0] * (known.max() + 1) + found[:, 1])] = True
    return table, np.array([of[int(c)] for c in known[:, 0]], dtype=int)


def _without_chance(c: np.ndarray, table: np.ndarray, partners: int, centres: float) -> np.ndarray:
    """C with what random encounters keep at long times taken off."""
    chance = float(table.sum(axis=1).mean()) / (partners * centres)
    return (c - chance) / (1 - chance)


def _time(c: np.ndarray, step: float) -> float:
    """τ of an exponential through (0, 1), fitted to ln C where C is in the range; else from the last half of what there is."""
    half = c[: len(c) // 2]
    inside = np.flatnonzero((half < HIGH) & (half > LOW))
    below = np.flatnonzero(half <= LOW)
    inside = inside[inside < below[0]] if below.size else inside
    inside = inside if inside.size else np.array([len(half) - 1])
    t = step * inside
    value = np.log(np.clip(half[inside], 1e-6, 1 - 1e-9))
    return float(-(t @ t) / (t @ value)) if t @ t > 0 else step


@residence.plot
def draw(result: Result, ax: Axes) -> None:
    """Persistence and the exponential."""
    lag = 1e12 * result.curves["lag_s"].values
    ax.plot(lag, result.curves["persistence"].values, color=COLOURS[0], label="persistence of contacts")
    found = result.estimates["residence_time"]
    ax.plot(lag, result.curves["fit"].values, color=SOFT, linestyle="--", label=f"exponential, {found}")
    ax.set(xlabel="time / ps", ylabel="C(t)", ylim=(-0.05, 1.05))
    ax.legend()


@residence.demo
def demo(rng: np.random.Generator) -> Demo:
    """Ions whose one partner leaves at random, at a known rate, and is followed by another one at once."""
    tau, step, frames, ions, anions = float(rng.uniform(8, 16)), 1.0, 140, 30, 200
    side = int(np.ceil(ions ** (1 / 3)))
    grid = (np.indices((side,) * 3).reshape(3, -1).T[:ions] + 0.5) * BOX_A / side
    partner = rng.permutation(anions)[:ions]
    place = np.empty((frames, ions + anions, 3))
    spare = np.setdiff1d(np.arange(anions), partner)
    for k in range(frames):
        leaves = np.flatnonzero(rng.random(ions) < 1 - np.exp(-step / tau))
        chosen = rng.permutation(len(spare))[: len(leaves)]
        partner[leaves], spare[chosen] = spare[chosen], partner[leaves]
        far = grid[rng.integers(ions, size=anions)] + np.array([FAR_A + 1.0, FAR_A + 1.0, 0.0])
        place[k, :ions] = grid
        place[k, ions:] = far
        place[k, ions + partner] = grid + np.array([CONTACT_A, 0.0, 0.0])
    names = ["Li"] * ions + ["TFSI"] * anions
    found = built(place, names, ["Li"] * ions + ["O"] * anions, np.arange(ions + anions))
    return Demo((found,), {"residence_time": tau * 1e-12}, {"cutoff_m": 3e-10})
