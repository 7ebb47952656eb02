"""Atomic composition from the areas of core levels: cross-sections, transmission, attenuation, and how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.photoemission_regions import PHOTOEMISSION_REGIONS, PhotoemissionRegions
from anodefree.numerics.core_level_shapes import static_shirley
from anodefree.numerics.core_level_spectrum import Lines, expected_counts
from anodefree.physics.core_levels import ATTENUATION_EXPONENT, ATTENUATION_SOURCE, attenuation, cross_section
from anodefree.registry import Demo, Many, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST = 20
ENDS = 8
"""Points at each end of a region whose mean the background passes."""
TRANSMISSION_SOURCE = (
    "hemispherical analyser at fixed pass energy: between E^-1 and E^0 (Seah 1980), where the file states no transmission"
)
SENSITIVITY_SOURCE = "Brundle and Crist 2020: quantification with theoretical cross-sections is good to about a tenth"


def peak_area(energy_eV: np.ndarray, counts: np.ndarray) -> tuple[float, float, float]:
    """Area above the background [counts eV], its std from counting, and the std of the choice of background.

    The background is the mean of a Shirley's and a straight one; half their distance is what the choice leaves open. *Source*
    Shirley 1972.
    """
    cell = np.gradient(energy_eV)
    ends = min(ENDS, len(counts) // 5)
    shirley = static_shirley(energy_eV, counts, ends=ends)
    straight = np.interp(energy_eV, energy_eV[[0, -1]], [counts[:ends].mean(), counts[-ends:].mean()])
    low, high = (float(((counts - b) * cell).sum()) for b in (shirley, straight))
    width = float(energy_eV[-1] - energy_eV[0])
    at_ends = 0.25 * width**2 * (counts[:ends].mean() + counts[-ends:].mean()) / ends
    counting = float(np.sqrt((counts * cell**2).sum() + at_ends))
    return 0.5 * (low + high), counting, 0.5 * abs(high - low)


def fractions_of(amount: np.ndarray, std: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Parts n_i/Σn (elements, levels) of independent amounts and their standard deviations, to first order."""
    total = amount.sum(axis=0)
    part = amount / total
    variance = std**2
    return part, np.sqrt((1 - 2 * part) * variance + part**2 * variance.sum(axis=0)) / total


@stage("xps.composition", version=1, cites=("scofield1976", "wagner1980", "brundle2020", "shirley1972"))
def composition(
    regions: Annotated[PhotoemissionRegions, Many()],
    *,
    levels: Annotated[tuple[str, ...] | None, Par("core levels to count, one an element (none: all that are known)")] = None,
    sensitivity: Annotated[
        dict[str, float] | None,
        Par("relative sensitivity of a level, as F 1s=1.0 (none: cross-section times attenuation)", gt=0),
    ] = None,
    sensitivity_std: Annotated[
        float, Par("relative std of each sensitivity", ge=0, lt=1, source=SENSITIVITY_SOURCE, assumed=True)
    ] = 0.10,
    attenuation_exponent: Annotated[
        float, Par("n of the attenuation length, E^n", ge=0, le=1.5, source=ATTENUATION_SOURCE, assumed=True)
    ] = ATTENUATION_EXPONENT,
    transmission_exponent: Annotated[
        Uncertain, Par("n of the transmission, E^n, where the file states none", source=TRANSMISSION_SOURCE, assumed=True)
    ] = Uncertain(-0.5, 0.3),  # noqa: B008
    level: Annotated[int, Par("which level of a depth profile the estimates are of, from 0", ge=0)] = 0,
) -> Result:
    """Atomic fractions from the areas of core levels.

    n_i ∝ I_i/(t_i T_i σ_i λ_i): area I above the background over counting time t, transmission T, cross-section σ (Scofield,
    Al Kα) and attenuation length λ ∝ E^0.75; `atomic_i` = n_i/Σn. Areas are the mean of a Shirley's and a straight background.
    The std has counting, half the distance of the two backgrounds, `sensitivity_std` of each level, and the transmission's
    exponent where it is assumed. Curves give every level of a depth profile.
    *Valid when* the sample is even over the attenuation length (about 3 nm), all elements but hydrogen are among the levels,
    and their regions do not overlap with other lines. *Source* Scofield 1976; Wagner et al. 1980; Brundle and Crist 2020. The
    paper gives 45 to 50 % of fluorine without an error; the instrument's own factors are not stated.
    Raises ConfigError (a level that is not there, or that no cross-section is known for), DataError (too few points or levels).
    """
    where = regions.source.name
    at = _chosen(regions, levels, sensitivity or {}, where)
    names = [str(regions["region_name"][i]) for i in at]
    if level >= regions.data.sizes["level"]:
        raise ConfigError(f"has {regions.data.sizes['level']} levels", where, "the first is level 0")
    area, counting, choice = _areas(regions, at, where)
    factor, kinetic = _factors(regions, at, names, sensitivity or {}, attenuation_exponent, transmission_exponent.value, where)
    amount = np.maximum(area, 0.0) / factor[:, None]
    if not (amount.sum(axis=0) > 0).all():
        raise DataError("has a level without any peak", where, "is it sputtered through, or were the regions empty?")
    own = np.hypot(np.hypot(counting, choice) / factor[:, None], sensitivity_std * amount)
    part, std = fractions_of(amount, own)
    if "transmission" not in regions:
        # One exponent for all: what it does to every part at once.
        log_e = np.log(kinetic / kinetic.mean())[:, None]
        std = np.hypot(std, np.abs(part * (log_e - (part * log_e).sum(axis=0))) * transmission_exponent.std)
    estimates = {
        f"atomic_{n.split()[0]}": Estimate(
            float(part[i, level]), float(std[i, level]), "1", f"atomic part of {n.split()[0]}", "%"
        )
        for i, n in enumerate(names)
    }
    curves: dict[str, tuple[object, object]] = {
        "element": ("element", np.array([n.split()[0] for n in names])),
        "fraction": (("element", "level"), part),
        "fraction_std": (("element", "level"), std),
        "area": (("element", "level"), area),
        "sensitivity": ("element", factor),
    }
    if "etch_time_s" in regions:
        curves["etch_time_s"] = ("level", regions["etch_time_s"][at[0]])
    return Result.of(estimates, curves, _checks(regions, names, area, counting, choice, level))


