"""The two phases an interphase is taken to be made of: crystalline inorganic and amorphous organic."""

from __future__ import annotations

from typing import Annotated, Final

from anodefree.core.parameter import Par
from anodefree.core.uncertain import Uncertain
from anodefree.physics.composites import cubic_polycrystal

LIF_PA, LIF_POISSON = cubic_polycrystal(111e9, 42e9, 63e9)
_LIF = "LiF polycrystal from its cubic constants 111, 42, 63 GPa at 300 K (Briscoe and Squire 1957), Hill's mean; std: 3 %"
_ORGANIC = "order of magnitude of glassy polymers and alkyl carbonates; measure it where the answer leans on it"

INORGANIC_MODULUS: Final = Uncertain(LIF_PA, 0.03 * LIF_PA)
INORGANIC_POISSON: Final = Uncertain(LIF_POISSON, 0.01)
ORGANIC_MODULUS: Final = Uncertain(0.8e9, 0.3e9)
ORGANIC_POISSON: Final = Uncertain(0.35, 0.03)

InorganicModulus = Annotated[Uncertain, Par("Young's modulus of the inorganic phase", gt=0, source=_LIF, assumed=True)]
InorganicPoisson = Annotated[Uncertain, Par("Poisson's ratio of the inorganic phase", gt=-1, lt=0.5, source=_LIF, assumed=True)]
OrganicModulus = Annotated[Uncertain, Par("Young's modulus of the organic phase", gt=0, source=_ORGANIC, assumed=True)]
OrganicPoisson = Annotated[
    Uncertain, Par("Poisson's ratio of the organic phase", gt=-1, lt=0.5, source="glassy polymers: 0.33-0.40", assumed=True)
]
BOUNDS: Final = {
    "inorganic_modulus_Pa": (1e3, float("inf")),
    "organic_modulus_Pa": (1e3, float("inf")),
    "inorganic_poisson": (-0.9, 0.49),
    "organic_poisson": (-0.9, 0.49),
    "inorganic_fraction": (0.0, 1.0),
}
