"""Coverage of the intervals of sem.porosity over simulated sections, against one Otsu threshold without any of its causes.

    python benchmarks/coverage_porosity.py [cases, 200]

A case is a porous layer (porosity 0.15 to 0.5, pores of 5 to 9 pixels, rough top) six pictures wide, or rods on a film,
of which one picture is seen: blur of 0.5 to 1.2 pixels, 60 to 200 electrons a pixel, curtains of 3 %, a stated size of a
pixel that is 4 % off. Truth is the whole deposit. The usual way: Otsu on the raw picture, no smoothing, the scale as it is,
and the standard error of the columns as if each were independent. Printed: bias, rms error, and the share of cases within
one and two standard deviations, and within the stage's 68 % interval.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from anodefree.analysis.deposit.morphology import fields_of, morphology
from anodefree.analysis.sem.measured import roughness
from anodefree.analysis.sem.porosity import porosity
from anodefree.analysis.sem.section import Look, section
from anodefree.analysis.sem.synthetic import COLUMNS, FINE, FOOT, ROWS, STRETCHES, Case, case, micrograph
from anodefree.numerics.deposit_geometry import Geometry, geometry
from anodefree.numerics.random_deposit import porous_layer, rods
from anodefree.physics.imaging import COLLECTOR, LITHIUM, VOID, seen

Rows = dict[str, list[tuple[float, float, float, float]]]
"""Name -> (error, standard deviation, truth, whether the 68 % interval holds it) of each case."""
BOUNDS = {
    "porosity_volume": "porosity_volume_68",
    "porosity_enclosed": "porosity_enclosed_68",
    "thickness": "thickness_68_m",
    "roughness": "roughness_68_m",
}


def rod_case(rng: np.random.Generator) -> Case:
    """Rods 6 to 10 pixels wide, one in each 14 to 22 pixels, on a thin film."""
    height, width, spacing = rng.uniform(36, 52), rng.uniform(6, 10), rng.uniform(14, 22)
    metal = rods(FINE * ROWS, FINE * COLUMNS * STRETCHES, FINE * height, FINE * width, FINE * spacing, rng)
    fine = geometry(metal.astype(float))
    whole = Geometry(*(np.asarray(a) / FINE for a in (fine.tops, fine.envelope, fine.solid, fine.enclosed)))
    start = int(rng.integers(0, (STRETCHES - 1) * COLUMNS)) * FINE
    piece = metal[:, start : start + FINE * COLUMNS]
    scene = np.where(piece, LITHIUM, VOID).reshape(ROWS, FINE, COLUMNS, FINE).mean(axis=(1, 3))
    scene = np.concatenate([np.full((FOOT, COLUMNS), COLLECTOR), scene])
    image = seen(scene, rng, blur_px=rng.uniform(0.5, 1.2), quanta=rng.uniform(60, 200), curtain=0.03)
    stated = 50e-9 * (1 + 0.04 * rng.standard_normal())
    return Case(micrograph(image[::-1], stated, {"scale_error": 0.04}), whole, 50e-9)


def usual(made: Case) -> dict[str, tuple[float, float]]:
    """Porosity and thickness as they are usually taken from one picture."""
    look = Look(smooth_px=0.0, smallest_px=1)
    g = geometry(section(made.picture, 0, look).metal(look).astype(float))
    step = float(made.picture["x_m"][1] - made.picture["x_m"][0])
    columns = g.envelope.size
    share = g.void / np.maximum(g.envelope, 1e-9)
    return {
        "porosity_volume": (g.porosity, float(share.std()) / columns**0.5),
        "porosity_enclosed": (g.porosity_enclosed, float((g.enclosed / np.maximum(g.envelope, 1e-9)).std()) / columns**0.5),
        "thickness": (g.thickness * step, float(g.envelope.std()) * step / columns**0.5),
    }


def sections(make: object, cases: int) -> tuple[Rows, Rows, float]:
    ours: Rows = {}
    theirs: Rows = {}
    clock = 0.0
    for seed in range(cases):
        made = make(np.random.default_rng(50_000 + seed))  # type: ignore[operator]
        truth = {
            "porosity_volume": made.whole.porosity,
            "porosity_enclosed": made.whole.porosity_enclosed,
            "thickness": made.whole.thickness * made.pixel_m,
            "roughness": roughness(made.whole) * made.pixel_m,
        }
        begin = time.perf_counter()
        found = porosity(made.picture)
        clock += time.perf_counter() - begin
        for name, true in truth.items():
            e = found.estimates[name]
            low, high = found.curves[BOUNDS[name]].values
            ours.setdefault(name, []).append((e.value - true, e.std, true, float(low <= true <= high)))
        for name, (value, std) in usual(made).items():
            theirs.setdefault(name, []).append((value - truth[name], std, truth[name], np.nan))
    return ours, theirs, clock / cases


def simulated(cases: int) -> Rows:
    """deposit.morphology on a stretch of a porous layer, truth being the whole."""
    rows: Rows = {}
    for seed in range(cases):
        rng = np.random.default_rng(90_000 + seed)
        whole = porous_layer(80, 6 * 256, rng.uniform(36, 52), rng.uniform(0.15, 0.5), rng.uniform(5, 9), 0.08, rng)
        true = geometry(whole.astype(float), periodic=True)
        start = int(rng.integers(0, 5 * 256))
        found = morphology(fields_of(whole[None, :, start : start + 256].astype(float), 50e-9, true.solid.mean() * 50e-9))
        for name, value in (
            ("porosity_volume", true.porosity),
            ("porosity_thickness", true.porosity),
            ("thickness", true.thickness * 50e-9),
        ):
            e = found.estimates[name]
            rows.setdefault(name, []).append((e.value - value, e.std, value, np.nan))
    return rows


def table(title: str, rows: Rows) -> None:
    for name, values in rows.items():
        error, std, true, held = np.array(values).T
        z = np.abs(error) / np.maximum(std, 1e-300)
        unit, factor = ("um", 1e6) if name in ("thickness", "roughness") else ("%", 100.0)
        print(
            f"| {title} | {name} | {factor * true.mean():.3g} {unit} | {factor * error.mean():+.2g} | "
            f"{factor * np.sqrt(np.mean(error**2)):.2g} | {100 * np.mean(z <= 1):.0f} % | {100 * np.mean(z <= 2):.0f} % | "
            + ("-" if np.isnan(held).any() else f"{100 * held.mean():.0f} %")
            + " |"
        )


def main() -> None:
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print("| case | number | mean truth | bias | rms error | within 1 std | within 2 std | in its 68 % |")
    print("|---|---|---|---|---|---|---|---|")
    for title, make in (("porous layer", case), ("rods", rod_case)):
        ours, theirs, seconds = sections(make, cases)
        table(f"{title}, sem.porosity", ours)
        table(f"{title}, usual way", theirs)
        print(f"<!-- {title}: {1e3 * seconds:.0f} ms a picture -->")
    table("porous layer, deposit.morphology", simulated(cases))


if __name__ == "__main__":
    main()
