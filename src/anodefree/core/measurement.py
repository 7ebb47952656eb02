"""A measurement: arrays of a kind, their metadata, and where they come from (an instrument's file or a run)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anodefree.core.arrays import dataset, read_netcdf, write_netcdf
from anodefree.core.keys import arrays_key, content_key
from anodefree.core.kind import Kind
from anodefree.core.provenance import Provenance, Source
from anodefree.core.result import Check
from anodefree.errors import DataError

if TYPE_CHECKING:
    import xarray as xr

FINISHED = "finished"
"""What the metadata `stopped` says of a run that came to its end."""


@dataclass(frozen=True)
class Measurement:
    """Arrays checked against their kind. `m["frequency_Hz"]` is the bare, read-only array; `m.meta` says the rest."""

    kind: Kind
    data: xr.Dataset = field(repr=False)
    meta: Mapping[str, Any]
    source: Source
    provenance: Provenance | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        kind: Kind,
        arrays: Mapping[str, Any],
        meta: Mapping[str, Any] | None = None,
        *,
        name: str = "memory",
        source: Source | None = None,
    ) -> Measurement:
        """A measurement from plain arrays, checked. Dimensions follow from the kind.

        Raises
        ------
        DataError: an array is missing, unknown, of the wrong shape, empty or not finite; metadata is missing.
        """
        meta = dict(meta or {})
        shaped: dict[str, tuple[tuple[str, ...], np.ndarray]] = {}
        for array, values in arrays.items():
            if values is not None:
                dims = kind.arrays[array].dims if array in kind.arrays else ()
                shaped[array] = (dims, np.asarray(values))
        kind.check(shaped, meta, source.name if source else name)
        if source is None:
            bare = {k: v for k, (_, v) in shaped.items()}
            source = Source(name, arrays_key(bare, {"kind": kind.name, **meta}), "memory")
        return cls(kind, dataset(shaped), meta, source)

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self.data:
            known = ", ".join(str(v) for v in self.data.data_vars)
            raise DataError(f"has no '{name}'", self.source.name, f"it holds {known}")
        return np.asarray(self.data[name].values)

    def __contains__(self, name: str) -> bool:
        return name in self.data

    def __len__(self) -> int:
        """How many measurements are joined here (1 for a kind that does not join)."""
        return int(self.data.sizes[self.kind.series]) if self.kind.series else 1

    @property
    def key(self) -> str:
        """The content key: equal keys mean equal content."""
        return self.source.key

    @property
    def checks(self) -> tuple[Check, ...]:
        """What its maker doubts, from its metadata: an early end (`stopped`), and the sentences of `doubts`."""
        ended = str(self.meta.get("stopped", FINISHED))
        early = [] if ended == FINISHED else [Check("stopped", "warn", ended)]
        return (*early, *(Check("doubt", "warn", str(d)) for d in self.meta.get("doubts", ())))

    def with_meta(self, **meta: Any) -> Measurement:
        """The same arrays with metadata added or replaced (its key changes with it)."""
        source = replace(self.source, key=content_key([self.source.key, meta]))
        return replace(self, meta={**self.meta, **meta}, source=source)

    def save(self, path: str | Path) -> Path:
        """Write arrays, metadata and provenance to one NetCDF file."""
        path = Path(path)
        write_netcdf(path, self.data, self.record())
        return path

    def record(self) -> dict[str, Any]:
        """What goes into the file beside the arrays."""
        return {
            "type": "measurement",
            "kind": self.kind.name,
            "meta": dict(self.meta),
            "source": self.source,
            "provenance": self.provenance,
        }

    @classmethod
    def load(cls, path: Path, kinds: Mapping[str, Kind]) -> Measurement:
        """Read back what `save` wrote; `kinds` are the kinds that are known by name."""
        data, record = read_netcdf(path)
        if record.get("type") != "measurement" or record.get("kind") not in kinds:
            raise DataError("holds no measurement of a kind known here", str(path), "was it written by a newer version?")
        kind = kinds[record["kind"]]
        kind.check({str(n): (tuple(map(str, v.dims)), v.values) for n, v in data.data_vars.items()}, record["meta"], str(path))
        provenance = Provenance.from_dict(record["provenance"]) if record["provenance"] else None
        return cls(kind, data, record["meta"], Source(**record["source"]), provenance)


def join(parts: Sequence[Measurement]) -> Measurement:
    """Several measurements of one kind as one series along the kind's series dimension; ragged parts are padded with NaN.

    Metadata that all parts share is kept; what differs is dropped unless the kind has an array for it. Where the head of every
    file says when it was started, the time of the series counts from the first.
    """
    if len(parts) == 1:
        return parts[0]
    kind = parts[0].kind
    if kind.together is not None and all(p.kind.name == kind.name for p in parts):
        # What differs in the parts' metadata is lost, so that `members` and `groups` say which is which.
        told = {"members": [p.source.name for p in parts]}
        if all("group" in p.meta for p in parts):
            told["groups"] = [str(p.meta["group"]) for p in parts]
        return join([_widened(p, kind.together) for p in parts]).with_meta(**told)
    if not kind.series:
        raise DataError(f"{kind.name} measurements cannot be joined into one", parts[1].source.name, "give one file at a time")
    other = next((p for p in parts if p.kind.name != kind.name), None)
    if other is not None:
        raise DataError(f"holds {other.kind.title}, the first file {kind.title}", other.source.name, "join files of one kind")
    names = [n for n in kind.arrays if all(n in p for p in parts)]
    common = {n: _common(parts, n) for n in names if kind.series not in kind.arrays[n].dims}
    names = [n for n in names if n not in common]
    sizes = {d: max(int(p.data.sizes[d]) for p in parts) for n in names for d in kind.arrays[n].dims if d != kind.series}
    arrays = {**common, **{n: np.concatenate([_padded(p, n, sizes) for p in parts]) for n in names}}
    meta = {k: v for k, v in parts[0].meta.items() if all(p.meta.get(k) == v for p in parts)}
    if "time_s" in kind.arrays and kind.arrays["time_s"].dims == (kind.series,):
        time = _since_the_first(parts)
        if time is not None:
            arrays["time_s"], meta["started"] = time, parts[0].meta["started"]
        elif "time_s" in arrays and (np.diff(arrays["time_s"]) < 0).any():
            del arrays["time_s"]  # every part counts from its own start
    label = f"{parts[0].source.name} … {parts[-1].source.name} ({len(parts)} files)"
    source = Source(label, content_key([p.key for p in parts]), "file")
    return Measurement.of(kind, arrays, meta, source=source)


def _common(parts: Sequence[Measurement], name: str) -> np.ndarray:
    """An axis that all members of a series share.

    Raises
    ------
    DataError: one has another.
    """
    first = parts[0][name]
    for part in parts[1:]:
        if part[name].shape != first.shape or not np.allclose(part[name], first, rtol=1e-9, atol=0):
            raise DataError(f"has another '{name}' than {parts[0].source.name}", part.source.name, "join files of one axis")
    return first


def _since_the_first(parts: Sequence[Measurement]) -> np.ndarray | None:
    """The time [s] of each member of a series, from the moments at which its parts were started; None where one is unknown."""
    try:
        moments = [datetime.fromisoformat(p.meta["started"]) for p in parts]
        since = [(m - moments[0]).total_seconds() for m in moments]
    except (KeyError, TypeError, ValueError):
        return None
    if not any(since):  # several spectra of one file
        return None
    return np.concatenate([s + (p["time_s"] if "time_s" in p else np.zeros(len(p))) for s, p in zip(since, parts, strict=True)])


def _padded(part: Measurement, name: str, sizes: Mapping[str, int]) -> np.ndarray:
    dims = part.kind.arrays[name].dims
    if dims[0] != part.kind.series:
        raise DataError(f"'{name}' is not a series", part.source.name)
    values = part[name]
    grow = [(0, 0)] + [(0, sizes[d] - values.shape[i + 1]) for i, d in enumerate(dims[1:])]
    return np.pad(values, grow, constant_values=np.nan) if any(b for _, b in grow) else values


def _widened(part: Measurement, kind: Kind) -> Measurement:
    """One measurement as a series of length 1 of the kind that several make together."""
    missing = [n for n, a in kind.arrays.items() if not a.optional and n not in part]
    if missing:
        raise DataError(f"has no {' and no '.join(missing)}", part.source.name, f"{kind.title} need it in every file")
    arrays = {n: part[n].astype(float)[None] for n in kind.arrays if n in part}
    return Measurement.of(kind, arrays, part.meta, source=part.source)
