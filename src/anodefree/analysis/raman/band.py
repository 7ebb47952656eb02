"""One band of a vibrational spectrum: where its top is, how wide and how large it is, beside bands that overlap it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.analysis.raman import options as o
from anodefree.analysis.raman.background import counting_noise
from anodefree.analysis.raman.speciation_result import axis_std, spectrum_of
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError, NumericalError
from anodefree.kinds.spectrum import SPECTRUM, Spectrum
from anodefree.physics.line_shapes import pseudo_voigt
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
REACH: Final = 0.4
"""How far a band may lie from where it was looked for, in half windows."""
GROUNDS: Final = (1, 2)
"""Orders of the polynomial below the bands: both are fitted, for a window does not tell them apart."""
SHARES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Lorentzian shares that are tried: width, height and ground hang on them in a way that no single fit's covariance holds."""
CLEAR: Final = 5.0
ROUNDS: Final = 60
SETTLED: Final = 1e-6
"""Change of centres and widths, in widths, below which the fit stands."""


@dataclass(frozen=True)
class Fit:
    """Bands of one shape on one ground: centres and widths, areas and ground, covariance of all, and the evidence."""

    order: int
    share: float
    nonlinear: Floats
    linear: Floats
    covariance: Floats
    log_evidence: float
    columns: Floats


@stage("raman.band", version=1, cites=("chen2026",))
def band(
    spectrum: Spectrum,
    *,
    near_per_cm: Annotated[
        float, Par("about where the band is", gt=0, source="sections 2.6, Fig. S36d: a band of the solvent", assumed=True)
    ] = 941.0,
    beside_per_cm: Annotated[tuple[float, ...], Par("bands beside it in the window, which are fitted too", gt=0)] = (),
    half_window_per_cm: Annotated[
        float, Par("how far to either side is looked", gt=2, le=500, source="two widths of a usual band", assumed=True)
    ] = 30.0,
    width_per_cm: Annotated[
        float, Par("width from which the fit starts", gt=0, le=200, source="usual of liquids", assumed=True)
    ] = 12.0,
    shift_std_per_cm: o.AxisStd = None,
) -> Result:
    """Position, width, height and area of one band, beside bands that overlap it, with the error of the axis.

    I(x) = sum_j b_j u^j + sum_k A_k pV(x - c_k; w_k, m): pV of unit area, w_k its full width at half height, m one Lorentzian
    share for all, u the axis from -1 to 1; shares from 0 to 1 and grounds of order 1 and 2, averaged by their evidence
    (Bayesian information criterion). b and A are linear and solved for at each step; noise grows as the root of the counts, its
    size is what the fit leaves. The std joins the fits and their scatter, half of what the two grounds differ by, and for the
    position the axis.
    *Valid when* every band of the window is named and symmetric: a band of several species has no one width, and is highest
    where their mixture is; of anions near 740 1/cm `raman.speciation` says more. *Source* least squares. The paper reads
    positions off a map without an interval.

    Raises
    ------
    ConfigError: a band beside lies outside the window. DataError: the window is not in the spectrum, or flat.
    NumericalError: no band there.
    """
    low, high = near_per_cm - half_window_per_cm, near_per_cm + half_window_per_cm
    outside = [c for c in beside_per_cm if not low < c < high]
    if outside:
        raise ConfigError(
            f"{outside[0]:g} is not between {low:g} and {high:g} 1/cm", "beside_per_cm", "or widen half_window_per_cm"
        )
    x, y = spectrum_of(spectrum, (low, high))
    axis, calibration = axis_std(spectrum, shift_std_per_cm)
    inside = (x >= low) & (x <= high)
    x, y = x[inside], y[inside]
    centres = np.array([near_per_cm, *beside_per_cm])
    if len(x) < 3 * len(centres) + 6:
        raise NumericalError(
            f"{len(x)} points do not fix {len(centres)} bands", spectrum.source.name, "widen half_window_per_cm"
        )
    fits: list[Fit] = []
    for order in GROUNDS:
        first = None  # each shape starts from where the one before it ended
        for share in SHARES:
            fits.append(_fitted(x, y, centres, width_per_cm, half_window_per_cm, order, share, first))
            first = fits[-1].nonlinear
    weight, mean, std = _averaged(fits, len(centres))
    if not mean[3] > 0:
        raise NumericalError(f"shows no band near {near_per_cm:g} 1/cm", spectrum.source.name, "look at the figure of the file")
    estimates = {
        "position": Estimate(mean[0], float(np.hypot(std[0], axis)), "1/cm", "top of the band"),
        "width": Estimate(mean[1], std[1], "1/cm", "full width at half height"),
        "height": Estimate(mean[2], std[2], "1", "height above the ground"),
        "area": Estimate(mean[3], std[3], "1/cm", "area, in units of the intensity times 1/cm"),
        "lorentzian": Estimate(mean[4], std[4], "1", "Lorentzian share of the shape"),
    }
    best = fits[int(np.argmax(weight))]
    parts = best.columns[:, : len(centres)] * best.linear[: len(centres)]
    curves: dict[str, tuple[object, object]] = {
        "shift_per_cm": ("shift", x),
        "measured": ("shift", y),
        "fit": ("shift", best.columns @ best.linear),
        "ground": ("shift", best.columns[:, len(centres) :] @ best.linear[len(centres) :]),
        "bands": (("band", "shift"), parts.T),
        "centre_per_cm": ("band", best.nonlinear[: len(centres)]),
    }
    return Result.of(estimates, curves, [calibration, *_checks(estimates, best, centres, half_window_per_cm)])


