"""Bias and coverage where a stage's own virtual case is the benchmark: composition, rings, roughness, a growing front.

    python benchmarks/coverage_instruments.py [cases, 200] [xps tem afm optical]

Truth is drawn by the demonstration of each stage, with its errors (sensitivities a tenth off, scale 3 or 4 % off,
rings elliptic behind a beam stop, tilt, flicker, noise). The usual way: areas above a straight line over
sensitivities, errors from counting; the middle of the picture as the centre and the scale as stated; Sq after a
plane, no error; the front at half the brightness in the first and the last frame, the scale as it is. Printed: bias,
rms error, median std, and the share of cases within one and two of it.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator

import numpy as np

from anodefree import stages
from anodefree.core.measurement import Measurement
from anodefree.physics.core_levels import attenuation, cross_section
from anodefree.registry import Demo

Row = tuple[str, float, float, float]
"""Number and way, truth, value, standard deviation (NaN where there is none)."""


def cases(name: str, count: int) -> Iterator[tuple[Demo, object]]:
    """Demonstrations of a stage and what it makes of them."""
    stage = stages.get(name)
    for seed in range(count):
        demo = stage.example(np.random.default_rng(40_000 + seed))
        yield demo, stage(*demo.inputs, **demo.parameters)


def composition(count: int) -> Iterator[Row]:
    """Atomic fractions."""
    for demo, found in cases("xps.composition", count):
        names, theirs, square = list(demo.truth), [], []
        sample = demo.inputs[0]
        for k, name in enumerate(map(str, sample["region_name"])):
            e, y = sample["binding_energy_eV"][k], sample["counts"][k].ravel()
            e, y = e[np.isfinite(e)], y[np.isfinite(y)]
            base = np.interp(e, [e[0], e[-1]], [y[:5].mean(), y[-5:].mean()])
            kinetic = 1486.6 - float(e.mean())
            factor = cross_section(name) * attenuation(kinetic) * sample["transmission"][k]
            theirs.append(float((y - base).sum()) / factor)
            square.append(float(y.sum()) / factor**2)
        total = sum(theirs)
        for k, name in enumerate(names):
            true, estimate = float(demo.truth[name]), found.estimates[name]  # type: ignore[attr-defined]
            yield "atomic fraction: `xps.composition`", true, estimate.value, estimate.std
            yield "atomic fraction: straight line, counting", true, theirs[k] / total, math.sqrt(square[k]) / total


def rings(count: int) -> Iterator[Row]:
    """Centre and scale of a ring pattern."""
    for demo, found in cases("tem.rings", count):
        pattern: Measurement = demo.inputs[0]
        e, true = found.estimates["centre_x"], float(demo.truth["centre_x"])  # type: ignore[attr-defined]
        yield "centre / pixels: `tem.rings`", true, e.value, e.std
        yield "centre / pixels: middle of the picture", true, pattern["intensity"].shape[-1] / 2 - 0.5, np.nan
        e, true = found.estimates["scale"], float(demo.truth["scale"])  # type: ignore[attr-defined]
        stated = abs(float(pattern["qx_per_m"][1] - pattern["qx_per_m"][0]))
        yield "scale over its truth: `tem.rings`", 1.0, e.value / true, e.std / true
        yield "scale over its truth: as stated", 1.0, stated / true, np.nan


def heights(count: int) -> Iterator[Row]:
    """Sq as a part of its truth."""
    for demo, found in cases("afm.roughness", count):
        e, true = found.estimates["Sq"], float(demo.truth["Sq"])  # type: ignore[attr-defined]
        yield "Sq over its truth: `afm.roughness`", 1.0, e.value / true, e.std / true
        m = demo.inputs[0]
        z = m["height_m"]
        y, x = np.indices(z.shape)
        plane = np.column_stack([np.ones(z.size), x.ravel(), y.ravel()])
        rest = z.ravel() - plane @ np.linalg.lstsq(plane, z.ravel(), rcond=None)[0]
        # Every pixel counted as independent, as a table of roughness implies by its digits.
        yield (
            "Sq over its truth: plane, pixels independent",
            1.0,
            float(rest.std()) / true,
            float(rest.std()) / true / math.sqrt(2 * z.size),
        )


def fronts(count: int) -> Iterator[Row]:
    """Speed of the foremost tip as a part of its truth."""
    for demo, found in cases("optical.front", count):
        e, true = found.estimates["tip_speed"], float(demo.truth["tip_speed"])  # type: ignore[attr-defined]
        yield "tip speed over its truth: `optical.front`", 1.0, e.value / true, e.std / true
        film = demo.inputs[0]
        frames = film["intensity"]
        dark = frames < 0.5 * (frames.max(axis=(1, 2), keepdims=True) + frames.min(axis=(1, 2), keepdims=True))
        rows = dark.any(axis=2)
        # The collector is the lower edge: the picture's first row is the top.
        height = np.array([r.size - int(np.argmax(r)) if r.any() else 0 for r in rows]) * abs(
            float(film["x_m"][1] - film["x_m"][0])
        )
        time = film["frame_time_s"]
        slope, cov = np.polyfit(time, height, 1, cov=True)
        yield "tip speed over its truth: half brightness, line", 1.0, float(slope[0]) / true, math.sqrt(float(cov[0, 0])) / true


PARTS: dict[str, Callable[[int], Iterator[Row]]] = {"xps": composition, "tem": rings, "afm": heights, "optical": fronts}


def main(count: int, names: list[str]) -> None:
    """Print the table."""
    print("| number | bias | rms error | median std | within 1 std | within 2 std |\n| --- | --- | --- | --- | --- | --- |")
    for name in names or PARTS:
        table: dict[str, list[tuple[float, float, float]]] = {}
        for label, *numbers in PARTS[name](count):
            table.setdefault(label, []).append((numbers[0], numbers[1], numbers[2]))
        for label, found in table.items():
            truth, value, std = np.array(found).T
            away = value - truth
            known = np.isfinite(std).all()
            held = [f"{100 * np.mean(np.abs(away) <= k * std):.0f} %" if known else "-" for k in (1, 2)]
            size = f"{np.median(std):.2g}" if known else "none"
            rms = math.sqrt(float(np.mean(away**2)))
            print(f"| {label} | {away.mean():+.2g} | {rms:.2g} | {size} | {held[0]} | {held[1]} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, sys.argv[2:])
