"""Whether spectra are those of a linear, causal system that stays what it is: the Kramers-Kronig test by measurement model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.eis.validity import faults_of, kramers_kronig_checks, points_of, usable, verdicts_on
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.impedance import IMPEDANCE, Impedance
from anodefree.numerics.consistency import TOLERANCE, Consistency
from anodefree.numerics.kramers_kronig import CountedModel, counted_model
from anodefree.physics.circuits import read_circuit
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("eis.kramers_kronig", version=1, cites=("boukamp1995", "schonleber2014", "mackay1992"))
def kramers_kronig(
    spectra: Impedance,
    *,
    elements: Annotated[
        int | None, Par("number of RC elements of the classic test, without a prior; none: by evidence", ge=2, le=300)
    ] = None,
    tolerance: Annotated[
        float,
        Par(
            "departures over |Z|, and drifts, that nobody minds, however significant",
            ge=0,
            source="accuracy of a good instrument",
            assumed=True,
        ),
    ] = TOLERANCE,
) -> Result:
    """Test whether impedance spectra keep the Kramers-Kronig relations, and say where and why they do not.

    Fits Z(w) = R + j w L + 1/(j w C) + sum_k R_k/(1 + j w tau_k) with signed R_k [ohm] on a fixed grid of tau_k [s]: linear,
    and consistent whatever the R_k are. By default the R_k have a normal prior whose width, like the noise, is that of the
    largest marginal likelihood, so `order` is an effective number of elements; with `elements` it is the classic test with that
    many, and `mu`. Both always serve the same verdict, which rests on the first: outliers, a smooth departure of Z' from what
    Z'' implies (F-test), and a polarisation that drifts during the sweep (t-test); `p_value` combines them
    (`numerics.consistency`). A violation is one below 0.01 and beyond `tolerance`. Estimates, of a series pooled:
    `chi2_reduced`, the squared relative residual per degree of freedom; `noise`, its root; `order` (median); `largest_residual`
    over |Z|; `drift`, the relative growth of Z - R during a sweep (weighted mean); `p_value` (smallest, times the number of
    spectra). Curves over (spectrum, frequency): frequency_Hz, residual_re, residual_im (over |Z|), noise_std (over |Z|),
    outlier (1 or 0); over `spectrum`: p_value, order, drift, drift_std, noise, flagged; over (spectrum, decade): decade_Hz,
    departure, departure_std. *Valid when* the errors of Z' and Z'' are independent and about equal. *Source* Boukamp, J.
    Electrochem. Soc. 142 (1995) 1885; Schönleber et al., Electrochim. Acta 131 (2014) 20; MacKay, Neural Comput. 4 (1992) 415.
    The paper does not test its spectra.
    Raises DataError (fewer than eight frequencies in a spectrum), ConfigError (more elements than the points can tell).
    """
    f, z = points_of(spectra)
    short = np.flatnonzero(~usable(f))
    if len(short):
        raise DataError("fewer than eight frequencies", f"{spectra.source.name}, spectrum {short[0]}", "measure more of them")
    verdicts = verdicts_on(spectra, np.arange(len(spectra)), tolerance)
    classic = _classic(f, z, elements)
    residual = np.concatenate([_relative(v) for v in verdicts])
    outlier = np.concatenate([v.outlier for v in verdicts])
    dof = np.concatenate([v.model.dof for v in verdicts])
    if classic:
        there = np.isfinite(f)
        dof = 2.0 * there.sum(axis=1) - (elements or 0) - 3
        for i, c in enumerate(classic):
            residual[i, there[i]] = (z[i, there[i]] - c.model_ohm) / np.abs(z[i, there[i]])
    kept = np.abs(residual if classic else np.where(outlier, np.nan, residual))
    chi2 = np.nansum(kept**2, axis=1)
    pooled = float(chi2.sum() / dof.sum())
    p = np.concatenate([v.p_value for v in verdicts])
    drift, drift_std = (np.concatenate([getattr(v, n) for v in verdicts]) for n in ("drift", "drift_std"))
    order = np.concatenate([v.model.order for v in verdicts]) if not classic else np.full(len(f), float(elements or 0))
    relative = 1 / float(np.sqrt(2 * dof.sum()))
    weight = 1 / np.maximum(drift_std, 1e-300) ** 2
    noise = float(np.sqrt(pooled))
    estimates = {
        "chi2_reduced": Estimate(pooled, 2 * pooled * relative, "1", "squared relative residual per degree of freedom"),
        "noise": Estimate(noise, noise * relative, "1", "standard deviation of Z' and of Z'' over |Z|", "%"),
        "order": Estimate(float(np.median(order)), float(np.std(order)) / np.sqrt(len(order)), "1", "number of RC elements"),
        "largest_residual": Estimate(float(np.nanmax(np.abs(residual))), noise, "1", "largest residual over |Z|", "%"),
        "drift": Estimate(
            float(np.sum(weight * drift) / weight.sum()), float(weight.sum() ** -0.5), "1", "growth of Z - R in a sweep", "%"
        ),
        "p_value": Estimate(float(min(1.0, p.min() * len(p))), 0.0, "1", "probability of it, were all consistent"),
    }
    if classic:
        mu = np.array([c.mu for c in classic])
        estimates["mu"] = Estimate(float(np.median(mu)), float(np.std(mu)), "1", "mu of the classic test")
    point, by = ("spectrum", "frequency"), "spectrum"
    curves = {
        "frequency_Hz": (point, f),
        "residual_re": (point, residual.real),
        "residual_im": (point, residual.imag),
        "noise_std": (point, np.concatenate([_noise(v) for v in verdicts])),
        "outlier": (point, outlier.astype(float)),
        "p_value": (by, p),
        "order": (by, order),
        "drift": (by, drift),
        "drift_std": (by, drift_std),
        "noise": (by, np.sqrt(chi2 / dof)),
        "flagged": (by, np.concatenate([v.violates for v in verdicts]).astype(float)),
        "decade_Hz": ((by, "decade"), _stack([v.knot_Hz for v in verdicts])),
        "departure": ((by, "decade"), _stack([_larger(v.departure) for v in verdicts])),
        "departure_std": ((by, "decade"), _stack([_larger(v.departure_std) for v in verdicts])),
    }
    return Result.of(estimates, curves, _checks(spectra, verdicts))


def _classic(f: np.ndarray, z: np.ndarray, elements: int | None) -> list[CountedModel]:
    if elements is None:
        return []
    least = int(np.isfinite(f).sum(axis=1).min())
    if elements + 3 >= 2 * least:
        raise ConfigError(f"{least} points cannot tell {elements} elements", "elements", f"use at most {2 * least - 4}")
    return [counted_model(a[np.isfinite(a)], b[np.isfinite(a)], elements) for a, b in zip(f, z, strict=True)]


def _relative(found: Consistency) -> np.ndarray:
    """(s, f) complex residual over |Z|, outliers included; NaN where no point is."""
    there = (found.model.weight > 0) | found.outlier
    z = np.where(there, found.model.z_ohm, np.nan)
    return (z - found.model.model_ohm) / np.abs(z)


def _noise(found: Consistency) -> np.ndarray:
    there = found.model.weight > 0
    size = np.where(there, found.model.weight * np.abs(found.model.z_ohm), np.nan)
    return found.model.noise[:, None] / size


def _larger(pair: np.ndarray) -> np.ndarray:
    """Of values for Z' and Z'' (..., 2) the larger one in size, NaN where neither is known."""
    finite = np.where(np.isfinite(pair), pair, np.nan)
    return np.where(np.abs(finite[..., 0]) >= np.abs(finite[..., 1]), finite[..., 0], finite[..., 1])


