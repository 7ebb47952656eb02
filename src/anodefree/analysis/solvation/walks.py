"""The paths of molecules, unwrapped and in the frame of all mass, cut into blocks that stand for independent runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from anodefree.analysis.solvation.selection import species_of
from anodefree.core.constants import BOLTZMANN_J_K, ELEMENTARY_CHARGE_C
from anodefree.core.measurement import Measurement
from anodefree.core.result import Check, Estimate
from anodefree.errors import ConfigError, DataError
from anodefree.numerics.correlated import jackknifed
from anodefree.numerics.displacement import centres, without_drift

FEWEST: Final = 60
DIFFUSIVE: Final = 0.9
"""Exponent of a displacement from which motion counts as diffusive."""
LEAST: Final = 0.3
"""Charge [e] from which a molecule is an ion."""


@dataclass(frozen=True)
class Walks:
    """Paths [m] (frame, molecule, 3) with what belongs to each molecule, and how they are cut and fitted."""

    paths: np.ndarray
    mass: np.ndarray
    charge: np.ndarray
    """Whole charges [C] (molecule,), zero where the trajectory has none."""
    species: np.ndarray
    names: list[str]
    step: float
    volume: float
    edge: float
    kelvin: float
    blocks: list[slice]
    window: slice
    """Lags of a block over which slopes are taken."""

    @property
    def thermal(self) -> float:
        """Volume times kT."""
        return self.volume * BOLTZMANN_J_K * self.kelvin

    @property
    def lags(self) -> np.ndarray:
        """Lags of a block, from one step on."""
        return self.step * np.arange(1, self.blocks[0].stop)

    def slope(self, curve: np.ndarray) -> float:
        """Slope of a curve over lags from zero on, in the window."""
        lag = self.step * np.arange(len(curve))[self.window]
        return float(np.polyfit(lag, curve[self.window], 1)[0])

    def exponent(self, curves: list[np.ndarray], of: str) -> Estimate:
        """The power of time with which the mean of the blocks' displacements grows in the window."""
        log_lag = np.log(np.arange(len(curves[0]))[self.window])

        def power(mean: np.ndarray) -> np.ndarray:
            return np.polyfit(log_lag, np.log(np.maximum(mean, 1e-300)), 1)[:1]

        value, std = jackknifed(power, np.array([c[self.window] for c in curves]))
        return Estimate(float(value[0]), float(std[0]), "1", f"exponent of the displacement of {of}")


def diffusive(exponents: dict[str, Estimate], bound: str) -> Check:
    """Whether displacements grow with time: `fail` where an exponent is below 0.9 and three std below one, `warn` where unsure.

    `bound` says what the numbers are where it fails.
    """
    slow = [f"{n} ({e})" for n, e in exponents.items() if e.value < DIFFUSIVE and e.value + 3 * e.std < 1]
    if slow:
        return Check("diffusive", "fail", f"not diffusive yet: {', '.join(slow)}; {bound}")
    unsure = [f"{n} ({e})" for n, e in exponents.items() if e.value - 2 * e.std < DIFFUSIVE]
    told = f"the run is too short to tell whether it is diffusive: exponents {', '.join(unsure)}"
    return Check.that("diffusive", not unsure, "every displacement grows with time in the window", told)


def whole_charges(trajectory: Measurement, of: np.ndarray) -> np.ndarray:
    """Charges [C] of molecules as whole multiples of e; `of` (atom,) is the molecule of each atom, and none are zero.

    A force field that scales charges of ions lets electrons' polarisation screen forces; the ions carry their charge all the
    same, and the current of a field counts that. The metadata `charge_scale` says by how much, where it is known; an ion of
    less than half of a charge counts as one. *Source* Leontyev and Stuchebrukhov 2011.
    """
    if "charge_C" not in trajectory:
        return np.zeros(int(of.max()) + 1)
    charge = np.bincount(of, trajectory["charge_C"]) / ELEMENTARY_CHARGE_C / float(trajectory.meta.get("charge_scale", 1.0))
    whole = np.where(np.abs(charge) > LEAST, np.sign(charge) * np.maximum(np.rint(np.abs(charge)), 1.0), 0.0)
    return np.asarray(whole * ELEMENTARY_CHARGE_C)


def walks(trajectory: Measurement, blocks: int, from_fraction: float, to_fraction: float) -> Walks:
    """The walks of a trajectory.

    Raises
    ------
    ConfigError: the fit's ends are out of order. DataError: fewer than ten frames a block, or uneven times.
    """
    where = trajectory.source.name
    if from_fraction >= to_fraction:
        raise ConfigError("must be below to_fraction", "from_fraction")
    time, fewest = trajectory["time_s"], max(FEWEST, 10 * blocks)
    if len(time) < fewest:
        raise DataError(f"has {len(time)} frames", where, f"{fewest} at least are needed")
    step = float(time[1] - time[0])
    if np.abs(np.diff(time) - step).max() > 1e-3 * step:
        raise DataError("its frames are not evenly spaced", where, "keep every n-th frame of the run")
    box, mass = trajectory["box_m"].astype(float), trajectory["mass_kg"]
    _, first, of = np.unique(trajectory["molecule"], return_index=True, return_inverse=True)
    heavy = np.bincount(of, mass)
    length = len(time) // blocks
    return Walks(
        paths=without_drift(centres(trajectory["position_m"], box, trajectory["molecule"], mass), heavy),
        mass=heavy,
        charge=whole_charges(trajectory, of),
        species=trajectory["species"][first],
        names=species_of(trajectory),
        step=step,
        volume=float(np.prod(box, axis=1).mean()),
        edge=float(box.mean()),
        kelvin=float(trajectory.meta.get("temperature_K", 298.15)),
        blocks=[slice(b * length, (b + 1) * length) for b in range(blocks)],
        window=slice(max(int(from_fraction * length), 1), max(int(to_fraction * length), 3)),
    )
