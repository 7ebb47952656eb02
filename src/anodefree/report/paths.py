"""Paths of ions as the page's viewer reads them: a few hundred points each, in thousandths of the gap."""

from __future__ import annotations

import json
from typing import Final

import numpy as np

from anodefree.core.figure import COLOURS
from anodefree.core.measurement import Measurement
from anodefree.core.result import Result

SHOWN: Final = 12
"""Paths of each species: more of them hide each other."""
POINTS: Final = 120


def paths_json(output: Result | Measurement | None) -> str:
    """Names, cell and paths of a measurement of flights as JSON; empty where there is nothing to turn."""
    if not isinstance(output, Measurement) or output.kind.name != "flights" or "path_x_m" not in output:
        return ""
    gap = float(output.meta["gap_m"])
    place = np.stack([output[f"path_{a}_m"] for a in "xyz"], axis=-1) * 1000 / gap
    lines = []
    for index in np.unique(output["path_species"]):
        for which in np.flatnonzero(output["path_species"] == index)[:SHOWN]:
            known = place[which][np.isfinite(place[which]).all(axis=1)]
            if len(known) < 2:
                continue
            kept = known[np.unique(np.linspace(0, len(known) - 1, POINTS).astype(int))]
            lines.append([int(index), np.rint(kept).astype(int).ravel().tolist()])
    cell = {n: round(1000 * float(output.meta[f"{n}_m"]) / gap) for n in ("radius", "boss_height", "boss_base")}
    names = str(output.meta["ions"]).split(", ")
    told = {"names": names, "colours": COLOURS[: len(names)], **cell, "lines": lines}
    return json.dumps(told, separators=(",", ":")) if lines else ""
