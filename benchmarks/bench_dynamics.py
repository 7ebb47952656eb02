"""Molecular dynamics: our run loop and our magnetic integrator against plain OpenMM, and GROMACS beside them.

    python benchmarks/bench_dynamics.py [edge in Å] [repeats]

One box of the reference paper's electrolyte with the same forces, one thread of the CPU platform, bonds to hydrogen held, 2 fs.
Prints processor time a step as medians of interleaved repeats: OpenMM's LangevinMiddleIntegrator alone; the same stepped as
`solvation.run` does (log and frames every 0.2 ps); in a field our compiled steps and OpenMM's expressions (the way on a GPU);
and what a frame exported to GROMACS takes there for 5000 steps (`gmx` in PATH or $GMX, left out where it is absent).
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import openmm as mm

from anodefree.simulation.solvation.drive import Drive
from anodefree.simulation.solvation.export_gromacs import write_gromacs
from anodefree.simulation.solvation.force_field import load_force_field
from anodefree.simulation.solvation.integrator import integrator_of, prepare
from anodefree.simulation.solvation.pack import pack
from anodefree.simulation.solvation.recipe import counts, load_recipe
from anodefree.simulation.solvation.system import box_of, system_of
from anodefree.simulation.solvation.terms import terms_of
from anodefree.simulation.solvation.turned_steps import TurnedSteps

STEP_PS, KELVIN, FRICTION_PS, CUTOFF_M, SCALE = 0.002, 298.15, 1.0, 1e-9, 0.8
FIELDS_T = (1e4, 1e5)
STEPS, BURST = 100, 100
GROMACS_STEPS = 5000
DAY_S = 86400.0


def main(edge_A: float = 27.0, repeats: int = 5) -> None:
    """All on one box."""
    field = load_force_field()
    edge_m = 1.05e-10 * edge_A
    box = box_of(counts(load_recipe("dol_dme_litfsi"), 1e-10 * edge_A, field), field)
    given: dict[str, Any] = {"charge_scale": SCALE, "cutoff_m": CUTOFF_M, "rigid": True}
    system, _ = system_of(box, field, edge_m, **given)
    with tempfile.TemporaryDirectory() as folder:
        start = context_of(
            system, mm.VerletIntegrator(1e-3), pack(box.molecules, edge_m, field, Path(folder), 1) / 1e-9, edge_m
        )
    mm.LocalEnergyMinimizer.minimize(start, 50.0, 500)
    place_nm = np.array(start.getState(getPositions=True).getPositions(asNumpy=True)._value)
    plain = mm.LangevinMiddleIntegrator(KELVIN, FRICTION_PS, STEP_PS)
    runs: dict[str, Callable[[], object]] = {"OpenMM LangevinMiddle": stepped(system, plain, place_nm, edge_m)}
    logged = mm.LangevinMiddleIntegrator(KELVIN, FRICTION_PS, STEP_PS)
    runs["with log and frames, OpenMM's forces"] = stepped(system, logged, place_nm, edge_m, log=True)
    compiled, pairs = system_of(box, field, edge_m, compiled=True, **given)
    force = mm.PythonForce(pairs)
    force.setUsesPeriodicBoundaryConditions(True)
    compiled.addForce(force)
    faster = mm.LangevinMiddleIntegrator(KELVIN, FRICTION_PS, STEP_PS)
    runs["solvation.run: compiled pair force, log"] = stepped(compiled, faster, place_nm, edge_m, log=True)
    mass = np.array([system.getParticleMass(k)._value for k in range(system.getNumParticles())])
    for flux in FIELDS_T:
        turn = Drive(flux).turn_rad_ps(box.charge_e, mass)
        setting: dict[str, Any] = {"friction_ps": FRICTION_PS, "step_ps": STEP_PS, "driven": False}
        turned = partial(TurnedSteps, turn_rad_ps=turn, temperature_K=KELVIN, seed=1, **setting)
        for forces, used in (("compiled pair force", compiled), ("OpenMM's forces", system)):
            runs[f"at {flux:.0e} T, {forces}"] = stepped(used, mm.CustomIntegrator(STEP_PS), place_nm, edge_m, turned)
        same = integrator_of(turn, temperature_K=KELVIN, seed=1, **setting)
        begin = partial(prepared, turn_rad_ps=turn, **setting)
        runs[f"at {flux:.0e} T, OpenMM's forces and expressions"] = stepped(system, same, place_nm, edge_m, begin)
    spent: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, work in runs.items():
            begin = time.process_time()
            work()
            spent[name].append((time.process_time() - begin) / STEPS)
    first = np.array(spent["OpenMM LangevinMiddle"])
    print(f"{len(mass)} atoms, one thread, processor time a step, medians of {repeats} interleaved repeats of {STEPS} steps")
    for name, each in spent.items():
        per_day = DAY_S / np.median(each) * STEP_PS * 1e-3
        print(f"{name:46s}{1e3 * np.median(each):8.2f} ms {per_day:8.2f} ns/day, ratio {np.median(np.array(each) / first):.3f}")
    gmx = os.environ.get("GMX", "gmx")
    if shutil.which(gmx):
        with tempfile.TemporaryDirectory() as folder:
            terms = terms_of(box, field, charge_scale=SCALE)
            write_gromacs(Path(folder), box, terms, 1e-9 * place_nm, edge_m, cutoff_m=CUTOFF_M, steps=GROMACS_STEPS)
            each, version = by_gromacs(gmx, folder)
            per_day = DAY_S / each * STEP_PS * 1e-3
            print(
                f"{version + ', one thread':46s}{1e3 * each:8.2f} ms {per_day:8.2f} ns/day, ratio {each / np.median(first):.3f}"
            )


def context_of(system: mm.System, integrator: mm.Integrator, place_nm: np.ndarray, edge_m: float) -> mm.Context:
    """On one thread."""
    platform = mm.Platform.getPlatformByName("CPU")
    made = mm.Context(system, integrator, platform, {"Threads": "1", "DeterministicForces": "true"})
    made.setPeriodicBoxVectors(*(np.eye(3) * edge_m / 1e-9))
    made.setPositions(place_nm)
    return made


def prepared(context: mm.Context, **setting: Any) -> Callable[[int], None]:
    """Steps of the context's own integrator in a field."""
    prepare(context.getIntegrator(), **setting)
    return context.getIntegrator().step


