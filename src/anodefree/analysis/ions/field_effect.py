"""What the magnetic field changes: the same ions flown with it and without, draw by draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.flights import FLIGHTS, Flights
from anodefree.physics.lorentz import hall_parameter
from anodefree.physics.transport import SPECIES, mobility
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
SHAPE = ("gap_m", "radius_m", "boss_height_m", "boss_base_m")


@stage("ions.field_effect", version=2, cites=("chen2016", "efron1993"))
def field_effect(
    with_field: Flights,
    without_field: Flights,
    *,
    diffusivity_m2_s: Annotated[
        float, Par("diffusion coefficient behind the bound, in the liquid", gt=0, source="that of Li+ in ethers", assumed=True)
    ] = 3e-10,
    temperature_K: Annotated[float, Par("temperature behind the bound", gt=0)] = 298.15,
    resamples: Annotated[int, Par("bootstrap resamples", ge=50, le=100_000)] = 400,
    rng: np.random.Generator,
) -> Result:
    """How far the magnetic field moves the place where an ion lands, how many it sends elsewhere, how much it delays them.

    Each ion is compared with itself: $s_i = |x_i(B) - x_i(0)|$ [m] at capture, from runs with the same `pairing`, so that the
    scatter of launch and noise drops out. `shift_median`, `shift_mean`, `shift_rms`, the largest shift found in the curves,
    `changed_share` (of the ions, those on another surface; one added to each side of the count for its deviation), `delay` [s].
    In the liquid the drift across a gap L turns by the Hall parameter β = μB, so the systematic shift is at most `bound` = βL;
    `beyond_bound` is the share of pairs that differ by more. Standard deviations by bootstrap over pairs.

    *Valid when* both runs share launch, noise, cell and steps; the starts are compared. In vacuum there is no such bound, and
    none is given. Ions that a protrusion throws back may exceed the bound: a convex wall of radius R spreads neighbours by
    (1 + d/R)/(1 - d/R) at each reflection from a depth d, so that half a percent of the anions is shifted by up to a hundred
    βL, in proportion to B, and by less with finer steps. *Source* Chen 2016, section 5.5 (drift
    across B in a medium); Efron and Tibshirani 1993. *Differs from the paper*, which shows paths in one condition only. Curves:
    shift_m (sorted), share. Raises DataError: the two runs are of other ions, cells or starts.
    """
    name = without_field.source.name
    if len(with_field["species"]) != len(without_field["species"]) or any(
        with_field.meta[n] != without_field.meta[n] for n in ("ions", *SHAPE)
    ):
        raise DataError("holds other ions or another cell than the run with the field", name, "fly both alike")
    starts, ends = ([np.array([f[f"{w}_{a}_m"] for a in "xyz"]) for f in (with_field, without_field)] for w in ("start", "end"))
    gap = float(with_field.meta["gap_m"])
    if np.abs(starts[0] - starts[1]).max() > 1e-12 * gap:
        raise DataError("begins at other places than the run with the field", name, "give both runs the same `pairing`")
    shift = np.sqrt(((ends[0] - ends[1]) ** 2).sum(axis=0))
    changed = with_field["surface"] != without_field["surface"]
    delay = with_field["time_of_flight_s"] - without_field["time_of_flight_s"]
    count = len(shift)

    def numbers(pick: NDArray[np.int64]) -> Floats:
        s = shift[pick]
        return np.array([np.median(s), s.mean(), np.sqrt(np.mean(s**2)), delay[pick].mean()])

    values = numbers(np.arange(count))
    drawn = np.array([numbers(rng.integers(0, count, count)) for _ in range(resamples)])
    std = drawn.std(axis=0, ddof=1)
    moved = int(changed.sum())
    odds = (moved + 1) / (count + 2)
    estimates = {
        "shift_median": Estimate(values[0], std[0], "m", "shift of the landing place, median", "m"),
        "shift_mean": Estimate(values[1], std[1], "m", "shift of the landing place, mean", "m"),
        "shift_rms": Estimate(values[2], std[2], "m", "shift of the landing place, root mean square", "m"),
        "changed_share": Estimate(
            moved / count, float(np.sqrt(odds * (1 - odds) / count)), "1", "ions sent to another surface"
        ),
        "delay": Estimate(values[3], std[3], "s", "change of the time of flight, mean", "s"),
    }
    checks = [
        Check.that("surfaces", moved == 0, "every ion lands on the same surface", f"{moved} of {count} land on another surface")
    ]
    flux = float(with_field.meta.get("flux_density_T", 0.0))
    if with_field.meta.get("regime") == "liquid":
        bound = hall_parameter(mobility(SPECIES["Li+"].charge_C, diffusivity_m2_s, temperature_K), flux) * gap
        estimates["bound"] = Estimate(bound, 0.0, "m", "largest systematic shift, βL", "m")
        median, largest, over = values[0], float(shift.max()), int((shift > bound).sum())
        part = (over + 1) / (count + 2)
        estimates["beyond_bound"] = Estimate(
            over / count, float(np.sqrt(part * (1 - part) / count)), "1", "pairs that differ by more than βL"
        )
        checks.append(
            Check.that(
                "bound",
                median <= bound,
                f"the median shift {median:.2g} m is within βL = {bound:.2g} m; the largest of {count} is {largest:.2g} m",
                f"the median shift {median:.2g} m exceeds βL = {bound:.2g} m: are the runs paired, with equal steps?",
            )
        )
    order = np.sort(shift)
    curves = {"shift_m": ("ion", order), "share": ("ion", (np.arange(count) + 1) / count)}
    return Result.of(estimates, curves, checks)


@field_effect.plot
def draw(result: Result, ax: Axes) -> None:
    """The share of ions whose landing place moves by less than a length; an atom's diameter and the bound for comparison."""
    from anodefree.core.figure import COLOURS, INK, SOFT

    shift, share = result.curves["shift_m"].values, result.curves["share"].values
    ax.step(np.maximum(shift, 1e-21), share, where="post", color=COLOURS[0], label="pairs of flights")
    ax.axvline(3e-10, color=SOFT, lw=0.8, ls="--", label="a lithium atom")
    if "bound" in result.estimates and result["bound"] > 0:
        ax.axvline(result["bound"], color=INK, lw=0.8, ls=":", label="bound βL")
    ax.set(xscale="log", ylim=(0, 1.02))
    ax.set_xlabel("shift of the landing place by the field / m")
    ax.set_ylabel("share of ions")
    ax.legend(loc="best")


