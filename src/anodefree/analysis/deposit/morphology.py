"""Exact numbers of a simulated deposit's shape: porosity both ways, thickness, roughness, branches, surface, dead lithium."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from anodefree.analysis.deposit.frames import Frame, Grid, fraction_of, frame_of, grid_of
from anodefree.analysis.deposit.shape import (
    NAMES,
    BranchedAbove,
    DenseBelow,
    EnvelopeWidth,
    Limits,
    SlenderAbove,
    Verdict,
    verdict,
)
from anodefree.core.figure import COLOURS, INK
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.fields import FIELDS, Fields
from anodefree.numerics.branches import Branches, branches
from anodefree.numerics.correlated import trend
from anodefree.numerics.deposit_geometry import Geometry, geometry
from anodefree.numerics.random_deposit import porous_layer
from anodefree.numerics.section_sampling import correlation_length, std_of_mean, std_of_ratio
from anodefree.numerics.tortuosity import through_metal, through_pores
from anodefree.physics.lithium import dense_thickness_m
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
ROUNDING = 1 / np.sqrt(12)
"""Standard deviation, in cells, of a height that is known to a cell."""


@stage(
    "deposit.morphology", version=3, cites=("lee1994", "lorensen1987", "kunsch1989", "politis1992", "meketon1984", "chen2026")
)
def morphology(
    fields: Fields,
    *,
    envelope_width_m: EnvelopeWidth = None,
    counter_height_m: Annotated[float | None, Par("height of the counter electrode; none: the top of the box", gt=0)] = None,
    dense_below: DenseBelow = 0.10,
    slender_above: SlenderAbove = 2.0,
    branched_above: BranchedAbove = 1.0,
    islands_below: Annotated[
        float,
        Par("share of the collector under lithium below which it is islands", ge=0, le=1, source="a convention", assumed=True),
    ] = 0.5,
) -> Result:
    """Shape of a simulated deposit, frame by frame, without a microscope in between.

    Lithium is where its fraction is one half or more; heights are interpolated between cells. Of the last frame:
    `porosity_volume` = void under the envelope (tops after a grey closing over `envelope_width_m`) / all under it;
    `porosity_enclosed` = void without a path to the electrolyte; `porosity_thickness` = 1 - d_t/d_a with d_t of the net charge
    (lithium that the interphase took is in it), `thickness` d_a = mean of the envelope; `porosity_layer` the same with
    `layer_height` Σh²/Σh, the height where lithium stands, as a ruler held to a section reads it; `coverage` = share of the
    collector under lithium; `roughness` = rms of the envelope, `peak_to_valley` its range; `surface_area` over the collector's
    (contours, marching cubes); geodesic `tortuosity_pore`, `tortuosity_metal`; `trunks`, `aspect_ratio`, `joints_per_trunk`,
    `branch_angle` from the normal (skeleton); `tip_height`, `isolated` = part of the lithium without contact to the collector,
    `isolated_of_plated` = that lithium over all that was plated until then (what a stripped deposit leaves dead);
    over all frames `tip_velocity` (straight line) and `shorting_time`, if the tip reaches the counter electrode. `class`: where
    trunks hold a fifth of the lithium and are more slender than `slender_above`, 3 rod, or 4 dendrite from `branched_above`
    joints a trunk; else 2 islands, below a coverage of `islands_below`, 0 dense, porosity below `dense_below`, or 1 mossy.
    `class_margin` is the least factor on a deciding number that would change the name.
    The std of porosities, thickness and roughness is what another stretch of collector of this width would give (circular block
    bootstrap along x), and half a cell; one run is one sample of the random nuclei.
    *Valid when* features are four cells wide or more. In two dimensions void is more often enclosed than in three.
    *Source* Lee et al. 1994 (skeleton); Lorensen and Cline 1987; Künsch 1989; `porosity_thickness`: Chen et al. 2026.

    Raises
    ------
    DataError: too few cells, cells that are not square, or no lithium in the last frame. ConfigError: a counter electrode
    that is outside the box.
    """
    grid = grid_of(fields)
    width = envelope_width_m / grid.dx_m if envelope_width_m else None
    top = float(fields["z_m"][-1]) + 0.5 * grid.dz_m
    if counter_height_m is not None and counter_height_m > top:
        raise ConfigError(f"the counter electrode is above the box of {top:.4g} m", "counter_height_m", "leave it out")
    frames = [frame_of(fields, k, grid, width) for k in range(fields["lithium"].shape[0])]
    last, fraction = frames[-1], fraction_of(fields, -1, grid)
    if not (fraction >= 0.5).any():
        raise DataError("holds no lithium in its last frame", fields.source.name, "did the run end too early?")
    tree = branches(fraction >= 0.5, grid.periodic)
    time = fields["frame_time_s"].astype(float)
    tips = np.array([f.tip_m for f in frames])
    named = verdict(
        last.geometry.porosity, last.geometry.coverage, tree, Limits(dense_below, slender_above, branched_above, islands_below)
    )
    geometry = _geometry(last.geometry, grid)
    estimates = {
        **geometry,
        **_charge(fields, geometry),
        **_tree(tree, grid),
        **_ways(fraction, last.geometry),
        "surface_area": Estimate(last.surface, 0.02 * last.surface, "1", "surface of lithium over the collector's"),
        "isolated": Estimate(last.isolated, last.isolated_std, "1", "part of the lithium without contact", "%"),
        **_dead(fields, last, grid),
        "tip_height": Estimate(last.tip_m, ROUNDING * grid.dz_m, "m", "highest lithium"),
        "class": Estimate(float(named.index), 0.0, "1", f"{named.name} (0 dense, 1 mossy, 2 islands, 3 rod, 4 dendrite)"),
        "class_margin": Estimate(named.margin, 0.0, "1", "factor on a deciding number to another name"),
        **_tip(time, tips, grid, counter_height_m or top - grid.dz_m),
    }
    return Result.of(estimates, _curves(fields, frames, grid, fraction), _checks(named, estimates, last, grid, fraction))


def _along(g: Geometry) -> Geometry:
    """The columns averaged over y: a series along x, whose neighbours resemble each other."""
    if g.envelope.ndim == 1:
        return g
    return Geometry(*(a.mean(axis=0) for a in (g.tops, g.envelope, g.solid, g.enclosed)))


def _geometry(g: Geometry, grid: Grid) -> dict[str, Estimate]:
    line, cell = _along(g), grid.dz_m
    d = max(g.thickness, 1e-12)
    rough = float(np.sqrt(np.mean((g.envelope - g.envelope.mean()) ** 2)))
    independent = max(line.envelope.size / correlation_length(line.envelope) - 1, 1.0)
    stretch = std_of_mean(line.envelope)[0]
    labels = {
        "porosity_volume": (g.porosity, std_of_ratio(line.void, line.envelope), "void under the envelope"),
        "porosity_enclosed": (g.porosity_enclosed, std_of_ratio(line.enclosed, line.envelope), "void without a way out"),
    }
    found = {n: Estimate(v, float(np.hypot(s, 0.5 * v / d)), "1", label, "%") for n, (v, s, label) in labels.items()}
    found["thickness"] = Estimate(
        g.thickness * cell, cell * float(np.hypot(stretch, ROUNDING)), "m", "mean height of the envelope"
    )
    found["layer_height"] = Estimate(
        g.height * cell,
        cell * float(np.hypot(std_of_ratio(line.tops**2, line.tops), ROUNDING)),
        "m",
        "height where lithium stands",
    )
    seen = line.solid > 0.5
    found["coverage"] = Estimate(
        g.coverage, std_of_mean(seen.astype(float))[0], "1", "share of the collector under lithium", "%"
    )
    spread = float(np.hypot(rough / np.sqrt(2 * independent), ROUNDING))
    found["roughness"] = Estimate(rough * cell, spread * cell, "m", "rms of the envelope")
    found["peak_to_valley"] = Estimate(float(np.ptp(g.envelope)) * cell, ROUNDING * cell, "m", "range of the envelope")
    return found


def _charge(fields: Measurement, found: dict[str, Estimate]) -> dict[str, Estimate]:
    """P = 1 - d_t/d_a by either reading of the thickness."""
    charge = float(np.interp(fields["frame_time_s"][-1], fields["time_s"], fields["charge_C_m2"]))
    read = {
        "porosity_thickness": (found["thickness"], "mean thickness"),
        "porosity_layer": (found["layer_height"], "height where lithium stands"),
    }
    if charge <= 0 or min(d.value for d, _ in read.values()) <= 0:
        return {}
    dense_m = float(dense_thickness_m(charge))
    return {
        name: Estimate(1 - dense_m / d.value, dense_m / d.value * d.std / d.value, "1", f"1 - dense thickness / {words}", "%")
        for name, (d, words) in read.items()
    }


def _dead(fields: Measurement, last: Frame, grid: Grid) -> dict[str, Estimate]:
    """Lithium without contact over all that was plated, in every cycle until the last frame."""
    until = fields["time_s"] <= fields["frame_time_s"][-1] * (1 + 1e-9)
    charge = fields["charge_C_m2"].astype(float)[until]
    plated = float(np.maximum(np.diff(charge, prepend=0.0), 0.0).sum())
    if plated <= 0:
        return {}
    by_column = (last.dead if last.dead.ndim == 1 else last.dead.mean(axis=0)) * grid.dz_m / float(dense_thickness_m(plated))
    std = std_of_mean(by_column)[0]
    return {
        "isolated_of_plated": Estimate(float(by_column.mean()), std, "1", "lithium without contact over all plated", "%"),
    }


def _tree(tree: Branches, grid: Grid) -> dict[str, Estimate]:
    found = {
        "trunks": Estimate(float(tree.trunks), float(np.sqrt(tree.trunks)), "1", "trunks on the base film"),
        "branches": Estimate(float(tree.length.size), float(np.sqrt(tree.length.size)), "1", "pieces of the skeleton"),
        "joints_per_trunk": Estimate(
            tree.joints_per_trunk, float(np.sqrt(tree.joints)) / max(tree.trunks, 1), "1", "joints of the skeleton a trunk"
        ),
        "aspect_ratio": Estimate(
            tree.aspect, tree.aspect / np.sqrt(max(tree.trunks, 1)) * 0.5, "1", "height over width of trunks"
        ),
    }
    if tree.length.size:
        weights = tree.length / tree.length.sum()
        angle = float(weights @ tree.angle_rad)
        few = 1 / float(np.sum(weights**2))
        spread = float(np.sqrt(weights @ (tree.angle_rad - angle) ** 2 / few))
        found["branch_angle"] = Estimate(angle, float(np.hypot(spread, 0.02)), "rad", "mean angle of branches from the normal")
    return found


def _ways(fraction: Floats, g: Geometry) -> dict[str, Estimate]:
    metal, found = fraction >= 0.5, {}
    each = {"tortuosity_pore": through_pores(metal, g.envelope), "tortuosity_metal": through_metal(metal)}
    for name, ways in each.items():
        good = ways[np.isfinite(ways)]
        if good.size >= 4:
            grid = 0.08 * max(float(good.mean()) - 1, 0.0)
            label = f"shortest way through {name.partition('_')[2].replace('pore', 'pores')}, geodesic"
            found[name] = Estimate(float(good.mean()), float(np.hypot(std_of_mean(good)[0], grid)), "1", label)
    return found


def _tip(time: Floats, tips: Floats, grid: Grid, counter_m: float) -> dict[str, Estimate]:
    found = {}
    if time.size >= 3 and np.ptp(time) > 0:
        even = np.linspace(time[0], time[-1], time.size)
        _, _, slope, std = trend(np.interp(even, time, tips))
        step = float(even[1] - even[0])
        rounding = ROUNDING * grid.dz_m * np.sqrt(12 / time.size) / float(np.ptp(time))
        found["tip_velocity"] = Estimate(
            slope / step, float(np.hypot(std / step, rounding)), "m/s", "speed of the highest lithium"
        )
    if (tips >= counter_m).any():
        first = int(np.argmax(tips >= counter_m))
        before = float(time[first - 1]) if first else float(time[first])
        early = float(np.interp(counter_m, tips[max(first - 1, 0) : first + 1], time[max(first - 1, 0) : first + 1]))
        found["shorting_time"] = Estimate(
            early, (float(time[first]) - before) / np.sqrt(12), "s", "the tip reaches the counter"
        )
    return found


def _curves(fields: Measurement, frames: list[Frame], grid: Grid, fraction: Floats) -> dict[str, tuple[object, object]]:
    """Every frame's numbers in time, and the last frame as a cut."""
    g = frames[-1].geometry
    cut = fraction if grid.flat else fraction[:, fraction.shape[1] // 2]
    line = g.envelope if grid.flat else g.envelope[fraction.shape[1] // 2]
    each = {
        "porosity_volume": [f.geometry.porosity for f in frames],
        "porosity_enclosed": [f.geometry.porosity_enclosed for f in frames],
        "thickness_m": [f.geometry.thickness * grid.dz_m for f in frames],
        "tip_height_m": [f.tip_m for f in frames],
        "isolated": [f.isolated for f in frames],
        "surface_area": [f.surface for f in frames],
    }
    rows = min(cut.shape[0], int(line.max() * 1.25) + 4)
    return {
        "frame_time_s": ("frame", fields["frame_time_s"]),
        **{n: ("frame", np.array(v)) for n, v in each.items()},
        "x_m": ("x", fields["x_m"]),
        "z_m": ("z", fields["z_m"][:rows]),
        "lithium": (("z", "x"), cut[:rows].astype(np.float32)),
        "envelope_m": ("x", line * grid.dz_m),
    }


def _checks(named: Verdict, estimates: dict[str, Estimate], last: Frame, grid: Grid, fraction: Floats) -> list[Check]:
    told = "porosity_volume counts void under the envelope, porosity_enclosed only void that no path leads out of"
    sharp = float(np.mean((fraction > 0.1) & (fraction < 0.9))) * fraction.size
    edge = last.surface * float(np.prod(fraction.shape[1:]))
    return [
        Check.that(
            "class",
            named.margin >= 1.25,
            f"{named.name}: the nearest other name is a factor {named.margin:.2g} away",
            f"{named.name}, but a deciding number is a factor {named.margin:.3g} from another of {', '.join(NAMES)}",
        ),
        Check("definition", "pass", told),
        Check.that(
            "dead lithium",
            last.isolated < 0.01,
            "less than 1 % of the lithium has no contact to the collector",
            f"{100 * last.isolated:.1f} % of the lithium has no contact to the collector",
        ),
        Check.that(
            "short circuit",
            "shorting_time" not in estimates,
            "the tip does not reach the counter electrode",
            "the tip reaches the counter electrode: frames after that mean nothing",
        ),
        Check.that(
            "interface",
            sharp <= 12 * max(edge, 1.0),
            "the interface is narrow against the deposit",
            "the interface is many cells wide: a threshold of one half then decides what is pore",
        ),
        Check.that(
            "dimensions",
            not grid.flat,
            "three-dimensional",
            "two-dimensional: more void is enclosed, and more lithium loose, than in three dimensions",
        ),
    ]


@morphology.plot
def draw(result: Result, ax: Axes) -> None:
    """The last frame with its envelope, and both porosities in words."""
    c = result.curves
    x, z = 1e6 * c["x_m"].values, 1e6 * c["z_m"].values
    dx, dz = 0.5 * float(x[1] - x[0]), 0.5 * float(z[1] - z[0])
    extent = (x[0] - dx, x[-1] + dx, z[0] - dz, z[-1] + dz)
    ax.imshow(c["lithium"].values, cmap="Greys", vmin=0, vmax=1.6, origin="lower", extent=extent, aspect="auto")
    ax.plot(x, 1e6 * c["envelope_m"].values, color=COLOURS[0], label="envelope")
    e = result.estimates
    named = e["class"].label.partition(" ")[0]
    words = f"{named}; under the envelope {e['porosity_volume']}\nenclosed {e['porosity_enclosed']}"
    ax.text(0.02, 0.98, words, transform=ax.transAxes, va="top", fontsize=6.5, color=INK)
    ax.set(xlabel="along the collector / µm", ylabel="height / µm", ylim=(0, 1.45 * extent[3]))
    ax.legend(loc="upper right", fontsize=6.5)


@morphology.demo
def demo(rng: np.random.Generator) -> Demo:
    """A stretch of a porous layer that grew at an even rate; truth is the whole layer, six stretches wide."""
    rows, columns, cell = 80, 256, 50e-9
    height = float(rng.uniform(36, 52))
    whole = porous_layer(rows, 6 * columns, height, float(rng.uniform(0.15, 0.5)), float(rng.uniform(5, 9)), 0.08, rng)
    true = geometry(whole.astype(float), periodic=True)
    start = int(rng.integers(0, 5 * columns))
    piece = whole[:, start : start + columns].astype(float)
    early = piece * (np.arange(rows)[:, None] < height / 2)
    return Demo(
        (fields_of(np.stack([early, piece]), cell, float(true.solid.mean()) * cell),),
        {
            "porosity_volume": true.porosity,
            "porosity_thickness": true.porosity,
            "thickness": true.thickness * cell,
            "layer_height": true.height * cell,
            "porosity_layer": 1 - float(true.solid.mean()) / true.height,
        },
    )


def fields_of(lithium: Floats, cell_m: float, dense_m: float) -> Measurement:
    """Frames of lithium (frame, z, x) or (frame, z, y, x) as fields of a simulation that plated `dense_m` of lithium."""
    box = lithium[:, :, None] if lithium.ndim == 3 else lithium
    time = np.arange(1.0, len(box) + 1)
    charge = dense_m / float(dense_thickness_m(1.0)) * time / time[-1]
    axes = {n: (np.arange(k) + 0.5) * cell_m for n, k in zip(("z_m", "y_m", "x_m"), box.shape[1:], strict=True)}
    history = {
        "time_s": time,
        "current_density_A_m2": np.full(time.size, charge[-1] / time[-1]),
        "charge_C_m2": charge,
        "electrode_potential_V": np.full(time.size, -0.1),
        "deposited_m": dense_m * time / time[-1],
    }
    return Measurement.of(
        FIELDS, {**axes, "frame_time_s": time, "lithium": box, **history}, {"sides": "mirror"}, name="synthetic"
    )
