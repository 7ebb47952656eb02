"""Which atoms of a trajectory are meant: all of a species, or those of one element in it."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError, near

Centre = Annotated[str, Par("species about which is counted")]
Partner = Annotated[str, Par("species that is counted")]


def species_of(trajectory: Measurement) -> list[str]:
    """The names of the species."""
    return [str(s) for s in trajectory.meta["species"]]


def atoms_of(trajectory: Measurement, species: str, element: str | None = None) -> np.ndarray:
    """Indices of the atoms of a species, or of one element in it (atom,).

    Raises
    ------
    ConfigError: there is no such species, or it has no such element.
    """
    known = species_of(trajectory)
    if species not in known:
        raise ConfigError(f"no species is named '{species}'", trajectory.source.name, near(species, known))
    mine = trajectory["species"] == known.index(species)
    if element is None:
        return np.flatnonzero(mine)
    found = np.flatnonzero(mine & (trajectory["element"] == element))
    if not found.size:
        there = sorted(set(trajectory["element"][mine].tolist()))
        raise ConfigError(f"{species} has no '{element}'", trajectory.source.name, f"its elements are {', '.join(there)}")
    return found


def anions_of(trajectory: Measurement) -> list[str]:
    """Species that carry a negative charge by the force field, or whose name says so where there are no charges."""
    known = species_of(trajectory)
    if "charge_C" not in trajectory:
        return [s for s in known if s.upper() in ("TFSI", "FSI", "NO3", "PF6", "BF4", "CLO4", "OTF")]
    charge = trajectory["charge_C"]
    molecules = [_one_molecule(trajectory, k) for k in range(len(known))]
    return [s for s, atoms in zip(known, molecules, strict=True) if atoms.size and charge[atoms].sum() < -0.3 * 1.602176634e-19]


def _one_molecule(trajectory: Measurement, species: int) -> np.ndarray:
    atoms = np.flatnonzero(trajectory["species"] == species)
    return atoms[trajectory["molecule"][atoms] == trajectory["molecule"][atoms[0]]] if atoms.size else atoms
