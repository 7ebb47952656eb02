"""JSON: a measurement that we wrote, or columns as {header: [numbers]} or {header: {index: number}}."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from anodefree.core.arrays import as_json
from anodefree.core.keys import plain
from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.kinds import known_kinds
from anodefree.io.table import read_table
from anodefree.io.text import measured
from anodefree.io.textfile import lines_of

TYPE = "anodefree measurement"


def read(path: Path, *, kind: str = "") -> Measurement:
    """A measurement from our own JSON, or from columns whose headers say what they hold.

    Raises
    ------
    DataError: it is no JSON, or holds no measurement.
    """
    try:
        content = json.loads("\n".join(lines_of(path)))
    except (ValueError, RecursionError) as error:
        raise DataError(f"is not valid JSON ({str(error)[:120]})", hint="was the export cut short?") from error
    if not isinstance(content, dict):
        raise DataError("holds no table")
    return _ours(content) if content.get("type") == TYPE else _columns(content, kind)


def text(measurement: Measurement) -> str:
    """A measurement with all its metadata as JSON; values in SI, a gap is null."""
    content = {
        "type": TYPE,
        "kind": measurement.kind.name,
        "meta": plain(dict(measurement.meta)),
        "source": plain(measurement.source),
        "provenance": plain(measurement.provenance),
        "arrays": as_json(measurement.data),
    }
    return json.dumps(content, indent=1, ensure_ascii=False)


def _ours(content: Mapping[str, Any]) -> Measurement:
    kind = known_kinds().get(str(content.get("kind")))
    arrays, meta = content.get("arrays"), content.get("meta", {})
    if kind is None or not isinstance(arrays, dict) or not isinstance(meta, dict):
        raise DataError("holds no measurement of a kind known here", hint="was it written by a newer version?")
    found = {}
    for name, table in arrays.items():
        try:
            # null is NaN; an integer array stays one, so that cycle numbers come back as they were.
            values = np.array(table["values"])
            found[name] = values.astype(float) if values.dtype == object else values
        except (TypeError, KeyError, ValueError, OverflowError) as error:
            raise DataError(f"the array '{str(name)[:40]}' is not a block of numbers") from error
    return Measurement.of(kind, found, meta)


def _columns(content: Mapping[str, Any], kind: str) -> Measurement:
    listed = {h: list(c.values()) if isinstance(c, dict) else c for h, c in content.items() if isinstance(c, (dict, list))}
    headers = [h for h in listed if "\t" not in h and "\n" not in h]
    rows = zip(*(listed[h] for h in headers), strict=False)
    if len({len(listed[h]) for h in headers}) > 1:
        raise DataError("its columns differ in length")
    lines = ["\t".join(headers), *("\t".join(str(v).strip() for v in row) for row in rows)]
    return measured(read_table(lines, wanted=kind))
