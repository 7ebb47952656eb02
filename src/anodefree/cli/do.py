"""`anodefree do STAGE FILE…`: any stage on any file; its options are made from the stage's signature."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anodefree.errors import AnodefreeError, Cancelled, ConfigError, Unrecognised
from anodefree.stages import get, names

if TYPE_CHECKING:
    from anodefree.core.measurement import Measurement
    from anodefree.core.parameter import Parameter
    from anodefree.registry import Stage
    from anodefree.study.run import Progress


class StageGroup(click.Group):
    """One sub-command for each stage, made when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every stage name; imports none of them."""
        return names()

    def get_command(self, ctx: click.Context, name: str) -> click.Command:
        """The command of one stage."""
        return _command(get(name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The names alone: their sentences are in `anodefree list`."""
        with formatter.section("Stages"):
            formatter.write_text(", ".join(names()))


def _command(stage: Stage) -> click.Command:
    takes = " ".join(f"{i.name} ({i.kind.name}{', several join' if i.many else ''})" for i in stage.inputs)
    options: list[click.Parameter] = [_option(p) for p in stage.parameters]
    if stage.draws:
        options.append(click.Option(["--seed"], type=int, default=0, show_default=True, help="seed of the random numbers"))
    if stage.inputs:
        options.append(click.Argument(["files"], nargs=-1, type=click.Path(), required=True))
        options.append(
            click.Option(
                ["--meta"], multiple=True, metavar="NAME=VALUE", help="metadata a file lacks, e.g. temperature_K='25 degC'"
            )
        )
        options.append(
            click.Option(
                ["--samples"],
                type=click.Path(path_type=Path),
                metavar="FILE",
                help="table (CSV) of what each file lacks: file, mass / mg, area / cm2, group",
            )
        )
        options.append(
            click.Option(["--format", "format_"], metavar="NAME", help="which reader to use (see: anodefree formats)")
        )
    options += [
        click.Option(["--json", "as_json"], is_flag=True, help="one JSON object on standard output, values in SI"),
        click.Option(
            ["--plot"], type=click.Path(path_type=Path), metavar="FILE", help="the figure: .svg, .pdf or .png (600 dpi)"
        ),
        *_movie_options(stage),
        click.Option(["--csv"], type=click.Path(path_type=Path), metavar="FILE", help="the numbers exactly as plotted"),
        click.Option(
            ["--save"],
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="everything: .nc, .json; tables: .csv, .curves.csv",
        ),
    ]
    help_text = (
        f"{stage.title}\n\n" + (f"Input: {takes}. " if takes else "Takes no file. ") + "Values may carry a unit: '25 degC'."
    )

    def callback(**given: Any) -> None:
        _do(stage, given)

    return click.Command(stage.name, callback=callback, params=options, help=help_text, short_help=stage.title)


def _movie_options(stage: Stage) -> list[click.Parameter]:
    """How to ask for a movie, of a stage that has one."""
    if stage.film is None:
        return []
    return [
        click.Option(
            ["--movie"], type=click.Path(path_type=Path), metavar="FILE", help="the moving figure: .gif, or .mp4 (needs ffmpeg)"
        ),
        click.Option(["--movie-frames"], type=click.IntRange(min=1), metavar="N", help="at most so many frames"),
    ]


def _option(parameter: Parameter) -> click.Option:
    default = "" if parameter.required or parameter.default is None else f"; default {parameter.default}"
    unit = "" if parameter.unit == "1" else f" [{parameter.unit}]"
    return click.Option(
        ["--" + parameter.name.replace("_", "-"), parameter.name],
        metavar=parameter.spelled().upper() if len(parameter.spelled()) < 24 else "VALUE",
        help=f"{parameter.par.doc}{unit}{default}",
    )


def _do(stage: Stage, given: dict[str, Any]) -> None:
    from anodefree.cli.console import progress_bar, stoppable
    from anodefree.core.context import scratch

    known = {p.name for p in stage.parameters}
    parameters = {k: v for k, v in given.items() if k in known and v is not None}
    _check_movie(given.get("movie"))
    stage.validate(parameters)  # before any file is opened: what was asked comes before what the files hold
    seed = given.get("seed") or 0
    rows: list[tuple[str, Any]] = []
    errors: list[AnodefreeError] = []
    for name, inputs in _inputs(stage, given):
        try:
            with stoppable("nothing was written"), progress_bar(stage.name) as bar, scratch() as context:
                if bar is not None:
                    context.listener = partial(_tell, bar)
                found = inputs() if callable(inputs) else inputs
                rows.append((name, stage(*found, seed=seed, context=context, **parameters)))
        except Cancelled:
            raise
        except AnodefreeError as error:
            errors.append(error)
            rows.append((name, error))
    if len(rows) == 1 and errors:
        raise errors[0]
    _write_files(stage, given, rows)
    _print(stage, rows, as_json=given["as_json"])
    if errors:
        from anodefree.cli.console import complain

        for failure in errors:
            complain(failure)
        sys.exit(errors[0].exit_code)


