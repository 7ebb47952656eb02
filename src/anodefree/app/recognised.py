"""What each file of a project is, and why: read once for each content and each way of reading, remembered in the project.

`recognised(project)` reads what is not yet known, in this process. A page lets `python -m anodefree.app.recognised FOLDER` so,
which names each file before it reads it: a reader that hangs or dies harms nobody else.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout, suppress
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from anodefree.app.content import Content, content
from anodefree.app.preview import Preview, preview
from anodefree.app.project import Project
from anodefree.app.reading import names, of_sample, options, reading, samples_of, told
from anodefree.core.arrays import write_text
from anodefree.core.keys import content_key, file_sha256, plain
from anodefree.core.measurement import Measurement
from anodefree.core.units import bare, shown, unit_of
from anodefree.errors import AnodefreeError, ConfigError
from anodefree.io.formats import HEAD_BYTES, Format, formats, get
from anodefree.io.read import read_all

__all__ = ["FileRow", "known", "reading", "recognised"]

MADE: Final = 1
"""Counts up when what is remembered changes its form, so that older memory is not taken for it."""
_UNTOLD: Final = ("readers_that_failed", "temperature_from", "scan_rate_from", "doubts")


@dataclass(frozen=True)
class FileRow:
    """One file of a project: what it holds and why that is believed, or the one sentence that says why it cannot be read."""

    name: str
    size: int = 0
    changed: float = 0.0
    """When it was last written, in seconds since 1970."""
    kind: str = ""
    kind_title: str = ""
    format: str = ""
    format_title: str = ""
    why: str = ""
    """Why this format: the signature, the suffix, or that a person said so."""
    detail: str = ""
    """What the reader found: points, spectra, cycles, the instrument, what the file's name states."""
    problem: str = ""
    """One sentence; empty where the file was read."""
    explanation: tuple[str, ...] = ()
    """Everything the chain of readers said where none could read it, a line each."""
    hint: str = ""
    warnings: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    """Names of the curves that the file sets side by side, of which one is chosen by the option `series`."""
    meta: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    """What was told of this file itself (kind, format, columns, series, metadata)."""
    text: bool = False
    """Whether it is text, so that its columns may be mapped."""
    pending: bool = False
    """Not yet read."""

    @property
    def readable(self) -> bool:
        """Whether a stage can take it as it is."""
        return bool(self.kind) and not self.problem


def recognised(project: Project) -> list[FileRow]:
    """Every file of the project; what is not remembered is read here, which takes as long as the files need."""
    return [recognise(project, r.name) if r.pending else r for r in known(project)]


def known(project: Project) -> list[FileRow]:
    """Every file of the project as it is remembered; one that was not read yet is `pending`. Reads no measurement."""
    everything, samples = options(project), samples_of(project)
    rows = []
    for name in names(project):
        own = everything.get(name, {})
        try:
            facts = {**_facts(project, name), "options": own}
        except ConfigError:  # deleted since the list was made
            continue
        rows.append(_remembered(project, facts, {**of_sample(samples, name), **own}) or FileRow(**facts, pending=True))
    return rows


def row_of(project: Project, name: str) -> FileRow:
    """One file as it is remembered.

    Raises
    ------
    ConfigError: the project has no such file.
    """
    facts = _facts(project, name)
    return _remembered(project, facts, told(project, name)) or FileRow(**facts, pending=True)


def again(project: Project, name: str) -> None:
    """Forget what a file is, so that it is read once more."""
    _memory(project, name, told(project, name)).unlink(missing_ok=True)


def recognise(project: Project, name: str) -> FileRow:
    """Read one file as the project reads it, and remember what came of it.

    Raises
    ------
    ConfigError: the project has no such file.
    """
    row = FileRow(**{**_facts(project, name), **_opened(project.file(name), told(project, name))[1]})
    remember(project, row)
    return row


def remember(project: Project, row: FileRow) -> None:
    """Keep what is known of a file for as long as its content and what is told of it stay."""
    kept = {k: v for k, v in asdict(row).items() if k not in ("size", "changed", "options", "name", "pending")}
    write_text(_memory(project, row.name, told(project, row.name)), json.dumps(plain(kept), ensure_ascii=False, allow_nan=True))


