"""What a circuit fit thinks of itself: each check speaks for all spectra and names the ones that fail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.special import ndtri

from anodefree.analysis.eis.circuit_fit import CircuitFit
from anodefree.core.result import Check

_TIED: Final = 0.99


def _named(which: list[str], most: int = 4) -> str:
    return ", ".join(which[:most]) + (f" and {len(which) - most} more" if len(which) > most else "")


def tied_pairs(found: CircuitFit) -> list[str]:
    """Pairs of parameters whose correlation exceeds 0.99."""
    names, matrix = found.circuit.names, np.abs(found.correlation)
    return [f"{names[i]} with {names[j]}" for i in range(len(names)) for j in range(i) if matrix[i, j] > _TIED]


def soundness(fits: Sequence[CircuitFit], noise: float | None = None) -> list[Check]:
    """Checks of fits of one circuit; the data's own (`validity`) stand before them."""
    circuit, many = fits[0].circuit, len(fits) > 1
    tag = [f" of spectrum {i}" if many else "" for i in range(len(fits))]
    unfinished = [f"spectrum {i}" for i, f in enumerate(fits) if not f.fit.converged]
    lonely = [f"spectrum {i}" for i, f in enumerate(fits) if f.fit.agreeing < 0.2]
    limit = float(-ndtri(0.00135 / len(fits)))
    colour = [f.durbin_watson for f in fits]
    coloured = [f"spectrum {i}" for i, f in enumerate(fits) if colour[i] < 2 - 2 * limit / np.sqrt(2 * len(f.z_ohm))]
    free = [p.name for p, is_free in zip(circuit.parameters, fits[0].free, strict=True) if is_free]
    vague = [f"{n}{tag[i]}" for i, f in enumerate(fits) for n in free if not f.relative_std(n) < 1]
    bound = [f"{n}{tag[i]}" for i, f in enumerate(fits) for n, b in zip(circuit.names, f.fit.at_bound, strict=True) if b]
    density = min(
        len(np.unique(f.frequency_Hz)) / max(np.log10(np.ptp(f.frequency_Hz) / f.frequency_Hz.min() + 1), 0.3) for f in fits
    )
    negative = [f"spectrum {i}" for i, f in enumerate(fits) if np.mean(f.z_ohm.imag > 0) > 0.7]
    tail = [f"spectrum {i}" for i, f in enumerate(fits) if len(f.z_ohm) > 2 and (f.z_ohm.imag[:3] > 0).all()]
    has_inductor = any(e.symbol == "L" for e in circuit.elements)
    checks = [
        Check.that("converged", not unfinished, "the fit converged", f"not converged: {_named(unfinished)}", otherwise="fail"),
        Check.that(
            "minimum",
            not lonely,
            f"{min(f.fit.agreeing for f in fits):.0%} of the starts end in the same minimum",
            f"few of the starts end in the minimum found ({_named(lonely)}): the circuit may hold more than the data show",
        ),
        Check.that(
            "residuals",
            not coloured,
            "the residuals are white along the frequency",
            f"the residuals wander with frequency ({_named(coloured)}; Durbin-Watson down to {min(colour):.2f}, 2 is white): "
            "the circuit misses something or the cell drifted, and the standard deviations are too small",
        ),
        Check.that(
            "identifiable",
            not vague,
            "every parameter is known better than its own size",
            f"not determined by the data: {_named(vague)}; simplify the circuit or widen the frequencies",
        ),
        Check.that(
            "bounds", not bound, "no parameter is at a bound", f"at its bound: {_named(bound)} (n = 1 is a capacitor: C)"
        ),
        Check.that(
            "points",
            density >= 4.5,
            f"{density:.0f} points per decade",
            f"only {density:.1f} points per decade, 5 or more are usual",
        ),
        Check.that(
            "sign",
            not negative,
            "Z'' is negative where a cell is capacitive",
            f"Z'' is positive nearly everywhere ({_named(negative)}): does the file hold -Z''?",
            otherwise="fail",
        ),
        Check.that(
            "inductance",
            has_inductor or not tail or bool(negative),
            "no inductive tail is left out",
            f"Z'' is positive at the highest frequencies ({_named(tail)}): cables; put 'L0-' in front of the circuit",
        ),
    ]
    tied = [f"{pair}{tag[i]}" for i, f in enumerate(fits) for pair in tied_pairs(f)]
    checks.append(
        Check.that(
            "correlation",
            not tied,
            "no two parameters depend on each other by more than 0.99",
            f"the data know these only together (|correlation| > {_TIED:g}): {_named(tied)}; fix one, or widen the frequencies",
        )
    )
    if noise is not None:
        worst = max(f.fit.chi2_reduced for f in fits)
        checks.append(
            Check.that(
                "noise",
                worst < 2,
                "the residuals are as large as the stated noise",
                f"the residuals are {np.sqrt(worst):.1f} times the stated noise",
            )
        )
    return checks
