"""A frame of a run as files of another program, for those who go on with GROMACS or LAMMPS."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from anodefree.errors import ConfigError
from anodefree.kinds.trajectory import Trajectory
from anodefree.simulation.solvation.export_gromacs import write_gromacs
from anodefree.simulation.solvation.export_lammps import write_lammps
from anodefree.simulation.solvation.force_field import ForceField, load_force_field
from anodefree.simulation.solvation.recipe import species_name
from anodefree.simulation.solvation.system import box_of
from anodefree.simulation.solvation.terms import terms_of


def export_run(
    trajectory: Trajectory,
    folder: str | Path,
    program: Literal["gromacs", "lammps"] = "gromacs",
    *,
    frame: int = -1,
    steps: int = 0,
    cutoff_m: float = 1e-9,
    force_field: tuple[str, ...] = (),
) -> tuple[Path, ...]:
    """Files with which GROMACS or LAMMPS goes on from a frame of `solvation.run`, with the same forces to rounding.

    `force_field`: the files that the run was given. What the other program does not know (fields, drives) is not written.

    Raises
    ------
    ConfigError: the trajectory is not one of `solvation.run`, or has no such frame.
    """
    field = load_force_field(tuple(force_field))
    place = trajectory["position_m"]
    if not -len(place) <= frame < len(place):
        raise ConfigError(f"there are {len(place)} frames, no frame {frame}", "frame")
    if "charge_scale" not in trajectory.meta:
        raise ConfigError(
            "the force field of this trajectory is not known", "export", "only runs of solvation.run have one here"
        )
    box = box_of(_counts(trajectory, field), field)
    terms = terms_of(box, field, charge_scale=float(trajectory.meta["charge_scale"]))
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    kelvin = float(trajectory.meta["temperature_K"])
    write = write_gromacs if program == "gromacs" else write_lammps
    edge_m = float(trajectory["box_m"][frame, 0])
    given = np.asarray(place[frame], dtype=float)
    return write(target, box, terms, given, edge_m, cutoff_m=cutoff_m, temperature_K=kelvin, steps=steps)


def _counts(trajectory: Trajectory, field: ForceField) -> dict[str, int]:
    """Residue -> number of molecules, in the trajectory's order."""
    named = {species_name(r): r for r in field.residues}
    first = np.unique(trajectory["molecule"], return_index=True)[1]
    found: dict[str, int] = {}
    for s in trajectory["species"][first]:
        name = trajectory.meta["species"][int(s)]
        if name not in named:
            raise ConfigError(f"the force field has no parameters for '{name}'", "export", "name the run's force_field files")
        found[named[name]] = found.get(named[name], 0) + 1
    return found
