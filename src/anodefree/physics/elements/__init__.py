"""The elements of a circuit, one file each; this is the table of the language, in the order of the compiled program's codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from anodefree.physics.elements import (
    capacitor,
    constant_phase,
    gerischer,
    havriliak_negami,
    inductor,
    resistor,
    transmission_line,
    transmission_line_blocking,
    warburg,
    warburg_open,
    warburg_short,
    zarc,
)
from anodefree.physics.elements.law import Law

_MODULES: Final = (
    resistor,
    capacitor,
    inductor,
    constant_phase,
    warburg,
    warburg_short,
    warburg_open,
    gerischer,
    zarc,
    havriliak_negami,
    transmission_line,
    transmission_line_blocking,
)

LAWS: Final[Mapping[str, Law]] = {m.LAW.symbol: m.LAW for m in _MODULES}


def table() -> str:
    """The elements as a Markdown table: how each is written, what it is, its impedance and its parameters."""
    rows = ["| element | is | impedance, u and s = j w, w = 2 pi f | parameters |", "| --- | --- | --- | --- |"]
    for law in LAWS.values():
        label = law.symbol + "1"
        named = ", ".join(
            f"`{p.pattern.format('1' if p.pattern.startswith('n') else label)}`" + ("" if p.unit == "1" else f" [{p.unit}]")
            for p in law.parameters
        )
        rows.append(f"| `{label}` | {law.name} | {law.formula} | {named} |")
    return "\n".join(rows)
