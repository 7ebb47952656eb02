"""The stage: a registered function whose signature is its contract.

Positional arguments are inputs, annotated with a kind (`spectra: Impedance`); keyword-only arguments are parameters, annotated
with a type and a `Par`; the unit of a parameter is its name's suffix. A stage that asks for `rng` draws random numbers, one
that asks for `context` reports progress and resumes. From this one signature follow validation, the cache key, the command
line, the study file, the report, the documentation and the application.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import inspect
import sys
import time
import typing
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

import numpy as np

from anodefree.core.context import Context, scratch
from anodefree.core.keys import content_key, plain
from anodefree.core.kind import Kind
from anodefree.core.measurement import Measurement
from anodefree.core.movie import Movie, write_movie
from anodefree.core.parameter import Par, Parameter
from anodefree.core.provenance import Provenance, Source, packages
from anodefree.core.result import Result
from anodefree.core.rng import stream
from anodefree.core.units import unit_of
from anodefree.errors import ConfigError, DataError, NumericalError, near

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Output = Measurement | Result


@dataclass(frozen=True)
class Many:
    """Marks an input that takes a series: several files are joined into one measurement."""


@dataclass(frozen=True)
class Input:
    """One positional argument of a stage."""

    name: str
    kind: Kind
    many: bool


@dataclass(frozen=True)
class Demo:
    """A synthetic case with known truth: what the contract test, the gallery and the documentation run.

    `truth` names estimates (of a result) or arrays (of a measurement). Estimates must agree within their own standard
    deviation; arrays within the relative `tolerance`.
    """

    inputs: tuple[Measurement, ...]
    truth: Mapping[str, Any]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tolerance: float = 1e-9


@dataclass(frozen=True)
class Stage:
    """A registered function with its contract. Call it like the function; `.plot`, `.movie`, `.demo` add companions."""

    name: str
    version: int
    function: Callable[..., Output]
    inputs: tuple[Input, ...]
    parameters: tuple[Parameter, ...]
    kind: Kind | None
    """The kind of measurement it returns; None for a stage that returns a `Result`."""
    draws: bool
    resumes: bool
    cites: tuple[str, ...]
    _companions: dict[str, Callable[..., Any]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def doc(self) -> str:
        """The docstring: sentence, equation, validity, source."""
        return inspect.getdoc(self.function) or ""

    @property
    def title(self) -> str:
        """The docstring's first sentence."""
        return self.doc.partition("\n")[0]

    @property
    def code(self) -> str:
        """A hash of the module's source, so that a stored result can be told to come from older code."""
        return _source_hash(self.function.__module__)

    def plot(self, draw: Callable[[Any, Axes], None]) -> Callable[[Any, Axes], None]:
        """Register the figure: `draw(output, ax)`."""
        self._companions["plot"] = draw
        return draw

    def movie(self, film: Callable[[Any], Movie]) -> Callable[[Any], Movie]:
        """Register the moving figure: `film(output)`; what does not move has none."""
        self._companions["movie"] = film
        return film

    def demo(self, make: Callable[[np.random.Generator], Demo]) -> Callable[[np.random.Generator], Demo]:
        """Register the synthetic case: `make(rng)` draws inputs with known truth."""
        self._companions["demo"] = make
        return make

    @property
    def draw(self) -> Callable[[Any, Axes], None] | None:
        """The figure function, if there is one."""
        return self._companions.get("plot")

    @property
    def film(self) -> Callable[[Any], Movie] | None:
        """The function of the moving figure, if there is one."""
        return self._companions.get("movie")

    def animate(self, output: Output, path: str | Path, *, frames: int | None = None, context: Context | None = None) -> Path:
        """Write the moving figure of an output as `.gif` or `.mp4`, with at most so many frames.

        Raises
        ------
        ConfigError: nothing moves here, another suffix; MissingExtra: no ffmpeg for an MP4; Cancelled.
        """
        if self.film is None:
            raise ConfigError("has no movie", self.name, "its figure is the plot")
        return write_movie(path, self.film(output), frames=frames, context=context)

    def example(self, rng: np.random.Generator) -> Demo:
        """One draw of the synthetic case."""
        if "demo" not in self._companions:
            raise ConfigError("has no demo", self.name, "register one with @stage.demo")
        made: Demo = self._companions["demo"](rng)
        return made

    def validate(self, given: Mapping[str, Any], later: Collection[str] = ()) -> dict[str, Any]:
        """Every parameter in SI, defaults filled in; those that come `later` are left out.

        Raises
        ------
        ConfigError: all mistakes at once: unknown names with near matches, missing ones, unreadable or forbidden values.
        """
        known = {p.name: p for p in self.parameters}
        wrong = [f"unknown parameter '{n}' ({near(n, known)})" for n in (*given, *later) if n not in known]
        values: dict[str, Any] = {}
        for name, parameter in known.items():
            if name in later:
                continue
            if name not in given and parameter.required:
                wrong.append(f"parameter '{name}' is needed: {parameter.par.doc}")
                continue
            try:
                values[name] = parameter.read(given.get(name, parameter.default))
            except (ValueError, TypeError) as error:
                wrong.append(f"{name}: {error}")
            except ConfigError as error:
                wrong.append(f"{name}: {error.what}" + (f" ({error.hint})" if error.hint else ""))
        if wrong:
            raise ConfigError("; ".join(wrong), self.name, f"anodefree show {self.name}")
        return values

    def key(self, values: Mapping[str, Any], input_keys: list[str], seed: int) -> str:
        """The content key of a run: name, version, parameters, inputs, and the seed where numbers are drawn."""
        since = {p.name: p.default for p in self.parameters if p.par.added}
        told = {n: v for n, v in values.items() if n not in since or v != since[n]}
        parts = [self.name, self.version, plain(told), input_keys, seed if self.draws else None]
        return content_key(parts)

    def check_inputs(self, inputs: tuple[Measurement, ...]) -> None:
        """Raise where the number or the kind of the inputs is wrong."""
        if len(inputs) != len(self.inputs):
            need = ", ".join(f"{i.name} ({i.kind.name})" for i in self.inputs) or "none"
            raise ConfigError(f"takes {len(self.inputs)} inputs, got {len(inputs)}", self.name, f"it needs: {need}")
        for given, wanted in zip(inputs, self.inputs, strict=True):
            if not isinstance(given, Measurement):
                raise ConfigError(f"input '{wanted.name}' is a {type(given).__name__}", self.name, "read() a file first")
            if given.kind.name != wanted.kind.name:
                alone = given.kind.together is not None and given.kind.together.name == wanted.kind.name
                hint = "give several files" if alone else f"'anodefree list' says which stages take {given.kind.name}"
                raise DataError(f"holds {given.kind.title}, '{self.name}' needs {wanted.kind.title}", given.source.name, hint)

    def __call__(self, *inputs: Measurement, seed: int = 0, context: Context | None = None, **parameters: Any) -> Any:
        """Run with validated parameters; the output carries its provenance.

        Raises
        ------
        ConfigError, DataError, NumericalError: see the function's own documentation.
        """
        if context is None:
            with scratch() as own:
                return self(*inputs, seed=seed, context=own, **parameters)
        self.check_inputs(inputs)
        values = self.validate(parameters)
        key = self.key(values, [m.key for m in inputs], seed)
        extra: dict[str, Any] = {"rng": stream(seed, key)} if self.draws else {}
        if self.resumes:
            extra["context"] = context
        started, clock = datetime.now(UTC), time.perf_counter()
        try:
            output = self.function(*inputs, **values, **extra)
        except (FloatingPointError, np.linalg.LinAlgError, OverflowError) as error:
            raise NumericalError(str(error), self.name, "check units and magnitudes of the parameters") from error
        provenance = Provenance(
            key=key,
            stage=self.name,
            version=self.version,
            parameters=plain(values),
            inputs=tuple(m.source for m in inputs),
            seed=seed if self.draws else None,
            code=self.code,
            started=started.isoformat(timespec="seconds"),
            wall_s=round(time.perf_counter() - clock, 3),
            packages=packages(),
        )
        return self.stamped(output, provenance)

    def stamped(self, output: Output, provenance: Provenance) -> Output:
        """The output with its provenance and figure attached."""
        if isinstance(output, Result):
            return self.dressed(dataclasses.replace(output, provenance=provenance))
        source = Source(self.name, provenance.key, "run")
        return dataclasses.replace(output, provenance=provenance, source=source)

    def dressed(self, result: Result) -> Result:
        """A result with the figure, and the movie, of this stage."""
        return dataclasses.replace(result, draw=self.draw, film=self.film)

    def load(self, path: Path) -> Output:
        """Read back a stored output of this stage."""
        if self.kind is not None:
            return Measurement.load(path, {self.kind.name: self.kind})
        return self.dressed(Result.load(path))