def look(path: Path, said: Mapping[str, Any]) -> tuple[dict[str, Any], Preview | None]:
    """What a file holds if it is read so, as the fields of a `FileRow`, and a picture of it; nothing is remembered."""
    found, fields = _opened(path, said)
    return fields, preview(found[0]) if found else None


def inside(path: Path, said: Mapping[str, Any]) -> tuple[dict[str, Any], Content | None]:
    """What a file holds if it is read so, as the fields of a `FileRow`, and its curves; nothing is remembered."""
    found, fields = _opened(path, said)
    if not found:
        return fields, None
    names = [str(m.meta.get("series", i)) for i, m in enumerate(found, start=1)] if len(found) > 1 else [""]
    return fields, content(dict(zip(names, (m.data for m in found), strict=True)))


def _facts(project: Project, name: str) -> dict[str, Any]:
    path = project.file(name)
    try:
        stat = path.stat()
    except OSError as error:
        raise ConfigError("is gone", name, "another page may have deleted it: reload this one") from error
    return {"name": name, "size": stat.st_size, "changed": stat.st_mtime, "options": options(project).get(name, {})}


def _memory(project: Project, name: str, said: Mapping[str, Any]) -> Path:
    """Where it is remembered what a file is: named by its content, its name and what its reader is told."""
    path = project.file(name)
    stat = path.stat()
    content = _sha256(path, stat.st_size, stat.st_mtime_ns)
    return project.folder / "recognised" / f"{content_key([MADE, path.name, content, dict(said)])}.json"


@lru_cache(maxsize=10_000)
def _sha256(path: Path, size: int, changed_ns: int) -> str:
    return file_sha256(path)


def _remembered(project: Project, facts: Mapping[str, Any], said: Mapping[str, Any]) -> FileRow | None:
    try:
        kept = json.loads(_memory(project, facts["name"], said).read_text(encoding="utf-8"))
        lists = {k: tuple(kept[k]) for k in ("explanation", "warnings", "series")}
        return FileRow(**{**kept, **lists, **facts})
    except (OSError, ValueError, TypeError, KeyError, ConfigError):
        return None


