"""The peaks of a distribution of relaxation times: where they lie, what they hold, and which process's window they fall in."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

_VALLEY = 0.7
_LEAST_HEIGHT = 0.02
_LEAST_SHARE = 0.005


@dataclass(frozen=True)
class Segments:
    """The peaks of one curve: node of each top, and the nodes between which each lies (the valleys)."""

    top: np.ndarray
    low: np.ndarray
    high: np.ndarray


def segments(gamma_ohm: np.ndarray) -> Segments:
    """Peaks separated by a valley below 0.7 of the lower top; less of a dip counts as one broad peak.

    A top below 2 % of the highest, or that holds below 0.5 % of the resistance, is no peak.
    """
    g = np.concatenate([[0.0], gamma_ohm, [0.0]])
    tops = [i for i in range(1, len(g) - 1) if g[i] > g[i - 1] and g[i] >= g[i + 1] and g[i] >= _LEAST_HEIGHT * g.max()]
    while len(tops) > 1:
        valley = [g[a : b + 1].min() / min(g[a], g[b]) for a, b in itertools.pairwise(tops)]
        worst = int(np.argmax(valley))
        if valley[worst] < _VALLEY:
            break
        lower = worst if g[tops[worst]] < g[tops[worst + 1]] else worst + 1
        tops.pop(lower)
    total = g.sum()
    while True:
        cuts = [0, *(a + int(np.argmin(g[a : b + 1])) for a, b in itertools.pairwise(tops)), len(g) - 1]
        held = [g[a:b].sum() for a, b in itertools.pairwise(cuts)]
        if len(tops) <= 1 or min(held) >= _LEAST_SHARE * total:
            break
        tops.pop(int(np.argmin(held)))
    edges = np.clip(np.array(cuts) - 1, 0, len(gamma_ohm) - 1)
    return Segments(np.array(tops, dtype=int) - 1, edges[:-1], edges[1:])


def measured(log_tau: np.ndarray, gamma_ohm: np.ndarray, where: Segments) -> np.ndarray:
    """(..., peaks, 3): R [ohm], ln tau of the top and full width at half height [ln tau] of each segment of curves (..., n)."""
    step = log_tau[1] - log_tau[0]
    flat = gamma_ohm.reshape(-1, len(log_tau))
    found = np.empty((len(flat), len(where.top), 3))
    for k, (a, b) in enumerate(zip(where.low, where.high, strict=True)):
        part, x = flat[:, a : b + 1], log_tau[a : b + 1]
        found[:, k, 0] = step * (part.sum(axis=1) - 0.5 * (part[:, 0] + part[:, -1]))
        best = np.argmax(part, axis=1)
        inside = np.clip(best, 1, part.shape[1] - 2)
        rows = np.arange(len(part))
        left, mid, right = (part[rows, inside + d] for d in (-1, 0, 1))
        bend = left - 2 * mid + right
        shift = np.where((bend < 0) & (best == inside), 0.5 * (left - right) / np.where(bend < 0, bend, 1.0), 0.0)
        found[:, k, 1] = x[best] + step * np.clip(shift, -0.5, 0.5)
        found[:, k, 2] = step * np.sum(part >= 0.5 * part.max(axis=1, keepdims=True), axis=1)
    return found.reshape(*gamma_ohm.shape[:-1], len(where.top), 3)
