"""The deposit in time: one step of metal, salt and potential after the other, each as long as its errors allow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anodefree.core.constants import FARADAY_C_MOL
from anodefree.errors import NumericalError
from anodefree.numerics.multigrid import Multigrid
from anodefree.simulation.deposition.cell import MOLAR_VOLUME_M3_MOL, Box, Floats, Liquid, Numerics, Surface
from anodefree.simulation.deposition.contact import apart
from anodefree.simulation.deposition.film import aged, carried
from anodefree.simulation.deposition.front import Front, Fronts
from anodefree.simulation.deposition.galvanostat import Flow, Galvanostat, Potentials, Reaction
from anodefree.simulation.deposition.liquid import Faces, Salt, open_faces
from anodefree.simulation.deposition.sites import Sites

RISE_M_PER_C_M2 = MOLAR_VOLUME_M3_MOL / FARADAY_C_MOL
"""Thickness of lithium per charge and area [m/(C/m2)]."""
DEPLETED = 1e-2
"""Concentration over the initial one at which the liquid counts as depleted."""
OVERDRAWN = 2e-3
"""Fraction of metal that a step may take from a cell beyond what it holds."""
STEEP, STEEPEST = 1.0, 10.0
"""Largest fall of the potential over the interface's width, in RT/F: without a doubt (beyond, tips are as thin as the cells let
them be), and at all (beyond, lithium grows out of its diffuse rim)."""
LONGEST_GROWTH = 1.7
"""A step over the one before it, at most."""


@dataclass(frozen=True)
class Leg:
    """A stretch at one current (positive plates), or at one potential of the electrode where the current is None."""

    current_A_m2: float | None
    charge_C_m2: float = np.inf
    duration_s: float = np.inf
    potential_V: float = 0.0
    expected_C_m2: float = np.inf
    """The charge that will pass about, for a leg that its cut-off ends."""
    cut_off_V: float = np.inf
    """It ends where the electrode is above this."""

    @property
    def plates(self) -> bool:
        """Whether sites may wake in it."""
        return self.potential_V < 0 if self.current_A_m2 is None else self.current_A_m2 > 0

    def charge_left_C_m2(self, passed: float) -> float:
        """What is still to pass, by size."""
        return self.charge_C_m2 - abs(passed)


@dataclass
class State:
    """Everything that a run needs to go on."""

    lithium: Floats
    concentration: Floats
    earlier: Floats
    """The concentration a step before."""
    potentials: Potentials
    awake: NDArray[np.bool_]
    film: Floats
    time_s: float = 0.0
    step_s: float = 0.0
    """The step that the errors would allow next; 0 to begin carefully."""
    last_s: float = 0.0
    plated_C_m2: float = 0.0
    stripped_C_m2: float = 0.0
    steps: int = 0
    rejected: int = 0
    shift: float = 0.0
    """Largest even shift of the concentration that closed a balance, over the initial concentration."""
    current_error: float = 0.0
    """Largest difference between current and applied current, relative."""
    left_over: float = 0.0
    """Largest share of the current that a solution left unbalanced."""


@dataclass(frozen=True)
class Moment:
    """What is true at the begin of a step: the front, what reacts there, and the current through it."""

    front: Front
    reaction: Reaction
    flow: Flow
    faces: Faces
    share: Floats
    apart: NDArray[np.bool_] | None
    fastest_m_s: float

    @property
    def sharpest_A_m2(self) -> float:
        """The largest current density on the front."""
        return self.fastest_m_s / RISE_M_PER_C_M2


@dataclass
class Growth:
    """A deposit under a sequence of legs."""

    box: Box
    liquid: Liquid
    surface: Surface
    sites: Sites
    numerics: Numerics
    state: State = field(init=False)

    def __post_init__(self) -> None:
        box, c0 = self.box, self.liquid.concentration_mol_m3
        self.fronts = Fronts(box, self.numerics)
        sides = (box.periodic, box.periodic)
        kind = np.float32 if self.numerics.single else np.float64
        made: list[Any] = [Multigrid(box.shape, sides, kind) for _ in range(2)]
        self.galvanostat = Galvanostat(box, self.liquid, self.numerics, made[0])
        self.salt = Salt(box, self.liquid, made[1])
        even = np.full(box.shape, c0)
        rest = Potentials(np.zeros(box.shape), 0.0, np.zeros(box.shape))
        film = np.broadcast_to(self.surface.film_ohm_m2, box.shape).copy()
        awake = self.sites.threshold_V <= 0
        self.state = State(np.zeros(box.shape), even, even.copy(), rest, awake, film)
        self.salt_at_first = float(even.sum())

    def begin(self, leg: Leg) -> None:
        """Prepare for another leg: small steps again, and bare sites must wake anew before they plate."""
        state = self.state
        state.step_s = 0.0
        if leg.plates and state.awake.size:
            covered = self.sites.highest(state.lithium[0]) > 0.5
            state.awake = covered | (self.sites.threshold_V <= 0)

    def moment(self, leg: Leg) -> Moment:
        """The front and the current through it as the leg asks; sites whose overpotential is reached wake up."""
        state = self.state
        share = np.maximum(1 - state.lithium, self.numerics.floor)
        faces = open_faces(share, self.box)
        found = self._met(leg, state.awake, share, faces)
        if leg.plates and not state.awake.all():
            found = self._woken(leg, found, share, faces)
        return found

    def _met(self, leg: Leg, awake: NDArray[np.bool_], share: Floats, faces: Faces) -> Moment:
        state, wall = self.state, self.sites.wall(awake)
        front = self.fronts.find(state.lithium, wall)
        loose = apart(state.lithium, wall, self.box)
        reaction = self._reaction(front, loose, leg)
        flow, state.potentials = self.galvanostat.solve(
            reaction, faces, state.concentration, state.potentials, leg.current_A_m2, leg.potential_V,
            leg.cut_off_V,
        )  # fmt: skip
        moving = np.abs(flow.density_A_m2)[front.area > 1e-3]
        fastest = RISE_M_PER_C_M2 * float(moving.max(initial=0.0))
        return Moment(front, reaction, flow, faces, share, loose, fastest)

    def _reaction(self, front: Front, loose: NDArray[np.bool_] | None, leg: Leg) -> Reaction:
        state, surface, liquid = self.state, self.surface, self.liquid
        column = front.at % self.box.columns
        ratio = np.maximum(state.concentration.reshape(-1)[front.at] / liquid.concentration_mol_m3, 0)
        exchange = surface.exchange_A_m2.reshape(-1)[column] * ratio ** (1 - surface.transfer)
        offset = np.zeros(front.at.size)
        if surface.anisotropy or surface.energy_J_m2:
            facing = self.fronts.orientation(front, surface.axis_rad)
            exchange *= 1 + surface.anisotropy * facing
            if surface.energy_J_m2:
                stiffness = surface.energy_J_m2 * (1 - 15 * surface.energy_anisotropy * facing)
                offset = stiffness * RISE_M_PER_C_M2 * self.fronts.curvature_per_m(front)
        if loose is not None:
            exchange[loose.reshape(-1)[front.at]] = 0.0
        film = state.film.reshape(-1)[front.at] if surface.heals else surface.film_ohm_m2.reshape(-1)[column]
        left = np.ones(front.at.size) if leg.plates else self.fronts.left(state.lithium, front)
        return Reaction(front, exchange, film, offset, left, surface.transfer, liquid.per_volt)

    def _woken(self, leg: Leg, found: Moment, share: Floats, faces: Faces) -> Moment:
        """Wake the fewest of the sleeping sites, the easiest first, that leave none above its own overpotential."""
        state = self.state
        sleeping = np.flatnonzero(~state.awake)
        order = sleeping[np.argsort(self.sites.threshold_V[sleeping], kind="stable")]
        if self._asleep_below(found, order):
            return found
        few, many = 0, order.size  # too few, and enough: the more are awake, the lower is the overpotential
        while many - few > 1:
            middle = (few + many) // 2
            tried = self._met(leg, self._with(order[:middle]), share, faces)
            few, many = (few, middle) if self._asleep_below(tried, order[middle:]) else (middle, many)
        state.awake = self._with(order[:many])
        return self._met(leg, state.awake, share, faces)

    def _with(self, more: NDArray[np.int64]) -> NDArray[np.bool_]:
        awake = self.state.awake.copy()
        awake[more] = True
        return awake

    def _asleep_below(self, moment: Moment, rest: NDArray[np.int64]) -> bool:
        if rest.size == 0:
            return True
        if moment.front.at.size == 0 or not np.isfinite(self.state.potentials.electrode_V):
            return False
        at_wall = (self.state.potentials.liquid_V + self.galvanostat.junction_V(self.state.concentration))[0]
        drive = self.sites.highest(at_wall - self.state.potentials.electrode_V)[rest]
        return bool((drive <= self.sites.threshold_V[rest]).all())

    def longest_s(self, leg: Leg, now: Moment, passed_C_m2: float, spent_s: float) -> float:
        """The step that front, salt and the leg's end allow."""
        state, h = self.state, self.box.cell_m
        step = state.step_s or 0.01 * h * h / self.liquid.diffusivity_m2_s
        if now.fastest_m_s > 0:
            step = min(step, self._front_cells() * h / now.fastest_m_s)
        step = min(step, self._until_stripped_s(now))
        if self.surface.heals:
            step = min(step, 0.2 * self.surface.healing_s)
        if now.flow.total_A_m2:
            step = min(step, leg.charge_left_C_m2(passed_C_m2) / abs(now.flow.total_A_m2))
        return min(step, leg.duration_s - spent_s)

    def _front_cells(self) -> float:
        """Cells that the front may move in a step: as asked, and as the explicit sharpening, a diffusion, stays stable."""
        directions = 2 if self.box.flat else 3
        return min(self.numerics.front_step, 0.8 / (2 * directions * self.numerics.width_cells))

    def _until_stripped_s(self, now: Moment) -> float:
        """The time in which no cell gives more metal than it has, but for a small tolerance."""
        rate = -now.flow.per_face_A_m2 * RISE_M_PER_C_M2 / self.box.cell_m
        going = rate > 0
        if not going.any():
            return np.inf
        held = np.maximum(self.state.lithium.reshape(-1)[now.front.at[going]], 0) + OVERDRAWN
        return float((held / rate[going]).min())

    def advance(self, now: Moment, step_s: float) -> float:
        """Take a step, shortened until the salt's error is small; the step taken [s].

        Raises
        ------
        NumericalError: no step is short enough, or the interface is not resolved.
        """
        state, h, c0 = self.state, self.box.cell_m, self.liquid.concentration_mol_m3
        fall = self.fall_V(now.sharpest_A_m2)
        if fall * self.liquid.per_volt > STEEPEST:
            raise NumericalError(
                f"the interface is not resolved: the potential falls by {1e3 * fall:.3g} mV over its width",
                "deposition",
                f"at most {1e3 * STEEPEST / self.liquid.per_volt:.3g} mV: finer cells, or a smaller current or potential",
            )
        shortest = 1e-7 * h * h / self.liquid.diffusivity_m2_s
        taken = np.zeros(self.box.shape)
        taken.reshape(-1)[now.front.at] = now.flow.per_face_A_m2
        sharpened = self.fronts.sharpened(state.lithium, now.front, now.apart)
        content = np.maximum(1 - state.lithium, self.numerics.floor) * state.concentration
        while True:
            lithium = state.lithium + (step_s * RISE_M_PER_C_M2 / h) * taken + (now.fastest_m_s * step_s / h) * sharpened
            share = np.maximum(1 - lithium, self.numerics.floor)
            faces = open_faces(share, self.box)
            per_column = now.flow.total_A_m2
            new, shift = self.salt.stepped(content, share, faces, state.concentration, taken, per_column, step_s)
            open_liquid = share > 0.5
            guess = state.concentration + (step_s / state.last_s if state.last_s else 0.0) * (
                state.concentration - state.earlier
            )
            wrong = np.abs(new - guess)[open_liquid].max(initial=0.0) / c0
            error = wrong * (step_s / (step_s + state.last_s) if state.last_s else 0.5)
            if (error <= 4 * self.numerics.salt_error or step_s <= 10 * shortest) and new[share > 0.1].min(initial=c0) > 0:
                break
            state.rejected += 1
            step_s *= 0.3
            if step_s < shortest:
                raise NumericalError(
                    f"the step collapsed at {state.time_s:.4g} s", "deposition", "a smaller current or a finer grid"
                )
        factor = 0.9 * np.sqrt(self.numerics.salt_error / max(error, 1e-12))
        state.step_s = step_s * float(np.clip(factor, 0.3, LONGEST_GROWTH))
        if self.surface.heals:
            aged(state.film, now.front, now.flow.density_A_m2, self.surface, step_s)
            carried(state.film, now.front, self.box)
        state.lithium, state.earlier, state.concentration = lithium, state.concentration, new
        state.last_s = step_s
        state.time_s += step_s
        state.steps += 1
        state.shift = max(state.shift, abs(shift) / c0)
        state.left_over = max(state.left_over, now.flow.residual)
        charge = now.flow.total_A_m2 * step_s
        if charge > 0:
            state.plated_C_m2 += charge
        else:
            state.stripped_C_m2 -= charge
        return step_s

    def fall_V(self, current_A_m2: float) -> float:
        """How much the potential falls over the interface's width at a current through it."""
        return current_A_m2 * self.numerics.width_cells * self.box.cell_m / self.liquid.conductivity_S_m

    def fault(self) -> str:
        """Why the deposit has left the model's domain, with what to try; empty where it has not."""
        state = self.state
        if (state.lithium[-2:] > 0.5).any():
            return "short circuit: lithium reaches the counter electrode; plate less, or take a higher box"
        open_liquid = state.lithium < 0.5
        least = float(state.concentration[open_liquid].min(initial=np.inf))
        if least < DEPLETED * self.liquid.concentration_mol_m3:
            return (
                f"depletion: the salt at the lithium fell to {least:.3g} mol/m3, beyond it the current cannot be carried;"
                " a smaller current, more salt or a shorter way to the counter electrode"
            )
        return ""

    def salt_error(self) -> float:
        """Change of the salt in the liquid, relative: nothing may be lost."""
        share = np.maximum(1 - self.state.lithium, self.numerics.floor)
        return float((share * self.state.concentration).sum()) / self.salt_at_first - 1

    def deposited_m(self) -> float:
        """All lithium as a dense layer on the collector."""
        return float(self.state.lithium.sum()) / self.box.columns * self.box.cell_m

    def faraday_error(self) -> float:
        """Lithium on the collector against the charge, relative to all that was plated."""
        charge = (self.state.plated_C_m2 - self.state.stripped_C_m2) * RISE_M_PER_C_M2
        whole = self.state.plated_C_m2 * RISE_M_PER_C_M2
        return (self.deposited_m() - charge) / whole if whole > 0 else 0.0
