"""PFHub benchmark 3, dendritic growth: the tip, the solid and the free energy against the results of AMPE and MEMPHIS.

    python benchmarks/pfhub/bm3.py FOLDER [spacing] [end] [disc|memphis]

FOLDER holds the published results (`3a_AMPE_tip_position.csv`, ...). Explicit in time, second order in space, a quarter of
the crystal. The heat, smooth over the interface (D = 10), is on cells twice as large, which costs a sixteenth; its window grows
with it, up to the 960 units of the problem. `memphis` begins from that code's seed, the 58 cells of spacing 1 that its first
solid fraction counts, instead of the problem's disc.
"""

from __future__ import annotations

import csv
import math
import sys
import time
from pathlib import Path

import numpy as np
from numba import njit

EPSILON, DIFFUSIVITY, COOLING, COUPLING, SIZE = 0.05, 10.0, -0.3, 10.0 / 0.6267, 960.0
_compiled = njit(nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz", "arcp"})
_inlined = njit(nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz", "arcp"}, forceinline=True)


@_inlined
def _widths(gx, gy):
    """a(n)^2 and a(n) da/dtheta of a = 1 + epsilon cos 4 theta."""
    square = gx * gx + gy * gy
    if square < 1e-14:
        return 1.0, 0.0
    a, b = gx * gx / square, gx * gy / square
    wide, turn = 1.0 + EPSILON * (1.0 - 8.0 * b * b), -4.0 * EPSILON * 4.0 * b * (2.0 * a - 1.0)
    return wide * wide, wide * turn


@_compiled
def heat_in_row(line, heat, j, n):
    """The heat at the fine cells of row j, bilinear between the coarse ones; mirrors at the first."""
    big = j // 2
    other = max(big - 1, 0) if j % 2 == 0 else big + 1
    near, far = heat[big], heat[other]
    for i in range(0, n, 2):
        c = i // 2
        here = 0.75 * near[c] + 0.25 * far[c]
        left = 0.75 * near[max(c - 1, 0)] + 0.25 * far[max(c - 1, 0)]
        right = 0.75 * near[c + 1] + 0.25 * far[c + 1]
        line[i] = 0.75 * here + 0.25 * left
        line[i + 1] = 0.75 * here + 0.25 * right


@_compiled
def phase(new, phi, heat, flux_x, flux_y, line, h, dt, n):
    """`new` = phi a step later, on the first n rows and columns (an even number)."""
    for j in range(n):
        down, up = max(j - 1, 0), j + 1
        for i in range(n):
            left = max(i - 1, 0)
            gx = (phi[j, i + 1] - phi[j, i]) / h
            gy = 0.25 * (phi[up, i + 1] + phi[up, i] - phi[down, i + 1] - phi[down, i]) / h
            square, turn = _widths(gx, gy)
            flux_x[j, i + 1] = square * gx - turn * gy
            gy = (phi[j + 1, i] - phi[j, i]) / h
            gx = 0.25 * (phi[j + 1, i + 1] + phi[j, i + 1] - phi[j + 1, left] - phi[j, left]) / h
            square, turn = _widths(gx, gy)
            flux_y[j + 1, i] = square * gy + turn * gx
    for j in range(n):
        down = max(j - 1, 0)
        heat_in_row(line, heat, j, n)
        for i in range(n):
            left = max(i - 1, 0)
            p = phi[j, i]
            square, _ = _widths(phi[j, i + 1] - phi[j, left], phi[j + 1, i] - phi[down, i])
            bent = (flux_x[j, i + 1] - flux_x[j, i] + flux_y[j + 1, i] - flux_y[j, i]) / h
            force = (p - COUPLING * line[i] * (1.0 - p * p)) * (1.0 - p * p)
            new[j, i] = p + dt * (force + bent) / square


@_compiled
def warmth(heat, new, phi, lines, h, dt, active, n):
    """The heat a step later, in place, on the first n coarse cells: diffusion, and half of the change of phi in each."""
    number = dt * DIFFUSIVITY / (4.0 * h * h)
    for j in range(n):
        above = heat[min(j + 1, n - 1)]
        row, old, below = heat[j], lines[0], lines[1]
        if j == 0:
            below[:n] = row[:n]
        old[:n] = row[:n]
        row[0] = old[0] + number * (old[1] - old[0] + below[0] + above[0] - 2.0 * old[0])
        for i in range(1, n - 1):
            row[i] = old[i] + number * (old[i - 1] + old[i + 1] + below[i] + above[i] - 4.0 * old[i])
        row[n - 1] = old[n - 1] + number * (old[n - 2] - old[n - 1] + below[n - 1] + above[n - 1] - 2.0 * old[n - 1])
        below[:n] = old[:n]
    for j in range(active):
        row = heat[j // 2]
        for i in range(active):
            row[i // 2] += 0.125 * (new[j, i] - phi[j, i])


def free_energy(phi, heat, h, window):
    """Of the whole square, the part outside the window being liquid at the undercooling."""
    n = 2 * window
    fine, line = np.empty((n, n)), np.zeros(n)
    for j in range(n):
        heat_in_row(line, heat, j, n)
        fine[j] = line
    p = phi[:n, :n]
    gy, gx = np.gradient(p, h)
    c = np.cos(4 * np.arctan2(gy, gx))
    p2 = p * p
    well = -0.5 * p2 + 0.25 * p2 * p2 + COUPLING * fine * p * (1 - 2 * p2 / 3 + p2 * p2 / 5)
    outside = -0.25 + COUPLING * COOLING * -(1 - 2 / 3 + 1 / 5)
    inside = (0.5 * (1 + EPSILON * c) ** 2 * (gx * gx + gy * gy) + well).sum() * h * h
    return inside + outside * (SIZE**2 - (n * h) ** 2)


def disc(centre):
    """The problem's seed: a disc of radius 8 whose interface is one unit wide."""
    return -np.tanh((np.hypot(centre[:, None], centre[None, :]) - 8.0) / math.sqrt(2) / 0.5)


def memphis(centre):
    """The 58 whole cells of spacing 1, centres within 8 of the first one's, that MEMPHIS's solid fraction at t = 0 counts."""
    cell = np.floor(centre)
    return np.where(cell[:, None] ** 2 + cell[None, :] ** 2 <= 64, 1.0, -1.0)


def grow(spacing: float, end: float, every: float = 15.0, seed=disc):
    """Rows of time, tip, solid fraction, free energy."""
    h, cells = spacing, 2 * round(SIZE / spacing / 2)
    dt = 0.9 * min(4 * h * h / (4 * DIFFUSIVITY), h * h / (4 * 1.1))
    phi = seed((np.arange(cells + 2) + 0.5) * h)
    new, heat = phi.copy(), np.full((cells // 2 + 1, cells // 2 + 1), COOLING)
    flux_x, flux_y = np.zeros_like(phi), np.zeros_like(phi)
    line, lines = np.zeros(cells + 2), np.zeros((2, cells + 1))
    steps, rows, now = max(1, math.ceil(every / dt)), [], 0.0
    dt = every / steps
    active, window = 2 * round(20 / h), round(80 / h)
    while True:
        rows.append((now, _tip(phi, h), _solid(phi, h, 2 * window), free_energy(phi, heat, h, window)))
        if now >= end - 1e-9:
            return np.array(rows)
        for _ in range(steps):
            phase(new, phi, heat, flux_x, flux_y, line, h, dt, active)
            warmth(heat, new, phi, lines, h, dt, active, window)
            phi, new = new, phi
        now += every
        active = min(max(active, 2 * round((_tip(phi, h) + 25) / h / 2)), cells)
        new[:] = phi
        if np.abs(heat[:window, window - round(4 / h) : window] - COOLING).max() > 1e-7:
            window = min(window + round(20 / h), cells // 2)


def _solid(phi, h, n):
    return 0.5 * (phi[:n, :n] + 1).sum() * h * h / SIZE**2


def _tip(phi, h):
    """Where phi falls through zero along the axis, between cell centres."""
    row = 1.125 * phi[0] - 0.125 * phi[1]  # to the border itself, where the slope is zero
    i = int(np.flatnonzero(row > 0)[-1])
    return h * (i + 0.5 + row[i] / (row[i] - row[i + 1]))


def published(folder: Path, code: str, what: str):
    """One published curve: times and values."""
    name = what.replace("-", "_") if code == "AMPE" else what
    with (folder / f"3a_{code}_{name}.csv").open() as file:
        rows = [(float(a), float(b)) for a, b in list(csv.reader(file))[1:] if a and b]
    return np.array(rows).T


TIMES = (30, 60, 90, 150, 300, 600, 900, 1200, 1500)
QUANTITIES = (("tip-position", ".2f"), ("solid-fraction", ".6f"), ("free-energy", ".0f"))


def table(folder: Path, rows) -> list[str]:
    """Ours beside the two published codes, and whether it lies between them, at some of the times."""
    head = " | ".join(f"{w.replace('-', ' ')}: ours | AMPE | MEMPHIS" for w, _ in QUANTITIES)
    lines = [f"| t | {head} | between them |", "|---" * 11 + "|"]
    for t, *ours in rows[np.isin(rows[:, 0], TIMES)]:
        cells, inside = [], []
        for value, (what, form) in zip(ours, QUANTITIES, strict=True):
            a, b = (float(np.interp(t, *published(folder, code, what))) for code in ("AMPE", "memphis"))
            cells.append(f"{value:{form}} | {a:{form}} | {b:{form}}")
            if min(a, b) <= value <= max(a, b):
                inside.append(what.split("-")[0])
        lines.append(f"| {t:.0f} | {' | '.join(cells)} | {', '.join(inside) or 'none'} |")
    return lines


def main() -> None:
    folder = Path(sys.argv[1])
    spacing, end = float(sys.argv[2]) if len(sys.argv) > 2 else 0.5, float(sys.argv[3]) if len(sys.argv) > 3 else 1500.0
    seed = {"disc": disc, "memphis": memphis}[sys.argv[4] if len(sys.argv) > 4 else "disc"]
    grow(2.0, 1.0, 1.0)
    begin = time.process_time()
    rows = grow(spacing, end, seed=seed)
    print(f"spacing {spacing}, seed {seed.__name__}: {time.process_time() - begin:.1f} s of one core to t = {end:g}")
    print("\n".join(table(folder, rows)))


if __name__ == "__main__":
    main()
