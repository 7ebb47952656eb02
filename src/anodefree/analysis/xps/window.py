"""The part of a region that is fitted, and whether it holds what is asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.physics.core_levels import Component

FEWEST = 20
REACH_eV = 12.0
"""A window without limits reaches so far beyond the components."""


def window_of(
    spectrum: Measurement, low_eV: float | None, high_eV: float | None, wanted: Sequence[Component]
) -> tuple[np.ndarray, np.ndarray]:
    """Energies (n,) and counts (level, n) between two energies; without them, around the components.

    Raises
    ------
    DataError: fewer than 20 points, no counts, or energies that the components do not lie in.
    """
    energy, counts, where = spectrum["binding_energy_eV"], spectrum["counts"].astype(float), spectrum.source.name
    first = min(c.position_eV for c in wanted)
    last = max(c.position_eV + c.splitting_eV * bool(c.ratio) for c in wanted)
    low = first - REACH_eV if low_eV is None else low_eV
    high = last + REACH_eV if high_eV is None else high_eV
    inside = (energy >= low) & (energy <= high)
    if inside.sum() < FEWEST:
        raise DataError(
            f"only {int(inside.sum())} points lie between {low:.1f} and {high:.1f} eV",
            where,
            f"it reaches from {energy[0]:.1f} to {energy[-1]:.1f} eV: is it this region?",
        )
    if not (np.diff(energy) > 0).all():
        raise DataError("its binding energies do not rise", where, "sort them")
    energy, counts = energy[inside], counts[:, inside]
    if last < energy[0] or first > energy[-1]:
        raise DataError(
            f"none of the components lies between {energy[0]:.1f} and {energy[-1]:.1f} eV", where, "widen the window"
        )
    if (counts < 0).any() or not (counts.sum(axis=1) > 0).all():
        raise DataError("holds negative counts, or none at all", where, "give the counts before a background is taken off")
    return energy, counts
