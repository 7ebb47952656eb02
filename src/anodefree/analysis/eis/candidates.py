"""Circuits that a spectrum may come from: arcs, a tail, a cable's inductance; and the search among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

import numpy as np
from scipy.optimize import nnls

from anodefree.analysis.eis.circuit_fit import CircuitFit
from anodefree.analysis.eis.fit_many import each

TAILS: Final = ("", "W", "Q", "C", "Wo", "Ws")
MOST_ARCS: Final = 5
_SHARP: Final = 0.98


@dataclass(frozen=True)
class Candidate:
    """Arcs in series from fast to slow, each p(R,Q) or p(R,C), then a tail; before them R0 as a rule, and perhaps an L0."""

    arcs: tuple[str, ...]
    tail: str
    inductance: bool
    ohmic: bool = True

    @property
    def text(self) -> str:
        """The circuit as it is written."""
        parts = ["L0"] * self.inductance + ["R0"] * self.ohmic
        parts += [f"p(R{i},{kind}{i})" for i, kind in enumerate(self.arcs, 1)]
        return "-".join(parts + ([f"{self.tail}{len(self.arcs) + 1}"] if self.tail else []))

    def neighbours(self) -> Iterator[Candidate]:
        """What differs from this one by one step."""
        yield from (replace(self, tail=t) for t in TAILS if t != self.tail)
        yield replace(self, inductance=not self.inductance)
        if self.arcs or self.tail:
            yield replace(self, ohmic=not self.ohmic)
        if len(self.arcs) < MOST_ARCS:
            yield replace(self, arcs=(*self.arcs, "Q"))
            yield replace(self, arcs=(*self.arcs, "Q"), tail="")
        for i, kind in enumerate(self.arcs):
            others = self.arcs[:i] + self.arcs[i + 1 :]
            yield from (replace(self, arcs=others, tail=t) for t in TAILS)  # a slow arc without an end is a tail
            if kind == "C":
                yield self._with(i, "Q")

    def sharpened(self, found: CircuitFit) -> Iterator[Candidate]:
        """The same with an arc that `found` to be nearly that of a capacitor as one."""
        yield from (self._with(i, "C") for i, k in enumerate(self.arcs) if k == "Q" and found.values[f"n{i + 1}"] > _SHARP)

    def _with(self, at: int, kind: str) -> Candidate:
        return replace(self, arcs=(*self.arcs[:at], kind, *self.arcs[at + 1 :]))


def first_candidates(omega_rad_s: np.ndarray, z_ohm: np.ndarray) -> list[Candidate]:
    """Every tail with as many arcs as the relaxation times show, or up to two fewer; an inductance where it shows."""
    fastest = np.argsort(-omega_rad_s)[:3]
    inductive = bool((z_ohm.imag[fastest] > 0).all())
    most = resolved_arcs(omega_rad_s, z_ohm)
    return [Candidate(("Q",) * n, tail, inductive) for n in range(max(most - 2, 0), most + 1) for tail in TAILS]


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


def determined(found: CircuitFit) -> bool:
    """Whether every parameter is known better than its own size, and none is at a bound: else it is a smaller circuit."""
    names = [n for n, is_free in zip(found.circuit.names, found.free, strict=True) if is_free]
    return not found.fit.at_bound.any() and all(found.relative_std(n) < 1 for n in names)


def order(found: CircuitFit) -> tuple[bool, float]:
    """What candidates are sorted by: determined ones before the others, then BIC."""
    return not determined(found), found.bic


def ranked(
    first: list[Candidate], fitted: Callable[[Candidate], CircuitFit | None], most: int, told: Callable[[int], None]
) -> list[CircuitFit]:
    """The candidates' fits, best first, from `first` on to the best one's neighbours until none of them is better."""
    fits: dict[Candidate, CircuitFit] = {}
    tried: set[Candidate] = set()
    number, todo = count(1), list(first)
    while todo and len(tried) < most:
        now = todo[: most - len(tried)]
        found = each(fitted, now, lambda _: told(next(number)))
        tried.update(now)
        fits |= {c: f for c, f in zip(now, found, strict=True) if f is not None}
        if not fits:
            break
        best = min(fits, key=lambda c: order(fits[c]))
        promising = [c for c, f in fits.items() if f.bic <= fits[best].bic]
        near = dict.fromkeys([*best.neighbours(), *(s for c in promising for s in c.sharpened(fits[c]))])
        todo = [c for c in near if c not in tried and c.text]
        fewest = min(len(c.arcs) for c in tried)
        if not todo and not determined(fits[best]) and fewest:  # all too rich so far: from fewer arcs on
            todo = [replace(best, arcs=("Q",) * (fewest - 1), tail=t, ohmic=o) for t in TAILS for o in (True, False)]
            todo = [c for c in todo if c.text]
    return sorted(fits.values(), key=order)


def settled(fits: list[CircuitFit], again: Callable[[CircuitFit], CircuitFit]) -> list[CircuitFit]:
    """The same ranking after the best was fitted `again`, more closely, and still is the best."""
    fits, done = list(fits), set()
    while fits and (text := fits[0].circuit.text) not in done:
        done.add(text)
        fits[0] = again(fits[0])
        fits.sort(key=order)
    return fits


def evidence(bic: np.ndarray, eligible: np.ndarray) -> np.ndarray:
    """The weight of each candidate among the eligible (all, where none is), exp(-BIC/2) normalised."""
    counted = eligible if eligible.any() else np.ones_like(eligible)
    relative = np.where(counted, np.exp(-0.5 * np.maximum(bic - bic[counted].min(), 0.0)), 0.0)
    weight: np.ndarray = relative / relative.sum()
    return weight
