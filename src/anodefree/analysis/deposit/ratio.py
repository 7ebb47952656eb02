"""How thick one deposit is against another of the same charge, from their porosities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS, INK, SOFT
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.numerics.propagation import linear
from anodefree.physics.lithium import thickness_ratio
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PORES = (0.0, 1 - 1e-9)
BOUNDS = {"porosity_a": PORES, "porosity_b": PORES}


def porosity_b_needed(porosity_a: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """P_b = 1 - (d_a/d_b)(1 - P_a)."""
    return 1 - ratio * (1 - porosity_a)


def porosity_a_needed(porosity_b: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """P_a = 1 - (1 - P_b)/(d_a/d_b); negative where even a dense deposit a would be too thick."""
    return 1 - (1 - porosity_b) / ratio


@stage("deposit.ratio", version=1, cites=("chen2026", "jcgm100"))
def ratio(
    *,
    porosity_a: Annotated[Uncertain, Par("porosity of deposit a", ge=0, lt=1)],
    porosity_b: Annotated[Uncertain, Par("porosity of deposit b", ge=0, lt=1)],
    claimed_ratio: Annotated[Uncertain | None, Par("thickness a over thickness b that is claimed, to be checked", gt=0)] = None,
) -> Result:
    """Thickness ratio of two deposits of equal charge from their porosities.

    d_a/d_b = (1 - P_b)/(1 - P_a). With a `claimed_ratio` x it also gives the porosity that one deposit would need, the other
    being as stated: P_b = 1 - x(1 - P_a), P_a = 1 - (1 - P_b)/x; a negative one means that no porosity will do.
    *Valid when* both deposits hold the same lithium: same charge, same efficiency of plating.
    *Source* the definition of porosity in Chen et al. 2026, section 2.4, Fig. 5j.
    """
    inputs = {"porosity_a": porosity_a, "porosity_b": porosity_b}
    found = linear(thickness_ratio, inputs, BOUNDS)
    estimates = {"thickness_ratio": Estimate(found.value, found.std, "1", "thickness a / thickness b")}
    checks = []
    if claimed_ratio is not None:
        need_b = linear(porosity_b_needed, {"porosity_a": porosity_a, "ratio": claimed_ratio}, BOUNDS)
        need_a = linear(porosity_a_needed, {"porosity_b": porosity_b, "ratio": claimed_ratio}, BOUNDS)
        estimates["porosity_b_needed"] = Estimate(need_b.value, need_b.std, "1", "porosity b for the claimed ratio", "%")
        estimates["porosity_a_needed"] = Estimate(need_a.value, need_a.std, "1", "porosity a for the claimed ratio", "%")
        apart, unsure = found.value - claimed_ratio.value, float(np.hypot(found.std, claimed_ratio.std))
        checks.append(
            Check.that(
                "claimed ratio",
                abs(apart) <= 2 * unsure,
                f"{claimed_ratio.value:.3g} agrees with the porosities within two standard deviations",
                f"the porosities give {found.value:.3g}, not {claimed_ratio.value:.3g}: it would take "
                f"{100 * need_b.value:.1f} % in b, or {100 * need_a.value:.1f} % in a",
            )
        )
        checks.append(
            Check.that(
                "possible",
                0 <= need_b.value < 1,
                "a porosity of b between 0 and 1 gives the claimed ratio",
                "no porosity of b gives the claimed ratio",
            )
        )
    pores = np.linspace(0.0, 0.95, 96)
    curves = {
        "porosity_b": ("point", pores),
        "thickness_ratio": ("point", thickness_ratio(porosity_a.value, pores)),
        "stated_porosity_b": ("stated", np.array([porosity_b.value])),
        "stated_porosity_b_std": ("stated", np.array([porosity_b.std])),
        "claimed_ratio": ("claim", np.array([] if claimed_ratio is None else [claimed_ratio.value])),
    }
    return Result.of(estimates, curves, checks)


@ratio.plot
def draw(result: Result, ax: Axes) -> None:
    """The ratio against the porosity of b, with what is stated and what is claimed."""
    curves, found = result.curves, result.estimates["thickness_ratio"]
    ax.plot(100 * curves["porosity_b"].values, curves["thickness_ratio"].values, color=COLOURS[0], label="porosity a as stated")
    ax.errorbar(
        100 * curves["stated_porosity_b"].values,
        [found.value],
        [found.std],
        100 * curves["stated_porosity_b_std"].values,
        fmt="o",
        color=COLOURS[1],
        capsize=2,
        label="stated porosities",
    )
    for claim in curves["claimed_ratio"].values:
        ax.axhline(claim, color=SOFT, linestyle="--", linewidth=0.9)
        need = 100 * result["porosity_b_needed"]
        ax.plot([need], [claim], "s", color=INK, markerfacecolor="none", label=f"claimed ratio: needs {need:.1f} %")
    ax.set(xlabel="porosity of b / %", ylabel="thickness a / thickness b", xlim=(0, 95), ylim=(0, None))
    ax.legend(loc="lower left")


@ratio.demo
def demo(rng: np.random.Generator) -> Demo:
    """Two porosities that were measured, and a claim read off the true thicknesses."""
    a, b = rng.uniform(0.1, 0.3), rng.uniform(0.4, 0.7)
    true = (1 - b) / (1 - a)
    return Demo(
        (),
        {"thickness_ratio": true, "porosity_b_needed": b, "porosity_a_needed": a},
        {
            "porosity_a": Uncertain(a + 0.01 * rng.normal(), 0.01),
            "porosity_b": Uncertain(b + 0.01 * rng.normal(), 0.01),
            "claimed_ratio": Uncertain(true + 0.01 * rng.normal(), 0.01),
        },
    )
