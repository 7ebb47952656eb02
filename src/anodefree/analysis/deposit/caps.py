"""Hemispherical caps that grow on a collector, with the fields of diffusion about them: a deposit whose truth is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anodefree.core.measurement import Measurement
from anodefree.kinds.fields import FIELDS
from anodefree.physics.lithium import dense_thickness_m

Floats = NDArray[np.float64]
SALT_MOL_M3 = 1000.0


def caps(
    centres_m: Floats,
    radius_m: Floats,
    cells: tuple[int, int, int],
    step_m: float,
    *,
    current_density_A_m2: float = 5.0,
    name: str = "caps",
) -> Measurement:
    """Caps about centres (cap, 2) [m] whose radius in each frame is `radius_m`, on a grid of cells (z, y, x) that repeats.

    Where one cell along y is asked for, the caps are half cylinders. Salt and potential fall towards the nearest cap as 1/r,
    the field of diffusion to a sphere. A cell at the edge of a cap is filled in part. The history has one step for each frame.
    """
    z, y, x = ((np.arange(n) + 0.5) * step_m for n in cells)
    sides = [n * step_m for n in cells]
    near = np.full(cells[1:], np.inf)
    for cx, cy in np.asarray(centres_m, dtype=float):
        dx = (x - cx + sides[2] / 2) % sides[2] - sides[2] / 2
        dy = (y - cy + sides[1] / 2) % sides[1] - sides[1] / 2 if cells[1] > 1 else np.zeros(1)
        near = np.minimum(near, np.hypot(dy[:, None], dx[None, :]))
    distance = np.sqrt(near**2 + z[:, None, None] ** 2)
    shape = (len(radius_m), *cells)
    lithium, salt, potential = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for i, radius in enumerate(radius_m):
        lithium[i] = np.clip(0.5 + (radius - distance) / step_m, 0.0, 1.0) * (radius > 0)
        fall = radius / np.maximum(distance, max(float(radius), 1e-3 * step_m))
        salt[i] = SALT_MOL_M3 * (1 - 0.7 * fall)
        potential[i] = 0.1 * z[:, None, None] / sides[0] * (1 - fall)
    deposited = lithium.mean(axis=(2, 3)).sum(axis=1) * step_m
    charge = deposited / float(dense_thickness_m(1.0))
    time_s = charge / current_density_A_m2
    tops = np.array([z[np.flatnonzero(f.max(axis=(1, 2)) >= 0.5)[-1]] + step_m / 2 if f.max() >= 0.5 else 0.0 for f in lithium])
    arrays = {
        "x_m": x,
        "y_m": y,
        "z_m": z,
        "frame_time_s": time_s,
        "lithium": lithium,
        "concentration_mol_m3": salt,
        "potential_V": potential,
        "time_s": time_s,
        "current_density_A_m2": np.full(len(time_s), current_density_A_m2),
        "charge_C_m2": charge,
        "electrode_potential_V": np.full(len(time_s), -0.1),
        "deposited_m": deposited,
        "tip_height_m": tops,
    }
    return Measurement.of(FIELDS, arrays, {"model": "caps", "sides": "periodic"}, name=name)