def stepped(
    system: mm.System,
    integrator: mm.Integrator,
    place_nm: np.ndarray,
    edge_m: float,
    begin: Callable[[mm.Context], Callable[[int], None]] | None = None,
    *,
    log: bool = False,
) -> Callable[[], None]:
    """What makes the steps of one repeat."""
    context = context_of(system, integrator, place_nm, edge_m)
    context.setVelocitiesToTemperature(KELVIN, 1)
    take = begin(context) if begin else integrator.step
    take(50)

    def work() -> None:
        for _ in range(STEPS // BURST):
            take(BURST)
            if log:
                state = context.getState(getEnergy=True)
                np.isfinite(state.getPotentialEnergy()._value)
                np.array(context.getState(getPositions=True).getPositions(asNumpy=True)._value, dtype=np.float32)

    return work


def by_gromacs(gmx: str, folder: str) -> tuple[float, str]:
    """Processor time of a step [s], start included, and its version: a busy machine falsifies the wall time that it reports."""
    for words in (
        "grompp -f run.mdp -c conf.gro -p topol.top -o run.tpr -maxwarn 5",
        "mdrun -s run.tpr -g run.log -ntmpi 1 -ntomp 1 -pin off",
    ):
        begin = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([gmx, *words.split()], cwd=folder, capture_output=True, text=True, check=False)
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            raise SystemExit(f"GROMACS says\n{done.stderr[-1500:]}")
    spent = end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime
    told = (Path(folder) / "run.log").read_text()
    version = re.search(r"GROMACS version:\s+(\S+)", told)
    return spent / GROMACS_STEPS, f"GROMACS {version[1].split('-')[0] if version else ''}"


if __name__ == "__main__":
    main(*(kind(a) for kind, a in zip((float, int), sys.argv[1:], strict=False)))
