"""The paper's picture and the liquid side by side: the same cell, the same field, flights without the drag and with it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError, DataError, near
from anodefree.kinds.flights import FLIGHTS, Flights
from anodefree.physics.lorentz import (
    ballistic_turns,
    cyclotron_frequency,
    flux_density_for_helix,
    hall_parameter,
    magnetisation,
)
from anodefree.physics.transport import SPECIES, Species, mobility, relaxation_time
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
SHAPE = ("gap_m", "radius_m", "boss_height_m", "boss_base_m", "voltage_V", "flux_density_T")
DRAWN = {"vacuum": 8, "liquid": 2}
"""Paths of each species in the figure: a random one fills its panel."""


def of_mean(values: Floats) -> float:
    """Standard deviation of a mean."""
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.inf


@stage("ions.compare_regimes", version=1, cites=("chen2016", "chandrasekhar1943", "chen2026"))
def compare_regimes(
    vacuum: Flights,
    liquid: Flights,
    *,
    species: Annotated[str, Par("the ion that the numbers are of")] = "Li+",
    diffusivity_m2_s: Annotated[
        Uncertain | None,
        Par("diffusion coefficient; none: the ion's own", gt=0, source="NMR in ethers, order of magnitude", assumed=True),
    ] = None,
    temperature_K: Annotated[float, Par("temperature of the liquid", gt=0)] = 298.15,
) -> Result:
    """The paper-style flight without a liquid beside the flight against its drag, and which of the two the conditions are in.

    Of an ion's flights without the liquid: `turns_vacuum` = $\\omega_c t/2\\pi$ while it flies, `pitch_vacuum` = L over that
    [m] (the way along the gap L for one turn), time of flight t [s]. `turned_vacuum` is what its velocity has turned about B,
    and `winding` its place about the axis, by the flights themselves: signed means, in which what the protrusion and the side
    do to the left and to the right cancels. In the liquid the velocity is forgotten
    `forgotten` = $t/\\tau$ times on the way, $\\tau = mD/kT$ [s]; what is left of the turning is the Hall parameter
    $\\beta = \\mu B$, `turns_liquid` = β/2π before friction erases it; winding there is that of a random path. A helix would
    survive from `flux_density_vacuum` (one turn over the gap) without the liquid, and from `flux_density_liquid` = 1/μ (β = 1)
    in it [T]. The conditions are those of the liquid where `forgotten` exceeds 1.
    *Valid when* both flights are of one cell, voltage and field, uniform and along the axis; drag is linear. *Source* Chen
    2016, sections 2.2 and 5.5; Chandrasekhar 1943, chapter II. *Differs from the paper*, which shows the first of the two
    alone. Standard deviations are those of means over ions, and of D. Curves: paths of a few, `place_m` (path, sample, 3).
    Raises DataError: a flight of the wrong kind, or of another cell; ConfigError: an ion that did not fly.
    """
    _same_cell(vacuum, liquid)
    names = str(vacuum.meta["ions"]).split(", ")
    if species not in names or species not in str(liquid.meta["ions"]).split(", "):
        raise ConfigError(f"'{species}' is not among the ions that flew", "species", near(species, names))
    index, ion, meta = names.index(species), SPECIES[species], vacuum.meta
    D = diffusivity_m2_s or Uncertain(ion.diffusivity_m2_s, ion.diffusivity_std_m2_s)
    gap, flux = float(meta["gap_m"]), float(meta["flux_density_T"])
    mu = mobility(ion.charge_C, D.value, temperature_K)
    beta, needed, spread = hall_parameter(mu, flux), flux_density_for_helix(mu), D.std / D.value
    of_ions = {name: _of_ions(f, index) for name, f in (("vacuum", vacuum), ("liquid", liquid))}
    times = {name: o["time_of_flight"] for name, o in of_ions.items()}
    rate = abs(cyclotron_frequency(ion.charge_C, ion.mass_kg, flux)) / (2 * math.pi)
    turns, tau = (rate * times["vacuum"][0], rate * times["vacuum"][1]), relaxation_time(ion.mass_kg, D.value, temperature_K)
    lost = times["liquid"][0] / tau
    free = _field_of_one_turn(ion, gap, float(meta["voltage_V"]))
    pitch = gap / turns[0] if turns[0] > 0 else math.inf
    one, two = "without the liquid", "in the liquid"
    estimates = {
        "hall_parameter": Estimate(beta, beta * spread, "1", "Hall parameter β = μB"),
        "turns_vacuum": Estimate(*turns, "1", f"turns about B, {one}"),
        "turns_liquid": Estimate(
            beta / 2 / math.pi, beta / 2 / math.pi * spread, "1", f"turns about B before friction wins, {two}"
        ),
        "turned_vacuum": Estimate(*of_ions["vacuum"]["turns"], "1", f"turn of the velocity as flown, signed, {one}"),
        "winding_vacuum": Estimate(*of_ions["vacuum"]["winding"], "1", f"turns about the axis, signed, {one}"),
        "winding_liquid": Estimate(*of_ions["liquid"]["winding"], "1", f"turns about the axis, signed, {two}"),
        "time_of_flight_vacuum": Estimate(*times["vacuum"], "s", f"mean time of flight, {one}"),
        "time_of_flight_liquid": Estimate(*times["liquid"], "s", f"mean time of flight, {two}"),
        "forgotten": Estimate(
            lost, lost * math.hypot(spread, times["liquid"][1] / times["liquid"][0]), "1", "velocity forgotten"
        ),
        "flux_density_vacuum": Estimate(free, 0.0, "T", f"field from which a helix exists, {one}", "T"),
        "flux_density_liquid": Estimate(needed, needed * spread, "T", f"field from which a helix exists, {two}", "T"),
    }
    if math.isfinite(pitch):
        estimates["pitch_vacuum"] = Estimate(
            pitch, pitch * turns[1] / turns[0], "m", f"way along the gap for a turn, {one}", "mm"
        )
    checks = [
        Check.that(
            "regime",
            lost <= 1,
            f"the velocity lasts for the whole flight: these are the conditions of flight {one}",
            f"these are the conditions of the liquid: the velocity is forgotten {lost:.2g} times on the way; flight {one} is an"
            " illustration, not a model of them",
        ),
        Check.that(
            "helix",
            (beta >= 1 if lost > 1 else turns[0] >= 1),
            "a helix exists under these conditions",
            f"no helix at {flux:.3g} T: it would survive from {needed:.2g} T in the liquid, from {free:.2g} T without it",
        ),
    ]
    return Result.of(estimates, _curves(vacuum, liquid), checks)


def _same_cell(vacuum: Measurement, liquid: Measurement) -> None:
    for flights, wanted in ((vacuum, "vacuum"), (liquid, "liquid")):
        if flights.meta.get("regime") != wanted:
            raise DataError(
                f"is a flight in {flights.meta.get('regime')}, not in {wanted}",
                flights.source.name,
                "the first input flies without the liquid, the second with liquid = true",
            )
    other = [n for n in SHAPE if vacuum.meta.get(n) != liquid.meta.get(n)]
    if other:
        raise DataError(f"differs from the other flight in {', '.join(other)}", liquid.source.name, "fly both alike")


def _field_of_one_turn(ion: Species, gap_m: float, voltage_V: float) -> float:
    return 1.0 / ballistic_turns(magnetisation(ion.charge_C, ion.mass_kg, 1.0, gap_m, voltage_V))


def _of_ions(flights: Measurement, index: int) -> dict[str, tuple[float, float]]:
    """Mean and its standard deviation over the ions of a species: turns and winding, signed, time of flight."""
    own = flights["species"] == index
    landed = own & (flights["surface"] >= 1) & (flights["surface"] <= 3)
    if landed.sum() < 2:
        raise DataError("fewer than two of its ions have landed", flights.source.name, "fly more, or longer")
    values = {n: flights[n][own] for n in ("turns", "winding")}
    values["time_of_flight"] = flights["time_of_flight_s"][landed]
    return {n: (float(v.mean()), of_mean(v)) for n, v in values.items()}


def _curves(vacuum: Measurement, liquid: Measurement) -> dict[str, tuple[Any, Any]]:
    """A few paths of both flights, and the cell, for the figure."""
    places, sorts, panels = [], [], []
    for panel, (name, flights) in enumerate((("vacuum", vacuum), ("liquid", liquid))):
        if "path_x_m" not in flights:
            raise DataError("keeps no paths", flights.source.name, "fly with paths = 3 or more")
        for sort in np.unique(flights["path_species"]):
            for which in np.flatnonzero(flights["path_species"] == sort)[: DRAWN[name]]:
                places.append(np.stack([flights[f"path_{a}_m"][which] for a in "xyz"], axis=1))
                sorts.append(int(sort))
                panels.append(panel)
    longest = max(map(len, places))
    padded = np.full((len(places), longest, 3), np.nan)
    for row, place in zip(padded, places, strict=True):
        row[: len(place)] = place
    cell = np.array([float(vacuum.meta[n]) for n in SHAPE[:4]])
    return {
        "place_m": (("path", "sample", "axis"), padded),
        "sort": ("path", np.array(sorts, np.int8)),
        "panel": ("path", np.array(panels, np.int8)),
        "cell_m": ("length", cell),
        "names": ("name", np.array(str(vacuum.meta["ions"]).split(", "))),
    }


@compare_regimes.plot
def draw(result: Result, ax: Axes) -> None:
    """Both flights on the section through the cell, seen from the side, with the numbers under each."""
    from anodefree.core.figure import COLOURS, INK, SOFT

    gap, radius, height, base = 1e6 * result.curves["cell_m"].values
    place, sort, panel = (result.curves[n].values for n in ("place_m", "sort", "panel"))
    names = [str(n) for n in result.curves["names"].values]
    shift = 2.45 * radius
    s = np.linspace(0, np.pi, 121)
    for k, title in enumerate(("no liquid: an illustration", "in the liquid")):
        middle = k * shift
        ax.fill(middle + base * np.cos(s), height * np.sin(s), color=SOFT, lw=0, zorder=1)
        for level in (0.0, gap):
            ax.plot([middle - radius, middle + radius], [level, level], color=INK, lw=1.2, zorder=1)
        for index, name in enumerate(names):
            for number, which in enumerate(np.flatnonzero((panel == k) & (sort == index))):
                x, z = 1e6 * place[which, :, 0], 1e6 * place[which, :, 2]
                known = np.isfinite(x)
                label = {"Li+": "Li$^+$", "TFSI-": "TFSI$^-$"}.get(name, name) if number == 0 and k == 0 else "_"
                ax.plot(middle + x[known], z[known], color=COLOURS[index], lw=0.6, label=label, zorder=2)
        ax.text(middle, 1.05 * gap, title, ha="center", fontsize=7)
        ax.text(middle, -0.06 * gap, _told(result, k), ha="center", va="top", fontsize=6.5, linespacing=1.25)
    ax.set_aspect("equal")
    ax.set(xlim=(-1.1 * radius, shift + 1.1 * radius), ylim=(-0.5 * gap, 1.12 * gap), xticks=[])
    ax.spines[["bottom", "left"]].set_visible(False)
    ax.set_yticks([0, gap])
    ax.set_ylabel("z / µm", loc="top")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, handlelength=1.2)


def _told(result: Result, panel: int) -> str:
    name = ("vacuum", "liquid")[panel]
    rows = [
        f"{_short(result[f'turns_{name}'])} turns",
        f"flight {_short(result[f'time_of_flight_{name}'])} s",
        f"helix from {_short(result[f'flux_density_{name}'])} T",
    ]
    if panel:
        rows.insert(0, f"β = {_short(result['hall_parameter'])}")
    elif "pitch_vacuum" in result.estimates:
        rows.insert(1, f"a turn in {_short(1e3 * result['pitch_vacuum'])} mm")
    return "\n".join(rows)


def _short(value: float) -> str:
    """Two digits, with the power of ten as people write it."""
    power = math.floor(math.log10(abs(value))) if value else 0
    return f"{value:.2g}" if -3 <= power <= 3 else f"{value / 10.0**power:.1f}·10$^{{{power}}}$"


@compare_regimes.demo
def demo(rng: np.random.Generator) -> Demo:
    """Two flights whose times and turns are drawn from known distributions; D known to 3 %."""
    ions, gap, voltage, flux = 150, 50e-6, 0.1, 0.01
    turns, late = rng.uniform(0.5, 2.0), rng.uniform(1.0, 3.0)
    true = rng.uniform(1e-10, 6e-10)

    def flown(regime: str, time_s: Floats, turned: Floats) -> Measurement:
        zero, t = np.zeros(ions), np.linspace(0, 1, 20)
        arrays: dict[str, Any] = {"species": np.zeros(ions, np.int8), "surface": np.full(ions, 2, np.int8)}
        arrays |= {f"{w}_{a}_m": zero for w in ("start", "end") for a in "xyz"}
        arrays |= {"time_of_flight_s": time_s, "turns": turned, "winding": 0.1 * turned}
        arrays |= {n: zero for n in ("path_length_m", "energy_error", "end_speed_m_s")}
        wave = 5e-6 * np.sin(6 * np.pi * t) if regime == "vacuum" else np.cumsum(rng.normal(0, 2e-6, 20))
        arrays |= {"path_x_m": wave[None, :], "path_y_m": wave[None, :], "path_z_m": gap * (1 - t)[None, :]}
        arrays |= {"path_time_s": t[None, :], "path_species": np.zeros(1, np.int8)}
        meta = {"ions": "Li+", "gap_m": gap, "radius_m": 2.5e-5, "boss_height_m": 1e-5, "boss_base_m": 3e-6}
        meta |= {"voltage_V": voltage, "flux_density_T": flux, "regime": regime}
        return Measurement.of(FLIGHTS, arrays, meta, name="demo")

    one = flown("vacuum", rng.normal(6e-8, 1e-9, ions), rng.gamma(4.0, turns / 4.0, ions))
    two = flown("liquid", rng.exponential(late, ions), rng.normal(0, 1, ions))
    mu = mobility(SPECIES["Li+"].charge_C, true, 298.15)
    truth = {
        "hall_parameter": mu * flux,
        "flux_density_liquid": 1 / mu,
        "turned_vacuum": turns,
        "time_of_flight_liquid": late,
        "time_of_flight_vacuum": 6e-8,
    }
    known = Uncertain(true * (1 + 0.03 * rng.standard_normal()), 0.03 * true)
    return Demo((one, two), truth, {"diffusivity_m2_s": known})
