"""A map of flux density laid into the cell: checked to cover it, continued upward where it repeats, and splined for flight."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError, DataError

Floats = NDArray[np.float64]
PLANES: Final = 64
"""Heights of the table between the electrodes, even in their logarithm."""
MARGIN: Final = 8
"""Nodes by which samples are extended before they are splined: the spline's filter forgets its border as 0.27 to this power."""
MOST_BYTES: Final = 2**30


class FluxTable(NamedTuple):
    """What `numerics.compiled.flux_table` takes."""

    coefficients: Floats
    layout: Floats

    def scaled(self, factor: float) -> FluxTable:
        """The same with every coefficient multiplied."""
        return self._replace(coefficients=self.coefficients * factor)


NO_FLUX: Final = FluxTable(np.zeros((3, 0, 0, 0)), np.zeros(9))


def flux_table(
    flux: Measurement, gap_m: float, radius_m: float, stand_off_m: float, centre_m: tuple[float, float]
) -> tuple[FluxTable, Floats]:
    """The spline of a map about a cell whose lower electrode is `stand_off_m` above the film and whose axis meets the map at
    `centre_m`; and the samples (3, z, y, x) [T] between the electrodes that it goes through. Lengths in the table are in gaps.

    Raises
    ------
    ConfigError: the map does not cover the cell, or lacks components; DataError: its grid is not even.
    """
    x, y, z = flux["x_m"], flux["y_m"], flux["z_m"]
    where, repeats = flux.source.name, bool(flux.meta.get("periodic"))
    dx, dy = _spacing(x, "x_m", where), _spacing(y, "y_m", where)
    heights = np.geomspace(stand_off_m, stand_off_m + gap_m, PLANES)
    _check_heights(z, heights, repeats, where)
    if not repeats:
        x, y, pick = _window(x, y, dx, dy, radius_m, centre_m, where)
    else:
        pick = (slice(None), slice(None))
    if PLANES * 24 * len(x) * len(y) > MOST_BYTES:
        raise ConfigError(f"a map of {len(y)} by {len(x)} points is too fine to fly in", where, "compute it on a coarser grid")
    samples = _continued(flux, dx, dy, heights) if repeats else _between(flux, pick, np.log(z), np.log(heights), where)
    coefficients = _splined(samples, 1, False)
    for axis in (2, 3):
        coefficients = _splined(coefficients, axis, repeats)
    ratio = math.log((stand_off_m + gap_m) / stand_off_m) / (PLANES - 1)
    first = np.array(
        [
            (x[0] - centre_m[0] - dx) / gap_m,
            (y[0] - centre_m[1] - dy) / gap_m,
            math.log(stand_off_m / gap_m) - ratio,
        ]
    )
    per = np.array([gap_m / dx, gap_m / dy, 1 / ratio])
    period = np.array([len(x), len(y)], dtype=float) if repeats else np.zeros(2)
    layout = np.concatenate([first, per, period, [stand_off_m / gap_m]])
    return FluxTable(np.ascontiguousarray(coefficients), layout), samples


def middle(flux: Measurement) -> tuple[float, float]:
    """The middle of a map in x and y."""
    return 0.5 * float(flux["x_m"][0] + flux["x_m"][-1]), 0.5 * float(flux["y_m"][0] + flux["y_m"][-1])


def _spacing(values: Floats, name: str, where: str) -> float:
    steps = np.diff(values)
    if len(values) < 4 or not (steps > 0).all() or np.ptp(steps) > 1e-3 * steps.mean():
        raise DataError(f"'{name}' is not an even, rising grid of four points or more", where, "interpolate it onto one")
    return float(steps.mean())


def _check_heights(z: Floats, heights: Floats, repeats: bool, where: str) -> None:
    """A map that repeats can be continued upward, none downward."""
    low, high = float(heights[0]), float(heights[-1])
    if z[0] > low * (1 + 1e-9):
        raise ConfigError(
            f"the map begins {1e6 * z[0]:.3g} um above the film, the cell {1e6 * low:.3g} um: it cannot be continued down",
            where,
            f"map from {1e6 * low:.3g} um up, or stand_off_m = {z[0]:.3g}",
        )
    if not repeats and (len(z) < 2 or z[-1] < high * (1 - 1e-9)):
        raise ConfigError(
            f"the map ends {1e6 * z[-1]:.3g} um above the film, the cell {1e6 * high:.3g} um",
            where,
            f"map up to {1e6 * high:.3g} um, or one that repeats (metadata `periodic`), which is continued upward",
        )


