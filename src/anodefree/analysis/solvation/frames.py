"""Frames of a trajectory dealt out to threads: distances counted, contacts found."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError
from anodefree.numerics.radial import Radial

CHUNK = 64


def _dealt(frames: int, work: Callable[[range], None]) -> None:
    """Work on chunks of frames in threads; compiled kernels let each other run."""
    parts = [range(k, min(k + CHUNK, frames)) for k in range(0, frames, CHUNK)]
    with ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:
        list(pool.map(work, parts))


def radial(trajectory: Measurement, centres: np.ndarray, partners: np.ndarray, r_max_m: float, bins: int) -> Radial:
    """Distances between two groups of atoms, counted frame by frame.

    Raises
    ------
    ConfigError: r_max exceeds half of the shortest edge of the box.
    """
    from anodefree.numerics.compiled.contacts import pair_histogram

    place, box, molecule = trajectory["position_m"], trajectory["box_m"].astype(float), trajectory["molecule"]
    half = float(box.min()) / 2
    if r_max_m > half * (1 + 1e-9):
        raise ConfigError(
            f"distances to {1e10 * r_max_m:.3g} Å need a box twice as wide, the box is {2e10 * half:.4g} Å",
            trajectory.source.name,
            f"r_max_m = {half:.3g}",
        )
    counts = np.zeros((len(place), bins), dtype=np.int64)

    def work(frames: range) -> None:
        for k in frames:
            pair_histogram(place[k], box[k], centres, partners, molecule, r_max_m, counts[k])

    _dealt(len(place), work)
    pairs = len(centres) * len(partners)
    pairs -= int(np.sum([np.sum(molecule[partners] == m) for m in molecule[centres]])) if len(centres) < 10_000 else 0
    return Radial(np.linspace(0.0, r_max_m, bins + 1), counts, pairs, len(centres), np.prod(box, axis=1))


def contacts_of(
    trajectory: Measurement, centres: np.ndarray, partners: np.ndarray, cutoff_m: float
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Contacts nearer than the cut-off: their number at every centre (frame, centre), and pairs of molecules in each frame."""
    from anodefree.numerics.compiled.contacts import contacts

    place, box, molecule = trajectory["position_m"], trajectory["box_m"].astype(float), trajectory["molecule"]
    count = np.zeros((len(place), len(centres)), dtype=np.int64)
    pairs: list[np.ndarray] = [np.empty((0, 2), dtype=np.int64)] * len(place)

    def work(frames: range) -> None:
        room = max(16 * len(centres), 64)
        first, second = np.empty(room, np.int64), np.empty(room, np.int64)
        for k in frames:
            found = contacts(place[k], box[k], centres, partners, molecule, cutoff_m, count[k], first, second)
            if found > len(first):
                first, second = np.empty(2 * found, np.int64), np.empty(2 * found, np.int64)
                contacts(place[k], box[k], centres, partners, molecule, cutoff_m, count[k], first, second)
            pairs[k] = np.column_stack([first[:found], second[:found]])

    _dealt(len(place), work)
    return count, pairs
