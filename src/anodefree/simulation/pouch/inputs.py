"""What a pouch cell is designed with: the central values, their spread, and where each comes from."""

from __future__ import annotations

from typing import Annotated, Final

import numpy as np

from anodefree.core.parameter import Par
from anodefree.core.uncertain import Uncertain
from anodefree.core.units import bare, shown, unit_of
from anodefree.numerics.propagation import Bounds

DESIGN: Final = {
    "capacity_C": Uncertain(8820.0, 36.0),
    "loading_kg_m2": Uncertain(0.22, 0.004),
    "active_fraction": Uncertain(0.967, 0.0005),
    "specific_capacity_C_kg": Uncertain(756e3, 21.6e3),
    "mean_voltage_V": Uncertain(3.846, 0.025),
    "copper_m": Uncertain(8e-6, 0.2e-6),
    "nickel_m": Uncertain(1e-6, 0.1e-6),
    "aluminium_m": Uncertain(12e-6, 1.5e-6),
    "separator_kg_m2": Uncertain(6e-3, 1.5e-3),
    "electrolyte_kg": Uncertain(2.0e-3, 0.03e-3),
    "sheet_width_m": Uncertain(0.05, 0.006),
    "sheet_height_m": Uncertain(0.06, 0.006),
    "overhang_m": Uncertain(1e-3, 0.3e-3),
    "laminate_kg_m2": Uncertain(0.17, 0.015),
    "seal_m": Uncertain(9e-3, 2e-3),
    "tabs_kg": Uncertain(0.35e-3, 0.08e-3),
}
"""The central design with the standard deviation of each input; where each comes from stands beside its parameter below."""
STATED = ("capacity_C", "loading_kg_m2", "active_fraction", "copper_m", "electrolyte_kg")
"""Inputs that the paper states (section 4.2.2 and 2.6); the others are assumed."""
STACK: Final = {
    "cathode_kg_m3": Uncertain(3.4e3, 0.1e3),
    "separator_m": Uncertain(11e-6, 1.5e-6),
    "laminate_m": Uncertain(113e-6, 10e-6),
    "first_cycle_loss": Uncertain(0.10, 0.015),
    "lithium_porosity": Uncertain(0.131, 0.03),
}
"""What a volume needs besides."""

