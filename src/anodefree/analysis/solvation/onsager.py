"""Onsager coefficients of the ions: how strongly cations and anions move with themselves and with each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.solvation.walks import Walks, diffusive, walks
from anodefree.core.constants import (
    ATOMIC_MASS_KG,
    AVOGADRO_PER_MOL,
    BOLTZMANN_J_K,
    ELEMENTARY_CHARGE_C,
    FARADAY_C_MOL,
)
from anodefree.core.figure import COLOURS, INK
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.trajectory import TRAJECTORY, Trajectory
from anodefree.numerics.correlated import jackknifed
from anodefree.numerics.displacement import mean_product, mean_square
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PAIRS = ("++", "--", "+-")
UNIT = "mol2/(J m s)"


@stage("solvation.onsager", version=1, cites=("fong2020", "calandrini2011", "allen2017", "leontyev2011"))
def onsager(
    trajectory: Trajectory,
    *,
    blocks: Annotated[int, Par("parts of the run, whose scatter gives the std", ge=4, le=100)] = 10,
    from_fraction: Annotated[float, Par("begin of the fit, of a block's length", gt=0, lt=1)] = 0.1,
    to_fraction: Annotated[float, Par("end of the fit", gt=0, le=1)] = 0.5,
) -> Result:
    r"""Onsager coefficients of cations and anions, and the conductivity and transference number that follow from them.

    $L_{ij} = \frac{1}{6 k_B T V N_A^2}\frac{d}{dt}\langle\sum_{\alpha \in i}\Delta r_\alpha\cdot\sum_{\beta \in j}\Delta
    r_\beta\rangle$ [mol²/(J m s)], so that a flux [mol/m²/s] is $J_i = -\sum_j L_{ij}\nabla\bar\mu_j$; by the slope between
    `from_fraction` and `to_fraction` of a block. `L++_self` and `L--_self` = c D/(RT) count each ion with itself alone.
    `conductivity` $= F^2(z_+^2 L_{++} + 2 z_+ z_- L_{+-} + z_-^2 L_{--})$; `nernst_einstein` has the self parts alone, to
    which it tends where ions move each for itself (L+- = 0); `ionicity` is their ratio. `transference` $t_+ = F^2(z_+^2 L_{++}
    + z_+ z_- L_{+-})/\sigma$ in the frame of all mass, `transference_ideal` that of the self parts, `transference_solvent` in
    the frame of the neutral molecules' mass, to which measured ones refer. The std is that of independent blocks, jackknifed.
    Valences are whole, also where the force field scales charges (Leontyev and Stuchebrukhov 2011). *Valid when* lags in the
    fit exceed the memory of the ions' motion, and each sign has one valence. *Source* Fong et al. 2020; displacement by
    Fourier transform: Calandrini et al. 2011.

    Raises
    ------
    ConfigError: the fit's ends are out of order. DataError: no charges, ions of one sign alone or of several valences, fewer
    than ten frames a block, or uneven times.
    """
    where = trajectory.source.name
    if "charge_C" not in trajectory:
        raise DataError("holds no charge_C", where, "read a topology with charges")
    found = walks(trajectory, blocks, from_fraction, to_fraction)
    valence = {sign: _valence(found, sign, where) for sign in (1, -1)}
    ions = {sign: sign * found.charge > 0 for sign in (1, -1)}
    plus, minus = (found.paths[:, ions[s]].sum(axis=1) for s in (1, -1))
    scale = 1 / (6 * found.thermal * AVOGADRO_PER_MOL**2)
    curves: dict[str, list[np.ndarray]] = {pair: [] for pair in PAIRS}
    table = np.empty((blocks, 8))
    solvent = _solvent(found)
    for b, at in enumerate(found.blocks):
        moved = {"++": mean_product(plus[at], plus[at]), "--": mean_product(minus[at], minus[at])}
        moved["+-"] = mean_product(plus[at], minus[at])
        for pair in PAIRS:
            curves[pair].append(scale * moved[pair])
        alone = [ions[s].sum() * mean_square(found.paths[at][:, ions[s]]) for s in (1, -1)]
        own, other = (p[at] - ions[s].sum() * solvent[at] for s, p in ((1, plus), (-1, minus)))
        swum = [mean_product(own, own), mean_product(own, other), mean_product(other, other)]
        table[b] = [scale * found.slope(c) for c in (*moved.values(), *alone, *swum)]
    z = (valence[1], valence[-1])
    value, std = jackknifed(lambda mean: _derived(mean, z), table)
    neutral = bool((found.charge == 0).any())
    estimates = {
        n: Estimate(float(value[k]), float(std[k]), unit, label)
        for k, (n, unit, label) in enumerate(NAMES)
        if neutral or n != "transference_solvent"
    }
    lag = found.step * np.arange(found.blocks[0].stop)
    drawn = {f"moved_{n}_mol2_Jm": ("lag", np.mean(curves[p], axis=0)) for n, p in zip(("pp", "mm", "pm"), PAIRS, strict=True)}
    exponents = {
        "cations": found.exponent(curves["++"], "all cations together"),
        "anions": found.exponent(curves["--"], "all anions together"),
    }
    sigma = estimates["conductivity"]
    checks = [
        diffusive(exponents, "these coefficients are not those of long times"),
        Check.that(
            "resolved",
            sigma.value > 3 * sigma.std,
            "the conductivity is known better than to a third",
            f"the conductivity is {sigma}: a longer run, or more blocks if ions forget sooner",
        ),
    ]
    return Result.of(estimates, {"lag_s": ("lag", lag), **drawn}, checks)


NAMES = (
    ("L++", UNIT, "cations with cations"),
    ("L--", UNIT, "anions with anions"),
    ("L+-", UNIT, "cations with anions"),
    ("L++_self", UNIT, "each cation with itself"),
    ("L--_self", UNIT, "each anion with itself"),
    ("conductivity", "S/m", "ionic conductivity, with correlations"),
    ("nernst_einstein", "S/m", "conductivity if ions moved each for itself"),
    ("ionicity", "1", "conductivity over Nernst and Einstein's"),
    ("transference", "1", "transference number of cations, frame of all mass"),
    ("transference_ideal", "1", "transference number if ions moved each for itself"),
    ("transference_solvent", "1", "transference number of cations, frame of the solvent"),
)


def _derived(mean: np.ndarray, z: tuple[int, int]) -> np.ndarray:
    """All estimates from the slopes ++, --, +-, both self parts, and ++, +-, -- in the solvent's frame."""
    pp, mm, pm, own_p, own_m, swum_pp, swum_pm, swum_mm = mean
    p, m = z
    whole = p * p * pp + 2 * p * m * pm + m * m * mm
    ideal = p * p * own_p + m * m * own_m
    swum = p * p * swum_pp + 2 * p * m * swum_pm + m * m * swum_mm
    sigma, plain = FARADAY_C_MOL**2 * whole, FARADAY_C_MOL**2 * ideal
    with np.errstate(all="ignore"):  # ions that never part have neither conductivity nor a share of it
        shares = np.array([whole, p * p * pp + p * m * pm, p * p * own_p, p * p * swum_pp + p * m * swum_pm]) / np.array(
            [ideal, whole, ideal, swum]
        )
    return np.array([pp, mm, pm, own_p, own_m, sigma, plain, *shares])


