"""The best anode-free pouch cell within bounds: what is free, what binds, and the one variable that is left.

Free are the loading L, the foils, the electrolyte and the excess lithium e (N/P). At a given loading the energy density falls
with every one of the others, so each stands at the least that the constraints allow: the foils at the thinnest that can be
handled, the electrolyte at what fills the pores of cathode, separator and deposit (times a factor), the excess at what the
demanded life asks for. What is left is one variable, the loading, which is scanned: more of it spreads foils, separator and
laminate over more capacity, and costs voltage,

    V(L) = V₀ - [j (R + d/3κ) - the same at the given loading],  j = a(L)/t,  d = L/ρ,

up to where the salt in the pores runs out: (1 - t₊) j/F [d_s/D_s + d/2D_c] ≤ c, each D times ε^1.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anodefree.core.constants import FARADAY_C_MOL, LITHIUM_KG_MOL
from anodefree.physics.inventory import discharge_capacity
from anodefree.simulation.pouch.masses import areal_capacity_C_m2, masses_kg
from anodefree.simulation.pouch.thickness import lithium_m

Values = NDArray[np.float64]
MASS = (
    "capacity_C",
    "active_fraction",
    "specific_capacity_C_kg",
    "separator_kg_m2",
    "sheet_width_m",
    "sheet_height_m",
    "overhang_m",
    "laminate_kg_m2",
    "seal_m",
    "tabs_kg",
)
"""What `masses_kg` takes that is not free here."""
LEFT = 0.8
"""Retention that ends a cell's life."""


class Cell(NamedTuple):
    """Designs and what they give; arrays of one shape."""

    energy_density_J_kg: Values
    mass_kg: Values
    mean_voltage_V: Values
    electrolyte_kg: Values
    depletion: Values
    """Drop of salt concentration over the cell, as a part of what there is; above 1 the loading cannot be discharged."""


def least_excess(efficiency: Values, first_cycle_loss: Values, cycles: float) -> Values:
    """The smallest excess e with 80 % of the first capacity left at that cycle; the cathode's hidden reservoir counts.

    Bisection of the retention, which grows with e. *Source* `anodefree.physics.inventory`.
    """
    hidden = first_cycle_loss / (1 - first_cycle_loss)
    low = np.zeros(np.broadcast_shapes(np.shape(efficiency), np.shape(hidden)))
    high = low + cycles * (1 - np.asarray(efficiency)) + 1e-9

    def holds(excess: Values) -> NDArray[np.bool_]:
        first = discharge_capacity(efficiency, excess, hidden, 1)
        return discharge_capacity(efficiency, excess, hidden, cycles) >= LEFT * first

    enough = holds(low)
    for _ in range(50):
        middle = 0.5 * (low + high)
        good = holds(middle)
        low, high = np.where(good, low, middle), np.where(good, middle, high)
    return np.where(enough, 0.0, high)


def least_electrolyte_kg(given: Mapping[str, Values], loading_kg_m2: Values, excess: Values) -> Values:
    """Electrolyte [kg] that fills the pores of cathode, separator and charged deposit, times the filling factor."""
    areal = areal_capacity_C_m2(loading_kg_m2, given["active_fraction"], given["specific_capacity_C_kg"])
    area = given["capacity_C"] / areal
    loss = given["first_cycle_loss"]
    full, _ = lithium_m(areal * (1 + excess * (1 - loss)), loss, given["lithium_porosity"])
    pores = (
        given["cathode_porosity"] * loading_kg_m2 / given["cathode_kg_m3"]
        + given["separator_porosity"] * given["separator_m"]
        + given["lithium_porosity"] * full
    )
    return given["filling"] * area * pores * given["electrolyte_kg_m3"]


def lost_V(given: Mapping[str, Values], loading_kg_m2: Values) -> Values:
    """j (R + d/3κ) [V]: what the current costs at that loading."""
    areal = areal_capacity_C_m2(loading_kg_m2, given["active_fraction"], given["specific_capacity_C_kg"])
    conducting = given["conductivity_S_m"] * given["cathode_porosity"] ** 1.5
    thick = loading_kg_m2 / given["cathode_kg_m3"]
    return areal * given["rate_per_s"] * (given["area_resistance_ohm_m2"] + thick / (3 * conducting))


def depletion(given: Mapping[str, Values], loading_kg_m2: Values) -> Values:
    """(1 - t₊) j/(F c) [d_s/D_s + d/2D_c]: the drop of concentration over separator and cathode as a part of c."""
    areal = areal_capacity_C_m2(loading_kg_m2, given["active_fraction"], given["specific_capacity_C_kg"])
    through = given["separator_m"] / given["separator_porosity"] ** 1.5
    thick = loading_kg_m2 / given["cathode_kg_m3"] / (2 * given["cathode_porosity"] ** 1.5)
    flux = (1 - given["transference"]) * areal * given["rate_per_s"] / FARADAY_C_MOL
    return flux * (through + thick) / (given["diffusivity_m2_s"] * given["salt_mol_m3"])


def cell(given: Mapping[str, Values], loading_kg_m2: Values, electrolyte_kg: Values, excess: Values) -> Cell:
    """A cell of that loading, electrolyte and excess, with the foils of `given`; arguments broadcast."""
    foils = {n: given[n] for n in ("copper_m", "nickel_m", "aluminium_m")}
    parts = masses_kg(loading_kg_m2=loading_kg_m2, electrolyte_kg=electrolyte_kg, **foils, **{n: given[n] for n in MASS})
    metal = excess * given["capacity_C"] * LITHIUM_KG_MOL / FARADAY_C_MOL
    mass = sum(parts.values()) + metal
    volts = given["mean_voltage_V"] - lost_V(given, loading_kg_m2) + lost_V(given, given["loading_kg_m2"])
    whole = electrolyte_kg + np.zeros_like(mass)
    return Cell(given["capacity_C"] * volts / mass, mass, volts, whole, depletion(given, loading_kg_m2))


def best(given: Mapping[str, Values], cycles: float, least_loading: float, most_loading: float) -> tuple[Values, Cell, Values]:
    """The loading of highest energy density, that cell, and its excess; `given` arrays of one length are solved at once.

    A scan of 161 loadings, narrowed twice about its best: the energy density has one maximum between the bounds.
    """
    columns = {n: np.atleast_1d(np.asarray(v, dtype=float))[:, None] for n, v in given.items()}
    excess = least_excess(columns["efficiency"], columns["first_cycle_loss"], cycles)
    size = max(v.shape[0] for v in columns.values())
    low, high = np.full((size, 1), least_loading), np.full((size, 1), most_loading)
    for _ in range(3):
        grid = low + (high - low) * np.linspace(0, 1, 161)
        made = cell(columns, grid, least_electrolyte_kg(columns, grid, excess), excess)
        allowed = np.where(made.depletion <= 1, made.energy_density_J_kg, -made.depletion)
        top = np.argmax(allowed, axis=1)[:, None]
        step = (high - low) / 160
        loading = np.take_along_axis(grid, top, axis=1)
        low, high = np.maximum(loading - step, least_loading), np.minimum(loading + step, most_loading)
    chosen = Cell(*(np.take_along_axis(np.broadcast_to(v, grid.shape), top, axis=1)[:, 0] for v in made))
    return loading[:, 0], chosen, np.broadcast_to(excess, (size, 1))[:, 0]
