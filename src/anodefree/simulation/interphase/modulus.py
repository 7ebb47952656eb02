"""How stiff an interphase of two phases is, between the bounds that no arrangement can leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS, INK
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.numerics.propagation import interval, sample, spread_about
from anodefree.physics import interphase_phases as phases
from anodefree.physics.composites import moduli
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DRAWS = 1024
LABELS = {
    "reuss": "in series (Reuss)",
    "hashin_shtrikman_low": "spheres of the stiff in the soft (Hashin-Shtrikman)",
    "self_consistent": "self-consistent",
    "hashin_shtrikman_high": "spheres of the soft in the stiff (Hashin-Shtrikman)",
    "voigt": "in parallel (Voigt)",
}


@stage("interphase.modulus", version=1, cites=("hashin1963", "mori1973", "budiansky1965", "briscoe1957", "jcgm101"))
def modulus(
    *,
    inorganic_fraction: Annotated[Uncertain, Par("volume fraction of the inorganic phase", ge=0, le=1)],
    inorganic_modulus_Pa: phases.InorganicModulus = phases.INORGANIC_MODULUS,
    inorganic_poisson: phases.InorganicPoisson = phases.INORGANIC_POISSON,
    organic_modulus_Pa: phases.OrganicModulus = phases.ORGANIC_MODULUS,
    organic_poisson: phases.OrganicPoisson = phases.ORGANIC_POISSON,
) -> Result:
    """Young's modulus of an interphase from its composition, by five rules of mixture.

    Each rule compares the mixture with a uniform medium (`anodefree.physics.composites`): none (Reuss, phases in series), the
    softer phase (lower bound of Hashin and Shtrikman; also Mori-Tanaka with stiff spheres in a soft matrix), the mixture itself
    (self-consistent), the stiffer phase (upper bound), infinitely stiff (Voigt, in parallel). Input uncertainties are sampled
    (1024 points that fill their space evenly). The rules differ more than any of them errs: quote the bounds, not their mean.
    *Valid when* the film is isotropic and thicker than several grains, phases stick together and hold no voids; an indenter
    that feels the substrate or the adhesion measures something else. *Source* Hashin and Shtrikman 1963; Mori and Tanaka 1973;
    Budiansky 1965. The paper states moduli and a composition, but no relation between them.
    """
    inputs = {
        "inorganic_fraction": inorganic_fraction,
        "inorganic_modulus_Pa": inorganic_modulus_Pa,
        "inorganic_poisson": inorganic_poisson,
        "organic_modulus_Pa": organic_modulus_Pa,
        "organic_poisson": organic_poisson,
    }
    centre = by_rule(**{name: np.array(x.value) for name, x in inputs.items()})
    drawn = by_rule(**sample(inputs, DRAWS, bounds=phases.BOUNDS))
    fractions = np.linspace(0, 1, 101)
    line = by_rule(**{**{n: np.array(x.value) for n, x in inputs.items()}, "inorganic_fraction": fractions})
    ratio = float(centre["hashin_shtrikman_high"] / centre["hashin_shtrikman_low"])
    return Result.of(
        {
            f"E_{rule}": Estimate(
                float(centre[rule]), spread_about(float(centre[rule]), draws), "Pa", LABELS[rule], "GPa", *interval(draws)
            )
            for rule, draws in drawn.items()
        },
        {"inorganic_fraction": ("point", fractions), **{f"E_{rule}_Pa": ("point", values) for rule, values in line.items()}},
        [
            Check.that(
                "arrangement",
                ratio < 2,
                f"the arrangement of the phases decides over a factor of {ratio:.2f} only",
                f"the arrangement of the phases decides over a factor of {ratio:.0f} between the bounds: composition alone "
                "does not give the modulus",
            )
        ],
    )


def by_rule(
    inorganic_fraction: np.ndarray,
    inorganic_modulus_Pa: np.ndarray,
    inorganic_poisson: np.ndarray,
    organic_modulus_Pa: np.ndarray,
    organic_poisson: np.ndarray,
) -> dict[str, np.ndarray]:
    """Modulus [Pa] by every rule, elementwise."""

    def paired(inorganic: np.ndarray, organic: np.ndarray) -> np.ndarray:
        return np.stack(np.broadcast_arrays(inorganic, organic), axis=-1)

    return moduli(
        paired(inorganic_fraction, 1 - inorganic_fraction),
        paired(inorganic_modulus_Pa, organic_modulus_Pa),
        paired(inorganic_poisson, organic_poisson),
    )


@modulus.plot
def draw(result: Result, ax: Axes) -> None:
    """Modulus against composition: the bounds as a band, the self-consistent estimate, and the values asked for."""
    percent = 100 * result.curves["inorganic_fraction"].values
    lines = {rule: result.curves[f"E_{rule}_Pa"].values / 1e9 for rule in LABELS}
    ax.fill_between(percent, lines["reuss"], lines["voigt"], color=COLOURS[0], alpha=0.12, linewidth=0, label="Reuss to Voigt")
    low, high = lines["hashin_shtrikman_low"], lines["hashin_shtrikman_high"]
    ax.fill_between(percent, low, high, color=COLOURS[0], alpha=0.3, linewidth=0, label="Hashin-Shtrikman")
    ax.plot(percent, lines["self_consistent"], color=INK, label="self-consistent")
    ax.set(xlabel="inorganic phase / vol%", ylabel="Young's modulus / GPa", yscale="log", xlim=(0, 100))
    ax.legend(loc="upper left")


@modulus.demo
def demo(rng: np.random.Generator) -> Demo:
    """A film whose composition and phases were measured."""
    true = {
        "inorganic_fraction": rng.uniform(0.2, 0.8),
        "inorganic_modulus_Pa": rng.uniform(80e9, 120e9),
        "inorganic_poisson": rng.uniform(0.2, 0.3),
        "organic_modulus_Pa": rng.uniform(1e9, 3e9),
        "organic_poisson": rng.uniform(0.3, 0.4),
    }
    errors = {name: 0.02 if name.endswith("fraction") else 0.03 * value for name, value in true.items()}
    whole = by_rule(**{name: np.array(value) for name, value in true.items()})
    return Demo(
        (),
        {f"E_{rule}": float(value) for rule, value in whole.items()},
        {name: Uncertain(value + errors[name] * rng.normal(), errors[name]) for name, value in true.items()},
    )
