"""Force curves of a scanning probe: deflection of the lever against its height, single or as a map."""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

_APPROACH = ("curve", "approach_point")
_RETRACT = ("curve", "retract_point")

FORCE_CURVES = Kind(
    name="force_curves",
    title="force curves",
    series="curve",
    arrays={
        "approach_height_m": Array(
            _APPROACH, "height of the lever's base, from afar to the surface; NaN pads shorter curves", gaps=True
        ),
        "retract_height_m": Array(_RETRACT, "the same on the way back, from the surface to afar", optional=True, gaps=True),
        "approach_deflection_m": Array(
            _APPROACH, "deflection of the lever, positive away from the surface", optional=True, gaps=True
        ),
        "retract_deflection_m": Array(_RETRACT, "the same on the way back", optional=True, gaps=True),
        "approach_signal": Array(
            _APPROACH, "deflection in the file's own unit (metadata), where it states no length", optional=True, gaps=True
        ),
        "retract_signal": Array(_RETRACT, "the same on the way back", optional=True, gaps=True),
        "x_m": Array(("curve",), "where each curve was taken", optional=True),
        "y_m": Array(("curve",), "where each curve was taken", optional=True),
    },
    meta={
        "spring_constant_N_m": "spring constant of the lever",
        "sensitivity_m_V": "deflection of the lever a volt of the detector",
        "force_unit_known": "false where the file gives the deflection in volts or arbitrary units, or no spring constant",
        "signal_unit": "the unit of approach_signal and retract_signal, as the file writes it",
        "height_from": "the channel of the height",
        "instrument": "maker and model",
        "sample": "what was probed",
        "tip_radius_m": "radius of the tip, where known",
    },
    required_meta=("force_unit_known",),
)

ForceCurves = Annotated[Measurement, FORCE_CURVES]
