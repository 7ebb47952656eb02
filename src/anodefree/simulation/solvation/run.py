"""Molecular dynamics of an electrolyte: packed, equilibrated until equilibrium is detected, and run at constant volume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from anodefree.core.constants import ATOMIC_MASS_KG, ELEMENTARY_CHARGE_C
from anodefree.core.context import Context
from anodefree.core.figure import COLOURS, INK, split
from anodefree.core.keys import content_key, plain
from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError
from anodefree.kinds.trajectory import TRAJECTORY, Trajectory
from anodefree.registry import Demo, stage
from anodefree.simulation.solvation import options as o
from anodefree.simulation.solvation.drive import Drive, check_step
from anodefree.simulation.solvation.engine import openmm, packmol_command, platform_of
from anodefree.simulation.solvation.equilibrated import equilibrated
from anodefree.simulation.solvation.force_field import ForceField, load_force_field
from anodefree.simulation.solvation.pack import pack
from anodefree.simulation.solvation.protocol import Dynamics, Plan
from anodefree.simulation.solvation.recipe import counts, load_recipe, species_name
from anodefree.simulation.solvation.stress import MolecularStress
from anodefree.simulation.solvation.system import NM, Box, box_of, system_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PS_S = 1e-12
MOST_BYTES = 4 * 2**30
LONGEST_FLEXIBLE_PS = 1.0e-3
LONGEST_RIGID_PS = 2.0e-3
TOLD = (
    "recipe",
    "temperature_K",
    "charge_scale",
    "flux_density_T",
    "field_V_m",
    "replica",
    "rigid",
    "hydrogen_u",
    "step_s",
)
"""Parameters that the trajectory tells of itself."""
HEAVY_U = 3.0
"""Mass of hydrogen from which steps may be twice as long."""


@stage(
    "solvation.run",
    version=4,
    cites=(
        "eastman2024",
        "martinez2009",
        "jorgensen1996",
        "canongia2004",
        "leimkuhler2013",
        "spreiter1999",
        "chodera2016",
        "hopkins2015",
        "watkins2001",
        "essmann1995",
    ),
)
def run(
    *,
    recipe: o.RecipeName = "dol_dme_litfsi",
    edge_m: o.Edge = 27e-10,
    packed_edge: o.Packed = 1.08,
    start: o.Start = "packed",
    charge_scale: o.Scale = 0.8,
    temperature_K: o.Kelvin = 298.15,
    pressure_Pa: o.Pressure = 1e5,
    equilibration_s: o.Equilibration = 500e-12,
    production_s: o.Production = 1e-9,
    frame_every_s: o.FrameEvery = 1e-12,
    flux_density_T: o.Flux = 0.0,
    field_V_m: o.Field = 0.0,
    rotating_N: o.Force = 0.0,
    rotating_rad_s: o.Turning = 0.0,
    friction_Hz: o.Friction = 1e12,
    step_s: o.Step = 2e-15,
    rigid: o.Rigid = True,
    hydrogen_u: o.Hydrogen = None,
    cutoff_m: o.Cutoff = 1e-9,
    force_field: o.Extra = (),
    velocities: o.Velocities = False,
    stress_every_s: o.StressEvery = None,
    platform: o.Where = "auto",
    threads: o.Threads = None,
    replica: o.Replica = 1,
    rng: np.random.Generator,
    context: Context,
) -> Trajectory:
    r"""A trajectory of an electrolyte by molecular dynamics, from a recipe to frames in equilibrium.

    $m\dot v = F + q(E + v \times B) - m\gamma v + \sqrt{2 m \gamma kT}\,\xi$ with OPLS-AA and CL&P forces, particle-mesh
    electrostatics, Lennard-Jones of unlike atoms by geometric means with tail correction. Packed by packmol at `packed_edge`
    times the edge (or a shipped box, `start`, whose replicas are alike until the slowest partner has left),
    energy minimised; constant pressure until density and energy hold thirty independent values of a steady
    part that is half of the run (Chodera 2016), for `equilibration_s` at most; box set to the mean volume; constant volume for
    `production_s`. The magnetic rotation is exact in the splitting (`simulation.solvation.integrator`).
    *Modes*: equilibrium, also in a magnetic field (which changes no average of places: Bohr and van Leeuwen); driven by an
    electric field, with the thermostat along the magnetic field alone; an effective counter-rotating drive, which is a model.
    `stress_every_s` samples the pressure tensor of molecules' centres (`simulation.solvation.stress`) at constant volume.
    *Valid when* the force field is: fixed charges, `charge_scale` standing for polarisation. The charges of
    bis(trifluoroethyl) ether are fitted to its density. *Source* OPLS-AA: Jorgensen et al. 1996; perfluoroalkanes: Watkins
    and Jorgensen 2001; anions: Canongia Lopes and Padua 2004; engine: Eastman et al.
    2024; splitting: Leimkuhler and Matthews 2013; field: Spreiter and Walter 1999. *Differs from the paper*, which names
    COMPASS II and an "internal Lorentz force" without an equation.

    Raises
    ------
    MissingExtra: no OpenMM or packmol. ConfigError: a recipe that fills no box, is not neutral or lacks parameters, a box under
    two cut-offs, a step too long for bonds or field. NumericalError: it broke; the message names the atoms.
    """
    given = {k: plain(v) for k, v in locals().items() if k not in ("rng", "context")}
    if stress_every_s is None:
        del given["stress_every_s"]  # so that checkpoints of runs before it was a parameter go on
    openmm()  # before any work: what is missing is said at once
    if start == "packed":
        packmol_command()
    field = load_force_field(tuple(force_field))
    held = counts(load_recipe(recipe), edge_m, field)
    box = box_of(held, field)
    drive = Drive(flux_density_T, field_V_m, rotating_N, rotating_rad_s)
    _check(box, field, drive, charge_scale, step_s, rigid=rigid, heavy=hydrogen_u is not None and hydrogen_u >= HEAVY_U)
    _check_samples(stress_every_s, frame_every_s, step_s)
    frames = round(production_s / frame_every_s)
    if frames < 1 or frames * len(box.mass_u) * 12 * (1 + velocities) > MOST_BYTES:
        kept = f"would keep {frames} frames of {len(box.mass_u)} atoms"
        raise ConfigError(kept, "frame_every_s", "keep one at least, and no more than 4 GiB hold")
    start_m, ready_nm, told = edge_m * packed_edge, None, ""
    if start == "equilibrated":
        ready_nm, edge_nm, told = equilibrated(recipe, edge_m, held, charge_scale, field)
        start_m = edge_nm * NM
    seed = int(rng.integers(1, 2**31 - 8))
    where = platform_of(platform, threads)
    compiled = where[0].getName() == "CPU"
    forces: dict[str, Any] = {"charge_scale": charge_scale, "cutoff_m": cutoff_m, "rigid": rigid, "hydrogen_u": hydrogen_u}
    system, pairs = system_of(box, field, start_m, **forces, compiled=compiled)
    sampled = pairs
    if stress_every_s is not None and pairs is None:
        sampled = system_of(box, field, start_m, **forces, compiled=True)[1]
    mass = np.array([system.getParticleMass(k)._value for k in range(system.getNumParticles())])
    box = Box(box.molecules, box.molecule, box.element, mass, np.where(box.ionic, charge_scale, 1.0) * box.charge_e)
    plan = Plan(
        temperature_K,
        pressure_Pa,
        friction_Hz * PS_S,
        step_s / PS_S,
        equilibration_s / PS_S,
        production_s / PS_S,
        frame_every_s / PS_S,
        drive,
        seed,
        velocities,
        None if stress_every_s is None else stress_every_s / PS_S,
    )
    fingerprint = content_key({**given, "seed": seed})

    def packed_nm() -> np.ndarray:
        return pack(box.molecules, start_m, field, context.workdir, seed) / NM

    dynamics = Dynamics(box, plan, system, where, packed_nm, start_m / NM, pairs)
    if stress_every_s is not None and sampled is not None:
        dynamics.stress = MolecularStress(sampled, box.molecule, mass)
    if ready_nm is not None:  # a minimum is no place of equilibrium: such a box goes on as it is
        dynamics.place_nm, dynamics.phase = ready_nm, "pressure"
    dynamics.carry_out(context, fingerprint)
    if told:
        dynamics.found = f"from a box that comes with the package ({told}); then {dynamics.found}"
    return _measured(dynamics, given)


def _check(box: Box, field: ForceField, drive: Drive, scale: float, step_s: float, *, rigid: bool, heavy: bool) -> None:
    """Steps that neither bonds nor the field allow are refused."""
    longest = (LONGEST_RIGID_PS if rigid else LONGEST_FLEXIBLE_PS) * (2 if heavy else 1)
    if step_s / PS_S > longest * (1 + 1e-9):
        raise ConfigError(
            f"a step of {1e15 * step_s:g} fs is too long for {'rigid' if rigid else 'flexible'} bonds to hydrogen",
            "step_s",
            f"{1e3 * longest:g} fs at most" + ("" if heavy else f", twice that with hydrogen_u = {HEAVY_U:g}"),
        )
    on_bond = np.zeros(len(box.mass_u), bool)
    if rigid:
        first = 0
        for name in box.molecules:
            elements = field.elements(name)
            for i, j in field.residue(name).bonds:
                if "H" in (elements[i], elements[j]):
                    on_bond[[first + i, first + j]] = True
            first += len(elements)
    check_step(drive, np.where(box.ionic, scale, 1.0) * box.charge_e, box.mass_u, step_s / PS_S, on_bond)


def _check_samples(stress_every_s: float | None, frame_every_s: float, step_s: float) -> None:
    """Samples of the pressure tensor must fall on steps, and frames on samples."""
    if stress_every_s is None:
        return
    steps, samples = stress_every_s / step_s, frame_every_s / stress_every_s
    if min(steps, samples) < 0.999 or max(abs(steps - round(steps)), abs(samples - round(samples))) > 1e-6 * samples:
        raise ConfigError(
            f"samples every {1e15 * stress_every_s:g} fs fit neither steps of {1e15 * step_s:g} fs nor frames every "
            f"{1e15 * frame_every_s:g} fs, or not both",
            "stress_every_s",
            "a whole number of steps, and a whole part of frame_every_s",
        )


def _measured(done: Dynamics, given: dict[str, Any]) -> Measurement:
    box, plan = done.box, done.plan
    names = [species_name(r) for r in box.molecules]
    species = list(dict.fromkeys(names))
    log = np.array(done.log)
    arrays = {
        "time_s": plan.frame_ps * PS_S * np.arange(1, len(done.frames) + 1),
        "position_m": np.array(done.frames, dtype=np.float32) * np.float32(NM),
        "velocity_m_s": np.array(done.moves, dtype=np.float32) * np.float32(1e3) if plan.velocities else None,
        "box_m": np.full((len(done.frames), 3), done.edge_nm * NM),
        "species": np.array([species.index(names[m]) for m in box.molecule]),
        "molecule": box.molecule,
        "element": box.element,
        "mass_kg": box.mass_u * ATOMIC_MASS_KG,
        "charge_C": box.charge_e * ELEMENTARY_CHARGE_C,
        "stress_time_s": None if plan.stress_ps is None else plan.stress_ps * PS_S * np.arange(1, len(done.tensors) + 1),
        "stress_Pa": None if plan.stress_ps is None else np.array(done.tensors),
        "log_time_s": log[:, 0] * PS_S,
        "log_density_kg_m3": log[:, 1],
        "log_potential_J_mol": 1e3 * log[:, 2],
        "log_temperature_K": log[:, 3],
    }
    meta = {
        "species": species,
        "mode": plan.drive.mode,
        "engine": f"OpenMM {openmm().__version__}, {done.platform[0].getName()}",
        "equilibration": done.found,
        **{n: given[n] for n in TOLD},
    }
    return Measurement.of(TRAJECTORY, {n: v for n, v in arrays.items() if v is not None}, meta)


@run.plot
def draw(trajectory: Measurement, ax: Axes) -> None:
    """Density and temperature in time."""
    top, bottom = split(ax, 2, 1)
    picoseconds = 1e12 * trajectory["log_time_s"]
    top.plot(picoseconds, trajectory["log_density_kg_m3"], color=COLOURS[0], linewidth=0.8)
    top.set(ylabel="density / (kg/m$^3$)")
    top.tick_params(labelbottom=False)
    bottom.plot(picoseconds, trajectory["log_temperature_K"], color=COLOURS[1], linewidth=0.5)
    bottom.axhline(float(trajectory.meta["temperature_K"]), color=INK, linewidth=0.7)
    bottom.set(xlabel="time / ps", ylabel="temperature / K")


@run.demo
def demo(rng: np.random.Generator) -> Demo:
    """A small box for a fraction of a picosecond: all molecules of the recipe are there, and the frames are at their times."""
    given = {
        "edge_m": 20e-10,
        "cutoff_m": 9e-10,
        "equilibration_s": 0.1e-12,
        "production_s": 0.1e-12,
        "frame_every_s": 0.05e-12,
        "platform": "CPU",
        "threads": 1,
    }
    field = load_force_field()
    box = box_of(counts(load_recipe("dol_dme_litfsi"), 20e-10, field), field)
    return Demo((), {"molecule": box.molecule, "time_s": np.array([5e-14, 1e-13])}, given)
