"""One flight as one point of the phase diagram: where it lies, and on how many of its paths a helix is seen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from anodefree.analysis.ions.helices import seen_on
from anodefree.core.constants import BOLTZMANN_J_K
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError, DataError, near
from anodefree.kinds.flights import FLIGHTS, Flights
from anodefree.kinds.helicity import HELICITY, Helicity
from anodefree.physics.lorentz import cyclotron_frequency, magnetisation
from anodefree.physics.transport import SPECIES, relaxation_time
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DIFFUSIVITY = {"Li+": "cation_diffusivity_m2_s", "TFSI-": "anion_diffusivity_m2_s"}


@stage("ions.helicity", version=1, cites=("chen2016", "golub1973", "schwarz1978", "chen2026"))
def helicity(
    flights: Flights,
    *,
    species: Annotated[str, Par("the ion")] = "Li+",
    most: Annotated[int, Par("paths that are looked at", ge=2, le=10_000)] = 12,
    visible: Annotated[
        float, Par("least radius that is seen, over the gap", gt=0, le=0.5, source="a pixel in a hundred")
    ] = 0.01,
    fewest_turns: Annotated[float, Par("turns from which a path is called a helix", gt=0)] = 1.0,
) -> Helicity:
    """The place of a flight in the phase diagram, and the share of its paths on which a helix is seen.

    $\\Lambda = BL\\sqrt{q/mV}$, $\\Gamma = (L/\\tau)\\sqrt{m/qV}$ and Θ = kT/qV from the conditions of the flight; paths are
    fitted and judged as by `ions.helices`. `share` counts those of at least `fewest_turns` turns and a radius of `visible`
    gaps. *Valid when* B is uniform along the axis; of a map its rms is taken. *Source* Chen 2016, section 2.2; Golub and
    Pereyra 1973; Schwarz 1978. *Differs from the paper*, which judges by eye. Arrays over `flight`, of which there is one;
    several join. Raises DataError: no paths, or conditions that the flight does not state; ConfigError: no such ion.
    """
    meta, where = flights.meta, flights.source.name
    names = str(meta["ions"]).split(", ")
    if species not in names:
        raise ConfigError(f"'{species}' is not among the ions that flew", "species", near(species, names))
    missing = [n for n in ("voltage_V", "flux_density_T", "temperature_K") if meta.get(n) is None]
    if missing or not float(meta["voltage_V"]) > 0:
        raise DataError(f"does not state {', '.join(missing) or 'a voltage'}", where, "fly it with ions.flight")
    if "path_x_m" not in flights:
        raise DataError("keeps no paths", where, "fly with paths = 12")
    own = np.flatnonzero(flights["path_species"] == names.index(species))[:most]
    place = np.stack([flights[f"path_{a}_m"][own] for a in "xyz"], axis=1)
    liquid = meta.get("regime") == "liquid"
    judged = [seen_on(t, p, 0.2, drag=liquid) for t, p in zip(flights["path_time_s"][own], place, strict=True)]
    found = [s for s in judged if s is not None]
    ion, gap, voltage, flux = SPECIES[species], float(meta["gap_m"]), float(meta["voltage_V"]), float(meta["flux_density_T"])
    temperature, charge = float(meta["temperature_K"]), abs(ion.charge_C)
    drag = 0.0
    if liquid:
        diffusivity = float(meta.get(DIFFUSIVITY[species]) or ion.diffusivity_m2_s)
        drag = gap * math.sqrt(ion.mass_kg / (charge * voltage)) / relaxation_time(ion.mass_kg, diffusivity, temperature)
    kept = [s for s in found if s.turns >= fewest_turns and s.radius_m >= visible * gap]
    row = {
        "magnetisation": magnetisation(ion.charge_C, ion.mass_kg, flux, gap, voltage),
        "drag": drag,
        "thermal": BOLTZMANN_J_K * temperature / (charge * voltage),
        "share": len(kept) / len(own),
        "paths": float(len(own)),
        "turns": float(np.mean([s.turns for s in found])) if found else 0.0,
        "radius_over_gap": float(np.mean([s.radius_m for s in found])) / gap if found else 0.0,
        "flux_density_T": flux,
        "gap_m": gap,
        "voltage_V": voltage,
    }
    told = {"species": species, "visible": visible, "fewest_turns": fewest_turns}
    return Measurement.of(HELICITY, {n: np.array([v]) for n, v in row.items()}, told)


@helicity.plot
def draw(points: Measurement, ax: Axes) -> None:
    """Turns and radius of the helices of each flight; what is seen counts from one turn and the least radius on."""
    from anodefree.core.figure import COLOURS, SOFT

    turns, radius = np.maximum(points["turns"], 1e-3), np.maximum(points["radius_over_gap"], 1e-4)
    ax.axvline(float(points.meta["fewest_turns"]), color=SOFT, lw=0.8, ls=":")
    ax.axhline(float(points.meta["visible"]), color=SOFT, lw=0.8, ls=":")
    ax.scatter(turns, radius, s=12, c=COLOURS[0])
    ax.plot([1e-3, 1e3], [float(points.meta["visible"])] * 2, color=SOFT, lw=0.8, ls=":", label="just visible")
    ax.set(xscale="log", yscale="log", xlim=(5e-4, 1e3), ylim=(5e-5, 1.0))
    ax.set_xlabel("turns (left edge: no helix)")
    ax.set_ylabel("radius / gap")


@helicity.demo
def demo(rng: np.random.Generator) -> Demo:
    """Screws of one radius without a liquid: a half of them too narrow to be seen."""
    paths, samples, gap, voltage, flux = 6, 40, rng.uniform(3e-5, 1e-4), rng.uniform(0.05, 0.2), rng.uniform(10, 40)
    t = np.linspace(0, 1, samples)
    radius = gap * np.where(np.arange(paths) % 2, 0.05, 0.003)
    angle = 2 * np.pi * 3 * t + 2 * np.pi * rng.random((paths, 1))
    path = np.stack([radius[:, None] * np.cos(angle), radius[:, None] * np.sin(angle), gap * np.tile(1 - t, (paths, 1))])
    zero = np.zeros(paths)
    arrays: dict[str, Any] = {"species": np.zeros(paths, np.int8), "surface": np.full(paths, 2, np.int8)}
    arrays |= {f"{w}_{a}_m": path[k][:, i] for w, i in (("start", 0), ("end", -1)) for k, a in enumerate("xyz")}
    names = ("time_of_flight_s", "path_length_m", "turns", "winding", "energy_error", "end_speed_m_s")
    arrays |= {n: zero for n in names} | {f"path_{a}_m": path[k] for k, a in enumerate("xyz")}
    arrays |= {"path_time_s": np.tile(1e-7 * t, (paths, 1)), "path_species": np.zeros(paths, np.int8)}
    meta = {"ions": "Li+", "gap_m": gap, "radius_m": 0.5 * gap, "boss_height_m": 1e-9, "boss_base_m": 1e-9}
    meta |= {"voltage_V": voltage, "flux_density_T": flux, "regime": "vacuum", "temperature_K": 298.15}
    flights = Measurement.of(FLIGHTS, arrays, meta, name="demo")
    ion = SPECIES["Li+"]
    scale = cyclotron_frequency(ion.charge_C, ion.mass_kg, flux) * gap * math.sqrt(ion.mass_kg / (ion.charge_C * voltage))
    truth = {"magnetisation": [scale], "drag": [0.0], "share": [0.5], "radius_over_gap": [0.0265], "turns": [3.0]}
    return Demo((flights,), truth, tolerance=1e-6)
