"""The classical phase field of electrodeposition with one potential, as most published pictures of dendrites are made."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.constants import FARADAY_C_MOL, GAS_J_MOL_K
from anodefree.core.context import Context
from anodefree.core.keys import content_key, plain
from anodefree.core.machine import refuse_beyond_memory
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.kinds.fields import FIELDS, Fields
from anodefree.registry import Demo, stage
from anodefree.simulation.deposition.classical_run import HISTORY, Plan, Run, run
from anodefree.simulation.deposition.classical_step import Equations, Stepper, nuclei
from anodefree.simulation.deposition.figure import draw_triptych

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FIELDS_KEPT, FIELDS_A_FRAME = 80, 7
"""Numbers a cell that a run holds: three elliptic solvers and the fields of a step; four of a frame, and three of its copy."""
CHEN = "Chen et al., J. Power Sources 300 (2015) 376, reduced values"


@stage("deposit.classical", version=1, cites=("chen2015", "kobayashi1993", "scharfetter1969"))
def classical(
    *,
    width_m: Annotated[float, Par("along the collector", gt=0, source="the paper's 50 um")] = 50e-6,
    height_m: Annotated[float, Par("from the collector to the bulk", gt=0, source="the paper's 25 um")] = 25e-6,
    cells_x: Annotated[int, Par("cells along the collector", ge=2, le=4096)] = 200,
    cells_z: Annotated[int, Par("cells in height", ge=4, le=4096)] = 100,
    duration_s: Annotated[float, Par("time simulated", gt=0)] = 10.0,
    voltage_V: Annotated[float, Par("metal against the bulk of the electrolyte", le=0, source=CHEN, assumed=True)] = -0.12,
    sites: Annotated[int, Par("nuclei at random places", ge=0, le=10_000)] = 5,
    places_m: Annotated[tuple[float, ...], Par("places of the nuclei, instead of random ones", ge=0)] = (),
    radius_m: Annotated[float, Par("radius of a nucleus", gt=0, source="two widths of the interface", assumed=True)] = 1e-6,
    film_m: Annotated[float, Par("flat lithium on the collector to begin with", ge=0)] = 0.0,
    concentration_mol_m3: Annotated[float, Par("salt in the bulk", gt=0, source=CHEN, assumed=True)] = 1000.0,
    lithium_mol_m3: Annotated[float, Par("lithium in the metal", gt=0, source=CHEN, assumed=True)] = 76_400.0,
    mobility_per_s: Annotated[float, Par("Ls, of the interface's own motion", gt=0, source=CHEN, assumed=True)] = 0.25,
    reaction_per_s: Annotated[float, Par("Le, of the electrochemical motion", ge=0, source=CHEN, assumed=True)] = 1e-3,
    barrier: Annotated[float, Par("W of the double well", gt=0, source=CHEN, assumed=True)] = 2.4,
    gradient_m2: Annotated[float, Par("κ, sets the width √(κ/2W)", gt=0, source=CHEN, assumed=True)] = 0.3e-12,
    anisotropy: Annotated[float, Par("δ of κ(1 + δ cos 4(θ - θ0))", ge=0, lt=1 / 15, source=CHEN, assumed=True)] = 0.05,
    angle_rad: Annotated[float, Par("θ0", ge=-math.pi, le=math.pi)] = 0.0,
    transfer: Annotated[float, Par("charge transfer coefficient", gt=0, lt=1, source=CHEN, assumed=True)] = 0.5,
    temperature_K: Annotated[float, Par("temperature", gt=0)] = 300.0,
    diffusivity_m2_s: Annotated[float, Par("of Li+ in the electrolyte", gt=0, source=CHEN, assumed=True)] = 317.9e-12,
    diffusivity_metal_m2_s: Annotated[float, Par("of Li+ in the metal", gt=0, source=CHEN, assumed=True)] = 0.75e-12,
    conductivity_S_m: Annotated[float, Par("of the electrolyte", gt=0, source=CHEN, assumed=True)] = 1.19,
    conductivity_metal_S_m: Annotated[float, Par("of the metal", gt=0, source=CHEN, assumed=True)] = 1e7,
    noise: Annotated[float, Par("of the phase's rate at the interface; 0 is none", ge=0, le=10)] = 0.0,
    periodic: Annotated[bool, Par("sides that wrap around; else mirrors")] = False,
    change: Annotated[float, Par("most change of phase or salt in a step", gt=0, le=0.5)] = 0.05,
    step_s: Annotated[float, Par("a fixed step; 0 adapts it to `change`", ge=0)] = 0.0,
    frames: Annotated[int, Par("fields kept, evenly in time", ge=2, le=1000)] = 11,
    rng: np.random.Generator,
    context: Context,
) -> Fields:
    """Lithium growing from nuclei by the classical phase field of electrodeposition with one potential.

    $\\dot\\xi = -L_s(g' - \\nabla\\cdot\\kappa\\nabla\\xi) - L_e h'[e^{(1-a)f\\varphi} - c\\,e^{-af\\varphi}]$ [1/s],
    $\\dot c = \\nabla\\cdot D(\\nabla c + c f \\nabla\\varphi) - (C_s/C_0)\\dot\\xi$,
    $0 = \\nabla\\cdot\\sigma\\nabla\\varphi - F C_s \\dot\\xi$;
    $g = W\\xi^2(1-\\xi)^2$, $h = \\xi^3(10 - 15\\xi + 6\\xi^2)$, $f = F/RT$,
    D and σ between those of electrolyte and metal with h, κ anisotropic with its variation (Kobayashi). Finite volumes; the
    phase linearly implicit, migration exact on each face (Scharfetter and Gummel), first order in time, second in space. The
    collector touches only metal; the bulk's salt and zero of the potential are held at the upper border. *Valid when* a picture
    of the mechanism is wanted. It is no prediction: Le is no exchange current density, the width of the interface and Ls set
    the kinetics, the exponential driving runs away with the salt that migration piles up in the metal's potential, the current
    is an outcome and not controlled, charge leaves the potential's equation where metal forms, and there is no interphase.
    *Source* Chen et al., J. Power Sources 300 (2015) 376, eqs. 10-14. *Differs from the paper* (it shows such fields without
    naming a model) in every value marked as assumed. Raises ConfigError: an interface narrower than two cells,
    or more than memory holds. A run that cannot go on keeps what it has, and `stopped` says why.
    """
    needed = cells_x * cells_z * 8 * (FIELDS_KEPT + FIELDS_A_FRAME * frames)
    refuse_beyond_memory(needed, "cells_x, cells_z", "fewer cells (the memory goes as their number), or fewer frames")
    equations = _equations(
        cells=(cells_z, cells_x),
        size_m=(height_m, width_m),
        gradient_m2=gradient_m2,
        barrier=barrier,
        periodic=periodic,
        rates=(mobility_per_s, reaction_per_s),
        kinetics=(transfer, FARADAY_C_MOL / (GAS_J_MOL_K * temperature_K), voltage_V),
        transport=(diffusivity_metal_m2_s, diffusivity_m2_s, conductivity_metal_S_m, conductivity_S_m),
        lithium=(lithium_mol_m3, concentration_mol_m3),
        anisotropy=(anisotropy, angle_rad),
    )
    given = np.array(places_m) if places_m else rng.uniform(0, width_m, sites)
    if places_m and max(places_m) > width_m:
        raise ConfigError(f"a nucleus at {max(places_m):g} m lies beyond the width of {width_m:g} m", "places_m", "move it")
    stepper = Stepper(equations)
    metal = nuclei(equations, film_m * 1e6, given * 1e6, radius_m * 1e6)
    key = int(rng.integers(2**62))
    marks = [equations, given, film_m, radius_m, duration_s, frames, change, step_s, noise, key]
    plan = Plan(duration_s, frames, change, step_s, noise, key, content_key([plain(m) for m in marks]))
    made = run(stepper, stepper.start(metal, np.ones_like(metal)), plan, context)
    return _measured(equations, made, concentration_mol_m3, len(given))


def _equations(
    *,
    cells: tuple[int, int],
    size_m: tuple[float, float],
    gradient_m2: float,
    barrier: float,
    periodic: bool,
    rates: tuple[float, float],
    kinetics: tuple[float, float, float],
    transport: tuple[float, float, float, float],
    lithium: tuple[float, float],
    anisotropy: tuple[float, float],
) -> Equations:
    """SI to the reduced units, and whether the grid resolves the interface."""
    spacing = (size_m[0] / cells[0] * 1e6, size_m[1] / cells[1] * 1e6)
    width_um = 4 * math.sqrt(gradient_m2 * 1e12 / (2 * barrier))
    if width_um < 2 * max(spacing):
        raise ConfigError(
            f"the interface is {width_um:.2g} um wide, a cell {max(spacing):.2g} um",
            "deposit.classical",
            "at least two cells must lie across it: take more cells or a larger gradient_m2",
        )
    return Equations(
        cells=cells,
        spacing_um=spacing,
        mobility_per_s=rates[0],
        reaction_per_s=rates[1],
        barrier=barrier,
        gradient_um2=gradient_m2 * 1e12,
        transfer=kinetics[0],
        per_volt=kinetics[1],
        voltage_V=kinetics[2],
        diffusivity_metal_um2_s=transport[0] * 1e12,
        diffusivity_um2_s=transport[1] * 1e12,
        conductivity_metal_S_m=transport[2],
        conductivity_S_m=transport[3],
        sites_over_salt=lithium[0] / lithium[1],
        charge=FARADAY_C_MOL * lithium[0] * 1e-12,
        anisotropy=anisotropy[0],
        angle_rad=anisotropy[1],
        periodic=periodic,
    )


def _measured(e: Equations, made: Run, bulk_mol_m3: float, sites: int) -> Measurement:
    (nz, nx), (hz, hx) = e.cells, e.spacing_um
    history = dict(zip(HISTORY, np.array(made.history).T, strict=True))
    metal = np.stack([f.metal for f in made.frames])[:, :, None, :]
    charge = e.charge * 1e6 * (history["metal_um"] - history["metal_um"][0])
    arrays = {
        "x_m": (np.arange(nx) + 0.5) * hx * 1e-6,
        "y_m": np.zeros(1),
        "z_m": (np.arange(nz) + 0.5) * hz * 1e-6,
        "frame_time_s": np.array([f.time_s for f in made.frames]),
        "lithium": np.clip(metal, 0, 1),
        "concentration_mol_m3": bulk_mol_m3 * np.stack([f.salt for f in made.frames])[:, :, None, :],
        "potential_V": np.stack([f.potential_V for f in made.frames])[:, :, None, :],
        "time_s": history["time_s"],
        "current_density_A_m2": history["left_A_m2"],
        "charge_C_m2": charge,
        "electrode_potential_V": np.full(len(charge), e.voltage_V),
        "deposited_m": history["metal_um"] * 1e-6,
        "tip_height_m": history["top_um"] * 1e-6,
    }
    meta = {
        "model": "classical phase field with one potential",
        "sides": "periodic" if e.periodic else "mirror",
        "sites_per_m2": sites / (nx * hx * 1e-6),
        "collector": "touches only metal",
        "stopped": made.stopped,
    }
    return Measurement.of(FIELDS, arrays, meta, name="classical phase field")


@classical.plot
def draw(fields: Measurement, ax: Axes) -> None:
    """Metal, salt and potential at the end."""
    draw_triptych(fields, ax)


@classical.demo
def demo(rng: np.random.Generator) -> Demo:
    """Without a voltage a flat film keeps still: its profile is tanh, the salt even and the potential zero."""
    cells, height, film = 24, 6e-6, rng.uniform(2.5e-6, 3.5e-6)
    z = (np.arange(cells) + 0.5) * height / cells
    profile = 0.5 * (1 + np.tanh((film - z) / 0.5e-6))
    truth = {
        "lithium": np.broadcast_to(profile[None, :, None, None], (3, cells, 1, 8)),
        "concentration_mol_m3": np.full((3, cells, 1, 8), 1000.0),
    }
    box = {"width_m": 2e-6, "height_m": height, "cells_x": 8, "cells_z": cells, "sites": 0, "film_m": film, "voltage_V": 0.0}
    return Demo((), truth, {**box, "duration_s": 0.1, "frames": 3, "step_s": 0.05}, tolerance=0.02)
