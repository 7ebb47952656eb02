"""From the ion in the film's field to Wh/kg of the pouch cell: simulation and analysis of anode-free lithium-metal cells.

    import anodefree as af
    spectra = af.read("cell.z")
    print(af.fit(spectra, circuit="R0-p(R1,Q1)"))

Every stage is a function here, by the last part of its name where that is unique (`af.fit` is `eis.fit`). Nothing heavy is
imported before it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anodefree.core.kind import Array, Kind
    from anodefree.core.measurement import Measurement, join
    from anodefree.core.parameter import Par
    from anodefree.core.result import Check, Estimate, Result
    from anodefree.core.uncertain import Uncertain
    from anodefree.io.read import read, read_many
    from anodefree.io.write import write
    from anodefree.registry import Demo, Many, stage
    from anodefree.stages import get, load
    from anodefree.study.citations import cite

_HOME = {
    "Array": "anodefree.core.kind",
    "Check": "anodefree.core.result",
    "Demo": "anodefree.registry",
    "Estimate": "anodefree.core.result",
    "Kind": "anodefree.core.kind",
    "Many": "anodefree.registry",
    "Measurement": "anodefree.core.measurement",
    "Par": "anodefree.core.parameter",
    "Result": "anodefree.core.result",
    "Uncertain": "anodefree.core.uncertain",
    "cite": "anodefree.study.citations",
    "get": "anodefree.stages",
    "join": "anodefree.core.measurement",
    "load": "anodefree.stages",
    "read": "anodefree.io.read",
    "read_many": "anodefree.io.read",
    "stage": "anodefree.registry",
    "write": "anodefree.io.write",
}

__all__ = [
    "Array",
    "Check",
    "Demo",
    "Estimate",
    "Kind",
    "Many",
    "Measurement",
    "Par",
    "Result",
    "Uncertain",
    "cite",
    "get",
    "join",
    "load",
    "read",
    "read_many",
    "stage",
    "write",
]


def __getattr__(name: str) -> Any:
    import importlib

    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if not name.startswith("_"):
        from anodefree.errors import ConfigError
        from anodefree.stages import get

        try:
            return get(name)
        except ConfigError as error:
            raise AttributeError(f"module 'anodefree' has no attribute '{name}': {error}") from error
    raise AttributeError(f"module 'anodefree' has no attribute '{name}'")


def __dir__() -> list[str]:
    from anodefree.stages import names

    return sorted({*_HOME, *(n.rpartition(".")[2] for n in names())})
