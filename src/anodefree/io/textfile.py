"""A text file as bounded, decoded lines, and the ways to split a line into cells."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from anodefree.errors import DataError

MAX_BYTES: Final = 2**28
MAX_LINES: Final = 5_000_000
MAX_LINE: Final = 100_000
COMMENT: Final = ("#", "%", "!", "//")
BLANK: Final = " \t;,\x1a"
"""What a line may consist of and still hold nothing (a spreadsheet exports empty rows as bare delimiters)."""

Split = Callable[[str], list[str]]


def lines_of(path: Path) -> list[str]:
    """The lines of a text file.

    Raises
    ------
    DataError: binary content, or more bytes or lines than a table of measurements has.
    """
    with path.open("rb") as stream:
        # Python sets a buffer of the asked size aside, however short the file is.
        raw = stream.read(min(path.stat().st_size, MAX_BYTES) + 1)
    if len(raw) > MAX_BYTES:
        raise DataError(f"is larger than {MAX_BYTES >> 20} MiB of text", hint="export a part of it")
    text = _decoded(raw)
    if text.count("\n") + text.count("\r") > 2 * MAX_LINES:
        raise DataError(f"has more than {MAX_LINES} lines", hint="export a part of it")
    # A pattern such as \r*\n would take quadratic time on a run of returns.
    return (
        text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n").split("\n") if "\r" in text else text.split("\n")
    )


def _decoded(raw: bytes) -> str:
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if raw.startswith(mark):
            try:
                return raw.decode(encoding)
            except UnicodeDecodeError as error:
                raise DataError(f"is not valid {encoding} text (byte {error.start})") from error
    if b"\0" in raw:
        raise DataError("is binary, not text")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def bounded(line: str, at: int) -> str:
    """The line at index `at`, unless it is longer than a row of a table can be."""
    if len(line) > MAX_LINE:
        raise DataError(f"is longer than {MAX_LINE} characters", f"line {at + 1}", "is this a table?")
    return line


def _at(mark: str) -> Split:
    def split(line: str) -> list[str]:
        # An odd number of quotes is no quotation: Z" is how some exporters write Z''.
        if '"' in line and line.count('"') % 2 == 0:
            try:
                return [c.strip() for c in next(csv.reader([line], delimiter=mark, skipinitialspace=True), [])]
            except csv.Error:
                pass
        return [c.strip() for c in line.split(mark)]

    return split


def _at_gaps(line: str) -> list[str]:
    return re.split(r" {2,}|\t", line.strip().strip('"').strip())


def _at_blanks(line: str) -> list[str]:
    return line.split()


TABS: Final = _at("\t")
SEMICOLONS: Final = _at(";")
COMMAS: Final = _at(",")
GAPS: Final = _at_gaps
BLANKS: Final = _at_blanks
MARKS: Final[dict[Split, str | None]] = {TABS: "\t", SEMICOLONS: ";", COMMAS: ",", BLANKS: None}
"""The delimiter of those that have one; None is any run of blanks."""
SPLITS: Final[tuple[Split, ...]] = (TABS, SEMICOLONS, COMMAS, GAPS, BLANKS)
"""In the order in which they are tried: what can only be a delimiter comes before what may be part of a cell."""


def number(cell: str, *, comma: bool) -> float:
    """A cell as a float; `comma` allows a decimal comma.

    Raises
    ------
    ValueError: it is none. An underscore, which Python would allow, no instrument writes.
    """
    if "_" in cell:
        raise ValueError(cell)
    try:
        return float(cell)
    except ValueError:
        if comma and cell.count(",") == 1 and "." not in cell:
            return float(cell.replace(",", "."))
        raise


def is_number(cell: str, *, comma: bool) -> bool:
    """Whether `number` can read the cell."""
    try:
        number(cell, comma=comma)
    except ValueError:
        return False
    return True
