"""Photoelectron spectra of one sample, region by region: what a composition is worked out from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

_POINT = ("region", "energy")

PHOTOEMISSION_REGIONS = Kind(
    name="photoemission_regions",
    title="photoelectron spectra region by region",
    series="region",
    arrays={
        "region_name": Array(("region",), "the core level of each region, as F 1s"),
        "binding_energy_eV": Array(_POINT, "binding energy, rising; NaN pads regions with fewer points", gaps=True),
        "counts": Array(("region", "level", "energy"), "electrons counted, all sweeps together", gaps=True),
        "photon_energy_eV": Array(("region",), "energy of the source's photons", positive=True),
        "dwell_s": Array(("region",), "counting time at each energy, all sweeps together", optional=True, positive=True),
        "transmission": Array(("region",), "mean transmission of the analyser over the region", optional=True, positive=True),
        "etch_time_s": Array(("region", "level"), "sputter time before each spectrum", optional=True, gaps=True),
    },
    meta={
        "source": "anode of the source, as Al",
        "pass_energy_eV": "pass energy of the analyser, where all regions share it",
        "instrument": "maker and model",
        "sample": "what was measured",
    },
)

PhotoemissionRegions = Annotated[Measurement, PHOTOEMISSION_REGIONS]

AL_K_ALPHA_eV = 1486.6
"""The photons of an aluminium anode, where a file does not say."""


def regions_of(parts: Sequence[Measurement]) -> Measurement:
    """Several measurements of one region each as one measurement of many regions.

    Counting times and transmissions are kept where every part states its own; what else differs is dropped.
    """
    levels = max(int(p.data.sizes["level"]) for p in parts)
    points = max(int(p.data.sizes["energy"]) for p in parts)

    def grown(values: np.ndarray, *sizes: int) -> np.ndarray:
        values = np.asarray(values, dtype=float)
        grow = [(0, s - n) for s, n in zip(sizes, values.shape, strict=True)]
        return np.pad(values, grow, constant_values=np.nan)

    arrays: dict[str, Any] = {
        "region_name": [str(p.meta.get("region", f"region {i + 1}")) for i, p in enumerate(parts)],
        "binding_energy_eV": np.array([grown(p["binding_energy_eV"], points) for p in parts]),
        "counts": np.array([grown(p["counts"], levels, points) for p in parts]),
        "photon_energy_eV": [float(p.meta.get("photon_energy_eV", AL_K_ALPHA_eV)) for p in parts],
    }
    for name in ("dwell_s", "transmission"):
        stated = [p.meta.get(name) for p in parts]
        if all(isinstance(v, (int, float)) and v > 0 for v in stated):
            arrays[name] = [float(v) for v in stated if v is not None]
    if all("etch_time_s" in p for p in parts):
        arrays["etch_time_s"] = np.array([grown(p["etch_time_s"], levels) for p in parts])
    first = parts[0]
    meta = {k: v for k, v in first.meta.items() if _shared(k, v, parts) and k not in ("region", "series", *arrays)}
    return Measurement.of(PHOTOEMISSION_REGIONS, arrays, meta, name=first.source.name)


def _shared(name: str, value: Any, parts: Sequence[Measurement]) -> bool:
    return not isinstance(value, Mapping) and all(p.meta.get(name) == value for p in parts)
