"""Crystals of the interphase: cells, reflections with spacing, multiplicity and strength, angles between planes, zones."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import gcd
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.errors import ConfigError, near

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ANGSTROM_M: Final = 1e-10
FORBIDDEN: Final = 1e-6
"""|F|^2 over its maximum below which a reflection is extinct."""
LEAST_SEEN: Final = 5e-5
"""|F|^2 over its maximum below which a reflection is not looked for: low, for ions are not neutral atoms."""
POINTS: Final = {
    "P": [(0, 0, 0)],
    "I": [(0, 0, 0), (0.5, 0.5, 0.5)],
    "F": [(0, 0, 0), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)],
    "C": [(0, 0, 0), (0.5, 0.5, 0)],
}
HIGHEST_ZONE: Final = 2
"""Largest index of a zone axis that is looked for: higher zones show planes too narrow to be resolved."""


@dataclass(frozen=True)
class Family:
    """Planes of one spacing: indices of one of them, spacing, how many there are, mean |F|^2 over the strongest."""

    hkl: tuple[int, int, int]
    spacing_m: float
    multiplicity: int
    strength: float

    @property
    def label(self) -> str:
        """As it is written: 111, 11-1."""
        return "".join(map(str, self.hkl))


@dataclass(frozen=True)
class Zone:
    """What one sees along an axis: indices (n, 3), places (n, 2) [1/m], |F|^2 of its reflections, and how many axes see it."""

    axis: tuple[int, int, int]
    hkl: Ints
    place_per_m: Floats
    strength: Floats
    multiplicity: int


@dataclass(frozen=True)
class Crystal:
    """A crystal: direct cell (rows a, b, c) [m], reciprocal cell (rows) [1/m], elements and fractional places of all atoms."""

    name: str
    title: str
    system: str
    direct_m: Floats
    reciprocal_per_m: Floats
    elements: tuple[str, ...]
    places: Floats
    source: str

    def wave_vector_per_m(self, hkl: Ints) -> Floats:
        """g = h a* + k b* + l c* [1/m] of planes (n, 3)."""
        return np.asarray(np.asarray(hkl, dtype=float) @ self.reciprocal_per_m)

    def spacing_m(self, hkl: Sequence[int]) -> float:
        """d = 1/|g|."""
        return float(1 / np.linalg.norm(self.wave_vector_per_m(np.array([hkl]))[0]))

    def angle_rad(self, one: Sequence[int], other: Sequence[int]) -> float:
        """Angle between two planes, 0 to pi."""
        g, h = self.wave_vector_per_m(np.array([one, other]))
        return float(np.arccos(np.clip(g @ h / np.linalg.norm(g) / np.linalg.norm(h), -1, 1)))

    def structure_factor(self, hkl: Ints) -> NDArray[np.complex128]:
        """F = sum over atoms of f(s) exp(2 pi i h.x) [angstrom]: kinematic, without thermal motion."""
        hkl = np.asarray(hkl)
        s2 = (0.5e-10 * np.linalg.norm(self.wave_vector_per_m(hkl), axis=1)) ** 2
        factor = {e: electron_scattering(e, s2) for e in set(self.elements)}
        phase = np.exp(2j * np.pi * (hkl @ self.places.T))
        return np.asarray(sum(factor[e] * phase[:, i] for i, e in enumerate(self.elements)))


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((files("anodefree") / "data" / "crystals.toml").read_text(encoding="utf-8"))


def known_crystals() -> tuple[str, ...]:
    """Names of all crystals."""
    return tuple(_data()["crystal"])


def electron_scattering(element: str, s2: Floats) -> Floats:
    """f(s) [angstrom] of a neutral atom at s^2 [1/angstrom^2]. *Source* Peng et al., Acta Cryst. A52 (1996) 257."""
    a, b = np.array(_data()["scattering"][element]).reshape(2, 5)
    return np.asarray(np.exp(-np.multiply.outer(s2, b)) @ a)


@cache
def crystal(name: str) -> Crystal:
    """The crystal of that name.

    Raises
    ------
    ConfigError: none is known.
    """
    known = _data()["crystal"]
    if name not in known:
        raise ConfigError(f"no crystal is named '{name}'", "phases", near(name, known))
    told = known[name]
    direct = _cell(*told["cell"]) * ANGSTROM_M
    basis = np.array([a[1:] for a in told["atoms"]], dtype=float)
    points = np.array(POINTS[told["centring"]])
    places = (basis[None] + points[:, None]).reshape(-1, 3) % 1.0
    elements = tuple(a[0] for a in told["atoms"]) * len(points)
    return Crystal(
        name, told["title"], told["system"], direct, np.linalg.inv(direct).T.astype(float), elements, places, told["source"]
    )


def _cell(a: float, b: float, c: float, alpha: float, beta: float, gamma: float) -> Floats:
    """Rows a, b, c: a along x, b in the plane xy."""
    ca, cb, cg = np.cos(np.radians([alpha, beta, gamma]))
    sg = np.sin(np.radians(gamma))
    third = np.array([cb, (ca - cb * cg) / sg, 0.0])
    third[2] = np.sqrt(1 - third[0] ** 2 - third[1] ** 2)
    return np.array([[a, 0, 0], [b * cg, b * sg, 0], c * third])


@cache
def reflections(name: str, least_spacing_m: float) -> tuple[Ints, Floats, Floats]:
    """Planes of at least that spacing: indices (n, 3), |g| [1/m], |F|^2 over the strongest; extinct ones are out."""
    found = crystal(name)
    bound = np.floor(np.linalg.norm(found.direct_m, axis=1) / least_spacing_m).astype(int)
    hkl = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in bound), indexing="ij"), axis=-1).reshape(-1, 3)
    g = np.linalg.norm(found.wave_vector_per_m(hkl), axis=1)
    inside = (g > 0) & (g <= (1 + 1e-9) / least_spacing_m)
    hkl, g = hkl[inside], g[inside]
    if hkl.shape[0] == 0:
        return hkl, g, g
    power = np.abs(found.structure_factor(hkl)) ** 2
    power /= power.max()
    keep = power > FORBIDDEN
    return hkl[keep], g[keep], power[keep]


@cache
def families(name: str, least_spacing_m: float = 0.8e-10, least_strength: float = LEAST_SEEN) -> tuple[Family, ...]:
    """Planes grouped by spacing, widest first; each named by the member with the highest, then the most positive indices."""
    hkl, g, power = reflections(name, least_spacing_m)
    order = np.argsort(g)
    out: list[Family] = []
    for members in np.split(order, np.flatnonzero(np.diff(g[order]) > 1e-6 * g[order][1:]) + 1) if len(order) else []:
        strength = float(power[members].mean())
        if strength >= least_strength:
            named = min(map(tuple, hkl[members].tolist()), key=_written)
            out.append(Family(named, 1 / float(g[members].mean()), len(members), strength))
    return tuple(out)


def _written(hkl: tuple[int, int, int]) -> tuple[Any, ...]:
    """Order in which equivalent planes are named: fewest negative indices, then large ones first."""
    return (sum(i < 0 for i in hkl), tuple(-i for i in hkl))


@cache
def zones(name: str, least_spacing_m: float, highest: int = HIGHEST_ZONE) -> tuple[Zone, ...]:
    """Patterns along the axes up to that index, equal ones once; those without two planes that cross are out."""
    found = crystal(name)
    hkl, g, power = reflections(name, least_spacing_m)
    seen = power > LEAST_SEEN
    hkl, g, power = hkl[seen], g[seen], power[seen]
    kept: dict[tuple[Any, ...], Zone] = {}
    for axis in _axes(highest):
        inside = hkl @ np.array(axis) == 0
        if inside.sum() < 4:
            continue
        place = _flat(found, axis, hkl[inside])
        first = place[np.argmin(g[inside])]
        if np.abs(place[:, 0] * first[1] - place[:, 1] * first[0]).max() < 1e-6 * (first @ first):
            continue
        key = _signature(place, power[inside])
        if key in kept:
            old = kept[key]
            kept[key] = Zone(old.axis, old.hkl, old.place_per_m, old.strength, old.multiplicity + 1)
        else:
            kept[key] = Zone(axis, hkl[inside], place, power[inside], 1)
    return tuple(kept.values())


def _axes(highest: int) -> list[tuple[int, int, int]]:
    """Axes with coprime indices, one of each pair of opposite ones; the plainest names first."""
    steps = range(-highest, highest + 1)
    out = [(u, v, w) for u in steps for v in steps for w in steps if gcd(gcd(u, v), w) == 1]
    one_sided = [a for a in out if next(i for i in a[::-1] if i != 0) > 0]
    return sorted(one_sided, key=lambda a: (sum(map(abs, a)), _written(a)))


def _flat(found: Crystal, axis: tuple[int, int, int], hkl: Ints) -> Floats:
    """Places of the planes of a zone in the plane of the picture, seen from the tip of the axis."""
    normal = np.array(axis) @ found.direct_m
    normal = normal / np.linalg.norm(normal)
    start = np.eye(3)[np.argmin(np.abs(normal))]
    x = np.cross(start, normal)
    x /= np.linalg.norm(x)
    return np.asarray(found.wave_vector_per_m(hkl) @ np.stack([x, np.cross(normal, x)], axis=1))


def _signature(place: Floats, power: Floats) -> tuple[Any, ...]:
    """What two equal patterns share: lengths, strengths and the angles between the planes next to the centre."""
    length = np.linalg.norm(place, axis=1)
    near_ones = np.flatnonzero(length <= 1.8 * length.min())
    gram = np.abs(place[near_ones] @ place[near_ones].T) / length.min() ** 2
    lengths = np.round(np.sort(length) / length.min(), 5)
    return (round(1e-6 * float(length.min())), tuple(lengths), tuple(np.round(np.sort(gram.ravel()), 3)), round(power.sum(), 4))
