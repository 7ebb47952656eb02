"""Trajectories of other molecular dynamics programs (GROMACS, LAMMPS, AMBER, CHARMM, NAMD) by MDAnalysis, an extra."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.constants import ATOMIC_MASS_KG, ELEMENTARY_CHARGE_C
from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError, DataError, MissingExtra
from anodefree.kinds.trajectory import TRAJECTORY

ANGSTROM_M: Final = 1e-10
PICOSECOND_S: Final = 1e-12
MOST_BYTES: Final = 4 * 2**30
STRUCTURES: Final = (".gro", ".pdb", ".data", ".prmtop", ".parm7", ".psf", ".tpr")
WEIGHTS: Final = {
    "H": 1.008,
    "Li": 6.94,
    "B": 10.81,
    "C": 12.011,
    "N": 14.007,
    "O": 15.999,
    "F": 18.998,
    "Na": 22.990,
    "Si": 28.085,
    "P": 30.974,
    "S": 32.06,
    "Cl": 35.45,
    "K": 39.098,
    "Br": 79.904,
    "I": 126.90,
}
"""Standard atomic weights (IUPAC 2021, abridged) of what electrolytes are made of."""


def read(path: Path, *, topology: str | None = None, species_map: str | None = None, every: float | None = None) -> Measurement:
    """A trajectory with its topology.

    `topology` is the file that says which atoms there are (.gro, .pdb, .data, .prmtop, .psf, .tpr); a file that holds both
    needs none. `species_map` names the species: "LI=Li, TFS=TFSI, DME=DME" by residue name, or by selections of MDAnalysis,
    "Li: type 22; PF6: byres type 21"; without it residue names are taken. `every` keeps each n-th frame. Elements that
    the topology lacks follow from the masses, masses that it lacks from the elements.

    Raises
    ------
    MissingExtra: MDAnalysis is not installed. ConfigError: a file or a species is missing, the box is not rectangular, or the
    whole would not fit. DataError: MDAnalysis cannot read it.
    """
    try:
        import MDAnalysis
    except ImportError as error:
        raise MissingExtra(
            "trajectories of other programs are read by MDAnalysis", str(path), "pip install 'anodefree[trajectories]'"
        ) from error
    step = int(every) if every is not None else 1
    if step < 1:
        raise ConfigError("must be 1 or more", "every", "every=10 keeps each tenth frame")
    structure = Path(topology) if topology else path
    if topology and not structure.is_file():
        raise ConfigError("no such file", str(structure), "topology names the file that says which atoms there are")
    if topology is None and path.suffix.lower() not in STRUCTURES:
        raise ConfigError(
            "holds places but not which atoms they are of", str(path), "give its topology: --meta topology=conf.gro"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of guessed masses and missing elements: both are made up for below
        try:
            universe = MDAnalysis.Universe(str(structure), *([str(path)] if topology else []), to_guess=())
        except Exception as error:  # any of a dozen parsers, each with its own exceptions
            told = str(error).strip().split("\n")[0][:200]
            raise DataError(f"MDAnalysis cannot read it ({type(error).__name__}: {told})", str(path)) from error
        return _measured(universe, path, species_map, step)


def _measured(universe: Any, path: Path, species_map: str | None, step: int) -> Measurement:
    atoms = universe.atoms
    names, species = _species(atoms, species_map, str(path))
    mass, element = _masses(atoms, str(path))
    frames = len(range(0, len(universe.trajectory), step))
    if frames * len(atoms) * 12 > MOST_BYTES:
        least = step * -(-frames * len(atoms) * 12 // MOST_BYTES)
        raise ConfigError(
            f"would fill {frames * len(atoms) * 12 / 2**30:.0f} GiB", str(path), f"keep fewer frames: --meta every={least}"
        )
    place = np.empty((frames, len(atoms), 3), dtype=np.float32)
    box, time = np.empty((frames, 3)), np.empty(frames)
    try:
        for k, frame in enumerate(universe.trajectory[::step]):
            edges = frame.dimensions
            if edges is None or (edges[:3] <= 0).any():
                raise ConfigError("has no periodic box", str(path), "coordination in a liquid needs one")
            if np.abs(edges[3:] - 90).max() > 1e-3:
                raise ConfigError("its box is not rectangular", str(path), "convert it to a rectangular one")
            place[k], box[k], time[k] = frame.positions, edges[:3], frame.time
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"frame {k + 2} cannot be read ({error})", str(path), "was the run cut short? repair the file"
        ) from error
    if frames > 1 and (np.diff(time) <= 0).any():
        time[:] = np.arange(frames) * float(universe.trajectory.dt) * step
    arrays = {
        "time_s": time * PICOSECOND_S,
        "position_m": place * np.float32(ANGSTROM_M),
        "box_m": box * ANGSTROM_M,
        "species": species,
        "molecule": _molecules(atoms),
        "element": element,
        "mass_kg": mass * ATOMIC_MASS_KG,
    }
    if hasattr(atoms, "charges") and np.any(atoms.charges):
        arrays["charge_C"] = np.asarray(atoms.charges) * ELEMENTARY_CHARGE_C
    return Measurement.of(TRAJECTORY, arrays, {"species": names, "engine": f"read by MDAnalysis from {path.suffix}"})


def _species(atoms: Any, given: str | None, where: str) -> tuple[list[str], np.ndarray]:
    """Names of the species, and the index of each atom's."""
    if given is None or ("=" in given and ":" not in given):
        if not hasattr(atoms, "resnames"):
            raise ConfigError("has no residue names", where, "give species_map='Li: type 22; PF6: byres type 21'")
        mapped = dict(re.findall(r"([^\s,=]+)\s*=\s*([^\s,=]+)", given or ""))
        residues = [str(r) for r in atoms.resnames]
        lacking = sorted(set(residues) - set(mapped)) if given else []
        if lacking:
            raise ConfigError(f"no species is given for {', '.join(lacking[:8])}", "species_map", "name every residue")
        told = [mapped.get(r, r) for r in residues]
        names = list(dict.fromkeys(told))
        return names, np.array([names.index(n) for n in told])
    index = np.full(len(atoms), -1)
    names = []
    for entry in filter(None, (e.strip() for e in given.split(";"))):
        name, _, selection = entry.partition(":")
        try:
            found = atoms.select_atoms(selection.strip())
        except Exception as error:
            raise ConfigError(f"'{selection.strip()}' is no selection ({error})", "species_map") from error
        if not len(found):
            raise ConfigError(f"'{selection.strip()}' selects nothing", "species_map", f"of {name.strip()}")
        index[found.indices] = len(names)
        names.append(name.strip())
    if (index < 0).any():
        raise ConfigError(f"{int((index < 0).sum())} atoms belong to no species", "species_map", "name every kind of molecule")
    return names, index