def _valence(found: Walks, sign: int, where: str) -> int:
    there = {round(q / ELEMENTARY_CHARGE_C) for q in found.charge[sign * found.charge > 0].tolist()}
    if len(there) != 1:
        what = "no ions" if not there else f"ions of the valences {', '.join(map(str, sorted(there)))}"
        raise DataError(f"has {what} of {'positive' if sign > 0 else 'negative'} charge", where, "solvation.transport")
    return there.pop()


def _solvent(found: Walks) -> np.ndarray:
    """Path (frame, 3) of the neutral molecules' centre of mass; where there are none it stays."""
    weight = np.where(found.charge == 0, found.mass, 0.0)
    return np.asarray(np.einsum("fmk,m->fk", found.paths, weight / max(weight.sum(), 1e-300)))


@onsager.plot
def draw(result: Result, ax: Axes) -> None:
    """The common displacements over time, whose slopes are the coefficients, and the straight lines of the latter."""
    lag = result.curves["lag_s"].values
    for k, (name, pair) in enumerate(zip(("pp", "mm", "pm"), PAIRS, strict=True)):
        e = result.estimates[f"L{pair}"]
        ax.plot(1e12 * lag, 1e20 * result.curves[f"moved_{name}_mol2_Jm"].values, color=COLOURS[k], label=f"L$_{{{pair}}}$")
        ax.plot(1e12 * lag, 1e20 * e.value * lag, color=COLOURS[k], linestyle="--", linewidth=0.8)
    ax.plot([], [], color=INK, linestyle="--", linewidth=0.8, label="slope in the fit")
    ax.axhline(0, color=INK, linewidth=0.6)
    ax.set(xlabel="time / ps", ylabel="moved / (10$^{-20}$ mol$^2$ J$^{-1}$ m$^{-1}$)")
    ax.legend(fontsize=7)


