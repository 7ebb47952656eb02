"""The exact Langevin step about a field in any direction, ready for a step and its halvings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anodefree.numerics.pushers import moment_factor, turned_block
from anodefree.physics.lorentz import propagator, thermal_kicks

Floats = NDArray[np.float64]


def langevin_steps(
    drag_per_s: float,
    gyration_rad_s: float,
    velocity_variance_m2_s2: float,
    step_s: float,
    levels: int,
    axis: tuple[float, ...],
) -> tuple[Floats, Floats]:
    """For steps h / 2^level: matrices of the flow (levels, 3, 3, 3), v' = V v + C a and x' = x + C v + D a, and of the noise.

    The noise (levels, 3, 3, 3) is n_v = N n1, n_x = G n_v + M n2; zero where there is no drag. `axis` is the field's direction.
    """
    turn = frame(np.asarray(axis, dtype=float))
    flows, noises = np.zeros((levels, 3, 3, 3)), np.zeros((levels, 3, 3, 3))
    rate = complex(drag_per_s, gyration_rad_s)
    for level in range(levels):
        h = step_s / 2**level
        across, along = propagator(rate, h), propagator(drag_per_s, h)
        flows[level] = [turn.T @ turned_block(complex(a), float(z)) @ turn for a, z in zip(across, along, strict=True)]
        if drag_per_s > 0 and velocity_variance_m2_s2 > 0:
            kicks = (
                thermal_kicks(rate, h, velocity_variance_m2_s2),
                thermal_kicks(complex(drag_per_s), h, velocity_variance_m2_s2),
            )
            noises[level] = [turn.T @ m @ turn for m in moment_factor(*kicks)]
    return flows, noises


def spreads(
    drag_per_s: float, velocity_variance_m2_s2: float, step_s: float, levels: int, overdamped: bool
) -> tuple[Floats, Floats]:
    """For steps h / 2^level: the rms displacement [m] by noise, and the variance [m2] of a path between two given ends.

    The latter is the position's own noise once the velocities at both ends are known: 2Dh for h far above the relaxation time,
    and of order h³ below, where a path between two points is smooth.
    """
    rms, own = np.zeros(levels), np.full(levels, 1e-300)
    if drag_per_s == 0 or velocity_variance_m2_s2 == 0:
        return rms, own
    for level in range(levels):
        h = step_s / 2**level
        if overdamped:
            own[level] = 2 * velocity_variance_m2_s2 / drag_per_s * h
            rms[level] = np.sqrt(own[level])
        else:
            velocity, cross, position = thermal_kicks(complex(drag_per_s), h, velocity_variance_m2_s2)
            own[level] = max(position - abs(cross) ** 2 / velocity, 1e-300)
            rms[level] = np.sqrt(2 * velocity_variance_m2_s2 * float(propagator(drag_per_s, h)[2]))
    return rms, own


def frame(axis: Floats) -> Floats:
    """A rotation whose third row is the axis; the unit matrix for an axis along z."""
    third = axis / np.linalg.norm(axis)
    seed = np.array([1.0, 0.0, 0.0]) if abs(third[0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    second = np.cross(third, seed)
    second /= np.linalg.norm(second)
    return np.stack([np.cross(second, third), second, third])
