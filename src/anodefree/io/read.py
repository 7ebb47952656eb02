"""Open any file that is known here: by content, not by suffix, and with one clear error where nothing fits."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import math
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.keys import content_key, file_sha256
from anodefree.core.kind import Kind
from anodefree.core.measurement import Measurement, join
from anodefree.core.provenance import Source
from anodefree.core.result import Result
from anodefree.core.units import parse, unit_of
from anodefree.errors import AnodefreeError, ConfigError, DataError, Unrecognised, near
from anodefree.io.as_kind import as_kind
from anodefree.io.file_names import stated_by_name
from anodefree.io.formats import HEAD_BYTES, Format, added, formats, get, looks_like, named_like
from anodefree.io.kinds import known_kinds
from anodefree.io.paths import PathLike, paths_of, regular
from anodefree.io.polarisation import turned
from anodefree.io.samples import read_samples, sample_of

_GIVEN_BY: Final = {"temperature_from": ("temperature_K",), "scan_rate_from": ("scan_rate_V_s",)}


READERS_OPTIONS: Final = ("laser_m", "topology", "species_map", "every")
"""Metadata that a reader itself needs: the laser of a spectrometer, the topology of a trajectory."""


def read(
    path: PathLike,
    *,
    kind: str | Kind = "",
    format: str | None = None,
    columns: str | Sequence[str] | None = None,
    series: str | int | None = None,
    **meta: Any,
) -> Measurement:
    """A measurement from a file.

    `kind` is the wanted one, where a file can be more than one: time, voltage and current are cycling unless
    `kind="polarisation"`. `format` names one reader (`anodefree formats` lists them); else the content decides. `columns` are
    headers for a text that has none: "time/h, voltage/V, current/mA". `series` picks one of several curves that a file sets
    side by side, by its name or its number from 1. Everything else is metadata, which wins over what the file says; a text may
    carry a unit (`temperature_K="25 °C"`, `area_m2="1.54 cm2"`). What a kind holds for each spectrum of a series becomes an
    array. `positive_current="cathodic"` says that a file counts reduction as positive. Where neither the file nor
    `temperature_K` states a temperature, one in the file's name is taken (`_140deg`, `-25C`, `303K`), and the metadata
    `temperature_from` says so.

    Raises
    ------
    ConfigError: there is no such file, it may not be read, the format, the kind or a metadata value is wrong.
    DataError: no reader can read it; the error names each that was tried, and why it could not. Or it holds another kind, or
    several curves.
    """
    found = read_all(path, kind=kind, format=format, columns=columns, **meta)
    if series is not None:
        return _picked(found, series)
    if len(found) > 1 and not found[0].kind.series:
        raise DataError(
            f"holds {len(found)} curves: {_listed(found)}",
            str(path),
            f"choose one: series='{_label(found[0])}' or series=1 (--meta series=1)",
        )
    return found[0] if len(found) == 1 else _one_series(found)


def read_all(
    path: PathLike,
    *,
    kind: str | Kind = "",
    format: str | None = None,
    columns: str | Sequence[str] | None = None,
    **meta: Any,
) -> list[Measurement]:
    """Every curve of a file that sets several side by side, else the one measurement that it holds; arguments as for `read`.

    Raises
    ------
    ConfigError, DataError: as `read` does.
    """
    file = regular(path)
    wanted = _wanted(kind)
    given = {name: _si(name, value) for name, value in meta.items()}
    headers = _headers(columns)
    with _opened(file) as stream:
        head = stream.read(HEAD_BYTES)
    if not head.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise DataError("is empty", str(file), "was the export cut short?")
    options = {"columns": headers, "kind": wanted.name if wanted else None, **{n: given.get(n) for n in READERS_OPTIONS}}
    found, used = _first_that_reads(file, head, format, {n: v for n, v in options.items() if v is not None})
    parts = [_stamped(part, file, used, headers, given, wanted) for part in found]
    return [_one_series(parts)] if len(parts) > 1 and parts[0].kind.series else parts


def read_many(
    paths: PathLike | Iterable[PathLike], *, format: str | None = None, samples: PathLike | None = None, **meta: Any
) -> list[Measurement]:
    """Measurements from several files, a folder, or a pattern such as "cells/*.z"; see `paths_of` for their order.

    A file that sets several curves side by side gives each of them. `samples` is a table (CSV) that states mass, area, group
    and the like of each file; see `read_samples`. Arguments are those of `read`.

    Raises
    ------
    ConfigError, DataError: as `read` does, for the first file that cannot be read.
    """
    table = read_samples(samples) if samples is not None else None
    each = [(p, {**(sample_of(table, p) if table is not None else {}), **meta}) for p in paths_of(paths)]
    if "series" in meta:
        return [read(p, format=format, **m) for p, m in each]
    return [found for p, m in each for found in read_all(p, format=format, **m)]


def load(path: PathLike) -> Measurement | Result:
    """A measurement or a result from one of our own .nc files.

    Raises
    ------
    ConfigError: there is no such file. DataError: it is damaged, or was not written by this package.
    """
    from anodefree.io.netcdf import load as load_netcdf

    return load_netcdf(regular(path))


def _opened(file: Path) -> Any:
    try:
        return file.open("rb")
    except OSError as error:
        raise ConfigError(
            f"cannot be read ({(error.strerror or str(error)).lower()})", str(file), "may you read it?"
        ) from error


def _wanted(kind: str | Kind) -> Kind | None:
    if isinstance(kind, Kind) or not kind:
        return kind or None
    known = known_kinds()
    if kind not in known:
        raise ConfigError(f"no kind of measurement is named '{kind}'", hint=near(str(kind), known))
    return known[kind]


def _label(found: Measurement) -> str:
    return str(found.meta.get("series", ""))


def _listed(found: Sequence[Measurement]) -> str:
    names = [f"'{_label(m)}'" for m in found]
    return ", ".join(names[:20]) + (" …" if len(names) > 20 else "")


def _picked(found: Sequence[Measurement], series: str | int) -> Measurement:
    """The curve of that name, or of that number from 1."""
    for index, one in enumerate(found, start=1):
        if str(series).strip() in (_label(one), str(index)):
            return one
    raise ConfigError(
        f"holds no series '{series}'", found[0].source.name, f"it holds {_listed(found)}" if len(found) > 1 else "it holds one"
    )


def _one_series(parts: Sequence[Measurement]) -> Measurement:
    """The spectra of one file as one series under the file's own name."""
    joined = join(parts)
    return dataclasses.replace(joined, source=Source(parts[0].source.name, joined.key, "file"))


