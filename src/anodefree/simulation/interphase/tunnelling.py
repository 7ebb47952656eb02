"""How thick an interphase must be to stop electrons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.figure import COLOURS
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.numerics.propagation import linear
from anodefree.physics.tunnelling import blocking_thickness_m, decay_per_m
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DECADES = Uncertain(17.4, 2.0)
FREE = Uncertain(1.0)
BOUNDS = {"barrier_eV": (1e-3, np.inf), "decades": (0.0, np.inf), "effective_mass": (1e-3, np.inf)}


@stage("interphase.tunnelling", version=1, cites=("simmons1963", "jcgm100"))
def tunnelling(
    *,
    barrier_eV: Annotated[Uncertain, Par("barrier for electrons: conduction band above the Fermi level of lithium", gt=0)],
    decades: Annotated[
        Uncertain,
        Par(
            "decades that the film must take off the tunnelling current",
            gt=0,
            source="17.4: a probability of exp(-40), at which growth has stopped on the scale of months",
            assumed=True,
        ),
    ] = DECADES,
    effective_mass: Annotated[
        Uncertain, Par("effective mass of the electron over its mass", gt=0, source="1: free", assumed=True)
    ] = FREE,
) -> Result:
    """Thickness of interphase at which electron tunnelling has died out.

    T = exp(-2κd), κ = √(2 m* φ)/ħ, so d = n ln 10/(2κ) for n decades: 2.0 nm at φ = 4 eV and n = 17.4. Uncertainties to first
    order. It bounds the inner, electron-blocking layer only: thicker interphases grow by other carriers.
    *Valid when* the film is dense and flat, its barrier rectangular and wider than the inverse of κ, and no defect states help.
    *Source* Simmons 1963, at low voltage. The paper states thicknesses of 10 nm and more: tunnelling limits none of them.
    """
    inputs = {"barrier_eV": barrier_eV, "decades": decades, "effective_mass": effective_mass}
    depth = linear(lambda **x: blocking_thickness_m(**x), inputs, BOUNDS)
    decay = linear(lambda decades, **x: decay_per_m(**x), inputs, BOUNDS)
    barriers = np.linspace(0.2, max(6.0, 1.5 * barrier_eV.value), 100)
    return Result.of(
        {
            "thickness": Estimate(depth.value, depth.std, "m", "thickness that blocks electrons", "nm"),
            "decay": Estimate(decay.value, decay.std, "1/m", "decay of the tunnelling current"),
        },
        {
            "barrier_eV": ("point", barriers),
            "thickness_m": ("point", blocking_thickness_m(barriers, decades.value, effective_mass.value)),
            "asked_eV": ("asked", np.array([barrier_eV.value])),
        },
        [
            Check.that(
                "several decay lengths",
                depth.value * decay.value > 4,
                "the film is several decay lengths thick: the exponential law holds",
                "the film is about a decay length thick: the prefactor of the barrier matters too",
            )
        ],
    )


@tunnelling.plot
def draw(result: Result, ax: Axes) -> None:
    """Blocking thickness against the barrier."""
    ax.plot(result.curves["barrier_eV"].values, result.curves["thickness_m"].values * 1e9, color=COLOURS[0])
    found, barrier = result.estimates["thickness"], result.curves["asked_eV"].values[0]
    ax.errorbar([barrier], [found.value * 1e9], [found.std * 1e9], fmt="o", color=COLOURS[1], capsize=2)
    ax.set(xlabel="barrier / eV", ylabel="thickness that blocks electrons / nm", xlim=(0, None), ylim=(0, None))


@tunnelling.demo
def demo(rng: np.random.Generator) -> Demo:
    """A film whose barrier was computed with an error."""
    barrier, decades, mass = rng.uniform(2, 5), rng.uniform(12, 18), rng.uniform(0.5, 1.0)
    return Demo(
        (),
        {"thickness": float(blocking_thickness_m(barrier, decades, mass)), "decay": float(decay_per_m(barrier, mass))},
        {
            "barrier_eV": Uncertain(barrier * (1 + 0.05 * rng.normal()), 0.05 * barrier),
            "decades": Uncertain(decades * (1 + 0.03 * rng.normal()), 0.03 * decades),
            "effective_mass": Uncertain(mass * (1 + 0.05 * rng.normal()), 0.05 * mass),
        },
    )
