"""The parameters that growing and cycling share, and the cell that they add up to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Final, Literal

import numpy as np

from anodefree.core.constants import GAS_J_MOL_K
from anodefree.core.machine import refuse_beyond_memory
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.simulation.deposition.cell import Box, Floats, Liquid, Numerics, Surface
from anodefree.simulation.deposition.film import lognormal_patches
from anodefree.simulation.deposition.growth import Growth
from anodefree.simulation.deposition.record import memory_bytes
from anodefree.simulation.deposition.sites import Sites, drawn_centres_m, everywhere, spots

_ETHER: Final = "order of magnitude of about 1 M lithium salts in ethers at 25 °C (Hayamizu et al. 1999); the paper states none"
_BARRIER: Final = "conductivity of ether electrolytes near room temperature; used only away from 298.15 K"
_SURFACE: Final = "of the order that impedance finds for interphases; used only away from 298.15 K"
REFERENCE_K: Final = 298.15

Width = Annotated[float, Par("width of the box along the collector", gt=0, source="Fig. 5m-n: 50 um x 25 um")]
Height = Annotated[float, Par("distance of the electrodes", gt=0, source="Fig. 5m-n: 50 um x 25 um")]
Depth = Annotated[float, Par("depth of the box; 0 for two dimensions", ge=0)]
Cells = Annotated[int, Par("cells along the width; they are cubes", ge=4, le=4096)]
Sides = Annotated[Literal["mirror", "periodic"], Par("what is beyond the sides of the box")]
Current = Annotated[float, Par("applied current per area of the collector", gt=0)]
Capacity = Annotated[float, Par("charge to plate per area of the collector", gt=0)]
StripCurrent = Annotated[float | None, Par("current density while stripping; none: as while plating", gt=0)]
Cycles = Annotated[int, Par("cycles of plating and stripping", ge=1, le=1000)]
Rest = Annotated[float, Par("rest after each plating and each stripping", ge=0)]
CutOff = Annotated[float, Par("potential against the counter electrode at which stripping ends", gt=0, le=2)]
Potential = Annotated[
    float | None, Par("hold the electrode at this potential against the counter electrode instead of a current", lt=0)
]
Spacing = Annotated[
    float | None, Par("mean distance of active sites, drawn at random; none: lithium nucleates everywhere", gt=0)
]
Places = Annotated[
    tuple[float, ...] | None, Par("where the active sites are instead: x of each, or x, y of each in three dimensions", ge=0)
]
Radius = Annotated[
    float, Par("radius of an active site", gt=0, source="of the order of nuclei in published micrographs", assumed=True)
]
RadiusSpread = Annotated[float, Par("standard deviation of the logarithm of the radius", ge=0, le=1)]
Threshold = Annotated[float, Par("overpotential at which a site nucleates", ge=0)]
ThresholdSpread = Annotated[float, Par("standard deviation of that overpotential from site to site", ge=0)]
Blocked = Annotated[float, Par("share of the collector between the sites that is blocked", ge=0, le=1)]
Exchange = Annotated[float, Par("exchange current density on lithium", gt=0, source="section 2.3: 1.34 mA/cm2 on M-Ni")]
Transfer = Annotated[float, Par("transfer coefficient of plating", gt=0, lt=1, source="symmetric barrier", assumed=True)]
Film = Annotated[float, Par("resistance of the interphase, its thickness over its conductivity", ge=0)]
FilmSpread = Annotated[
    float, Par("standard deviation of the logarithm of the film's resistance along the collector", ge=0, le=3)
]
ActivitySpread = Annotated[
    float, Par("standard deviation of the logarithm of the exchange current density along the collector", ge=0, le=3)
]
Patch = Annotated[float, Par("size of the patches over which film and activity are even", gt=0, source="no data", assumed=True)]
Healing = Annotated[float, Par("time in which a broken film heals; 0 for a film that does not change", ge=0)]
Crack = Annotated[float, Par("lithium plated through the film that breaks it to 1/e; 0 for a film that does not break", ge=0)]
Anisotropy = Annotated[float, Par("e in the factor 1 + e cos 4(theta - theta0) on the kinetics", ge=-0.9, le=0.9)]
Axis = Annotated[float, Par("theta0, the crystal's axis against the height")]
Energy = Annotated[
    float,
    Par(
        "energy of the lithium surface", ge=0, source="0.5 J/m2, calculated for clean lithium: Vitos et al. 1998", assumed=True
    ),
]
EnergyAnisotropy = Annotated[float, Par("d in the factor 1 + d cos 4(theta - theta0) on the energy", ge=0, le=0.066)]
Temperature = Annotated[float, Par("temperature", gt=200, lt=400)]
Conductivity = Annotated[float, Par("conductivity of the electrolyte at 298.15 K", gt=0, source=_ETHER, assumed=True)]
Exponent = Annotated[
    float, Par("power of the concentration that the conductivity goes with; 1 is Nernst and Einstein's relation", ge=0, le=2)
]
Diffusivity = Annotated[float, Par("salt diffusion coefficient at 298.15 K", gt=0, source=_ETHER, assumed=True)]
Transference = Annotated[float, Par("transference number of lithium", ge=0, le=1, source=_ETHER, assumed=True)]
Concentration = Annotated[float, Par("salt in the electrolyte", gt=0, source=_ETHER, assumed=True)]
Barrier = Annotated[float, Par("activation energy", ge=0, le=2e5, source=_BARRIER, assumed=True)]
SurfaceBarrier = Annotated[
    float, Par("activation energy of exchange current and film", ge=0, le=2e5, source=_SURFACE, assumed=True)
]
Counter = Annotated[float, Par("resistance of the counter electrode's surface", ge=0)]
InterfaceCells = Annotated[float, Par("width of the profile (1 + tanh(s/2w))/2 in cells", ge=0.5, le=4)]
Floor = Annotated[float, Par("electrolyte that conducts inside the metal, for the equations' sake", gt=0, le=1e-2)]
FrontStep = Annotated[float, Par("cells that the fastest front moves in a step, at most", gt=0, le=0.5)]
SaltError = Annotated[float, Par("error of the concentration in a step over the initial one, at most", gt=0, le=0.1)]
Frames = Annotated[int, Par("fields kept of each stretch of the run", ge=2, le=1000)]
Precision = Annotated[Literal["double", "single"], Par("of the elliptic solver")]
Replica = Annotated[int, Par("which draw of nuclei and film: equal conditions with another number are another sample", ge=0)]
Collector = Annotated[str, Par("what the collector stands for; a label")]


@dataclass(frozen=True)
class Conditions:
    """The cell as its parameters describe it."""

    width_m: float
    height_m: float
    depth_m: float
    cells: int
    sides: str
    site_spacing_m: float | None
    sites_m: tuple[float, ...] | None
    site_radius_m: float
    site_radius_spread: float
    nucleation_V: float
    nucleation_spread_V: float
    blocked: float
    j0_A_m2: float
    transfer_coefficient: float
    film_ohm_m2: float
    film_spread: float
    activity_spread: float
    patch_m: float
    film_healing_s: float
    film_crack_m: float
    anisotropy: float
    axis_rad: float
    surface_energy_N_m: float
    energy_anisotropy: float
    temperature_K: float
    conductivity_S_m: float
    conductivity_exponent: float
    diffusivity_m2_s: float
    transference: float
    concentration_mol_m3: float
    conduction_barrier_J_mol: float
    surface_barrier_J_mol: float
    counter_ohm_m2: float
    interface_cells: float
    floor: float
    front_step: float
    salt_error: float
    precision: str

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Conditions:
        """From a stage's parameters, of which it takes its own."""
        return cls(**{f.name: given[f.name] for f in fields(cls)})

    def box(self) -> Box:
        """The grid.

        Raises
        ------
        ConfigError: too flat, too large, or sites that it cannot resolve.
        """
        h = self.width_m / self.cells
        shape = (round(self.height_m / h), max(1, round(self.depth_m / h)), self.cells)
        if shape[0] < 8:
            raise ConfigError(f"only {shape[0]} cells between the electrodes", "cells", "8 at least: more cells")
        heterogeneous = self.site_spacing_m is not None or self.sites_m is not None
        if heterogeneous and self.site_radius_m < 0.5 * h:
            least = math.ceil(self.width_m / self.site_radius_m)
            raise ConfigError(
                f"a site of radius {self.site_radius_m:.3g} m is not resolved by cells of {h:.3g} m",
                "cells",
                f"at least {least} cells, better {3 * least}",
            )
        return Box(shape, h, self.sides == "periodic")

    def growth(self, rng: np.random.Generator, frames: int) -> Growth:
        """The cell, its sites and its film drawn, for a run that keeps so many frames.

        Raises
        ------
        ConfigError: as `box`; more memory than there is.
        """
        box = self.box()
        needed = memory_bytes(math.prod(box.shape), frames, self.precision == "single")
        refuse_beyond_memory(needed, "cells", "fewer cells (the memory goes as their number), or fewer frames")
        sites, surface = self._sites(box, rng), self._surface(box, rng)
        kelvin = 1 / REFERENCE_K - 1 / self.temperature_K
        faster = math.exp(self.conduction_barrier_J_mol / GAS_J_MOL_K * kelvin)
        liquid = Liquid(
            self.conductivity_S_m * faster,
            self.diffusivity_m2_s * faster,
            self.transference,
            self.concentration_mol_m3,
            self.temperature_K,
            self.conductivity_exponent,
            self.counter_ohm_m2,
        )
        numerics = Numerics(
            self.interface_cells,
            self.floor,
            self.front_step,
            self.salt_error,
            single=self.precision == "single",
        )
        return Growth(box, liquid, surface, sites, numerics)

    def _sites(self, box: Box, rng: np.random.Generator) -> Sites:
        if self.site_spacing_m is None and self.sites_m is None:
            return everywhere(box)
        if self.sites_m is not None:
            centres = self._listed(box)
        else:
            spacing = float(self.site_spacing_m or self.width_m)
            count = self.width_m / spacing * (1.0 if box.flat else self.depth_m / spacing)
            centres = drawn_centres_m(box, max(1, round(count)), rng)
        radii = self.site_radius_m * np.exp(self.site_radius_spread * rng.normal(size=len(centres)))
        threshold = self.nucleation_V + self.nucleation_spread_V * rng.normal(size=len(centres))
        return spots(box, centres, radii, np.maximum(threshold, 0), 1 - self.blocked)

    def _listed(self, box: Box) -> list[tuple[float, float]]:
        listed = self.sites_m or ()
        if box.flat:
            centres = [(0.0, x) for x in listed]
        elif len(listed) % 2:
            raise ConfigError("an odd number of coordinates", "sites_m", "x, y of each site in three dimensions")
        else:
            centres = list(zip(listed[1::2], listed[::2], strict=True))
        outside = [c for c in centres if c[1] > self.width_m or c[0] > max(self.depth_m, 0)]
        if outside or not centres:
            raise ConfigError(
                f"{len(outside)} of {len(centres)} sites lie outside the box", "sites_m", "places along the width"
            )
        return centres

    def _surface(self, box: Box, rng: np.random.Generator) -> Surface:
        active = lognormal_patches(box, self.activity_spread, self.patch_m, rng)
        thick = lognormal_patches(box, self.film_spread, self.patch_m, rng)
        kelvin = 1 / REFERENCE_K - 1 / self.temperature_K
        faster = math.exp(self.surface_barrier_J_mol / GAS_J_MOL_K * kelvin)
        maps: tuple[Floats, Floats] = (self.j0_A_m2 * faster * active, self.film_ohm_m2 / faster * thick)
        return Surface(
            *maps,
            self.transfer_coefficient,
            self.anisotropy,
            self.axis_rad,
            self.surface_energy_N_m,
            self.energy_anisotropy,
            self.film_healing_s,
            self.film_crack_m,
        )
