"""The literature behind a number: BibTeX of the methods that were used, and references as a page prints them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from anodefree.core.measurement import Measurement
from anodefree.core.result import Result
from anodefree.errors import ConfigError, near
from anodefree.registry import Stage, registered
from anodefree.stages import get, names

_HEAD: Final = re.compile(r"@(\w+)\s*\{\s*([^,\s]+)\s*,")
_FIELD: Final = re.compile(r"\s*,?\s*(\w+)\s*=\s*")
_ACCENTS: Final = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    '"': "\u0308",
    "=": "\u0304",
    ".": "\u0307",
    "u": "\u0306",
    "v": "\u030c",
    "H": "\u030b",
    "c": "\u0327",
    "k": "\u0328",
    "r": "\u030a",
}
_LETTERS: Final = {"ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "aa": "å", "AA": "Å", "i": "ı"}


@dataclass(frozen=True)
class Reference:
    """One entry of the bibliography, its fields in plain text."""

    key: str
    type: str
    fields: dict[str, str]
    source: str
    """The entry as it stands in the file."""

    @property
    def doi(self) -> str:
        """The bare DOI, empty where there is none."""
        found = re.search(r"10\.\d{4,9}/\S+$", self.fields.get("doi", ""))
        return found[0] if found else ""

    @property
    def authors(self) -> list[str]:
        """Authors, else editors, as "Y. Chen"; a group without a comma stays as it is."""
        given = self.fields.get("author") or self.fields.get("editor", "")
        return [_initials(a) for a in re.split(r"\s+and\s+", given) if a]


def cite(*of: Result | Measurement | Stage | str | Iterable[str]) -> str:
    """BibTeX of the methods behind results, measurements, stages or stage names.

    Raises
    ------
    ConfigError: no such stage, a result that no stage made, or a stage that cites what the bibliography lacks.
    """
    keys = dict.fromkeys(k for one in of for stage in _stages(one) for k in stage.cites)
    return "\n\n".join(reference(key).source for key in keys) + ("\n" if keys else "")


def formatted(key: str) -> str:
    """A reference as one line of text: authors, title, journal, year, volume, pages, DOI."""
    found = reference(key)
    fields = found.fields
    where = fields.get("journal") or fields.get("booktitle") or fields.get("publisher") or fields.get("howpublished", "")
    place = ", ".join(p for p in (where, fields.get("year", ""), fields.get("volume", ""), fields.get("pages", "")) if p)
    parts = [people(found.authors), fields.get("title", ""), place, f"doi:{found.doi}" if found.doi else fields.get("url", "")]
    return ". ".join(p.rstrip(".") for p in parts if p) + "."


def people(authors: list[str]) -> str:
    """Names as a sentence."""
    if len(authors) < 2:
        return "".join(authors)
    return ", ".join(authors[:-1]) + " and " + authors[-1]


def reference(key: str) -> Reference:
    """One entry of the bibliography.

    Raises
    ------
    ConfigError: no such key.
    """
    known = bibliography()
    if key not in known:
        raise ConfigError(f"no reference '{key}'", "references.bib", near(key, known))
    return known[key]


@cache
def bibliography() -> dict[str, Reference]:
    """Every entry that comes with the package."""
    return parse((files("anodefree") / "data" / "references.bib").read_text(encoding="utf-8"))


def parse(text: str) -> dict[str, Reference]:
    """Entries of a BibTeX file of articles and books: fields in braces, quotes or bare; no macros.

    Raises
    ------
    ConfigError: an entry is not closed, is not BibTeX, or its key is there twice.
    """
    found: dict[str, Reference] = {}
    for head in _HEAD.finditer(text):
        type, key = head[1].lower(), head[2]
        if type in ("comment", "string", "preamble"):
            continue
        end = _closing(text, text.index("{", head.start()), key)
        if key in found:
            raise ConfigError(f"the key '{key}' is there twice", "references.bib", "keep one of them")
        fields = {n: v.strip() if n in ("doi", "url") else _plain(v) for n, v in _fields(text[head.end() : end], key).items()}
        found[key] = Reference(key, type, fields, text[head.start() : end + 1])
    return found


def _closing(text: str, start: int, key: str) -> int:
    """Where the brace that opens at `start` closes."""
    depth = 0
    for i in range(start, len(text)):
        escaped = text[i - 1] == "\\"
        if text[i] == "{" and not escaped:
            depth += 1
        elif text[i] == "}" and not escaped:
            depth -= 1
            if depth == 0:
                return i
    raise ConfigError("a brace is never closed", f"references.bib, {key}", "check the entry")


def _closing_quote(text: str, start: int, key: str) -> int:
    """Where a quoted value ends: at a quote outside braces, so that {\\"u} is an accent."""
    depth = 0
    for i in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[i], 0)
        if text[i] == '"' and depth == 0 and text[i - 1] != "\\":
            return i
    raise ConfigError("a quote is never closed", f"references.bib, {key}", "check the entry")