def _chosen(regions: Measurement, levels: tuple[str, ...] | None, given: dict[str, float], where: str) -> list[int]:
    """Which regions are used: one an element."""
    from anodefree.physics.core_levels import known_levels

    there = [str(n) for n in regions["region_name"]]
    missing = [n for n in (*(levels or ()), *given) if n not in there]
    if missing:
        raise ConfigError(f"holds no region '{missing[0]}'", where, f"it holds {', '.join(there)}")
    wanted = list(levels) if levels else [n for n in dict.fromkeys(there) if n in known_levels() or n in given]
    elements = [n.split()[0] for n in wanted]
    twice = next((e for e in elements if elements.count(e) > 1), None)
    if twice:
        raise ConfigError(f"holds several levels of {twice}", where, "choose one an element with levels")
    if len(wanted) < 2:
        raise DataError(
            f"holds {len(wanted)} core levels that can be counted",
            where,
            "a composition needs two; give sensitivity for others",
        )
    return [there.index(n) for n in wanted]


def _areas(regions: Measurement, at: list[int], where: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Areas per second of counting, and their two standard deviations, each (regions, levels)."""
    out = np.zeros((3, len(at), int(regions.data.sizes["level"])))
    for row, i in enumerate(at):
        inside = np.isfinite(regions["binding_energy_eV"][i])
        energy = regions["binding_energy_eV"][i][inside]
        if len(energy) < FEWEST or not (np.diff(energy) > 0).all():
            name = regions["region_name"][i]
            raise DataError(f"its region {name} has {len(energy)} points", where, f"{FEWEST} rising energies are needed")
        seconds = float(regions["dwell_s"][i]) if "dwell_s" in regions else 1.0
        for level, counts in enumerate(regions["counts"][i][:, inside]):
            if not np.isfinite(counts).all() or (counts < 0).any():
                raise DataError(f"its region {regions['region_name'][i]} has gaps or negative counts", where)
            out[:, row, level] = np.array(peak_area(energy, counts)) / seconds
    return out[0], out[1], out[2]


def _factors(
    regions: Measurement,
    at: list[int],
    names: list[str],
    given: dict[str, float],
    attenuation_exponent: float,
    transmission_exponent: float,
    where: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Sensitivity of each level, transmission in it, and its kinetic energy [eV]."""
    kinetic = np.array([regions["photon_energy_eV"][i] - np.nanmean(regions["binding_energy_eV"][i]) for i in at])
    own = [
        given.get(n) or cross_section(n, where) * attenuation(k, attenuation_exponent)
        for n, k in zip(names, kinetic, strict=True)
    ]
    seen = regions["transmission"][at] if "transmission" in regions else (kinetic / 1000.0) ** transmission_exponent
    return np.array(own) * seen, kinetic


def _checks(
    regions: Measurement, names: list[str], area: np.ndarray, counting: np.ndarray, choice: np.ndarray, level: int
) -> list[Check]:
    missing = [e for e in ("C 1s", "O 1s") if e not in names]
    faint = [n for n, a, s in zip(names, area[:, level], counting[:, level], strict=True) if a < 3 * s]
    wide = [n for n, a, s in zip(names, area[:, level], choice[:, level], strict=True) if a > 0 and s > 0.1 * a]
    return [
        Check.that(
            "transmission",
            "transmission" in regions,
            "the transmission of the analyser is the file's own",
            "the file states no transmission: a power of the kinetic energy is assumed (transmission_exponent)",
        ),
        Check.that(
            "time",
            "dwell_s" in regions,
            "areas are per counting time",
            "no counting times are stated: all regions are taken as counted equally long",
        ),
        Check.that(
            "complete",
            not missing,
            "carbon and oxygen are counted",
            f"{' and '.join(missing)} not among the levels: the parts are of what is counted, not of the surface",
        ),
        Check.that("faint", not faint, "every level is seen", f"below three standard deviations: {', '.join(faint)}"),
        Check.that(
            "background",
            not wide,
            "the background's choice moves no area by more than a tenth",
            f"the background's choice moves the area by more than a tenth: {', '.join(wide)}",
        ),
    ]


@composition.plot
def draw(result: Result, ax: Axes) -> None:
    """Parts against sputter time; one level as bars."""
    from anodefree.core.figure import COLOURS, INK

    elements = [str(e) for e in result.curves["element"].values]
    part, std = 100 * result.curves["fraction"].values, 100 * result.curves["fraction_std"].values
    if part.shape[1] == 1:
        ax.bar(
            range(len(elements)), part[:, 0], color=[COLOURS[i % len(COLOURS)] for i in range(len(elements))], label="fraction"
        )
        ax.errorbar(range(len(elements)), part[:, 0], std[:, 0], fmt="none", ecolor=INK, elinewidth=0.8, capsize=2)
        ax.set_xticks(range(len(elements)), elements)
        ax.set(xlabel="element", ylabel="atomic fraction / %")
        return
    timed = "etch_time_s" in result.curves
    x = result.curves["etch_time_s"].values if timed else np.arange(part.shape[1])
    for i, element in enumerate(elements):
        ax.errorbar(
            x, part[i], std[i], color=COLOURS[i % len(COLOURS)], marker="o", ms=2.5, lw=0.9, elinewidth=0.6, label=element
        )
    ax.set(xlabel="sputter time / s" if timed else "level", ylabel="atomic fraction / %")
    ax.set_ylim(0, None)
    ax.legend(ncols=3)


@composition.demo
def demo(rng: np.random.Generator) -> Demo:
    """Five elements; sensitivities are off by a tenth each, as the stage assumes."""
    names = ("Li 1s", "C 1s", "O 1s", "F 1s", "S 2p")
    centre = np.array([55.5, 286.0, 532.0, 685.5, 168.0])
    part = rng.dirichlet(np.array([6.0, 5.0, 5.0, 6.0, 3.0]))
    part = (part + 0.03) / (1 + 0.03 * len(names))
    kinetic = 1486.6 - centre
    factor = np.array([cross_section(n) * attenuation(k) for n, k in zip(names, kinetic, strict=True)])
    factor = factor * np.exp(rng.normal(0, 0.1, len(names)))
    transmission = (kinetic / 1000) ** -0.6
    energy, counts = [], []
    for c, amount in zip(centre, part * factor * transmission, strict=True):
        e = np.arange(c - 9, c + 9.01, 0.1)
        lines = Lines(np.array([c]), np.array([rng.uniform(1.4, 2.0)]), 0.2)
        mean = expected_counts(e, lines, np.array([5e4 * amount]), "shirley", 0.02, 1500.0)
        energy.append(e)
        counts.append(rng.poisson(mean)[None])
    points = max(map(len, energy))
    arrays = {
        "region_name": list(names),
        "binding_energy_eV": np.array([np.pad(e, (0, points - len(e)), constant_values=np.nan) for e in energy]),
        "counts": np.array(
            [np.pad(c.astype(float), [(0, 0), (0, points - c.shape[1])], constant_values=np.nan) for c in counts]
        ),
        "photon_energy_eV": [1486.6] * len(names),
        "dwell_s": [1.0] * len(names),
        "transmission": transmission,
    }
    sample = Measurement.of(PHOTOEMISSION_REGIONS, arrays, name="virtual interphase")
    return Demo((sample,), {f"atomic_{n.split()[0]}": float(p) for n, p in zip(names, part, strict=True)})
