"""The phase diagram with flights upon it: where a helix should exist, and where flights show one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from anodefree.analysis.ions.phase_diagram import transit, turns
from anodefree.core.measurement import Measurement
from anodefree.core.result import Check, Estimate, Result
from anodefree.kinds.helicity import HELICITY
from anodefree.registry import Demo, Many, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
HALF = 0.5
EDGE = 2.0
"""A flight within this factor of the boundary may fall on either side of it: speeds of launch are spread by as much."""


def expected(points: Measurement) -> tuple[Floats, NDArray[np.bool_]]:
    """How far inside the wedge each flight lies, as a factor above 1 (or below), and whether it is inside."""
    scale, drag, thermal = (np.asarray(points[n], float) for n in ("magnetisation", "drag", "thermal"))
    turned = turns(scale, np.maximum(drag, 1e-9)) / float(points.meta["fewest_turns"])
    wide = np.sqrt(2 * thermal) / np.maximum(scale, 1e-300) / float(points.meta["visible"])
    margin = np.minimum(turned, wide)
    return margin, margin >= 1


@stage("ions.helix_map", version=1, cites=("chen2016", "chandrasekhar1943", "chen2026"))
def helix_map(points: Annotated[Measurement, HELICITY, Many()]) -> Result:
    """Flights of a sweep upon the diagram of drag and magnetisation, and whether they show helices where they should.

    A helix is expected where the turns $N = \\Lambda\\min(T(\\Gamma), 1/\\Gamma)/2\\pi$ reach the least number and the radius
    $\\sqrt{2\\Theta}/\\Lambda$ of the thermal speed the least size (in gaps), as in `ions.phase_diagram`. A flight shows one
    where more than half of its paths do. `agreement` is the share of flights for which both say the same, `agreement_clear`
    that of flights farther than a factor of two from the boundary, `outside` the share of flights outside the wedge that show a
    helix nevertheless, `helices` that of all; of each one is added to both sides of the count for its deviation. *Valid when*
    ions are launched at their thermal speed. *Source* Chen 2016, chapter 2; Chandrasekhar 1943, chapter II. *Differs from the
    paper*, which shows one condition and does not state it. Curves: drag, magnetisation, share, expected of each flight.
    Raises DataError where flights do not join.
    """
    share = np.asarray(points["share"], float)
    margin, inside = expected(points)
    agree, clear = (share > HALF) == inside, (margin > EDGE) | (margin < 1 / EDGE)
    estimates = {
        "agreement": _share(agree, "flights that agree with the diagram"),
        "helices": _share(share > HALF, "flights that show a helix"),
        "flights": Estimate(float(len(share)), 0.0, "1", "flights"),
    }
    if clear.any():
        estimates["agreement_clear"] = _share(agree[clear], "the same, far from the boundary")
    if (~inside).any():
        estimates["outside"] = _share((share > HALF)[~inside], "flights with a helix where the diagram has none")
    missing, beyond = int((inside & (share <= HALF)).sum()), int((~inside & (share > HALF)).sum())
    dragged = points["drag"] > 0
    liquid = np.flatnonzero(dragged & (points["drag"] > 1e4))
    checks = [
        Check.that(
            "agreement",
            bool(agree[clear].mean() >= 0.9) if clear.any() else True,
            f"{int(agree.sum())} of {len(agree)} flights show a helix exactly where the diagram has one",
            f"only {int(agree[clear].sum())} of {int(clear.sum())} flights far from the boundary agree with the diagram",
        ),
        Check.that(
            "best_case",
            beyond == 0,
            f"no flight outside the wedge shows a helix; {missing} within it show none: the wedge is the best case, and a side"
            " in reach, thermal noise, or a launch faster than the fall spoil it",
            f"{beyond} flights show a helix where the diagram has none",
        ),
    ]
    if liquid.size:
        seen, most = int((share[liquid] > HALF).sum()), float(np.max(points["flux_density_T"][liquid]))
        checks.append(
            Check.that(
                "liquid",
                seen > 0,
                f"{seen} of {liquid.size} flights at the drag of a liquid show a helix",
                f"none of {liquid.size} flights at the drag of a liquid shows a helix, up to {most:.3g} T",
            )
        )
    curves = {n: ("flight", np.asarray(points[n], float)) for n in ("drag", "magnetisation", "thermal", "share")}
    curves["expected"] = ("flight", inside.astype(float))
    curves["limits"] = ("limit", np.array([float(points.meta["fewest_turns"]), float(points.meta["visible"])]))
    return Result.of(estimates, curves, checks)


def _share(true: NDArray[np.bool_], label: str) -> Estimate:
    count = len(true)
    odds = (int(true.sum()) + 1) / (count + 2)
    return Estimate(float(true.mean()), math.sqrt(odds * (1 - odds) / count), "1", label)


@helix_map.plot
def draw(result: Result, ax: Axes) -> None:
    """The wedge by its formulae, and each flight: filled where most of its paths are helices; without drag at the left."""
    from anodefree.core.figure import COLOURS, INK, SOFT

    drag, scale, thermal, share = (result.curves[n].values for n in ("drag", "magnetisation", "thermal", "share"))
    least, visible = result.curves["limits"].values
    left = 10.0 ** math.floor(math.log10(min(drag[drag > 0].min(initial=1.0), 0.1)) - 1)
    right, top = max(drag.max(), 1e3) * 10, max(scale.max(), 1e3) * 10
    bottom = min(scale[scale > 0].min(initial=1e-2), 1e-2) / 10
    x = np.geomspace(left, right, 200)
    needed = 2 * np.pi * least / np.minimum(transit(x), 1 / x)
    ax.plot(x, needed, color=INK, lw=1.1, label="one turn")
    for k, theta in enumerate(sorted(set(np.round(thermal, 9)), reverse=True)):
        limit = math.sqrt(2 * theta) / visible
        ax.axhline(limit, color=SOFT, lw=1.0, ls=("--", ":", "-.")[k % 3], label=f"just visible, kT/qV = {theta:.2g}")
        ax.fill_between(x, needed, limit, where=needed < limit, color=COLOURS[2], alpha=0.18, lw=0)
    at = np.where(drag > 0, drag, left * 1.6)
    seen = share > HALF
    shown = np.maximum(scale, bottom * 2)
    ax.plot(at[~seen], shown[~seen], "o", color=COLOURS[0], mfc="none", mew=0.8, ms=4, zorder=4, label="flights: none")
    ax.plot(at[seen], shown[seen], "o", color=COLOURS[1], ms=4, zorder=5, label="flights: helix")
    ax.set(xscale="log", yscale="log", xlim=(left, right), ylim=(bottom, top))
    ax.set_xlabel("drag Γ (left edge: no liquid)")
    ax.set_ylabel("magnetisation Λ")
    ax.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=2, columnspacing=1.0)


@helix_map.demo
def demo(rng: np.random.Generator) -> Demo:
    """Flights over the whole diagram, of which a tenth, drawn at random, shows the contrary of what is expected."""
    count, wrong = 80, rng.uniform(0.05, 0.15)
    arrays = {
        "magnetisation": 10.0 ** rng.uniform(-3, 4, count),
        "drag": np.where(rng.random(count) < 0.4, 0.0, 10.0 ** rng.uniform(-2, 4, count)),
        "thermal": np.full(count, 0.257),
        **{n: np.ones(count) for n in ("share", "paths", "turns", "radius_over_gap", "flux_density_T", "gap_m", "voltage_V")},
    }
    meta = {"species": "Li+", "visible": 0.01, "fewest_turns": 1.0}
    inside = expected(Measurement.of(HELICITY, arrays, meta, name="demo"))[1]
    arrays["share"] = np.where(inside ^ (rng.random(count) < wrong), 0.9, 0.1)
    points = Measurement.of(HELICITY, arrays, meta, name="demo")
    return Demo((points,), {"agreement": 1 - wrong})
