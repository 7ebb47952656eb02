"""What a grain of a phase may show: the pattern of a zone, or one row of planes; with the chance that each is so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anodefree.physics.crystals import families, zones

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ALONG_A_ZONE: Final = 0.5
"""Share of the visible grains that show planes which cross; the others show one row of planes."""
SURELY_SEEN: Final = 0.9
HALF_SEEN: Final = 0.05
"""|F|^2 over the strongest at which a reflection is seen in half of the cases in which a strong one is."""
LEAST_STRENGTH: Final = 0.01
"""What is added to |F|^2: contrast transfer, ionic bonds and dynamical scattering lift what kinematics calls weak."""


@dataclass(frozen=True)
class Pattern:
    """One of each pair of opposite reflections: indices (m, 3), ln|g| (g in 1/m), angle, chance to be seen; ln of the prior."""

    phase: str
    where: str
    crossing: bool
    hkl: Ints
    log_g: Floats
    angle: Floats
    chance: Floats
    log_prior: float


def _chance(strength: Floats) -> Floats:
    lifted = strength + LEAST_STRENGTH
    return np.asarray(SURELY_SEEN * lifted / (lifted + HALF_SEEN))


@cache
def patterns(phase: str, least_per_m: float, most_per_m: float) -> tuple[Pattern, ...]:
    """All patterns of a phase with reflections between two frequencies; their priors add up to 1."""
    out = _zones(phase, least_per_m, most_per_m)
    share = ALONG_A_ZONE if out else 0.0
    rows = _rows(phase, least_per_m, most_per_m)
    if not rows:
        share = 1.0
    return tuple(_weighted(out, share) + _weighted(rows, 1 - share))


def _weighted(found: list[tuple[float, Pattern]], share: float) -> list[Pattern]:
    total = sum(w for w, _ in found)
    return [Pattern(**{**p.__dict__, "log_prior": float(np.log(share * w / total))}) for w, p in found]


def _zones(phase: str, least: float, most: float) -> list[tuple[float, Pattern]]:
    out = []
    for zone in zones(phase, round(1 / most, 12)):
        length = np.linalg.norm(zone.place_per_m, axis=1)
        angle = np.arctan2(zone.place_per_m[:, 1], zone.place_per_m[:, 0])
        keep = (length >= least) & (length <= most) & (angle > -1e-9) & (angle < np.pi - 1e-9)
        angle = np.abs(angle[keep])
        if keep.sum() < 2 or np.ptp(angle) < 1e-6:
            continue
        name = "[" + "".join(map(str, zone.axis)) + "]"
        sides = (1,) if _mirrored(length[keep], angle) else (1, -1)
        for side in sides:
            pattern = Pattern(
                phase, name, True, zone.hkl[keep], np.log(length[keep]), side * angle, _chance(zone.strength[keep]), 0.0
            )
            out.append((zone.multiplicity / len(sides), pattern))
    return out


def _mirrored(length: Floats, angle: Floats) -> bool:
    """Whether a pattern is its own mirror image but for a turn, judged by the reflections next to the centre."""
    inner = length < 2.1 * length.min()
    size, turn = length[inner] / length.min(), angle[inner]
    for axis in np.unique(np.round(0.5 * np.add.outer(turn, turn), 9)):
        gap = np.abs((2 * axis - turn[:, None] - turn[None, :] + np.pi / 2) % np.pi - np.pi / 2)
        same = (gap < 1e-5) & (np.abs(size[:, None] - size[None, :]) < 1e-5)
        if same.any(axis=1).all():
            return True
    return False


def _rows(phase: str, least: float, most: float) -> list[tuple[float, Pattern]]:
    """Planes with their harmonics, weighted by how many planes of the kind there are and how well they are seen."""
    known = {f.hkl: f for f in families(phase, round(1 / most, 12), 0.0)}
    out = []
    for family in known.values():
        if not least <= 1 / family.spacing_m <= most:
            continue
        hkl = np.array(family.hkl)
        if any(np.all(hkl % n == 0) and tuple((hkl // n).tolist()) in known for n in (2, 3, 4)):
            continue  # a harmonic of another row
        order = [n for n in (1, 2, 3, 4) if tuple((n * hkl).tolist()) in known and n / family.spacing_m <= most]
        strength = np.array([known[tuple((n * hkl).tolist())].strength for n in order])
        chance = _chance(strength)
        log_g = np.log(np.array(order) / family.spacing_m)
        pattern = Pattern(phase, f"({family.label})", False, np.outer(order, hkl), log_g, np.zeros(len(order)), chance, 0.0)
        out.append((family.multiplicity * float(chance.max()), pattern))
    return out
