"""Docstrings and labels as a page prints them: paragraphs, emphasis, code, and the LaTeX that formulas are written in."""

from __future__ import annotations

import re
from typing import Final

from markupsafe import Markup, escape

_SYMBOLS: Final = {
    **{"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ"},
    **{"kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ"},
    **{"phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ"},
    **{"Pi": "Π", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω"},
    **{"varepsilon": "ε", "varphi": "φ", "ell": "ℓ", "partial": "∂", "nabla": "∇", "infty": "∞", "int": "∫", "sum": "∑"},
    **{"prod": "∏", "times": "×", "cdot": "·", "pm": "±", "mp": "∓", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥"},
    **{"ll": "≪", "gg": "≫", "approx": "≈", "sim": "∼", "neq": "≠", "propto": "∝", "to": "→", "rightarrow": "→"},
    **{"in": "∈", "circ": "°", "prime": "′", "ldots": "…", "dots": "…", "langle": "⟨", "rangle": "⟩", "perp": "⊥"},
    **{"parallel": "∥", "hbar": "ħ", "equiv": "≡", "quad": "\u2003", "qquad": "\u2003\u2003", "left": "", "right": ""},
}
_SPACES: Final = {",": "\u2009", ";": "\u2005", ":": "\u2005", " ": " ", "!": ""}
_ABOVE: Final = {"bar": "\u0304", "hat": "\u0302", "dot": "\u0307", "ddot": "\u0308", "vec": "\u20d7", "tilde": "\u0303"}
_UPRIGHT: Final = ("text", "mathrm", "operatorname", "rm", "mathbf")
_INLINE: Final = re.compile(r"\$(?P<math>[^$]+)\$|`(?P<code>[^`]+)`|(?<![\w*])\*(?P<em>[^\s*][^*\n]*?)\*(?![\w*])")
_NEW_PARAGRAPH: Final = re.compile(r"^(\*[A-Z]|Returns\b|Raises\b|Curves\b|Estimates\b)")
_TOKEN: Final = re.compile(r"\\([A-Za-z]+|.)|([_^{}])|([A-Za-z]+)|(\s+)|(.)", re.DOTALL)


def paragraphs(text: str) -> list[Markup]:
    """A docstring's paragraphs as HTML; indented blocks and underlined headings keep their form."""
    made: list[Markup] = []
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        lines = block.splitlines()
        if not block.strip():
            continue
        if all(line.startswith("    ") for line in lines):
            made.append(Markup("<pre>{}</pre>").format("\n".join(line[4:] for line in lines)))
            continue
        if len(lines) > 1 and set(lines[1].strip()) == {"-"}:
            made.append(Markup("<p><em>{}.</em> {}</p>").format(lines[0].strip(), inline(" ".join(lines[2:]))))
            continue
        group: list[str] = []
        for line in lines:
            if group and _NEW_PARAGRAPH.match(line):
                made.append(Markup("<p>{}</p>").format(inline(" ".join(group))))
                group = []
            group.append(line.strip())
        made.append(Markup("<p>{}</p>").format(inline(" ".join(group))))
    return made


def inline(text: str) -> Markup:
    """One paragraph or label: `$math$`, `code` in backticks and *emphasis*; everything else is escaped."""
    made, at = Markup(""), 0
    for found in _INLINE.finditer(text):
        made += escape(text[at : found.start()])
        if found["math"]:
            made += Markup('<span class="math">{}</span>').format(math(found["math"]))
        elif found["code"]:
            made += Markup("<code>{}</code>").format(found["code"])
        else:
            made += Markup("<em>{}</em>").format(inline(found["em"]))
        at = found.end()
    return made + escape(text[at:])


def plain(text: str) -> str:
    """A label without markup: for places that hold text only."""
    return inline(text).striptags()


def math(source: str) -> Markup:
    """The LaTeX of a formula as HTML: letters in italics, Greek, subscripts, fractions as quotients."""
    tokens = [m.groups() for m in _TOKEN.finditer(source)]
    made, _ = _sequence(tokens, 0, upright=False)
    return made


_Tokens = list[tuple[str | None, ...]]


def _sequence(tokens: _Tokens, at: int, *, upright: bool) -> tuple[Markup, int]:
    """Everything up to the brace that closes."""
    made = Markup("")
    while at < len(tokens):
        if tokens[at][1] == "}":
            return made, at + 1
        part, at = _one(tokens, at, upright=upright)
        made += part
    return made, at


def _one(tokens: _Tokens, at: int, *, upright: bool) -> tuple[Markup, int]:
    """One token, or one group in braces with what belongs to it."""
    if at >= len(tokens):
        return Markup(""), at
    command, mark, letters, space, other = tokens[at]
    at += 1
    if mark == "{":
        return _sequence(tokens, at, upright=upright)
    if mark in ("_", "^"):
        part, at = _one(tokens, at, upright=upright)
        return Markup("<sub>{}</sub>" if mark == "_" else "<sup>{}</sup>").format(part), at
    if command is not None:
        return _command(command, tokens, at, upright=upright)
    if letters:
        return (escape(letters) if upright else Markup("<i>{}</i>").format(letters)), at
    if space:
        return Markup(" "), at
    return escape({"-": "−", "*": "·", "'": "′"}.get(other or "", other or "")), at


def _command(name: str, tokens: _Tokens, at: int, *, upright: bool) -> tuple[Markup, int]:
    if name == "frac":
        over, at = _one(tokens, at, upright=upright)
        under, at = _one(tokens, at, upright=upright)
        return _bracketed(over) + "\u2009/\u2009" + _bracketed(under), at
    if name == "sqrt":
        part, at = _one(tokens, at, upright=upright)
        return "√" + _bracketed(part), at
    if name in _UPRIGHT:
        return _one(tokens, at, upright=True)
    if name in _ABOVE:
        part, at = _one(tokens, at, upright=upright)
        return (part[:-4] + _ABOVE[name] + part[-4:] if part.endswith("</i>") else part + _ABOVE[name]), at
    if name in _SPACES:
        return Markup(_SPACES[name]), at
    # An unknown command is a function's name: exp, ln, sinh.
    return escape(_SYMBOLS.get(name, name)), at


def _bracketed(part: Markup) -> Markup:
    simple = len(part.striptags()) <= 2
    return part if simple else Markup("({})").format(part)