def _stack(rows: Sequence[np.ndarray]) -> np.ndarray:
    width = max(r.shape[1] for r in rows)
    return np.concatenate([np.pad(r, ((0, 0), (0, width - r.shape[1])), constant_values=np.nan) for r in rows])


def _checks(spectra: Measurement, verdicts: Sequence[Consistency]) -> list[Check]:
    checks = kramers_kronig_checks(spectra) if len(spectra) > 1 else [_single(verdicts[0])]
    ratio = np.concatenate([v.re_to_im for v in verdicts])
    dof = np.concatenate([v.model.dof for v in verdicts])
    odd = np.abs(np.log(np.maximum(ratio, 1e-300))) / np.sqrt(2 / dof)
    worst = int(np.argmax(odd))
    checks.append(
        Check.that(
            "parts",
            bool(odd[worst] < (3 if len(ratio) == 1 else 4)),
            "the residuals of Z' and of Z'' are of one size",
            f"the residuals of Z' are {ratio[worst]:.2g} times those of Z''"
            + (f" in spectrum {worst}" if len(ratio) > 1 else "")
            + ": the errors are not those of an instrument alone",
        )
    )
    f, z = points_of(spectra)
    lowest = np.argsort(np.where(np.isfinite(f), f, np.inf), axis=1)[:, :3]
    loops = np.flatnonzero((np.take_along_axis(z.imag, lowest, axis=1) > 0).all(axis=1))
    checks.append(
        Check.that(
            "loop",
            not len(loops),
            "no inductive loop at low frequencies",
            "Z'' is positive at the lowest frequencies"
            + (f" of {len(loops)} spectra, first {loops[0]}" if len(f) > 1 and len(loops) else "")
            + ": an adsorbed species relaxes, or the cell drifts; see the drift",
        )
    )
    return checks


