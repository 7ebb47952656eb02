"""The masses of an anode-free pouch cell, part by part, from its design.

The cathode foil is coated on both faces with the loading L [kg/m2] each, of which a part w is active material of specific
capacity q [C/kg], so an area A = Q/(L w q) of coating holds the capacity Q. Sheets of width b and height c carry 2bc each:
n = A/(2bc) of them (a real number: the sheet is not known so well that a whole one would mean more). They alternate with n + 1
foils of the negative side, which overhang them by o on every edge; 2n + 1 layers of separator overhang by 2o; two faces of
laminate cover the separator and a seal s around it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

ALUMINIUM_KG_M3: Final = 2.70e3
COPPER_KG_M3: Final = 8.96e3
NICKEL_KG_M3: Final = 8.908e3
"""Densities of the metals near 20 °C: CRC Handbook, 97th edition."""

Values = NDArray[np.float64]


def areal_capacity_C_m2(loading_kg_m2: Values, active_fraction: Values, specific_capacity_C_kg: Values) -> Values:
    """L w q [C/m2]: capacity of one face."""
    return loading_kg_m2 * active_fraction * specific_capacity_C_kg


def sheets_of(
    capacity_C: Values,
    loading_kg_m2: Values,
    active_fraction: Values,
    specific_capacity_C_kg: Values,
    sheet_width_m: Values,
    sheet_height_m: Values,
) -> Values:
    """n = A/(2bc): cathode sheets, a real number."""
    area = capacity_C / areal_capacity_C_m2(loading_kg_m2, active_fraction, specific_capacity_C_kg)
    return area / (2 * sheet_width_m * sheet_height_m)


def masses_kg(
    *,
    capacity_C: Values,
    loading_kg_m2: Values,
    active_fraction: Values,
    specific_capacity_C_kg: Values,
    copper_m: Values,
    nickel_m: Values,
    aluminium_m: Values,
    separator_kg_m2: Values,
    electrolyte_kg: Values,
    sheet_width_m: Values,
    sheet_height_m: Values,
    overhang_m: Values,
    laminate_kg_m2: Values,
    seal_m: Values,
    tabs_kg: Values,
) -> dict[str, Values]:
    """Mass [kg] of each part; arguments broadcast. `loading_kg_m2` is that of one face.

    *Valid when* the cell is a stack of double-sided sheets. Lithium has no mass of its own: it comes from the cathode.
    """
    sheets = sheets_of(capacity_C, loading_kg_m2, active_fraction, specific_capacity_C_kg, sheet_width_m, sheet_height_m)
    area = sheets * 2 * sheet_width_m * sheet_height_m

    def face(edge_m: Values) -> Values:
        return (sheet_width_m + 2 * edge_m) * (sheet_height_m + 2 * edge_m)

    foils = (sheets + 1) * face(overhang_m)
    coating = area * loading_kg_m2
    return {
        "active material": coating * active_fraction,
        "binder and carbon": coating * (1 - active_fraction),
        "aluminium foil": 0.5 * area * aluminium_m * ALUMINIUM_KG_M3,
        "copper foil": foils * copper_m * COPPER_KG_M3,
        "nickel film": foils * 2 * nickel_m * NICKEL_KG_M3,
        "separator": (2 * sheets + 1) * face(2 * overhang_m) * separator_kg_m2,
        "electrolyte": electrolyte_kg + np.zeros_like(area),
        "laminate": 2 * face(2 * overhang_m + seal_m) * laminate_kg_m2,
        "tabs and sealant": tabs_kg + np.zeros_like(area),
    }
