"""The components of a core level: how much of fluorine is LiF, how much of sulfur is sulfide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.xps import options as o
from anodefree.analysis.xps.model_choice import BACKGROUNDS, SHAPES, Choice, areas, choose, fractions, positions, widths
from anodefree.analysis.xps.region_fit import Setting
from anodefree.analysis.xps.window import window_of
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError, near
from anodefree.kinds.photoemission import PHOTOEMISSION, Photoemission
from anodefree.numerics.core_level_shapes import Shape
from anodefree.numerics.core_level_spectrum import Lines, expected_counts
from anodefree.physics.core_levels import Component, components_of
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage(
    "xps.components", version=1, cites=("shirley1972", "tougaard1997", "herrera2014", "doniach1970", "wood2018", "hofft2006")
)
def components(
    spectrum: Photoemission,
    *,
    region: o.Region = None,
    positions_eV: o.Positions = None,
    names: o.Names = None,
    doublet: Annotated[
        tuple[float, float] | None, Par("splitting [eV] and area of the second line over the first (none: as known)", ge=0)
    ] = None,
    metals: Annotated[tuple[str, ...], Par("components with the asymmetric line of a metal (Doniach-Sunjic)")] = (),
    background: o.BackgroundChoice = "evidence",
    shape: o.ShapeChoice = "evidence",
    mixing: Annotated[float | None, Par("Lorentzian part, 0.3 for GL(30) (none: fitted about 0.3)", ge=0, le=0.98)] = None,
    width_spread: o.WidthSpread = 0.2,
    charge_shift_eV: o.ChargeShift = None,
    reference: Annotated[str | None, Par("component that serves as the reference of energy, instead")] = None,
    reference_eV: Annotated[Uncertain | None, Par("where the reference belongs (none: where it is known to be)")] = None,
    low_eV: o.LowEnd = None,
    high_eV: o.HighEnd = None,
    level: Annotated[int, Par("which level of a depth profile, from 0", ge=0)] = 0,
) -> Result:
    """Fractions and positions of the components of a core level, with the background inside the fit.

    f(E) = b0 + b1 E + sum over k of A_k [s_k(E) + κ (M s_k)(E)]: lines s_k of unit area (GL product or sum, Voigt,
    Doniach-Sunjic; doublets with fixed splitting and ratio), and with each the electrons that lost energy: M is the integral
    below (Shirley) or the loss kernel (Tougaard). `fraction_k` = A_k/ΣA. Widths are alike within `width_spread`, positions
    follow those expected within their own std. Weights are of Poisson counting; where the fit scatters more, errors grow.
    Every background is fitted with every shape; results are means by evidence (BIC), and their std has counting (Laplace) and
    the candidates' disagreement in it. `shirley_static` takes a Shirley background off first, as CasaXPS does by default.
    *Valid when* the components asked for are those that are there, and counts are counts (a file of rates needs its counting
    time). *Source* Shirley 1972; Tougaard 1997; Herrera-Gomez et al. 2014 (background inside the fit); positions: Wood and
    Teeter 2018, Höfft et al. 2006. The paper states fractions of LiF without error, background, or shape.
    Raises ConfigError (unknown component or region), DataError (too few points), NumericalError (no fit).
    """
    where = spectrum.source.name
    named = region or str(spectrum.meta.get("region", ""))
    wanted = components_of(named, positions_eV, names, doublet, metals, where)
    energy, counts = window_of(spectrum, low_eV, high_eV, wanted)
    if level >= len(counts):
        raise ConfigError(f"has {len(counts)} levels", where, "the first is level 0")
    if reference is not None and reference not in [c.name for c in wanted]:
        raise ConfigError(f"'{reference}' is no component of {named}", "reference", near(reference, [c.name for c in wanted]))
    setting = Setting(wanted, "voigt", "linear", charge_shift_eV or o.UNKNOWN_SHIFT, 1.5, width_spread, mixing)
    backgrounds = BACKGROUNDS if background == "evidence" else (background,)
    shapes: tuple[Shape, ...] = SHAPES if shape == "evidence" else (shape,)
    choice = choose(setting, energy, counts[level : level + 1], backgrounds, shapes)
    estimates, spread = _estimates(choice, wanted, charge_shift_eV, reference, reference_eV)
    return Result.of(
        estimates, _curves(choice, energy, counts[level]), _checks(choice, estimates, spread, charge_shift_eV, reference)
    )


def _estimates(
    choice: Choice,
    wanted: tuple[Component, ...],
    charge: Uncertain | None,
    reference: str | None,
    reference_eV: Uncertain | None,
) -> tuple[dict[str, Estimate], np.ndarray]:
    part, part_std, spread = choice.mean(fractions)
    if len(wanted) == 1:
        part_std = np.zeros(1)  # all of it, whatever else is unsure: what remains is rounding
    place, place_std, _ = choice.mean(positions)
    width, width_std, _ = choice.mean(widths)
    area, area_std, _ = choice.mean(areas)
    shift = charge or Uncertain(0.0)
    if reference is not None:
        at = [c.name for c in wanted].index(reference)
        belongs = reference_eV or Uncertain(wanted[at].position_eV, wanted[at].std_eV)
        shift = Uncertain(place[at] - belongs.value, float(np.hypot(place_std[at], belongs.std)))
    out: dict[str, Estimate] = {}
    for i, c in enumerate(wanted):
        out[f"fraction_{c.key}"] = Estimate(float(part[i]), float(part_std[i]), "1", f"part of the area that is {c.name}", "%")
    for i, c in enumerate(wanted):
        out[f"position_{c.key}"] = Estimate(
            float(place[i] - shift.value), float(np.hypot(place_std[i], shift.std)), "eV", f"binding energy of {c.name}"
        )
    for i, c in enumerate(wanted):
        out[f"width_{c.key}"] = Estimate(float(width[i]), float(width_std[i]), "eV", f"full width of {c.name}")
    for i, c in enumerate(wanted):
        out[f"area_{c.key}"] = Estimate(float(area[i]), float(area_std[i]), "eV", f"area of {c.name}, counts eV")
    if charge is not None or reference is not None:
        out["charge_shift"] = Estimate(shift.value, shift.std, "eV", "how much too high energies read")
    out["chi2_reduced"] = Estimate(choice.best.chi2_reduced, 0.0, "1", "squared residuals per degree of freedom")
    return out, spread


def _curves(choice: Choice, energy: np.ndarray, counts: np.ndarray) -> dict[str, tuple[object, object]]:
    best = choice.best
    return {
        "binding_energy_eV": ("energy", energy),
        "counts": ("energy", counts),
        "background": ("energy", best.background[0]),
        "envelope": ("energy", best.background[0] + best.lines[0].sum(axis=0)),
        "component": (("component", "energy"), best.lines[0]),
        "component_name": ("component", np.array([c.name for c in best.setting.components])),
        "model": ("candidate", np.array([f"{f.setting.background}, {f.setting.shape}" for f in choice.fits])),
        "weight": ("candidate", choice.weights),
        "model_fraction": (("candidate", "component"), np.array([fractions(f)[0] for f in choice.fits])),
    }


def _checks(
    choice: Choice, estimates: dict[str, Estimate], spread: np.ndarray, charge: Uncertain | None, reference: str | None
) -> list[Check]:
    best = choice.best
    parts = [e for n, e in estimates.items() if n.startswith("fraction_")]
    faint = [c.name for c, e in zip(best.setting.components, parts, strict=True) if e.value < 2 * e.std]
    worst = float(spread.max())
    own = float(max(np.sqrt(max(e.std**2 - s**2, 0.0)) for e, s in zip(parts, spread, strict=True)))
    return [
        Check.that("converged", best.converged, "the fit has converged", "the fit has not converged: fix a width or a shape"),
        Check.that(
            "residuals",
            best.chi2_reduced < 1.5,
            f"residuals are those of counting (reduced chi2 {best.chi2_reduced:.2f})",
            f"the spectrum scatters more about the fit than counting does (reduced chi2 {best.chi2_reduced:.2f}): a component "
            "is missing, a line is asymmetric, or the counts were smoothed or scaled",
        ),
        Check.that(
            "counting",
            best.chi2_reduced > 0.5,
            "the scatter is not smaller than counting allows",
            f"the scatter is far below counting noise (reduced chi2 {best.chi2_reduced:.2f}): the numbers may be rates or "
            "smoothed, and errors are then too large",
        ),
        Check.that(
            "model",
            worst <= 2 * own + 0.005,
            f"background and shape move the fractions by {100 * worst:.1f} %",
            f"background and shape move the fractions by {100 * worst:.1f} %, more than counting ({100 * own:.1f} %)",
        ),
        Check.that(
            "charge",
            charge is not None or reference is not None,
            "energies are referred to a reference",
            "positions are as read: no charge_shift_eV and no reference is given",
        ),
        Check.that(
            "assignment",
            not choice.other_shifts_eV,
            "no other shift of the energies explains the spectrum",
            f"a shift by {', '.join(f'{s:+.1f}' for s in choice.other_shifts_eV)} eV explains the spectrum as well: which line "
            "is which then depends on the reference",
        ),
        Check.that(
            "faint", not faint, "every component is there", f"not seen beyond two standard deviations: {', '.join(faint)}"
        ),
    ]


@components.plot
def draw(result: Result, ax: Axes) -> None:
    """Counts, background and components; binding energy falls to the right, as the field draws it."""
    from anodefree.core.figure import COLOURS, INK, SOFT

    c = {n: result.curves[n].values for n in ("binding_energy_eV", "counts", "background", "envelope", "component")}
    e, base = c["binding_energy_eV"], c["background"]
    ax.plot(e, c["counts"] / 1e3, ".", color=SOFT, markersize=2.5, label="counted")
    for i, name in enumerate(result.curves["component_name"].values):
        part = next(
            (x for n, x in result.estimates.items() if n.startswith("fraction_") and x.label.endswith(f" {name}")), None
        )
        colour = COLOURS[i % len(COLOURS)]
        ax.fill_between(e, base / 1e3, (base + c["component"][i]) / 1e3, color=colour, alpha=0.3, lw=0)
        ax.plot(e, (base + c["component"][i]) / 1e3, color=colour, lw=0.9, label=f"{name} {part}" if part else str(name))
    ax.plot(e, base / 1e3, "--", color=SOFT, lw=0.9, label="background")
    ax.plot(e, c["envelope"] / 1e3, color=INK, lw=0.9, label="sum")
    ax.set_xlim(float(e.max()), float(e.min()))
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.35 * (high - low))
    ax.set(xlabel="binding energy / eV", ylabel="counts / 1000")
    ax.locator_params(axis="x", nbins=6)
    ax.legend(ncols=2, loc="upper center", fontsize=6, handlelength=1.4, columnspacing=1.0)


@components.demo
def demo(rng: np.random.Generator) -> Demo:
    """F 1s of an interphase, charged by about an electronvolt, the reference known to 0.1 eV; any background and shape."""
    part, charge = float(rng.uniform(0.15, 0.9)), float(rng.normal(0.0, 0.7))
    measured = Uncertain(charge + float(rng.normal(0, 0.1)), 0.1)
    place = np.array([685.0 + rng.normal(0, 0.25), 688.6 + rng.normal(0, 0.3)])
    background = BACKGROUNDS[int(rng.integers(3))]
    width = 1.6 * np.exp(rng.normal(0, 0.1) + rng.normal(0, 0.15, 2))
    lines = Lines(place + charge, width, float(rng.uniform(0.15, 0.4)), shape=SHAPES[int(rng.integers(2))])
    energy = np.arange(680.0, 694.01, 0.1)
    strength = {"shirley": 0.03, "tougaard_u3": 1.2, "linear": 0.0}[background] * float(rng.uniform(0.5, 1.5))
    mean = expected_counts(
        energy, lines, 1.2e4 * np.array([part, 1 - part]), background, strength, 2000.0, rng.uniform(-0.1, 0.1)
    )
    spectrum = Measurement.of(
        PHOTOEMISSION,
        {"binding_energy_eV": energy, "counts": rng.poisson(mean)[None].astype(float)},
        {"region": "F 1s", "photon_energy_eV": 1486.6},
        name="virtual interphase",
    )
    truth = {"fraction_LiF": part, "fraction_C-F": 1 - part, "position_LiF": float(place[0]), "position_C-F": float(place[1])}
    return Demo((spectrum,), truth, {"charge_shift_eV": measured})
