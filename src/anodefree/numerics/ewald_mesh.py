"""The mesh part of an Ewald sum in a cube: energy, forces and virial tensor, the latter exact for the energy of the mesh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EwaldMesh:
    """A mesh for one box: what each wave adds to the energy, and which part of it to every component of the virial."""

    points: int
    """Along each edge."""
    edge: float
    green: Floats
    """(n, n, n/2 + 1), such that the energy is half of the sum of green |F|² over waves."""
    counted: Floats
    """Twice or once, as a wave stands for its mirror image."""
    part: Floats
    """(6, n, n, n/2 + 1): δ_αβ - 2 (1 + k²/4β²) k_α k_β/k² for xx, yy, zz, xy, xz, yz."""

    def __call__(self, place: Floats, charge: Floats, force: Floats) -> tuple[float, Floats]:
        """Energy and virial (6,) of charges (atom,) at places (atom, 3); adds to force (atom, 3). Coulomb's constant is 1."""
        from scipy.fft import irfftn, rfftn

        from anodefree.numerics.compiled.charge_mesh import gather, spread

        n = self.points
        fraction = place / self.edge
        fraction -= np.floor(fraction)
        mesh = np.zeros((n, n, n))
        spread(fraction, charge, mesh)
        waves = rfftn(mesh)
        gather(fraction, charge, irfftn(self.green * waves, (n, n, n)) * n**3, self.edge, force)
        energy = 0.5 * self.green * self.counted * (waves.real**2 + waves.imag**2)
        return float(energy.sum()), np.tensordot(self.part, energy, 3)


def ewald_mesh(edge: float, beta: float, spacing: float) -> EwaldMesh:
    """A mesh of about that spacing in a cube, for real-space charges screened by erfc(βr).

    E = 1/(2πV) Σ_m exp(-π²m²/β²)/m² B(m) |F(m)|², B from B-splines of sixth order; fractions of the box's edges stay in a
    strain, so the virial Σ_m E_m (δ_αβ - 2 (1 + π²m²/β²) m_α m_β/m²) is the exact derivative. *Source* Essmann et al. 1995,
    equations 2.4 and 2.7.
    """
    from scipy.fft import next_fast_len

    n = int(next_fast_len(max(int(np.ceil(edge / spacing)), 8), real=True))
    whole = np.fft.fftfreq(n, 1 / n)
    spline = np.array([1, 26, 66, 26, 1]) / 120  # the sixth-order B-spline at whole numbers
    modulus = 1 / np.abs(np.exp(2j * np.pi * np.outer(whole, np.arange(5)) / n) @ spline) ** 2
    half = n // 2 + 1
    k = 2 * np.pi / edge * np.stack(np.meshgrid(whole, whole, np.arange(half), indexing="ij"))
    square = (k**2).sum(axis=0)
    square[0, 0, 0] = 1.0
    smooth = modulus[:, None, None] * modulus[:, None] * modulus[:half]
    green = 4 * np.pi / edge**3 * np.exp(-square / (4 * beta**2)) / square * smooth
    green[0, 0, 0] = 0.0
    counted = np.full(half, 2.0)
    counted[0] = 1.0
    if n % 2 == 0:
        counted[-1] = 1.0
    along = 2 * (1 + square / (4 * beta**2)) / square
    part = np.stack([(i == j) - along * k[i] * k[j] for i, j in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))])
    return EwaldMesh(n, edge, green, np.broadcast_to(counted, green.shape), part)
