"""The electric potential in a cylinder with a protrusion, sampled for flight: coarse, and fine about the protrusion.

A map is either about an axis (`r_m`, `potential_V` and the like) or in space (`x_m`, `y_m`, `potential_box_V` and the like),
where the lower electrode need not be round; the fine grid in space holds within a margin of 14 nodes.

The maps reach a margin of nodes beyond every wall, into which the potential is continued by reflection, so that a spline
through them meets the walls without a kink. `wall` is the potential of the same cell with both electrodes equipotential, 0 on
the lower and 1 on the upper: negative in the lower metal, above 1 in the upper, and over its gradient the distance from it. A
map has it where the liquid beside an electrode is not at one potential, or not a harmonic function; where it is absent, the
liquid is at 0 beside the lower electrode and at `voltage_V` beside the upper, and potential_V / voltage_V serves as `wall`.
"""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

_COARSE, _FINE = ("z", "r"), ("patch_z", "patch_r")
_COARSE_BOX, _FINE_BOX = ("z", "y", "x"), ("patch_z", "patch_y", "patch_x")

POTENTIAL_MAP = Kind(
    name="potential_map",
    title="maps of the electric potential in a cell",
    arrays={
        "r_m": Array(
            ("r",), "distance from the axis, evenly spaced; negative nodes are the mirror of positive ones", optional=True
        ),
        "x_m": Array(("x",), "across the axis, evenly spaced, 0 on it", optional=True),
        "y_m": Array(("y",), "across the axis, evenly spaced, 0 on it", optional=True),
        "z_m": Array(("z",), "height above the lower electrode (its lowest point, if it is rough), evenly spaced"),
        "potential_V": Array(_COARSE, "potential of the liquid", optional=True),
        "potential_box_V": Array(_COARSE_BOX, "potential of the liquid, in space", optional=True),
        "wall": Array(_COARSE, "0 on the lower electrode, 1 on the upper", optional=True),
        "patch_r_m": Array(("patch_r",), "the same on the fine grid", optional=True),
        "patch_x_m": Array(("patch_x",), "the same on the fine grid", optional=True),
        "patch_y_m": Array(("patch_y",), "the same on the fine grid", optional=True),
        "patch_z_m": Array(("patch_z",), "the same on the fine grid"),
        "patch_potential_V": Array(_FINE, "potential of the liquid", optional=True),
        "patch_potential_box_V": Array(_FINE_BOX, "potential of the liquid, in space", optional=True),
        "patch_wall": Array(_FINE, "0 on the lower electrode, 1 on the upper", optional=True),
    },
    meta={
        "gap_m": "from the lower electrode's flat part to the upper electrode",
        "radius_m": "radius of the cell",
        "boss_height_m": "height of the protrusion; of a rough surface: from its lowest point to its highest",
        "boss_base_m": "radius of its base, the longer one of an ellipsoid; 0 for a rough surface",
        "boss_shape": "hemispheroid, cone, ellipsoid, or rough: no protrusion, but a surface that is uneven all over",
        "tip_radius_m": "radius of curvature of its tip",
        "voltage_V": "mean potential of the liquid at the upper electrode over that at the lower",
        "cell_voltage_V": "between the two metals, if kinetics are part of it",
        "current_density_A_m2": "mean current density through the upper electrode",
        "conductivity_S_m": "of the electrolyte",
        "patch_reach_r_m": "the fine grid holds within this distance of the axis",
        "patch_reach_z_m": "and below this height",
        "distribution": "what set the potential: primary, secondary, depleted",
        "tip_factor": "field at the tip over voltage / gap",
        "tip_current": "current density at the tip over the mean one",
        "mesh_change": "relative change of the tip's field from elements of one order less",
        "flux_factor": "current over that of the flat cell at the same voltage",
        "wagner_number": "slope of the overpotential over the resistance of the gap: small is primary, large is even",
        "limiting_current_A_m2": "mean current density at which the salt is used up at the lower electrode",
        "least_salt_mol_m3": "salt beside the lower electrode",
        "most_salt_mol_m3": "salt beside the upper electrode",
        "spline_error_near_rms": "rms of the spline's field less that of the elements, relative, in the fine grid's part",
        "spline_error_near_max": "the largest",
        "spline_error_bulk_rms": "the same elsewhere",
        "spline_error_bulk_max": "the largest",
    },
    required_meta=("gap_m", "radius_m", "boss_height_m", "boss_base_m", "tip_radius_m", "voltage_V"),
)

PotentialMap = Annotated[Measurement, POTENTIAL_MAP]
