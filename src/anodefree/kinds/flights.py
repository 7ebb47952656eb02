"""Flights of ions through a cell: where each began and ended, how long it took, how it turned; and the paths of a few."""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

_ION, _PATH = ("ion",), ("path", "sample")

FLIGHTS = Kind(
    name="flights",
    title="flights of ions through a cell",
    arrays={
        "species": Array(_ION, "index into the metadata `ions`"),
        "start_x_m": Array(_ION, "where it began"),
        "start_y_m": Array(_ION, "where it began"),
        "start_z_m": Array(_ION, "where it began"),
        "end_x_m": Array(_ION, "where it ended"),
        "end_y_m": Array(_ION, "where it ended"),
        "end_z_m": Array(_ION, "where it ended"),
        "surface": Array(
            _ION, "0 still flying, 1 the protrusion, 2 the flat lower electrode, 3 the upper electrode, 4 escaped"
        ),
        "time_of_flight_s": Array(_ION, "from launch to capture"),
        "path_length_m": Array(_ION, "length of its path"),
        "turns": Array(_ION, "turns of its velocity about the magnetic field, signed; what walls throw back is counted too"),
        "winding": Array(_ION, "turns of its place about the cell's axis, signed"),
        "energy_error": Array(_ION, "change of kinetic plus potential energy over q V; drag and noise included"),
        "end_speed_m_s": Array(_ION, "speed on capture"),
        "momentum_error": Array(
            _ION, "change of the canonical angular momentum about the axis over L sqrt(m q V), uniform field", optional=True
        ),
        "path_x_m": Array(_PATH, "the path of a few ions; NaN after capture", optional=True, gaps=True),
        "path_y_m": Array(_PATH, "the path of a few ions", optional=True, gaps=True),
        "path_z_m": Array(_PATH, "the path of a few ions", optional=True, gaps=True),
        "path_time_s": Array(_PATH, "the time along it", optional=True, gaps=True),
        "path_species": Array(("path",), "index into the metadata `ions`", optional=True),
        "floor_x_m": Array(("floor",), "across the cell at y = 0, where the lower electrode is uneven all over", optional=True),
        "floor_z_m": Array(("floor",), "the height of that electrode there", optional=True),
        "ring_edge_m": Array(("ring_edge",), "radii that bound rings of equal area on the flat electrodes", optional=True),
        "time_edge_s": Array(("sort", "time_edge"), "times that bound the bins of arrival", optional=True),
        "ended": Array(("sort", "where"), "all ions that flew, by species and by `surface`", optional=True),
        "ring_landed": Array(("sort", "ring"), "of all, those that landed on each ring of the flat", optional=True),
        "time_landed": Array(("sort", "time"), "of all, those that landed within each bin of time", optional=True),
    },
    meta={
        "ions": "names of the species, in the order of their index",
        "flown": "ions of each species that flew; arrays over `ion` hold the first of them, tallies over `sort` all",
        "gap_m": "gap of the cell",
        "radius_m": "radius of the cell",
        "boss_height_m": "height of the protrusion",
        "boss_base_m": "radius of its base",
        "boss_shape": "hemispheroid, cone, ellipsoid, or rough: no protrusion, but a lower electrode that is uneven all over",
        "voltage_V": "potential across the gap",
        "flux_density_T": "uniform flux density, or the rms of the map",
        "regime": "vacuum or liquid",
        "pusher": "how it was stepped",
        "temperature_K": "of the launch and of the liquid",
        "cation_diffusivity_m2_s": "diffusion coefficient of Li+ in the liquid",
        "anion_diffusivity_m2_s": "diffusion coefficient of TFSI- in the liquid",
    },
    required_meta=("ions", "gap_m", "radius_m", "boss_height_m", "boss_base_m"),
)

Flights = Annotated[Measurement, FLIGHTS]