_STAGES: dict[str, Stage] = {}


def stage(name: str, *, version: int = 1, cites: tuple[str, ...] = ()) -> Callable[[Callable[..., Output]], Stage]:
    """Register a function as a stage named `family.what`. `cites` are keys of `data/references.bib`."""

    def register(function: Callable[..., Output]) -> Stage:
        made = _made(name, version, cites, function)
        clash = _STAGES.get(name)
        if clash is not None and clash.function.__module__ != function.__module__:
            raise ConfigError(f"two stages are named '{name}'", function.__module__, "rename one of them")
        _STAGES[name] = made
        return made

    return register


def registered(name: str) -> Stage | None:
    """The stage of that name, if its module has been imported."""
    return _STAGES.get(name)


def _made(name: str, version: int, cites: tuple[str, ...], function: Callable[..., Output]) -> Stage:
    hints = typing.get_type_hints(function, include_extras=True)
    inputs, parameters = [], []
    for argument in inspect.signature(function).parameters.values():
        hint = hints.get(argument.name)
        if argument.name in ("rng", "context"):
            continue
        if argument.kind is argument.KEYWORD_ONLY:
            kind, extras = (get_args(hint)[0], get_args(hint)[1:]) if get_origin(hint) is Annotated else (hint, ())
            par = next((e for e in extras if isinstance(e, Par)), None)
            if par is None:
                raise TypeError(f"{name}: parameter '{argument.name}' needs Annotated[type, Par(...)]")
            parameters.append(Parameter(argument.name, kind, argument.default, par, unit_of(argument.name)))
        else:
            extras = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
            found = next((e for e in extras if isinstance(e, Kind)), None)
            if found is None:
                raise TypeError(f"{name}: input '{argument.name}' needs an annotation with a Kind")
            inputs.append(Input(argument.name, found, any(isinstance(e, Many) for e in extras)))
    returns = hints.get("return")
    kind = next((e for e in get_args(returns)[1:] if isinstance(e, Kind)), None) if get_origin(returns) is Annotated else None
    if kind is None and returns is not Result:
        raise TypeError(f"{name}: must return Result or a measurement annotated with its kind")
    asked = inspect.signature(function).parameters
    return Stage(name, version, function, tuple(inputs), tuple(parameters), kind, "rng" in asked, "context" in asked, cites)


@functools.cache
def _source_hash(module: str) -> str:
    file = getattr(sys.modules[module], "__file__", None)
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16] if file else "interactive"
