"""What a molecular dynamics run may be told, with the sources of the defaults."""

from __future__ import annotations

from typing import Annotated, Literal

from anodefree.core.parameter import Par
from anodefree.simulation.solvation.engine import Platform

RecipeName = Annotated[
    str, Par("recipe: one that comes with the package (dol_dme_litfsi, ether_lifsi), or a .toml file", names_file=True)
]
Edge = Annotated[float, Par("edge of the box that the recipe fills", gt=0, le=2e-8)]
Packed = Annotated[float, Par("edge of the box to pack at, over that edge; the pressure shrinks it", ge=1.0, le=2.0)]
Scale = Annotated[
    float,
    Par(
        "factor on the charges of the ions",
        ge=0.5,
        le=1.0,
        source="0.8: usual for ionic liquids, stands for electronic polarisation; 1.0 binds anions far longer; not stated",
        assumed=True,
    ),
]
Kelvin = Annotated[float, Par("temperature", gt=0, le=2000, source="298 K; not stated", assumed=True)]
Pressure = Annotated[float, Par("pressure of the equilibration", gt=0)]
Friction = Annotated[float, Par("friction of the thermostat", gt=0, source="1 per ps, weak beside collisions", assumed=True)]
Step = Annotated[float, Par("time step", gt=0, le=5e-15)]
Rigid = Annotated[bool, Par("hold the lengths of bonds to hydrogen (steps to 2 fs; else 1 fs at most)")]
Hydrogen = Annotated[
    float | None,
    Par(
        "mass of hydrogen in u, taken from the atom it is bonded to (none: its own); 3 and more allow steps twice as long",
        gt=1,
        le=4,
    ),
]
Cutoff = Annotated[float, Par("cut-off of Lennard-Jones forces and of the real part of the Ewald sum", ge=8e-10, le=2e-9)]
Equilibration = Annotated[float, Par("longest time at constant pressure; ends once equilibrium is detected", gt=0)]
Production = Annotated[float, Par("time at constant volume, of which the trajectory is kept", gt=0)]
FrameEvery = Annotated[float, Par("time between frames", gt=0)]
Flux = Annotated[float, Par("magnetic flux density along z", ge=0)]
Field = Annotated[float, Par("electric field along x: drives the ions", ge=0)]
Force = Annotated[
    float,
    Par("force of an effective drive that turns cations and anions against each other: a model", ge=0),
]
Turning = Annotated[float, Par("angular frequency of that drive", ge=0)]
Replica = Annotated[int, Par("number of the replica: another seed, another packing", ge=1)]
Extra = Annotated[tuple[str, ...], Par("force field files (OpenMM XML) of molecules of your own", names_file=True)]
Where = Annotated[Platform, Par("platform of OpenMM; auto: the fastest that is there")]
Threads = Annotated[int | None, Par("threads on the CPU platform (none: OpenMM decides)", ge=1)]
Velocities = Annotated[bool, Par("keep velocities as well, for Green-Kubo conductivities")]
StressEvery = Annotated[
    float | None,
    Par(
        "time between samples of the pressure tensor at constant volume, a whole part of the time between frames: 10 fs for a "
        "viscosity (none: no samples)",
        gt=0,
        added=True,
    ),
]
Start = Annotated[
    Literal["packed", "equilibrated"],
    Par("packed: molecules at random; equilibrated: a box that comes with the package, with velocities drawn anew"),
]
