"""Success and calibration of tem.lattice and tem.rings over simulated cases, beside a table look-up of the strongest spacing.

    python benchmarks/coverage_lattice.py [cases, 200]

A micrograph holds one to three grains, each of one of nine phases, along a zone or showing one row of planes, drawn by their
multiplicity; the stated size of a pixel is off by 4.5 % (standard deviation), sheared by 0.5 %, spacings by 0.3 %, at 400
electrons per square angstrom. The usual way takes the strongest spot, reads its spacing with the stated scale, and names
the closest plane of those stronger than 5 %. A ring pattern holds one to three phases, its scale 3 % off, elliptic, behind
a beam stop.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from anodefree import Result, stages
from anodefree.errors import DataError
from anodefree.physics.crystals import families, zones

PHASES = ("LiF", "Li2O", "Li2S", "Li3N", "LiOH", "Li2CO3", "Li", "Ni", "Cu")
COUNTED = 0.05
"""Strength above which a plane is in the table of the usual way, and can be what a simulated row shows."""


def drawn(rng: np.random.Generator) -> str:
    """One grain, as `microscope.lattice` reads it."""
    phase = str(rng.choice(PHASES))
    if rng.random() < 0.5:
        known = zones(phase, 1e-10)
        weight = np.array([z.multiplicity for z in known], dtype=float)
        return f"{phase} [" + "".join(map(str, known[rng.choice(len(known), p=weight / weight.sum())].axis)) + "]"
    planes = [f for f in families(phase, 1.3e-10) if f.strength > COUNTED]
    weight = np.array([f.multiplicity * f.strength for f in planes])
    return f"{phase} ({planes[rng.choice(len(planes), p=weight / weight.sum())].label})"


def usual(spacing_m: float) -> str:
    """The phase whose plane is closest to a spacing."""
    table = [(abs(f.spacing_m - spacing_m), p) for p in PHASES for f in families(p, 1e-10) if f.strength > COUNTED]
    return min(table)[1]


def share(hits: list[bool]) -> str:
    return f"{100 * np.mean(hits):.0f} % of {len(hits)}" if hits else "-"


def reliability(title: str, told: list[tuple[float, bool]]) -> None:
    """How often what is given a probability is true."""
    p, true = np.array([t[0] for t in told]), np.array([t[1] for t in told])
    for low, high in ((0, 0.02), (0.02, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 0.98), (0.98, 1.001)):
        inside = (p >= low) & (p < high)
        if inside.any():
            mean = f"{p[inside].mean():.3f} | {true[inside].mean():.3f}"
            print(f"| {title} | {low:g} to {min(high, 1):g} | {inside.sum()} | {mean} |")


def micrographs(cases: int) -> None:
    make, look = stages.get("microscope.lattice"), stages.get("tem.lattice")
    z, wide, presence, spot_told = [], [], [], []
    strongest, looked_up, best, clock, empty = [], [], [], 0.0, 0
    for seed in range(cases):
        rng = np.random.default_rng(70_000 + seed)
        grains = tuple(drawn(rng) for _ in range(int(rng.integers(1, 4))))
        true = float(np.exp(0.045 * rng.standard_normal()))
        picture = make(grains=grains, scale_factor=true, pixels=256, seed=seed)
        begin = time.perf_counter()
        try:
            found: Result = look(picture, phases=PHASES)
        except DataError:
            empty += 1
            continue
        clock += time.perf_counter() - begin
        data = found.curves
        e = found.estimates["scale_factor"]
        z.append((e.value - true) / e.std)
        wide.append(e.std)
        present = {g.split()[0] for g in grains}
        presence += [
            (float(p), str(n) in present) for n, p in zip(data["phase"].values, data["phase_probability"].values, strict=True)
        ]
        # The strongest spot belongs to the grain one of whose spacings is nearest to it at the true scale.
        spacing = float(data["spot_stated_spacing_m"].values[0])
        owner = min((abs(f.spacing_m - true * spacing), p) for p in present for f in families(p, 0.9e-10, COUNTED))[1]
        named, probability = str(data["spot_phase"].values[0]), float(data["spot_probability"].values[0])
        strongest.append(named == owner)
        spot_told.append((probability, named == owner))
        looked_up.append(usual(spacing) == owner)
        if probability >= 0.9:
            best.append(named == owner)
    score = np.abs(z)
    print(f"<!-- {empty} pictures without spots; {1e3 * clock / max(cases - empty, 1):.0f} ms a picture -->")
    print("| number | result |\n|---|---|")
    print(f"| phase of the strongest spot right, tem.lattice | {share(strongest)} |")
    print(f"| the same where its probability is 0.9 or more | {share(best)} |")
    print(f"| phase of the strongest spot right, table look-up | {share(looked_up)} |")
    print(f"| scale factor: within 1 std, 2 std | {100 * np.mean(score <= 1):.0f} %, {100 * np.mean(score <= 2):.0f} % |")
    print(f"| scale factor: median std (4.5 % before) | {100 * np.median(wide):.2f} % |")
    print("\n| probability of | told | cases | mean told | true |\n|---|---|---|---|---|")
    reliability("a phase is there", presence)
    reliability("phase of the strongest spot", spot_told)


def patterns(cases: int) -> None:
    make, look = stages.get("microscope.diffraction"), stages.get("tem.rings")
    z, presence, clock = [], [], 0.0
    for seed in range(cases):
        rng = np.random.default_rng(80_000 + seed)
        chosen = rng.choice(PHASES, int(rng.integers(1, 4)), replace=False)
        true = float(np.exp(0.03 * rng.standard_normal()))
        shares = {str(p): float(rng.uniform(0.3, 1)) for p in chosen}
        picture = make(shares=shares, scale_factor=true, pixels=256, pixel_per_m=8e7, decay_pixels=30.0, stop_pixels=7.0,
                       width_pixels=1.6, seed=seed)  # fmt: skip
        begin = time.perf_counter()
        try:
            found: Result = look(picture, phases=PHASES)
        except DataError:
            continue
        clock += time.perf_counter() - begin
        e = found.estimates["scale_factor"]
        z.append((e.value - true) / e.std)
        told = zip(found.curves["phase"].values, found.curves["phase_probability"].values, strict=True)
        presence += [(float(p), str(n) in shares) for n, p in told]
    score = np.abs(z)
    print(f"\n<!-- rings: {len(z)} of {cases} patterns; {1e3 * clock / max(len(z), 1):.0f} ms a pattern -->")
    print(f"rings, scale factor: within 1 std {100 * np.mean(score <= 1):.0f} %, 2 std {100 * np.mean(score <= 2):.0f} %")
    reliability("rings: a phase is there", presence)


def main() -> None:
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    micrographs(cases)
    patterns(cases // 2)


if __name__ == "__main__":
    main()
