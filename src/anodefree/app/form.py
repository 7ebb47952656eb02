"""A form made from a stage's parameters: what stands in each field, what is wrong with it, what differs from the default."""

from __future__ import annotations

import inspect
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args, get_origin

from anodefree.core.parameter import Parameter
from anodefree.core.uncertain import Uncertain
from anodefree.core.units import shown
from anodefree.errors import AnodefreeError, ConfigError
from anodefree.registry import Stage

Widget = Literal["text", "select", "switch"]
NONE: Final = "(none)"
"""What a select shows for a parameter that is left open."""


@dataclass(frozen=True)
class Field:
    """One parameter as a form shows it; its value is text, or true and false for a switch."""

    parameter: Parameter
    widget: Widget
    initial: str | bool
    options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The parameter's name, which is also its label."""
        return self.parameter.name

    @property
    def unit(self) -> str:
        """The unit of a bare number; empty for words and for numbers without one."""
        return "" if self.parameter.unit == "1" else self.parameter.unit

    @property
    def explained(self) -> str:
        """What it means, what it may be, its default and where that comes from."""
        par, said = self.parameter.par, [self.parameter.par.doc]
        bounds = [f"{sign} {b:g}" for sign, b in ((">", par.gt), ("≥", par.ge), ("<", par.lt), ("≤", par.le)) if b is not None]
        if bounds:
            said.append(" and ".join(bounds) + (f" {self.unit}" if self.unit else ""))
        if self.widget == "text":
            said.append(_how(self.parameter))
        said.append("needed" if self.parameter.required else f"default {self.initial_text or 'empty'}")
        if par.source:
            said.append(("assumed: " if par.assumed else "") + par.source)
        return "; ".join(s for s in said if s)

    @property
    def initial_text(self) -> str:
        """The default as text."""
        return str(self.initial).lower() if isinstance(self.initial, bool) else self.initial

    def given(self, entered: str | bool | None) -> Any:
        """What the study file would hold; `ABSENT` where the field says what the default says.

        Raises
        ------
        ConfigError: the value cannot be read or is not allowed: the sentence that stands under the field.
        """
        plain = "" if entered is None or entered == NONE else entered
        text = plain.strip() if isinstance(plain, str) else plain
        if text == "" and not self._takes_nothing and not self._takes_text:
            if self.parameter.required:
                raise ConfigError("a value is needed", self.name, self.parameter.par.doc)
            return ABSENT
        value = _written(text) if isinstance(text, str) and self.widget == "text" else text
        try:
            read = self.parameter.read(value)
        except ConfigError as error:
            raise ConfigError(error.what, self.name, error.hint) from error
        except (ValueError, TypeError) as error:
            raise ConfigError(str(error), self.name) from error
        if not self.parameter.required and same(read, self.parameter.read(self.parameter.default)):
            return ABSENT
        return value

    def fault(self, entered: str | bool | None) -> str:
        """The sentence of what is wrong; empty where nothing is."""
        try:
            self.given(entered)
        except AnodefreeError as error:
            return error.what + (f" ({error.hint})" if error.hint else "")
        return ""

    @property
    def _takes_nothing(self) -> bool:
        return type(None) in get_args(self.parameter.type)

    @property
    def _takes_text(self) -> bool:
        return self.parameter.type is str and not self.parameter.required


class _Absent:
    """Not in the study file: the stage's own default holds."""


ABSENT: Final = _Absent()


def fields(stage: Stage) -> list[Field]:
    """The form of a stage: needed parameters first, then in the order of its signature."""
    made = [_field(p) for p in stage.parameters]
    return sorted(made, key=lambda f: not f.parameter.required)


def entered(form: list[Field], values: Mapping[str, str | bool | None]) -> dict[str, Any]:
    """Parameters as the study file holds them: only what differs from the defaults.

    Raises
    ------
    ConfigError: all that is wrong, at once.
    """
    wrong = [f"{f.name}: {fault}" for f in form if (fault := f.fault(values.get(f.name, f.initial)))]
    if wrong:
        raise ConfigError("; ".join(wrong), "the form", "the fields in question say what they take")
    found = {f.name: f.given(values.get(f.name, f.initial)) for f in form}
    return {n: v for n, v in found.items() if not isinstance(v, _Absent)}


def same(one: Any, other: Any) -> bool:
    """Whether two values that were read are the same, types included: 1 is not true."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


def text_of(value: Any, unit: str = "1") -> str:
    """A value as a person would write it into a field, exactly: reading it back gives the same value."""
    if value is None or value is inspect.Parameter.empty:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Uncertain):
        return f"{value.value!r} ± {value.std!r}" if value.std else repr(value.value)
    if isinstance(value, (tuple, list)):
        if any(isinstance(v, str) and "," in v for v in value) or len(value) < 1:
            return _toml_list(value)
        return ", ".join(text_of(v, unit) for v in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{k} = {text_of(v)}" for k, v in value.items())
    return value if isinstance(value, str) else f"{value:.15g}" if _exact(value) else repr(value)


def _exact(value: Any) -> bool:
    return isinstance(value, (int, float)) and float(f"{value:.15g}") == value


def _toml_list(value: Any) -> str:
    from anodefree.study.written import toml

    return toml(list(value))


def _field(parameter: Parameter) -> Field:
    words, others = _words(parameter.type)
    if parameter.type is bool:
        return Field(parameter, "switch", bool(parameter.default) if not parameter.required else False)
    initial = _initial(parameter)
    if bool in _members(parameter.type):
        return Field(parameter, "select", initial or NONE, ("true", "false", NONE))
    if words and not others:
        optional = (NONE,) if type(None) in get_args(parameter.type) else ()
        return Field(parameter, "select", initial or (NONE if optional else ""), (*words, *optional))
    return Field(parameter, "text", initial)


def _initial(parameter: Parameter) -> str:
    """The default in the field's unit where that is the same number to the last digit, else in SI."""
    if parameter.required:
        return ""
    bare = text_of(parameter.default, parameter.unit)
    if not isinstance(parameter.default, float) or parameter.unit == "1":
        return bare
    unit, factor = shown(parameter.unit)
    for text in (f"{parameter.default * factor:.6g} {unit}", f"{bare} {parameter.unit}"):
        try:
            if same(parameter.read(text), parameter.read(parameter.default)):
                return text
        except (AnodefreeError, ValueError):
            continue
    return bare


def _members(kind: Any) -> tuple[Any, ...]:
    if get_origin(kind) in (typing.Union, types.UnionType):
        return tuple(a for a in get_args(kind) if a is not type(None))
    return (kind,)


def _words(kind: Any) -> tuple[tuple[str, ...], bool]:
    """The words that a parameter may be, and whether it may be anything else."""
    members = _members(kind)
    literals = [a for a in members if get_origin(a) is Literal]
    return tuple(str(w) for a in literals for w in get_args(a)), len(literals) < len(members)


def _how(parameter: Parameter) -> str:
    members = [m for m in _members(parameter.type)]
    origins = [get_origin(m) for m in members]
    if dict in origins:
        return "a table: name = value, name = value"
    if tuple in origins:
        return "a list: value, value, …"
    if Uncertain in members:
        return "value ± std"
    return ""


def _written(text: str) -> Any:
    """A list or table in TOML's own notation as such; everything else as the text it is."""
    if text[:1] in ("[", "{"):
        try:
            return tomllib.loads(f"x = {text}")["x"]
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(
                "is not a list or table that can be read", "", 'write [1, 2], ["a", "b"] or a = 1, b = 2'
            ) from error
    return text
