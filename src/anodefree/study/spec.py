"""The study file: TOML, checked whole before anything runs, so that every mistake is told at once.

```toml
[study]
title = "Three collectors"
seed = 1

[[step]]
name = "spectra"
stage = "potentiostat.impedance"
with = { circuit = "R0-p(R1,Q1)", noise = "1 %" }
cases = { "M-Ni" = { activation_energy_J_mol = "53.7 kJ/mol" }, Cu = { activation_energy_J_mol = "76 kJ/mol" } }

[[step]]
name = "barrier"
stage = "eis.arrhenius"
inputs = ["spectra"]                 # runs once for each case of `spectra`
```

A second file may be the same study at another scale: `extends = "first.toml"` in its head, and tables like `[override.spectra]`
whose entries replace parameters of that step, and `[override.spectra.sweep]` whose lists replace those of its sweep.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from anodefree.errors import ConfigError, near
from anodefree.study import reach

MAX_BYTES = 4 * 2**20
Form = TypeVar("Form", bound=BaseModel)


class Strict(BaseModel):
    """A table of which every word is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Head(Strict):
    """What the study is."""

    title: str
    description: str = ""
    seed: int = Field(0, ge=0)
    extends: str = ""


class OneFile(Strict):
    """A member of a series, with what only its own header lacks."""

    file: str
    meta: dict[str, Any] = Field(default_factory=dict)


class FileInput(Strict):
    """Files to read, relative to the study: one, or a pattern or list of files that join into a series.

    `meta` overrides the header of all of them.
    """

    file: str = ""
    files: str | list[OneFile] = ""
    meta: dict[str, Any] = Field(default_factory=dict)


class AnswerSpec(Strict):
    """Which claim an estimate of this step answers, and by which route."""

    claim: str
    sample: str = ""
    case: str = ""
    estimate: str | None = None
    route: Literal["computed", "implied", "open", "twin", "forbidden"]
    note: str = ""
    limit: float | None = None


class StepSpec(Strict):
    """One stage with its parameters, inputs, variants and answers."""

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,60}$")
    stage: str
    title: str = ""
    inputs: list[str | FileInput] = Field(default_factory=list)
    parameters: dict[str, Any] = Field(default_factory=dict, alias="with")
    cases: dict[str, dict[str, Any]] = Field(default_factory=dict)
    sweep: dict[str, list[Any]] = Field(default_factory=dict)
    answers: list[AnswerSpec] = Field(default_factory=list, alias="answer")

    @field_validator("sweep")
    @classmethod
    def _not_empty(cls, sweep: dict[str, list[Any]]) -> dict[str, list[Any]]:
        empty = [name for name, values in sweep.items() if not values]
        if empty:
            raise ValueError(f"nothing to sweep over for {', '.join(empty)}")
        return sweep


class Spec(Strict):
    """The whole file."""

    study: Head
    steps: list[StepSpec] = Field(alias="step", min_length=1)


class Extension(Strict):
    """A file that is another study at a different scale."""

    study: Head
    override: dict[str, dict[str, Any]] = Field(default_factory=dict)


def load_spec(path: Path, within: Path | None = None) -> Spec:
    """Read a study file and check its form; `within` is where the study that it extends has to lie.

    Raises
    ------
    ConfigError: no such file, not TOML, or all mistakes of form at once, with near matches for unknown words.
    """
    table = read_toml(path)
    head = table.get("study")
    if not isinstance(head, dict) or not head.get("extends"):
        return checked(Spec, table, path)
    extension = checked(Extension, table, path)
    reach.within(within, path.resolve().parent, extension.study.extends)
    base = read_toml(path.parent / extension.study.extends)
    return _extended(checked(Spec, base, path.parent / extension.study.extends), extension, path)


def _extended(base: Spec, extension: Extension, path: Path) -> Spec:
    """The base study with its own head replaced and the overridden parameters on top."""
    names = [s.name for s in base.steps]
    unknown = [f"override: no step is named '{n}' ({near(n, names)})" for n in extension.override if n not in names]
    if unknown:
        raise ConfigError("\n  ".join(unknown), str(path), f"the steps are those of {extension.study.extends}")
    steps = [_overridden(s, dict(extension.override.get(s.name, {}))) for s in base.steps]
    head = base.study.model_copy(update=extension.study.model_dump(exclude_unset=True))
    return Spec.model_construct(study=head, steps=steps)


def _overridden(step: StepSpec, over: dict[str, Any]) -> StepSpec:
    """A step with parameters replaced, and with lists of its sweep where the override has a table `sweep`."""
    sweep = over.pop("sweep", {})
    return step.model_copy(update={"parameters": {**step.parameters, **over}, "sweep": {**step.sweep, **sweep}})


def read_toml(path: Path) -> dict[str, Any]:
    """The table in a file.

    Raises
    ------
    ConfigError: there is none, it is too large, or it is no TOML.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError("is too large for a study", str(path), "is it the right file?")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError("no such study", str(path), "check the path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read ({error})", str(path), "a study is a TOML text file") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is not valid TOML: {error}", str(path), "strings need quotes, tables need [brackets]") from error


def checked(form: type[Form], table: dict[str, Any], path: Path, fields: Mapping[str, type[BaseModel]] | None = None) -> Form:
    """The table as that form; `fields` says which form the tables of a name have.

    Raises
    ------
    ConfigError: all mistakes of form at once.
    """
    try:
        return form.model_validate(table)
    except ValidationError as error:
        wrong = "\n  ".join(_told(e, table, form, fields or _FIELDS) for e in error.errors())
        raise ConfigError(
            f"the file has {error.error_count()} mistakes:\n  {wrong}", str(path), "see 'anodefree show'"
        ) from error


_FIELDS: dict[str, type[BaseModel]] = {"study": Head, "step": StepSpec, "answer": AnswerSpec, "inputs": FileInput}


def _told(fault: Any, table: dict[str, Any], form: type[BaseModel], fields: Mapping[str, type[BaseModel]]) -> str:
    """One fault as a sentence: where, what, and the nearest known word."""
    about_a_word = fault["type"] in ("extra_forbidden", "missing")
    where = _place(fault["loc"][:-1] if about_a_word else fault["loc"], table)
    if fault["type"] == "extra_forbidden":
        parents = [p for p in fault["loc"][:-1] if isinstance(p, str)]
        model = fields.get(next((p for p in reversed(parents) if p in fields), ""), form)
        words = [f.alias or n for n, f in model.model_fields.items()]
        return f"{where}: unknown word '{fault['loc'][-1]}' ({near(str(fault['loc'][-1]), words)})"
    if fault["type"] == "missing":
        return f"{where}: '{fault['loc'][-1]}' is missing"
    return f"{where}: {fault['msg'].removeprefix('Value error, ')}, got {fault.get('input')!r:.60}"


def _place(loc: tuple[int | str, ...], table: dict[str, Any]) -> str:
    """`step 'spectra', with` rather than `step.3.with`."""
    words: list[str] = []
    for i, part in enumerate(loc):
        if isinstance(part, int) and i and loc[i - 1] == "step":
            steps = table.get("step")
            named = steps[part].get("name") if isinstance(steps, list) and isinstance(steps[part], dict) else None
            words[-1] = f"step '{named}'" if named else f"step {part + 1}"
        elif isinstance(part, int):
            words[-1] = f"{words[-1]} {part + 1}" if words else str(part + 1)
        elif part not in ("str", "FileInput", "list[OneFile]"):
            words.append(part)
    return ", ".join(words) or "the file"