def _headers(columns: str | Sequence[str] | None) -> tuple[str, ...] | None:
    if columns is None:
        return None
    cells = columns.split(",") if isinstance(columns, str) else columns
    return tuple(str(c).strip() for c in cells)


def _first_that_reads(
    file: Path, head: bytes, name: str | None, options: Mapping[str, Any]
) -> tuple[list[Measurement], Format]:
    """What the file holds and the format that gave it: the one that is named, else each whose signature fits, text last."""
    suffix = file.suffix.lower()
    if "columns" in options:
        if name not in (None, "text"):
            raise ConfigError(
                f"columns are for plain text, not for the format '{name}'", str(file), "leave format or columns out"
            )
        tried = [get("text")]
    else:
        tried = [get(name)] if name else [f for f in formats() if _fits(f, head, suffix)]
    size = file.stat().st_size
    failures: list[tuple[str, AnodefreeError]] = []
    for format in tried:
        try:
            if size > format.max_bytes:
                raise DataError(f"is {size / 2**20:.0f} MiB, more than the {format.max_bytes >> 20} MiB that are read")
            reader = importlib.import_module(format.module).read
            takes = inspect.signature(reader).parameters
            with np.errstate(invalid="ignore", over="ignore"):  # of a damaged file: kinds refuse what is not finite
                found = _checked(reader(file, **{n: v for n, v in options.items() if n in takes}))
            return _told(found, failures), format
        except (DataError, ConfigError) as error:
            failures.append((format.name, error))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise ConfigError(f"cannot be read ({reason})", str(file), "is it on a disk that is still there?") from error
        except Exception as error:
            if format.module.startswith("anodefree."):
                raise
            failures.append((format.name, DataError(f"the reader itself failed ({type(error).__name__}: {error})")))
    if len(failures) == 1 and name:
        _, only = failures[0]
        raise type(only)(only.what, _joined(file, only), only.hint)
    raise _unreadable(file, head, failures)


def _fits(format: Format, head: bytes, suffix: str) -> bool:
    try:
        return bool(format.sniff(head, suffix))
    except Exception:
        if format.module.startswith("anodefree."):
            raise
        return True  # let its reader say what is wrong with it


def _told(found: list[Measurement], failures: Sequence[tuple[str, AnodefreeError]]) -> list[Measurement]:
    """What was read, with a note of the readers that could not: theirs may know what plain text does not say."""
    if not failures:
        return found
    note = "; ".join(f"{name}: {error.what}" for name, error in failures)[:400]
    return [dataclasses.replace(m, meta={**m.meta, "readers_that_failed": note}) for m in found]


def _checked(found: Any) -> list[Measurement]:
    parts = found if isinstance(found, list) and found else [found]
    if not all(isinstance(p, Measurement) for p in parts):
        raise DataError(f"the reader returned a {type(found).__name__}, not a Measurement")
    return parts


def _joined(file: Path, error: AnodefreeError) -> str:
    return str(file) if error.where in ("", str(file)) else f"{file}, {error.where}"


