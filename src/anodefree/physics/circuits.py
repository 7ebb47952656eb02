"""Equivalent circuits: a small language, read into a frozen tree that knows its impedance and its exact derivatives.

    R0-p(R1,Q1)-p(R2-Wo1,C2)      `-` is in series, `p(a,b,...)` in parallel, nested as you like

An element is a letter or more and a number; `anodefree.physics.elements` has one file for each, with its impedance and its
exact derivatives, and `elements.table()` is the table of the language.

*Valid when* the cell is linear, causal and does not change during the sweep. *Source*: Orazem and Tribollet, Electrochemical
Impedance Spectroscopy, 2nd ed., Wiley 2017; a Q with n = 1 is a C, with n = 1/2 a W of s = 1 / (sqrt(2) Q).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from anodefree.errors import ConfigError, near
from anodefree.physics.elements import LAWS

MAX_LENGTH: Final = 400
MAX_DEPTH: Final = 12
MAX_ELEMENTS: Final = 32

SERIES: Final = -1
PARALLEL: Final = -2


@dataclass(frozen=True)
class Parameter:
    """One number of a circuit: its unit, the widest sensible range, how it scales when the impedance is scaled."""

    name: str
    unit: str
    low: float
    high: float
    log: bool
    """Whether it is positive over decades, so that a fit works on its logarithm."""
    power: int
    """Multiplying the element's impedance by s multiplies this by s ** power."""
    element: str
    """The label of its element, as written."""


_ALIASES: Final = {**{symbol.upper(): symbol for symbol in LAWS}, "CPE": "Q", "E": "Q", "K": "p(R,C)"}


@dataclass(frozen=True)
class Element:
    """A leaf: its law, its label, and where its parameters stand in the circuit's vector."""

    symbol: str
    label: str
    at: tuple[int, ...]


@dataclass(frozen=True)
class Branch:
    """Parts in series or in parallel."""

    parallel: bool
    parts: tuple[Node, ...]


Node = Element | Branch


