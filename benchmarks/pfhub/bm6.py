"""PFHub benchmark 6, coupled electrostatics: Cahn-Hilliard with Poisson, the free energy and the cuts against MEMPHIS.

    python benchmarks/pfhub/bm6.py FOLDER [cells] [end]

The square of variant (a). The biharmonic part is implicit by cosine transforms; each step is taken whole and in two halves,
which gives its error and a second-order result. The potential is found by transforms as well, and at every output also by the
package's multigrid, whose distance is printed. Two set-ups: the problem as it is stated, and the one that MEMPHIS's files show:
points at 0, 1, ... 99 in both directions, the potential held *at* the last of them and half a cell before the first, its sine
at y + 2 (the published value at y = 50 is sin(52/7) to all its digits) and the initial concentration at x + 1, y + 1.
"""

from __future__ import annotations

import csv
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.fft import dct, dctn, idct, idctn

from anodefree.numerics.multigrid import Multigrid

LOW, HIGH, WELL, GRADIENT, MOBILITY, CHARGE, PERMITTIVITY, SIZE = 0.3, 0.7, 5.0, 2.0, 5.0, 0.09, 90.0, 100.0
STABILISED = 2 * WELL * (HIGH - LOW) ** 2
"""The second derivative at the bottom of the wells, taken implicitly."""


@dataclass(frozen=True)
class Setting:
    """Where the points lie and where the given functions are taken."""

    first: float = 0.5
    """Place of the first point, in cells."""
    wave: float = 0.0
    """What is added to x and y in the initial concentration."""
    sine: float = 0.0
    """What is added to y in the potential of the right side."""
    held_at_last: bool = False
    """The last points are the right side; else it is half a cell beyond them."""


STATED = Setting()
MEMPHIS = Setting(0.0, 1.0, 2.0, True)


class Square:
    """The grid, its transforms and its potential."""

    def __init__(self, cells: int, charge: float = CHARGE, setting: Setting = STATED) -> None:
        self.cells, self.h, self.charge, self.setting = cells, SIZE / cells, charge, setting
        modes = 2 - 2 * np.cos(np.pi * np.arange(cells) / cells)
        self.squares = (modes[:, None] + modes[None, :]) / self.h**2
        self.centres = (np.arange(cells) + setting.first) * self.h
        right = np.sin((self.centres + setting.sine) / 7)
        self.free = cells - 1 if setting.held_at_last else cells  # columns in which the potential is sought
        self.behind = 1.0 if setting.held_at_last else 2.0
        """Conductance from the last of them to the right side, over that between two points."""
        self.side = right
        self.driven = np.zeros((cells, self.free))
        self.driven[:, -1] = self.behind * right
        second = 2 * np.eye(self.free) - np.eye(self.free, k=1) - np.eye(self.free, k=-1)
        second[0, 0], second[-1, -1] = 3.0, 1.0 + self.behind
        values, self.vectors = np.linalg.eigh(second)
        self.inverse = 1 / (modes[:, None] + values[None, :])

    def start(self) -> np.ndarray:
        x, y = np.meshgrid(self.centres + self.setting.wave, self.centres + self.setting.wave)
        c = np.cos
        waves = c(0.2 * x) * c(0.11 * y) + (c(0.13 * x) * c(0.087 * y)) ** 2 + c(0.025 * x - 0.15 * y) * c(0.07 * x - 0.02 * y)
        return 0.5 + 0.04 * waves

    def _sources(self, c: np.ndarray) -> np.ndarray:
        return self.driven + self.charge * self.h**2 * c[:, : self.free] / PERMITTIVITY

    def potential(self, c: np.ndarray) -> np.ndarray:
        """By a cosine transform in y and the eigenvectors in x."""
        modes = dct(self._sources(c), axis=0, norm="ortho") @ self.vectors * self.inverse
        found = idct(modes @ self.vectors.T, axis=0, norm="ortho")
        return np.column_stack([found, self.side]) if self.setting.held_at_last else found

    def by_multigrid(self, c: np.ndarray) -> np.ndarray:
        """The same by the package's solver."""
        n, m = self.cells, self.free
        held = np.zeros((n, 1, m))
        held[:, 0, 0], held[:, 0, -1] = 2.0, self.behind
        solver = Multigrid((n, 1, m))
        solver.set(np.ones((n, 1, m + 1)), np.zeros((n, 2, m)), np.ones((n + 1, 1, m)), held)
        found = solver.solve(self._sources(c)[:, None, :], None, 1e-10)[0][:, 0]
        return np.column_stack([found, self.side]) if self.setting.held_at_last else found

    def energy(self, c: np.ndarray) -> float:
        gy, gx = np.diff(c, axis=0) / self.h, np.diff(c, axis=1) / self.h
        bulk = WELL * (c - LOW) ** 2 * (HIGH - c) ** 2 + 0.5 * self.charge * c * self.potential(c)
        return float((bulk.sum() + 0.5 * GRADIENT * ((gy**2).sum() + (gx**2).sum())) * self.h**2)

    def step(self, c: np.ndarray, dt: float) -> np.ndarray:
        slope = 2 * WELL * (c - LOW) * (HIGH - c) * (LOW + HIGH - 2 * c) - STABILISED * c
        if self.charge:
            slope = slope + self.charge * self.potential(c)
        k2 = self.squares
        top = dctn(c, norm="ortho") - dt * MOBILITY * k2 * dctn(slope, norm="ortho")
        return idctn(top / (1 + dt * MOBILITY * k2 * (STABILISED + GRADIENT * k2)), norm="ortho")