def _window(
    x: Floats, y: Floats, dx: float, dy: float, radius_m: float, centre_m: tuple[float, float], where: str
) -> tuple[Floats, Floats, tuple[slice, slice]]:
    """The part of the grid about the cell, with a margin where there is one."""
    picked = []
    for values, step, centre, name in ((x, dx, centre_m[0], "x"), (y, dy, centre_m[1], "y")):
        low, high = centre - radius_m, centre + radius_m
        if values[0] > low + 1e-9 * step or values[-1] < high - 1e-9 * step:
            raise ConfigError(
                f"the map spans {1e6 * values[0]:.3g} to {1e6 * values[-1]:.3g} um in {name}, "
                f"the cell {1e6 * low:.3g} to {1e6 * high:.3g} um",
                where,
                "a wider map, a narrower cell, or another place for its axis (axis_x_m, axis_y_m)",
            )
        a = max(math.floor((low - values[0]) / step) - MARGIN, 0)
        b = min(math.ceil((high - values[0]) / step) + MARGIN + 1, len(values))
        a = max(min(a, b - 4), 0)
        picked.append(slice(a, b))
    return x[picked[0]], y[picked[1]], (picked[1], picked[0])


def _continued(flux: Measurement, dx: float, dy: float, heights: Floats) -> Floats:
    """The lowest plane's waves, each falling as e^(-kz): exact above all sources. Bx and By follow from Bz where they lack."""
    plane = flux["Bz_T"][0]
    kx = 2 * np.pi * np.fft.rfftfreq(plane.shape[1], dx)[None, :]
    ky = 2 * np.pi * np.fft.fftfreq(plane.shape[0], dy)[:, None]
    k = np.hypot(kx, ky)
    waves = [np.fft.rfft2(plane)]
    if "Bx_T" in flux and "By_T" in flux:
        waves = [np.fft.rfft2(flux["Bx_T"][0]), np.fft.rfft2(flux["By_T"][0]), waves[0]]
    else:
        safe = np.where(k > 0, k, 1.0)
        waves = [-1j * kx / safe * waves[0], -1j * ky / safe * waves[0], waves[0]]
    fall = [np.exp(-k * (h - flux["z_m"][0])) for h in heights]
    return np.array([[np.fft.irfft2(w * f, s=plane.shape) for f in fall] for w in waves])


def _between(flux: Measurement, pick: tuple[slice, slice], own: Floats, wanted: Floats, where: str) -> Floats:
    """The planes of the map, interpolated in the logarithm of the height."""
    from scipy.interpolate import make_interp_spline

    lacking = [n for n in ("Bx_T", "By_T") if n not in flux]
    if lacking:
        raise ConfigError(
            f"the map lacks {' and '.join(lacking)} and does not repeat", where, "only a map that repeats gives them from Bz_T"
        )
    at = np.clip(wanted, own[0], own[-1])
    planes = [flux[n][:, pick[0], pick[1]] for n in ("Bx_T", "By_T", "Bz_T")]
    return np.array([make_interp_spline(own, p, k=min(3, len(own) - 1), axis=0)(at) for p in planes])


def _splined(samples: Floats, axis: int, repeats: bool) -> Floats:
    """B-spline coefficients along an axis, from one node before the first sample to three beyond the last."""
    from scipy.ndimage import spline_filter1d

    if repeats:
        found = spline_filter1d(samples, order=3, axis=axis, mode="grid-wrap")
        return np.pad(found, [(1, 3) if a == axis else (0, 0) for a in range(samples.ndim)], mode="wrap")
    moved = np.moveaxis(samples, axis, 0)
    longer = np.concatenate([_beyond(moved[3::-1])[::-1], moved, _beyond(moved[-4:])])
    found = spline_filter1d(longer, order=3, axis=0, mode="mirror")
    return np.moveaxis(found[MARGIN - 1 : len(found) - MARGIN + 3], 0, axis)


def _beyond(four: Floats) -> Floats:
    """Samples that go on after the last of four as the parabola through the last three does."""
    a, b, c = four[-3], four[-2], four[-1]
    t = np.arange(1, MARGIN + 1).reshape(-1, *([1] * (four.ndim - 1)))
    return np.asarray(c + t * (1.5 * c - 2 * b + 0.5 * a) + t**2 * (0.5 * c - b + 0.5 * a))
