"""Everything that can go wrong, as exceptions that say what, where and what to try.

    AnodefreeError
    ├── ConfigError      exit 2   what was asked cannot be done as asked
    ├── MissingExtra     exit 2   an optional package is not installed
    ├── DataError        exit 3   a file or an array is not what it should be
    │   └── Unrecognised          a file holds no measurement of a form known here (a damaged one is a plain DataError)
    ├── NumericalError   exit 4   the numbers did not converge or left their domain
    └── Cancelled        exit 130 somebody stopped the work

Arguments are kept positional so that every exception survives pickling between worker processes.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class AnodefreeError(Exception):
    """The base: `what` happened, `where` (file, step, parameter), and a `hint` of what to try."""

    exit_code = 1

    def __init__(self, what: str, where: str = "", hint: str = "") -> None:
        super().__init__(what, where, hint)
        self.what, self.where, self.hint = what, where, hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}\n  try: {self.hint}" if self.hint else text


class ConfigError(AnodefreeError):
    """What was asked cannot be done as asked: a study, a parameter, a path, a name."""

    exit_code = 2


class MissingExtra(AnodefreeError):
    """An optional package is needed; the hint is the command that installs it."""

    exit_code = 2


class DataError(AnodefreeError):
    """A file or an array is not what it should be."""

    exit_code = 3


class Unrecognised(DataError):
    """A file holds no measurement of any form known here: a report, a note. One that is damaged is a plain `DataError`."""


class NumericalError(AnodefreeError):
    """A computation did not converge, or left the domain in which its equations hold."""

    exit_code = 4


class Cancelled(AnodefreeError):
    """The work was stopped on request; whatever was finished is kept."""

    exit_code = 130


def missing_extra(package: str, extra: str) -> MissingExtra:
    """The error for an optional `package` that the extra `extra` would bring."""
    return MissingExtra(f"the package '{package}' is not installed", hint=f"pip install 'anodefree[{extra}]'")


def near(word: str, known: Iterable[str]) -> str:
    """A sentence that names the closest of the known words, or lists them where none is close."""
    words = sorted(known)
    close = get_close_matches(word, words, n=3, cutoff=0.5) or [w for w in words if word and word in w][:3]
    if close:
        return "did you mean " + " or ".join(f"'{w}'" for w in close) + "?"
    if not words:
        return "nothing is known here"
    return "known: " + ", ".join(words[:20]) + (" …" if len(words) > 20 else "")


def printable(name: str) -> str:
    """A name from elsewhere as it may stand in a message: printable and short."""
    text = "".join(c if c.isprintable() else "?" for c in name)
    return text if len(text) <= 80 else text[:77] + "…"
