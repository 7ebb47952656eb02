"""From packed molecules to a trajectory: minimise, constant pressure until equilibrium is detected, constant volume."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from anodefree.core.constants import ATOMIC_MASS_KG
from anodefree.core.context import Context
from anodefree.core.saving import Saving
from anodefree.errors import Cancelled, NumericalError
from anodefree.numerics.equilibration import detect
from anodefree.simulation.solvation.drive import Drive, forces_of
from anodefree.simulation.solvation.engine import openmm
from anodefree.simulation.solvation.integrator import KJ_MOL, integrator_of, prepare
from anodefree.simulation.solvation.pair_force import PairForce
from anodefree.simulation.solvation.stress import MolecularStress
from anodefree.simulation.solvation.system import NM, Box
from anodefree.simulation.solvation.turned_steps import TurnedSteps

SAVE_EVERY_S: Final = 60.0
LOG_PS: Final = 0.2
BLOCK_PS: Final = 10.0
ENOUGH: Final = 30.0
"""Independent values of the density and of the energy in the steady part, from which equilibrium counts as detected."""
BAR_PA: Final = 1e5
KG_M3: Final = ATOMIC_MASS_KG / NM**3
"""One atomic mass unit in a cubic nanometre."""
BAROSTAT_STEPS: Final = 25


@dataclass(frozen=True)
class Plan:
    """What is run."""

    temperature_K: float
    pressure_Pa: float
    friction_ps: float
    step_ps: float
    equilibration_ps: float
    """The longest time at constant pressure."""
    production_ps: float
    frame_ps: float
    drive: Drive
    seed: int
    velocities: bool = False
    stress_ps: float | None = None
    """Time between samples of the pressure tensor at constant volume."""


@dataclass
class Dynamics:
    """A box on its way through the protocol; everything that a checkpoint holds is here."""

    box: Box
    plan: Plan
    system: Any
    """Without barostat and without drive: both are added for their part of the protocol."""
    platform: tuple[Any, dict[str, str]]
    packed_nm: Callable[[], np.ndarray]
    """Places to begin with; asked for only where no checkpoint stands."""
    edge_nm: float
    pairs: PairForce | None = None
    """The compiled pair force that the system lacks, where there is one."""
    stress: MolecularStress | None = None
    """Samples the pressure tensor, where it is asked for."""
    place_nm: np.ndarray = field(default_factory=lambda: np.empty((0, 3)))
    phase: str = "pack"
    done_ps: float = 0.0
    log: list[tuple[float, float, float, float]] = field(default_factory=list)
    """Time [ps], density [kg/m3], potential energy [kJ/mol], temperature [K]."""
    frames: list[np.ndarray] = field(default_factory=list)
    moves: list[np.ndarray] = field(default_factory=list)
    tensors: list[np.ndarray] = field(default_factory=list)
    found: str = ""
    speed_nm_ps: np.ndarray | None = None
    """Velocities that a phase hands on to the next. The same ones drawn twice would be heard as an echo: half as long after the
    second draw as lies between both, atoms move against their forces in step, and a quarter of the temperature is missing."""
    _state: bytes = b""
    _take: TurnedSteps | None = None
    _started: float = field(default_factory=time.monotonic)
    _computed_ps: float = 0.0
    _saving: Saving = field(default_factory=lambda: Saving(SAVE_EVERY_S))

    def carry_out(self, context: Context, fingerprint: str) -> None:
        """All phases, from where a checkpoint left off.

        Raises
        ------
        NumericalError: energy or places are no numbers; the last good checkpoint stays. Cancelled: on request, after saving.
        """
        self._resume(context, fingerprint)
        if self.phase == "pack":
            context.progress(0.0, "packing the box")
            self.place_nm = self.packed_nm()
            context.progress(0.0, "minimising the energy")
            self._minimise()
            self.phase = "pressure"
        if self.phase == "pressure":
            self._at_pressure(context, fingerprint)
        self._at_volume(context, fingerprint)

    def _minimise(self) -> None:
        mm = openmm()
        simulation = self._simulation(self.system, mm.VerletIntegrator(1e-3))
        mm.LocalEnergyMinimizer.minimize(simulation, 50.0, 2000)
        self.place_nm = self._places(simulation)

    def _at_pressure(self, context: Context, fingerprint: str) -> None:
        mm, plan = openmm(), self.plan
        system = mm.XmlSerializer.clone(self.system)
        barostat = mm.MonteCarloBarostat(plan.pressure_Pa / BAR_PA, plan.temperature_K, BAROSTAT_STEPS)
        barostat.setRandomNumberSeed(plan.seed + 1)
        system.addForce(barostat)
        integrator = mm.LangevinMiddleIntegrator(plan.temperature_K, plan.friction_ps, plan.step_ps)
        integrator.setRandomNumberSeed(plan.seed)
        simulation = self._begun(self._simulation(system, integrator))
        while self.done_ps < plan.equilibration_ps - 1e-9:
            self._advance(simulation, min(LOG_PS, plan.equilibration_ps - self.done_ps))
            self._report(simulation, context, fingerprint)
            if round(self.done_ps / LOG_PS) % round(BLOCK_PS / LOG_PS) == 0 and self._steady():
                break
        state = simulation.getState(getPositions=True, getVelocities=True)
        self.place_nm = np.array(state.getPositions(asNumpy=True)._value)
        self.speed_nm_ps = np.array(state.getVelocities(asNumpy=True)._value)
        self._to_mean_volume(float(state.getPeriodicBoxVectors(asNumpy=True)._value[0, 0]))
        self.phase, self.done_ps, self._state = "volume", 0.0, b""

    def _steady(self) -> bool:
        """Whether density and energy have been steady for long enough."""
        table = np.array(self.log)
        parts = [detect(table[:, k]) for k in (1, 2)]
        first = max(p.first for p in parts)
        independent = min((len(table) - first) / p.inefficiency for p in parts)
        self.found = (
            f"density and energy are steady from {table[first, 0]:.1f} ps on, {independent:.0f} independent values to "
            f"{table[-1, 0]:.1f} ps"
        )
        return independent >= ENOUGH and first <= len(table) // 2

    def _to_mean_volume(self, edge_nm: float) -> None:
        """Scale the molecules' centres to the mean volume of the steady part."""
        table = np.array(self.log)
        if not len(table):
            return
        if not self._steady():
            self.found = f"not detected within {self.plan.equilibration_ps:g} ps: {self.found}"
        density = table[detect(table[:, 1]).first :, 1].mean()
        wanted = (float(self.box.mass_u.sum()) * KG_M3 / density) ** (1 / 3)
        sums = np.zeros((len(self.box.molecules), 3))
        np.add.at(sums, self.box.molecule, self.place_nm * self.box.mass_u[:, None])
        centre = sums / np.bincount(self.box.molecule, self.box.mass_u)[:, None]
        self.place_nm = self.place_nm + (wanted / edge_nm - 1) * centre[self.box.molecule]
        self.edge_nm = wanted

    def _at_volume(self, context: Context, fingerprint: str) -> None:
        mm, plan = openmm(), self.plan
        system = mm.XmlSerializer.clone(self.system)
        forces = forces_of(plan.drive, self.box.charge_e, self.box.ionic)
        for force in forces:
            system.addForce(force)
        turn = plan.drive.turn_rad_ps(self.box.charge_e, self.box.mass_u)
        acted_on = bool(turn.any()) or plan.drive.driven
        if acted_on:
            let_the_centre_move(system)
        setting: dict[str, Any] = {
            "friction_ps": plan.friction_ps,
            "step_ps": plan.step_ps,
            "driven": plan.drive.driven,
        }
        whole = setting | {
            "temperature_K": plan.temperature_K,
            "seed": plan.seed + 2,
            "rotating_rad_ps": 1e-12 * plan.drive.rotating_rad_s if plan.drive.rotating_N else 0.0,
        }
        # Without the compiled pair force the run is on a GPU, where OpenMM's expressions are as fast as anything.
        compiled = self.pairs is not None and acted_on
        integrator = mm.CustomIntegrator(plan.step_ps) if compiled else integrator_of(turn, **whole)
        simulation = self._begun(self._simulation(system, integrator))
        if compiled:
            self._take = TurnedSteps(simulation, turn, taken=round(self.done_ps / plan.step_ps), **whole)
        else:
            prepare(integrator, turn, **setting)
        total = round(plan.production_ps / plan.frame_ps)
        while len(self.frames) < total:
            self._advance(simulation, plan.frame_ps, offset=self._equilibrated_ps())
            state = simulation.getState(getPositions=True, getVelocities=plan.velocities)
            self.frames.append(np.array(state.getPositions(asNumpy=True)._value, dtype=np.float32))
            if plan.velocities:
                self.moves.append(np.array(state.getVelocities(asNumpy=True)._value, dtype=np.float32))
            self._report(simulation, context, fingerprint)

    def _equilibrated_ps(self) -> float:
        """The time spent at constant pressure: what the log counts beyond the present phase."""
        return self.log[-1][0] - self.done_ps if self.log else 0.0

    def _advance(self, simulation: Any, ps: float, offset: float = 0.0) -> None:
        """Integrate a stretch and write the log."""
        steps = max(round(ps / self.plan.step_ps), 1)
        try:
            self._step(simulation, steps)
        except Exception as error:  # OpenMM's own type: "Particle coordinate is NaN"
            raise self._broken(simulation, error.what if isinstance(error, NumericalError) else str(error)) from error
        state = simulation.getState(getEnergy=True)
        energy = state.getPotentialEnergy()._value
        if not np.isfinite(energy):
            raise self._broken(simulation, "the energy is no number")
        volume_nm3 = state.getPeriodicBoxVolume()._value
        density = float(self.box.mass_u.sum()) * KG_M3 / volume_nm3
        self.done_ps += steps * self.plan.step_ps
        self._computed_ps += steps * self.plan.step_ps
        kelvin = 2 * state.getKineticEnergy()._value / (self._freedoms() * KJ_MOL)
        self.log.append((self.done_ps + offset, density, energy, kelvin))

    def _step(self, simulation: Any, steps: int) -> None:
        """So many steps, with samples of the pressure tensor between them at constant volume."""
        take = self._take or simulation.getIntegrator().step
        if self.stress is None or self.plan.stress_ps is None or self.phase != "volume":
            take(steps)
            return
        between = round(self.plan.stress_ps / self.plan.step_ps)
        for _ in range(steps // between):
            take(between)
            self.tensors.append(self.stress.of(simulation))

    def _report(self, simulation: Any, context: Context, fingerprint: str) -> None:
        """Tell how far it is; save now and then, and when it is cancelled."""
        try:
            self._tell(context)
        except Cancelled:
            self._save(simulation, context, fingerprint)
            raise
        if self._saving.due():
            self._save(simulation, context, fingerprint)

    def _tell(self, context: Context) -> None:
        plan = self.plan
        whole = plan.equilibration_ps + plan.production_ps
        gone = self.done_ps + (plan.equilibration_ps if self.phase == "volume" else 0.0)
        per_day = self._computed_ps * 1e-3 / max(time.monotonic() - self._started, 1e-9) * 86400
        words = {"pressure": "constant pressure", "volume": "constant volume"}[self.phase]
        context.progress(gone / whole, f"{words}, {self.done_ps:.1f} ps, {per_day:.3g} ns/day")

    def _freedoms(self) -> int:
        return int(3 * len(self.box.mass_u) - self.system.getNumConstraints())

    def _simulation(self, system: Any, integrator: Any) -> Any:
        mm = openmm()
        platform, properties = self.platform
        if self.pairs is not None:  # added last, because a system that holds it cannot be copied
            force = mm.PythonForce(self.pairs)
            force.setUsesPeriodicBoundaryConditions(True)
            system = mm.XmlSerializer.clone(system)
            system.addForce(force)
        made = mm.Context(system, integrator, platform, properties)
        made.setPeriodicBoxVectors(*(np.eye(3) * self.edge_nm))
        made.setPositions(self.place_nm)
        return made

    def _begun(self, simulation: Any) -> Any:
        """With the velocities of the temperature, with those of the phase before, or as the checkpoint has it."""
        if self._state:
            simulation.loadCheckpoint(self._state)
        elif self.speed_nm_ps is not None:
            simulation.setVelocities(self.speed_nm_ps)
        else:
            simulation.setVelocitiesToTemperature(self.plan.temperature_K, self.plan.seed + 3)
        return simulation

    @staticmethod
    def _places(simulation: Any) -> np.ndarray:
        return np.array(simulation.getState(getPositions=True).getPositions(asNumpy=True)._value)

    def _broken(self, simulation: Any, why: str) -> NumericalError:
        """The error that names the atoms where it began."""
        place = self._places(simulation)
        bad = np.flatnonzero(~np.isfinite(place).all(axis=1))
        mine = [f"{self.box.element[i]} of {self.box.molecules[self.box.molecule[i]]} (atom {i})" for i in bad[:5]]
        return NumericalError(
            f"the run broke at {self.done_ps:.2f} ps ({why[:120]})" + (f"; first atoms: {', '.join(mine)}" if mine else ""),
            "solvation.run",
            "a shorter step_s, a longer minimisation (a larger box to pack), or a weaker drive; the last checkpoint is kept",
        )

    def _save(self, simulation: Any, context: Context, fingerprint: str) -> None:
        vectors = simulation.getState().getPeriodicBoxVectors(asNumpy=True)._value
        context.checkpoint.save(
            fingerprint=np.array(fingerprint),
            phase=np.array(self.phase),
            done_ps=self.done_ps,
            edge_nm=float(vectors[0, 0]),
            place_nm=self._places(simulation),
            log=np.array(self.log),
            frames=np.array(self.frames, dtype=np.float32),
            moves=np.array(self.moves, dtype=np.float32),
            tensors=np.array(self.tensors),
            found=np.array(self.found),
            state=np.frombuffer(simulation.createCheckpoint(), dtype=np.uint8),
        )
        self._saving.done()

    def _resume(self, context: Context, fingerprint: str) -> None:
        state = context.checkpoint.resume(fingerprint)
        if state is None:
            return
        self.phase, self.done_ps, self.edge_nm = str(state["phase"]), float(state["done_ps"]), float(state["edge_nm"])
        self.place_nm, self.found = state["place_nm"], str(state["found"])
        self.log = [tuple(row) for row in state["log"].tolist()]
        self.frames, self.moves = list(state["frames"]), list(state["moves"])
        self.tensors = list(state.get("tensors", ()))
        self._state = state["state"].tobytes()


def let_the_centre_move(system: Any) -> None:
    """In a field the momentum of all atoms is not conserved: to take it away at each step would take heat, and any drift."""
    removers = [k for k, force in enumerate(system.getForces()) if isinstance(force, openmm().CMMotionRemover)]
    for k in reversed(removers):
        system.removeForce(k)