def _averaged(fits: list[Fit], count: int) -> tuple[Floats, Floats, Floats]:
    """Weight of each fit, and mean and std of position, width, height, area and shape over all of them."""
    weight = np.exp([f.log_evidence - max(f.log_evidence for f in fits) for f in fits])
    weight = weight / weight.sum()
    numbers = np.array([_numbers(f, count) for f in fits])  # (fit, number, value and variance)
    mean = weight @ numbers[:, :, 0]
    variance = weight @ (numbers[:, :, 1] + (numbers[:, :, 0] - mean) ** 2)
    order = np.array([f.order for f in fits])
    by_ground = [weight[order == k] @ numbers[order == k, :, 0] / weight[order == k].sum() for k in GROUNDS]
    return weight, mean, np.sqrt(variance + np.var(by_ground, axis=0))


def _fitted(
    x: Floats, y: Floats, centres: Floats, width: float, half_window: float, order: int, share: float, first: Floats | None
) -> Fit:
    """Least squares by variable projection: areas and ground are solved for, centres and widths move by Levenberg's steps."""
    count = len(centres)
    u = (x - x.mean()) / (0.5 * float(np.ptp(x)))
    ground = u[:, None] ** np.arange(order + 1)
    noise = counting_noise(y)
    noise = noise / noise.mean()
    measured = y / noise
    h = 1e-3 * width * np.eye(2 * count)

    def bands(p: Floats) -> Floats:
        return np.asarray(pseudo_voigt(x - p[:count, None], p[count:, None], share).T / noise[:, None])

    def solved(p: Floats) -> tuple[Floats, Floats, Floats]:
        table = np.column_stack([bands(p), ground / noise[:, None]])
        values = np.linalg.lstsq(table, measured, rcond=None)[0]
        return table, values, measured - table @ values

    def slopes(p: Floats, areas: Floats) -> Floats:
        return np.column_stack([(bands(p + s) - bands(p - s)) @ areas for s in h]) / (2e-3 * width)

    reach, pixel = REACH * half_window, float(np.median(np.diff(x)))
    lowest = np.concatenate([centres - reach, np.full(count, min(1.5 * pixel, 0.5 * width))])
    highest = np.concatenate([centres + reach, np.full(count, 2 * half_window)])
    p = np.clip(np.concatenate([centres, np.full(count, width)]) if first is None else first, lowest, highest)
    table, values, left = solved(p)
    damping = 1e-3
    for _ in range(ROUNDS):
        by = slopes(p, values[:count])
        seen = by - table @ np.linalg.lstsq(table, by, rcond=None)[0]  # what no change of areas and ground can make up for
        downhill = seen.T @ left
        seen[:, ((p <= lowest) & (downhill < 0)) | ((p >= highest) & (downhill > 0))] = 0.0  # held at the border
        normal = seen.T @ seen
        scale = np.diag(normal) + 1e-12 * np.trace(normal) + 1e-300
        step = np.linalg.solve(normal + damping * np.diag(scale), seen.T @ left)
        tried = np.clip(p + step, lowest, highest)
        made = solved(tried)
        if made[2] @ made[2] <= left @ left:
            moved = float(np.abs(tried - p).max())
            p, (table, values, left), damping = tried, made, 0.2 * damping
            if moved < SETTLED * width:
                break
        else:
            damping *= 10
            if damping > 1e8:
                break
    jacobian = np.column_stack([slopes(p, values[:count]), table])
    rest = max(float(left @ left), 1e-24 * float(measured @ measured), 1e-300)
    covariance = np.linalg.pinv(jacobian.T @ jacobian, rcond=1e-13, hermitian=True) * rest / (len(x) - jacobian.shape[1])
    evidence = -0.5 * len(x) * float(np.log(rest)) - 0.5 * jacobian.shape[1] * float(np.log(len(x)))
    return Fit(order, share, p, values, covariance, evidence, table * noise[:, None])


