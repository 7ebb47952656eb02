"""The pouch cell with graphite in place of fresh lithium: its masses, its thickness and its energy.

Graphite faces every coated cathode face with the areal mass r q'/(w q_g), where q' = q/(1 - f) is the first charge of the
cathode. Its coating of density ρ_c holds the pores ε = 1 - ρ_c/ρ_s, which are filled with electrolyte on top of what the
anode-free cell holds. Of the first charge the cathode keeps f and the graphite's interphase takes g, both of the same lithium:
the larger one limits what cycles, (1 - max(f, g)) q'.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anodefree.simulation.pouch.masses import areal_capacity_C_m2, masses_kg
from anodefree.simulation.pouch.thickness import layers_m

SOLID_KG_M3: Final = 2.2e3
"""Density of graphite with a few percent of binder: 2.26 g/cm3 of the crystal, about 1.3 of the binder."""
PER_FACE: Final = ("loading_kg_m2", "active_fraction", "specific_capacity_C_kg")
Values = NDArray[np.float64]


def graphite_cell(
    in_mass: Mapping[str, Values], in_stack: Mapping[str, Values], anode: Mapping[str, Values], mean_voltage_V: Values
) -> tuple[dict[str, Values], Values, Values]:
    """Masses [kg] by part, charged thickness [m] and energy [J] of the cell with graphite; arguments broadcast.

    `in_mass` and `in_stack` are the anode-free cell's design as `masses_kg` and `layers_m` take it, `anode` the graphite's.
    """
    areal = areal_capacity_C_m2(*(in_mass[n] for n in PER_FACE))
    first = areal / (1 - in_stack["first_cycle_loss"])
    coated = in_mass["capacity_C"] / areal
    per_area = anode["capacity_ratio"] * first / (anode["graphite_active_fraction"] * anode["graphite_capacity_C_kg"])
    thick = per_area / anode["graphite_kg_m3"]
    pores = np.clip(1 - anode["graphite_kg_m3"] / SOLID_KG_M3, 0.0, 1.0) * thick * coated
    bare = np.zeros_like(in_mass["nickel_m"])
    masses = masses_kg(**{**in_mass, "nickel_m": bare})
    del masses["nickel film"]
    masses["electrolyte"] = masses["electrolyte"] + pores * anode["electrolyte_kg_m3"]
    masses["graphite coating"] = per_area * coated
    sheets = coated / (2 * in_mass["sheet_width_m"] * in_mass["sheet_height_m"])
    empty = sum(layers_m(**{**in_stack, "nickel_m": bare}).values())
    thickness = empty + 2 * sheets * thick * (1 + anode["graphite_swelling"])
    lost = np.maximum(in_stack["first_cycle_loss"], anode["graphite_loss"])
    capacity = in_mass["capacity_C"] * (1 - lost) / (1 - in_stack["first_cycle_loss"])
    return masses, thickness, capacity * (mean_voltage_V - anode["graphite_potential_V"])
