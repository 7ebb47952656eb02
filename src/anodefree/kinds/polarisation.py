"""Polarisation of a cell: current against potential, from a voltammetry (CV, LSV) or from steps held until steady."""

from typing import Annotated

import numpy as np

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement
from anodefree.errors import DataError

_POINT = ("point",)

POLARISATION = Kind(
    name="polarisation",
    title="polarisation curves",
    arrays={
        "potential_V": Array(_POINT, "potential of the working electrode against the reference"),
        "current_A": Array(_POINT, "current, positive on oxidation (stripping)", optional=True),
        "current_density_A_m2": Array(_POINT, "current density, where the file gives no current", optional=True),
        "time_s": Array(_POINT, "time of a record", optional=True),
        "record_cycle": Array(_POINT, "number of the scan a record belongs to", optional=True),
    },
    meta={
        "area_m2": "electrode area",
        "scan_rate_V_s": "rate of the sweep",
        "temperature_K": "temperature of the cell",
        "ohmic_resistance_ohm": "series resistance that the potential contains",
        "reference": "what the potential is measured against, such as Li/Li+",
        "positive_current": "which current the file counts as positive: anodic or cathodic (here anodic always is)",
        "instrument": "maker and model",
        "cell": "what was measured",
    },
)

Polarisation = Annotated[Measurement, POLARISATION]


def current_density_A_m2(curve: Measurement) -> np.ndarray:
    """j [A/m2] (n,) of a polarisation curve: as the file gives it, or its current over `area_m2`.

    Raises
    ------
    DataError: it holds no current, or no area to divide it by.
    """
    if "current_density_A_m2" in curve:
        return curve["current_density_A_m2"]
    if "current_A" not in curve:
        raise DataError("holds no current", curve.source.name, "name its column, such as 'current/mA'")
    area = curve.meta.get("area_m2")
    if not isinstance(area, (int, float)) or not area > 0:
        raise DataError("states no electrode area", curve.source.name, 'give it: area_m2 = "1.54 cm2"')
    return curve["current_A"] / area
