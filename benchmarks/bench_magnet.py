"""The flux density above one rough film: our Fourier solver against magpylib's closed forms of many small blocks.

    python benchmarks/bench_magnet.py [points] [tiles]

Both see the same film, magnetised in the plane: what rises above its mean face or lacks below it is one block for each point (
the flat rest has no field). magpylib's film is repeated tiles x tiles times, ours repeats for ever. Prints times for a
whole plane (magpylib's from a part of its points), their ratio, and the difference of the fields over their rms.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from anodefree.numerics.halfspace_magnetostatics import Film, flux_density_T, potential_spectrum
from anodefree.numerics.random_surface import gaussian_surface_m

SIDE_M, THICKNESS_M, HEIGHT_M, POLARISATION_T, WATCHED = 12e-6, 1e-6, 2e-6, 0.308, 100


def main(points: int = 48, tiles: int = 3) -> None:
    """Compute the same plane twice."""
    import magpylib

    top = gaussian_surface_m(points, SIDE_M, 0.15e-6, 2e-6, np.random.default_rng(1))
    film = Film(top, np.full_like(top, -THICKNESS_M), np.ones_like(top), SIDE_M, SIDE_M, (POLARISATION_T, 0.0, 0.0))
    flux_density_T(potential_spectrum(film, HEIGHT_M), film)
    begin = time.perf_counter()
    ours = flux_density_T(potential_spectrum(film, HEIGHT_M), film)
    our_s = time.perf_counter() - begin

    step = SIDE_M / points
    place = np.arange(points) * step
    shifts = (np.arange(tiles) - tiles // 2) * SIDE_M
    watched = np.random.default_rng(2).integers(0, points, (WATCHED, 2))
    observers = np.column_stack([place[watched[:, 1]], place[watched[:, 0]], np.full(WATCHED, HEIGHT_M)])
    blocks = [(x, y, h) for y, row in zip(place, top, strict=True) for x, h in zip(place, row, strict=True)]
    theirs = np.zeros((3, WATCHED))
    begin = time.perf_counter()
    for sx in shifts:
        for sy in shifts:
            for x, y, h in blocks:
                size = (step, step, abs(h))
                block = magpylib.magnet.Cuboid(
                    polarization=(np.copysign(POLARISATION_T, h), 0, 0), dimension=size, position=(x + sx, y + sy, 0.5 * h)
                )
                theirs += block.getB(observers, squeeze=False).reshape(-1, 3).T
    their_s = (time.perf_counter() - begin) * points**2 / WATCHED
    ours = ours[:, watched[:, 0], watched[:, 1]]
    rms = float(np.sqrt(np.mean(np.sum(ours**2, axis=0))))
    shift = np.mean(theirs - ours, axis=1)
    difference = np.sqrt(np.mean(np.sum((theirs - ours - shift[:, None]) ** 2, axis=0))) / rms
    print(f"{points} x {points} points, {tiles} x {tiles} tiles, rms {1e3 * rms:.3f} mT at {1e6 * HEIGHT_M:g} um")
    print(f"Fourier {our_s:.4f} s, magpylib {their_s:.1f} s for as many points: ratio {their_s / our_s:.0f}")
    print(f"difference {difference:.2%} of the rms, beside an even one of {1e3 * np.abs(shift).max():.3f} mT")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