def _masses(atoms: Any, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Masses [u] and symbols of the elements; each makes up for a lack of the other."""
    symbols = list(WEIGHTS)
    weights = np.array(list(WEIGHTS.values()))
    told = np.array([str(e).capitalize() for e in atoms.elements]) if hasattr(atoms, "elements") else np.full(len(atoms), "")
    mass = np.asarray(atoms.masses, dtype=float) if hasattr(atoms, "masses") else np.zeros(len(atoms))
    by_name = np.array([_symbol(str(n)) for n in atoms.names]) if hasattr(atoms, "names") else np.full(len(atoms), "")
    nearest = np.array(symbols)[np.abs(mass[:, None] - weights).argmin(axis=1)]
    element = np.where(np.isin(told, symbols), told, np.where(mass > 0, nearest, by_name))
    if not np.isin(element, symbols).all():
        strange = sorted(set(element[~np.isin(element, symbols)].tolist()))
        raise DataError(
            f"the elements of its atoms are not known ({', '.join(strange[:5])})", where, "use a topology with masses"
        )
    known = np.array([WEIGHTS[e] for e in element])
    return np.where(mass > 0, mass, known), element.astype("U2")


def _symbol(name: str) -> str:
    """The element that an atom's name begins with."""
    letters = re.sub(r"[^A-Za-z]", "", name)
    two = letters[:2].capitalize()
    return two if two in WEIGHTS and two in ("Li", "Na", "Cl", "Br", "Si") else letters[:1].upper()


def _molecules(atoms: Any) -> np.ndarray:
    """The molecule of each atom: what bonds hold together, else its residue."""
    try:
        return np.unique(atoms.fragindices, return_inverse=True)[1]
    except Exception:  # without bonds there are no fragments, and each version says so in its own way
        return np.unique(atoms.resindices, return_inverse=True)[1]
