"""The viscosity of the Lennard-Jones liquid at its triple point by our forces, pressure tensor and stage.

Reduced temperature 0.722 and density 0.8442 as in Ferrario et al. 1991, who found 3.24 ± 0.04 (Green-Kubo, 2048 atoms).

    python benchmarks/bench_viscosity.py [--runs 5] [--atoms 256] [--time 1000]

One row a run (its own seed) with what a step and a sample of the tensor cost, then their mean.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import openmm as mm

import anodefree as af
from anodefree.core.measurement import Measurement
from anodefree.kinds.trajectory import TRAJECTORY
from anodefree.simulation.solvation.integrator import KJ_MOL
from anodefree.simulation.solvation.pair_force import PairForce, Unbonded
from anodefree.simulation.solvation.stress import MolecularStress

SIGMA_NM, EPSILON, MASS_U = 0.34, 1.0, 40.0
KELVIN, DENSITY = 0.722 * EPSILON / KJ_MOL, 0.8442
TIME_PS = SIGMA_NM * (MASS_U / EPSILON) ** 0.5
"""σ √(m/ε), the unit of time."""
STEP, SAMPLE, CUTOFF, FRICTION = 0.004, 5, 3.0, 0.02
LITERATURE, LITERATURE_STD = 3.24, 0.04


def liquid(atoms: int, seed: int) -> tuple[Any, MolecularStress, float]:
    """A box brought from a lattice to the temperature, its pressure tensor, and its edge [nm]."""
    edge = (atoms / DENSITY) ** (1 / 3) * SIGMA_NM
    side = int(np.ceil((atoms / 4) ** (1 / 3)))
    corner = np.array([(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)]) / 2
    place = ((np.indices((side,) * 3).reshape(3, -1).T[:, None] + corner).reshape(-1, 3)[:atoms] + 0.25) * edge / side
    none = np.empty(0)
    every = np.ones(atoms)
    unbonded = Unbonded(0 * every, SIGMA_NM * every, EPSILON * every, np.empty((0, 2), np.int64), none, none, none)
    pairs = PairForce(unbonded, CUTOFF * SIGMA_NM, 2.6)
    system = mm.System()
    for _ in range(atoms):
        system.addParticle(MASS_U)
    system.setDefaultPeriodicBoxVectors(*(np.eye(3) * edge))
    force = mm.PythonForce(pairs)
    force.setUsesPeriodicBoundaryConditions(True)
    system.addForce(force)
    integrator = mm.LangevinMiddleIntegrator(KELVIN, 1.0 / TIME_PS, STEP * TIME_PS)
    integrator.setRandomNumberSeed(seed)
    context = mm.Context(system, integrator, mm.Platform.getPlatformByName("CPU"), {"Threads": "1"})
    context.setPositions(place)
    context.setVelocitiesToTemperature(2 * KELVIN, seed)  # half of it goes into the potential as the lattice melts
    integrator.step(10_000)
    integrator.setFriction(FRICTION / TIME_PS)
    return context, MolecularStress(pairs, np.arange(atoms), np.full(atoms, MASS_U)), edge


def run(atoms: int, length: float, seed: int) -> tuple[Any, dict[str, float]]:
    """The stage's result on one run, and means and costs beside it."""
    context, stress, edge = liquid(atoms, seed)
    samples = round(length / (STEP * SAMPLE))
    tensor, kelvin, spent = np.empty((samples, 6)), np.empty(samples), 0.0
    began = time.process_time()
    for k in range(samples):
        context.getIntegrator().step(SAMPLE)
        before = time.process_time()
        tensor[k] = stress.of(context)
        spent += time.process_time() - before
        if k % 10 == 0:
            kinetic = context.getState(getEnergy=True).getKineticEnergy()._value
        kelvin[k] = 2 * kinetic / (3 * atoms * KJ_MOL)
    whole = time.process_time() - began
    arrays = {
        "time_s": np.array([0.0]),
        "position_m": np.zeros((1, 1, 3)),
        "box_m": np.full((1, 3), 1e-9 * edge),
        "species": np.array([0]),
        "molecule": np.array([0]),
        "element": np.array(["Ar"]),
        "mass_kg": np.array([MASS_U * 1.66053906660e-27]),
        "stress_time_s": 1e-12 * TIME_PS * STEP * SAMPLE * np.arange(samples),
        "stress_Pa": tensor,
    }
    made = Measurement.of(TRAJECTORY, arrays, {"species": ["Ar"], "temperature_K": KELVIN}, name="Lennard-Jones liquid")
    beside = {
        "temperature": float(kelvin.mean()) * KJ_MOL / EPSILON,
        "pressure": float(tensor[:, :3].mean()) * 6.02214076e23 * 1e-30 * SIGMA_NM**3 / EPSILON,
        "step_ms": 1e3 * (whole - spent) / samples / SAMPLE,
        "sample_ms": 1e3 * spent / samples,
    }
    return af.get("solvation.viscosity")(made), beside


def main() -> None:
    """Runs, their mean, and the literature."""
    given = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    given.add_argument("--runs", type=int, default=5)
    given.add_argument("--atoms", type=int, default=256)
    given.add_argument("--time", type=float, default=1000.0, help="length of each run in reduced units")
    asked = given.parse_args()
    unit = EPSILON * 1e3 / 6.02214076e23 * TIME_PS * 1e-12 / (SIGMA_NM * 1e-9) ** 3  # ε τ/σ³ in Pa s
    found, own = [], []
    for seed in range(1, asked.runs + 1):
        result, beside = run(asked.atoms, asked.time, seed)
        eta = result.estimates["viscosity"]
        found.append(eta.value / unit)
        own.append(eta.std / unit)
        told = "  ".join(f"{n} {v:.3f}" for n, v in beside.items())
        failed = [c.name for c in result.checks if c.status != "pass"]
        print(f"run {seed}: viscosity {eta.value / unit:.3f} ± {eta.std / unit:.3f}  {told}  {failed or ''}", flush=True)
    mean, std = float(np.mean(found)), float(np.linalg.norm(own)) / len(own)
    apart = (mean - LITERATURE) / np.hypot(std, LITERATURE_STD)
    print(f"mean {mean:.3f} ± {std:.3f}, literature {LITERATURE} ± {LITERATURE_STD}: {apart:+.1f} standard deviations apart")


if __name__ == "__main__":
    main()
