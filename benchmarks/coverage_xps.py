"""How far photoelectron and ion numbers are off, and how honest their errors are, beside the usual way: 200 virtual cases each.

    python benchmarks/coverage_xps.py

Every case has a charge shift, counting noise, and a background and a line shape drawn at random; truth is known. The usual way
of XPS is a Shirley background taken off first, lines of GL(30) with free widths, and errors from the covariance; of ion
profiles, the crossing of half of the highest point; of ion maps, the plain coefficient of variation. Prints tables for the
documentation.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
from scipy.optimize import curve_fit

from anodefree.core.measurement import Measurement
from anodefree.kinds.photoemission import PHOTOEMISSION
from anodefree.numerics.core_level_shapes import line, static_shirley
from anodefree.numerics.core_level_spectrum import Lines, expected_counts
from anodefree.stages import get

CASES = 200
Numbers = tuple[float, float, float]
"""Truth, value, standard deviation."""


def spectrum(rng: np.random.Generator, level: str, part: float) -> tuple[Measurement, float]:
    """A spectrum of two components, the first with this part, and the shift of its energies."""
    charge = float(rng.normal(0.0, 0.7))
    background = ("shirley", "tougaard_u3", "linear")[int(rng.integers(3))]
    strength = {"shirley": 0.03, "tougaard_u3": 1.2, "linear": 0.0}[background] * float(rng.uniform(0.5, 1.5))
    spread = np.array([0.4, 0.1]) if level == "S 2p" else np.array([0.15, 0.15])
    width = 1.5 * np.exp(rng.normal(0, 0.1) + rng.normal(0, spread))
    place = np.array([161.5, 169.0] if level == "S 2p" else [685.0, 688.6]) + rng.normal(0, [0.25, 0.3])
    double = (1.18, 0.5) if level == "S 2p" else (0.0, 0.0)
    shape = ("gl_product", "voigt")[int(rng.integers(2))]
    lines = Lines(place + charge, width, float(rng.uniform(0.15, 0.4)), *double, shape=shape)  # type: ignore[arg-type]
    energy = np.arange(place.min() - 5, place.max() + 6, 0.1)
    area = (3e3 if level == "S 2p" else 1.2e4) * np.array([part, 1 - part])
    slope = float(rng.uniform(-0.1, 0.1))
    mean = expected_counts(energy, lines, area, background, strength, 2000.0, slope)  # type: ignore[arg-type]
    counts = rng.poisson(mean)[None].astype(float)
    return Measurement.of(PHOTOEMISSION, {"binding_energy_eV": energy, "counts": counts}, {"region": level}), charge


def usual(found: Measurement, doublet: tuple[float, float], places: tuple[float, float]) -> tuple[float, float]:
    """Part of the first component: a static Shirley background, GL(30), free widths; its error from the covariance."""
    energy, counts = found["binding_energy_eV"], found["counts"][0]
    above = counts - static_shirley(energy, counts, ends=3)

    def model(e: np.ndarray, *p: float) -> np.ndarray:
        total = np.zeros_like(e)
        for area, place, width in (p[:3], p[3:]):
            w, m = np.array(abs(width) + 1e-3), np.array(0.3)
            one = line("gl_product", e - place, w, m)
            if doublet[1]:
                one = (one + doublet[1] * line("gl_product", e - place - doublet[0], w, m)) / (1 + doublet[1])
            total += area * one
        return total

    # A person places the lines by eye: the start knows the shift.
    start = [0.5 * above.clip(0).sum() * 0.1, places[0], 1.5, 0.5 * above.clip(0).sum() * 0.1, places[1], 1.5]
    try:
        p, cov = curve_fit(model, energy, above, start, sigma=np.sqrt(np.maximum(counts, 1)), absolute_sigma=True, maxfev=4000)
    except RuntimeError:
        return float("nan"), float("nan")
    total = p[0] + p[3]
    gradient = np.zeros(6)
    gradient[[0, 3]] = p[3] / total**2, -p[0] / total**2
    return float(p[0] / total), float(np.sqrt(gradient @ cov @ gradient))


def told(name: str, rows: list[Numbers], seconds: float | None = None) -> None:
    """One row of a table."""
    truth, value, std = np.array([r for r in rows if np.isfinite(r).all()]).T
    away = value - truth
    inside = [float(np.mean(np.abs(away) <= k * std)) for k in (1, 2)]
    speed = f" {1e3 * seconds:.0f} ms" if seconds else " "
    print(
        f"| {name} | {100 * away.mean():+.2f} % | {100 * np.sqrt((away**2).mean()):.2f} % | {100 * np.median(std):.2f} % "
        f"| {100 * inside[0]:.0f} % | {100 * inside[1]:.0f} % |{speed} |"
    )


def photoelectrons() -> None:
    """Fractions of components, ours and the usual way."""
    print("| case | bias | rms error | median std | within 1 std | within 2 std | time |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    stage = get("xps.components")
    cases: tuple[tuple[str, str, tuple[float, float], dict[str, object]], ...] = (
        ("F 1s, LiF 15 to 90 %", "F 1s", (0.15, 0.9), {}),
        ("F 1s, LiF 3 to 8 %", "F 1s", (0.03, 0.08), {}),
        ("S 2p, sulfide 10 to 50 %", "S 2p", (0.1, 0.5), {"names": ("sulfide", "TFSI")}),
    )
    for label, level, (low, high), options in cases:
        rng = np.random.default_rng(7)
        ours: list[Numbers] = []
        theirs: list[Numbers] = []
        clocks = []
        for _ in range(CASES):
            part = float(rng.uniform(low, high))
            found, charge = spectrum(rng, level, part)
            begun = time.perf_counter()
            result = stage(found, **options)
            clocks.append(time.perf_counter() - begun)
            first = result.estimates["fraction_sulfide" if level == "S 2p" else "fraction_LiF"]
            ours.append((part, first.value, first.std))
            doublet, places = ((1.18, 0.5), (161.5, 169.0)) if level == "S 2p" else ((0.0, 0.0), (685.0, 688.6))
            theirs.append((part, *usual(found, doublet, (places[0] + charge, places[1] + charge))))
        told(f"{label}: `xps.components`", ours, float(np.median(clocks)))
        told(f"{label}: static Shirley, GL(30), free widths", theirs)


def bootstrap() -> None:
    """The Laplace interval against a Poisson bootstrap of the same fit (one background and shape)."""
    rng = np.random.default_rng(11)
    stage = get("xps.components")
    ratios = []
    for _ in range(12):
        found, _ = spectrum(rng, "F 1s", float(rng.uniform(0.1, 0.9)))
        options = {"background": "shirley", "shape": "voigt"}
        laplace = stage(found, **options).estimates["fraction_LiF"]
        arrays = {"binding_energy_eV": found["binding_energy_eV"]}
        envelope = stage(found, **options).curves["envelope"].values
        again = [
            stage(
                Measurement.of(PHOTOEMISSION, {**arrays, "counts": rng.poisson(envelope)[None]}, {"region": "F 1s"}), **options
            )
            for _ in range(60)
        ]
        ratios.append(laplace.std / np.std([r["fraction_LiF"] for r in again]))
    print(
        f"\nLaplace over bootstrap standard deviation: median {np.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f}"
    )


def ions() -> None:
    """Edges of a layer and evenness of maps, ours and the usual way, in units that the table names."""
    print("\n| number | bias | rms error | median std | within 1 std | within 2 std |")
    print("| --- | --- | --- | --- | --- | --- |")
    rows: dict[str, list[Numbers]] = {}
    for seed in range(CASES):
        stage = get("tofsims.profile")
        demo = stage.example(np.random.default_rng(seed))
        result, true = stage(*demo.inputs), float(demo.truth["end_LiF2-"])
        e = result.estimates["end_LiF2-"]
        counts, at = demo.inputs[0]["counts"][0], demo.inputs[0]["sputter_time_s"]
        last = int(np.flatnonzero(counts >= 0.5 * counts.max())[-1])
        rows.setdefault("end of a layer / s: `tofsims.profile`", []).append((true, e.value, e.std))
        rows.setdefault("end of a layer / s: last point above half of the highest", []).append((true, float(at[last]), np.nan))
        stage = get("tofsims.uniformity")
        demo = stage.example(np.random.default_rng(seed))
        result, true = stage(*demo.inputs, seed=seed, **demo.parameters), float(demo.truth["cv_LiF2-"])
        e = result.estimates["cv_LiF2-"]
        whole = demo.inputs[0]["counts"][0].sum(axis=0)
        rows.setdefault("lateral variation: `tofsims.uniformity`", []).append((true, e.value, e.std))
        rows.setdefault("lateral variation: plain std over mean", []).append((true, float(whole.std() / whole.mean()), np.nan))
        e = result.estimates["cv_LiO-"]
        even = demo.inputs[0]["counts"][1].sum(axis=0)
        rows.setdefault("an even map: `tofsims.uniformity`", []).append((0.0, e.value, e.std))
        rows.setdefault("an even map: plain std over mean", []).append((0.0, float(even.std() / even.mean()), np.nan))
    for name, found in rows.items():
        truth, value, std = np.array(found).T
        away = value - truth
        inside = [f"{100 * np.mean(np.abs(away) <= k * std):.0f} %" if np.isfinite(std).all() else "-" for k in (1, 2)]
        size = f"{np.median(std):.3f}" if np.isfinite(std).all() else "none"
        print(f"| {name} | {away.mean():+.3f} | {np.sqrt((away**2).mean()):.3f} | {size} | {inside[0]} | {inside[1]} |")


PARTS: dict[str, Callable[[], None]] = {"xps": photoelectrons, "bootstrap": bootstrap, "tofsims": ions}

if __name__ == "__main__":
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()
