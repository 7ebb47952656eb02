"""Diffusion, conductivity and transference from a trajectory, refused where the motion is not diffusive yet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.solvation.selection import species_of
from anodefree.core.constants import ATOMIC_MASS_KG, BOLTZMANN_J_K, ELEMENTARY_CHARGE_C
from anodefree.core.figure import COLOURS
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.trajectory import TRAJECTORY, Trajectory
from anodefree.numerics.correlated import std_of_mean_of_few
from anodefree.numerics.displacement import centres, mean_square, without_drift
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLOCKS = 6
FEWEST = 60
XI = 2.837297
"""Constant of a cubic box in the finite-size correction."""
DIFFUSIVE = 0.9


@stage("solvation.transport", version=1, cites=("yeh2004", "calandrini2011", "allen2017"))
def transport(
    trajectory: Trajectory,
    *,
    from_fraction: Annotated[float, Par("begin of the fit, of a block's length", gt=0, lt=1)] = 0.1,
    to_fraction: Annotated[float, Par("end of the fit", gt=0, le=1)] = 0.5,
    viscosity_Pa_s: Annotated[
        Uncertain | None, Par("viscosity, for the correction of the box's size (none: not corrected)", gt=0)
    ] = None,
) -> Result:
    r"""Diffusion coefficients of every species, ionic conductivity and transference number, from mean square displacements.

    $D = \frac{1}{6}\frac{d}{dt}\langle|\Delta r|^2\rangle$ of molecules' centres in the frame of the centre of mass, by the
    slope between `from_fraction` and `to_fraction` of a block; with a viscosity, $D_\infty = D + \xi kT/(6\pi\eta L)$ (Yeh and
    Hummer). `conductivity` $= \frac{1}{6VkT}\frac{d}{dt}\langle|\sum q\Delta r|^2\rangle$; `nernst_einstein` = Σ q²ND/(VkT)
    without correlations; `haven_ratio` = nernst_einstein/conductivity; `transference_<cation>`: that ion's part of
    the current, correlations included. The std is that of the mean of six blocks of the run. `alpha_<species>` is the local
    exponent of the displacement: below 0.9 the motion is not diffusive yet, the value is a bound, and a check fails.
    *Valid when* blocks are longer than ions stay caged, and the box is rectangular. *Source* displacement by Fourier
    transform: Calandrini et al. 2011; size of the box: Yeh and Hummer 2004; Einstein relations: Allen and Tildesley 2017.

    Raises
    ------
    ConfigError: the fit's ends are out of order. DataError: fewer than sixty frames, or uneven times.
    """
    where = trajectory.source.name
    if from_fraction >= to_fraction:
        raise ConfigError("must be below to_fraction", "from_fraction")
    time = trajectory["time_s"]
    if len(time) < FEWEST:
        raise DataError(f"has {len(time)} frames", where, f"{FEWEST} at least are needed")
    step = float(time[1] - time[0])
    if np.abs(np.diff(time) - step).max() > 1e-3 * step:
        raise DataError("its frames are not evenly spaced", where, "keep every n-th frame of the run")
    box, mass = trajectory["box_m"].astype(float), trajectory["mass_kg"]
    _, first, of = np.unique(trajectory["molecule"], return_index=True, return_inverse=True)
    heavy = np.bincount(of, mass)
    paths = without_drift(centres(trajectory["position_m"], box, trajectory["molecule"], mass), heavy)
    names, species = species_of(trajectory), trajectory["species"][first]
    charge = np.bincount(of, trajectory["charge_C"]) if "charge_C" in trajectory else np.zeros(len(first))
    kelvin = float(trajectory.meta.get("temperature_K", 298.15))
    volume, edge = float(np.prod(box, axis=1).mean()), float(box.mean())
    length = len(time) // BLOCKS
    window = slice(max(int(from_fraction * length), 1), max(int(to_fraction * length), 3))
    estimates: dict[str, Estimate] = {}
    curves: dict[str, tuple[str, np.ndarray]] = {"lag_s": ("lag", step * np.arange(1, length))}
    slow = []
    for k, name in enumerate(names):
        mine = paths[:, species == k]
        blocks = [mean_square(mine[b * length : (b + 1) * length]) for b in range(BLOCKS)]
        slopes = np.array([_slope(m, step, window) / 6 for m in blocks])
        mean = np.mean(blocks, axis=0)
        curves[f"msd_{name}_m2"] = ("lag", mean[1:])
        alpha = _exponent(mean, window)
        added, added_std = _yeh_hummer(viscosity_Pa_s, kelvin, edge)
        estimates[f"D_{name}"] = Estimate(
            float(slopes.mean()) + added, math.hypot(std_of_mean_of_few(slopes), added_std), "m2/s", f"diffusion of {name}"
        )
        estimates[f"alpha_{name}"] = Estimate(alpha, 0.0, "1", f"exponent of the displacement of {name}")
        if alpha < DIFFUSIVE:
            slow.append(f"{name} ({alpha:.2f})")
    if (charge != 0).any():
        estimates |= _conduction(paths, charge, species, names, step, window, length, volume, kelvin, estimates)
    checks = [
        Check.that(
            "diffusive",
            not slow,
            "every species moves diffusively in the window",
            f"not diffusive yet: {', '.join(slow)}; these D are bounds of a run that is too short",
            otherwise="fail",
        ),
        Check.that(
            "size of the box",
            viscosity_Pa_s is not None,
            "corrected for the size of the box",
            f"D is low by {_yeh_hummer(Uncertain(1e-3), kelvin, edge)[0]:.1g} m2/s at 1 mPa s: give viscosity_Pa_s",
        ),
    ]
    return Result.of(estimates, curves, checks)


def _slope(msd: np.ndarray, step: float, window: slice) -> float:
    lag = step * np.arange(len(msd))[window]
    return float(np.polyfit(lag, msd[window], 1)[0])


def _exponent(msd: np.ndarray, window: slice) -> float:
    lag = np.arange(len(msd))[window]
    return float(np.polyfit(np.log(lag), np.log(np.maximum(msd[window], 1e-300)), 1)[0])


def _yeh_hummer(viscosity: Uncertain | None, kelvin: float, edge_m: float) -> tuple[float, float]:
    if viscosity is None:
        return 0.0, 0.0
    added = XI * BOLTZMANN_J_K * kelvin / (6 * math.pi * viscosity.value * edge_m)
    return added, added * viscosity.std / viscosity.value


def _conduction(
    paths: np.ndarray,
    charge: np.ndarray,
    species: np.ndarray,
    names: list[str],
    step: float,
    window: slice,
    length: int,
    volume: float,
    kelvin: float,
    diffusion: dict[str, Estimate],
) -> dict[str, Estimate]:
    """Conductivity by Einstein's relation, without correlations, and the part of each cation."""
    unit = volume * BOLTZMANN_J_K * kelvin
    dipole = np.einsum("fmk,m->fk", paths, charge)[:, None, :]
    whole = np.array([_slope(mean_square(dipole[b * length : (b + 1) * length]), step, window) for b in range(BLOCKS)])
    sigma = whole / 6 / unit
    ions = [k for k in range(len(names)) if charge[species == k].any()]
    parts = {k: float((charge[species == k] ** 2).sum()) / unit for k in ions}
    plain = sum(parts[k] * diffusion[f"D_{names[k]}"].value for k in ions)
    plain_std = math.sqrt(sum((parts[k] * diffusion[f"D_{names[k]}"].std) ** 2 for k in ions))
    mean, std = float(sigma.mean()), std_of_mean_of_few(sigma)
    haven = plain / mean if mean > 0 else math.nan
    out = {
        "conductivity": Estimate(mean, std, "S/m", "ionic conductivity, with correlations"),
        "nernst_einstein": Estimate(plain, plain_std, "S/m", "conductivity if ions moved each for itself"),
        "haven_ratio": Estimate(haven, abs(haven) * math.hypot(plain_std / plain, std / mean), "1", "Haven ratio"),
    }
    for k in ions:
        if charge[species == k].sum() <= 0:
            continue
        own = np.einsum("fmk,m->fk", paths[:, species == k], charge[species == k])[:, None, :]
        rest = dipole - own
        values = []
        for b in range(BLOCKS):
            at = slice(b * length, (b + 1) * length)
            both, alone, others = (_slope(mean_square(p[at]), step, window) for p in (dipole, own, rest))
            values.append((alone + 0.5 * (both - alone - others)) / 6 / unit)
        part = np.array(values)
        share = float(part.mean()) / mean if mean > 0 else math.nan
        spread = std_of_mean_of_few(part - share * sigma) / mean if mean > 0 else math.nan
        out[f"transference_{names[k]}"] = Estimate(share, spread, "1", f"part of {names[k]} in the current")
    return out


