"""Diffusion, conductivity and transference from a trajectory, refused where the motion is not diffusive yet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.solvation.walks import Walks, diffusive, walks
from anodefree.core.constants import ATOMIC_MASS_KG, BOLTZMANN_J_K, ELEMENTARY_CHARGE_C
from anodefree.core.figure import COLOURS
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.kinds.trajectory import TRAJECTORY, Trajectory
from anodefree.numerics.correlated import std_of_mean_of_few
from anodefree.numerics.displacement import mean_product, mean_square
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLOCKS = 6
XI = 2.837297
"""Constant of a cubic box in the finite-size correction."""


@stage("solvation.transport", version=2, cites=("yeh2004", "calandrini2011", "allen2017", "leontyev2011"))
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
    the current, correlations included. Ions count with whole charges, also where the force field scales them (Leontyev and
    Stuchebrukhov). The std is that of the mean of six blocks of the run. `alpha_<species>` is the exponent of the
    displacement: below 0.9, and below 1 by three std, the motion is not diffusive yet, the value is a bound, and a check
    fails. *Valid when* blocks are longer than ions stay caged, and the box is rectangular. *Source* displacement by Fourier
    transform: Calandrini et al. 2011; size of the box: Yeh and Hummer 2004; Einstein relations: Allen and Tildesley 2017.

    Raises
    ------
    ConfigError: the fit's ends are out of order. DataError: fewer than sixty frames, or uneven times.
    """
    found = walks(trajectory, BLOCKS, from_fraction, to_fraction)
    added, added_std = _yeh_hummer(viscosity_Pa_s, found.kelvin, found.edge)
    estimates: dict[str, Estimate] = {}
    exponents: dict[str, Estimate] = {}
    curves: dict[str, tuple[str, np.ndarray]] = {"lag_s": ("lag", found.lags)}
    for k, name in enumerate(found.names):
        mine = found.paths[:, found.species == k]
        blocks = [mean_square(mine[at]) for at in found.blocks]
        slopes = np.array([found.slope(m) / 6 for m in blocks])
        curves[f"msd_{name}_m2"] = ("lag", np.mean(blocks, axis=0)[1:])
        estimates[f"D_{name}"] = Estimate(
            float(slopes.mean()) + added, math.hypot(std_of_mean_of_few(slopes), added_std), "m2/s", f"diffusion of {name}"
        )
        exponents[name] = estimates[f"alpha_{name}"] = found.exponent(blocks, name)
    if (found.charge != 0).any():
        estimates |= _conduction(found, estimates)
    checks = [
        diffusive(exponents, "these D are bounds of a run that is too short"),
        Check.that(
            "size of the box",
            viscosity_Pa_s is not None,
            "corrected for the size of the box",
            f"D is low by {_yeh_hummer(Uncertain(1e-3), found.kelvin, found.edge)[0]:.1g} m2/s at 1 mPa s: give viscosity_Pa_s",
        ),
    ]
    return Result.of(estimates, curves, checks)


def _yeh_hummer(viscosity: Uncertain | None, kelvin: float, edge_m: float) -> tuple[float, float]:
    if viscosity is None:
        return 0.0, 0.0
    added = XI * BOLTZMANN_J_K * kelvin / (6 * math.pi * viscosity.value * edge_m)
    return added, added * viscosity.std / viscosity.value


def _conduction(found: Walks, diffusion: dict[str, Estimate]) -> dict[str, Estimate]:
    """Conductivity by Einstein's relation, without correlations, and the part of each cation."""
    unit, charge, species = found.thermal, found.charge, found.species
    dipole = np.einsum("fmk,m->fk", found.paths, charge)
    sigma = np.array([found.slope(mean_product(dipole[at], dipole[at])) for at in found.blocks]) / 6 / unit
    ions = [k for k in range(len(found.names)) if charge[species == k].any()]
    parts = {k: float((charge[species == k] ** 2).sum()) / unit for k in ions}
    plain = sum(parts[k] * diffusion[f"D_{found.names[k]}"].value for k in ions)
    plain_std = math.sqrt(sum((parts[k] * diffusion[f"D_{found.names[k]}"].std) ** 2 for k in ions))
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
        own = np.einsum("fmk,m->fk", found.paths[:, species == k], charge[species == k])
        part = np.array([found.slope(mean_product(own[at], dipole[at])) for at in found.blocks]) / 6 / unit
        share = float(part.mean()) / mean if mean > 0 else math.nan
        spread = std_of_mean_of_few(part - share * sigma) / mean if mean > 0 else math.nan
        out[f"transference_{found.names[k]}"] = Estimate(share, spread, "1", f"part of {found.names[k]} in the current")
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
    return Demo((walkers,), truth | {f"alpha_{n}": 1.0 for n in D})
