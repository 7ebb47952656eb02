"""What is kept of a run: the history of the cell, a bounded number of fields, and the measurement that they make."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.kinds.fields import FIELDS
from anodefree.simulation.deposition.cell import Floats
from anodefree.simulation.deposition.growth import Growth, Moment

HISTORY: Final = (
    *("time_s", "current_density_A_m2", "charge_C_m2", "electrode_potential_V", "deposited_m", "isolated_m"),
    *("tip_height_m", "surface_area"),
)
PICTURES: Final = ("lithium", "concentration_mol_m3", "potential_V", "isolated")
LONGEST: Final = 20_000
"""Steps kept of the history: beyond, every second one is dropped, and of later ones too."""


@dataclass
class Record:
    """History and frames so far."""

    history: list[tuple[float, ...]] = field(default_factory=list)
    frames: list[tuple[Floats, ...]] = field(default_factory=list)
    frame_time_s: list[float] = field(default_factory=list)
    every: int = 1
    count: int = 0

    def note(self, growth: Growth, now: Moment) -> None:
        """Add the moment to the history."""
        state = growth.state
        if self.count % self.every == 0:
            loose = 0.0 if now.apart is None else float(state.lithium[now.apart].sum()) / growth.box.columns * growth.box.cell_m
            self.history.append(
                (
                    state.time_s,
                    now.flow.total_A_m2,
                    state.plated_C_m2 - state.stripped_C_m2,
                    state.potentials.electrode_V,
                    max(growth.deposited_m(), 0.0),
                    loose,
                    tip_height_m(state.lithium, growth.box.cell_m),
                    float(now.front.area.sum()) / growth.box.columns,
                )
            )
            if len(self.history) >= LONGEST:
                del self.history[1::2]
                self.every *= 2
        self.count += 1

    def keep(self, growth: Growth, now: Moment) -> None:
        """Add the fields to the frames."""
        state = growth.state
        potential = state.potentials.liquid_V + growth.galvanostat.junction_V(state.concentration)
        loose = np.zeros(growth.box.shape) if now.apart is None else np.where(now.apart, state.lithium, 0.0)
        pictures = (np.clip(state.lithium, 0, 1), state.concentration, potential, loose)
        self.frames.append(tuple(p.astype(np.float32) for p in pictures))
        self.frame_time_s.append(state.time_s)

    def arrays(self) -> dict[str, Any]:
        """As arrays for a checkpoint."""
        return {
            "history": np.array(self.history),
            "frames": np.array(self.frames),
            "frame_time_s": np.array(self.frame_time_s),
            "counts": np.array([self.every, self.count]),
        }

    @classmethod
    def of(cls, arrays: dict[str, Any]) -> Record:
        """Back from a checkpoint."""
        every, count = (int(n) for n in arrays["counts"])
        frames = [tuple(f) for f in arrays["frames"]]
        return cls([tuple(h) for h in arrays["history"].tolist()], frames, arrays["frame_time_s"].tolist(), every, count)

    def measured(self, growth: Growth, meta: dict[str, Any]) -> Measurement:
        """The measurement."""
        history = np.array(self.history).reshape(-1, len(HISTORY)).T
        box = growth.box
        frames = {n: np.stack([f[i] for f in self.frames]) for i, n in enumerate(PICTURES)}
        if not frames["isolated"].any():
            del frames["isolated"]
        return Measurement.of(
            FIELDS,
            {
                "z_m": box.centres_m(0),
                "y_m": box.centres_m(1),
                "x_m": box.centres_m(2),
                "frame_time_s": np.array(self.frame_time_s),
                **frames,
                **dict(zip(HISTORY, history, strict=True)),
            },
            meta,
        )


def tip_height_m(lithium: Floats, cell_m: float) -> float:
    """Height at which the highest metal falls to one half, between the centres of cells; 0 where there is none."""
    rows = np.flatnonzero((lithium > 0.5).any(axis=(1, 2)))
    if rows.size == 0:
        return 0.0
    k = int(rows[-1])
    inside = lithium[k]
    above = lithium[min(k + 1, len(lithium) - 1)]
    part = (inside - 0.5) / np.maximum(inside - above, 1e-12)
    return float((k + 0.5 + np.where(inside > 0.5, np.clip(part, 0, 1), 0).max()) * cell_m)


def memory_bytes(cells: int, frames: int, single: bool) -> int:
    """What a run takes at most: some 25 fields of its own, two elliptic solvers of 17 each, and the frames, twice."""
    return cells * (8 * 25 + 2 * 17 * (4 if single else 8) + 2 * 4 * len(PICTURES) * frames)