def _unreadable(file: Path, head: bytes, failures: list[tuple[str, AnodefreeError]]) -> DataError:
    """One error that says what was tried, why each failed, what the file looks like and what to try."""
    suffix = file.suffix.lower()
    looks, remedy = looks_like(head, suffix)
    sort = Unrecognised if all(isinstance(e, Unrecognised) for _, e in failures) else DataError
    broken = [f"{name}: {reason}" for name, reason in added().items() if isinstance(reason, str)]
    if len(failures) == 1:
        name, only = failures[0]
        what = f"cannot be read as {name}: {only.what}"
        more = "".join(f"; {b}" for b in broken)
        hints = (remedy, only.hint) if sort is Unrecognised else (only.hint, remedy)
        return sort(f"{what} (it is {looks}{more})", _joined(file, only), next((h for h in hints if h), "anodefree formats"))
    if not failures:
        failures = [
            (f.name, DataError(f"the suffix is that of {f.title}, but the file does not begin as one"))
            for f in named_like(suffix)
        ]
    lines = [f"{name}: {e.what}" + (f" ({e.where})" if e.where and e.where != str(file) else "") for name, e in failures]
    reasons = "".join(f"\n  {line}" for line in [*lines, *broken]) or " no reader knows such content"
    hint = next((e.hint for _, e in failures if e.hint), "") or remedy or "'anodefree formats' lists what can be read"
    return sort(f"cannot be read, it is {looks}:{reasons}", str(file), hint)


def _si(name: str, value: Any) -> Any:
    """A given metadata value in SI: text with a unit where the name states one."""
    unit = unit_of(name)
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_si(name, v) for v in value]
    if isinstance(value, str) and unit != "1":
        return parse(value, unit)[0]
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
        number = value.item() if isinstance(value, np.number) else value
        if not math.isfinite(number):
            raise ConfigError("is not a finite number", name)
        return float(number) if unit != "1" else number
    if isinstance(value, (str, bool)) or value is None:
        return value
    raise ConfigError(f"'{type(value).__name__}' cannot be metadata", name, "give a number, a text, or a number with a unit")


def _stamped(
    read: Measurement, file: Path, used: Format, headers: tuple[str, ...] | None, given: dict[str, Any], wanted: Kind | None
) -> Measurement:
    """The measurement as the wanted kind with its given metadata in place, named and keyed after its file."""
    read = dataclasses.replace(read, source=Source(file.name, read.key, "file"))
    area = {"area_m2": given["area_m2"]} if isinstance(given.get("area_m2"), float) else {}
    found = as_kind(read.with_meta(**area), wanted) if wanted else read
    kind = found.kind
    if kind.name == "polarisation" and "positive_current" in given:
        found = turned(found, str(given["positive_current"]))
    _known_words(kind, given)
    own = {n: v for n, v in found.meta.items() if not any(g in given for g in _GIVEN_BY.get(n, ()))}
    known = {*given, *own, *map(str, found.data.data_vars)}
    stated = stated_by_name(file.name, kind)
    taken = {n: v for n, v in stated.items() if not {n, *_GIVEN_BY.get(n, ())} & known}
    everything = {**taken, **{n: v for n, v in given.items() if v is not None}}
    arrays = {n: _for_each(found, n, v) for n, v in everything.items() if n in kind.arrays}
    meta = {**own, **{n: v for n, v in everything.items() if n not in kind.arrays}}
    # The name of the file enters the key only where it gave a number; the reader does, because another may read other numbers.
    # So do the kind, which decides what the numbers are, and the name of one of several series.
    key = content_key([file_sha256(file), used.name, headers, {**taken, **given}, kind.name, read.meta.get("series")])
    source = Source(file.name, key, "file")
    present = {str(n): found[str(n)] for n in found.data.data_vars}
    made = Measurement.of(kind, {**present, **arrays}, meta, source=source)
    return dataclasses.replace(made, provenance=read.provenance)


def _known_words(kind: Kind, given: Mapping[str, Any]) -> None:
    """A name that is almost a known one is a slip of the pen; any other is the user's own metadata."""
    known = {*kind.meta, *(n for n, a in kind.arrays.items() if a.dims == (kind.series,)), "temperature_K"}
    for name in given:
        if name in kind.arrays and name not in known:
            raise ConfigError(
                f"'{name}' is what the file itself must hold", hint="given as metadata can be: " + ", ".join(sorted(known))
            )
        if name not in known and get_close_matches(name, known, n=1, cutoff=0.85):
            raise ConfigError(f"unknown metadata '{name}'", hint=near(name, known))


def _for_each(found: Measurement, name: str, value: Any) -> np.ndarray:
    values = np.asarray(value)
    if values.dtype.kind not in "iuf" or values.ndim > 1 or (values.ndim == 1 and values.size != len(found)):
        raise ConfigError(f"'{name}' needs one number, or one for each of the {len(found)} spectra", found.source.name)
    return np.array(np.broadcast_to(values.astype(float), (len(found),)))
