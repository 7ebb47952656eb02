"""A force curve made ready for a contact model: baseline taken off, adhesion found, points beyond the pull-off marked."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError

Floats = NDArray[np.float64]
FEWEST = 24
"""Points without which no contact point is looked for."""
SIGNIFICANT = 5.0
"""How many times the noise a pull-off must be to be fitted as adhesion."""


@dataclass(frozen=True)
class Part:
    """One way of one curve, in nm, from contact or to it; `inside` is false beyond the pull-off."""

    height_nm: Floats
    deflection_nm: Floats
    inside: NDArray[np.bool_]
    noise_nm: float
    pull_off_nm: float
    """Deflection at the pull-off below the baseline; 0 where none stands out of the noise."""


def deflections_m(curves: Measurement, way: str) -> Floats | None:
    """Deflections (curve, point) of a way, made from volts where the metadata state the sensitivity; None without that way.

    Raises
    ------
    DataError: the file gives no length, or no spring constant: then no force and no modulus in Pa can be had.
    """
    where, meta = curves.source.name, curves.meta
    if meta.get("spring_constant_N_m") is None:
        raise DataError(
            "states no spring constant, so its forces and moduli have no unit",
            where,
            "give it: spring_constant_N_m='40 N/m' when the file is read (--meta spring_constant_N_m=...)",
        )
    if f"{way}_deflection_m" in curves:
        return curves[f"{way}_deflection_m"]
    if f"{way}_signal" not in curves:
        return None
    unit = str(meta.get("signal_unit", "unknown"))
    if unit != "V" or meta.get("sensitivity_m_V") is None:
        raise DataError(
            f"gives the deflection in '{unit}', not as a length: a modulus in Pa would be an invention",
            where,
            "calibrate the lever, or give sensitivity_m_V for a signal in volts when the file is read",
        )
    return curves[f"{way}_signal"] * float(meta["sensitivity_m_V"])


def prepared(height_m: Floats, deflection_m: Floats, *, adhesive: bool) -> Part | None:
    """One way of a curve, which may come in either order; None where it has no contact or no baseline.

    The baseline is a straight line through the points that lie far from the surface: first the farthest third, then all beyond
    the place where the deflection leaves it. The pull-off is the lowest point on the way out of contact, and half a
    step more, if a median of three stands out of the noise there.
    """
    fine = np.isfinite(height_m) & np.isfinite(deflection_m)
    z, d = 1e9 * height_m[fine], 1e9 * deflection_m[fine]
    if z.size < FEWEST or not np.ptp(z) > 0:
        return None
    if z[0] > z[-1]:
        z, d = z[::-1], d[::-1]  # from the surface outward
    far = slice(2 * z.size // 3, None)
    for _ in range(2):
        rest, noise = _without_line(z, d, far)
        if not noise > 0:
            noise = max(1e-6 * float(np.ptp(d)), 1e-12)
        out = np.flatnonzero(np.abs(rest) > 5 * noise)
        left = int(out[-1]) + 1 if out.size else 0
        first = min(left + (z.size - left) // 10, z.size - max(z.size // 10, 8))
        far = slice(max(first, 0), None)
    rest, noise = _without_line(z, d, far)
    noise = max(noise, 1e-9 * float(np.ptp(d)), 1e-12)
    if rest[: max(3, z.size // 100)].max() < SIGNIFICANT * noise:
        return None
    inside, pull_off = np.ones(z.size, dtype=bool), 0.0
    if adhesive:
        smooth = np.median(np.stack([rest[:-2], rest[1:-1], rest[2:]]), axis=0)
        lowest = 1 + int(np.argmin(smooth))
        if -smooth[lowest - 1] > SIGNIFICANT * noise:
            near = slice(max(lowest - 2, 0), lowest + 3)
            lowest = near.start + int(np.argmin(rest[near]))
            # The lever lets go between this point and the next: on average half a step of the way out later.
            step = max(float(rest[max(lowest - 4, 0)] - rest[lowest]) / min(max(lowest, 1), 4), 0.0)
            pull_off = -float(rest[lowest]) + 0.5 * step
            inside[lowest + 1 :] = False
            # What follows the pull-off until the lever has settled is neither contact nor baseline.
            keep = inside | (np.arange(z.size) >= far.start)
            z, rest, inside = z[keep], rest[keep], inside[keep]
            if inside.sum() < 8:
                return None
    return Part(z, rest, inside, noise, pull_off)


def _without_line(z: Floats, d: Floats, far: slice) -> tuple[Floats, float]:
    x, y = z[far], d[far]
    middle, span = float(x.mean()), float(np.ptp(x)) or 1.0
    slope, level = np.polyfit((x - middle) / span, y, 1)
    rest = d - (level + slope * (z - middle) / span)
    return rest, 1.4826 * float(np.median(np.abs(rest[far] - np.median(rest[far]))))


@dataclass(frozen=True)
class Fits:
    """One model fitted to one way of every curve; NaN where it failed."""

    stiffness: Floats
    """C of F = C δⁿ [N/m^n]."""
    relative_std: Floats
    sensitivity: Floats
    """d ln C / d ln S: what a relative error of the lever's sensitivity does to C."""
    model: Floats
    """Relative change of C where points are weighted by their noise in deflection instead of evenly in force."""
    depth_m: Floats
    contact_m: Floats
    noise_N: Floats
    base_N: Floats
    adhesion_N: Floats
    used: NDArray[np.int64]


