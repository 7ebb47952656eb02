"""The compiled pair force against OpenMM's own forces in double precision, and its blocks of neighbours against all pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import njit
from scipy.special import erf

from anodefree.numerics.compiled.lanes import WIDTH, least, load, root, spread, store, total, where_less
from anodefree.numerics.compiled.pair_blocks import FIELDS
from anodefree.simulation.solvation.force_field import load_force_field
from anodefree.simulation.solvation.pair_blocks import Blocks
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


@pytest.mark.parametrize("number", [np.float32, np.float64])
@pytest.mark.parametrize("edge", [2.1, 2.5, 3.5, 8.0])
def test_every_pair_within_reach_is_met_once(edge: float, number: type[np.floating], rng: np.random.Generator) -> None:
    place, radius = rng.uniform(-edge, 2 * edge, (300, 3)), 1.2
    blocks = Blocks(place, edge, radius, 0.06, np.zeros((3, 300), number), np.empty((0, 2), np.int64))
    atom = np.full(blocks.data.size // FIELDS, -1)
    atom[blocks.slot] = np.arange(300)
    fields = blocks.data.reshape(-1, FIELDS, WIDTH)
    met = np.zeros((300, 300), np.int64)
    start, block, image = blocks.near
    for slot in np.flatnonzero(atom >= 0):
        own = fields[slot // WIDTH, :3, slot % WIDTH]
        for k in range(start[slot], start[slot + 1]):
            other = atom[block[k] * WIDTH : (block[k] + 1) * WIDTH]
            away = edge * (np.array(np.unravel_index(image[k], (3, 3, 3))) - 1)
            gap = np.linalg.norm(own[:, None] - away[:, None] - fields[block[k], :3], axis=0)
            later = block[k] * WIDTH + np.arange(WIDTH) > slot
            for j in other[(other >= 0) & later & (gap < radius)]:
                met[atom[slot], j] += 1
                met[j, atom[slot]] += 1
    # In a narrow box the reach with its skin holds some neighbours in two images: the cut-off, half of the edge, never does.
    images = [np.array(n) * edge for n in np.ndindex(3, 3, 3)]
    gap = (place - edge * np.floor(place / edge))[:, None] - (place - edge * np.floor(place / edge))[None] - edge
    near = sum((((gap + n) ** 2).sum(axis=2) < radius**2).astype(int) for n in images)
    np.fill_diagonal(near, 0)
    assert (met == near).all()


def test_blocks_are_formed_anew_once_an_atom_went_far(rng: np.random.Generator) -> None:
    place = rng.uniform(0, 3.0, (100, 3))
    blocks = Blocks(place, 3.0, 1.2, 0.06, np.zeros((3, 100), np.float32), np.empty((0, 2), np.int64))
    place[7, 1] += 0.05
    assert blocks.move(place)
    assert blocks.move(place + np.array([3.0, 0.0, -6.0]))  # other images of the same places
    place[7, 1] += 0.02
    assert not blocks.move(place)
    assert not blocks.move(np.full_like(place, np.nan))


def test_lanes_are_worked_on_like_arrays(rng: np.random.Generator) -> None:
    for number in (np.float32, np.float64):
        a, out = rng.uniform(1.0, 2.0, 11).astype(number), np.zeros(9, number)
        found = _worked(a, out)
        lanes = a[3:]
        wanted = np.where(lanes < 1.5, np.sqrt(1 / lanes + lanes * 2 - lanes / (lanes + 1)), lanes - 1)
        np.testing.assert_allclose(out[1:], wanted, rtol=20 * np.finfo(number).eps)
        np.testing.assert_allclose(found, (lanes.sum(), lanes.min()), rtol=10 * np.finfo(number).eps)


@njit
def _worked(a, out):  # type: ignore[no-untyped-def]
    one = a.dtype.type(1)
    lanes = load(a, 3)
    store(
        out,
        1,
        where_less(
            lanes, spread(one * a.dtype.type(1.5)), root(one / lanes + lanes * (one + one) - lanes / (lanes + one)), lanes - one
        ),
    )
    return total(lanes), least(lanes)


def test_polynomials_of_the_error_function() -> None:
    r = np.linspace(0.05, 1.0, 500)
    beta = 2.63
    energy, force = erf_polynomials(beta, 1.0)
    exact = erf(beta * r) / r
    assert np.abs(np.polyval(energy, 2 * r**2 - 1) - exact).max() < 1e-6
    slope = (exact - 2 * beta / np.sqrt(np.pi) * np.exp(-((beta * r) ** 2))) / r**2
    assert np.abs(np.polyval(force, 2 * r**2 - 1) - slope).max() < 1e-5
