"""Do a coordination number and a share of coordinated anions fit together? The contacts that each such anion would have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS, INK
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.numerics.propagation import linear
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BOUNDS = {"coordination": (0.0, np.inf), "coordinated": (1e-6, 1.0)}


@stage("solvation.contacts", version=1, cites=("chen2026", "jcgm100"))
def contacts(
    *,
    coordination: Annotated[Uncertain, Par("atoms of the anion about a cation, contacts counted singly", gt=0)],
    coordinated: Annotated[Uncertain, Par("share of anions that touch a cation", gt=0, le=1)],
    cations_per_anion: Annotated[
        float, Par("cations over anions in the electrolyte, other salts included", gt=0, source="one salt alone", assumed=True)
    ] = 1.0,
    donors: Annotated[int, Par("atoms of one anion that can touch a cation", ge=1, source="four oxygens of TFSI")] = 4,
) -> Result:
    r"""Contacts with cations of each anion that has any, from a coordination number and a share of coordinated anions.

    Every contact has two ends: N₊ CN = N₋ f c, so c = CN (N₊/N₋)/f, with CN contacts a cation, f the share of anions that are
    coordinated and c contacts on each of them. *Valid when* both numbers are of one electrolyte and one criterion of contact;
    nothing else is assumed. More than one contact on every donor atom needs atoms that bridge two cations throughout.
    *Source* counting; uncertainties to first order.
    """
    given = {"coordination": coordination, "coordinated": coordinated}

    def each(coordination: np.ndarray, coordinated: np.ndarray) -> np.ndarray:
        return np.asarray(coordination * cations_per_anion / coordinated)

    found = linear(each, given, BOUNDS)
    least = coordination.value * cations_per_anion / donors
    shares = np.linspace(0.02, 1.0, 99)
    return Result.of(
        {
            "contacts": Estimate(found.value, found.std, "1", "contacts on each coordinated anion"),
            "occupied": Estimate(found.value / donors, found.std / donors, "1", "contacts on each of its donor atoms"),
            "least_coordinated": Estimate(
                least, coordination.std * cations_per_anion / donors, "1", "share that one contact a donor atom needs at least"
            ),
        },
        {
            "share": ("share", shares),
            "contacts_of_share": ("share", coordination.value * cations_per_anion / shares),
            "stated_share": ((), coordinated.value),
            "donors": ((), float(donors)),
        },
        [
            Check.that(
                "room on the anion",
                found.value - 2 * found.std <= donors,
                f"{found.value:.2g} contacts fit on {donors} donor atoms",
                f"{found.value:.2g} contacts on each coordinated anion, which has {donors} donor atoms: the two numbers are "
                "not of one electrolyte and one criterion, or every atom bridges cations",
            ),
        ],
    )


@contacts.plot
def draw(result: Result, ax: Axes) -> None:
    """Contacts against the share, with the donor atoms as the limit."""
    curves = result.curves
    share, limit = curves["share"].values, float(curves["donors"])
    ax.plot(100 * share, curves["contacts_of_share"].values, color=COLOURS[0])
    ax.axhline(limit, color=INK, linewidth=0.7, linestyle="--")
    ax.text(99, 1.03 * limit, "one contact on each donor atom", ha="right", va="bottom", fontsize="small")
    here = result.estimates["contacts"]
    ax.errorbar(100 * float(curves["stated_share"]), here.value, yerr=here.std, fmt="o", color=COLOURS[1])
    top = 1.25 * max(limit, here.value + here.std)
    ax.set(xlabel="anions coordinated / %", ylabel="contacts on each of them", xlim=(0, 100), ylim=(0, top))


@contacts.demo
def demo(rng: np.random.Generator) -> Demo:
    """Both numbers drawn about values that fit together."""
    number, share = 1.6 + 0.05 * rng.standard_normal(), 0.7 + 0.02 * rng.standard_normal()
    given = {
        "coordination": Uncertain(float(number), 0.05),
        "coordinated": Uncertain(float(share), 0.02),
        "cations_per_anion": 1.14,
    }
    return Demo((), {"contacts": 1.6 * 1.14 / 0.7}, given)
