"""Which molecules fill a box of a recipe, and how long its edge is once the liquid has a known density."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.constants import ATOMIC_MASS_KG
from anodefree.core.figure import COLOURS
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.registry import Demo, stage
from anodefree.simulation.solvation import options as o
from anodefree.simulation.solvation.force_field import load_force_field
from anodefree.simulation.solvation.recipe import counts, load_recipe, species_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes


DENSITY = Uncertain(1161.0, 3.0)


@stage("solvation.fill", version=1, cites=("chen2026", "jcgm100"))
def fill(
    *,
    recipe: o.RecipeName = "dol_dme_litfsi",
    edge_m: o.Edge = 56.3e-10,
    density_kg_m3: Annotated[
        Uncertain,
        Par("density of the liquid at its pressure", gt=0, source="this force field at 298 K and 1 bar", assumed=True),
    ] = DENSITY,
    force_field: o.Extra = (),
) -> Result:
    r"""The numbers of molecules that a recipe puts into a box, and the edge that these molecules have at a density.

    $L = (\sum_k N_k m_k/\rho)^{1/3}$. N from molarity, volumes before mixing and weight per cent, with apparent molar volumes
    of the salts that are assumed (`data/forcefield/species.toml`); the density is independent of them. `edge` is L, `filled`
    the density that the recipe assumed, `molecules` and one estimate for each species the numbers. *Valid when* the box is
    one phase. *Source* counting; JCGM 100, section 5.1.2. *Differs from the paper*, which states two edges and no numbers of
    molecules, so that its edge tests no more than the density.

    Raises
    ------
    ConfigError: a recipe that fills no box or lacks parameters.
    """
    field = load_force_field(tuple(force_field))
    held = counts(load_recipe(recipe), edge_m, field)
    mass = sum(n * sum(field.masses_u(r)) for r, n in held.items()) * ATOMIC_MASS_KG
    edge = (mass / density_kg_m3.value) ** (1 / 3)
    std = edge * density_kg_m3.std / (3 * density_kg_m3.value)
    names = [species_name(r) for r in held]
    assumed = mass / edge_m**3
    off = density_kg_m3.value / assumed - 1
    return Result.of(
        {
            "edge": Estimate(edge, std, "m", "edge of the box at that density", "angstrom"),
            "filled": Estimate(assumed, 0.0, "kg/m3", "density that the recipe assumed"),
            "molecules": Estimate(float(sum(held.values())), 0.0, "1", "molecules and ions"),
            **{n: Estimate(float(c), 0.0, "1", f"{n} in the box") for n, c in zip(names, held.values(), strict=True)},
        },
        {"species": ("kind", np.array(names)), "number": ("kind", np.array(list(held.values())))},
        [
            Check.that(
                "density assumed",
                abs(off) < 0.03,
                f"the recipe's volumes assume a density within 3 % of it ({100 * off:+.1f} %)",
                f"the recipe's volumes assume a density {100 * off:+.1f} % off: the molarity in the box is not that asked for",
            )
        ],
    )


@fill.plot
def draw(result: Result, ax: Axes) -> None:
    """Molecules of each kind."""
    names, number = result.curves["species"].values, result.curves["number"].values
    bars = ax.bar(np.arange(len(names)), number, color=COLOURS[0])
    ax.bar_label(bars, fontsize=7)
    ax.set_xticks(np.arange(len(names)), [str(n) for n in names])
    ax.set(ylabel="molecules or ions", ylim=(0, 1.15 * float(number.max())), title=f"edge {result.estimates['edge']}")


@fill.demo
def demo(rng: np.random.Generator) -> Demo:
    """A density that is known to 3 kg/m3: the edge of the same molecules at the true one comes back."""
    field = load_force_field()
    held = counts(load_recipe("dol_dme_litfsi"), 56.3e-10, field)
    mass = sum(n * sum(field.masses_u(r)) for r, n in held.items()) * ATOMIC_MASS_KG
    told = 1161.0 + 3.0 * float(rng.standard_normal())
    return Demo((), {"edge": (mass / 1161.0) ** (1 / 3)}, {"density_kg_m3": f"{told} ± 3 kg/m3"})
