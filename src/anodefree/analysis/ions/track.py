"""One kept path of a flight through the cell, as a track that `ions.helix` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError, DataError, near
from anodefree.kinds.flights import FLIGHTS, Flights
from anodefree.kinds.tracks import TRACKS, Tracks
from anodefree.physics.transport import SPECIES
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("ions.track", version=1, cites=("chen2026",))
def track(
    flights: Flights,
    *,
    species: Annotated[str, Par("the ion")] = "Li+",
    path: Annotated[int, Par("which of its kept paths, from 0", ge=0)] = 0,
) -> Tracks:
    """One kept path of a flight as a track: $x(t)$, $y(t)$, $z(t)$ [m] at the times [s] at which it was kept.

    Nothing is interpolated: the samples are those of the flight, launch and capture included. *Valid when* the magnetic field
    was uniform along the cell's axis, for what is read from the track: `flux_density_T` of a map is its rms. *Source* none:
    the same numbers in another form. *Differs from the paper* in nothing. Arrays: time_s (sample), x_m, y_m, z_m (ion, sample)
    with one ion. Raises ConfigError: no such ion or path; DataError: no paths were kept.
    """
    names = str(flights.meta["ions"]).split(", ")
    if species not in names:
        raise ConfigError(f"'{species}' is not among the ions that flew", "species", near(species, names))
    if "path_x_m" not in flights:
        raise DataError("keeps no paths", flights.source.name, "fly with paths = 20")
    own = np.flatnonzero(flights["path_species"] == names.index(species))
    if path >= len(own):
        raise ConfigError(f"there is no path {path} of {species}", "path", f"{len(own)} were kept: 0 to {len(own) - 1}")
    row, ion = own[path], SPECIES[species]
    known = np.isfinite(flights["path_x_m"][row])
    time = flights["path_time_s"][row][known]
    fresh = np.concatenate([[True], np.diff(time) > 0])  # an ion that was captured on a sample is kept twice
    arrays = {"time_s": time[fresh]} | {f"{a}_m": flights[f"path_{a}_m"][row][known][fresh][None, :] for a in "xyz"}
    meta = {
        "species": species,
        "mass_kg": ion.mass_kg,
        "charge_C": ion.charge_C,
        "flux_density_T": float(flights.meta.get("flux_density_T", 0.0)),
    }
    return Measurement.of(TRACKS, arrays, meta)


@track.plot
def draw(tracks: Measurement, ax: Axes) -> None:
    """The path seen from the side."""
    ax.plot(1e6 * tracks["x_m"][0], 1e6 * tracks["z_m"][0], lw=1.0)
    ax.set_xlabel("x / µm")
    ax.set_ylabel("z / µm")


@track.demo
def demo(rng: np.random.Generator) -> Demo:
    """A path on a screw: it comes back as it was kept."""
    time = np.linspace(0.0, rng.uniform(1e-8, 1e-7), 30)
    angle, radius = 2 * np.pi * rng.uniform(1, 4) * time / time[-1], rng.uniform(1e-6, 5e-6)
    path = np.stack([radius * np.cos(angle), radius * np.sin(angle), 5e-5 * (1 - time / time[-1])])
    zero = np.zeros(1)
    arrays: dict[str, Any] = {"species": np.zeros(1, np.int8), "surface": np.full(1, 2, np.int8)}
    arrays |= {f"{w}_{a}_m": path[k, i : i + 1 or None] for w, i in (("start", 0), ("end", -1)) for k, a in enumerate("xyz")}
    names = ("time_of_flight_s", "path_length_m", "turns", "winding", "energy_error", "end_speed_m_s")
    arrays |= {n: zero for n in names}
    arrays |= {f"path_{a}_m": path[k : k + 1] for k, a in enumerate("xyz")}
    arrays |= {"path_time_s": time[None, :], "path_species": np.zeros(1, np.int8)}
    meta = {"ions": "Li+", "gap_m": 5e-5, "radius_m": 2.5e-5, "boss_height_m": 1e-9, "boss_base_m": 1e-9}
    flights = Measurement.of(FLIGHTS, arrays, {**meta, "flux_density_T": 40.0}, name="demo")
    return Demo((flights,), {"time_s": time, **{f"{a}_m": path[k : k + 1] for k, a in enumerate("xyz")}})
