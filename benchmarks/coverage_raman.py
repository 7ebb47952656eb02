"""Bias and coverage of the share of free anions over simulated spectra, beside three bands at fixed places.

Run: python benchmarks/coverage_raman.py [cases]. Axis, centres, widths, shapes, noise and cosmic rays vary from case to case.
"""

from __future__ import annotations

import sys

import numpy as np
from scipy.optimize import curve_fit

import anodefree as af
from anodefree import Measurement, stages
from anodefree.physics.anion_bands import ANIONS
from anodefree.physics.line_shapes import pseudo_voigt

AXIS_STD_PER_CM = 1.0
SETTINGS = {
    "as a rule": {"peak_counts": 2e4, "fluorescence": 1.0},
    "weak": {"peak_counts": 1e3, "fluorescence": 1.0},
    "strong, little fluorescence": {"peak_counts": 2e5, "fluorescence": 0.1},
    "axis not calibrated": {"peak_counts": 2e4, "fluorescence": 1.0, "axis_std": 2.5},
    "no aggregates": {"peak_counts": 2e4, "fluorescence": 1.0, "no_aggregates": True},
}


def simulated(rng: np.random.Generator, seed: int, setting: dict[str, float]) -> tuple[Measurement, np.ndarray]:
    """A spectrum of random composition on a random axis, which claims the standard deviation that it has; and its truth."""
    setting = dict(setting)
    axis_std = setting.pop("axis_std", AXIS_STD_PER_CM)
    share = rng.dirichlet([1.0, 1.0, 0.0001 if setting.pop("no_aggregates", False) else 1.0])
    spectrum = af.raman(
        seed=seed,
        free=(share[0],),
        CIP=(share[1],),
        AGG=(share[2],),
        centres_per_cm=tuple(float(rng.uniform(*s.published_per_cm)) for s in ANIONS["TFSI"].species),
        width_per_cm=7.5 * float(np.exp(0.12 * rng.standard_normal())),
        lorentzian=float(rng.uniform(0.2, 1.0)),
        axis_offset_per_cm=axis_std * float(rng.standard_normal()),
        cross_section_ratio=float(np.exp(0.05 * rng.standard_normal())),
        **setting,
    )
    known = {"calibrated": True, "shift_error_per_cm": axis_std} if axis_std == AXIS_STD_PER_CM else {}
    return spectrum.with_meta(**known), share


def usual(spectrum: Measurement) -> tuple[float, float]:
    """Free share and its standard deviation: three bands at 739.5, 745 and 748.5 1/cm with one width, least squares."""
    x, y = spectrum["shift_per_cm"], spectrum["intensity"][0]
    inside = (x > 715) & (x < 770)
    x, y = x[inside], y[inside]
    centres = np.array([739.5, 745.0, 748.5])[:, None]

    def model(x, a, b, c, width, share, base, slope):  # type: ignore[no-untyped-def]
        return np.array([a, b, c]) @ pseudo_voigt(x - centres, width, share) + base + slope * (x - 742)

    size = float(np.ptp(y)) * 10
    low = [0, 0, 0, 3, 0, -np.inf, -np.inf]
    high = [np.inf, np.inf, np.inf, 20, 1, np.inf, np.inf]
    p, covariance = curve_fit(model, x, y, [size, size, size, 8, 0.5, y.min(), 0], bounds=(low, high), max_nfev=5000)
    total = p[:3].sum()
    gradient = np.array([1, 0, 0]) / total - p[0] / total**2
    return float(p[0] / total), float(np.sqrt(max(gradient @ covariance[:3, :3] @ gradient, 0)))


def row(name: str, error: np.ndarray, std: np.ndarray, inside68: np.ndarray, inside95: np.ndarray) -> str:
    """One line of the table."""
    rms = np.sqrt(np.mean(error**2))
    held = f"{inside68.mean():.0%} | {inside95.mean():.0%}"
    return f"| {name} | {error.mean():+.3f} | {rms:.3f} | {np.mean(std):.3f} | {held} |"


def main(cases: int) -> None:
    """Print the table of every setting."""
    speciation = stages.get("raman.speciation")
    print("| case | bias | rms error | stated std | 68 % interval holds | 95 % interval holds |\n|---|---|---|---|---|---|")
    for name, setting in SETTINGS.items():
        ours, theirs, told = [], [], []
        for k in range(cases):
            spectrum, share = simulated(np.random.default_rng(50_000 + k), k, setting)
            result = speciation(spectrum, seed=k)
            draws = result.curves["draw_free"].values
            q = np.quantile(draws, [0.025, 0.16, 0.84, 0.975])
            free = result.estimates["free"]
            ours.append([free.value - share[0], free.std, q[1] <= share[0] <= q[2], q[0] <= share[0] <= q[3]])
            value, std = usual(spectrum)
            off = abs(value - share[0])
            theirs.append([value - share[0], std, off <= std, off <= 1.96 * std])
            if "CIP" in result.estimates:
                c = result.estimates["CIP"]
                told.append(
                    [c.value - share[1], c.std, abs(c.value - share[1]) <= c.std, abs(c.value - share[1]) <= 1.96 * c.std]
                )
        print(row(f"{name}: `free`", *np.array(ours, float).T), flush=True)
        print(row(f"{name}: fixed bands", *np.array(theirs, float).T), flush=True)
        if len(told) > 10:
            print(row(f"{name}: `CIP`, given in {len(told) / cases:.0%}", *np.array(told, float).T), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
