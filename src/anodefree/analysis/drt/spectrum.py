"""The distribution of relaxation times of an impedance spectrum, with its peaks and a credible band."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from anodefree.analysis.drt.distribution import Distribution, Model, distribution, ordered, spectrum_arrays
from anodefree.analysis.drt.soundness import soundness
from anodefree.analysis.eis.validity import kramers_kronig_checks
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Estimate, Result
from anodefree.errors import ConfigError
from anodefree.kinds.impedance import IMPEDANCE, Impedance
from anodefree.numerics.tikhonov import Criterion
from anodefree.physics.relaxation import zarc_impedance_ohm
from anodefree.physics.relaxation_windows import WINDOWS_S, window_of, window_resistance_ohm
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage(
    "drt.spectrum",
    version=1,
    cites=("chen2026", "boukamp2020", "saccoccio2014", "huang2021", "mackay1992", "kennedy2001"),
)
def spectrum(
    spectra: Impedance,
    *,
    model: Annotated[
        Model,
        Par(
            "evidence: peaks and what no peak explains, by evidence; hierarchical: locally varying smoothness; tikhonov: one",
            source="lowest error on synthetic sets of known distribution, see the documentation",
            assumed=True,
        ),
    ] = "evidence",
    criterion: Annotated[
        Criterion,
        Par("how tikhonov chooses its strength", source="lowest error on synthetic sets, see the documentation", assumed=True),
    ] = "marginal",
    capacitance: Annotated[
        bool, Par("add 1/(j w C): the cell blocks at low frequency", source="a cell that passes direct current", assumed=True)
    ] = False,
    which: Annotated[int, Par("the spectrum to take, from 0", ge=0)] = 0,
    jointly: Annotated[bool, Par("take all spectra as repeats of one state of the cell: one distribution for all")] = False,
) -> Result:
    """Distribution of relaxation times of an impedance spectrum, with its peaks and a credible band.

    Z(w) = R_inf + j w L + 1/(j w C) + integral of gamma(tau) / (1 + j w tau) over ln tau, gamma >= 0 [ohm per unit of ln
    tau]; R_pol is the integral of gamma. `evidence` weighs sums of peaks (ZARC, Havriliak-Negami, generalised normal) with
    and without a smooth discrepancy; `tikhonov` minimises |W (Z - Z_model)|^2 + lambda |gamma'' - kappa^2 gamma|^2, kappa =
    1.5, by non-negative least squares, lambda by `criterion`; `hierarchical` lets the smoothness vary along tau. Weights
    are 1/|Z|. Peaks are tops with a valley below 0.7 of the lower top between them; their tau is the top's, their width the
    full one at half height in ln tau.
    Curves: gamma_ohm with its 95 % band gamma_low_ohm, gamma_high_ohm at tau_s; the measured and the computed impedance and
    the residuals over |Z|; per peak peak_tau_s, peak_R_ohm, peak_width, their standard deviations, 95 % limits and window;
    window_R_ohm, the resistance in each window of the paper's Fig. 7h.
    *Valid when* the cell is linear, stationary and passive, and the frequencies reach beyond its processes; the band of
    `tikhonov` holds the noise and not all of the smoothing: it is too narrow at sharp peaks, and its smallest peaks are not
    real.
    *Source* Saccoccio et al., Electrochim. Acta 147 (2014) 470 (regularisation); Huang et al. (2021) (hierarchical);
    Boukamp (2020) (peaks); MacKay (1992), Kennedy and O'Hagan (2001) (evidence, discrepancy). The paper used DRTtools,
    that is Tikhonov on radial functions, which `tikhonov` comes nearest to.
    Raises ConfigError: no such spectrum. DataError: too few points, less than a decade, Z = 0, no capacitive arc.
    """
    if which >= len(spectra):
        raise ConfigError(f"there are {len(spectra)} spectra, from 0", "which", f"at most {len(spectra) - 1}")
    if jointly:
        parts = [spectrum_arrays(spectra, i) for i in range(len(spectra))]
        f, z = ordered(np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]), spectra.source.name)
    else:
        f, z = spectrum_arrays(spectra, which)
    found = distribution(f, z, model=model, criterion=criterion, capacitance=capacitance)
    checks = kramers_kronig_checks(spectra, None if jointly else which)
    checks += soundness(found, others=0 if jointly else len(spectra) - 1)
    return Result.of(_estimates(found, capacitance), _curves(found), checks)


def _estimate(draws: np.ndarray, value: float, unit: str, label: str) -> Estimate:
    low, high = np.percentile(draws, [2.5, 97.5])
    return Estimate(value, float(np.std(draws)), unit, label, low=float(low), high=float(high))


def _estimates(d: Distribution, capacitance: bool) -> dict[str, Estimate]:
    step = d.log_tau[1] - d.log_tau[0]
    central = float(np.mean(d.R_pol_ohm)) if d.mixture is not None else float(d.gamma_ohm.sum() * step)
    found = {
        "R_inf": _estimate(d.lines[:, 0], float(np.mean(d.lines[:, 0])), "ohm", "resistance at high frequency"),
        "L": _estimate(d.lines[:, 1], float(np.mean(d.lines[:, 1])), "H", "inductance of the leads"),
        "R_pol": _estimate(d.R_pol_ohm, central, "ohm", "polarisation resistance"),
        "n_peaks": Estimate(float(len(d.where.top)), 0.0, "1", "peaks separated by a valley"),
    }
    if capacitance:
        found["C_inverse"] = _estimate(d.lines[:, 2], float(np.mean(d.lines[:, 2])), "1/F", "reciprocal series capacitance")
    for k in range(len(d.where.top)):
        r, x, width = d.peaks[:, k].T
        tau = float(np.exp(np.median(x)))
        found[f"tau{k + 1}"] = _estimate(np.exp(x), tau, "s", f"relaxation time {k + 1}: {window_of(tau)}")
        found[f"R{k + 1}"] = _estimate(r, float(np.median(r)), "ohm", f"resistance of peak {k + 1}")
        found[f"width{k + 1}"] = _estimate(width, float(np.median(width)), "1", f"width of peak {k + 1} in ln tau")
    return found


def _curves(d: Distribution) -> dict[str, tuple[Any, Any]]:
    low, high = np.percentile(d.draws_ohm, [2.5, 97.5], axis=0)
    low, high = np.minimum(low, d.gamma_ohm), np.maximum(high, d.gamma_ohm)
    tau = np.exp(np.median(d.peaks[:, :, 1], axis=0))
    residual = d.residual
    columns: dict[str, tuple[Any, Any]] = {
        "tau_s": ("tau", np.exp(d.log_tau)),
        "gamma_ohm": ("tau", d.gamma_ohm),
        "gamma_low_ohm": ("tau", low),
        "gamma_high_ohm": ("tau", high),
        "frequency_Hz": ("frequency", d.frequency_Hz),
        "Z_re_ohm": ("frequency", d.z_ohm.real),
        "Z_im_ohm": ("frequency", d.z_ohm.imag),
        "model_re_ohm": ("frequency", d.model_ohm.real),
        "model_im_ohm": ("frequency", d.model_ohm.imag),
        "residual_re": ("frequency", residual.real),
        "residual_im": ("frequency", residual.imag),
        "peak_window": ("peak", np.array([window_of(float(t)) for t in tau], dtype=str)),
        "window": ("window", np.array(list(WINDOWS_S), dtype=str)),
        "window_R_ohm": ("window", window_resistance_ohm(d.log_tau, d.gamma_ohm)),
        "window_R_std_ohm": ("window", window_resistance_ohm(d.log_tau, d.draws_ohm).std(axis=0)),
    }
    for name, draws in (
        ("peak_R_ohm", d.peaks[:, :, 0]),
        ("peak_tau_s", np.exp(d.peaks[:, :, 1])),
        ("peak_width", d.peaks[:, :, 2]),
    ):
        stem, _, unit = name.partition("_")[2].partition("_")
        tail = f"_{unit}" if unit else ""
        p = np.percentile(draws, [2.5, 50, 97.5], axis=0)
        columns[name] = ("peak", p[1])
        columns[f"peak_{stem}_std{tail}"] = ("peak", draws.std(axis=0))
        columns[f"peak_{stem}_low{tail}"], columns[f"peak_{stem}_high{tail}"] = ("peak", p[0]), ("peak", p[2])
    return columns


@spectrum.plot
def draw(result: Result, ax: Axes) -> None:
    """gamma against tau with its 95 % band; each peak with its number and resistance."""
    from anodefree.core.figure import COLOURS, SOFT

    data = {str(n): v.values for n, v in result.curves.data_vars.items()}
    tau, gamma = data["tau_s"], data["gamma_ohm"]
    ax.fill_between(tau, data["gamma_low_ohm"], data["gamma_high_ohm"], color=COLOURS[0], alpha=0.2, lw=0, label="95 % band")
    ax.plot(tau, gamma, color=COLOURS[0], label=r"$\gamma$")
    ax.set_xscale("log")
    for edge in 1 / (2 * np.pi * data["frequency_Hz"][[0, -1]]):
        ax.axvline(edge, ymax=0.72, color=SOFT, lw=0.6, ls=":")
    highest = float(np.interp(np.log(data["peak_tau_s"]), np.log(tau), data["gamma_high_ohm"]).max()) if len(gamma) else 1.0
    for at, r in zip(data["peak_tau_s"], data["peak_R_ohm"], strict=True):
        top = float(np.interp(np.log(at), np.log(tau), data["gamma_high_ohm"]))
        ax.annotate(f"{r:.3g} Ω", (at, top), xytext=(0, 3), textcoords="offset points", ha="center", fontsize=7)
    ax.set_ylim(0, 1.35 * max(highest, float(gamma.max()), 1e-300))
    ax.set_xlabel("τ / s")
    ax.set_ylabel(r"γ(ln τ) / Ω")
    ax.legend(loc="upper right", ncols=2)


@spectrum.demo
def demo(rng: np.random.Generator) -> Demo:
    """Two ZARC a decade and a half or more apart, 41 points, noise of 0.3 % of |Z|."""
    f = np.geomspace(1e5, 0.1, 41)
    w = 2 * np.pi * f
    r_inf, r1, r2 = rng.uniform(4, 12), rng.uniform(30, 60), rng.uniform(40, 80)
    t1, t2 = 10 ** rng.uniform(-4.2, -3.6), 10 ** rng.uniform(-2.1, -1.6)
    z = r_inf + 1j * w * 2e-7
    z = z + zarc_impedance_ohm(w, r1, t1, rng.uniform(0.8, 0.92)) + zarc_impedance_ohm(w, r2, t2, rng.uniform(0.8, 0.92))
    z = z + 3e-3 * np.abs(z) * (rng.standard_normal(len(f)) + 1j * rng.standard_normal(len(f)))
    arrays = {"frequency_Hz": f[None], "Z_re_ohm": z.real[None], "Z_im_ohm": z.imag[None]}
    measured = Measurement.of(IMPEDANCE, arrays, {"cell": "synthetic"}, name="demo")
    return Demo((measured,), {"R_inf": r_inf, "R_pol": r1 + r2, "tau1": t1, "tau2": t2, "R1": r1, "R2": r2})
