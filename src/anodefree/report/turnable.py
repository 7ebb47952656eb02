"""What the page lets one turn: paths of ions in their cell, or the surface of a deposit, as small whole numbers."""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.core.figure import COLOURS
from anodefree.core.measurement import Measurement
from anodefree.core.result import Result
from anodefree.study.scene import Scene, scene

SCALE: Final = 1000
"""The largest extent of a scene, in the page's whole numbers."""


def turnable_json(output: Result | Measurement | None) -> str:
    """A scene as JSON: `size`, `frame` (lines in ink), `lines` ([colour, points]), `names`, `colours`, a `mesh`, a `note`.

    Empty where there is nothing to turn. Points are x, y, z about the scene's middle, flattened.
    """
    made = scene(output)
    return json.dumps(_turnable(made), separators=(",", ":"), ensure_ascii=False) if made else ""


def _turnable(made: Scene) -> dict[str, Any]:
    grow, middle = SCALE / made.longest_um, np.array(made.middle_um)

    def whole(points: NDArray[np.float64]) -> list[int]:
        return [int(v) for v in np.rint((np.asarray(points) - middle) * grow).ravel()]

    table: dict[str, Any] = {
        "size": grow * made.across_um,
        "frame": [whole(line) for line in made.frame],
        "names": list(made.names),
        "colours": list(COLOURS[: len(made.names)]),
        "lines": [[species, whole(place)] for species, place in made.lines],
        "note": made.note,
    }
    if not made.lines:
        table["mesh"] = {"points": whole(made.points_um), "triangles": made.triangles.ravel().tolist()}
    return table
