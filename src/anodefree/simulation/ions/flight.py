"""Ions flown through the whole cell, cations down and anions up, in vacuum as in the paper or in the liquid."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.kinds.flights import FLIGHTS, Flights
from anodefree.kinds.potential_map import POTENTIAL_MAP, PotentialMap
from anodefree.numerics.potential_tables import Grid, table
from anodefree.physics.lorentz import cyclotron_frequency
from anodefree.physics.transport import SPECIES, Species, relaxation_time, thermal_speed
from anodefree.registry import Demo, stage
from anodefree.simulation.ions.langevin_steps import langevin_steps
from anodefree.simulation.ions.launch import OFF, Emission, launch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
LEVELS: Final = 8
"""Halvings of the step that are ready near the tip."""
BATCH: Final = 20_000
"""Ions between two reports of progress."""
SAMPLES: Final = 400


def scales(gap_m: float, voltage_V: float, ion: Species) -> tuple[float, float]:
    """The time L sqrt(m/(|q|V)) [s] and the speed sqrt(|q|V/m) [m/s] in which an ion's flight is counted."""
    speed = math.sqrt(abs(ion.charge_C) * voltage_V / ion.mass_kg)
    return gap_m / speed, speed


@stage("ions.flight", version=1, cites=("chen2026", "hairer1993", "hochbruck2010", "gillespie1996", "steele2014"))
def flight(
    cell: PotentialMap,
    *,
    ions: Annotated[int, Par("ions of each species", ge=1, le=1e8)] = 2000,
    flux_density_T: Annotated[
        float, Par("uniform magnetic flux density", ge=0, source="1 um of nickel: 10 mT (section 2.1)")
    ] = 0.01,
    tilt_rad: Annotated[
        float, Par("angle of the field from the cell's axis", ge=0, le=math.pi, source="along the axis", assumed=True)
    ] = 0.0,
    liquid: Annotated[bool, Par("with the drag and the thermal noise of the liquid; without: as in the paper")] = False,
    cation_diffusivity_m2_s: Annotated[
        float, Par("diffusion coefficient of Li+", gt=0, source="order of magnitude in ether electrolytes", assumed=True)
    ] = 3e-10,
    anion_diffusivity_m2_s: Annotated[
        float, Par("diffusion coefficient of TFSI-", gt=0, source="order of magnitude in ether electrolytes", assumed=True)
    ] = 2e-10,
    temperature_K: Annotated[float, Par("temperature", gt=0)] = 298.15,
    emission: Annotated[
        Emission, Par("launch velocity: at rest, thermal (half a Maxwellian), or thermal weighted by the flux")
    ] = "rest",
    anions: Annotated[bool, Par("fly TFSI- upward as well")] = True,
    pusher: Annotated[
        Literal["rk4", "rotation"], Par("Runge-Kutta as in the paper, or the exact rotation; in the liquid always exact")
    ] = "rk4",
    steps_per_flight: Annotated[int, Par("steps in the time of the free flight, or of the drift", ge=10, le=1_000_000)] = 200,
    side: Annotated[Literal["reflects", "absorbs"], Par("what the side of the cell does")] = "reflects",
    paths: Annotated[int, Par("ions of each species whose whole path is kept", ge=0, le=10_000)] = 40,
    threads: Annotated[int, Par("threads; the numbers do not depend on it", ge=1, le=256)] = 2,
    pairing: Annotated[int, Par("fixes every draw: runs that share it are paired ion by ion, with B and without", ge=0)] = 0,
    context: Context,
) -> Flights:
    """Flights of lithium ions from the upper electrode and of anions from the lower one, to where they are captured.

    $m\\,dv/dt = q(-\\nabla\\varphi + v \\times B) - \\gamma v + \\sqrt{2kT\\gamma}\\,\\xi$ with γ = 0 (vacuum, the paper's
    picture) or γ = kT/D (`liquid`). In vacuum: classical Runge-Kutta, or the exact rotation with the force averaged over the
    step. In the liquid: the exact Langevin step (order 2 in the force), which holds from steps far below the relaxation time
    to far above. Steps are halved up to 7 times near the tip. An ion is captured exactly where its path meets the electrode (a
    cubic in vacuum; in the liquid the chord, and a Brownian bridge for touches between two points). An ion is reflected by the
    electrode it came from. Random numbers belong to `pairing`, the ion and its step: threads do not change them.
    *Valid when* ions do not meet, and φ does not change with them. In vacuum this is an illustration: in a
    liquid the velocity is lost within femtoseconds. *Source* Hairer, Nørsett and Wanner 1993; Hochbruck and Ostermann 2010;
    Gillespie 1996. *Differs from the paper* in the exact capture (it takes a distance below a threshold), the liquid, and the
    anions' own flight. Arrays over `ion`: species, start, end, surface, time_of_flight_s, path_length_m, turns, winding; over
    (`path`, `sample`): the paths of a few. Raises ConfigError: a step too long for the gyration (Runge-Kutta).
    """
    names = ["Li+", "TFSI-"] if anions else ["Li+"]
    diffusivity = {"Li+": cation_diffusivity_m2_s, "TFSI-": anion_diffusivity_m2_s}
    parts, tracks = [], []
    for index, name in enumerate(names):
        ion = SPECIES[name]
        done, kept = _species(
            cell,
            ion,
            ions=ions,
            paths=min(paths, ions),
            field_T=flux_density_T,
            tilt_rad=tilt_rad,
            diffusivity_m2_s=diffusivity[name] if liquid else None,
            temperature_K=temperature_K,
            emission=emission,
            pusher="rotation" if liquid else pusher,
            steps=steps_per_flight,
            escape=side == "absorbs",
            threads=threads,
            seed=2 * pairing + index,
            progress=lambda part, index=index: context.progress((index + part) / len(names), f"{ions} {names[index]}"),
        )
        parts.append(np.column_stack([np.full(ions, index), done]))
        tracks.append(kept)
    summary = np.concatenate(parts)
    columns = ("species", "start_x_m", "start_y_m", "start_z_m", "end_x_m", "end_y_m", "end_z_m", "surface")
    more = ("time_of_flight_s", "path_length_m", "turns", "winding", "energy_error", "end_speed_m_s")
    arrays: dict[str, Any] = dict(zip((*columns, *more), summary.T, strict=False))
    arrays["species"], arrays["surface"] = arrays["species"].astype(np.int8), arrays["surface"].astype(np.int8)
    whole = np.concatenate(tracks)
    if len(whole):
        arrays |= {f"path_{n}": whole[..., i] for i, n in enumerate(("x_m", "y_m", "z_m", "time_s"))}
        arrays["path_species"] = np.repeat(np.arange(len(names), dtype=np.int8), len(tracks[0]))
    meta = {
        **{n: cell.meta[n] for n in ("gap_m", "radius_m", "boss_height_m", "boss_base_m", "voltage_V")},
        "ions": ", ".join(names),
        "flux_density_T": flux_density_T,
        "regime": "liquid" if liquid else "vacuum",
        "pusher": "exact Langevin step" if liquid else pusher,
    }
    return Measurement.of(FLIGHTS, arrays, meta)


