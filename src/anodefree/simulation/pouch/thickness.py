"""How thick an anode-free pouch cell is, layer by layer, and how it breathes with the lithium that it plates.

n double-sided cathode sheets alternate with n + 1 foils of the negative side; 2n + 1 layers of separator and two of laminate.
The cathode gives q/(1 - f) at its first charge and takes back q, so full lithium is a q/(1 - f) thick and what remains after
a discharge is a q f/(1 - f), with a = M/[F ρ (1 - P)]; the 2n faces that look at a cathode carry it. The body of the cell is
the separator's width plus the side seals folded up against it (two laminates of two layers) by its height plus the seal at
the tabs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anodefree.physics.lithium import dense_thickness_m, thickness_m
from anodefree.simulation.pouch.masses import areal_capacity_C_m2, sheets_of

Values = NDArray[np.float64]


def lithium_m(areal_C_m2: Values, first_cycle_loss: Values, lithium_porosity: Values) -> tuple[Values, Values]:
    """Thickness [m] of the lithium on one face, charged and discharged; all of the first charge stays metal."""
    charged = areal_C_m2 / (1 - first_cycle_loss)
    full, left = (thickness_m(dense_thickness_m(q), lithium_porosity) for q in (charged, charged * first_cycle_loss))
    return full, left


def layers_m(
    *,
    capacity_C: Values,
    loading_kg_m2: Values,
    active_fraction: Values,
    specific_capacity_C_kg: Values,
    copper_m: Values,
    nickel_m: Values,
    aluminium_m: Values,
    sheet_width_m: Values,
    sheet_height_m: Values,
    cathode_kg_m3: Values,
    separator_m: Values,
    laminate_m: Values,
    **_: Values,
) -> dict[str, Values]:
    """Thickness [m] that each material adds to the cell before lithium is plated; arguments broadcast."""
    sheets = sheets_of(capacity_C, loading_kg_m2, active_fraction, specific_capacity_C_kg, sheet_width_m, sheet_height_m)
    return {
        "cathode coating": 2 * sheets * loading_kg_m2 / cathode_kg_m3,
        "aluminium foil": sheets * aluminium_m,
        "copper foil": (sheets + 1) * copper_m,
        "nickel film": (sheets + 1) * 2 * nickel_m,
        "separator": (2 * sheets + 1) * separator_m,
        "laminate": 2 * laminate_m + np.zeros_like(sheets),
    }


def plated_m(*, first_cycle_loss: Values, lithium_porosity: Values, **design: Values) -> tuple[Values, Values]:
    """Thickness [m] that lithium adds to the cell, charged and discharged."""
    per_face = ("loading_kg_m2", "active_fraction", "specific_capacity_C_kg")
    geometry = ("capacity_C", *per_face, "sheet_width_m", "sheet_height_m")
    faces = 2 * sheets_of(*(design[n] for n in geometry))
    full, left = lithium_m(areal_capacity_C_m2(*(design[n] for n in per_face)), first_cycle_loss, lithium_porosity)
    return faces * full, faces * left


def footprint_m2(
    *, sheet_width_m: Values, sheet_height_m: Values, overhang_m: Values, seal_m: Values, laminate_m: Values, **_: Values
) -> Values:
    """Area [m2] of the cell's body seen from above: side seals folded up, the seal at the tabs flat."""
    return (sheet_width_m + 4 * overhang_m + 4 * laminate_m) * (sheet_height_m + 4 * overhang_m + seal_m)
