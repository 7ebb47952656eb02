"""A value that is known to a standard deviation: what an uncertain parameter holds."""

from __future__ import annotations

from dataclasses import dataclass

from anodefree.core.units import parse


@dataclass(frozen=True)
class Uncertain:
    """`value ± std`, both in the unit that the parameter's name states."""

    value: float
    std: float = 0.0

    def __str__(self) -> str:
        return f"{self.value:g} ± {self.std:g}"

    @classmethod
    def read(cls, given: object, unit: str) -> Uncertain:
        """From what a study, a command line or Python may give: text with a unit, a number, a pair, a table."""
        if isinstance(given, cls):
            return given
        if isinstance(given, str):
            return cls(*parse(given, unit))
        if isinstance(given, dict) and set(given) <= {"value", "std"} and "value" in given:
            return cls(float(given["value"]), float(given.get("std", 0.0)))
        if isinstance(given, (tuple, list)) and len(given) == 2:
            return cls(float(given[0]), float(given[1]))
        if isinstance(given, (int, float)) and not isinstance(given, bool):
            return cls(float(given))
        raise ValueError(f"expected a value such as 1.2, '1.2 ± 0.1' with a unit of {unit}, or {{value, std}}")
