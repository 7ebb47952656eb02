"""What a map of flux density says about heights above it: rms, mean and decay, by continuing each wave upward."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.flux_map import FLUX_MAP, FluxMap
from anodefree.physics.magnetised_film import probe_response
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def continued(Bz_T: np.ndarray, spacing_m: tuple[float, float], rise_m: float) -> np.ndarray:
    """Bx, By, Bz [T] (3, y, x) on a plane higher by `rise_m`, from Bz on one: B = (-i kx/k, -i ky/k, 1) Bz(k) e^(-k rise).

    Above all sources curl B = div B = 0, so the component across the plane determines the others. The mean has no decay.
    *Source* Blakely, Potential Theory in Gravity and Magnetic Applications, Cambridge 1995, chapter 12.
    """
    ny, nx = Bz_T.shape
    kx = 2 * np.pi * np.fft.rfftfreq(nx, spacing_m[1])[None, :]
    ky = 2 * np.pi * np.fft.fftfreq(ny, spacing_m[0])[:, None]
    k = np.hypot(kx, ky)
    wave = np.fft.rfft2(Bz_T) * np.exp(-k * rise_m)
    safe = np.where(k > 0, k, 1.0)
    parts = (-1j * kx / safe * wave, -1j * ky / safe * wave, wave)
    return np.stack([np.fft.irfft2(p, s=(ny, nx)) for p in parts])


def _spacing(values: np.ndarray, name: str, where: str) -> float:
    steps = np.diff(values)
    if len(values) < 4 or not (steps > 0).all() or np.ptp(steps) > 1e-3 * steps.mean():
        raise DataError(f"'{name}' is not an even, rising grid of four points or more", where, "interpolate it onto one")
    return float(steps.mean())


@stage("magnet.above", version=1, cites=("blakely1995", "coey2010"))
def above(
    flux: FluxMap,
    *,
    height_m: Annotated[float | None, Par("height above the film; none: that of the lowest plane", gt=0)] = None,
    probe_size_m: Annotated[float, Par("diameter of a Hall probe whose reading is asked for", gt=0)] = 1e-4,
) -> Result:
    """The flux density at a height above a mapped plane: rms, mean, decay length, and what a Hall probe would read there.

    Each wave of the lowest plane's Bz falls as $e^{-kz}$ on its way up, and fixes Bx and By: $B = (-ik_x/k, -ik_y/k, 1) B_z$.
    The standard deviation is that of the calibration (metadata `calibration`) and, for a map that does not repeat, the share of
    the field in waves as long as the map, which its borders cut.
    *Valid when* all sources lie below the plane; a map cannot be continued downward without noise taking over. *Source* Blakely
    (1995), chapter 12. Raises DataError: an uneven grid; ConfigError: a height below the map.
    """
    where = flux.source.name
    spacing = (_spacing(flux["y_m"], "y_m", where), _spacing(flux["x_m"], "x_m", where))
    base = float(flux["z_m"][0])
    height = base if height_m is None else height_m
    if height < base * (1 - 1e-9):
        raise ConfigError(f"the map begins at {1e6 * base:.3g} um, {1e6 * height:.3g} um is below", "height_m", "ask higher up")
    plane = flux["Bz_T"][0]
    if height_m is None and "Bx_T" in flux and "By_T" in flux:
        field = np.stack([flux[n][0] for n in ("Bx_T", "By_T", "Bz_T")])
    else:
        field = continued(plane, spacing, height - base)
    rms, mean = math.sqrt(float(np.mean(np.sum(field**2, axis=0)))), float(field[2].mean())
    step = 0.01 * min(spacing)
    here, there = (float(np.sum(continued(plane, spacing, height - base + d) ** 2)) for d in (0.0, step))
    decay = 2 * step / math.log(here / there) if here > there > 0 else math.inf
    seen = _seen(field[2], spacing, probe_size_m)
    cut = 0.0 if flux.meta.get("periodic") else _long_waves(field[2] - mean)
    relative = math.hypot(float(flux.meta.get("calibration") or 0.0), cut)
    estimates = {
        "B_rms": Estimate(rms, relative * rms, "T", "rms flux density at the height"),
        "B_mean": Estimate(mean, relative * abs(mean) + cut * rms, "T", "mean flux density across the film at the height"),
        "probe_reading": Estimate(seen, relative * seen, "T", "what the Hall probe reads, rms over its places"),
    }
    if math.isfinite(decay):
        estimates["decay_length"] = Estimate(decay, cut * decay, "m", "height over which B falls by e")
    checks = [
        Check.that(
            "sampling",
            decay > min(spacing),
            "the grid resolves how fast the field falls",
            "the field falls within less than a step of the grid: waves are missed; map it higher up or more finely",
        ),
        Check.that(
            "borders",
            cut < 0.1,
            "the map is wide enough",
            f"{cut:.0%} of the field lies in waves as long as the map: widen it",
        ),
    ]
    curves = {"Bz_T": (("y", "x"), field[2]), "x_m": ("x", flux["x_m"]), "y_m": ("y", flux["y_m"])}
    return Result.of(estimates, curves, checks)


def _seen(Bz_T: np.ndarray, spacing_m: tuple[float, float], size_m: float) -> float:
    """The rms of Bz averaged over the probe's area."""
    ny, nx = Bz_T.shape
    k = np.hypot(2 * np.pi * np.fft.rfftfreq(nx, spacing_m[1])[None, :], 2 * np.pi * np.fft.fftfreq(ny, spacing_m[0])[:, None])
    return float(np.sqrt(np.mean(np.fft.irfft2(np.fft.rfft2(Bz_T) * probe_response(k, size_m), s=(ny, nx)) ** 2)))


def _long_waves(values_T: np.ndarray) -> float:
    """The share of the rms that the longest waves of a map carry."""
    power = np.abs(np.fft.fft2(values_T)) ** 2
    total = float(power.sum())
    low = float(power[:2, :2].sum() + power[-1, :2].sum() + power[:2, -1].sum() + power[-1, -1])
    return math.sqrt(low / total) if total > 0 else 0.0


@above.plot
def draw(result: Result, ax: Axes) -> None:
    """The component across the film at the height."""
    x, y = (1e6 * result.curves[n].values for n in ("x_m", "y_m"))
    values = 1e3 * result.curves["Bz_T"].values
    most = float(np.abs(values).max()) or 1.0
    shown = ax.imshow(values, origin="lower", extent=(x[0], x[-1], y[0], y[-1]), cmap="RdBu_r", vmin=-most, vmax=most)
    ax.figure.colorbar(shown, ax=ax, label="$B_z$ / mT", shrink=0.85)
    ax.set_xlabel("x / µm")
    ax.set_ylabel("y / µm")


@above.demo
def demo(rng: np.random.Generator) -> Demo:
    """One wave, mapped on a plane by an instrument that is known to 2 %; it falls with its own decay length."""
    points, side, waves = 48, 20e-6, int(rng.integers(2, 5))
    k, rise, calibration = 2 * np.pi * waves / side, rng.uniform(0.5e-6, 2e-6), 0.02
    x = np.arange(points) * side / points
    true = rng.uniform(2e-3, 10e-3)
    seen = true * (1 + calibration * rng.standard_normal())
    plane = np.tile(seen * np.cos(k * x), (points, 1))
    arrays = {"x_m": x, "y_m": x, "z_m": [1e-6], "Bz_T": plane[None]}
    flux = Measurement.of(FLUX_MAP, arrays, {"periodic": True, "calibration": calibration}, name="demo")
    return Demo((flux,), {"B_rms": true * math.exp(-k * rise)}, {"height_m": 1e-6 + rise})
