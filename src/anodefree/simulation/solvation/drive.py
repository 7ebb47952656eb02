"""What acts on the ions beside the force field: a magnetic field, an electric field, or a counter-rotating drive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from anodefree.core.constants import ATOMIC_MASS_KG, AVOGADRO_PER_MOL, ELEMENTARY_CHARGE_C
from anodefree.errors import ConfigError
from anodefree.simulation.solvation.engine import openmm

RAD_PER_PS: Final = ELEMENTARY_CHARGE_C / ATOMIC_MASS_KG * 1e-12
"""ω = q B/m in rad/ps for q in e, B in T, m in u."""
KJ_MOL_NM: Final = 96.48533212331
"""Force of one elementary charge in 1 V/nm."""
MOST_TURN: Final = 0.02
"""Angle [rad] that an atom on a rigid bond may turn in a step: projecting back on the bond takes heat, as its square."""


@dataclass(frozen=True)
class Drive:
    """Flux density along z, electric field along x, and a force of opposite sense of rotation on both kinds of ions."""

    flux_density_T: float = 0.0
    field_V_m: float = 0.0
    rotating_N: float = 0.0
    rotating_rad_s: float = 0.0

    @property
    def mode(self) -> str:
        """What the run is called."""
        if self.rotating_N:
            return "effective counter-rotating drive (a model, not physics of 10 mT)"
        if self.field_V_m:
            return "driven, crossed fields" if self.flux_density_T else "driven, electric field"
        return "equilibrium in a magnetic field" if self.flux_density_T else "equilibrium"

    @property
    def driven(self) -> bool:
        """Whether work is done on the system."""
        return bool(self.field_V_m or self.rotating_N)

    def turn_rad_ps(self, charge_e: np.ndarray, mass_u: np.ndarray) -> np.ndarray:
        """Cyclotron frequency of each atom (atom,), signed: a positive charge turns clockwise seen against the field."""
        return np.asarray(RAD_PER_PS * charge_e * self.flux_density_T / mass_u)


def check_step(drive: Drive, charge_e: np.ndarray, mass_u: np.ndarray, step_ps: float, bonded_to_h: np.ndarray) -> None:
    """Refuses a step in which an atom on a rigid bond turns too far; `bonded_to_h` (atom,) is True at atoms on such a bond.

    Raises
    ------
    ConfigError: the step is too long for the field.
    """
    turn = np.abs(drive.turn_rad_ps(charge_e, mass_u)) * step_ps
    rigid = float(turn[bonded_to_h].max(initial=0.0))
    if rigid > MOST_TURN:
        raise ConfigError(
            f"an atom on a rigid bond turns by {rigid:.2g} rad in a step of {1e3 * step_ps:g} fs, more than {MOST_TURN}",
            "flux_density_T",
            "flexible bonds (rigid = false), 1 fs at most, or 2 fs with hydrogen_u = 3; no step makes up for the projection",
        )


def forces_of(drive: Drive, charge_e: np.ndarray, ionic: np.ndarray) -> list[Any]:
    """OpenMM forces of the electric field and of the rotating drive, on unwrapped places."""
    mm = openmm()
    made = []
    if drive.field_V_m:
        push = mm.CustomExternalForce("-q*E*x")
        push.addPerParticleParameter("q")
        push.addGlobalParameter("E", drive.field_V_m * 1e-9 * KJ_MOL_NM)
        for i in np.flatnonzero(charge_e):
            push.addParticle(int(i), [float(charge_e[i])])
        made.append(push)
    if drive.rotating_N:
        push = mm.CustomExternalForce("-F*(x*cos(turned)+s*y*sin(turned))")
        push.addPerParticleParameter("s")
        push.addGlobalParameter("F", drive.rotating_N * 1e-9 * AVOGADRO_PER_MOL * 1e-3)
        push.addGlobalParameter("turned", 0.0)
        for i in np.flatnonzero(ionic & (charge_e != 0)):
            push.addParticle(int(i), [float(np.sign(charge_e[i]))])
        made.append(push)
    return made
