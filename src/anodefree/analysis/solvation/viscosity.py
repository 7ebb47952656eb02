"""Shear viscosity from the pressure tensor of a run at constant volume."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from anodefree.analysis.solvation.fluctuations import draw_running, integrated
from anodefree.core.constants import BOLTZMANN_J_K
from anodefree.core.measurement import Measurement
from anodefree.core.result import Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.trajectory import TRAJECTORY, Trajectory
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("solvation.viscosity", version=2, cites=("allen2017", "heidelberger1981", "ercole2017"))
def viscosity(trajectory: Trajectory) -> Result:
    r"""Shear viscosity by Green and Kubo, from samples of the pressure tensor.

    $\eta = \frac{V}{kT}\int_0^\infty\langle P_s(0)P_s(t)\rangle dt$ over five shears that are equivalent in a liquid: xy, xz,
    yz, (xx - yy)/2 and (2zz - xx - yy)/√12. The integral is half of the spectrum at frequency zero, by a line in f² through the
    lowest frequencies, a quarter of the most that agree with all narrower fits: no plateau is chosen. The std follows from the
    law of a periodogram; runs that remember their packing scatter wider. *Valid when* the samples resolve the stress (5 to
    10 fs for a molecular liquid), the run has constant volume, no field acts, and the thermostat's friction is weak beside the
    decay of the stress. *Source* the relation: Allen and Tildesley 2017, section 2.7; the line: Heidelberger and Welch 1981;
    the law: Ercole et al. 2017.

    Raises
    ------
    DataError: it holds no pressure tensor, fewer than two hundred samples, or uneven times.
    """
    where = trajectory.source.name
    if "stress_Pa" not in trajectory or "stress_time_s" not in trajectory:
        raise DataError("holds no pressure tensor", where, "samples of it (stress_time_s, stress_Pa) come from the engine")
    kelvin = float(trajectory.meta.get("temperature_K", 298.15))
    volume = float(np.prod(trajectory["box_m"].astype(float), axis=1).mean())
    shears = sheared(trajectory["stress_Pa"].astype(float))
    done = integrated(trajectory["stress_time_s"], shears, volume / (BOLTZMANN_J_K * kelvin), where)
    modulus = volume / (BOLTZMANN_J_K * kelvin) * float((shears**2).mean())
    return Result.of(
        {
            "viscosity": Estimate(done.value, done.std, "Pa s", "shear viscosity"),
            "modulus": Estimate(
                modulus,
                modulus
                * math.sqrt(2 * max(done.found.memory, float(done.lag_s[1])) / float(np.ptp(trajectory["stress_time_s"])) / 5),
                "Pa",
                "shear modulus at infinite frequency",
            ),
        },
        {"lag_s": ("lag", done.lag_s), "running_Pa_s": ("lag", done.running)},
        done.checks,
    )


def sheared(tensor_Pa: np.ndarray) -> np.ndarray:
    """The five independent shears (sample, 5) of a pressure tensor xx, yy, zz, xy, xz, yz (sample, 6)."""
    xx, yy, zz = tensor_Pa[:, :3].T
    return np.column_stack([tensor_Pa[:, 3:], (xx - yy) / 2, (2 * zz - xx - yy) / math.sqrt(12)])


@viscosity.plot
def draw(result: Result, ax: Axes) -> None:
    """The running integral towards its plateau."""
    draw_running(result, ax, "viscosity", "viscosity / (mPa s)", 1e3)


@viscosity.demo
def demo(rng: np.random.Generator) -> Demo:
    """Maxwell's liquid: shears that forget exponentially, whose viscosity is modulus times relaxation time."""
    from scipy.signal import lfilter

    count, step, decay, edge = 6000, 10e-15, float(rng.uniform(60e-15, 150e-15)), 27e-10
    modulus = 3e9
    keep = math.exp(-step / decay)
    size = math.sqrt(modulus * BOLTZMANN_J_K * 298.15 / edge**3)
    noise = size * math.sqrt(1 - keep**2) * rng.standard_normal((count + 500, 5))
    xy, xz, yz, half, third = lfilter([1], [1, -keep], noise, axis=0)[500:].T
    zz = third * 2 / math.sqrt(3)
    arrays = {
        "time_s": np.array([0.0]),
        "position_m": np.zeros((1, 1, 3)),
        "box_m": np.full((1, 3), edge),
        "species": np.array([0]),
        "molecule": np.array([0]),
        "element": np.array(["Ar"]),
        "mass_kg": np.array([6.6e-26]),
        "stress_time_s": step * np.arange(count),
        "stress_Pa": np.column_stack([half - zz / 2, -half - zz / 2, zz, xy, xz, yz]),
    }
    liquid = Measurement.of(TRAJECTORY, arrays, {"species": ["Ar"], "temperature_K": 298.15}, name="Maxwell's liquid")
    return Demo((liquid,), {"viscosity": modulus * step * (1 + keep) / (1 - keep) / 2})
