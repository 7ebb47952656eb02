"""Which composition of an interphase a measured modulus allows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS, INK
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.numerics.propagation import linear
from anodefree.physics import interphase_phases as phases
from anodefree.physics.composites import bulk_and_shear, falling_root, moduli, self_consistent_fraction
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABELS = {
    "voigt": "in parallel (Voigt): the least",
    "hashin_shtrikman_high": "the least of an isotropic mixture",
    "self_consistent": "self-consistent",
    "hashin_shtrikman_low": "the most of an isotropic mixture",
    "reuss": "in series (Reuss): the most",
}


@stage("interphase.composition", version=1, cites=("hashin1963", "mori1973", "budiansky1965", "briscoe1957", "jcgm100"))
def composition(
    *,
    modulus_Pa: Annotated[Uncertain, Par("measured Young's modulus of the interphase", gt=0)],
    inorganic_modulus_Pa: phases.InorganicModulus = phases.INORGANIC_MODULUS,
    inorganic_poisson: phases.InorganicPoisson = phases.INORGANIC_POISSON,
    organic_modulus_Pa: phases.OrganicModulus = phases.ORGANIC_MODULUS,
    organic_poisson: phases.OrganicPoisson = phases.ORGANIC_POISSON,
) -> Result:
    """Volume fraction of the inorganic phase that a measured modulus allows, by five rules of mixture.

    Solves E(f) = E_measured for each rule of `interphase.modulus`: between `fraction_hashin_shtrikman_high` and
    `fraction_hashin_shtrikman_low` lie all isotropic arrangements, between `fraction_voigt` and `fraction_reuss` all
    arrangements. Uncertainties to first order. A modulus below the organic phase's gives 0, one above the inorganic phase's 1,
    with a failed check.
    *Valid when* the film is dense, both phases stick together, and the probe felt the film alone; voids and a soft outer layer
    read as organic phase. *Source* Hashin and Shtrikman 1963; Budiansky 1965. The paper derives no composition from its moduli.
    """
    inputs = {
        "modulus_Pa": modulus_Pa,
        "inorganic_modulus_Pa": inorganic_modulus_Pa,
        "inorganic_poisson": inorganic_poisson,
        "organic_modulus_Pa": organic_modulus_Pa,
        "organic_poisson": organic_poisson,
    }
    bounds = {**phases.BOUNDS, "modulus_Pa": (0.0, np.inf)}
    found = {rule: linear(partial(fraction, rule), inputs, bounds) for rule in LABELS}
    low, high = organic_modulus_Pa.value + organic_modulus_Pa.std, inorganic_modulus_Pa.value - inorganic_modulus_Pa.std
    line = np.geomspace(organic_modulus_Pa.value, inorganic_modulus_Pa.value, 61)
    filled = {**{n: np.full(61, x.value) for n, x in inputs.items()}, "modulus_Pa": line}
    return Result.of(
        {f"fraction_{rule}": Estimate(found[rule].value, found[rule].std, "1", label, "%") for rule, label in LABELS.items()},
        {
            "modulus_Pa": ("point", line),
            **{f"fraction_{rule}": ("point", fraction(rule, **filled)) for rule in LABELS},
            "measured_Pa": ("measured", np.array([modulus_Pa.value, modulus_Pa.std])),
        },
        [
            Check.that(
                "between the phases",
                low < modulus_Pa.value < high,
                "the modulus lies between those of the two phases",
                "the modulus lies outside those of the two phases, or within an error of one: porous or soft outer layers, "
                "another phase, or a wrong modulus of the organic phase",
            )
        ],
    )


def fraction(
    rule: str,
    modulus_Pa: np.ndarray,
    inorganic_modulus_Pa: np.ndarray,
    inorganic_poisson: np.ndarray,
    organic_modulus_Pa: np.ndarray,
    organic_poisson: np.ndarray,
) -> np.ndarray:
    """Inorganic volume fraction by a rule, elementwise."""
    young = np.stack([inorganic_modulus_Pa, organic_modulus_Pa], axis=-1)
    poisson = np.stack([inorganic_poisson, organic_poisson], axis=-1)

    if rule == "self_consistent":
        return self_consistent_fraction(modulus_Pa, *bulk_and_shear(young, poisson))

    def missing(inorganic: np.ndarray) -> np.ndarray:
        return modulus_Pa - moduli(np.stack([inorganic, 1 - inorganic], axis=-1), young, poisson, only=rule)[rule]

    return falling_root(missing, np.zeros_like(modulus_Pa), np.ones_like(modulus_Pa), halvings=30)


@composition.plot
def draw(result: Result, ax: Axes) -> None:
    """Composition against modulus: the bounds as a band, and the measured value."""
    young = result.curves["modulus_Pa"].values / 1e9
    lines = {rule: 100 * result.curves[f"fraction_{rule}"].values for rule in LABELS}
    ax.fill_between(young, lines["voigt"], lines["reuss"], color=COLOURS[0], alpha=0.12, linewidth=0, label="any arrangement")
    low, high = lines["hashin_shtrikman_high"], lines["hashin_shtrikman_low"]
    ax.fill_between(young, low, high, color=COLOURS[0], alpha=0.3, linewidth=0, label="isotropic mixtures")
    ax.plot(young, lines["self_consistent"], color=INK, label="self-consistent")
    value, std = result.curves["measured_Pa"].values / 1e9
    ax.axvspan(max(value - std, young[0]), value + std, color=COLOURS[1], alpha=0.3, linewidth=0)
    ax.axvline(value, color=COLOURS[1], label="measured")
    ax.set(xlabel="Young's modulus / GPa", ylabel="inorganic phase / vol%", xscale="log", ylim=(0, 100))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=2, fontsize="small")


@composition.demo
def demo(rng: np.random.Generator) -> Demo:
    """Five films of one modulus, each arranged by another rule; modulus and phases were measured."""
    true = {
        "modulus_Pa": rng.uniform(4e9, 20e9),
        "inorganic_modulus_Pa": rng.uniform(80e9, 120e9),
        "inorganic_poisson": rng.uniform(0.2, 0.3),
        "organic_modulus_Pa": rng.uniform(1e9, 2e9),
        "organic_poisson": rng.uniform(0.3, 0.4),
    }
    values = {name: np.array([value]) for name, value in true.items()}
    return Demo(
        (),
        {f"fraction_{rule}": float(fraction(rule, **values)[0]) for rule in LABELS},
        {name: Uncertain(value * (1 + 0.03 * rng.normal()), 0.03 * value) for name, value in true.items()},
    )