def _check_movie(path: Path | None) -> None:
    """A movie that cannot be written is refused before the work that it would show."""
    if path is not None:
        from anodefree.core.movie import can_write

        can_write(path)


def _tell(bar: Progress, fraction: float, text: str) -> None:
    bar(round(100 * fraction), 100, text, 0.0)


def _inputs(stage: Stage, given: dict[str, Any]) -> list[tuple[str, Any]]:
    """The inputs of each row, by name: one row for all files of a series, else one row a file. Files are read row by row."""
    from anodefree.core.measurement import join
    from anodefree.io.paths import paths_of
    from anodefree.io.read import read
    from anodefree.io.samples import read_samples, sample_of

    if not stage.inputs:
        return [("", ())]
    paths = paths_of(given["files"])
    _tell_left_out(given["files"], paths)
    meta = _meta(given["meta"])
    samples = read_samples(given["samples"]) if given["samples"] else None

    def opened(path: Path, index: int = 0) -> Measurement:
        told = sample_of(samples, path) if samples is not None else {}
        return read(path, **{"kind": stage.inputs[index].kind, "format": given["format_"], **told, **meta})

    if len(stage.inputs) > 1:
        if len(paths) != len(stage.inputs):
            need = ", ".join(f"{i.name} ({i.kind.name})" for i in stage.inputs)
            raise ConfigError(f"takes {len(stage.inputs)} files, got {len(paths)}", stage.name, f"in this order: {need}")
        return [("", lambda: [opened(p, i) for i, p in enumerate(paths)])]
    if stage.inputs[0].many:
        inside = {p for g in given["files"] if Path(g).is_dir() for p in Path(g).iterdir()}
        return [(paths[0].name if len(paths) == 1 else "", lambda: [join(_recognised(paths, opened, inside))])]
    return [(p.name, lambda p=p: [opened(p)]) for p in paths]


def _recognised(paths: Sequence[Path], opened: Callable[[Path], Measurement], inside: set[Path]) -> list[Measurement]:
    """The files of a series; those of a folder that hold no measurement at all (a report, a note) are named, not read."""
    found, strange = [], []
    for path in paths:
        try:
            found.append(opened(path))
        except Unrecognised as error:
            if path not in inside:
                raise
            strange.append((path, error))
    if not found:
        raise strange[0][1]
    for path, reason in strange:
        sys.stderr.write(f"note: left out, no measurement: {path.name} ({reason.what.splitlines()[0]})\n")
    return found


def _tell_left_out(given: Sequence[str], taken: Sequence[Path]) -> None:
    """Files of a folder that no reader claims by their suffix are named, not dropped in silence."""
    for folder in (Path(g) for g in given if Path(g).is_dir()):
        left = sorted(p.name for p in folder.iterdir() if p.is_file() and p not in taken)
        if left:
            sys.stderr.write(f"note: of '{folder}' no known suffix, left out: {', '.join(left)}\n")


def _meta(pairs: Sequence[str]) -> dict[str, str]:
    split = [p.split("=", 1) for p in pairs]
    if any(len(p) != 2 for p in split):
        raise ConfigError("metadata is written NAME=VALUE", "--meta", "for example --meta temperature_K='25 degC'")
    return {k.strip(): v.strip() for k, v in split}


def _write_files(stage: Stage, given: dict[str, Any], rows: list[tuple[str, Any]]) -> None:
    done = [(n, o) for n, o in rows if not isinstance(o, AnodefreeError)]
    for index, (_, output) in enumerate(done):
        if given["save"]:
            _save(output, _numbered(given["save"], index, len(done)))
        if given["plot"]:
            _plot(stage, output, _numbered(given["plot"], index, len(done)))
        if given.get("movie"):
            _movie(stage, output, _numbered(given["movie"], index, len(done)), given["movie_frames"])
        if given["csv"]:
            _csv(stage, output, _numbered(given["csv"], index, len(done)))


