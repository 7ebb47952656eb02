"""Boxes that come with the package, brought to equilibrium once: found where recipe, edge and charges match."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.keys import content_key
from anodefree.errors import ConfigError
from anodefree.simulation.solvation.force_field import ForceField
from anodefree.simulation.solvation.system import NM

FOLDER: Final = "equilibrated"


def file_name(recipe: str, edge_m: float, charge_scale: float) -> str:
    """The name that a box of this recipe has."""
    return f"{recipe}_{1e10 * edge_m:g}A_{charge_scale:g}.npz"


def key_of(counts: dict[str, int], charge_scale: float, field: ForceField) -> str:
    """What a box belongs to: molecules in order, and the elements, masses and charges of their atoms."""
    atoms = {r: [(*field.types[t], field.charges[t]) for _, t in field.residue(r).atoms] for r in counts}
    return content_key({"counts": list(counts.items()), "charge_scale": charge_scale, "atoms": atoms})


def write(path: Path, place_m: np.ndarray, edge_m: float, molecule: np.ndarray, key: str, told: str) -> None:
    """Keep a box: places to 1e-4 nm, each molecule whole with its first atom inside."""
    place = place_m.astype(float) / NM
    edge = edge_m / NM
    _, first, of = np.unique(molecule, return_index=True, return_inverse=True)
    near = place - place[first][of]
    near -= edge * np.rint(near / edge)
    whole = (place[first] % edge)[of] + near
    # Steps of 1e-4 nm as whole numbers: an atom's thermal motion is a hundred times wider, and the file is a third as large.
    np.savez_compressed(path, place=np.rint(1e4 * whole).astype(np.int32), edge_nm=edge, key=np.array(key), told=np.array(told))


def equilibrated(
    recipe: str, edge_m: float, counts: dict[str, int], charge_scale: float, field: ForceField
) -> tuple[np.ndarray, float, str]:
    """Places [nm] (atom, 3), edge [nm], and how it was brought to equilibrium.

    Raises
    ------
    ConfigError: no box comes with the package for this recipe, edge, charge scale and force field.
    """
    folder: Any = files("anodefree") / "data" / FOLDER
    found = folder / file_name(recipe, edge_m, charge_scale)
    there = sorted(p.name for p in folder.iterdir() if p.name.endswith(".npz"))
    if not found.is_file():
        raise ConfigError(
            f"no equilibrated box of {recipe} at {1e10 * edge_m:g} Å and charge scale {charge_scale:g} comes with the package",
            "start",
            f"start = packed, or one of {', '.join(there)}",
        )
    with found.open("rb") as opened, np.load(opened) as box:
        if str(box["key"]) != key_of(counts, charge_scale, field):
            raise ConfigError(
                "the equilibrated box was made with other charges or counts of molecules",
                "start",
                "start = packed: a box is equilibrated for its own charges alone",
            )
        return 1e-4 * box["place"].astype(float), float(box["edge_nm"]), str(box["told"])
