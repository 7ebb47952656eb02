"""Components of a core level through a depth profile: one fit for all depths, and what sputtering itself may have made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from anodefree.analysis.xps import options as o
from anodefree.analysis.xps.model_choice import BACKGROUNDS, SHAPES, Choice, choose, fractions, positions
from anodefree.analysis.xps.region_fit import RegionFit, Setting
from anodefree.analysis.xps.window import window_of
from anodefree.core.measurement import Measurement
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import DataError
from anodefree.kinds.photoemission import PHOTOEMISSION, Photoemission
from anodefree.numerics.core_level_shapes import Shape
from anodefree.numerics.core_level_spectrum import Lines, expected_counts
from anodefree.physics.core_levels import Component, components_of
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_LEVELS = 60
_FLUORIDE, _ORGANIC = "LiF", "C-F"


@stage("xps.depth", version=1, cites=("shirley1972", "tougaard1997", "herrera2014", "wood2018"))
def depth(
    spectra: Photoemission,
    *,
    region: o.Region = None,
    positions_eV: o.Positions = None,
    names: o.Names = None,
    background: o.BackgroundChoice = "evidence",
    shape: o.ShapeChoice = "evidence",
    width_spread: o.WidthSpread = 0.2,
    charge_shift_eV: o.ChargeShift = None,
    low_eV: o.LowEnd = None,
    high_eV: o.HighEnd = None,
) -> Result:
    """Fractions of the components of a core level through the depth, all levels fitted at once.

    The model of `xps.components` at every level, with positions, widths, line and background's strength shared, and a shift of
    each level's energies about the common one (std 0.2 eV: sputtering changes the charge). `surface_k` and `deep_k` are the
    fractions of the first and the last level, `fraction_k` their mean over the levels; curves give each level with its std.
    Where LiF rises and C-F falls from the surface to the next level, a check warns: argon ions turn fluorine of salt residues
    into LiF, so that the surface alone is untouched. `growth_LiF` is that rise.
    *Valid when* the lines keep their widths through the depth, and what is analysed is deeper than what ions mix (a few nm).
    *Source* as for `xps.components`. The paper fits levels one by one, and states no error.
    Raises DataError (one level only, too few points), ConfigError (components), NumericalError (no fit).
    """
    where = spectra.source.name
    named = region or str(spectra.meta.get("region", ""))
    wanted = components_of(named, positions_eV, names, None, (), where)
    energy, counts = window_of(spectra, low_eV, high_eV, wanted)
    if not 2 <= len(counts) <= MOST_LEVELS:
        raise DataError(
            f"holds {len(counts)} levels", where, f"a depth profile has 2 to {MOST_LEVELS}; see xps.components for one"
        )
    setting = Setting(wanted, "voigt", "linear", charge_shift_eV or o.UNKNOWN_SHIFT, 1.5, width_spread)
    backgrounds = BACKGROUNDS if background == "evidence" else (background,)
    shapes: tuple[Shape, ...] = SHAPES if shape == "evidence" else (shape,)
    choice = choose(setting, energy, counts, backgrounds, shapes)
    estimates, by_level, by_level_std = _estimates(choice, wanted, charge_shift_eV)
    etch = np.array(spectra["etch_time_s"]) if "etch_time_s" in spectra else None
    curves: dict[str, tuple[object, object]] = {
        "binding_energy_eV": ("energy", energy),
        "counts": (("level", "energy"), counts),
        "envelope": (("level", "energy"), choice.best.background + choice.best.lines.sum(axis=1)),
        "fraction": (("level", "component"), by_level),
        "fraction_std": (("level", "component"), by_level_std),
        "component_name": ("component", np.array([c.name for c in wanted])),
        "model": ("candidate", np.array([f"{f.setting.background}, {f.setting.shape}" for f in choice.fits])),
        "weight": ("candidate", choice.weights),
    }
    if etch is not None:
        curves["etch_time_s"] = ("level", etch)
    return Result.of(estimates, curves, _checks(choice, wanted, estimates, etch))


def _estimates(
    choice: Choice, wanted: tuple[Component, ...], charge: Uncertain | None
) -> tuple[dict[str, Estimate], np.ndarray, np.ndarray]:
    k = len(wanted)

    def mean_over_levels(fit: RegionFit) -> tuple[np.ndarray, np.ndarray]:
        part, slopes = fractions(fit)
        return part.reshape(-1, k).mean(axis=0), slopes.reshape(-1, k, slopes.shape[1]).mean(axis=0)

    def first_rise(fit: RegionFit) -> tuple[np.ndarray, np.ndarray]:
        part, slopes = fractions(fit)
        return part[k : 2 * k] - part[:k], slopes[k : 2 * k] - slopes[:k]

    part, std, _ = choice.mean(fractions)
    by_level, by_level_std = part.reshape(-1, k), std.reshape(-1, k)
    mean, mean_std, _ = choice.mean(mean_over_levels)
    rise, rise_std, _ = choice.mean(first_rise)
    place, place_std, _ = choice.mean(positions)
    shift = charge or Uncertain(0.0)
    out: dict[str, Estimate] = {}
    for i, c in enumerate(wanted):
        out[f"fraction_{c.key}"] = Estimate(
            float(mean[i]), float(mean_std[i]), "1", f"part that is {c.name}, mean of levels", "%"
        )
        out[f"surface_{c.key}"] = Estimate(float(by_level[0, i]), float(by_level_std[0, i]), "1", "the same, first level", "%")
        out[f"deep_{c.key}"] = Estimate(float(by_level[-1, i]), float(by_level_std[-1, i]), "1", "the same, last level", "%")
    for i, c in enumerate(wanted):
        out[f"position_{c.key}"] = Estimate(
            float(place[i] - shift.value), float(np.hypot(place_std[i], shift.std)), "eV", f"binding energy of {c.name}"
        )
    named = [c.name for c in wanted]
    if _FLUORIDE in named:
        i = named.index(_FLUORIDE)
        out["growth_LiF"] = Estimate(float(rise[i]), float(rise_std[i]), "1", "rise of LiF by the first sputtering", "%")
    out["chi2_reduced"] = Estimate(choice.best.chi2_reduced, 0.0, "1", "squared residuals per degree of freedom")
    return out, by_level, by_level_std


def _checks(
    choice: Choice, wanted: tuple[Component, ...], estimates: dict[str, Estimate], etch: np.ndarray | None
) -> list[Check]:
    named = [c.name for c in wanted]
    best = choice.best
    checks = [
        Check.that("converged", best.converged, "the fit has converged", "the fit has not converged: fix the shape"),
        Check.that(
            "residuals",
            best.chi2_reduced < 1.5,
            f"residuals are those of counting (reduced chi2 {best.chi2_reduced:.2f})",
            f"the spectra scatter more about the fit than counting does (reduced chi2 {best.chi2_reduced:.2f}): lines that "
            "change through the depth, or a missing component",
        ),
        Check.that(
            "time", etch is not None, "sputter times are known", "the file states no sputter times: levels are in its order"
        ),
    ]
    if _FLUORIDE in named and _ORGANIC in named:
        growth, left = estimates["growth_LiF"], estimates["surface_C-F"]
        made = growth.value > 2 * growth.std and left.value > 2 * left.std
        checks.append(
            Check.that(
                "sputtered LiF",
                not made,
                "LiF does not rise with the first sputtering",
                f"LiF rises by {100 * growth.value:.0f} ± {100 * growth.std:.0f} % with the first sputtering, where "
                f"{left} of the surface's fluorine is C-F: argon ions can make LiF of salt residues, so the fractions "
                "below the surface are upper bounds; rinse the sample, sputter with clusters, or see whether the amounts of "
                "sulfur and nitrogen fall with C-F",
            )
        )
    return checks


@depth.plot
def draw(result: Result, ax: Axes) -> None:
    """Fractions against sputter time."""
    from anodefree.core.figure import COLOURS

    part, std = 100 * result.curves["fraction"].values, 100 * result.curves["fraction_std"].values
    timed = "etch_time_s" in result.curves
    x = result.curves["etch_time_s"].values if timed else np.arange(len(part))
    for i, name in enumerate(result.curves["component_name"].values):
        ax.errorbar(
            x, part[:, i], std[:, i], color=COLOURS[i % len(COLOURS)], marker="o", ms=3, lw=0.9, capsize=2, label=str(name)
        )
    ax.set(xlabel="sputter time / s" if timed else "level", ylabel="part of the area / %")
    ax.set_ylim(min(0.0, float(ax.get_ylim()[0])), max(100.0, float(ax.get_ylim()[1])))
    ax.legend()


@depth.demo
def demo(rng: np.random.Generator) -> Demo:
    """F 1s at three depths, LiF rising inwards, each level charged a little differently."""
    levels, charge = 3, float(rng.normal(0.0, 0.7))
    part = np.sort(rng.uniform(0.3, 0.9, levels))
    place = np.array([685.0 + rng.normal(0, 0.25), 688.6 + rng.normal(0, 0.3)])
    own = rng.normal(0, 0.1, levels)
    width = 1.6 * np.exp(rng.normal(0, 0.1) + rng.normal(0, 0.15, 2))
    background = BACKGROUNDS[int(rng.integers(3))]
    mixing, shape = float(rng.uniform(0.15, 0.4)), SHAPES[int(rng.integers(2))]
    strength = {"shirley": 0.03, "tougaard_u3": 1.2, "linear": 0.0}[background]
    energy = np.arange(680.0, 694.01, 0.2)
    counts = []
    for f, more in zip(part, own, strict=True):
        lines = Lines(place + charge + more, width, mixing, shape=shape)
        mean = expected_counts(energy, lines, 8e3 * np.array([f, 1 - f]), background, strength, 1200.0, 0.05)
        counts.append(rng.poisson(mean).astype(float))
    spectra = Measurement.of(
        PHOTOEMISSION,
        {"binding_energy_eV": energy, "counts": np.array(counts), "etch_time_s": 60.0 * np.arange(levels)},
        {"region": "F 1s", "photon_energy_eV": 1486.6},
        name="virtual depth profile",
    )
    truth = {"fraction_LiF": float(part.mean()), "surface_LiF": float(part[0]), "deep_LiF": float(part[-1])}
    return Demo((spectra,), truth | {"growth_LiF": float(part[1] - part[0])}, {"charge_shift_eV": Uncertain(charge, 0.1)})
