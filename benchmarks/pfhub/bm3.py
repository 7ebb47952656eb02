"""PFHub benchmark 3, dendritic growth: the tip, the solid and the free energy against the results of AMPE and MEMPHIS.

    python benchmarks/pfhub/bm3.py FOLDER [spacing] [end]

FOLDER holds the published results (`3a_AMPE_tip_position.csv`, ...). Explicit in time, second order in space, a quarter of the
crystal; the window of the computation grows with the heat, up to the 960 units of the problem.
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
def phase(new, phi, heat, flux_x, flux_y, h, dt, n):
    """`new` = phi a step later, on the first n rows and columns."""
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
        for i in range(n):
            left = max(i - 1, 0)
            p = phi[j, i]
            square, _ = _widths(phi[j, i + 1] - phi[j, left], phi[j + 1, i] - phi[down, i])
            bent = (flux_x[j, i + 1] - flux_x[j, i] + flux_y[j + 1, i] - flux_y[j, i]) / h
            force = (p - COUPLING * heat[j, i] * (1.0 - p * p)) * (1.0 - p * p)
            new[j, i] = p + dt * (force + bent) / square


@_compiled
def warmth(heat, new, phi, lines, h, dt, active, n):
    """The heat a step later, in place: diffusion and half of the change of phi."""
    number = dt * DIFFUSIVITY / (h * h)
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
        for i in range(active):
            heat[j, i] += 0.5 * (new[j, i] - phi[j, i])


def free_energy(phi, heat, h, size):
    """Of the whole square, the part outside the window being liquid at the undercooling."""
    gy, gx = np.gradient(phi, h)
    c = np.cos(4 * np.arctan2(gy, gx))
    p2 = phi * phi
    well = -0.5 * p2 + 0.25 * p2 * p2 + COUPLING * heat * phi * (1 - 2 * p2 / 3 + p2 * p2 / 5)
    outside = -0.25 + COUPLING * COOLING * -(1 - 2 / 3 + 1 / 5)
    inside = (0.5 * (1 + EPSILON * c) ** 2 * (gx * gx + gy * gy) + well).sum() * h * h
    return inside + outside * (size**2 - (len(phi) * h) ** 2)


def grow(spacing: float, end: float, every: float = 15.0):
    """Rows of time, tip, solid fraction, free energy."""
    h, cells = spacing, round(SIZE / spacing)
    dt = 0.9 * min(h * h / (4 * DIFFUSIVITY), h * h / (4 * 1.1))
    centre = (np.arange(cells + 1) + 0.5) * h
    phi = -np.tanh((np.hypot(centre[:, None], centre[None, :]) - 8.0) / math.sqrt(2) / 0.5)
    new, heat = phi.copy(), np.full_like(phi, COOLING)
    flux_x, flux_y, lines = np.zeros_like(phi), np.zeros_like(phi), np.zeros((2, cells + 1))
    steps, rows, now = max(1, round(every / dt)), [], 0.0
    dt = every / steps
    active, window = round(40 / h), round(160 / h)
    while True:
        rows.append(
            (now, _tip(phi, h), 0.5 * (phi[:window, :window] + 1).sum() * h * h / SIZE**2, _energy(phi, heat, h, window))
        )
        if now >= end - 1e-9:
            return np.array(rows)
        for _ in range(steps):
            phase(new, phi, heat, flux_x, flux_y, h, dt, active)
            warmth(heat, new, phi, lines, h, dt, active, window)
            phi, new = new, phi
        now += every
        active = min(max(active, round((_tip(phi, h) + 25) / h)), cells)
        new[:] = phi
        if np.abs(heat[:window, window - round(8 / h) : window] - COOLING).max() > 1e-7:
            window = min(window + round(40 / h), cells)


def _energy(phi, heat, h, window):
    return free_energy(phi[:window, :window], heat[:window, :window], h, SIZE)


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


def main() -> None:
    folder = Path(sys.argv[1])
    spacing, end = float(sys.argv[2]) if len(sys.argv) > 2 else 0.8, float(sys.argv[3]) if len(sys.argv) > 3 else 300.0
    grow(2.0, 1.0, 1.0)
    begin = time.perf_counter()
    rows = grow(spacing, end)
    print(f"spacing {spacing}: {time.perf_counter() - begin:.1f} s to t = {end:g}")
    codes = f"{'AMPE':>9} {'MEMPHIS':>9}"
    print(f"{'time':>6} {'tip':>9} {codes}   {'solid':>9} {codes}   {'energy':>9} {codes}")
    for t, tip, solid, energy in rows[:: max(1, len(rows) // 10)][1:]:
        quantities = ("tip-position", "solid-fraction", "free-energy")
        (a, b), (c, d), (e, f) = [[np.interp(t, *published(folder, k, w)) for k in ("AMPE", "memphis")] for w in quantities]
        print(f"{t:6.0f} {tip:9.2f} {a:9.2f} {b:9.2f}   {solid:9.6f} {c:9.6f} {d:9.6f}   {energy:9.0f} {e:9.0f} {f:9.0f}")


if __name__ == "__main__":
    main()
