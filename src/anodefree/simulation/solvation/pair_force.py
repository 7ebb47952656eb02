"""Pair forces of a box on a processor: compiled here, because OpenMM's general pair force is several times slower.

OpenMM keeps the mesh part of the electrostatics, bonds and the integrator. Its Lennard-Jones of unlike atoms has arithmetic
means; the geometric means of OPLS-AA need its general pair force, which takes more than half of its time on a processor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from anodefree.errors import NumericalError
from anodefree.simulation.solvation.pair_blocks import Blocks

COULOMB_KJ_NM: Final = 138.93545764438198
"""1/(4πε₀) in kJ nm/mol/e²."""
DEGREE: Final = 12
SKIN_NM: Final = 0.12


@dataclass(frozen=True)
class Unbonded:
    """What atoms that are not bonded do to each other: charges [e], σ [nm], ε [kJ/mol], and the pairs that are bonded."""

    charge_e: np.ndarray
    sigma_nm: np.ndarray
    epsilon: np.ndarray
    pair: np.ndarray
    """Excluded pairs (pair, 2), with their own charge product [e²], σ and ε (of 1-4 neighbours; else zero)."""
    product_e2: np.ndarray
    pair_sigma_nm: np.ndarray
    pair_epsilon: np.ndarray


class PairForce:
    """Energy and forces between atoms that are not bonded, as OpenMM asks for them. Lengths in nm, energies in kJ/mol."""

    def __init__(self, atoms: Unbonded, cutoff_nm: float, beta_nm: float) -> None:
        """With β of the Ewald sum in 1/nm."""
        self.cutoff_nm, self.beta_nm = cutoff_nm, beta_nm
        root = 2 * np.sqrt(atoms.epsilon)
        self.charge = np.sqrt(COULOMB_KJ_NM) * atoms.charge_e
        """Charges times √(1/4πε₀) (atom,)."""
        self._roots = (root * atoms.sigma_nm**6, root * atoms.sigma_nm**3)
        self._tail, self._tail_virial = tail(atoms.sigma_nm, atoms.epsilon, cutoff_nm)
        self._pair = np.ascontiguousarray(atoms.pair)
        self._bare = COULOMB_KJ_NM * atoms.charge_e[atoms.pair].prod(axis=1)
        self._product = COULOMB_KJ_NM * atoms.product_e2
        self._pair_a = 4 * atoms.pair_epsilon * atoms.pair_sigma_nm**12
        self._pair_b = 4 * atoms.pair_epsilon * atoms.pair_sigma_nm**6
        self._size = 2 / cutoff_nm**2
        self._energy_of, self._force_of = erf_polynomials(beta_nm, cutoff_nm)
        self._blocks: dict[type[np.floating], Blocks] = {}

    def __call__(self, state: Any) -> tuple[float, np.ndarray]:
        """Energy and forces (atom, 3) at the places of OpenMM's state."""
        edge = float(state.getPeriodicBoxVectors(asNumpy=True)._value[0, 0])
        return self.at(np.asarray(state.getPositions(asNumpy=True)._value), edge)

    def at(self, place_nm: np.ndarray, edge_nm: float) -> tuple[float, np.ndarray]:
        """Energy and forces (atom, 3) at places in a cube.

        Raises
        ------
        NumericalError: a place is no number.
        """
        from anodefree.numerics.compiled.pair_forces import exceptions

        force = np.zeros(place_nm.shape)
        energy = self._pairs(place_nm, edge_nm, force, np.float32)
        energy += exceptions(
            place_nm, edge_nm, self._pair, self._bare, self._product, self._pair_a, self._pair_b,
            self._energy_of, self._force_of, self._size, force,
        )  # fmt: skip
        return energy + self._tail / edge_nm**3, force

    def virial(self, place_nm: np.ndarray, edge_nm: float, force: np.ndarray, number: type[np.floating]) -> np.ndarray:
        """Σ d_α f_β over pairs that are not excluded: xx, yy, zz, xy, xz, yz [kJ/mol], with tail; adds to force (atom, 3).

        Within an atom's sum in numbers of the given type.
        """
        virial = np.zeros(6)
        self._pairs(place_nm, edge_nm, force, number, virial)
        virial[:3] += self._tail_virial / edge_nm**3
        return virial

    def _pairs(
        self,
        place_nm: np.ndarray,
        edge_nm: float,
        force: np.ndarray,
        number: type[np.floating],
        virial: np.ndarray | None = None,
    ) -> float:
        """Adds what pairs that are not excluded do to force (atom, 3) and virial, and returns their energy."""
        from anodefree.numerics.compiled.pair_forces import forces

        blocks = self._blocks.get(number)
        if blocks is None or blocks.edge_nm != edge_nm or not blocks.move(place_nm):
            if not np.isfinite(place_nm).all():
                raise NumericalError("a place is no number", "pair forces", "a shorter time step, or a longer minimisation")
            factors = np.stack([self.charge, *self._roots])
            blocks = self._blocks[number] = Blocks(
                place_nm, edge_nm, self.cutoff_nm + SKIN_NM, SKIN_NM / 2, factors.astype(number), self._pair
            )
        powers = self._energy_of.astype(number), self._force_of.astype(number)
        energy = forces(
            blocks.data, number(edge_nm), number(self.cutoff_nm), blocks.near, blocks.apart, *powers, number(self._size), virial
        )
        blocks.take(force)
        return float(energy)


def erf_polynomials(beta_nm: float, cutoff_nm: float) -> tuple[np.ndarray, np.ndarray]:
    """Polynomials, highest power first, in t = 2r²/cut-off² - 1 of erf(βr)/r and of (erf(βr)/r - 2β/√π exp(-β²r²))/r²."""
    from numpy.polynomial.chebyshev import Chebyshev
    from numpy.polynomial.polynomial import Polynomial
    from scipy.special import erf

    def energy(t: np.ndarray) -> np.ndarray:
        r = cutoff_nm * np.sqrt((t + 1) / 2)
        return np.asarray(erf(beta_nm * r) / r)

    def force(t: np.ndarray) -> np.ndarray:
        r2 = cutoff_nm**2 * (t + 1) / 2
        return np.asarray((energy(t) - 2 * beta_nm / np.sqrt(np.pi) * np.exp(-(beta_nm**2) * r2)) / r2)

    powers = [np.asarray(Chebyshev.interpolate(f, DEGREE).convert(kind=Polynomial).coef)[::-1].copy() for f in (energy, force)]
    return powers[0], powers[1]


def tail(sigma_nm: np.ndarray, epsilon: np.ndarray, cutoff_nm: float) -> tuple[float, float]:
    """Volume times the energy, and each diagonal part of the virial, of Lennard-Jones beyond the cut-off in a uniform liquid.

    ½ Σ_ij ∫ 4πr² u(r) dr = 2π Σ_ij (c₁₂/(9 r_c⁹) - c₆/(3 r_c³)), and with -r u'(r)/3 for u(r): 2π Σ_ij (4c₁₂/(9 r_c⁹) -
    2c₆/(3 r_c³)). The sum over pairs of products is the square of a sum.
    """
    root = 2 * np.sqrt(epsilon)
    twelve, six = np.sum(root * sigma_nm**6) ** 2 / (9 * cutoff_nm**9), np.sum(root * sigma_nm**3) ** 2 / (3 * cutoff_nm**3)
    return float(2 * np.pi * (twelve - six)), float(2 * np.pi * (4 * twelve - 2 * six))