def _single(found: Consistency) -> Check:
    faults = faults_of(found, 0)
    said = "; ".join(f"{x.where}: {x.remedy}" for x in faults[:3])
    good = f"Kramers-Kronig holds within a noise of {100 * found.level[0]:.2g} % of |Z| (p = {found.p_value[0]:.2g})"
    return Check.that("kramers_kronig", not faults, good, f"Kramers-Kronig is violated: {said}", otherwise="fail")


@kramers_kronig.plot
def draw(result: Result, ax: Axes) -> None:
    """Residuals of Z' and Z'' in percent of |Z| against frequency, of the spectrum most at odds, with the noise's band."""
    from anodefree.core.figure import COLOURS, SOFT

    data = {str(n): v.values for n, v in result.curves.data_vars.items()}
    i = int(np.argmin(data["p_value"]))
    f, re, im, out = (data[n][i] for n in ("frequency_Hz", "residual_re", "residual_im", "outlier"))
    order = np.argsort(f)
    order = order[np.isfinite(f[order])]
    band = 196 * data["noise_std"][i][order]
    shown = np.isfinite(band)
    ax.fill_between(f[order][shown], -band[shown], band[shown], color=SOFT, alpha=0.25, lw=0, label="95 % of the noise")
    ax.axhline(0, color=SOFT, lw=0.7)
    for values, colour, mark, label in ((re, COLOURS[0], "o", "Z′"), (im, COLOURS[1], "s", "Z″")):
        ax.plot(f[order], 100 * values[order], mark + "-", color=colour, lw=0.5, ms=2.8, label=label)
    odd = out[order] > 0
    if odd.any():
        at = np.concatenate([f[order][odd]] * 2)
        ax.plot(at, 100 * np.concatenate([re[order][odd], im[order][odd]]), "x", color=COLOURS[3], ms=6, label="outlier")
    ax.set_xscale("log")
    top = 1.45 * 100 * np.nanmax(np.abs([re[order], im[order]])) or 1.0
    ax.set_ylim(-top / 1.2, top)
    ax.set_xlabel("f / Hz")
    ax.set_ylabel("residual / % of |Z|" + (f", spectrum {i}" if len(data["p_value"]) > 1 else ""))
    ax.legend(ncols=2, loc="upper center", columnspacing=1.0, handlelength=1.4)


@kramers_kronig.demo
def demo(rng: np.random.Generator) -> Demo:
    """A cell with two arcs and finite diffusion at rest, 61 points from 100 kHz to 0.1 Hz, noise of 0.1 to 1 % of |Z|."""
    circuit = read_circuit("R0-p(R1,Q1)-p(R2,Q2)-Ws3")
    values = [rng.uniform(3, 8), rng.uniform(20, 40), 2e-5, 0.9, rng.uniform(40, 80), 1.5e-3, 0.85, rng.uniform(5, 20), 1.0]
    noise, f = 10 ** rng.uniform(-3, -2), np.geomspace(1e5, 0.1, 61)
    z = circuit.impedance(2 * np.pi * f, np.array(values))
    z = z + noise * np.abs(z) * (rng.standard_normal(61) + 1j * rng.standard_normal(61))
    arrays = {"frequency_Hz": f[None], "Z_re_ohm": z.real[None], "Z_im_ohm": z.imag[None]}
    spectrum = Measurement.of(IMPEDANCE, arrays, {"cell": "synthetic"}, name="demo")
    return Demo((spectrum,), {"noise": noise, "chi2_reduced": noise**2, "drift": 0.0})
