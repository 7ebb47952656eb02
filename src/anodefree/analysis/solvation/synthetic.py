"""Trajectories whose shells are known: every ion has as many contacts as were drawn for it, all else keeps away."""

from __future__ import annotations

from typing import Final

import numpy as np

from anodefree.core.constants import ATOMIC_MASS_KG, ELEMENTARY_CHARGE_C
from anodefree.core.measurement import Measurement
from anodefree.kinds.trajectory import TRAJECTORY

ANGSTROM_M: Final = 1e-10
BOX_A: Final = 60.0
CONTACT_A: Final = 2.05
SPREAD_A: Final = 0.08
FAR_A: Final = 4.0
MASSES: Final = {"Li": 6.94, "O": 15.999}


def shells(rng: np.random.Generator, frames: int, lithium: int, mean: float, most: int = 4) -> Measurement:
    """Lithium on a grid, about each of them as many oxygens of as many anions as drawn (binomial), the others far from all.

    Frames are independent of each other. An anion here is one oxygen, so that contacts by atom and by molecule are the same.
    """
    side = int(np.ceil(lithium ** (1 / 3)))
    grid = (np.indices((side,) * 3).reshape(3, -1).T[:lithium] + 0.5) * BOX_A / side
    anions = most * lithium
    place = np.empty((frames, lithium + anions, 3))
    for k in range(frames):
        near = rng.random((lithium, most)) < mean / most
        direction = rng.standard_normal((lithium, most, 3))
        direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
        # Those that do not touch lie on a wide shell, evenly by volume, so that there is a gap without any.
        wide = (FAR_A**3 + rng.random((lithium, most)) * ((BOX_A / side / 2) ** 3 - FAR_A**3)) ** (1 / 3)
        distance = np.where(near, CONTACT_A + SPREAD_A * rng.standard_normal((lithium, most)), wide)
        place[k, :lithium] = grid
        place[k, lithium:] = (grid[:, None] + direction * distance[..., None]).reshape(-1, 3)
    return built(place, ["Li"] * lithium + ["TFSI"] * anions, ["Li"] * lithium + ["O"] * anions, np.arange(lithium + anions))


def clusters(rng: np.random.Generator, frames: int, sites: int, shares: tuple[float, float, float]) -> Measurement:
    """Sites with one lithium each and one anion: apart from each other, a pair, or a pair that a second lithium joins.

    `shares` are those of the three among the sites. In the third case the lithium of the site is joined by one of its own kind,
    which belongs to the site and sits alone otherwise.
    """
    side = int(np.ceil(sites ** (1 / 3)))
    middle = (np.indices((side,) * 3).reshape(3, -1).T[:sites] + 0.5) * BOX_A / side
    place = np.empty((frames, 3 * sites, 3))
    for k in range(frames):
        drawn = rng.choice(3, size=sites, p=shares)
        along = np.array([1.0, 0.0, 0.0])
        anion = middle
        first = middle + np.where(drawn >= 1, CONTACT_A, FAR_A + 1.5)[:, None] * along
        second = middle - np.where(drawn == 2, CONTACT_A, FAR_A + 1.5)[:, None] * along
        place[k] = np.concatenate([first, second, anion])
    names = ["Li"] * (2 * sites) + ["TFSI"] * sites
    return built(place, names, ["Li"] * (2 * sites) + ["O"] * sites, np.arange(3 * sites))


def built(place_A: np.ndarray, names: list[str], elements: list[str], molecule: np.ndarray) -> Measurement:
    """A trajectory from places [Å] (frame, atom, 3), one name and one element for each atom."""
    species = list(dict.fromkeys(names))
    charge = np.array([1.0 if n == "Li" else -1.0 for n in names]) * ELEMENTARY_CHARGE_C
    arrays = {
        "time_s": np.arange(len(place_A)) * 1e-12,
        "position_m": place_A * ANGSTROM_M,
        "box_m": np.full((len(place_A), 3), BOX_A * ANGSTROM_M),
        "species": np.array([species.index(n) for n in names]),
        "molecule": molecule,
        "element": np.array(elements),
        "mass_kg": np.array([MASSES[e] for e in elements]) * ATOMIC_MASS_KG,
        "charge_C": charge,
    }
    return Measurement.of(TRAJECTORY, arrays, {"species": species, "temperature_K": 298.15}, name="known shells")
