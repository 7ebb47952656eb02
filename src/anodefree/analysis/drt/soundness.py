"""What can be doubted about a distribution of relaxation times, as checks."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from anodefree.analysis.drt.distribution import Distribution
from anodefree.analysis.drt.evidence import ENOUGH
from anodefree.core.result import Check


def soundness(d: Distribution, others: int = 0) -> list[Check]:
    """The checks of one distribution; `others` is the number of spectra of the measurement that were left out."""
    f, z = d.frequency_Hz, d.z_ohm
    checks = [_residuals(d), _density(f), *_range(d), _sign(z), *_strength(d)]
    if others:
        checks.append(Check("spectra", "warn", f"{others} more spectra were left out: choose with 'which', or use drt.map"))
    return checks


def _residuals(d: Distribution) -> Check:
    limit = float(-ndtri(0.00135))
    least = 2 - 2 * limit / np.sqrt(2 * len(d.z_ohm))
    return Check.that(
        "residuals",
        d.durbin_watson >= least,
        f"the residuals are white along the frequency, {100 * np.sqrt(np.mean(np.abs(d.residual) ** 2) / 2):.2g} % of |Z|",
        f"the residuals wander with frequency (Durbin-Watson {d.durbin_watson:.2f}, 2 is white): no distribution describes the "
        "spectrum; did the cell drift, does it need a capacitance, is the inductance more than a wire's?",
    )


def _density(f: np.ndarray) -> Check:
    density = len(np.unique(f)) / np.log10(f.max() / f.min())
    return Check.that(
        "density",
        density >= 5,
        f"{density:.0f} points per decade",
        f"only {density:.1f} points per decade: neighbouring peaks cannot be told apart, measure 10",
    )


def _range(d: Distribution) -> list[Check]:
    first, last = -np.log(2 * np.pi * d.frequency_Hz.max()), -np.log(2 * np.pi * d.frequency_Hz.min())
    tops = d.log_tau[d.where.top]
    near = [k + 1 for k, x in enumerate(tops) if x < first + 0.5 or x > last - 0.5]
    step = d.log_tau[1] - d.log_tau[0]
    inside = (d.log_tau >= first) & (d.log_tau <= last)
    outside = 1 - float(d.gamma_ohm[inside].sum() * step) / max(float(d.gamma_ohm.sum() * step), 1e-300)
    return [
        Check.that(
            "range",
            not near,
            "all peaks lie within the frequencies",
            f"peak {', '.join(map(str, near))} lies at the edge of the frequencies: its resistance is a guess, measure wider",
        ),
        Check.that(
            "outside",
            outside < 0.1,
            f"{100 * outside:.1f} % of the resistance lies outside the frequencies",
            f"{100 * outside:.0f} % of the resistance lies outside the frequencies: R_inf and R_pol are extrapolated",
        ),
    ]


def _sign(z: np.ndarray) -> Check:
    positive = float(np.mean(z.imag > 0))
    return Check.that(
        "sign",
        positive < 0.5,
        "the spectrum is capacitive",
        f"Z'' is positive at {100 * positive:.0f} % of the points: does the file give -Z''? A distribution of relaxation times "
        "describes only capacitive arcs",
    )


def _strength(d: Distribution) -> list[Check]:
    if d.solution is not None:
        return [
            Check.that(
                "strength",
                not d.solution.chosen.at_edge,
                f"lambda = {d.solution.chosen.value:.2g} by its criterion",
                "the criterion has no minimum within the strengths tried: choose another criterion",
            )
        ]
    return [
        Check.that(
            "peaks",
            d.alone >= ENOUGH,
            f"a sum of peaks describes the spectrum (probability {d.alone:.2f})",
            f"no sum of peaks describes the spectrum (probability {d.alone:.2f}): gamma bends away from it",
        )
    ]
