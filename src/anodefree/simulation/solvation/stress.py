"""The pressure tensor of a box of molecules, from centres: bonds and whatever holds them drop out of it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from anodefree.numerics.ewald_mesh import EwaldMesh, ewald_mesh
from anodefree.simulation.solvation.pair_force import PairForce

PA: Final = 1e3 / 6.02214076e23 / 1e-27
"""One kJ/mol/nm³ in Pa."""
SPACING_NM: Final = 0.1
"""Of the mesh: its virial is then good to 2e-5; that of pairs in single precision to 5e-6."""
SIX: Final = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))


class MolecularStress:
    """P_αβ V = Σ_m M V_α V_β + Σ_m R_α F_β, symmetric part, with the centres R, velocities V and forces F of whole molecules.

    Forces within a molecule, rigid bonds among them, add nothing to F, so what is left is the virial of all forces between
    atoms that are not bonded, less Σ_i s_α f_β with the place s of each atom from its molecule's centre. The time average, and
    the viscosity, are those of the tensor from atoms; the ringing of bonds is missing. *Valid when* molecules are shorter
    than half of the edge. *Source* Allen and Tildesley 2017, section 2.4; mesh: Essmann et al. 1995.
    """

    def __init__(
        self,
        pairs: PairForce,
        molecule: np.ndarray,
        mass_u: np.ndarray,
        *,
        spacing_nm: float = SPACING_NM,
        number: type[np.floating] = np.float32,
    ) -> None:
        """With the molecule (atom,) of each atom; `number` is the type of numbers for pairs."""
        self._pairs, self._mass, self._spacing_nm, self._number = pairs, mass_u, spacing_nm, number
        _, self._first, self._of = np.unique(molecule, return_index=True, return_inverse=True)
        self._heavy = np.bincount(self._of, mass_u)
        self._mesh: EwaldMesh | None = None

    def __call__(self, place_nm: np.ndarray, speed_nm_ps: np.ndarray, edge_nm: float) -> np.ndarray:
        """The tensor xx, yy, zz, xy, xz, yz [Pa] at places and velocities (atom, 3)."""
        speed = self._mean(speed_nm_ps)
        kinetic = speed.T @ (self._heavy[:, None] * speed)
        force = np.zeros(place_nm.shape)
        virial = self._pairs.virial(place_nm, edge_nm, force, self._number)
        if self._pairs.charge.any():
            if self._mesh is None or self._mesh.edge != edge_nm:
                self._mesh = ewald_mesh(edge_nm, self._pairs.beta_nm, self._spacing_nm)
            virial += self._mesh(place_nm, self._pairs.charge, force)[1]
        away = place_nm - place_nm[self._first][self._of]
        away -= edge_nm * np.rint(away / edge_nm)
        away -= self._mean(away)[self._of]
        inner = away.T @ force
        both = kinetic - 0.5 * (inner + inner.T)
        return PA * (virial + [both[i, j] for i, j in SIX]) / edge_nm**3

    def of(self, simulation: Any) -> np.ndarray:
        """The tensor [Pa] of OpenMM's context."""
        state = simulation.getState(getPositions=True, getVelocities=True)
        place, speed = (np.asarray(a._value) for a in (state.getPositions(asNumpy=True), state.getVelocities(asNumpy=True)))
        return self(place, speed, float(state.getPeriodicBoxVectors(asNumpy=True)._value[0, 0]))

    def _mean(self, values: np.ndarray) -> np.ndarray:
        """Means over each molecule's mass (molecule, 3)."""
        weighted = values * self._mass[:, None]
        return np.column_stack([np.bincount(self._of, weighted[:, k]) for k in range(3)]) / self._heavy[:, None]
