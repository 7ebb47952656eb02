"""Bias and coverage of the share of free anions over simulated spectra, beside three bands at fixed places.

Run: python benchmarks/coverage_raman.py [cases, 200] [names of cases]. Axis, centres, widths, shapes, noise and
cosmic rays vary from case to case; the species' widths differ by 5 %, as `width_ratio_std` says, but where they are
stated to be equal. An axis that was not calibrated is 1 to 5 1/cm off, to either side, and says nothing about it.
Infrared: the spectra of the demonstration of `ftir.bands`.
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
    "axis not calibrated": {"peak_counts": 2e4, "fluorescence": 1.0, "calibrated": False},
    "no aggregates": {"peak_counts": 2e4, "fluorescence": 1.0, "no_aggregates": True},
    "equal widths, as stated": {"peak_counts": 2e5, "fluorescence": 0.1, "width_ratio_std": 0.0},
    "equal widths, not stated": {"peak_counts": 2e5, "fluorescence": 0.1, "equal": True},
}


def simulated(rng: np.random.Generator, seed: int, setting: dict[str, float]) -> tuple[Measurement, np.ndarray]:
    """A spectrum of random composition on a random axis, which claims the standard deviation that it has; and its truth."""
    share = np.append(rng.dirichlet([1.0, 1.0]), 0.0) if setting.get("no_aggregates") else rng.dirichlet([1.0, 1.0, 1.0])
    calibrated = setting.get("calibrated", True)
    offset = AXIS_STD_PER_CM * rng.standard_normal() if calibrated else rng.choice([-1, 1]) * rng.uniform(1, 5)
    equal = setting.get("equal") or setting.get("width_ratio_std") == 0
    spectrum = af.raman(
        seed=seed,
        free=(share[0],),
        CIP=(share[1],),
        AGG=(share[2],),
        centres_per_cm=tuple(float(rng.uniform(*s.published_per_cm)) for s in ANIONS["TFSI"].species),
        width_per_cm=7.5 * float(np.exp(0.12 * rng.standard_normal())),
        lorentzian=float(rng.uniform(0.2, 1.0)),
        width_ratios=tuple(np.ones(3) if equal else np.exp(0.05 * rng.standard_normal(3))),
        axis_offset_per_cm=float(offset),
        cross_section_ratio=float(np.exp(0.05 * rng.standard_normal())),
        peak_counts=setting["peak_counts"],
        fluorescence=setting["fluorescence"],
    )
    known = {"calibrated": True, "shift_error_per_cm": AXIS_STD_PER_CM} if calibrated else {}
    return spectrum.with_meta(**known), share


def infrared(rng: np.random.Generator, seed: int, setting: dict[str, float]) -> tuple[Measurement, np.ndarray]:
    """A demonstration spectrum in transmittance, and its share of free anions; CIP and AGG stay untold."""
    demo = stages.get("ftir.bands").example(rng)
    return demo.inputs[0], np.array([demo.truth["free"], np.nan, np.nan])


def usual(spectrum: Measurement) -> tuple[float, float]:
    """Free share and its standard deviation: three bands at 739.5, 745 and 748.5 1/cm with one width, least squares."""
    x, y = spectrum["shift_per_cm"], spectrum["intensity"][0]
    y = -np.log10(y) if spectrum.meta["quantity"] == "transmittance" else y
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


def told(name: str, stage: str, cases: int, setting: dict[str, float]) -> None:
    """The rows of one setting."""
    made = infrared if stage == "ftir.bands" else simulated
    options = {"width_ratio_std": setting["width_ratio_std"]} if "width_ratio_std" in setting else {}
    ours, theirs, pairs = [], [], []
    for k in range(cases):
        spectrum, share = made(np.random.default_rng(50_000 + k), k, setting)
        result = stages.get(stage)(spectrum, seed=k, **options)
        q = np.quantile(result.curves["draw_free"].values, [0.025, 0.16, 0.84, 0.975])
        free = result.estimates["free"]
        ours.append([free.value - share[0], free.std, q[1] <= share[0] <= q[2], q[0] <= share[0] <= q[3]])
        value, std = usual(spectrum)
        off = abs(value - share[0])
        theirs.append([value - share[0], std, off <= std, off <= 1.96 * std])
        if "CIP" in result.estimates and np.isfinite(share[1]):
            c = result.estimates["CIP"]
            off = abs(c.value - share[1])
            pairs.append([c.value - share[1], c.std, off <= c.std, off <= 1.96 * c.std])
    print(row(f"{name}: `free`", *np.array(ours, float).T), flush=True)
    print(row(f"{name}: fixed bands", *np.array(theirs, float).T), flush=True)
    if len(pairs) > 10:
        print(row(f"{name}: `CIP`, given in {len(pairs) / cases:.0%}", *np.array(pairs, float).T), flush=True)


def main(cases: int, names: list[str]) -> None:
    """Print the table of every setting."""
    print("| case | bias | rms error | stated std | 68 % interval holds | 95 % interval holds |\n|---|---|---|---|---|---|")
    for name, setting in SETTINGS.items():
        if not names or name in names:
            told(name, "raman.speciation", cases, setting)
    if not names or "infrared" in names:
        told("infrared", "ftir.bands", cases, {})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, sys.argv[2:])