def _numbered(path: Path, index: int, of: int) -> Path:
    stem, dot, suffixes = path.name.partition(".")
    return path if of == 1 else path.with_name(f"{stem}_{index + 1}{dot}{suffixes}")


def _save(output: Any, path: Path) -> None:
    from anodefree.core.result import Result
    from anodefree.io.write import write

    if isinstance(output, Result):
        output.save(path)
    else:
        write(output, path)


def _plot(stage: Stage, output: Any, path: Path) -> None:
    from anodefree.core.arrays import write_bytes
    from anodefree.core.figure import render

    draw = stage.draw
    if draw is None:
        raise ConfigError("has no figure", stage.name, "leave --plot out")
    if path.suffix not in (".svg", ".pdf", ".png"):
        raise ConfigError(f"cannot draw a '{path.suffix}' file", str(path), "use .svg, .pdf or .png")
    write_bytes(path, render(lambda ax: draw(output, ax), path.suffix[1:]))


def _movie(stage: Stage, output: Any, path: Path, frames: int | None) -> None:
    from anodefree.cli.console import progress_bar, stoppable
    from anodefree.core.context import scratch

    with stoppable("no movie was written"), progress_bar(path.name) as bar, scratch() as context:
        if bar is not None:
            context.listener = partial(_tell, bar)
        stage.animate(output, path, frames=frames, context=context)


def _csv(stage: Stage, output: Any, path: Path) -> None:
    from anodefree.core.arrays import write_text
    from anodefree.core.figure import canvas, columns_csv, plotted

    draw = stage.draw
    if draw is None:
        raise ConfigError("has no figure whose numbers could be written", stage.name, "use --save FILE.nc")
    with canvas() as (_, ax):
        draw(output, ax)
        write_text(path, columns_csv(plotted(ax)))


def _print(stage: Stage, rows: list[tuple[str, Any]], *, as_json: bool) -> None:
    from anodefree.cli.console import say_json, show_checks, show_result, table
    from anodefree.core.result import Result

    if as_json:
        told = [_as_json(stage, name, output) for name, output in rows]
        say_json(told[0] if len(told) == 1 else {"stage": stage.name, "rows": told})
    elif len(rows) == 1:
        name, output = rows[0]
        if isinstance(output, Result):
            show_result(output, name)
        else:
            show_checks(output.checks)
            table(["array", "unit", "shape", "from", "to"], _summary(output), f"{stage.name}: {output.kind.title}")
    else:
        columns = list(dict.fromkeys(n for _, o in rows if isinstance(o, Result) for n in o.estimates))
        cells = [
            [n, *(str(o.estimates.get(c, "")) if isinstance(o, Result) else "" for c in columns), _doubts(o)] for n, o in rows
        ]
        table(["file", *columns, "doubts"], cells, stage.name)


def _doubts(output: Any) -> str:
    if isinstance(output, AnodefreeError):
        return f"error: {output.what}"
    return ", ".join(c.name for c in getattr(output, "checks", ()) if c.status != "pass")


def _as_json(stage: Stage, name: str, output: Any) -> dict[str, Any]:
    from anodefree.core.result import Result

    named = {"file": name} if name else {}
    if isinstance(output, AnodefreeError):
        return {**named, "stage": stage.name, "error": str(output), "exit_code": output.exit_code}
    if isinstance(output, Result):
        return {**output.to_dict(), **named}
    return {**_measurement_json(output), **named, "stage": stage.name}


def _measurement_json(output: Any) -> dict[str, Any]:
    """A measurement in the same form as a result: its arrays are the curves."""
    from anodefree.core.arrays import as_json
    from anodefree.core.keys import plain

    return {
        "kind": output.kind.name,
        "estimates": {},
        "checks": [plain(c) for c in output.checks],
        "curves": as_json(output.data),
        "meta": plain(dict(output.meta)),
        "provenance": plain(output.provenance),
    }


def _summary(output: Any) -> list[list[str]]:
    import numpy as np

    rows = []
    for name, variable in output.data.data_vars.items():
        values = np.asarray(variable.values)
        low, high = (np.nanmin(values), np.nanmax(values)) if values.dtype.kind in "fiu" else (math.nan, math.nan)
        shape = " x ".join(f"{s} {d}" for d, s in variable.sizes.items())
        rows.append([str(name), output.kind.unit(str(name)), shape, f"{low:.4g}", f"{high:.4g}"])
    return rows