def _species(
    cell: Measurement,
    ion: Species,
    *,
    ions: int,
    paths: int,
    field_T: float,
    tilt_rad: float,
    diffusivity_m2_s: float | None,
    temperature_K: float,
    emission: Emission,
    pusher: str,
    steps: int,
    escape: bool,
    threads: int,
    seed: int,
    progress: Any,
) -> tuple[Floats, Floats]:
    """The summaries (ion, 14) and the paths (path, sample, 4) of one species, in SI. Memory is that of the summaries."""
    from concurrent.futures import ThreadPoolExecutor

    from anodefree.numerics.compiled import flight as compiled

    meta = cell.meta
    gap, voltage = float(meta["gap_m"]), float(meta["voltage_V"])
    time_s, speed = scales(gap, voltage, ion)
    sign = 1.0 if ion.charge_C > 0 else -1.0
    omega = cyclotron_frequency(ion.charge_C, ion.mass_kg, field_T) * time_s
    drag, noise, spread = 0.0, 0.0, 0.0
    crossing = math.sqrt(2.0)
    if diffusivity_m2_s is not None:
        drag = time_s / relaxation_time(ion.mass_kg, diffusivity_m2_s, temperature_K)
        noise = (thermal_speed(ion.mass_kg, temperature_K, 1) / speed) ** 2
        spread = noise / drag
        crossing = drag
    step = crossing / steps
    if pusher == "rk4" and abs(omega) * step > 0.5:
        raise ConfigError(
            f"{2 * math.pi / (abs(omega) * step):.1f} steps a turn are too few for Runge-Kutta",
            "steps_per_flight",
            f"steps_per_flight = {math.ceil(4 * steps * abs(omega) * step)}, or pusher = 'rotation'",
        )
    axis = (math.sin(tilt_rad), 0.0, math.cos(tilt_rad))
    flows, noises = langevin_steps(drag, omega, noise, step, LEVELS, axis)
    tables = tuple(_tables(cell))
    patch = np.array([meta["patch_reach_r_m"], meta["patch_reach_z_m"]]) / gap
    shape = np.array([meta[n] for n in ("boss_base_m", "boss_height_m", "radius_m", "tip_radius_m")]) / gap
    thermal = thermal_speed(ion.mass_kg, temperature_K, 1) / speed
    out = np.zeros((ions, compiled.SUMMARY))
    record = np.full((paths, SAMPLES, 4), np.nan)
    every = max(1, math.ceil(3 * steps / SAMPLES))

    def fly(first: int) -> None:
        last = min(first + BATCH, ions)
        start = launch(seed, first, last, sign, shape, emission, thermal)
        compiled.fly(
            tables, patch, shape, start, first, sign, sign, omega * np.array(axis), drag, flows, noises, LEVELS, pusher ==
            "rk4", step, 0.25, spread, 50.0 * crossing, escape, seed, every, record[first:last], out[first:last],
        )  # fmt: skip

    begun = range(0, ions, BATCH)
    with ThreadPoolExecutor(threads) as pool:
        for number, _ in enumerate(pool.map(fly, begun)):
            progress((number + 1) / len(begun))
    out[:, :6] *= gap
    out[:, 7] *= time_s
    out[:, 8] *= gap
    out[:, 12] *= speed
    record[..., :3] *= gap
    record[..., 3] *= time_s
    return out[:, :13], record