@field_effect.demo
def demo(rng: np.random.Generator) -> Demo:
    """Pairs whose shifts are drawn from a known distribution; some land elsewhere."""
    count, size, delay = 600, rng.uniform(0.2e-6, 2e-6), rng.uniform(0.01, 0.1)
    place = rng.uniform(-2e-5, 2e-5, (2, count))
    angle, shift = 2 * np.pi * rng.random(count), rng.exponential(size, count)
    late = rng.normal(delay, 0.05, count)
    chance = rng.uniform(0.05, 0.2)
    surface = np.full(count, 2, np.int8)

    def flown(x: Floats, y: Floats, surface: NDArray[np.int8], time_s: Floats, flux_T: float) -> Measurement:
        zero = np.zeros(count)
        arrays = {
            "species": np.zeros(count, np.int8),
            "start_x_m": place[0], "start_y_m": place[1], "start_z_m": np.full(count, 5e-5),
            "end_x_m": x, "end_y_m": y, "end_z_m": zero,
            "surface": surface, "time_of_flight_s": time_s,
            **{n: zero for n in ("path_length_m", "turns", "winding", "energy_error", "end_speed_m_s")},
        }  # fmt: skip
        meta = {"ions": "Li+", "gap_m": 5e-5, "radius_m": 2.5e-5, "boss_height_m": 1e-5, "boss_base_m": 3e-6}
        return Measurement.of(FLIGHTS, arrays, {**meta, "flux_density_T": flux_T, "regime": "vacuum"}, name="demo")

    off = flown(place[0], place[1], surface, np.full(count, 2.0), 0.0)
    elsewhere = np.where(rng.random(count) < chance, 1, 2).astype(np.int8)
    on = flown(place[0] + shift * np.cos(angle), place[1] + shift * np.sin(angle), elsewhere, 2.0 + late, 1.0)
    truth = {"shift_mean": size, "shift_median": size * np.log(2), "changed_share": chance, "delay": delay}
    return Demo((on, off), truth, {"resamples": 100})