def evolve(box: Square, end: float, tolerance: float = 1e-4, times=()):
    """The energies at `times`, the last concentration, the steps, and the largest distance of the multigrid's potential."""
    c, now, dt, count, apart = box.start(), 0.0, 0.01, 0, 0.0
    stops = [t for t in sorted({*times, end}) if t > 0]
    rows = [(0.0, box.energy(c))]
    while stops:
        left = stops[0] - now
        step = min(dt, left)
        whole, half = box.step(c, step), box.step(box.step(c, 0.5 * step), 0.5 * step)
        error = float(np.abs(half - whole).max())
        if error <= 2 * tolerance:
            c, now, count = 2 * half - whole, now + step, count + 1
            if step == left:
                now = stops.pop(0)
                rows.append((now, box.energy(c)))
                apart = max(apart, float(np.abs(box.by_multigrid(c) - box.potential(c)).max()))
        if error > 2 * tolerance or step == dt:
            dt = step * min(2.0, max(0.3, 0.9 * (tolerance / max(error, 1e-15)) ** 0.5))
    return np.array(rows), c, count, apart


def published(path: Path) -> np.ndarray:
    """The columns of a published file."""
    with path.open() as file:
        return np.array([[float(v) for v in row] for row in list(csv.reader(file))[1:]]).T


def compared(folder: Path, cells: int, end: float, tolerance: float = 1e-4, setting: Setting = STATED):
    """Rows of time, our energy, MEMPHIS's; the distances of the cuts at the end (c and potential along y = 50, then x = 50)."""
    times, energies = published(folder / "6a_memphis_free_energy.csv")
    box = Square(cells, CHARGE, setting)
    rows, c, count, apart = evolve(box, end, tolerance, [t for t in times if t <= end])
    table = [(t, e, energies[np.argmin(abs(times - t))]) for t, e in rows]
    gaps = []
    for name, turned in (("y", False), ("x", True)):
        theirs = published(folder / f"6a_memphis_{name}_cut.csv")
        for column, field in ((1, c), (2, box.potential(c))):
            seen = field.T if turned else field
            line = np.array([np.interp(50.0, box.centres, points) for points in seen.T])
            inside = (theirs[0] >= max(box.centres[0], 1.0)) & (theirs[0] <= box.centres[-1])
            gaps.append(np.abs(np.interp(theirs[0], box.centres, line) - theirs[column])[inside].max())
    return table, gaps, count, apart


def main() -> None:
    folder = Path(sys.argv[1])
    cells, end = int(sys.argv[2]) if len(sys.argv) > 2 else 100, float(sys.argv[3]) if len(sys.argv) > 3 else 400.0
    tables = []
    for name, points, setting in (
        ("as stated", cells, STATED),
        ("twice as fine", 2 * cells, STATED),
        ("MEMPHIS", 100, MEMPHIS),
    ):
        begin = time.process_time()
        table, gaps, count, apart = compared(folder, points, end, 1e-4, setting)
        tables.append([row[1] for row in table])
        print(f"{name}: {points} x {points} points, {count} steps, {time.process_time() - begin:.1f} s of one core;", end=" ")
        print(f"multigrid and transforms differ by {apart:.1e}; largest distance on the cuts at t = {end:g}:", end=" ")
        print("y = 50: c {:.4f}, potential {:.4f}; x = 50: c {:.4f}, potential {:.4f}".format(*gaps), flush=True)
    print("| t | as stated | twice as fine | set up as MEMPHIS | MEMPHIS |\n|---|---|---|---|---|")
    for (t, _, theirs), *ours in zip(table, *tables, strict=True):
        if t in (0, 1, 2, 4, 10, 20, 40, 100, 200, 400):
            print(f"| {t:g} | " + " | ".join(f"{v:.2f}" for v in ours) + f" | {theirs:.0f} |")


if __name__ == "__main__":
    main()