def _tables(cell: Measurement) -> list[tuple[Floats, float, float, float, float]]:
    """The coarse and the fine spline of a potential map, lengths in gaps and potentials in the voltage."""
    gap, voltage = float(cell.meta["gap_m"]), float(cell.meta["voltage_V"])
    made = []
    for prefix in ("", "patch_"):
        grid = Grid(cell[prefix + "r_m"] / gap, cell[prefix + "z_m"] / gap)
        made.append(table(grid, cell[prefix + "potential_V"] / voltage))
    return made


@flight.plot
def draw(flights: Measurement, ax: Axes) -> None:
    """The kept paths, seen from the side: cations down, anions up; and the protrusion."""
    from anodefree.core.figure import COLOURS, INK, SOFT

    gap, radius = 1e6 * flights.meta["gap_m"], 1e6 * flights.meta["radius_m"]
    names = str(flights.meta["ions"]).split(", ")
    shown = 3 if flights.meta.get("regime") == "liquid" else 16  # a random path fills the picture
    if "path_x_m" in flights:
        for index, name in enumerate(names):
            for number, which in enumerate(np.flatnonzero(flights["path_species"] == index)[:shown]):
                x, z = 1e6 * flights["path_x_m"][which], 1e6 * flights["path_z_m"][which]
                ax.plot(x, z, color=COLOURS[index], lw=0.6, alpha=0.8, label=name if number == 0 else "_")
    h, b = 1e6 * flights.meta["boss_height_m"], 1e6 * flights.meta["boss_base_m"]
    s = np.linspace(0, np.pi, 121)
    ax.fill(b * np.cos(s), h * np.sin(s), color=SOFT, lw=0)
    for level in (0.0, gap):
        ax.plot([-radius, radius], [level, level], color=INK, lw=1.2)
    ax.set_aspect("equal")
    flux = flights.meta["flux_density_T"]
    ax.set_title(f"{flights.meta['regime']}, " + (f"{flux:.3g} T" if flux >= 1 else f"{1e3 * flux:.3g} mT"))
    ax.set_xlabel("x / µm")
    ax.set_ylabel("z / µm")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.2)


@flight.demo
def demo(rng: np.random.Generator) -> Demo:
    """Ions at rest in an even field fall for L sqrt(2m/(|q|V)) and land below where they began, whatever B along their way."""
    gap, voltage = rng.uniform(20e-6, 100e-6), rng.uniform(0.02, 0.5)
    cell = even_cell(gap, voltage)
    count = 50
    falls = [math.sqrt(2) * scales(gap * (1 - OFF), voltage * (1 - OFF), SPECIES[n])[0] for n in ("Li+", "TFSI-")]
    truth = {
        "time_of_flight_s": np.repeat(falls, count),
        "end_z_m": np.repeat([0.0, gap], count),
        "path_length_m": np.full(2 * count, gap),
    }
    return Demo((cell,), truth, {"ions": count, "paths": 3, "steps_per_flight": 50}, tolerance=1e-5)


def even_cell(gap_m: float, voltage_V: float, nodes: int = 40) -> Measurement:
    """A cell without a protrusion to speak of: the potential rises evenly with the height."""
    r = z = np.arange(-14, nodes + 15) * gap_m / nodes
    phi = np.repeat(voltage_V * z[:, None] / gap_m, len(r), axis=1)
    meta = {
        "gap_m": gap_m,
        "radius_m": gap_m,
        "boss_height_m": 1e-6 * gap_m,
        "boss_base_m": 1e-6 * gap_m,
        "tip_radius_m": gap_m,
        "voltage_V": voltage_V,
        "patch_reach_r_m": 0.1 * gap_m,
        "patch_reach_z_m": 0.1 * gap_m,
    }
    grids = {"r_m": r, "z_m": z, "potential_V": phi}
    return Measurement.of(POTENTIAL_MAP, {**grids, **{"patch_" + n: v for n, v in grids.items()}}, meta, name="even field")
