"""The packed numbers of JCAMP-DX: plain (AFFN, PAC), first digit as a letter (SQZ), differences (DIF), repeats (DUP)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from anodefree.errors import DataError

_SQUEEZED: Final = {c: str(i) for i, c in enumerate("@ABCDEFGHI")} | {c: f"-{i}" for i, c in enumerate("abcdefghi", start=1)}
_DIFFERENCE: Final = {c: str(i) for i, c in enumerate("%JKLMNOPQR")} | {c: f"-{i}" for i, c in enumerate("jklmnopqr", start=1)}
_REPEAT: Final = {c: str(i) for i, c in enumerate("STUVWXYZs", start=1)}
# An exponent needs a sign here: E alone is the squeezed digit 5.
_TOKEN: Final = re.compile(
    r"[\s,;]{0,99}(?:([+-]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:[Ee][+-]\d{1,3})?)|([@A-Ia-i%J-Rj-rS-Zs])(\d{0,40}(?:\.\d{0,40})?))"
)


def unpacked(rows: Sequence[tuple[int, str]], most: int) -> tuple[list[tuple[int, float, int]], np.ndarray]:
    """Ordinates of (X++(Y..Y)) lines, and for each line its number, its abscissa and the index of the first of its points.

    A line after one that ends in a difference begins with that one's last ordinate again, as a check.

    Raises
    ------
    DataError: a character that means nothing, a check value that differs, more than `most` points.
    """
    starts: list[tuple[int, float, int]] = []
    values: list[float] = []
    check = False
    for at, line in rows:
        numbers, differs = _decoded(line, at, most - len(values))
        if not numbers:
            raise DataError("a line of the table holds no number", f"line {at}")
        ordinates = numbers[1:]
        if check and ordinates and values:
            if abs(ordinates[0] - values[-1]) > 1e-9 * max(abs(values[-1]), 1.0) + 0.5:
                raise DataError(
                    f"begins with {ordinates[0]:g}, the line before ended with {values[-1]:g}", f"line {at}", "is it damaged?"
                )
            starts.append((at, numbers[0], len(values) - 1))
            ordinates = ordinates[1:]
        else:
            starts.append((at, numbers[0], len(values)))
        values += ordinates
        check = differs
    if not values:
        raise DataError("its table holds no ordinate")
    return starts, np.array(values)


def line_values(line: str, at: int) -> list[float]:
    """The numbers of one line without an abscissa of its own."""
    return _decoded(line, at, 20 * len(line) + 20)[0]


def _decoded(line: str, at: int, most: int) -> tuple[list[float], bool]:
    """The numbers of a line, and whether it ends in a difference."""
    found: list[float] = []
    last, differs, place, end = 0.0, False, 0, len(line.rstrip(" \t,;"))
    while place < end:
        token = _TOKEN.match(line, place)
        if token is None or token.end() == place:
            raise DataError(f"'{line[place : place + 10]}' means nothing in a packed table", f"line {at}", "is it damaged?")
        place = token.end()
        plain, letter, digits = token.groups()
        if letter in _REPEAT:
            again = int(float(_REPEAT[letter] + digits)) - 1
            if not found or not 0 <= again <= most - len(found):
                raise DataError(f"repeats a value {again + 1} times", f"line {at}", "is it damaged?")
            for _ in range(again):
                found.append(found[-1] + last if differs else found[-1])
            continue
        if letter in _DIFFERENCE:
            if not found:
                raise DataError("begins with a difference", f"line {at}", "is it damaged?")
            last, differs = float(_DIFFERENCE[letter] + digits), True
            found.append(found[-1] + last)
        else:
            found.append(float(plain) if plain is not None else float(_SQUEEZED[letter] + digits))
            differs = False
        if len(found) > most:
            raise DataError("holds more points than its size allows", f"line {at}", "is it damaged?")
    return found, differs
