"""Radial distribution function and coordination number of an ion, with an interval that knows how frames follow each other."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.solvation.frame_means import drift_check, mean_of
from anodefree.analysis.solvation.frames import contacts_of, radial
from anodefree.analysis.solvation.selection import Centre, Partner, atoms_of
from anodefree.analysis.solvation.synthetic import shells
from anodefree.core.figure import COLOURS, INK, SOFT
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.trajectory import Trajectory
from anodefree.numerics.correlated import std_of_mean_of_few
from anodefree.numerics.radial import Radial, Shell, first_shell
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLOCKS = 5
FEWEST = 2 * BLOCKS


@stage("solvation.coordination", version=1, cites=("chen2026", "newey1987", "allen2017"))
def coordination(
    trajectory: Trajectory,
    *,
    centre: Centre = "Li",
    partner: Partner = "TFSI",
    element: Annotated[str | None, Par("element of the partner that is counted; none: all its atoms")] = "O",
    cutoff_m: Annotated[float | None, Par("end of the first shell (none: the first minimum of g)", gt=0)] = None,
    r_max_m: Annotated[float, Par("largest distance", gt=0, le=5e-9)] = 8e-10,
    bins: Annotated[int, Par("bins of g(r)", ge=20, le=20_000)] = 400,
    smoothing_m: Annotated[float, Par("standard deviation of the Gaussian that smooths g for its minimum", gt=0)] = 1e-11,
    skip: Annotated[float, Par("part of the frames at the start that is left out", ge=0, lt=1)] = 0.0,
) -> Result:
    """Radial distribution function and coordination number of an ion, by atom and by molecule.

    g(r) = <counts>/(N_pairs/V Δv), pairs of unlike molecules, the nearest image of each. `r_peak`, `r_min` [m]: first peak and
    first minimum of g smoothed by `smoothing_m`. `CN` is the mean number of partner atoms nearer than r_min (or `cutoff_m`)
    about one centre, `CN_molecules` that of the molecules they belong to: they differ where an anion holds on with two
    oxygens. The std holds the correlation of successive frames (Newey and West) and the uncertainty of r_min, from five blocks
    of the run, times 4πr²ρg. **It is that of this one run**: what the start of the run has fixed, it cannot know. Runs from
    other seeds scatter two to three times wider where partners stay for as long as the run lasts, which a check estimates.
    *Valid when* the run is in equilibrium, and longer than a partner stays. *Source* Allen and Tildesley 2017, section 2.6;
    Newey and West 1987. The paper gives one number for each of two runs, without a cut-off, a length or an error.

    Raises
    ------
    ConfigError: no such species or element, or distances beyond half the box. DataError: fewer than ten frames, or no first
    minimum where no cut-off is given.
    """
    centres, partners = atoms_of(trajectory, centre), atoms_of(trajectory, partner, element)
    used = trajectory if skip == 0 else _later(trajectory, skip)
    frames = len(used["time_s"])
    where = trajectory.source.name
    if frames < FEWEST:
        raise DataError(f"{frames} frames are left", where, f"{FEWEST} at least are needed: keep more of them")
    if cutoff_m is not None and cutoff_m > r_max_m:
        raise ConfigError("lies beyond r_max_m", "cutoff_m", "raise r_max_m")
    counted = radial(used, centres, partners, r_max_m, bins)
    g = counted.distribution()
    shell = first_shell(counted.middle_m, g, smoothing_m)
    blocks = [first_shell(counted.middle_m, counted.distribution(b), smoothing_m) for b in _blocks(frames)]
    if cutoff_m is None and not math.isfinite(shell.minimum_m):
        raise DataError(
            f"g({centre}-{element or partner}) has no first minimum to {1e10 * r_max_m:.3g} Å", where, "give cutoff_m"
        )
    end = shell.minimum_m if cutoff_m is None else cutoff_m
    end_std = _spread(blocks, "minimum_m") if cutoff_m is None else 0.0
    count, pairs = contacts_of(used, centres, partners, end)
    by_frame = count.mean(axis=1)
    by_molecule = np.array([len(np.unique(p, axis=0)) for p in pairs]) / len(centres)
    rise = float(np.interp(end, counted.middle_m, g)) * 4 * math.pi * end**2 * len(partners) / counted.volume_m3.mean()
    beside = rise * end_std if math.isfinite(end_std) else 0.0
    estimates = {
        "CN": mean_of(by_frame, f"{element or 'atoms'} of {partner} about {centre}", beside=beside),
        "CN_molecules": mean_of(by_molecule, f"{partner} about {centre}", beside=beside),
        "r_peak": Estimate(shell.peak_m, _spread(blocks, "peak_m"), "m", "first peak of g", "angstrom"),
        "g_peak": Estimate(shell.height, _spread(blocks, "height"), "1", "height of the first peak"),
    }
    if math.isfinite(shell.minimum_m):
        estimates["r_min"] = Estimate(shell.minimum_m, _spread(blocks, "minimum_m"), "m", "first minimum of g", "angstrom")
    kept = _memory(count)
    numbers, share = np.unique(count, return_counts=True)
    return Result.of(
        estimates,
        {
            "r_m": ("bin", counted.middle_m),
            "g": ("bin", g),
            "running_CN": ("bin", counted.running()),
            "frame_time_s": ("frame", used["time_s"]),
            "CN_of_frame": ("frame", by_frame),
            "contacts": ("number", numbers),
            "share": ("number", share / count.size),
            "cutoff_m": ("end", np.array([end])),
            "memory": ("end", np.array([kept])),
        },
        _checks(by_frame, shell.depth, kept, counted),
    )


def _later(trajectory: Measurement, skip: float) -> Measurement:
    """The frames after the part that is left out."""
    first = int(skip * len(trajectory["time_s"]))
    framed = ("time_s", "position_m", "velocity_m_s", "box_m")
    arrays = {n: trajectory[n][first:] if n in framed else trajectory[n] for n in trajectory.kind.arrays if n in trajectory}
    return Measurement.of(trajectory.kind, arrays, trajectory.meta, name=trajectory.source.name)


def _spread(blocks: list[Shell], name: str) -> float:
    """Standard deviation of the mean of the blocks; NaN where one has no such number."""
    return std_of_mean_of_few(np.array([getattr(b, name) for b in blocks]))


def _blocks(frames: int) -> list[slice]:
    edges = np.linspace(0, frames, BLOCKS + 1).astype(int)
    return [slice(a, b) for a, b in pairwise(edges.tolist())]


def _memory(count: np.ndarray) -> float:
    """Correlation of the number of partners (frame, centre) of each centre with itself, a twentieth of the run later."""
    own = count - count.mean()
    power = float((own**2).mean())
    lag = max(len(count) // 20, 1)
    return float((own[lag:] * own[:-lag]).mean()) / power if power > 0 else 0.0


def _checks(by_frame: np.ndarray, depth: float, kept: float, counted: Radial) -> list[Check]:
    return [
        drift_check(by_frame),
        Check.that(
            "memory",
            kept < 0.2,
            f"a centre has forgotten its partners after a twentieth of the run (correlation {kept:.2f})",
            f"after a twentieth of the run a centre still has its partners (correlation {kept:.2f}): the number remembers how "
            "the box was packed, and runs from other seeds will scatter more widely than the std says",
        ),
        Check.that(
            "end of the shell",
            bool(np.isnan(depth)) or depth < 0.3,
            "the first shell ends in a deep minimum",
            f"g at the minimum is {depth:.2f} of the peak: the coordination number depends on where one stops counting",
        ),
        Check.that(
            "volume",
            float(np.ptp(counted.volume_m3)) <= 0.1 * float(counted.volume_m3.mean()),
            "the volume is steady",
            "the volume changes by more than 10 %: leave out the equilibration (skip)",
        ),
    ]


@coordination.plot
def draw(result: Result, ax: Axes) -> None:
    """g(r), the running coordination number on the right, and the end of the first shell."""
    c = {str(n): result.curves[n].values for n in result.curves.data_vars}
    r = 1e10 * c["r_m"]
    ax.plot(r, c["g"], color=COLOURS[0], label="g(r)")
    ax.set(xlabel="distance / Å", ylabel="g(r)", xlim=(0, r[-1]), ylim=(0, 1.15 * float(c["g"].max())))
    number = ax.twinx()
    number.plot(r, c["running_CN"], color=COLOURS[1], label="coordination number")
    top = 2.5 * max(result["CN"], 0.1)
    number.set(ylabel="coordination number", ylim=(0, top))
    number.spines["right"].set_visible(True)
    end = 1e10 * float(c["cutoff_m"][0])
    ax.axvline(end, color=SOFT, linewidth=0.8, linestyle="--")
    number.plot([end], [result["CN"]], "o", color=INK, markersize=4)
    number.annotate(str(result.estimates["CN"]), (end, result["CN"]), xytext=(6, -10), textcoords="offset points", fontsize=7)
    lines = [*ax.get_lines()[:1], *number.get_lines()[:1]]
    ax.legend(lines, [str(line.get_label()) for line in lines], loc="upper right")


@coordination.demo
def demo(rng: np.random.Generator) -> Demo:
    """Twenty-seven ions with 1.2 to 2.2 contacts each on the average, in eighty independent frames."""
    mean = float(rng.uniform(1.2, 2.2))
    return Demo((shells(rng, 80, 27, mean),), {"CN": mean, "CN_molecules": mean}, {"bins": 160})
