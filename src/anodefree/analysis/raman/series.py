"""A series of Raman spectra in time, potential or place: position, width, area and coordination, spectrum by spectrum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from anodefree.analysis.raman import options as o
from anodefree.analysis.raman.background import backgrounds, counting_noise, prepared
from anodefree.analysis.raman.decompose import decompose
from anodefree.analysis.raman.follow import followed
from anodefree.analysis.raman.speciation_result import axis_std, spectrum_of
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.spectrum import SPECTRUM
from anodefree.physics.anion_bands import ANIONS
from anodefree.physics.line_shapes import lorentz, pseudo_voigt
from anodefree.registry import Demo, Many, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_AXES = ("time_s", "potential_V", "z_m", "x_m", "y_m")
_FEWEST = 2


@stage("raman.series", version=1, cites=("chen2026", "henderson2022", "seo2014", "baek2015"))
def series(
    spectra: Annotated[Measurement, SPECTRUM, Many()],
    *,
    anion: Annotated[Literal["TFSI", "FSI"], Par("the anion whose band is followed")] = "TFSI",
    shift_std_per_cm: o.AxisStd = None,
    interfering_per_cm: Annotated[
        tuple[float, ...],
        Par("bands of other species inside the window", source="section 2.1: free DOL at about 730 1/cm", assumed=True),
    ] = (730.0,),
    interfering_width_per_cm: Annotated[
        float, Par("width of those bands", gt=0, le=100, source="usual for ethers", assumed=True)
    ] = 12.0,
    solvent_per_cm: Annotated[
        float,
        Par("a solvent's band whose height is followed too", gt=0, source="sections 2.6, Fig. S36d: 941 1/cm", assumed=True),
    ] = 941.0,
    rng: np.random.Generator,
) -> Result:
    """Position, width, area and coordination of an anion's band in every spectrum of a series.

    The shapes (places, widths, Lorentzian share) are those of the mean spectrum, as `raman.speciation` draws them; for each
    draw the areas of every spectrum are refitted without negative ones, beside its own arPLS background, line and interfering
    bands. So the calibration's error is common to the series, and differences are known better than values.
    Estimates: `free`, `coordinated`, `position` of the series' mean; `coordinated_change`, `position_change`,
    `area_change` (relative), last minus first third of the series. Curves over `spectrum`: free, coordinated, position,
    width, area with `_std`, time_s or what else orders the series, height of the solvent's band over the first; and the
    window as a map.
    *Valid when* the species' places and widths stay while their shares change. *Source* as `raman.speciation`. The paper reads
    the ridge of the map by eye (Fig. 2i, 2j, S36).
    Raises DataError (fewer than two spectra, the window is not in them, or holds no band).
    """
    salt = ANIONS[anion]
    count = int(spectra.data.sizes["spectrum"])
    if count < _FEWEST:
        raise DataError(
            "holds one spectrum", spectra.source.name, "raman.speciation analyses it; give several files for a series"
        )
    x, y = spectrum_of(spectra, salt.window_per_cm)
    std, calibration = axis_std(spectra, shift_std_per_cm)
    window, _ = prepared(x, y, salt.window_per_cm, interfering_per_cm, interfering_width_per_cm, counting_noise(y))
    found = decompose(window, salt, std, rng)
    at = np.searchsorted(x, found.spectrum.x_per_cm)
    rows = spectra["intensity"].astype(float)
    flat = np.array([row - backgrounds(x, row).mean(axis=0) for row in rows])[:, at]
    follow = followed(found, flat, rng)
    each = {
        "free": (follow.free, "1"),
        "coordinated": (1 - follow.free, "1"),
        "position_per_cm": (follow.position_per_cm, "1/cm"),
        "width_per_cm": (follow.width_per_cm, "1/cm"),
        "area": (follow.area, "1"),
    }
    curves: dict[str, tuple[object, object]] = {}
    for name, (draws, _) in each.items():
        curves[name], curves[f"{name}_std"] = ("spectrum", draws.mean(axis=0)), ("spectrum", draws.std(axis=0))
    order = next((n for n in _AXES if n in spectra), None)
    curves[order or "number"] = "spectrum", spectra[order] if order else np.arange(1.0, count + 1)
    curves |= {"shift_per_cm": ("shift", x[at]), "map": (("spectrum", "shift"), flat)}
    solvent = _height(x, rows, solvent_per_cm)
    if solvent is not None:
        curves["solvent_height"] = "spectrum", solvent / solvent[0] if solvent[0] else solvent
    third = max(count // 3, 1)
    moved = (follow.position_per_cm[:, -third:].mean(axis=1) - follow.position_per_cm[:, :third].mean(axis=1), "1/cm")
    turned = (follow.free[:, :third].mean(axis=1) - follow.free[:, -third:].mean(axis=1), "1")
    grown = (follow.area[:, -third:].mean(axis=1) / follow.area[:, :third].mean(axis=1) - 1, "1")
    estimates = {
        "free": _estimate(follow.free.mean(axis=1), "1", "free or weakly bound anions, mean of the series", "%"),
        "coordinated": _estimate(1 - follow.free.mean(axis=1), "1", "anions in contact with lithium, mean of the series", "%"),
        "position": _estimate(follow.position_per_cm.mean(axis=1), "1/cm", "highest point of the band, mean of the series"),
        "coordinated_change": _estimate(*turned, "share of coordinated anions, last minus first third", "%"),
        "position_change": _estimate(*moved, "highest point of the band, last minus first third"),
        "area_change": _estimate(*grown, "area of the band, last over first third less one", "%"),
    }
    weak = int(np.sum(follow.area.mean(axis=0) < 3 * follow.area.std(axis=0)))
    return Result.of(
        estimates,
        curves,
        [
            calibration,
            Check.that(
                "signal",
                weak == 0,
                "the band stands out in every spectrum",
                f"in {weak} of {count} spectra the band is lost in noise",
            ),
            Check(
                "meaning of free",
                "pass",
                "'free' holds weakly bound anions as well: a CIP through one oxygen (C2) lies in its band",
            ),
        ],
    )


def _estimate(draws: np.ndarray, unit: str, label: str, display: str | None = None) -> Estimate:
    low, high = np.percentile(draws, [2.5, 97.5])
    return Estimate(float(draws.mean()), float(draws.std()), unit, label, display, float(low), float(high))


def _height(x: np.ndarray, rows: np.ndarray, centre_per_cm: float) -> np.ndarray | None:
    """Mean height (spectrum,) of a band above the line between its feet; None where it is not in the spectra."""
    near, feet = np.abs(x - centre_per_cm) <= 5, (np.abs(x - centre_per_cm) > 20) & (np.abs(x - centre_per_cm) <= 28)
    left, right = feet & (x < centre_per_cm), feet & (x > centre_per_cm)
    if not (near.any() and left.any() and right.any()):
        return None
    return np.asarray(rows[:, near].mean(axis=1) - 0.5 * (rows[:, left].mean(axis=1) + rows[:, right].mean(axis=1)))


@series.plot
def draw(result: Result, ax: Axes) -> None:
    """The window as a map, spectrum by spectrum, and the highest point of the band in each."""
    from anodefree.core.figure import INK

    c = result.curves
    name, label, factor = next(
        (n, text, f)
        for n, text, f in (
            ("time_s", "time / min", 1 / 60),
            ("potential_V", "potential / V", 1.0),
            ("z_m", "depth / µm", 1e6),
            ("x_m", "place / µm", 1e6),
            ("y_m", "place / µm", 1e6),
            ("number", "spectrum", 1.0),
        )
        if n in c
    )
    at, x = c[name].values * factor, c["shift_per_cm"].values
    order = np.argsort(at, kind="stable")
    step = (at[order][-1] - at[order][0]) / max(len(at) - 1, 1) or 1.0
    picture = ax.imshow(
        c["map"].values[order].T,
        aspect="auto",
        origin="lower",
        cmap="cividis",
        extent=(at[order][0] - step / 2, at[order][-1] + step / 2, x[0], x[-1]),
    )
    ridge = c["position_per_cm"].values[order]
    ax.plot(at[order], ridge, "-", color=INK, lw=2.2, alpha=0.6)
    ax.plot(at[order], ridge, "-", color="white", lw=1.0, label="highest point")
    ax.set(xlabel=label, ylabel="Raman shift / cm$^{-1}$", ylim=(max(x[0], 722), min(x[-1], 768)))
    bar = ax.figure.colorbar(picture, ax=ax, pad=0.02)
    bar.set_label("intensity / counts")


@series.demo
def demo(rng: np.random.Generator) -> Demo:
    """Eight spectra in which free anions become coordinated ones, on one axis that is off."""
    salt = ANIONS["TFSI"]
    x = np.arange(640.0, 860.0, 1.4)
    centre = np.array([rng.uniform(*s.published_per_cm) for s in salt.species]) + rng.standard_normal()
    width = salt.width_per_cm * np.exp(0.2 * rng.standard_normal() + 0.05 * rng.standard_normal((3, 1)))
    share = float(rng.uniform(0, 1))
    begin, end = rng.uniform(0.5, 0.8), rng.uniform(0.2, 0.5)
    free = np.linspace(begin, end, 8)
    part = float(rng.uniform(0.2, 0.8))
    table = np.column_stack([free, (1 - free) * part, (1 - free) * (1 - part)])
    y = table @ pseudo_voigt(x - centre[:, None], width, share)
    y = 2000 * y / y.max() + 1500 * np.exp(-(x - 640) / 500) + 300 * lorentz(x - centre[0] + 9.5, 12.0)
    y += 15 * rng.standard_normal(y.shape)
    meta = {"technique": "raman", "quantity": "counts", "calibrated": True, "shift_error_per_cm": 1.0}
    measured = Measurement.of(
        SPECTRUM, {"shift_per_cm": x, "intensity": y, "time_s": 120.0 * np.arange(8)}, meta, name="in situ"
    )
    change = float(free[:2].mean() - free[-2:].mean())
    return Demo((measured,), {"free": float(free.mean()), "coordinated": float(1 - free.mean()), "coordinated_change": change})