Capacity = Annotated[Uncertain, Par("discharge capacity", gt=0, source="stated: ~2.45 Ah (section 2.6); std: its last digit")]
Loading = Annotated[
    Uncertain, Par("mass of the cathode's coating per area", gt=0, source="stated: ~22 mg/cm2 (4.2.2); std: its last digit")
]
LoadedSides = Annotated[
    int,
    Par(
        "how many faces of the foil the stated loading counts: 1 each face, 2 both together",
        ge=1,
        le=2,
        source="1: how loadings are usually quoted; not stated",
        assumed=True,
    ),
]
ActiveFraction = Annotated[
    Uncertain, Par("active material in the coating", gt=0, le=1, source="stated: 96.7 % (4.2.2); std: its last digit")
]
SpecificCapacity = Annotated[
    Uncertain,
    Par(
        "reversible capacity of NCM811 at 0.1C, 2.8-4.3 V",
        gt=0,
        source="210 mAh/g, the middle of 200-220 mAh/g that is usual for this range of voltage",
        assumed=True,
    ),
]
MeanVoltage = Annotated[
    Uncertain,
    Par(
        "mean voltage of the discharge",
        gt=0,
        source="PyBaMM, Li||NMC811 half cell (Chen2020), 0.1C, 2.8-4.3 V: 3.846 V; 3.768 V at 0.5C, other sets 3.86 V",
        assumed=True,
    ),
]
Copper = Annotated[
    Uncertain, Par("thickness of the copper foil", gt=0, source="stated: 8 µm (4.2.2); std: a mill's tolerance of ± 5 %")
]
Nickel = Annotated[
    Uncertain,
    Par(
        "thickness of the nickel film on each face of the copper",
        ge=0,
        source="1 µm: the paper's optimum (2.1); for the pouch cell it writes 'bare Cu', which would be 0",
        assumed=True,
    ),
]
Aluminium = Annotated[Uncertain, Par("thickness of the aluminium foil", gt=0, source="12 µm; 9-15 µm are common", assumed=True)]
SeparatorMass = Annotated[
    Uncertain,
    Par(
        "mass of the separator per area",
        gt=0,
        source="0.60 mg/cm2: polyethylene of 9-12 µm, 45 % porosity; with a ceramic coating up to 1 mg/cm2",
        assumed=True,
    ),
]
Electrolyte = Annotated[Uncertain, Par("mass of the electrolyte", gt=0, source="stated: 2.0 g (4.2.2); std: its last digit")]
SheetWidth = Annotated[
    Uncertain, Par("width of a cathode sheet", gt=0, source="5 cm: a common size for 2-3 Ah in ten sheets", assumed=True)
]
SheetHeight = Annotated[
    Uncertain, Par("height of a cathode sheet", gt=0, source="6 cm: a common size for 2-3 Ah in ten sheets", assumed=True)
]
Overhang = Annotated[
    Uncertain, Par("overhang of the copper over the cathode, each edge", gt=0, source="1 mm; 0.5-2 mm", assumed=True)
]
LaminateMass = Annotated[
    Uncertain,
    Par(
        "mass of the aluminium laminate per area",
        gt=0,
        source="17 mg/cm2: 113 µm laminate of 40 µm aluminium and polymer; 14-20 mg/cm2 for 88-150 µm",
        assumed=True,
    ),
]
Seal = Annotated[
    Uncertain, Par("width of the laminate around the stack, folds included", gt=0, source="9 mm; 5-13 mm", assumed=True)
]
Tabs = Annotated[
    Uncertain, Par("mass of tabs and their sealant", gt=0, source="0.35 g: two tabs of 5-8 mm; 0.2-0.5 g", assumed=True)
]
CathodeDensity = Annotated[
    Uncertain,
    Par(
        "density of the pressed cathode coating, pores included",
        gt=0,
        source="3.4 g/cm3: NCM811 electrodes are pressed to 3.2-3.6 g/cm3",
        assumed=True,
    ),
]
Separator = Annotated[
    Uncertain,
    Par(
        "thickness of the separator",
        gt=0,
        source="11 µm: what 0.60 mg/cm2 of polyethylene is at 43 % porosity; 9-16 µm",
        assumed=True,
    ),
]
Laminate = Annotated[
    Uncertain, Par("thickness of the aluminium laminate", gt=0, source="113 µm; 88-150 µm are common", assumed=True)
]
FirstCycleLoss = Annotated[
    Uncertain,
    Par(
        "part of the first charge that the cathode does not take back",
        ge=0,
        lt=1,
        source="10 %: layered oxides rich in nickel lose 8-13 % (Kasnatscheew et al. 2016); it stays on the negative side",
        assumed=True,
    ),
]
LithiumPorosity = Annotated[
    Uncertain,
    Par(
        "porosity of the fresh lithium",
        ge=0,
        lt=1,
        source="13.1 %: the paper's section of a deposit on M-Ni (2.4); loose deposits reach 50 %",
        assumed=True,
    ),
]
Draws = Annotated[int, Par("draws of the Monte-Carlo propagation", ge=1000, le=10_000_000)]


def bounds(inputs: dict[str, Uncertain]) -> Bounds:
    """What each input may be: nothing is negative, no fraction is above 1."""
    fractions = {"active_fraction": (1e-12, 1.0), "first_cycle_loss": (0.0, 0.99), "lithium_porosity": (0.0, 0.99)}
    return {n: fractions.get(n, (0.0 if n == "nickel_m" else 1e-12, np.inf)) for n in inputs}


def each_face(inputs: dict[str, Uncertain], loaded_sides: int) -> dict[str, Uncertain]:
    """The inputs with the loading that of one face."""
    loading = inputs["loading_kg_m2"]
    return {**inputs, "loading_kg_m2": Uncertain(loading.value / loaded_sides, loading.std / loaded_sides)}


def values(inputs: dict[str, Uncertain]) -> dict[str, np.ndarray]:
    """The central values as arrays."""
    return {n: np.asarray(x.value, dtype=float) for n, x in inputs.items()}


def said(name: str) -> str:
    """The input's name as a person reads it."""
    return {"separator_kg_m2": "separator mass", "laminate_kg_m2": "laminate mass", "cathode_kg_m3": "cathode density"}.get(
        name, bare(name).replace("_", " ")
    )


def said_value(name: str, value: float, std: float | None = None) -> str:
    """A value of an input, and its spread where there is one, in the unit a person reads."""
    unit, factor = shown(unit_of(name), {"m": "mm"}.get(unit_of(name)) if value > 1e-4 else None)
    spread = "" if std is None else f" ± {std * factor:.2g}"
    return f"{value * factor:.4g}{spread} {'' if unit == '1' else unit.replace('um', 'µm')}".rstrip()
