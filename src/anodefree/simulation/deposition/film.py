"""The film on the lithium: how it varies along the collector, and how it breaks where lithium grows and heals with time.

    dR/dt = (R0 - R)/tau - R u/l,    u = V_m i/F while plating,

R0 of the grown film, tau the time in which it heals, l the lithium plated through it that breaks it to 1/e. A place that grows
fast stays bare and grows on; one that rests is sealed. The film moves with the surface.
"""

from __future__ import annotations

import numpy as np

from anodefree.core.constants import FARADAY_C_MOL
from anodefree.simulation.deposition.cell import MOLAR_VOLUME_M3_MOL, Box, Floats, Surface
from anodefree.simulation.deposition.front import Front


def lognormal_patches(box: Box, spread: float, length_m: float, rng: np.random.Generator) -> Floats:
    """Factors (y, x) of mean 1 and lognormal `spread` (standard deviation of the logarithm), each even over a patch.

    Patches are the cells nearest to seeds drawn evenly, one for every `length_m` (squared, in three dimensions).
    """
    ny, nx = box.shape[1:]
    if spread == 0:
        return np.ones((ny, nx))
    lengths = np.array([1.0 if box.flat else ny * box.cell_m / length_m, nx * box.cell_m / length_m])
    count = max(1, round(float(lengths.prod())))
    seeds = rng.uniform(0, 1, (count, 2)) * np.array([ny, nx])
    factor = np.exp(spread * rng.normal(size=count) - 0.5 * spread**2)
    out = np.empty((ny, nx))
    across = np.abs(np.arange(nx)[:, None] + 0.5 - seeds[None, :, 1])
    if box.periodic:
        across = np.minimum(across, nx - across)
    for j in range(ny):
        along = np.abs(j + 0.5 - seeds[:, 0]) if not box.flat else np.zeros(count)
        if box.periodic:
            along = np.minimum(along, ny - along)
        out[j] = factor[np.argmin(across**2 + along**2, axis=1)]
    return out


def aged(film: Floats, front: Front, density_A_m2: Floats, surface: Surface, step_s: float) -> None:
    """Let the film (nz, ny, nx) [ohm m2] break and heal during a step, in place; exact for a steady current."""
    flat, columns = film.reshape(-1), surface.film_ohm_m2.size
    grown = surface.film_ohm_m2.reshape(-1)[front.at % columns]
    speed = MOLAR_VOLUME_M3_MOL / FARADAY_C_MOL * np.maximum(density_A_m2, 0)
    rate = 1 / surface.healing_s + speed / surface.crack_m
    settled = grown / (surface.healing_s * rate)
    flat[front.at] = settled + (flat[front.at] - settled) * np.exp(-rate * step_s)


def carried(film: Floats, front: Front, box: Box) -> None:
    """Let cells that the front is about to enter take over the film of the surface beside them, in place."""
    from anodefree.numerics.compiled.diffuse_front import spread_from_front

    area = np.zeros(box.shape)
    area.reshape(-1)[front.at] = front.area
    spread_from_front(film, area, *box.neighbours, film.copy())