def _numbers(fit: Fit, count: int) -> Floats:
    """Position, width, height, area, shape: each with its variance (5, 2)."""
    centre, width, area = fit.nonlinear[0], fit.nonlinear[count], fit.linear[0]
    top = float(pseudo_voigt(np.zeros(1), width, fit.share)[0])
    here = [0, count, 2 * count]
    covariance = fit.covariance[np.ix_(here, here)]
    by = np.array([0.0, -area * top / width, top])
    values = [centre, width, area * top, area, fit.share]
    variances = [covariance[0, 0], covariance[1, 1], by @ covariance @ by, covariance[2, 2], 0.0]
    return np.column_stack([values, np.maximum(variances, 0.0)])


def _checks(estimates: dict[str, Estimate], fit: Fit, centres: Floats, half_window: float) -> list[Check]:
    area, width = estimates["area"], estimates["width"]
    moved = np.abs(fit.nonlinear[: len(centres)] - centres)
    stuck = bool((moved > 0.98 * REACH * half_window).any())
    clear = area.value > CLEAR * area.std
    return [
        Check.that(
            "signal",
            clear,
            f"the area is {area.value / max(area.std, 1e-300):.3g} times its standard deviation",
            f"the area is only {area.value / max(area.std, 1e-300):.2g} times its standard deviation: the band is "
            "hardly there, or cannot be told from its neighbours",
        ),
        Check.that(
            "bounds",
            not stuck and width.value < 1.2 * half_window,
            "every band lies inside the reach of its place",
            "a band ran to the edge of its reach, or is as wide as the window: it is elsewhere, or another one is near",
        ),
    ]


@band.plot
def draw(result: Result, ax: Axes) -> None:
    """The window with the fit, its bands and the ground."""
    from anodefree.core.figure import COLOURS, INK

    c = result.curves
    x, ground = c["shift_per_cm"].values, c["ground"].values
    ax.plot(x, c["measured"].values, ".", ms=3, color=INK, label="measured")
    ax.plot(x, c["fit"].values, color=COLOURS[0], lw=1.2, label="fit")
    for k, part in enumerate(c["bands"].values):
        name = "the band" if k == 0 else "beside it" if k == 1 else "_"
        ax.fill_between(x, ground, ground + part, color=COLOURS[1 if k == 0 else 4], alpha=0.35, lw=0, label=name)
    ax.plot(x, ground, color=COLOURS[3], lw=0.9, ls="--", label="ground")
    low, high = float(c["measured"].min()), float(c["measured"].max())
    ax.set(xlabel="Raman shift / cm$^{-1}$", ylabel="intensity / counts")
    ax.set_ylim(low - 0.08 * (high - low), high + 0.75 * (high - low))
    position = result.estimates["position"]
    ax.set_title(f"{position.value:.1f} ± {position.std:.1f} cm$^{{-1}}$", loc="left")
    ax.legend(loc="upper left", ncols=2, columnspacing=1.0, handlelength=1.2)


@band.demo
def demo(rng: np.random.Generator) -> Demo:
    """A solvent's band with a weaker one beside it on fluorescence, counted, on an axis that is off by 1 1/cm or so."""
    x = np.arange(890.0, 1000.0, 1.1)
    centre, width, share = 941 + rng.uniform(-2, 2), rng.uniform(10, 16), float(rng.uniform(0.2, 0.9))
    off = float(rng.standard_normal())
    at = x - off
    top = float(pseudo_voigt(np.zeros(1), width, share)[0])
    y = 2000 * pseudo_voigt(at - centre, width, share) / top + 500 * pseudo_voigt(at - 964, 12.0, share) / top
    y = rng.poisson(y + 1500 - 3 * (x - 941)).astype(float)
    meta = {"technique": "raman", "quantity": "counts", "calibrated": True, "shift_error_per_cm": 1.0}
    measured = Measurement.of(SPECTRUM, {"shift_per_cm": x, "intensity": y[None]}, meta, name="an ether")
    truth = {"position": float(centre), "width": float(width), "height": 2000.0}
    return Demo((measured,), truth, {"beside_per_cm": (964.0,)})
