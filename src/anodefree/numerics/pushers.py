"""One step of a particle's motion: the classical Runge-Kutta method, and the exact flow of a linear equation of motion.

Positions and velocities have shape (3, particle); both pushers return new arrays and keep no state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anodefree.errors import NumericalError

Floats = NDArray[np.float64]
Acceleration = Callable[[Floats, Floats], Floats]
"""(position, velocity) -> acceleration, all (3, particle)."""


MANY = 512
"""Particles from which row by row beats a general matrix product, which is slow on matrices of three rows."""


def product(matrix: Floats, vectors: Floats) -> Floats:
    """(3, 3) times (3, particle)."""
    if vectors.shape[1] < MANY:
        return matrix @ vectors
    out = np.empty_like(vectors)
    for i, row in enumerate(matrix):
        np.multiply(vectors[i], row[i], out=out[i])
        for j in np.flatnonzero(row):
            if j != i:
                out[i] += row[j] * vectors[j]
    return out


def rk4_step(position: Floats, velocity: Floats, step_s: float, acceleration: Acceleration) -> tuple[Floats, Floats]:
    """One step of the classical Runge-Kutta method of order 4 for dx/dt = v, dv/dt = a(x, v).

    *Source* Hairer, Nørsett and Wanner 1993, section II.1.
    """
    half = 0.5 * step_s
    a1 = acceleration(position, velocity)
    v2 = velocity + half * a1
    a2 = acceleration(position + half * velocity, v2)
    v3 = velocity + half * a2
    a3 = acceleration(position + half * v2, v3)
    v4 = velocity + step_s * a3
    a4 = acceleration(position + step_s * v3, v4)
    sixth = step_s / 6.0
    return (
        position + sixth * (velocity + 2.0 * (v2 + v3) + v4),
        velocity + sixth * (a1 + 2.0 * (a2 + a3) + a4),
    )


def rk4_growth(rate_per_s: complex, step_s: float) -> complex:
    """The factor R(z) = 1 + z + z²/2 + z³/6 + z⁴/24, z = -λh, by which one RK4 step multiplies w of dw/dt = -λw.

    The method is stable where |R| ≤ 1: h ≤ 2.785/λ for pure drag, h ≤ 2.828/ω for pure gyration.
    *Source* Hairer and Wanner 1996, section IV.2.
    """
    z = -rate_per_s * step_s
    return complex(1.0 + z * (1.0 + z / 2.0 * (1.0 + z / 3.0 * (1.0 + z / 4.0))))


def check_rk4(rate_per_s: complex, step_s: float, instead: str) -> None:
    """Refuse a step with which RK4 blows up on dw/dt = -λw, λ = 1/τ + iω; `instead` names what does not.

    Raises
    ------
    NumericalError: |R(-λh)| > 1.
    """
    # Free flight and a fine step of pure gyration sit on the boundary to rounding.
    if abs(rk4_growth(rate_per_s, step_s)) <= 1.0 + 1e-12:
        return
    drag, turn = rate_per_s.real, abs(rate_per_s.imag)
    rule, limit_s = ("2.78 τ", 2.78 / drag) if drag > turn else ("2.82/ω", 2.82 / turn)
    raise NumericalError(
        f"a step of {step_s:.2g} s is beyond the stability limit of RK4, h < {rule} = {limit_s:.2g} s: speeds would blow up",
        "pusher 'rk4'",
        f"{instead}, which is exact for any step; RK4 would need {step_s / limit_s:.1g} times as many steps",
    )


@dataclass(frozen=True)
class Flow:
    """The exact map of a linear equation of motion over one step: v' = V v + dv + n_v, x' = x + P v + dx + n_x.

    Matrices are (3, 3), constants (3, 1). The noise, if any, is n_v = N n₁ and n_x = G n_v + M n₂ for standard normal n₁, n₂.
    """

    V: Floats
    P: Floats
    dv: Floats
    dx: Floats
    noise: tuple[Floats, Floats, Floats] | None = None

    @classmethod
    def of(
        cls,
        across: tuple[complex, complex, complex],
        along: tuple[float, float, float],
        acceleration_m_s2: tuple[float, float, float],
        kicks: tuple[tuple[float, complex, float], tuple[float, complex, float]] | None = None,
    ) -> Flow:
        """From e^(-λh), C and D of dw/dt = a - λw, for w = v_x + i v_y (`across`, complex) and for v_z (`along`).

        `kicks` are ⟨|n_w|²⟩/2, ⟨n_x n_w*⟩/2 and ⟨|n_x|²⟩/2 of the thermal noise, across and along.
        """
        a = np.asarray(acceleration_m_s2, dtype=float)[:, None]
        V, P, D = (turned_block(c, z) for c, z in zip(across, along, strict=True))
        return cls(V, P, P @ a, D @ a, None if kicks is None else moment_factor(*kicks))


def turned_block(across: complex, along: float) -> Floats:
    """Multiplication of x + iy by `across` and of z by `along`, as a real matrix."""
    c = complex(across)
    return np.array([[c.real, -c.imag, 0.0], [c.imag, c.real, 0.0], [0.0, 0.0, float(along)]])


def moment_factor(across: tuple[float, complex, float], along: tuple[float, complex, float]) -> tuple[Floats, Floats, Floats]:
    """The matrices N, G, M whose products have the given second moments (a Cholesky factor, in complex numbers)."""
    N, G, M = ([], [], [])  # type: tuple[list[float], list[complex], list[float]]
    for velocity, cross, position in (across, along):
        gain = cross / velocity
        N.append(velocity**0.5)
        G.append(gain)
        M.append(max(position - abs(gain) ** 2 * velocity, 0.0) ** 0.5)
    return turned_block(*N), turned_block(G[0], G[1].real), turned_block(*M)


def linear_step(
    position: Floats, velocity: Floats, flow: Flow, rng: np.random.Generator | None = None
) -> tuple[Floats, Floats]:
    """One step of an exact flow; draws 6 normal numbers a particle where `rng` is given and the flow has noise.

    Exact for any step: no stability limit, no error but rounding.
    *Source* Hochbruck and Ostermann 2010, section 2 (mean); Gillespie 1996 (noise).
    """
    new_position = position + (product(flow.P, velocity) + flow.dx)
    new_velocity = product(flow.V, velocity) + flow.dv
    if rng is not None and flow.noise is not None:
        N, G, M = flow.noise
        kick = product(N, rng.standard_normal(velocity.shape))
        new_velocity += kick
        new_position += product(G, kick) + product(M, rng.standard_normal(velocity.shape))
    return new_position, new_velocity
