"""The kinds that are known by name: every one that a module of `anodefree.kinds` defines."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from anodefree import kinds as folder
from anodefree.core.kind import Kind


@cache
def known_kinds() -> dict[str, Kind]:
    """Name -> kind."""
    found = {}
    for module in pkgutil.iter_modules(folder.__path__):
        values = vars(importlib.import_module(f"{folder.__name__}.{module.name}")).values()
        found.update({v.name: v for v in values if isinstance(v, Kind)})
    return found
