"""A box that comes with the package, from the last frame of a run.

    anodefree do solvation.run --edge-m "27 angstrom" --equilibration-s "500 ps" --production-s "100 ps" --save run.nc
    python benchmarks/equilibrated_box.py run.nc --edge 27

Writes src/anodefree/data/equilibrated/RECIPE_EDGEA_SCALE.npz: places (single precision, molecules whole), edge, recipe, counts,
charge scale, key of the force field, and how equilibrium was found. The run's recipe must be one that comes with the package.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.kinds.trajectory import TRAJECTORY
from anodefree.simulation.solvation.equilibrated import FOLDER, file_name, key_of, write
from anodefree.simulation.solvation.force_field import load_force_field
from anodefree.simulation.solvation.recipe import counts, load_recipe


def main() -> None:
    """Read the run, check that it is the recipe's box, write its last frame."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("run", type=Path)
    ask.add_argument("--edge", type=float, required=True, help="edge that the recipe filled [angstrom]")
    given = ask.parse_args()
    run = Measurement.load(given.run, {TRAJECTORY.name: TRAJECTORY})
    field = load_force_field()
    recipe, scale = str(run.meta["recipe"]), float(run.meta["charge_scale"])
    held = counts(load_recipe(recipe), 1e-10 * given.edge, field)
    if sum(held.values()) != len(np.unique(run["molecule"])):
        raise SystemExit(f"{recipe} at {given.edge:g} angstrom has {sum(held.values())} molecules, the run has others")
    target = Path(__file__).resolve().parent.parent / "src" / "anodefree" / "data" / FOLDER
    target.mkdir(exist_ok=True)
    log = run["log_time_s"]
    told = f"{1e12 * float(log[-1]):.0f} ps in all; {run.meta['equilibration']}"
    path = target / file_name(recipe, 1e-10 * given.edge, scale)
    write(path, run["position_m"][-1], float(run["box_m"][-1, 0]), run["molecule"], key_of(held, scale, field), told)
    print(f"{path}: {path.stat().st_size} bytes; {told}")


if __name__ == "__main__":
    main()
