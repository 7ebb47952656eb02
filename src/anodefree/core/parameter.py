"""A parameter of a stage: what it means, what it may be, and how a given value becomes its type in SI."""

from __future__ import annotations

import contextlib
import inspect
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

import numpy as np

from anodefree.core.uncertain import Uncertain
from anodefree.core.units import parse, unit_of
from anodefree.errors import ConfigError, near


@dataclass(frozen=True)
class Par:
    """What a parameter means, what it may be, and where its default comes from.

    `assumed` marks a default that neither the input nor the reference paper states: the report lists it with `source`. `added`
    marks a parameter that its stage once did without, and whose default does the same: at its default it is no part of the key
    of a run, so that what is stored stays. `names_file` marks a text that may be a path.
    """

    doc: str
    gt: float | None = None
    ge: float | None = None
    lt: float | None = None
    le: float | None = None
    source: str = ""
    assumed: bool = False
    added: bool = False
    names_file: bool = False

    def check(self, value: float) -> None:
        """Raise ValueError where the value is out of bounds or not a number."""
        if not math.isfinite(value):
            raise ValueError(f"must be a finite number, got {value}")
        for bound, holds, sign in (
            (self.gt, lambda b: value > b, ">"),
            (self.ge, lambda b: value >= b, "≥"),
            (self.lt, lambda b: value < b, "<"),
            (self.le, lambda b: value <= b, "≤"),
        ):
            if bound is not None and not holds(bound):
                raise ValueError(f"must be {sign} {bound:g}, got {value:g}")


@dataclass(frozen=True)
class Parameter:
    """One keyword-only argument of a stage."""

    name: str
    type: Any
    default: Any
    par: Par
    unit: str

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is inspect.Parameter.empty

    def read(self, given: Any) -> Any:
        """A given value (text with a unit, TOML, Python) as this parameter's type in SI.

        Raises
        ------
        ValueError or ConfigError: it cannot be read, or is out of bounds.
        """
        return _read(given, self.type, self.unit, self.par)

    def spelled(self) -> str:
        """The type as a person reads it."""
        return _spelled(self.type)


def takes_uncertainty(parameter: Parameter) -> bool:
    """Whether it is a value ± std rather than a bare number."""
    return Uncertain in (parameter.type, *get_args(parameter.type))


def _spelled(kind: Any) -> str:
    origin, args = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " | ".join(map(repr, args))
    if origin in (typing.Union, types.UnionType):
        return " | ".join(_spelled(a) for a in args)
    if origin is tuple:
        return "list of " + _spelled(args[0]) if args[-1] is ... else "(" + ", ".join(map(_spelled, args)) + ")"
    if origin is dict:
        return f"table of {_spelled(args[1])}"
    if kind is Uncertain:
        return "value ± std"
    return "none" if kind is type(None) else getattr(kind, "__name__", str(kind))


def _read(given: Any, kind: Any, unit: str, par: Par) -> Any:
    origin, args = get_origin(kind), get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if given is None or (isinstance(given, str) and given.lower() in ("none", "")):
            if type(None) in args:
                return None
            raise ValueError("a value is needed")
        return _read_one_of(given, [a for a in args if a is not type(None)], unit, par)
    if origin is Literal:
        if given not in args:
            raise ValueError(f"'{given}' is not possible; {near(str(given), map(str, args))}")
        return given
    if origin is tuple:
        items = [p.strip() for p in given.split(",")] if isinstance(given, str) else given
        if isinstance(items, (int, float)) and not isinstance(items, bool) and args[-1] is ...:
            items = [items]  # a number alone, as another step's estimate is
        if not isinstance(items, (list, tuple, np.ndarray)):
            raise ValueError("expected a list")
        inner = [args[0]] * len(items) if args[-1] is ... else list(args)
        if len(items) != len(inner):
            raise ValueError(f"expected {len(inner)} values, got {len(items)}")
        return tuple(_read(i, k, unit, par) for i, k in zip(items, inner, strict=True))
    if origin is dict:
        table = _table(given) if isinstance(given, str) else given
        if not isinstance(table, Mapping):
            raise ValueError("expected a table of name = value")
        return {str(k): _read(v, args[1], unit_of(str(k)), par) for k, v in table.items()}
    return _scalar(given, kind, unit, par)


def _read_one_of(given: Any, kinds: list[Any], unit: str, par: Par) -> Any:
    """A union's members in turn; words of several literals are offered together."""
    words = [w for k in kinds if get_origin(k) is Literal for w in get_args(k)]
    others = [k for k in kinds if get_origin(k) is not Literal]
    if words and (given in words or not others):
        return _read(given, Literal[tuple(words)], unit, par)
    if isinstance(given, (int, float)):  # a list takes a number alone as well, but a number comes first
        others.sort(key=_is_list)
    for kind in others[:-1]:
        with contextlib.suppress(ValueError, TypeError, ConfigError):
            return _read(given, kind, unit, par)
    return _read(given, others[-1], unit, par)


def _is_list(kind: Any) -> bool:
    origin: Any = get_origin(kind)
    return origin is tuple


def _table(text: str) -> dict[str, str]:
    pairs = [p.split("=", 1) for p in text.split(",") if p.strip()]
    if any(len(p) != 2 for p in pairs):
        raise ValueError("expected name=value, name=value")
    return {k.strip(): v.strip() for k, v in pairs}


def _scalar(given: Any, kind: Any, unit: str, par: Par) -> Any:
    if kind is Uncertain:
        value = Uncertain.read(given, unit)
        par.check(value.value)
        if not (math.isfinite(value.std) and value.std >= 0):
            raise ValueError("a standard deviation is finite and not negative")
        return value
    if kind is bool:
        words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
        if isinstance(given, str) and given.lower() in words:
            return words[given.lower()]
        if isinstance(given, bool):
            return given
        raise ValueError("expected true or false")
    if kind is str:
        if not isinstance(given, str):
            raise ValueError("expected text")
        return given
    if isinstance(given, bool) or not isinstance(given, (str, int, float, np.number)):
        raise ValueError(f"expected a number, got {given!r}")
    number = parse(given, unit)[0] if isinstance(given, str) else float(given)
    par.check(number)
    if kind is int:
        if number != int(number):
            raise ValueError(f"expected a whole number, got {number:g}")
        return int(number)
    return number
