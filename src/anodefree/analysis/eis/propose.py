"""Which circuit a spectrum asks for: candidates from its relaxation times, ranked by evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.eis.candidates import Candidate, determined, evidence, first_candidates, order, ranked, settled
from anodefree.analysis.eis.circuit_fit import CircuitFit, Weighting
from anodefree.analysis.eis.fit_checks import soundness
from anodefree.analysis.eis.fit_many import fit_one
from anodefree.analysis.eis.fit_result import Curves, criteria, curves_of, estimates_of
from anodefree.analysis.eis.synthetic import noisy_spectrum
from anodefree.analysis.eis.validity import kramers_kronig_checks
from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError, DataError, NumericalError
from anodefree.kinds.impedance import Impedance
from anodefree.physics.circuits import Branch, indices, read_circuit
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("eis.propose", version=1, cites=("schwarz1978", "burnham2002", "boukamp1986"))
def propose(
    spectra: Impedance,
    *,
    spectrum: Annotated[int, Par("which spectrum of a series, from 0", ge=0)] = 0,
    circuits: Annotated[
        str | None, Par("circuits to compare, separated by ';'; none: arcs, tails and inductance that the spectrum suggests")
    ] = None,
    weighting: Annotated[
        Weighting, Par("errors proportional to |Z| (modulus), or equal at all frequencies (unit)")
    ] = "modulus",
    max_candidates: Annotated[int, Par("most circuits that are tried", ge=1, le=500)] = 120,
    context: Context,
) -> Result:
    """Propose an equivalent circuit for a spectrum, or compare given ones, by evidence.

    A candidate is an R0 (or none), arcs p(R,Q) or p(R,C) in series from fast to slow, a tail (none, W, Wo, Ws, Q or C), and an
    inductance L0 (or none). The search begins with as many arcs as a non-negative sum of relaxations shows, or up to
    two fewer, with every tail; it goes on from the best candidate to all that differ by one step (another tail, one arc more or
    less, an arc whose n exceeds 0.98 as a capacitor, L0, R0), until none is better. Each is fitted as in `eis.fit`, ranked by
    BIC = n ln(chi2/n) + k ln n + const, n = 2N data, k unknowns. A circuit with a parameter at a bound, or not known better
    than its own size, stands behind all others, without weight: it is a smaller one in disguise. exp(-dBIC/2), normalised, is
    the weight of evidence among the rest. Estimates: the best circuit's parameters, with a standard deviation that holds the
    spread between candidates of the same arcs, by weight; `n_arcs`, `weight`, `chi2_reduced`, `AIC`, `BIC`. Curves: those of
    `eis.fit` for the best, and the table over `candidate` (best first): candidate_circuit, candidate_bic, candidate_aic,
    candidate_weight, candidate_determined (1 or 0), candidate_chi2_reduced, candidate_unknowns, candidate_durbin_watson.
    The check `proposal` fails, and nothing is proposed, where even the best circuit leaves residuals that are not white.
    *Valid when* the cell is linear, causal and steady; evidence chooses among what was tried, and cannot tell apart
    circuits of the same impedance. *Source* Schwarz, Ann. Stat. 6 (1978) 461; weights: Burnham and Anderson (2002). The
    paper does not state its circuit, nor how it was chosen.
    Raises ConfigError (a circuit, no such spectrum), DataError (too few points), NumericalError (no finite fit).
    """

    def fitted(candidate: Candidate) -> CircuitFit | None:
        try:
            return fit_one(spectra, spectrum, read_circuit(candidate.text), thorough=False, weighting=weighting)
        except (DataError, NumericalError):  # too many parameters for the points: no candidate
            return None

    if circuits is not None:
        fits = _compared(spectra, spectrum, circuits, weighting)
    else:
        base = fit_one(spectra, spectrum, read_circuit("R0"), weighting=weighting)
        first = first_candidates(2 * np.pi * base.frequency_Hz, base.z_ohm)
        tell = partial(_tell, context, max_candidates)
        fits = settled(
            ranked(first, fitted, max_candidates, tell),
            lambda f: fit_one(spectra, spectrum, f.circuit, weighting=weighting),
        )
    if not fits:
        raise DataError("no circuit can be fitted", f"{spectra.source.name}, spectrum {spectrum}", "measure more frequencies")
    known = np.array([determined(f) for f in fits])
    weight = evidence(np.array([f.bic for f in fits]), known)
    arcs = np.array([len(_arcs(f)) for f in fits])
    estimates = _averaged(fits, weight)
    spread = float(np.sqrt(np.sum(weight * (arcs - arcs[0]) ** 2)))
    estimates["n_arcs"] = Estimate(float(arcs[0]), spread, "1", "number of arcs")
    estimates["weight"] = Estimate(float(weight[0]), 0.0, "1", "weight of evidence among the candidates")
    table = _table(fits, weight, known)
    checks = kramers_kronig_checks(spectra, spectrum) + _checks(fits, weight)
    return Result.of(estimates | criteria(fits[:1]), table | curves_of(fits[:1], spectra), checks)


def _tell(context: Context, most: int, tried: int) -> None:
    context.progress(min(tried / most, 0.99), f"{tried} circuits tried")


def _compared(spectra: Measurement, spectrum: int, circuits: str, weighting: Weighting) -> list[CircuitFit]:
    texts = [t.strip() for t in circuits.split(";") if t.strip()]
    if not texts:
        raise ConfigError("no circuit is given", "circuits", "separate them by ';': R0-p(R1,C1); R0-p(R1,Q1)-W2")
    trees = [read_circuit(t, "circuits") for t in texts]
    return sorted((fit_one(spectra, spectrum, t, weighting=weighting) for t in trees), key=order)


def _arcs(found: CircuitFit) -> tuple[str, ...]:
    """The elements that make up arcs: each parallel branch is one, and so is an element that is an arc by itself."""
    blocks = found.circuit.blocks()
    arcs = [b for b in blocks if (b.parallel if isinstance(b, Branch) else b.symbol in ("ZARC", "HN"))]
    return tuple("".join(found.circuit.names[i] for i in indices(arc)) for arc in arcs)


def _averaged(fits: Sequence[CircuitFit], weight: np.ndarray) -> dict[str, Estimate]:
    """The best circuit's estimates; their variance is that of all candidates with the same arcs, about the best's value."""
    best = fits[0]
    alike = [(f, w) for f, w in zip(fits, weight, strict=True) if _arcs(f) == _arcs(best) and w > 1e-6]
    wider = np.ones(len(best.circuit.names))
    for k, (name, value) in enumerate(best.values.items()):
        known = [(f, w) for f, w in alike if name in f.circuit.names]
        variance = sum(w * (f.std[name] ** 2 + (f.values[name] - value) ** 2) for f, w in known) / sum(w for _, w in known)
        if 0 < best.std[name] ** 2 < variance < np.inf:
            wider[k] = np.sqrt(variance) / best.std[name]
    covariance = best.fit.covariance * np.outer(wider, wider)
    return estimates_of(replace(best, fit=replace(best.fit, covariance=covariance)))


def _table(fits: Sequence[CircuitFit], weight: np.ndarray, known: np.ndarray) -> Curves:
    row = "candidate"
    return {
        "candidate_circuit": (row, np.array([f.circuit.text for f in fits], dtype=object)),
        "candidate_bic": (row, np.array([f.bic for f in fits])),
        "candidate_aic": (row, np.array([f.aic for f in fits])),
        "candidate_weight": (row, weight),
        "candidate_determined": (row, known.astype(float)),
        "candidate_chi2_reduced": (row, np.array([f.fit.chi2_reduced for f in fits])),
        "candidate_unknowns": (row, np.array([f.unknowns for f in fits])),
        "candidate_durbin_watson": (row, np.array([f.durbin_watson for f in fits])),
    }


def _checks(fits: Sequence[CircuitFit], weight: np.ndarray) -> list[Check]:
    best = fits[0]
    own = soundness([best])
    white = next(c for c in own if c.name == "residuals").status == "pass"
    others = [f"{f.circuit.text} ({w:.0%})" for f, w in zip(fits[1:4], weight[1:4], strict=False) if w >= 0.05]
    return [
        Check.that(
            "proposal",
            white,
            f"{best.circuit.text} leaves white residuals",
            f"no circuit is proposed: the residuals of the best of {len(fits)}, {best.circuit.text}, are not white "
            f"(Durbin-Watson {best.durbin_watson:.2f}); test it for drift (Kramers-Kronig), or name circuits yourself",
            otherwise="fail",
        ),
        Check.that(
            "evidence",
            weight[0] >= 0.9,
            f"{best.circuit.text} holds {weight[0]:.0%} of the evidence among {len(fits)} circuits",
            f"{best.circuit.text} holds only {weight[0]:.0%} of the evidence; also possible: {', '.join(others) or 'many'}",
        ),
        *(c for c in own if c.name != "residuals"),
    ]


@propose.plot
def draw(result: Result, ax: Axes) -> None:
    """How much worse than the best each of the ten best circuits is, in BIC."""
    from anodefree.core.figure import COLOURS, SOFT

    data, shown, most = result.curves, 9, 24.0
    rise = (data["candidate_bic"].values - data["candidate_bic"].values[0])[:shown]
    known = data["candidate_determined"].values[:shown] == 1
    weight, text = data["candidate_weight"].values[:shown], data["candidate_circuit"].values[:shown]
    colours = [COLOURS[0] if w >= 0.05 else SOFT for w in weight]
    ax.barh(range(len(rise)), np.clip(rise, 0, most) + 0.25, color=colours, height=0.6)
    for i, (d, w) in enumerate(zip(rise, weight, strict=True)):
        note = f"{w:.0%}" if w >= 0.005 else "" if known[i] else "not determined"
        ax.text(min(max(d, 0), most) + 0.8, i, f"{d:.0f} →" if d > most else note, va="center", fontsize=6)
    ax.set_yticks(range(len(rise)), [str(t) for t in text], fontsize=6)
    ax.set_xlim(0, 1.25 * most)
    ax.invert_yaxis()
    ax.set_xlabel("BIC above the best (%: evidence)")


@propose.demo
def demo(rng: np.random.Generator) -> Demo:
    """A cell with an interphase, a charge transfer and diffusion, 61 points from 100 kHz to 0.1 Hz, noise of 0.3 % of |Z|."""
    circuit = read_circuit("R0-p(R1,Q1)-p(R2,Q2)-W3")
    truth = {
        "R0": rng.uniform(3, 8),
        "R1": rng.uniform(20, 40),
        "Q1": rng.uniform(1e-5, 3e-5),
        "n1": rng.uniform(0.85, 0.92),
        "R2": rng.uniform(40, 80),
        "Q2": rng.uniform(1e-3, 2e-3),
        "n2": rng.uniform(0.8, 0.9),
        "W3": rng.uniform(4, 8),
    }
    noise, f = 3e-3, np.geomspace(1e5, 0.1, 61)
    spectrum = noisy_spectrum(circuit, truth, f, noise, rng)
    known = {n: truth[n] for n in ("R0", "R1")}  # in one draw of ten the noise asks for another tail or a capacitor
    return Demo((spectrum,), known)
