"""Export exactly what is seen: tables, figures, data files, and the Python lines and study file that give the same numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from anodefree.app.form import ABSENT
from anodefree.core.figure import renders
from anodefree.core.result import Result
from anodefree.errors import ConfigError, near
from anodefree.registry import Output, Stage

FIGURES: Final = ("svg", "pdf", "png")


def kinds(stage: Stage, output: Output) -> list[str]:
    """The suffixes that this output can be saved as."""
    figures = list(FIGURES) if stage.draw is not None else []
    if isinstance(output, Result):
        return ["csv", "curves.csv", "json", "nc", *figures]
    return ["csv", "json", "nc", *(["bdf.csv"] if output.kind.name == "cycling" else []), *figures]


def export(stage: Stage, output: Output, suffix: str, folder: Path, name: str) -> Path:
    """Write one file `name.suffix` into a folder, by the code that the command line uses.

    Raises
    ------
    ConfigError: no such suffix for this output.
    """
    from anodefree.core.arrays import write_bytes
    from anodefree.io.write import write

    known = kinds(stage, output)
    if suffix not in known:
        raise ConfigError(f"cannot be exported as '{suffix}'", stage.name, near(suffix, known))
    path = folder / f"{name}.{suffix}"
    draw = stage.draw
    if suffix in FIGURES and draw is not None:
        write_bytes(path, renders(lambda ax: draw(output, ax), (suffix,))[suffix])
    elif isinstance(output, Result):
        output.save(path)
    else:
        write(output, path)
    return path


def python_lines(stage: Stage, inputs: Sequence[Sequence[Mapping[str, Any]]], parameters: Mapping[str, Any]) -> str:
    """The lines that give the same output: for each input its files, each `{file, meta}`; parameters as the study holds them.

    Text with a unit stays text: the stage reads it as the study does.
    """
    lines, names = ["import anodefree as af", ""], []
    for wanted, files in zip(stage.inputs, inputs, strict=True):
        reads = [_read(f, wanted.kind.name) for f in files]
        names.append(wanted.name)
        if len(reads) == 1:
            lines.append(f"{wanted.name} = {reads[0]}")
        else:
            lines += [f"{wanted.name} = af.join([", *(f"    {r}," for r in reads), "])"]
    words = [*names, *(f"{n}={v!r}" for n, v in parameters.items() if v is not ABSENT)]
    lines += [f'result = af.get("{stage.name}")({", ".join(words)})', "print(result)"]
    return "\n".join(lines) + "\n"


def _read(file: Mapping[str, Any], kind: str) -> str:
    said = {"kind": kind, **file.get("meta", {})}
    return f"af.read({file['file']!r}, " + ", ".join(f"{n}={v!r}" for n, v in said.items()) + ")"