@dataclass(frozen=True)
class Circuit:
    """A circuit: the tree and its parameters in the order in which they are written."""

    text: str
    root: Node
    parameters: tuple[Parameter, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters' names."""
        return tuple(p.name for p in self.parameters)

    @property
    def elements(self) -> tuple[Element, ...]:
        """The leaves, in the order in which they are written."""
        return tuple(_leaves(self.root))

    def vector(self, values: Mapping[str, float], where: str = "values") -> np.ndarray:
        """Named values as the circuit's parameter vector.

        Raises
        ------
        ConfigError: a name is missing or unknown, or a value is impossible.
        """
        wrong = [f"'{n}' is no parameter of it ({near(n, self.names)})" for n in values if n not in self.names]
        wrong += [f"'{p.name}' [{p.unit}] is missing" for p in self.parameters if p.name not in values]
        for p in self.parameters:
            v = values.get(p.name, p.high)
            if not math.isfinite(v) or v <= 0 or (not p.log and v > p.high):
                wrong.append(f"'{p.name}' must be positive" + ("" if p.log else f" and at most {p.high:g}") + f", got {v:g}")
        if wrong:
            raise ConfigError(f"circuit {self.text}: " + "; ".join(wrong), where, "its parameters: " + ", ".join(self.names))
        return np.array([values[n] for n in self.names], dtype=float)

    def impedance(self, omega_rad_s: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Z [ohm], complex, shape (..., f), of parameter vectors (..., p) at angular frequencies (..., f)."""
        return node_impedance(self.root, omega_rad_s, values)

    def derivatives(self, omega_rad_s: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Z (..., f) and dZ/dp (..., f, p), exact.

        Upward, every node's impedance; downward, the sensitivity of the whole to it: unchanged through a series, times
        (Z/Z_part)^2 through a parallel, because 1/Z = sum 1/Z_part. At a leaf it multiplies the law's own slope.
        """
        w = np.asarray(omega_rad_s, dtype=float)
        seen: dict[int, np.ndarray] = {}
        total = _upward(self.root, w, values, seen)
        slopes = np.empty((*total.shape, len(self.parameters)), dtype=complex)
        _downward(self.root, w, values, seen, None, slopes)
        return total, slopes

    def program(self) -> np.ndarray:
        """The tree as data (k, 2) in postfix order, for the compiled kernels: (code of the element, its first parameter) for a
        leaf, (SERIES or PARALLEL, number of parts) after the parts of a branch."""
        codes = {symbol: code for code, symbol in enumerate(LAWS)}
        return np.array(list(_postfix(self.root, codes)), dtype=np.int64)

    def blocks(self) -> tuple[Node, ...]:
        """The parts of the outermost series (the whole, where that is no series)."""
        return self.root.parts if isinstance(self.root, Branch) and not self.root.parallel else (self.root,)

    def twins(self) -> tuple[tuple[Node, ...], ...]:
        """Groups of siblings of the same form: swapping their values leaves the impedance as it is."""
        return tuple(_twins(self.root))


def indices(node: Node) -> tuple[int, ...]:
    """Where the parameters of a part stand in the circuit's vector."""
    return tuple(i for leaf in _leaves(node) for i in leaf.at)


def node_impedance(node: Node, omega_rad_s: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Z [ohm] of one part of a circuit; shapes as in `Circuit.impedance`."""
    return _upward(node, np.asarray(omega_rad_s, dtype=float), values, None)


def _leaves(node: Node) -> Iterator[Element]:
    if isinstance(node, Element):
        yield node
    else:
        for part in node.parts:
            yield from _leaves(part)


def _postfix(node: Node, codes: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    if isinstance(node, Element):
        yield codes[node.symbol], node.at[0]
    else:
        for part in node.parts:
            yield from _postfix(part, codes)
        yield (PARALLEL if node.parallel else SERIES), len(node.parts)


def _form(node: Node) -> str:
    if isinstance(node, Element):
        return node.symbol
    return ("p(" if node.parallel else "s(") + ",".join(map(_form, node.parts)) + ")"


def _twins(node: Node) -> Iterator[tuple[Node, ...]]:
    if isinstance(node, Branch):
        groups: dict[str, list[Node]] = {}
        for part in node.parts:
            groups.setdefault(_form(part), []).append(part)
            yield from _twins(part)
        yield from (tuple(g) for g in groups.values() if len(g) > 1)


def _upward(node: Node, w: np.ndarray, values: np.ndarray, seen: dict[int, np.ndarray] | None) -> np.ndarray:
    if isinstance(node, Element):
        z = LAWS[node.symbol].law(1j * w, *(values[..., i, None] for i in node.at))[0]
    else:
        first, *others = (_upward(part, w, values, seen) for part in node.parts)
        z = 1 / first if node.parallel else first
        for other in others:
            z = z + (1 / other if node.parallel else other)
        z = 1 / z if node.parallel else z
    if seen is not None:
        seen[id(node)] = z
    return z


def _downward(
    node: Node, w: np.ndarray, values: np.ndarray, seen: dict[int, np.ndarray], weight: np.ndarray | None, out: np.ndarray
) -> None:
    z = seen[id(node)]
    if isinstance(node, Element):
        slopes = LAWS[node.symbol].law(1j * w, *(values[..., i, None] for i in node.at))[1:]
        for i, slope in zip(node.at, slopes, strict=True):
            out[..., i] = slope if weight is None else weight * slope
        return
    for part in node.parts:
        passed = weight
        if node.parallel:
            ratio = (z / seen[id(part)]) ** 2
            passed = ratio if weight is None else weight * ratio
        _downward(part, w, values, seen, passed, out)


# --- reading ---------------------------------------------------------------------------------

_TOKEN: Final = re.compile(r"\s*(?:(?P<open>p\s*\()|(?P<element>[A-Za-z]+)\s*(?P<number>[0-9]*)|(?P<sign>[-,()]))")
_HINT: Final = "write it like R0-p(R1,Q1)-W2: '-' is in series, p(a,b) in parallel, every element has a number"


def read_circuit(text: str, where: str = "circuit") -> Circuit:
    """The circuit that a text describes.

    Raises
    ------
    ConfigError: says at which character it cannot be read and what was meant, perhaps.
    """
    if len(text) > MAX_LENGTH:
        raise ConfigError(f"a circuit of {len(text)} characters is too long (at most {MAX_LENGTH})", where, _HINT)
    return _Reader(text, where).circuit()


class _Reader:
    """Recursive descent: series := item ('-' item)*; item := element | 'p(' series (',' series)+ ')'."""

    def __init__(self, text: str, where: str) -> None:
        self.text, self.where, self.at = text, where, 0
        self.parameters: list[Parameter] = []
        self.labels: dict[str, int] = {}

    def circuit(self) -> Circuit:
        root = self.series(0)
        if self.rest():
            raise self.fault(f"'{self.rest()[0]}' is left over", "is a bracket missing or doubled?")
        return Circuit("".join(self.text.split()), root, tuple(self.parameters))

    def rest(self) -> str:
        return self.text[self.at :].lstrip()

    def fault(self, what: str, hint: str = _HINT, at: int | None = None) -> ConfigError:
        skipped = len(self.text[self.at :]) - len(self.rest())
        place = self.at + skipped if at is None else at
        return ConfigError(f"cannot read '{self.text}': {what} (at character {place + 1})", self.where, hint)

    def take(self, sign: str) -> bool:
        if not self.rest().startswith(sign):
            return False
        self.at = len(self.text) - len(self.rest()) + len(sign)
        return True

    def series(self, depth: int) -> Node:
        parts = [self.item(depth)]
        while self.take("-"):
            parts.append(self.item(depth))
        return parts[0] if len(parts) == 1 else Branch(False, tuple(parts))

    def item(self, depth: int) -> Node:
        found = _TOKEN.match(self.text, self.at)
        if found is None:
            raise self.fault(f"'{self.rest()[0]}' is not possible here" if self.rest() else "it ends too early")
        if found["sign"]:
            grouped = found["sign"] == "("
            hint = "a parallel group begins with p(: p(R1,C1)" if grouped else _HINT
            raise self.fault(f"an element is expected, not '{found['sign']}'", hint)
        if found["open"]:
            return self.parallel(found.end(), depth)
        return self.element(found["element"], found["number"], found)

    def parallel(self, after: int, depth: int) -> Node:
        start = self.at
        if depth >= MAX_DEPTH:
            raise self.fault(f"brackets are nested more than {MAX_DEPTH} deep", "simplify it")
        self.at = after
        parts = [self.series(depth + 1)]
        while self.take(","):
            parts.append(self.series(depth + 1))
        if not self.take(")"):
            raise self.fault("')' is expected" + (f", not '{self.rest()[0]}'" if self.rest() else ", but it ends here"))
        if len(parts) < 2:
            raise self.fault("a parallel group needs two branches at least", "separate them by a comma: p(R1,C1)", start)
        return Branch(True, tuple(parts))

    def element(self, symbol: str, number: str, found: re.Match[str]) -> Element:
        start = found.start("element")
        if symbol not in LAWS:
            alias = _ALIASES.get(symbol.upper())
            meant = f"'{symbol}' is written {alias} here" if alias else near(symbol, LAWS)
            raise self.fault(f"no element is named '{symbol}'", f"{meant}; elements: {', '.join(LAWS)}", start)
        if not number:
            raise self.fault(f"'{symbol}' has no number", f"number it, like {symbol}{len(self.labels)}", start)
        label = symbol + str(int(number))
        if label in self.labels:
            raise self.fault(f"'{label}' occurs twice", "give every element of a kind its own number", start)
        if len(self.labels) >= MAX_ELEMENTS:
            raise self.fault(f"more than {MAX_ELEMENTS} elements", "no spectrum can tell so many apart", start)
        self.labels[label] = start
        first = len(self.parameters)
        for q in LAWS[symbol].parameters:
            name = q.pattern.format(int(number) if q.pattern.startswith("n") else label)
            self.parameters.append(Parameter(name, q.unit, q.low, q.high, q.log, q.power, label))
        self.at = found.end()
        return Element(symbol, label, tuple(range(first, len(self.parameters))))