def _fields(body: str, key: str) -> dict[str, str]:
    found, at = {}, 0
    while body[at:].strip(" \t\r\n,"):
        name = _FIELD.match(body, at)
        if not name:
            raise ConfigError(f"cannot be read at '{body[at:].strip()[:40]}'", f"references.bib, {key}", "name = {value},")
        at = name.end()
        if body[at : at + 1] == "{":
            end = _closing(body, at, key)
            value, at = body[at + 1 : end], end + 1
        elif body[at : at + 1] == '"':
            end = _closing_quote(body, at + 1, key)
            value, at = body[at + 1 : end], end + 1
        else:
            bare = re.compile(r"[^,\s]*").match(body, at)
            value, at = (bare[0], bare.end()) if bare else ("", at)
        found[name[1].lower()] = value
    return found


def _plain(value: str) -> str:
    """LaTeX accents, dashes and braces as plain Unicode text."""

    def accent(match: re.Match[str]) -> str:
        letter = {"\\i": "i", "ı": "i"}.get(match[2], match[2])
        return unicodedata.normalize("NFC", letter + _ACCENTS[match[1]])

    value = re.sub(r"\\(ss|ae|AE|aa|AA|[oOlLi])(?![A-Za-z])\s*", lambda m: _LETTERS[m[1]], value)
    value = re.sub(r"\\([`'^~\"=.])\{?(\\?\w)\}?", accent, value)
    value = re.sub(r"\\([uvHckr])\{(\w)\}", accent, value)
    value = re.sub(r"\$?_\{?(\d)\}?\$?", lambda m: chr(0x2080 + int(m[1])), value)
    value = value.replace("---", "—").replace("--", "–").replace("~", "\u00a0").replace("\\&", "&").replace("\\%", "%")
    return re.sub(r"\s+", " ", re.sub(r"[{}$]", "", value)).strip()


def _initials(name: str) -> str:
    """`Chen, Yun-Yi` as `Y.-Y. Chen`."""
    family, _, given = (p.strip() for p in name.partition(","))
    if not given:
        return family
    short = " ".join("-".join(f"{p[0]}." for p in word.split("-") if p) for word in given.split())
    return f"{short} {family}"


def _stages(of: Result | Measurement | Stage | str | Iterable[str]) -> list[Stage]:
    """The stages behind one thing: its own and, where it has a record, those that made its inputs."""
    if isinstance(of, Stage):
        return [of]
    if isinstance(of, str):
        return [registered(of) or get(of)]
    if isinstance(of, (Result, Measurement)):
        if of.provenance is None:
            where = of.source.name if isinstance(of, Measurement) else "result"
            raise ConfigError("no stage made this", where, "cite what a stage returned, or name the stage")
        runs = [s.name for s in of.provenance.inputs if s.origin == "run" and (registered(s.name) or s.name in names())]
        return [registered(n) or get(n) for n in (of.provenance.stage, *runs)]
    return [s for one in of for s in _stages(one)]