@onsager.demo
def demo(rng: np.random.Generator) -> Demo:
    """Ions that walk each for itself and with what all of their sign share, the shares of both signs correlated."""
    frames, count, step, edge = 1000, 20, 1e-12, 30e-10
    own = rng.uniform(1e-10, 3e-10, 2)
    shared, both = rng.uniform(2e-12, 8e-12, 2), float(rng.uniform(-0.5, 0.8))
    covariance = np.sqrt(np.outer(shared, shared)) * np.array([[1, both], [both, 1]])
    jumps = np.sqrt(2 * own * step)[:, None, None, None] * rng.standard_normal((2, frames, count, 3))
    common = rng.standard_normal((frames, 3, 2)) @ np.linalg.cholesky(2 * step * covariance).T
    jumps += np.moveaxis(common, 2, 0)[:, :, None]
    walk = np.cumsum(np.concatenate([*jumps, np.zeros((frames, 1, 3))], axis=1), axis=0)
    place = (edge * rng.random((1, 2 * count + 1, 3)) + walk) % edge
    # One molecule of solvent so heavy that the frame of all mass stays where it is.
    arrays = {
        "time_s": step * np.arange(frames),
        "position_m": place,
        "box_m": np.full((frames, 3), edge),
        "species": np.repeat([0, 1, 2], [count, count, 1]),
        "molecule": np.arange(2 * count + 1),
        "element": np.repeat(["Li", "S", "C"], [count, count, 1]),
        "mass_kg": np.repeat([6.94, 280.0, 1e9], [count, count, 1]) * ATOMIC_MASS_KG,
        "charge_C": np.repeat([1.0, -1.0, 0.0], [count, count, 1]) * ELEMENTARY_CHARGE_C,
    }
    kelvin = 298.15
    ions = Measurement.of(
        TRAJECTORY, arrays, {"species": ["Li", "TFSI", "DME"], "temperature_K": kelvin}, name="coupled walkers"
    )
    unit = edge**3 * BOLTZMANN_J_K * kelvin * AVOGADRO_PER_MOL**2
    alone = count * own / unit
    pp, mm = alone + count * shared / unit + (count**2 - count) * shared / unit
    pm = count**2 * covariance[0, 1] / unit
    alone = alone + count * shared / unit
    mean = np.array([pp, mm, pm, *alone, pp, pm, mm])
    return Demo((ions,), dict(zip((n for n, _, _ in NAMES), _derived(mean, (1, -1)).tolist(), strict=True)))
