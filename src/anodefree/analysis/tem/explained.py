"""What many explanations say together: phases and solutions by probability, spacings, doubts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anodefree.analysis.tem.identify import Explanation, Model
from anodefree.core.result import Check
from anodefree.physics.crystals import crystal, families

Floats = NDArray[np.float64]
Found = Sequence[tuple[float, Explanation]]
STRAY: Final = "none"
SOLUTIONS: Final = 12
SURE: Final = 0.9


@dataclass(frozen=True)
class Spacings:
    """Spacing of each spot as the file states the scale, corrected, and the standard deviation of the latter [m]."""

    stated_m: Floats
    true_m: Floats
    std_m: Floats


@dataclass(frozen=True)
class Summary:
    """Probability of each phase; of each spot its best (phase, label) and the probabilities; mean and std of (ln s, e1, e2)."""

    phases: dict[str, float]
    spots: list[list[tuple[str, str, float]]]
    distortion: tuple[Floats, Floats]


def summary(found: Found, n: int, phases: Sequence[str]) -> Summary:
    """Sums over all explanations."""
    present = dict.fromkeys(phases, 0.0)
    spots: list[dict[tuple[str, str], float]] = [{} for _ in range(n)]
    for weight, e in found:
        for name in {g.pattern.phase for g in e.grains}:
            present[name] += weight
        left = set(range(n))
        for g in e.grains:
            for i, hkl in zip(g.members, g.indices, strict=True):
                key = (g.pattern.phase, "".join(map(str, _plain(g.pattern.phase, hkl))))
                spots[i][key] = spots[i].get(key, 0.0) + weight
                left.discard(i)
        for i in left:
            spots[i][STRAY, ""] = spots[i].get((STRAY, ""), 0.0) + weight
    ranked = [sorted(((p, h, w) for (p, h), w in s.items()), key=lambda t: -t[2]) for s in spots]
    weights, means = np.array([w for w, _ in found]), np.array([e.mean for _, e in found])
    mean = weights @ means
    spread = np.array([np.diag(e.covariance) for _, e in found]) + (means - mean) ** 2
    return Summary(dict(sorted(present.items(), key=lambda t: -t[1])), ranked, (mean, np.sqrt(weights @ spread)))


@cache
def _plain(phase: str, hkl: tuple[int, int, int]) -> tuple[int, int, int]:
    """The member of the family that names it."""
    d = crystal(phase).spacing_m(hkl)
    named = [f.hkl for f in families(phase, 0.8e-10, 0.0) if abs(f.spacing_m / d - 1) < 1e-6]
    return named[0] if named else hkl


def spacings_of(found: Found, wave_per_m: Floats, relative: Floats) -> Spacings:
    """d = exp(ln s + e1 cos 2 theta + e2 sin 2 theta) / k of each spot, over all explanations."""
    length, angle = np.linalg.norm(wave_per_m, axis=1), np.arctan2(wave_per_m[:, 1], wave_per_m[:, 0])
    along = np.stack([np.ones_like(angle), np.cos(2 * angle), np.sin(2 * angle)], axis=1)
    weights = np.array([w for w, _ in found])
    means = np.array([along @ e.mean for _, e in found])
    spread = np.array([np.einsum("ni,ij,nj->n", along, e.covariance, along) for _, e in found])
    mean = weights @ means
    variance = weights @ (spread + (means - mean) ** 2) + relative**2
    true = np.exp(mean) / length
    return Spacings(1 / length, true, true * np.sqrt(variance))


def collisions(told: Summary, spacing: Spacings, phases: Sequence[str]) -> list[str]:
    """Spots whose spacing fits planes of another phase as well, within two standard deviations."""
    out = []
    for i, ranked in enumerate(told.spots):
        phase, label, _ = ranked[0]
        if phase == STRAY:
            continue
        others = [
            f"{p}({f.label})"
            for p in phases
            if p != phase
            for f in families(p, 0.9e-10, 5e-5)
            if abs(f.spacing_m - spacing.true_m[i]) < 2 * spacing.std_m[i]
        ]
        if others:
            out.append(f"{phase}({label}) at {1e10 * spacing.true_m[i]:.3f} Å with {', '.join(others[:4])}")
    return list(dict.fromkeys(out))


def checks_of(
    found: Found,
    told: Summary,
    spacing: Spacings,
    phases: Sequence[str],
    model: Model,
    standard: str | None,
) -> list[Check]:
    """What the identification thinks of itself."""
    weight, best = found[0]
    single = [g.label for g in best.grains if not g.pattern.crossing and len(g.members) == 1]
    strays = [i + 1 for i, s in enumerate(told.spots) if s[0][0] == STRAY]
    unsure = [i + 1 for i, s in enumerate(told.spots) if s[0][2] < SURE]
    shared = collisions(told, spacing, phases)
    mean, std = told.distortion
    off, oblong = float(np.expm1(mean[0])), float(np.expm1(2 * mean[1]))
    checks = [
        Check.that(
            "identification",
            weight >= SURE and not unsure,
            f"one explanation has {100 * weight:.0f} % of the probability",
            f"the best explanation has {100 * weight:.0f} %; spots {', '.join(map(str, unsure)) or 'none'} have no sure phase",
        ),
        Check.that(
            "single spacing",
            not single,
            "every grain shows two planes or more",
            f"one spacing alone never identifies a phase: {', '.join(single)} rests on one; its share comes from the prior",
        ),
        Check.that(
            "collisions",
            not shared,
            "no spacing fits planes of another phase",
            "spacings that fit another phase as well: " + "; ".join(shared[:4]),
        ),
        _strongest(told),
        Check.that(
            "strays", not strays, "every spot has a phase", f"spots {', '.join(map(str, strays))} fit no phase asked for"
        ),
        Check.that(
            "size of a pixel",
            abs(off) < max(0.01, 2 * float(std[0])),
            f"the stated size of a pixel is right within {100 * float(std[0]):.1f} %",
            f"the stated size of a pixel is wrong: the true one is {100 * off:+.1f} ± {100 * float(std[0]):.1f} % of it apart",
        ),
        Check.that(
            "distortion",
            abs(oblong) < max(0.005, 3 * 2 * float(std[1])),
            f"pixels are square within {200 * float(std[1]):.1f} %",
            f"pixels are oblong: x over y is {100 * oblong:+.2f} ± {200 * float(std[1]):.2f} % from 1",
        ),
    ]
    if standard is not None:
        checks.append(Check("standard", "pass", f"{standard} is taken to be there, and fixes the scale"))
    return checks


def _strongest(told: Summary) -> Check:
    phase, label, probability = told.spots[0][0]
    widest = families(phase, 0.9e-10, 5e-5)[0].label if phase != STRAY else ""
    good = f"the strongest spot is {phase}({label})" if phase != STRAY else "the strongest spot fits no phase"
    return Check.that(
        "strongest spot",
        phase != STRAY and probability >= SURE and label == widest,
        good,
        f"{good} with {100 * probability:.0f} %: it is not surely the widest plane, so do not look it up in a table alone",
    )


def curves_of(
    found: Found, told: Summary, spacing: Spacings, wave_per_m: Floats, above: Floats
) -> dict[str, tuple[object, object]]:
    """Tables: spots, phases and solutions by probability."""
    first = [s[0] for s in told.spots]
    second = [s[1] if len(s) > 1 else (STRAY, "", 0.0) for s in told.spots]
    top = found[:SOLUTIONS]
    return {
        "spot_x_per_m": ("spot", wave_per_m[:, 0]),
        "spot_y_per_m": ("spot", wave_per_m[:, 1]),
        "spot_power_over_noise": ("spot", above),
        "spot_stated_spacing_m": ("spot", spacing.stated_m),
        "spot_spacing_m": ("spot", spacing.true_m),
        "spot_spacing_std_m": ("spot", spacing.std_m),
        "spot_phase": ("spot", np.array([f[0] for f in first], dtype=object)),
        "spot_hkl": ("spot", np.array([f[1] for f in first], dtype=object)),
        "spot_probability": ("spot", np.array([f[2] for f in first])),
        "spot_next": ("spot", np.array([f"{p}({h})" if h else p for p, h, _ in second], dtype=object)),
        "spot_next_probability": ("spot", np.array([s[2] for s in second])),
        "phase": ("phase", np.array(list(told.phases), dtype=object)),
        "phase_probability": ("phase", np.array(list(told.phases.values()))),
        "solution": ("solution", np.array([" + ".join(g.label for g in e.grains) or STRAY for _, e in top], dtype=object)),
        "solution_probability": ("solution", np.array([w for w, _ in top])),
        "solution_scale_factor": ("solution", np.array([float(np.exp(e.mean[0])) for _, e in top])),
    }
