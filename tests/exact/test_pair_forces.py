"""The compiled pair force against OpenMM's own forces in double precision, and its list of neighbours against all pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import erf

from anodefree.simulation.solvation.force_field import load_force_field
from anodefree.simulation.solvation.pair_force import erf_polynomials
from anodefree.simulation.solvation.system import Box, box_of, system_of

mm = pytest.importorskip("openmm", reason="molecular dynamics needs the extra 'md'")

COUNTS = {"LI": 4, "TFS": 2, "FSI": 1, "NO3": 1, "DOL": 16, "DME": 10, "EGD": 2, "BTF": 2}
EDGE_NM = 2.4


def placed(rng: np.random.Generator) -> tuple[Box, np.ndarray]:
    """Molecules on a lattice, relaxed a little so that bonds are as they are in a liquid."""
    field = load_force_field()
    box = box_of(COUNTS, field)
    side = int(np.ceil(len(box.molecules) ** (1 / 3)))
    sites = np.array([(i, j, k) for i in range(side) for j in range(side) for k in range(side)]) * EDGE_NM / side
    place = sites[box.molecule] + rng.normal(0, 0.12, (len(box.molecule), 3))
    system, _ = system_of(box, field, EDGE_NM * 1e-9, charge_scale=0.8, cutoff_m=1e-9, rigid=False)
    context = _context(system, "CPU")
    context.setPositions(place)
    mm.LocalEnergyMinimizer.minimize(context, 10.0, 400)
    return box, np.array(context.getState(getPositions=True).getPositions(asNumpy=True)._value)


def _context(system: Any, platform: str) -> Any:
    return mm.Context(system, mm.VerletIntegrator(1e-3), mm.Platform.getPlatformByName(platform))


def _energy_and_forces(system: Any, place: np.ndarray, platform: str) -> tuple[float, np.ndarray]:
    context = _context(system, platform)
    context.setPositions(place)
    state = context.getState(getEnergy=True, getForces=True)
    return float(state.getPotentialEnergy()._value), np.array(state.getForces(asNumpy=True)._value)


def test_forces_and_energy_are_those_of_the_reference_platform(rng: np.random.Generator) -> None:
    box, place = placed(rng)
    field, given = load_force_field(), {"charge_scale": 0.8, "cutoff_m": 1e-9, "rigid": False}
    plain, none = system_of(box, field, EDGE_NM * 1e-9, **given)
    assert none is None
    bare, pairs = system_of(box, field, EDGE_NM * 1e-9, compiled=True, **given)
    assert pairs is not None
    energy, force = _energy_and_forces(plain, place, "Reference")
    rest, mesh = _energy_and_forces(bare, place, "Reference")
    mine, push = pairs.at(place, EDGE_NM)
    # Single precision and the polynomials: a tenth of what the mesh itself is told to keep to (5e-4).
    assert np.linalg.norm(push + mesh - force) < 5e-5 * np.linalg.norm(force)
    assert abs(mine + rest - energy) < 5e-5 * np.abs(mine)


def test_forces_are_the_gradient_of_the_energy(rng: np.random.Generator) -> None:
    box, place = placed(rng)
    _, pairs = system_of(box, load_force_field(), EDGE_NM * 1e-9, charge_scale=1.0, cutoff_m=1e-9, rigid=False, compiled=True)
    assert pairs is not None
    _, push = pairs.at(place, EDGE_NM)
    step = 2e-3 * push / np.linalg.norm(push)
    slope = (pairs.at(place + step, EDGE_NM)[0] - pairs.at(place - step, EDGE_NM)[0]) / 2
    # The cut-off makes steps in the energy, so this is a check of signs and factors only.
    assert slope == pytest.approx(-(push * step).sum(), rel=0.02)


@pytest.mark.parametrize("edge", [2.5, 3.5, 8.0])
def test_neighbours_are_all_pairs_within_reach(edge: float, rng: np.random.Generator) -> None:
    from anodefree.numerics.compiled.pair_forces import neighbours

    place = rng.uniform(-edge, 2 * edge, (300, 3))
    first, excluded = np.arange(301), (np.arange(300) + 1) % 300
    start, found = np.zeros(301, np.int64), np.empty(300 * 300, np.uint32)
    count = neighbours(place, edge, 1.2, first, excluded, start, found)
    gap = place[:, None] - place[None]
    gap -= edge * np.rint(gap / edge)
    near = (gap**2).sum(axis=2) < 1.2**2
    np.fill_diagonal(near, val=False)
    near[np.arange(300), excluded] = False
    assert count == near.sum() == start[-1]
    for i in range(300):
        assert sorted(found[start[i] : start[i + 1]].tolist()) == np.flatnonzero(near[i]).tolist()


def test_polynomials_of_the_error_function() -> None:
    r = np.linspace(0.05, 1.0, 500)
    beta = 2.63
    energy, force = erf_polynomials(beta, 1.0)
    exact = erf(beta * r) / r
    assert np.abs(np.polyval(energy, 2 * r**2 - 1) - exact).max() < 1e-6
    slope = (exact - 2 * beta / np.sqrt(np.pi) * np.exp(-((beta * r) ** 2))) / r**2
    assert np.abs(np.polyval(force, 2 * r**2 - 1) - slope).max() < 1e-5