def _opened(path: Path, said: Mapping[str, Any]) -> tuple[list[Measurement], dict[str, Any]]:
    """The curves of a file and the fields of its row, or no curve and the fields that say why."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    candidates = _candidates(head, path.suffix.lower(), said)
    is_text = get("text").sniff(head, "")
    wanted = {k: v for k, v in said.items() if k != "series"}
    try:
        found = read_all(path, **wanted)
        chosen = _chosen(found, said.get("series"))
    except AnodefreeError as error:
        return [], {**_refused(error, path), "text": is_text}
    except Exception as error:  # a reader that breaks on a damaged file is our fault, and must not take the page with it
        told_so = f"the reader failed ({type(error).__name__}: {error})"[:300]
        return [], {"problem": told_so, "explanation": (told_so,), "hint": "please report this file", "text": is_text}
    first = chosen[0]
    failed = str(first.meta.get("readers_that_failed", ""))
    used = _used(candidates, failed)
    curves = tuple(str(m.meta.get("series", i)) for i, m in enumerate(found, start=1)) if len(found) > 1 else ()
    several = len(chosen) > 1
    fields = {
        "kind": first.kind.name,
        "kind_title": first.kind.title,
        "format": used.name,
        "format_title": used.title,
        "why": _why(used, candidates, path, said),
        "detail": _detail(first, len(found), several=several),
        "problem": f"it holds {len(found)} curves side by side: choose one of them" if several else "",
        "warnings": _warnings(first, failed),
        "series": curves,
        "meta": {k: v for k, v in plain(dict(first.meta)).items() if _short(v) and k not in _UNTOLD},
        "text": is_text,
    }
    return chosen, fields


def _chosen(found: list[Measurement], series: Any) -> list[Measurement]:
    """The curve that the option `series` names, else all of them."""
    if series is None:
        return found
    for index, one in enumerate(found, start=1):
        if str(series).strip() in (str(one.meta.get("series", "")), str(index)):
            return [one]
    raise ConfigError(f"holds no series '{series}'", found[0].source.name, "choose one of those that it holds, or none")


def _candidates(head: bytes, suffix: str, said: Mapping[str, Any]) -> list[Format]:
    """The formats that reading will try, in their order."""
    if "columns" in said:
        return [get("text")]
    if said.get("format"):
        return [f for f in formats() if f.name == said["format"]]
    return [f for f in formats() if _fits(f, head, suffix)]


def _fits(format: Format, head: bytes, suffix: str) -> bool:
    try:
        return bool(format.sniff(head, suffix))
    except Exception:
        return True  # one of an installed package; reading tries it too


def _used(candidates: list[Format], failed: str) -> Format:
    """The first candidate that is not named among those that failed before it."""
    rest = iter(candidates)
    for format in rest:
        if f"{format.name}: " not in failed:
            return format
    return candidates[-1]


def _why(used: Format, candidates: list[Format], path: Path, said: Mapping[str, Any]) -> str:
    if "columns" in said:
        return "its columns were named by hand"
    if said.get("format"):
        return f"read as {used.name} because you chose it"
    if used.name == "text":
        return "text whose header line names the columns of a measurement"
    suffix = path.suffix.lower()
    same = f", and its suffix {suffix} is usual" if suffix and suffix in used.suffixes else ""
    before = [f.name for f in candidates[: candidates.index(used)]]
    tried = f" (after {', '.join(before)} could not read it)" if before else ""
    return f"its first bytes are those of {used.title}{same}{tried}"


def _detail(found: Measurement, curves: int, *, several: bool) -> str:
    """What the reader found, in a few words."""
    parts = [f"{curves} curves"] if several else []
    parts += [f"{size} {dim if size == 1 else _plural(str(dim))}" for dim, size in found.data.sizes.items()]
    instrument = found.meta.get("instrument")
    parts += [str(instrument)[:80]] if instrument else []
    for name in ("temperature_K", "scan_rate_V_s", "area_m2", "active_mass_kg", "group"):
        value = _one_value(found, name)
        if value is None:
            continue
        source = found.meta.get(f"{bare(name)}_from")
        parts.append(f"{bare(name).replace('_', ' ')} {_spelled(name, value)}" + (f" (from the {source})" if source else ""))
    return ", ".join(parts)


def _one_value(found: Measurement, name: str) -> Any:
    if name in found.meta:
        return found.meta[name]
    if name in found and found[name].size and found[name].ndim <= 1:
        values = found[name].ravel()
        return float(values[0]) if (values == values[0]).all() else None
    return None


def _spelled(name: str, value: Any) -> str:
    if not isinstance(value, (int, float)):
        return str(value)[:60]
    unit, factor = shown(unit_of(name))
    if unit == "K":
        return f"{value - 273.15:.4g} degC"
    return f"{value * factor:.4g} {unit}".removesuffix(" 1")


def _plural(word: str) -> str:
    irregular = {"frequency": "frequencies", "spectrum": "spectra", "energy": "energies", "axis": "axes"}
    return irregular.get(word, word if word.endswith("s") or len(word) == 1 else word + "s")


def _warnings(found: Measurement, failed: str) -> tuple[str, ...]:
    said = [f"could not be read as {part.strip()}" for part in failed.split("; ") if part.strip()] if failed else []
    for name in ("columns_assumed", "lines_left_out"):
        if name in found.meta:
            said.append(f"{name.replace('_', ' ')}: {found.meta[name]}")
    return (*said, *(c.message for c in found.checks if c.status != "pass"))


def _refused(error: AnodefreeError, path: Path) -> dict[str, Any]:
    """Why a file cannot be read: the first sentence, then all that was said."""
    first, *rest = error.what.split("\n")
    where = error.where.replace(str(path), "").strip(" ,:")
    problem = first.rstrip(":") + (f" ({where})" if where else "")
    return {
        "problem": problem,
        "explanation": tuple(line.strip().replace(str(path), path.name) for line in (rest or [problem])),
        "hint": error.hint,
    }


def _short(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool)) and len(str(value)) <= 200


def main(folder: str) -> None:
    """Read every file that is not yet known; a line with its name is written before, and an empty one after."""
    project = Project.open(Path(folder))
    out = sys.stdout
    with redirect_stdout(sys.stderr):  # whatever a reader prints is no part of what is told here
        for name in [row.name for row in known(project) if row.pending]:
            out.write(json.dumps(name) + "\n")
            out.flush()
            with suppress(ConfigError):  # deleted since
                recognise(project, name)
            out.write("\n")
            out.flush()


if __name__ == "__main__":
    main(sys.argv[1])
