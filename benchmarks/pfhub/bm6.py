"""PFHub benchmark 6, coupled electrostatics: Cahn-Hilliard with Poisson, the free energy and the cuts against MEMPHIS.

    python benchmarks/pfhub/bm6.py FOLDER [cells] [end]

The square of variant (a). Cell-centred finite volumes; the biharmonic part implicit by cosine transforms, the potential by the
package's multigrid; each step is taken whole and in two halves, which gives its error and a second-order result.
"""

from __future__ import annotations

import csv
import sys
import time
from pathlib import Path

import numpy as np
from scipy.fft import dctn, idctn

from anodefree.numerics.multigrid import Multigrid

LOW, HIGH, WELL, GRADIENT, MOBILITY, CHARGE, PERMITTIVITY, SIZE = 0.3, 0.7, 5.0, 2.0, 5.0, 0.09, 90.0, 100.0
STABILISED = 2 * WELL * (HIGH - LOW) ** 2
"""The second derivative at the bottom of the wells, taken implicitly."""


class Square:
    """The grid, its cosine transform and its potential."""

    def __init__(self, cells: int, charge: float = CHARGE) -> None:
        self.cells, self.h, self.charge = cells, SIZE / cells, charge
        wave = (2 - 2 * np.cos(np.pi * np.arange(cells) / cells)) / self.h**2
        self.squares = wave[:, None] + wave[None, :]
        y = (np.arange(cells) + 0.5) * self.h
        self.centres = y
        self.poisson = Multigrid((cells, 1, cells))
        inner = np.ones((cells, 1, cells + 1))
        held = np.zeros((cells, 1, cells))
        held[:, 0, 0] = held[:, 0, -1] = 2.0
        self.poisson.set(inner, np.zeros((cells, 2, cells)), np.ones((cells + 1, 1, cells)), held)
        self.driven = np.zeros((cells, cells))
        self.driven[:, -1] = 2 * np.sin(y / 7)
        self.phi = np.zeros((cells, cells))

    def start(self) -> np.ndarray:
        x, y = np.meshgrid(self.centres, self.centres)
        c = np.cos
        waves = c(0.2 * x) * c(0.11 * y) + (c(0.13 * x) * c(0.087 * y)) ** 2 + c(0.025 * x - 0.15 * y) * c(0.07 * x - 0.02 * y)
        return 0.5 + 0.04 * waves

    def potential(self, c: np.ndarray) -> np.ndarray:
        right = self.driven + self.charge * self.h**2 * c / PERMITTIVITY
        found, _, _ = self.poisson.solve(right[:, None, :], self.phi[:, None, :], 1e-9)
        self.phi = found[:, 0, :]
        return self.phi

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


def evolve(cells: int, end: float, tolerance: float = 1e-4, times=(), charge: float = CHARGE):
    """The energies at `times`, the last concentration and potential, and the steps."""
    box = Square(cells, charge)
    c, now, dt, count = box.start(), 0.0, 0.01, 0
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
        if error > 2 * tolerance or step == dt:
            dt = step * min(2.0, max(0.3, 0.9 * (tolerance / max(error, 1e-15)) ** 0.5))
    return np.array(rows), c, box.potential(c) if charge else box.phi, count, box


def published(path: Path) -> np.ndarray:
    """The columns of a published file."""
    with path.open() as file:
        return np.array([[float(v) for v in row] for row in list(csv.reader(file))[1:]]).T


def compared(folder: Path, cells: int, end: float, tolerance: float = 1e-4):
    """Rows of time, our energy, MEMPHIS's; the largest distance of the cuts (c, potential) at t = 400 where it was reached."""
    times, energies = published(folder / "6a_memphis_free_energy.csv")
    rows, c, phi, count, box = evolve(cells, end, tolerance, [t for t in times if t <= end])
    table = [(t, e, energies[np.argmin(abs(times - t))]) for t, e in rows]
    across, up = (published(folder / f"6a_memphis_{n}_cut.csv") for n in ("y", "x"))
    middle = [0.5 * (f[cells // 2] + f[cells // 2 - 1]) for f in (c, phi)]
    upright = [0.5 * (f[:, cells // 2] + f[:, cells // 2 - 1]) for f in (c, phi)]
    inside = [box.centres[0] <= v[0] for v in (across, up)]
    gaps = [
        np.abs(np.interp(v[0], box.centres, ours) - v[n])[keep & (v[0] <= box.centres[-1])].max()
        for v, pair, keep in ((across, middle, inside[0]), (up, upright, inside[1]))
        for n, ours in ((1, pair[0]), (2, pair[1]))
    ]
    return table, gaps, count


def main() -> None:
    folder = Path(sys.argv[1])
    cells, end = int(sys.argv[2]) if len(sys.argv) > 2 else 100, float(sys.argv[3]) if len(sys.argv) > 3 else 400.0
    begin = time.perf_counter()
    table, gaps, count = compared(folder, cells, end)
    print(f"{cells} x {cells} cells, {count} steps, {time.perf_counter() - begin:.1f} s")
    print(f"{'time':>7} {'ours':>9} {'MEMPHIS':>9}")
    for t, ours, theirs in table:
        print(f"{t:7.1f} {ours:9.3f} {theirs:9.2f}")
    a, b, c, d = gaps
    print(f"largest distance on the cuts: y = 50: c {a:.4f}, potential {b:.4f}; x = 50: c {c:.4f}, potential {d:.4f}")


if __name__ == "__main__":
    main()
