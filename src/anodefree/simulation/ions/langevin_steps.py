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
    turn = _frame(np.asarray(axis, dtype=float))
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


def _frame(axis: Floats) -> Floats:
    """A rotation whose third row is the axis."""
    third = axis / np.linalg.norm(axis)
    seed = np.array([1.0, 0.0, 0.0]) if abs(third[0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    second = np.cross(third, seed)
    second /= np.linalg.norm(second)
    return np.stack([np.cross(second, third), second, third])
