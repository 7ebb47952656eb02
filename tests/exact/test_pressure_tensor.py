"""The pressure tensor against finite strains of an energy written down anew, and its mesh against a sum of waves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erfc

from anodefree.numerics.ewald_mesh import ewald_mesh
from anodefree.simulation.solvation.pair_force import COULOMB_KJ_NM, PairForce, Unbonded, tail
from anodefree.simulation.solvation.stress import PA, SIX, MolecularStress

EDGE_NM, BETA, CUTOFF_NM = 2.1, 2.6, 1.0


def waves(place: np.ndarray, charge: np.ndarray, box: np.ndarray) -> float:
    """Ewald's sum over waves in a box whose rows are its vectors."""
    reach = np.arange(-10, 11)
    whole = np.stack(np.meshgrid(reach, reach, reach, indexing="ij"), axis=-1).reshape(-1, 3)
    whole = whole[len(whole) // 2 + 1 :]  # each for its mirror image too
    k = 2 * np.pi * whole @ np.linalg.inv(box).T
    square = (k**2).sum(axis=1)
    sums = np.exp(1j * place @ k.T).T @ charge
    return float((4 * np.pi / square * np.exp(-square / (4 * BETA**2)) * np.abs(sums) ** 2).sum() / np.linalg.det(box))


def strained(energy: Callable[[np.ndarray], float]) -> np.ndarray:
    """Minus the derivative of an energy by each of six strains."""
    size, out = 2e-5, []
    for i, j in SIX:
        strain = np.zeros((3, 3))
        strain[i, j] += size / 2
        strain[j, i] += size / 2
        out.append(-(energy(np.eye(3) + strain) - energy(np.eye(3) - strain)) / (2 * size))
    return np.array(out)


def molecules(rng: np.random.Generator) -> tuple[Unbonded, np.ndarray, np.ndarray, np.ndarray]:
    """Bent molecules of three unlike charged atoms on a lattice, excluded from each other; some cross the box's faces."""
    count = 27
    sites = (np.indices((3, 3, 3)).reshape(3, -1).T + rng.uniform(-0.1, 0.1, (count, 3))) * EDGE_NM / 3
    away = rng.normal(size=(count, 3, 3))
    place = sites[:, None] + 0.13 * away / np.linalg.norm(away, axis=-1, keepdims=True)
    pair = np.array([(3 * m + i, 3 * m + j) for m in range(count) for i, j in ((0, 1), (0, 2), (1, 2))])
    zero = np.zeros(len(pair))
    atoms = Unbonded(
        np.tile([0.5, -0.9, 0.4], count),
        np.tile([0.2, 0.3, 0.25], count),
        np.tile([0.3, 0.6, 0.4], count),
        pair,
        zero,
        zero,
        zero,
    )
    return atoms, place.reshape(-1, 3), np.repeat(np.arange(count), 3), np.tile([1.0, 16.0, 12.0], count)


def test_tensor_is_the_derivative_of_the_energy_by_strain(rng: np.random.Generator) -> None:
    atoms, place, molecule, mass = molecules(rng)
    n = len(place)
    i, j = np.triu_indices(n, 1)
    other = molecule[i] != molecule[j]
    i, j = i[other], j[other]
    gap = place[i] - place[j]
    image = np.rint(gap / EDGE_NM)
    near = np.linalg.norm(gap - EDGE_NM * image, axis=1) < CUTOFF_NM  # these pairs stay, so that the cut-off makes no steps
    i, j, image = i[near], j[near], image[near]
    charge = np.sqrt(COULOMB_KJ_NM) * atoms.charge_e
    sigma, root = np.sqrt(atoms.sigma_nm[i] * atoms.sigma_nm[j]), np.sqrt(atoms.epsilon[i] * atoms.epsilon[j])
    centre = np.array([np.average(place[molecule == m], axis=0, weights=mass[molecule == m]) for m in molecule])

    def energy(strain: np.ndarray) -> float:
        moved = place - centre + centre @ strain  # molecules keep their shape
        r = np.linalg.norm(moved[i] - moved[j] - EDGE_NM * image @ strain, axis=1)
        bare = 4 * root * ((sigma / r) ** 12 - (sigma / r) ** 6) + charge[i] * charge[j] * erfc(BETA * r) / r
        return float(bare.sum()) + waves(moved, charge, EDGE_NM * strain)

    pairs = PairForce(atoms, CUTOFF_NM, BETA)
    still = np.zeros((n, 3))
    exact = MolecularStress(pairs, molecule, mass, spacing_nm=0.04, number=np.float64)(place, still, EDGE_NM)
    as_run = MolecularStress(pairs, molecule, mass)(place, still, EDGE_NM)
    np.testing.assert_allclose(as_run, exact, atol=1e-4 * np.abs(exact).max())
    found = exact / PA * EDGE_NM**3
    found[:3] -= tail(atoms.sigma_nm, atoms.epsilon, CUTOFF_NM)[1] / EDGE_NM**3
    wanted = strained(energy)
    np.testing.assert_allclose(found, wanted, atol=1e-6 * np.abs(wanted).max())
    wider = 1e-5
    slope = -(energy(np.eye(3) * (1 + wider)) - energy(np.eye(3) * (1 - wider))) / (2 * wider)  # -3V dU/dV
    assert found[:3].sum() == pytest.approx(slope, rel=1e-6)


def test_motion_of_centres_alone_is_pressure(rng: np.random.Generator) -> None:
    atoms, place, molecule, mass = molecules(rng)
    stress = MolecularStress(PairForce(atoms, CUTOFF_NM, BETA), molecule, mass)
    whole, spin = rng.normal(size=(27, 3)), rng.normal(size=(27, 3))
    still = stress(place, np.zeros_like(place), EDGE_NM)
    centre = np.array([np.average(place[molecule == m], axis=0, weights=mass[molecule == m]) for m in molecule])
    turning = np.cross(spin[molecule], place - centre)
    np.testing.assert_allclose(stress(place, turning, EDGE_NM), still, rtol=1e-9)
    added = stress(place, whole[molecule] + turning, EDGE_NM) - still
    wanted = PA / EDGE_NM**3 * 29.0 * np.array([(whole[:, a] * whole[:, b]).sum() for a, b in SIX])
    np.testing.assert_allclose(added, wanted, rtol=1e-6, atol=1e-9 * np.abs(still).max())


def test_mesh_is_the_direct_sum(rng: np.random.Generator) -> None:
    charge = rng.normal(size=30)
    charge -= charge.mean()
    place = rng.uniform(-EDGE_NM, EDGE_NM, (30, 3))
    box = EDGE_NM * np.eye(3)
    wanted = strained(lambda strain: waves(place @ strain, charge, box @ strain))
    step = np.zeros_like(place)
    step[4] = 1e-5 * np.array([1.0, -2.0, 0.5])
    push = -(waves(place + step, charge, box) - waves(place - step, charge, box)) / 2
    for spacing, within in ((0.1, 1e-4), (0.04, 1e-6)):
        force = np.zeros_like(place)
        energy, virial = ewald_mesh(EDGE_NM, BETA, spacing)(place, charge, force)
        assert energy == pytest.approx(waves(place, charge, box), rel=within)
        np.testing.assert_allclose(virial, wanted, atol=within * np.abs(wanted).max())
        assert (force * step).sum() == pytest.approx(push, rel=10 * within)


def test_tail_is_the_integral_beyond_the_cut_off() -> None:
    """In a liquid of one kind: half of N² times the integrals of 4πr² u and of -4πr³ u'/3."""
    sigma, epsilon, count = 0.34, 1.0, 100
    energy = quad(lambda r: 4 * np.pi * r**2 * 4 * epsilon * ((sigma / r) ** 12 - (sigma / r) ** 6), CUTOFF_NM, np.inf)[0]
    virial = quad(
        lambda r: 4 * np.pi * r**2 / 3 * 24 * epsilon * (2 * (sigma / r) ** 12 - (sigma / r) ** 6), CUTOFF_NM, np.inf
    )[0]
    found = tail(np.full(count, sigma), np.full(count, epsilon), CUTOFF_NM)
    np.testing.assert_allclose(found, (0.5 * count**2 * energy, 0.5 * count**2 * virial), rtol=1e-6)
