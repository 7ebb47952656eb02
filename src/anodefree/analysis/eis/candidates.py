"""Circuits that a spectrum may come from: arcs, a tail, a cable's inductance; and the search among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.optimize import nnls

from anodefree.analysis.eis.circuit_fit import CircuitFit

TAILS: Final = ("", "W", "Q", "C", "Wo", "Ws")
MOST_ARCS: Final = 5
_SHARP: Final = 0.98


@dataclass(frozen=True)
class Candidate:
    """R0 and arcs in series from fast to slow, each p(R,Q) or p(R,C), then a tail; perhaps an inductance before it."""

    arcs: tuple[str, ...]
    tail: str
    inductance: bool

    @property
    def text(self) -> str:
        """The circuit as it is written."""
        parts = ["L0"] if self.inductance else []
        parts += ["R0", *(f"p(R{i},{kind}{i})" for i, kind in enumerate(self.arcs, 1))]
        return "-".join(parts + ([f"{self.tail}{len(self.arcs) + 1}"] if self.tail else []))

    def neighbours(self, found: CircuitFit) -> Iterator[Candidate]:
        """What differs from this one, of which `found` is the fit, by one step."""
        yield from (replace(self, tail=t) for t in TAILS if t != self.tail)
        yield replace(self, inductance=not self.inductance)
        if len(self.arcs) < MOST_ARCS:
            yield replace(self, arcs=(*self.arcs, "Q"))
            yield replace(self, arcs=(*self.arcs, "Q"), tail="")
        if self.arcs:
            yield replace(self, arcs=self.arcs[1:])
            yield replace(self, arcs=self.arcs[:-1])
            if not self.tail:  # a slow arc whose end is out of sight is a tail
                yield from (replace(self, arcs=self.arcs[:-1], tail=t) for t in TAILS if t)
        for i, kind in enumerate(self.arcs):
            if kind == "Q" and found.values[f"n{i + 1}"] > _SHARP:
                yield replace(self, arcs=(*self.arcs[:i], "C", *self.arcs[i + 1 :]))


def first_candidates(omega_rad_s: np.ndarray, z_ohm: np.ndarray) -> list[Candidate]:
    """Every tail with the number of arcs that the relaxation times show, with an inductance where the spectrum shows one."""
    fastest = np.argsort(-omega_rad_s)[:3]
    inductive = bool((z_ohm.imag[fastest] > 0).all())
    arcs = ("Q",) * resolved_arcs(omega_rad_s, z_ohm)
    return [Candidate(arcs, tail, inductive) for tail in TAILS]


def resolved_arcs(omega_rad_s: np.ndarray, z_ohm: np.ndarray, phi: float = 0.85) -> int:
    """How many separate relaxation times a non-negative sum of depressed arcs puts inside the measured range.

    Z = R0 + j w L + 1/(j w C) + s/sqrt(j w) + sum over a grid of tau of R_k / (1 + (j w tau_k)^phi), nothing negative, weighted
    by 1/|Z|. It is only where the search begins: the evidence decides.
    """
    w, s = omega_rad_s, 1j * omega_rad_s
    slow, fast = 1 / w.min(), 1 / w.max()
    tau = np.geomspace(fast, slow * 30, max(20, round(6 * np.log10(slow * 30 / fast))))
    columns = [np.ones_like(s), s / w.max(), w.min() / s, np.sqrt(w.min() / s), *(1 / (1 + (s[:, None] * tau) ** phi)).T]
    matrix = np.stack(columns, axis=1) / np.abs(z_ohm)[:, None]
    target = z_ohm / np.abs(z_ohm)
    sizes = nnls(np.concatenate([matrix.real, matrix.imag]), np.concatenate([target.real, target.imag]), maxiter=2000)[0][4:]
    seen = (sizes > 0.01 * sizes.sum()) & (tau < slow)
    before, earlier = np.concatenate([[False], seen[:-1]]), np.concatenate([[False, False], seen[:-2]])
    begins = seen & ~before & ~earlier
    return int(min(begins.sum(), MOST_ARCS))


def ranked(
    first: list[Candidate], fitted: Callable[[Candidate], CircuitFit | None], most: int, told: Callable[[int], None]
) -> list[tuple[Candidate, CircuitFit]]:
    """Candidates and their fits by BIC, from `first` on to the best one's neighbours until none of them is better."""
    fits: dict[Candidate, CircuitFit] = {}
    tried: set[Candidate] = set()
    todo = list(first)
    while todo and len(tried) < most:
        for candidate in todo[: most - len(tried)]:
            tried.add(candidate)
            found = fitted(candidate)
            if found is not None:
                fits[candidate] = found
            told(len(tried))
        if not fits:
            break
        best = min(fits, key=lambda c: fits[c].bic)
        todo = [c for c in dict.fromkeys(best.neighbours(fits[best])) if c not in tried]
    return sorted(fits.items(), key=lambda item: item[1].bic)


def evidence(bic: np.ndarray) -> np.ndarray:
    """The weight of each candidate among all, exp(-BIC/2) normalised."""
    relative = np.exp(-0.5 * (bic - bic.min()))
    weight: np.ndarray = relative / relative.sum()
    return weight
