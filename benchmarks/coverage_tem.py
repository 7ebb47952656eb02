"""Coverage of the intervals of tem.thickness over simulated pictures, beside one line profile and ten lines by hand.

    python benchmarks/coverage_tem.py [cases, 200]

A case is a film of 7 to 18 nm on metal of which one picture is seen (288 x 144 pixels, a sixth of the film): thickness
rough by 4 to 12 %, wavy, oblique by up to 14 degrees, a point-spread of 0.8 to 2 pixels, 30 to 150 e/Å2, speckle of 3 %, a
stated size of a pixel that is 4 % off. Truth is the mean of the whole film. *One profile*: brightness averaged over 10 columns
at one place, edges where it is halfway between the three levels, measured down the column; its std is that of reading both
edges to one pixel. *Ten lines*: ten such places, mean and standard error. Neither knows the scale's error, or that the film is
oblique. *Ten lines, across*: the same, measured across the film. Printed: bias, rms error, median std, and the share of cases
within one std, within two, and within the 68 % interval where there is one; and how far the traced mean is from that of the
stretch that was seen.

Then tem.domains: discs of 1.9 to 2.8 nm (mean; 20 % scatter) of LiF and Li2O in a speckled film, 20 nm of it seen, fringes of
20 % or 12 % contrast at 50 to 150 e/Å2; truth is the population. *Inverse transform*: half the amplitude as it looks through
the window, whole domains alike, mean and standard error.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from anodefree.analysis.tem.domains import found_domains
from anodefree.analysis.tem.synthetic_domains import crystallites
from anodefree.analysis.tem.synthetic_films import Case, case
from anodefree.analysis.tem.thickness import thickness
from anodefree.errors import DataError

PLACES, HALF = 10, 5


def halfway(profile: np.ndarray, levels: tuple[float, float, float]) -> float:
    """Distance of the two places at which a profile is halfway between its levels; NaN where it is nowhere."""
    upper, lower = 0.5 * (levels[0] + levels[1]), 0.5 * (levels[1] + levels[2])
    first, second = np.flatnonzero(profile < upper), np.flatnonzero(profile < lower)
    if not first.size or not second.size or first[0] == 0 or second[0] == 0:
        return float("nan")

    def crossing(k: int, level: float) -> float:
        return k - (level - profile[k]) / (profile[k - 1] - profile[k])

    return crossing(int(second[0]), lower) - crossing(int(first[0]), upper)


def by_hand(made: Case, rng: np.random.Generator) -> np.ndarray:
    """Thickness [m] at ten places, as one would read it from profiles down the columns."""
    from scipy.ndimage import uniform_filter1d

    image = made.picture["intensity"][0].astype(float)
    step = float(made.picture["x_m"][1] - made.picture["x_m"][0])
    found = []
    for at in rng.integers(2 * HALF, image.shape[1] - 2 * HALF, PLACES):
        profile = uniform_filter1d(image[:, at - HALF : at + HALF].mean(axis=1), 3, mode="nearest")
        ends = float(profile[:12].mean()), float(profile[-12:].mean())
        # A reader sees the three levels: the film's is where the histogram between the other two is highest.
        inside = profile[(profile < ends[0] - 0.15 * np.ptp(ends)) & (profile > ends[1] + 0.15 * np.ptp(ends))]
        found.append(halfway(profile, (ends[0], float(np.median(inside)), ends[1])) * step if inside.size else np.nan)
    good = np.array(found)[np.isfinite(found)]
    return good if good.size > 1 else np.array([np.nan, np.nan])


def row(title: str, errors: np.ndarray, stds: np.ndarray, truth: np.ndarray, held: float | None = None) -> None:
    kept = np.isfinite(errors) & np.isfinite(stds)
    error, z = errors[kept] / truth[kept], np.abs(errors[kept]) / stds[kept]
    print(
        f"| {title} | {100 * error.mean():+.1f} % | {100 * np.sqrt(np.mean(error**2)):.1f} % | "
        f"{100 * np.median(stds[kept] / truth[kept]):.1f} % | {100 * np.mean(z <= 1):.0f} % | {100 * np.mean(z <= 2):.0f} % | "
        f"{'-' if held is None else f'{100 * held:.0f} %'} |"
    )


def main() -> None:
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    ours, one, ten, across, truth, stretch, held = [], [], [], [], [], [], []
    clock = 0.0
    for seed in range(cases):
        rng = np.random.default_rng(70_000 + seed)
        made = case(rng)
        begin = time.perf_counter()
        found = thickness(made.picture)
        clock += time.perf_counter() - begin
        step = float(made.picture["x_m"][1] - made.picture["x_m"][0])
        e = found.estimates["thickness"]
        true = made.thickness_m
        truth.append(true)
        ours.append((e.value - true, e.std))
        low, high = found.curves["thickness_68_m"].values
        held.append(low <= true <= high)
        stretch.append(e.value / step - made.stretch_pixels)
        lines = by_hand(made, rng)
        one.append((lines[0] - true, np.sqrt(2) * step))
        mean, error = lines.mean(), lines.std(ddof=1) / np.sqrt(lines.size)
        ten.append((mean - true, error))
        cos = np.cos(found["direction"])
        across.append((mean * cos - true, error * cos))
    print("| way | bias | rms error | median std | within 1 std | within 2 std | in its 68 % |\n|---|---|---|---|---|---|---|")
    for title, rows in (
        ("tem.thickness", ours), ("one line profile", one), ("ten lines", ten), ("ten lines, across", across),
    ):  # fmt: skip
        error, std = np.array(rows).T
        row(title, error, std, np.array(truth), float(np.mean(held)) if rows is ours else None)
    off = np.array(stretch)
    print(f"traced mean less that of the stretch seen: {off.mean():+.3f} pixels, rms {off.std():.3f} pixels")
    print(f"{1e3 * clock / cases:.0f} ms a picture")

    sizes(cases, 0.2)
    sizes(cases, 0.12)


def sizes(cases: int, contrast: float) -> None:
    """Mean diameters of crystallites, and how many pictures showed too few."""
    ours, theirs, truth, few, clock = [], [], [], 0, 0.0
    for seed in range(cases):
        made = crystallites(np.random.default_rng(80_000 + seed), contrast=contrast)
        begin = time.perf_counter()
        try:
            found = found_domains(made.picture, spacing_m=(0.18e-9, 0.4e-9))
        except DataError:
            few += 1
            continue
        clock += time.perf_counter() - begin
        e, looks = found.estimates["diameter"], found.curves["apparent_diameter_m"].values
        looks = looks[found.curves["whole"].values == 1]
        truth.append(made.mean_m)
        ours.append((e.value - made.mean_m, e.std))
        theirs.append((looks.mean() - made.mean_m, looks.std(ddof=1) / np.sqrt(looks.size)))
    for title, rows in (("tem.domains", ours), ("inverse transform", theirs)):
        error, std = np.array(rows).T
        row(f"{title}, {100 * contrast:.0f} %", error, std, np.array(truth))
    print(f"{few} of {cases} pictures show fewer than three whole domains; {1e3 * clock / len(ours):.0f} ms a picture")


if __name__ == "__main__":
    main()