def fitted(parts: list[Part | None], spring_N_m: float, power: float, *, radius_m: float = 0.0, compare: bool = True) -> Fits:
    """Every curve by F = b0 + b1 z + C δⁿ - F_adh with the contact point; `radius_m` above 0 makes it a sphere.

    `compare` also fits with the other weights, for `model`, which is NaN else.
    """
    from anodefree.numerics.compiled.contact_fit import fit_curve

    table, other = np.full((len(parts), 11), np.nan), np.full(11, np.nan)
    model = np.full(len(parts), np.nan)
    for i, part in enumerate(parts):
        if part is None:
            continue
        how = (part.height_nm, part.deflection_nm, spring_N_m, part.inside, power, 1e9 * radius_m, part.pull_off_nm > 0)
        fit_curve(*how, False, table[i])
        if not compare:
            continue
        fit_curve(*how, True, other)
        model[i] = abs(math.log(other[0] / table[i, 0])) if other[0] > 0 and table[i, 0] > 0 else np.nan
    return Fits(
        stiffness=table[:, 0] * 1e-9 * 1e9**power,
        relative_std=table[:, 1],
        sensitivity=table[:, 2],
        model=model,
        depth_m=1e-9 * table[:, 4],
        contact_m=1e-9 * table[:, 7],
        noise_N=1e-9 * table[:, 3],
        base_N=1e-9 * table[:, 8],
        adhesion_N=1e-9 * table[:, 10],
        used=np.nan_to_num(table[:, 5]).astype(np.int64),
    )


def jkr_reduced_Pa(part: Part | None, spring_N_m: float, radius_m: float) -> float:
    """Reduced modulus E* [Pa] by Johnson, Kendall and Roberts from the way out, NaN where there is no pull-off.

    At given forces the indentation scales with E*^-⅔, so that z + d = z_c - E*^-⅔ δ_1(F) is a straight line. Points count by
    their noise along it, 1/(1 + k dδ/dF); those in the lowest tenth of the forces are left out, where it diverges.
    """
    from anodefree.physics.contact import jkr_indentation_m

    if part is None or not part.pull_off_nm > 0:
        return math.nan
    z, d = (1e-9 * v[part.inside] for v in (part.height_nm, part.deflection_nm))
    force, pull = spring_N_m * d, 1e-9 * spring_N_m * part.pull_off_nm
    keep = force > -pull + 0.1 * (force.max() + pull)
    if keep.sum() < 8:
        return math.nan
    z, d, force = z[keep], d[keep], force[keep]
    guess = 1e9
    for _ in range(3):
        one = jkr_indentation_m(force, pull, radius_m, guess)
        step = 1e-3 * (force.max() + pull)
        slope = (jkr_indentation_m(force + step, pull, radius_m, guess) - one) / step
        weight = 1 / (1 + spring_N_m * slope)
        x, y = one - np.average(one, weights=weight**2), z + d - np.average(z + d, weights=weight**2)
        ratio = -float(np.sum(weight**2 * x * y) / np.sum(weight**2 * x * x))
        if not ratio > 0:
            return math.nan
        guess *= ratio**-1.5
    return guess
