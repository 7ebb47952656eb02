"""Sections of several collectors beside each other: porosity and thickness of each group as bars with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np

from anodefree.analysis.sem.porosity import (
    Brightness,
    Charge,
    CollectorHeight,
    EnvelopeWidth,
    SegmentMethod,
    porosity,
)
from anodefree.analysis.sem.scale import PixelSize, ScaleError, scale_of
from anodefree.analysis.sem.synthetic import case
from anodefree.core.figure import COLOURS, INK
from anodefree.core.measurement import Measurement, join
from anodefree.core.parameter import Par
from anodefree.core.provenance import Source
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError
from anodefree.io.file_names import group_name
from anodefree.kinds.micrograph import MICROGRAPH
from anodefree.kinds.micrographs import MICROGRAPHS
from anodefree.numerics.correlated import widened_to_95
from anodefree.registry import Demo, Many, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NUMBERS: Final = ("porosity_volume", "porosity_enclosed", "porosity_thickness", "porosity_layer", "thickness")
LETTERS: Final = 36
"""Letters that fit beside each other under the bars."""
UNCALIBRATED_M: Final = 1e-6
"""Step of the axes of a picture whose file says no scale."""


@dataclass(frozen=True)
class Group:
    """The pictures of one collector: names of its numbers, their means and standard deviations."""

    name: str
    count: int
    numbers: dict[str, Estimate]


@stage("sem.compare", version=1, cites=("otsu1979", "kunsch1989", "dersimonian1986", "chen2026"))
def compare(
    pictures: Annotated[Measurement, MICROGRAPHS, Many()],
    *,
    groups: Annotated[
        tuple[str, ...] | None,
        Par("collector of each picture, in the order of the files; none: the file's name without its running number"),
    ] = None,
    method: SegmentMethod = "otsu",
    deposit: Brightness = "bright",
    areal_capacity_C_m2: Charge = None,
    pixel_m: PixelSize = None,
    scale_error: ScaleError = None,
    collector_height_m: CollectorHeight = None,
    envelope_width_m: EnvelopeWidth = None,
) -> Result:
    """Porosity and thickness of deposits on several collectors, from a section or several of each.

    Every picture goes through `sem.porosity` with the same parameters. Per group: the mean over its n pictures, whose
    variance is Σ s_k²/n² of the pictures' own (s_k without the scale), and t² τ²/n of places that differ by more than that:
    τ² = max(s² - mean s_k², 0) with the scatter s between pictures and t = t_{95, n-1}/1.96 for few of them; the scale's is
    added whole to lengths, for one microscope errs alike in all. Estimates are
    `porosity_volume_<group>`, `porosity_enclosed_<group>`, `thickness_<group>`, and with a charge `porosity_thickness_<group>`
    and `porosity_layer_<group>`, all defined as there; `difference` is that of the largest and the smallest `porosity_volume`.
    *Valid when* each picture is of another place, chosen without looking. *Source* DerSimonian and Laird 1986 for τ²;
    Chen et al. 2026, Fig. 5j, for the chart.

    Raises
    ------
    ConfigError: as many names as pictures are needed. DataError: as `sem.porosity`.
    """
    names = [str(n) for n in pictures.meta.get("members", [f"picture {k + 1}" for k in range(len(pictures))])]
    labels = list(groups) if groups is not None else [group_name(n) for n in names]
    if len(labels) != len(pictures):
        raise ConfigError(
            f"{len(labels)} groups are given for {len(pictures)} pictures", "groups", "one for each file, in order"
        )
    options: dict[str, Any] = {
        "method": method,
        "deposit": deposit,
        "areal_capacity_C_m2": areal_capacity_C_m2,
        "pixel_m": pixel_m,
        "scale_error": scale_error,
        "collector_height_m": collector_height_m,
        "envelope_width_m": envelope_width_m,
    }
    results, scales = [], []
    for k, name in enumerate(names):
        one = picture_of(pictures, k, name)
        scales.append(scale_of(one, pixel_m, scale_error).relative_std)
        results.append(porosity(one, **options))
    made = [
        _group(g, [r for r, of in zip(results, labels, strict=True) if of == g], float(np.mean(scales)))
        for g in dict.fromkeys(labels)
    ]
    ranked = sorted(made, key=lambda g: g.numbers["porosity_volume"].value)
    estimates = {f"{n}_{g.name}": e for g in ranked for n, e in g.numbers.items()}
    low, high = ranked[0].numbers["porosity_volume"], ranked[-1].numbers["porosity_volume"]
    if len(ranked) > 1:
        label = f"porosity of {ranked[-1].name} minus {ranked[0].name}"
        estimates["difference"] = Estimate(high.value - low.value, float(np.hypot(high.std, low.std)), "1", label, "%")
    return Result.of(estimates, _curves(names, labels, results, ranked), _checks(ranked, results, names))


def picture_of(pictures: Measurement, k: int, name: str) -> Measurement:
    """One picture of several, without its padding; its size of a pixel counts as unknown where no file said one."""
    x, y, times = (pictures[n][k] for n in ("x_m", "y_m", "frame_time_s"))
    good = [np.isfinite(a) for a in (times, y, x)]
    meta = {n: v for n, v in pictures.meta.items() if n != "members"}
    seen_step = float(np.diff(x[good[2]]).mean()) if good[2].sum() > 1 else 0.0
    if "calibrated" not in meta and abs(seen_step / UNCALIBRATED_M - 1) < 1e-9:
        meta["calibrated"] = False
    arrays = {
        "x_m": x[good[2]],
        "y_m": y[good[1]],
        "intensity": pictures["intensity"][k][np.ix_(*good)],
        "frame_time_s": times[good[0]],
    }
    return Measurement.of(MICROGRAPH, arrays, meta, source=Source(name, f"{pictures.key}:{k}", "file"))


def _group(name: str, results: list[Result], scale: float) -> Group:
    """Means over the pictures of a group."""
    numbers = {}
    for n in NUMBERS:
        each = [r.estimates[n] for r in results if n in r.estimates]
        if len(each) < len(results):
            continue
        values, stds = np.array([e.value for e in each]), np.array([e.std for e in each])
        mean, count = float(values.mean()), values.size
        charged = n in ("porosity_thickness", "porosity_layer")
        systematic = (1 - mean) * scale if charged else mean * scale if n == "thickness" else 0.0
        own = float(np.sqrt(np.maximum(stds**2 - systematic**2, 0.0).sum())) / count
        places = 0.0
        if count > 1:  # what the pictures scatter beyond what each of them expects
            beyond = max(float(np.var(values, ddof=1)) - count * own**2, 0.0)
            places = widened_to_95(count - 1) * float(np.sqrt(beyond / count))
        std = float(np.sqrt(own**2 + places**2 + systematic**2))
        numbers[n] = Estimate(mean, std, each[0].unit, f"{each[0].label}, {name}", each[0].display)
    return Group(name, len(results), numbers)


def _curves(
    names: list[str], labels: list[str], results: list[Result], ranked: list[Group]
) -> dict[str, tuple[object, object]]:
    curves: dict[str, tuple[object, object]] = {
        "picture": ("picture", np.array(names, dtype=object)),
        "group_of_picture": ("picture", np.array(labels, dtype=object)),
        "group": ("group", np.array([g.name for g in ranked], dtype=object)),
        "group_pictures": ("group", np.array([g.count for g in ranked])),
    }
    for n in NUMBERS:
        suffix = "_m" if n == "thickness" else ""
        if all(n in r.estimates for r in results):
            curves[f"{n}{suffix}"] = ("picture", np.array([r[n] for r in results]))
            curves[f"group_{n}{suffix}"] = ("group", np.array([g.numbers[n].value for g in ranked]))
            curves[f"group_{n}_std{suffix}"] = ("group", np.array([g.numbers[n].std for g in ranked]))
    return curves


def _checks(ranked: list[Group], results: list[Result], names: list[str]) -> list[Check]:
    alone = [g.name for g in ranked if g.count == 1]
    checks = [
        Check.that(
            "repeats",
            not alone,
            "every collector was seen at two places or more",
            f"one picture only of {', '.join(alone)}: its std knows that stretch and no other place of the collector",
        ),
        Check(
            "definition", "pass", "porosity_volume counts void under the envelope, porosity_enclosed what no way leads out of"
        ),
    ]
    for name, result in zip(names, results, strict=True):
        bad = [c for c in result.checks if c.status != "pass"]
        checks += [Check(f"{name}, {c.name}", c.status, c.message) for c in bad]
    return checks


@compare.plot
def draw(result: Result, ax: Axes) -> None:
    """Bars of the porosities of each group with one standard deviation, each picture as a point."""
    c = result.curves
    names = [str(n) for n in c["group"].values]
    kinds = [n for n in NUMBERS[:4] if f"group_{n}" in c]
    told = {
        "porosity_volume": "under the envelope",
        "porosity_enclosed": "enclosed",
        "porosity_thickness": "1 - dense / mean thickness",
        "porosity_layer": "1 - dense thickness / height of the layer",
    }
    width, of = 0.8 / len(kinds), c["group_of_picture"].values
    for i, n in enumerate(kinds):
        at = np.arange(len(names)) + (i - (len(kinds) - 1) / 2) * width
        mean, std = 100 * c[f"group_{n}"].values, 100 * c[f"group_{n}_std"].values
        ax.bar(at, mean, 0.92 * width, color=COLOURS[i], label=told[n])
        ax.errorbar(at, mean, std, fmt="none", ecolor=INK, elinewidth=0.9, capsize=2.5)
        for k, g in enumerate(names):
            mine = 100 * c[n].values[of == g]
            if mine.size > 1:
                ax.plot(np.full(mine.size, at[k] + 0.25 * width), mine, ".", color=INK, ms=2.5, label="_")
    top = max(float(np.max(100 * (c[f"group_{n}"].values + c[f"group_{n}_std"].values))) for n in kinds)
    crowded = len(names) * max(len(n) for n in names) > LETTERS
    ax.set_xticks(np.arange(len(names)), names, rotation=25 if crowded else 0, ha="right" if crowded else "center")
    ax.set(xlabel="collector", ylabel="porosity / %", ylim=(min(0.0, ax.get_ylim()[0]), 1.45 * max(top, 1.0)))
    ax.axhline(0, color=INK, lw=0.7)
    ax.legend(loc="upper left")


@compare.demo
def demo(rng: np.random.Generator) -> Demo:
    """One section of each of two collectors, one dense and one porous."""
    wanted = {"Ni": 0.2, "Cu": 0.45}
    cases = {name: case(rng, porosity=p) for name, p in wanted.items()}
    parts = [
        Measurement.of(
            MICROGRAPH, {str(n): c.picture[str(n)] for n in c.picture.data.data_vars}, c.picture.meta, name=f"{g}_1.tif"
        )
        for g, c in cases.items()
    ]
    truth = {f"porosity_volume_{g}": c.whole.porosity for g, c in cases.items()}
    truth |= {f"thickness_{g}": c.whole.thickness * c.pixel_m for g, c in cases.items()}
    return Demo((join(parts),), truth)
