"""The shapes that a relaxation peak may have, and vectors of unknowns as peaks.

Kind 0 is a ZARC with exponent phi; kind 1 a Havriliak-Negami element with the flank exponents alpha and alpha beta; kind 2 a
generalised normal distribution with ln s and ln p: the unknowns of `numerics.compiled.peak_sum`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from anodefree.physics.relaxation import generalised_normal_gamma_ohm, havriliak_negami_gamma_ohm, zarc_gamma_ohm

Shape = tuple[np.ndarray, ...]
SHAPES: Final = ("ZARC", "Havriliak-Negami", "generalised normal")
SHAPE_LOW: Final = ((0.35,), (0.35, 0.2), (np.log(0.25), 0.0))
SHAPE_HIGH: Final = ((0.995,), (0.995, 0.995), (np.log(5.0), np.log(8.0)))
_LAWS: Final[dict[str, Callable[..., np.ndarray]]] = {
    "ZARC": zarc_gamma_ohm,
    "Havriliak-Negami": havriliak_negami_gamma_ohm,
    "generalised normal": generalised_normal_gamma_ohm,
}


@dataclass(frozen=True)
class Peak:
    """One process: its resistance, its relaxation time, and its shape by name."""

    shape: str
    r_ohm: float
    tau_s: float
    parameters: tuple[float, ...]
    """(phi) of a ZARC, (alpha, beta) of a Havriliak-Negami element, (s, p) of a generalised normal."""

    def gamma_ohm(self, tau_s: np.ndarray) -> np.ndarray:
        """Its distribution, per unit of ln tau."""
        return _LAWS[self.shape](tau_s, self.r_ohm, self.tau_s, *self.parameters)

    @property
    def phi(self) -> float:
        """The exponent of the ZARC that is as wide at half height."""
        if self.shape == "ZARC":
            return self.parameters[0]
        x = np.linspace(np.log(self.tau_s) - 12, np.log(self.tau_s) + 12, 1601)
        return zarc_of_width(width_of(x, self.gamma_ohm(np.exp(x))))


def peaks_of(kinds: np.ndarray, unknowns: np.ndarray, lines: int) -> tuple[Peak, ...]:
    """The peaks that a vector of unknowns stands for."""
    return tuple(
        Peak(SHAPES[kind], float(r), float(tau), tuple(map(float, shape)))
        for kind, r, tau, shape in laws_of(kinds, unknowns, lines)
    )


def laws_of(kinds: np.ndarray, unknowns: np.ndarray, lines: int) -> list[tuple[int, np.ndarray, np.ndarray, Shape]]:
    """Kind, R [ohm], tau0 [s] and shape of each peak, of vectors of unknowns (..., p); shapes are kept within their limits."""
    found: list[tuple[int, np.ndarray, np.ndarray, Shape]] = []
    at = lines
    for kind in kinds.tolist():
        size = 3 if kind == 0 else 4
        u = np.moveaxis(unknowns[..., at : at + size], -1, 0)
        a, *b = (np.clip(v, low, high) for v, low, high in zip(u[2:], SHAPE_LOW[kind], SHAPE_HIGH[kind], strict=True))
        shape: Shape = (a,)
        if kind == 1:
            shape = (a, b[0] / a)
        elif kind == 2:
            shape = (np.exp(a), np.exp(b[0]))
        found.append((kind, np.exp(u[0]), np.exp(np.clip(u[1], -60, 60)), shape))
        at += size
    return found


def gamma_of(kinds: np.ndarray, unknowns: np.ndarray, lines: int, tau_s: np.ndarray) -> np.ndarray:
    """gamma [ohm] (..., n) of vectors of unknowns (..., p)."""
    total = np.zeros((*unknowns.shape[:-1], len(tau_s)))
    for kind, r, tau, shape in laws_of(kinds, unknowns, lines):
        total += r[..., None] * shape_gamma(kind, shape, tau_s / tau[..., None])
    return total


def shape_gamma(kind: int, shape: Shape, over_tau0: np.ndarray) -> np.ndarray:
    """gamma / R (..., n) of peaks of one kind and shapes (...,), at tau / tau0."""
    return _LAWS[SHAPES[kind]](over_tau0, 1.0, 1.0, *(np.asarray(s)[..., None] for s in shape))


def width_of(x: np.ndarray, g: np.ndarray) -> float:
    """Full width at half height of the highest peak of g over x."""
    top = int(np.argmax(g))
    below = np.flatnonzero(g < 0.5 * g[top])
    left, right = below[below < top], below[below > top]
    a = x[left[-1]] if len(left) else x[0]
    b = x[right[0]] if len(right) else x[-1]
    return float(b - a)


def zarc_of_width(width: float) -> float:
    """The exponent of the ZARC of that full width at half height, in ln tau."""
    phi = np.linspace(0.3, 0.999, 700)
    widths = 2 / phi * np.arccosh(2 - np.cos((1 - phi) * np.pi))
    return float(np.interp(-width, -widths, phi))


def as_kind(kind: int, phi: float) -> np.ndarray:
    """The shape parameters of a peak of this kind that is about as wide as a ZARC of exponent phi."""
    if kind == 0:
        return np.array([phi])
    if kind == 1:
        return np.array([min(phi + 0.03, 0.98), phi])
    width = 2 / phi * np.arccosh(2 - np.cos((1 - phi) * np.pi))
    return np.array([np.log(max(width / 1.6651, 0.2)), np.log(1.8)])
