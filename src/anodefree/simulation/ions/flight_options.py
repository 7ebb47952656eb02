"""The parameters that every flight through a cell shares, and the conditions that they add up to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from anodefree.core.parameter import Par
from anodefree.simulation.ions.launch import Emission

Pusher = Literal["rk4", "boris", "rotation", "overdamped"]
Side = Literal["reflects", "absorbs"]

Ions = Annotated[int, Par("ions of each species", ge=1, le=1e9)]
FluxDensity = Annotated[float, Par("uniform magnetic flux density", ge=0, source="1 um of nickel: 10 mT (section 2.1)")]
Tilt = Annotated[float, Par("angle of the field from the cell's axis", ge=0, le=math.pi, source="along the axis", assumed=True)]
Liquid = Annotated[bool, Par("with the drag and the thermal noise of the liquid; without: as in the paper")]
CationDiffusivity = Annotated[
    float, Par("diffusion coefficient of Li+", gt=0, source="order of magnitude in ether electrolytes", assumed=True)
]
AnionDiffusivity = Annotated[
    float, Par("diffusion coefficient of TFSI-", gt=0, source="order of magnitude in ether electrolytes", assumed=True)
]
Temperature = Annotated[float, Par("temperature", gt=0)]
Launch = Annotated[Emission, Par("launch velocity: at rest, thermal (half a Maxwellian), or thermal weighted by the flux")]
Anions = Annotated[bool, Par("fly TFSI- upward as well")]
Push = Annotated[
    Pusher,
    Par("in vacuum: Runge-Kutta as in the paper, Boris, or the exact rotation; in the liquid the exact step, or overdamped"),
]
Steps = Annotated[int, Par("steps in the time of the free flight, or of the drift", ge=10, le=1_000_000)]
SideOfCell = Annotated[Side, Par("what the side of the cell does")]
Paths = Annotated[int, Par("ions of each species whose whole path is kept", ge=0, le=10_000)]
Kept = Annotated[int, Par("ions of each species whose own numbers are kept; the tallies count all", ge=1, le=100_000_000)]
Threads = Annotated[int, Par("threads; the numbers do not depend on it", ge=1, le=256)]
Pairing = Annotated[int, Par("fixes every draw: runs that share it are paired ion by ion, with B and without", ge=0)]

KEPT: Final = 1_000_000


@dataclass(frozen=True)
class Conditions:
    """What is flown and how, apart from the fields."""

    ions: int
    liquid: bool
    cation_diffusivity_m2_s: float
    anion_diffusivity_m2_s: float
    temperature_K: float
    emission: Emission
    anions: bool
    pusher: Pusher
    steps_per_flight: int
    side: Side
    paths: int
    kept: int
    threads: int
    pairing: int

    @property
    def species(self) -> tuple[str, ...]:
        """The ions' names, in the order in which they fly."""
        return ("Li+", "TFSI-") if self.anions else ("Li+",)

    def diffusivity_m2_s(self, species: str) -> float | None:
        """The diffusion coefficient of an ion, None in vacuum."""
        if not self.liquid:
            return None
        return self.cation_diffusivity_m2_s if species == "Li+" else self.anion_diffusivity_m2_s
