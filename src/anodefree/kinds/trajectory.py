"""A trajectory of molecular dynamics: places of all atoms in a rectangular periodic box, frame by frame."""

from typing import Annotated

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

_ATOM, _FRAME, _LOG = ("atom",), ("frame",), ("log",)

TRAJECTORY = Kind(
    name="trajectory",
    title="molecular dynamics trajectory",
    arrays={
        "time_s": Array(_FRAME, "time of each frame, rising"),
        "position_m": Array(("frame", "atom", "axis"), "places of the atoms; wrapped into the box or not"),
        "velocity_m_s": Array(("frame", "atom", "axis"), "velocities of the atoms", optional=True),
        "box_m": Array(("frame", "axis"), "edges of the rectangular periodic box", positive=True),
        "species": Array(_ATOM, "index of each atom's species into the metadata `species`"),
        "molecule": Array(_ATOM, "number of the molecule or ion that each atom belongs to"),
        "element": Array(_ATOM, "symbol of the element of each atom"),
        "mass_kg": Array(_ATOM, "mass of each atom", positive=True),
        "charge_C": Array(_ATOM, "charge of each atom in the force field", optional=True),
        "stress_time_s": Array(("sample",), "evenly spaced times of the pressure tensor, finer than frames", optional=True),
        "stress_Pa": Array(("sample", "tensor"), "pressure tensor of the box: xx, yy, zz, xy, xz, yz", optional=True),
        "log_time_s": Array(_LOG, "time of each entry of the log, from the start of the equilibration", optional=True),
        "log_density_kg_m3": Array(_LOG, "density", optional=True),
        "log_potential_J_mol": Array(_LOG, "potential energy of the box", optional=True),
        "log_temperature_K": Array(_LOG, "kinetic temperature, of motion across the drift too", optional=True),
    },
    meta={
        "species": "names of the species: Li, TFSI, DME, ...",
        "temperature_K": "temperature of the thermostat",
        "charge_scale": "factor on the charges of the ions",
        "engine": "program that made it",
        "mode": "what acted on it: equilibrium, magnetic field, drive",
        "flux_density_T": "magnetic flux density along z",
        "replica": "which of several runs that differ by their seed alone",
        "equilibration": "how equilibrium was found",
        "rigid": "whether bonds to hydrogen were held",
        "hydrogen_u": "mass of hydrogen in u; none: its own",
        "step_s": "time step",
    },
    required_meta=("species",),
)

Trajectory = Annotated[Measurement, TRAJECTORY]
