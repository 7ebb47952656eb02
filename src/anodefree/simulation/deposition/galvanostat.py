"""The potential of liquid and electrode at an applied current: Newton's method, bordered by the condition on the current.

    div(psi kappa grad P) = -i |grad xi|,   P = phi - 2 (1 - t+) RT/F ln(c/c0),
    i = j0 (c/c0)^(1-a) (exp(a f v) - exp(-(1-a) f v)),   v = phi - phi_m - R i - gamma V_m K/F,   sum i |grad xi| = I,

phi as a lithium reference electrode in the liquid reads it; in those terms the diffusion potential is in P alone. The metal is
at one potential phi_m, which is the extra unknown; the counter electrode is at zero. *Source* Newman and Thomas-Alyea 2004.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from anodefree.errors import NumericalError
from anodefree.simulation.deposition.cell import Box, Floats, Liquid, Numerics
from anodefree.simulation.deposition.front import Front
from anodefree.simulation.deposition.liquid import Faces, outflow

MOST_SWEEPS = 40
LEAST_RATIO = 1e-3
"""Concentration over the initial one below which logarithms no longer follow it."""
CURRENT_ERROR = 1e-9
"""Relative error of the current that is applied, at most."""
HIGHEST_V = 10.0
"""Potential of the plating electrode, by size, beyond which no electrolyte is left to plate from."""


@dataclass(frozen=True)
class Reaction:
    """What the rate in each cell of the front depends on beside the potentials."""

    front: Front
    exchange_A_m2: Floats
    film_ohm_m2: Floats
    offset_V: Floats
    left: Floats
    transfer: float
    per_volt: float

    def currents(self, drive_V: Floats) -> tuple[Floats, Floats]:
        """Current density [A/m2 of surface] and its slope [S/m2] at liquid minus metal [V]."""
        from anodefree.numerics.compiled.film_kinetics import through_film

        current, slope = np.empty(drive_V.size), np.empty(drive_V.size)
        through_film(
            drive_V - self.offset_V, self.exchange_A_m2, self.film_ohm_m2, self.transfer, self.per_volt, self.left,
            current, slope,
        )  # fmt: skip
        return current, slope


@dataclass
class Potentials:
    """P in the liquid, phi_m, and how the liquid answers to the metal: kept as the start of the next solution."""

    liquid_V: Floats
    electrode_V: float
    response: Floats


@dataclass(frozen=True)
class Flow:
    """The current through the front, cell by cell."""

    density_A_m2: Floats
    """Per area of surface."""
    per_face_A_m2: Floats
    """Times the surface in the cell, in faces."""
    total_A_m2: float
    """Per area of the collector."""
    drive_V: Floats
    sweeps: int
    residual: float
    """Sum of what the cells leave over, over the current."""


class Galvanostat:
    """Solves for the potentials at a given current, or at a given potential of the electrode."""

    def __init__(self, box: Box, liquid: Liquid, numerics: Numerics, solver: Any) -> None:
        self.box, self.liquid, self.numerics, self.solver = box, liquid, numerics, solver
        self.iterations = 0

    def junction_V(self, concentration: Floats) -> Floats:
        """phi - P in the liquid."""
        ratio = np.maximum(concentration / self.liquid.concentration_mol_m3, LEAST_RATIO)
        return np.asarray(self.liquid.junction_V * np.log(ratio))

    def solve(
        self,
        reaction: Reaction,
        faces: Faces,
        concentration: Floats,
        start: Potentials,
        current_A_m2: float | None,
        potential_V: float = 0.0,
        ceiling_V: float = np.inf,
    ) -> tuple[Flow, Potentials]:
        """The flow and the potentials. With a current of None the electrode is held at `potential_V`; above
        `ceiling_V` nothing more is asked, and the potentials are a first guess.

        Raises
        ------
        NumericalError: Newton's method does not arrive.
        """
        at, area, columns = reaction.front.at, reaction.front.area, self.box.columns
        conductance = self._conductance(faces, concentration)
        top, behind = self._counter(conductance, concentration)
        junction = self.junction_V(concentration.reshape(-1)[at])
        u, metal = start.liquid_V.copy(), start.electrode_V if current_A_m2 is not None else potential_V
        wanted = None if current_A_m2 is None else current_A_m2 * columns
        least = max(abs(wanted or 0.0), 1e-3 * float((area * reaction.exchange_A_m2).sum()), 1e-12)
        response, last = start.response, np.inf
        for sweep in range(MOST_SWEEPS):
            drive = u.reshape(-1)[at] + junction
            if wanted is not None:
                metal = self._metal(reaction, drive, area, wanted, metal)
            i, slope = reaction.currents(drive - metal)
            scale = least if wanted is not None else max(least, float((area * np.abs(i)).sum()))
            residual = -outflow(u, conductance)
            residual[-1] += top * (behind - u[-1])
            residual.reshape(-1)[at] -= area * i
            left_over = float(np.abs(residual).sum()) / scale
            total = float((area * i).sum()) / columns
            met = wanted is None or at.size == 0 or abs(total - wanted / columns) <= CURRENT_ERROR * scale / columns
            if (left_over < self.numerics.tolerance and met) or (sweep > 1 and metal > ceiling_V):
                if wanted is not None and metal < -HIGHEST_V:
                    break
                return Flow(i, area * i, total, drive - metal, sweep, left_over), Potentials(u, metal, response)
            if not np.isfinite(left_over) or (sweep > 15 and left_over > 10 * last):
                break
            last = min(left_over, last)
            weight = np.zeros(self.box.shape)
            weight.reshape(-1)[at] = area * slope
            diagonal = weight.copy()
            diagonal[-1] += top
            self.solver.set(*conductance, diagonal)
            change, count, _ = self.solver.solve(residual, None, 1e-3, 40)
            if wanted is not None:
                response, more, _ = self.solver.solve(weight, response, 1e-3, 40)
                count += more
                stiff = float((weight * (1 - response)).sum())
                shift = float((weight * change).sum()) / stiff if stiff > 0 else 0.0
                change += shift * response
                metal += shift
            self.iterations += count
            u += change
        if wanted is not None and metal < -HIGHEST_V:
            raise NumericalError(
                f"the current would need an electrode at {metal:.3g} V against the counter electrode, beyond any electrolyte",
                "deposition",
                "a smaller current, a film of less resistance, a faster reaction, a better conductor or more active collector",
            )
        raise NumericalError(
            f"the potential does not settle: {left_over:.2g} of the current is left after {sweep + 1} sweeps",
            "deposition",
            "a finer grid or a smaller current",
        )

    def _conductance(self, faces: Faces, concentration: Floats) -> tuple[Floats, Floats, Floats]:
        power, per_face = self.liquid.conductivity_exponent, self.liquid.conductivity_S_m / self.box.cell_m
        if power == 0:
            return faces.scaled(per_face)
        ratio = np.maximum(concentration / self.liquid.concentration_mol_m3, LEAST_RATIO) ** power
        return faces.times(ratio, self.box).scaled(per_face)

    def _counter(self, conductance: tuple[Floats, Floats, Floats], concentration: Floats) -> tuple[Floats, Floats]:
        """Conductance from the top cells to the counter electrode, and P at it."""
        ratio = np.maximum(concentration[-1] / self.liquid.concentration_mol_m3, LEAST_RATIO)
        half = 0.5 * self.box.cell_m / (self.liquid.conductivity_S_m * ratio**self.liquid.conductivity_exponent)
        return 1 / (half + self.liquid.counter_resistance_ohm_m2), -self.junction_V(concentration[-1])

    @staticmethod
    def _metal(reaction: Reaction, drive: Floats, area: Floats, wanted: float, start: float) -> float:
        """phi_m at which the front takes exactly the wanted current, the liquid as it is: Newton within a bracket."""
        low, high, metal, longest = -np.inf, np.inf, start, 0.2
        for _ in range(100):
            i, slope = reaction.currents(drive - metal)
            excess, steep = float((area * i).sum()) - wanted, float((area * slope).sum())
            if excess > 0:
                low = metal
            else:
                high = metal
            move = excess / steep if steep > 0 else 0.0
            if abs(move) > longest:  # an exponential: further only by and by
                move, longest = (longest if move > 0 else -longest), 2 * longest
            new = metal + move
            if not low <= new <= high:
                new = 0.5 * (low + high)
            if abs(new - metal) <= 1e-14 * (1 + abs(metal)) or steep == 0:
                return new
            metal = new
        return metal
