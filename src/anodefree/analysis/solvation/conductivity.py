"""Ionic conductivity from the fluctuations of the charge current, beside that from the displacement of charge."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from anodefree.analysis.solvation.fluctuations import draw_running, integrated
from anodefree.analysis.solvation.walks import whole_charges
from anodefree.core.constants import ATOMIC_MASS_KG, BOLTZMANN_J_K, ELEMENTARY_CHARGE_C
from anodefree.core.measurement import Measurement
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.trajectory import TRAJECTORY, Trajectory
from anodefree.numerics.correlated import std_of_mean_of_few
from anodefree.numerics.displacement import centres, mean_product
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLOCKS = 15


@stage("solvation.conductivity", version=2, cites=("allen2017", "heidelberger1981", "ercole2017", "leontyev2011"))
def conductivity(trajectory: Trajectory) -> Result:
    r"""Ionic conductivity by Green and Kubo from velocities, checked against Einstein's relation from places.

    $\sigma = \frac{1}{3VkT}\int_0^\infty\langle J(0)\cdot J(t)\rangle dt$ with $J = \sum_m z_m e\,v_m$ over the molecules'
    centres. The integral is half of the spectrum at frequency zero, by a line in f² through the lowest frequencies, a quarter
    of the most that agree with all narrower fits: no plateau is chosen. `einstein` is the slope of the displacement of charge
    from 20 to 50 % of a fifteenth of the run, its std that of the mean of fifteen. Ions count with whole charges, also where
    the force field scales them (Leontyev and Stuchebrukhov 2011). *Valid when* frames resolve the rattling of ions (5 to
    10 fs), the run is at equilibrium without field, and the thermostat's friction is weak beside collisions. *Source* the
    relations: Allen and Tildesley 2017, section 2.7; the line: Heidelberger and Welch 1981; the law of a periodogram: Ercole
    et al. 2017.

    Raises
    ------
    DataError: no velocities or charges, fewer than two hundred frames, or uneven times.
    """
    where = trajectory.source.name
    for name, hint in (("velocity_m_s", "run with velocities = true"), ("charge_C", "read a topology with charges")):
        if name not in trajectory:
            raise DataError(f"holds no {name}", where, hint)
    time, box = trajectory["time_s"], trajectory["box_m"].astype(float)
    mass, molecule = trajectory["mass_kg"], trajectory["molecule"]
    _, of = np.unique(molecule, return_inverse=True)
    charge = whole_charges(trajectory, of)
    # The molecule's charge moves with its centre of mass: weights of atoms.
    weight = charge[of] * mass / np.bincount(of, mass)[of]
    current = np.einsum("fak,a->fk", trajectory["velocity_m_s"].astype(float), weight)
    unit = float(np.prod(box, axis=1).mean()) * BOLTZMANN_J_K * float(trajectory.meta.get("temperature_K", 298.15))
    done = integrated(time, current, 1 / unit, where)
    einstein, einstein_std = _einstein(trajectory, box, charge, unit)
    apart = abs(done.value - einstein) / max(math.hypot(done.std, einstein_std), 1e-300)
    checks = [
        *done.checks,
        Check.that(
            "Einstein",
            apart < 3,
            f"velocities and displacements agree ({apart:.1f} standard deviations apart)",
            f"they differ by {apart:.1f} standard deviations: not diffusive, or frames too far apart",
        ),
    ]
    estimates = {
        "conductivity": Estimate(done.value, done.std, "S/m", "ionic conductivity, from the current"),
        "einstein": Estimate(einstein, einstein_std, "S/m", "ionic conductivity, from displacements"),
    }
    return Result.of(estimates, {"lag_s": ("lag", done.lag_s), "running_S_m": ("lag", done.running)}, checks)


def _einstein(trajectory: Measurement, box: np.ndarray, charge: np.ndarray, unit: float) -> tuple[float, float]:
    paths = centres(trajectory["position_m"], box, trajectory["molecule"], trajectory["mass_kg"])
    dipole = np.einsum("fmk,m->fk", paths, charge)
    time = trajectory["time_s"]
    length = len(time) // BLOCKS
    window = slice(max(length // 5, 1), max(length // 2, 3))
    lag = float(time[1] - time[0]) * np.arange(length)[window]
    squares = [mean_product(d, d)[window] for d in (dipole[b * length : (b + 1) * length] for b in range(BLOCKS))]
    slopes = np.array([np.polyfit(lag, m, 1)[0] for m in squares]) / 6 / unit
    return float(slopes.mean()), std_of_mean_of_few(slopes)


@conductivity.plot
def draw(result: Result, ax: Axes) -> None:
    """The running integral towards its plateau."""
    draw_running(result, ax, "conductivity", "conductivity / (S/m)")


@conductivity.demo
def demo(rng: np.random.Generator) -> Demo:
    """Ions that each forget their velocity exponentially: N q² kT τ/m over V kT."""
    from scipy.signal import lfilter

    frames, count, step, edge, decay = 3000, 8, 10e-15, 30e-10, float(rng.uniform(60e-15, 120e-15))
    mass = np.repeat([6.94, 280.0], count) * ATOMIC_MASS_KG
    charge = np.repeat([1.0, -1.0], count) * ELEMENTARY_CHARGE_C
    keep = math.exp(-step / decay)
    speed = np.sqrt(BOLTZMANN_J_K * 298.15 / mass)[:, None]
    kick = math.sqrt(1 - keep**2) * speed * rng.standard_normal((frames + 200, 2 * count, 3))
    velocity = lfilter([1], [1, -keep], kick, axis=0)[200:]
    path = np.cumsum(step * velocity, axis=0)
    arrays = {
        "time_s": step * np.arange(frames),
        "position_m": (edge * rng.random((1, 2 * count, 3)) + path) % edge,
        "velocity_m_s": velocity,
        "box_m": np.full((frames, 3), edge),
        "species": np.repeat([0, 1], count),
        "molecule": np.arange(2 * count),
        "element": np.repeat(["Li", "S"], count),
        "mass_kg": mass,
        "charge_C": charge,
    }
    ions = Measurement.of(TRAJECTORY, arrays, {"species": ["Li", "TFSI"], "temperature_K": 298.15}, name="forgetful ions")
    sigma = float((charge**2 / mass).sum()) / edge**3 * step * (1 + keep) / (1 - keep) / 2
    return Demo((ions,), {"conductivity": sigma, "einstein": sigma})