@transport.plot
def draw(result: Result, ax: Axes) -> None:
    """Displacements over time in logarithmic scales, with the slope of diffusion."""
    lag = 1e12 * result.curves["lag_s"].values
    names = [str(n).removeprefix("msd_").removesuffix("_m2") for n in result.curves.data_vars if str(n).startswith("msd_")]
    for k, name in enumerate(names):
        msd = 1e20 * result.curves[f"msd_{name}_m2"].values
        ax.loglog(lag, msd, color=COLOURS[k % len(COLOURS)], label=f"{name}, {result.estimates[f'D_{name}']}")
    low = min(1e20 * float(result.curves[f"msd_{n}_m2"].values[0]) for n in names)
    ax.loglog(lag, 0.5 * low * lag / lag[0], color="#8a8f98", linestyle="--", linewidth=0.8, label="slope 1")
    ax.set(xlabel="time / ps", ylabel="mean square displacement / Å$^2$")
    ax.legend(fontsize=6)


@transport.demo
def demo(rng: np.random.Generator) -> Demo:
    """Ions that walk each for itself with known diffusion coefficients, wrapped into a periodic box."""
    D = {"Li": float(rng.uniform(1e-10, 3e-10)), "TFSI": float(rng.uniform(1e-10, 3e-10))}
    frames, count, step, edge = 300, 60, 1e-12, 40e-10
    species = np.repeat([0, 1], count)
    size = np.sqrt(2 * np.repeat(list(D.values()), count) * step)
    walk = np.cumsum(size[None, :, None] * rng.standard_normal((frames, 2 * count, 3)), axis=0)
    place = (edge * rng.random((1, 2 * count, 3)) + walk) % edge
    arrays = {
        "time_s": step * np.arange(frames),
        "position_m": place,
        "box_m": np.full((frames, 3), edge),
        "species": species,
        "molecule": np.arange(2 * count),
        "element": np.where(species == 0, "Li", "S"),
        "mass_kg": np.where(species == 0, 6.94, 280.0) * ATOMIC_MASS_KG,
        "charge_C": np.where(species == 0, 1.0, -1.0) * ELEMENTARY_CHARGE_C,
    }
    walkers = Measurement.of(TRAJECTORY, arrays, {"species": ["Li", "TFSI"], "temperature_K": 298.15}, name="walkers")
    # In the frame of all mass an ion loses its own part of the drift of that centre.
    heavy = np.array([6.94, 280.0]) / (count * (6.94 + 280.0))
    common = count * float((heavy**2 * np.array(list(D.values()))).sum())
    truth = {f"D_{n}": d * (1 - 2 * h) + common for (n, d), h in zip(D.items(), heavy, strict=True)}
    return Demo((walkers,), truth)
