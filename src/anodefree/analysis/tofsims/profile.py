"""Depth profiles of secondary ions: normalised, with counting errors, and where each ion begins and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from anodefree.analysis.tofsims.ions import find, key, plain
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.ion_profile import ION_PROFILE, IonProfile
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST = 8
STRONGEST = 6
"""Without a choice, so many of the ions with the largest sums are taken."""
MOST_EMPTY = 0.05
"""Points without any reference may be left out of a normalised profile; more of them are no reference."""
_SMOOTH = 5


def edge(time_s: np.ndarray, signal: np.ndarray, std: np.ndarray, *, falling: bool) -> tuple[float, float] | None:
    """When a profile crosses half of its plateau [s], first (rising) or last (falling), and its standard deviation.

    The plateau is the mean where the smoothed profile stays within a tenth of its highest point; a weighted line through the
    flank from a quarter to three quarters of it gives the crossing. None where the profile begins, or ends, above the half.
    """
    if falling:
        found = edge(-time_s[::-1], signal[::-1], std[::-1], falling=False)
        return None if found is None else (-found[0], found[1])
    half = _SMOOTH // 2
    smooth = np.convolve(np.pad(signal, half, mode="edge"), np.full(_SMOOTH, 1 / _SMOOTH), mode="valid")
    top = int(np.argmax(smooth))
    begin = end = top
    while begin > 0 and smooth[begin - 1] >= 0.9 * smooth[top]:
        begin -= 1
    while end < len(smooth) - 1 and smooth[end + 1] >= 0.9 * smooth[top]:
        end += 1
    about = slice(begin, end + 1)
    level, level_std = float(signal[about].mean()), float(np.sqrt((std[about] ** 2).sum()) / len(signal[about]))
    above = np.flatnonzero(smooth >= 0.5 * level)
    if not level > 0 or above[0] == 0:
        return None
    at = int(above[0])
    first, last = at - 1, at
    while first > 0 and smooth[first] > 0.25 * level:
        first -= 1
    while last < top and smooth[last] < 0.75 * level:
        last += 1
    t, y, s = time_s[first : last + 1], signal[first : last + 1], np.maximum(std[first : last + 1], 1e-12 * level)
    step = float(np.diff(time_s).mean())
    if len(t) < 3:
        return float(np.interp(0.5 * level, y, t)) if y[-1] > y[0] else float(t.mean()), step / np.sqrt(12)
    centre = t.mean()
    design = np.column_stack([np.ones(len(t)), t - centre]) / s[:, None]
    inverse = np.linalg.inv(design.T @ design)
    a, b = inverse @ (design.T @ (y / s))
    if b <= 0:
        return None
    cross = (0.5 * level - a) / b
    gradient = np.array([-1 / b, -cross / b])
    # A flank is no straight line: what that leaves is within a few percent of the distance of two points.
    variance = float(gradient @ inverse @ gradient) + (0.5 * level_std / b) ** 2 + (0.03 * step) ** 2
    return float(centre + cross), float(np.sqrt(variance))


@stage("tofsims.profile", version=1, cites=("vickerman2013",))
def profile(
    profile: IonProfile,
    *,
    ions: Annotated[
        tuple[str, ...] | None, Par("ions to follow, as LiF2-, LiCO3-, LiS-, LiO- (none: the six with most counts)")
    ] = None,
    normalise: Annotated[
        Literal["none", "total", "reference"], Par("divide by all ions, by a reference ion, or by nothing")
    ] = "none",
    reference: Annotated[str | None, Par("the reference ion")] = None,
    sputter_rate_m_s: Annotated[
        Uncertain | None, Par("one sputter rate for the whole depth, with its std (none: times stay times)", gt=0)
    ] = None,
) -> Result:
    """Depth profiles of ions with counting errors, and the time or depth at which each begins and ends.

    s_i(t) = c_i(t)/N(t), N the total, a reference ion, or 1; std² = s²(1/c + 1/N) with Poisson counts. Per ion: `max_i` the
    largest count and its √, `time_max_i`, `sum_fraction_i` = Σc_i/Σtotal, and `onset_i`, `end_i`: first and last crossing of
    half the plateau (line through the flank). With a sputter rate r, `depth_onset_i`, `depth_end_i` = r t.
    *Valid when* counts are counts (dead time corrected), and, for depths, one rate holds for all layers: rates of LiF, organics
    and metals differ by factors, so a depth is as good as its rate. Counts are no concentrations: yields of one ion change with
    its surroundings (matrix effect). *Source* Vickerman and Briggs 2013. The paper shows profiles without scale or error.
    Raises ConfigError (an ion that is not there, no total), DataError (too few points, no counts).
    """
    where = profile.source.name
    names, counts, time = list(map(str, profile["ion_name"])), profile["counts"].astype(float), profile["sputter_time_s"]
    if len(time) < FEWEST or not (np.diff(time) > 0).all():
        raise DataError(f"has {len(time)} points", where, f"{FEWEST} at rising times are needed")
    if (counts < 0).any() or not counts.any():
        raise DataError("holds negative counts, or none at all", where, "export the counts themselves")
    chosen = find(names, ions, where) if ions else list(np.argsort(-counts.sum(axis=1), kind="stable")[:STRONGEST])
    divisor = _divisor(profile, names, counts, normalise, reference, where)
    there = divisor > 0
    time, counts, divisor = time[there], counts[:, there], divisor[there]
    total = profile["total_counts"][there] if "total_counts" in profile else counts.sum(axis=0)
    out: dict[str, Estimate] = {}
    signals, stds = [], []
    for i in chosen:
        c, name, k = counts[i], plain(names[i]), key(names[i])
        signal = c / divisor
        of_reference = 1 / np.maximum(divisor, 1.0) if normalise != "none" else 0.0
        std = np.sqrt(np.maximum(c, 1.0) * (1 + np.maximum(c, 1.0) * of_reference)) / divisor
        signals.append(signal)
        stds.append(std)
        top = int(np.argmax(c))
        share = float(c.sum() / max(total.sum(), 1.0))
        out[f"max_{k}"] = Estimate(float(c[top]), float(np.sqrt(c[top])), "1", f"largest count of {name}")
        as_large = time[c >= c[top] - np.sqrt(c[top])]
        within = float(max(as_large[-1] - as_large[0], np.diff(time).mean()) / np.sqrt(12))
        out[f"time_max_{k}"] = Estimate(float(time[top]), within, "s", f"when {name} is largest")
        share_std = float(np.sqrt(max(c.sum(), 1.0) * (1 - min(share, 1.0))) / max(total.sum(), 1.0))
        out[f"sum_fraction_{k}"] = Estimate(share, share_std, "1", f"{name} of all ions", "%")
        for what, falling in (("onset", False), ("end", True)):
            found = edge(time, signal, std, falling=falling)
            if found is not None:
                out |= _edge_estimates(what, name, k, Uncertain(*found), sputter_rate_m_s)
    curves: dict[str, tuple[object, object]] = {
        "sputter_time_s": ("point", time),
        "signal": (("ion", "point"), np.array(signals)),
        "signal_std": (("ion", "point"), np.array(stds)),
        "ion_name": ("ion", np.array([plain(names[i]) for i in chosen])),
    }
    if sputter_rate_m_s is not None:
        curves["depth_m"] = ("point", time * sputter_rate_m_s.value)
    return Result.of(out, curves, _checks(profile, counts[chosen], chosen, names, sputter_rate_m_s, out, int((~there).sum())))


def _divisor(
    profile: Measurement, names: list[str], counts: np.ndarray, normalise: str, reference: str | None, where: str
) -> np.ndarray:
    if normalise == "total":
        if "total_counts" not in profile:
            raise ConfigError("holds no total of all ions", where, "export the total too, or normalise to a reference ion")
        divisor = profile["total_counts"].astype(float)
    elif normalise == "reference":
        if reference is None:
            raise ConfigError("no reference ion is named", "reference", "give one, as reference = 'Li-'")
        divisor = counts[find(names, [reference], where)[0]]
    else:
        return np.ones(counts.shape[1])
    if (divisor <= 0).sum() > MOST_EMPTY * len(divisor):
        raise DataError("what is divided by is zero at many points", where, "choose a reference that is there throughout")
    return divisor


def _edge_estimates(what: str, name: str, k: str, at: Uncertain, rate: Uncertain | None) -> dict[str, Estimate]:
    label = f"{name} {'reaches' if what == 'onset' else 'falls to'} half of its plateau"
    out = {f"{what}_{k}": Estimate(at.value, at.std, "s", label)}
    if rate is not None:
        deep = at.value * rate.value
        std = float(np.hypot(at.std * rate.value, at.value * rate.std))
        out[f"depth_{what}_{k}"] = Estimate(deep, std, "m", label, "nm")
    return out


def _checks(
    profile: Measurement,
    counts: np.ndarray,
    chosen: list[int],
    names: list[str],
    rate: Uncertain | None,
    out: dict[str, Estimate],
    empty: int,
) -> list[Check]:
    faint = [plain(names[i]) for i, c in zip(chosen, counts, strict=True) if c.max() < 10]
    still = [plain(names[i]) for i in chosen if f"end_{key(names[i])}" not in out]
    return [
        Check.that(
            "depth",
            rate is None,
            "times are sputter times",
            "depths assume one sputter rate through all layers",
        ),
        Check.that("faint", not faint, "every ion is counted", f"fewer than ten counts at any point: {', '.join(faint)}"),
        Check.that(
            "through",
            not still,
            "every ion falls again within the profile",
            f"still above half of its plateau at the end: {', '.join(still)}",
        ),
        Check.that("empty", empty == 0, "no point is empty", f"{empty} points hold nothing to divide by and are left out"),
        Check.that(
            "smoothed", not profile.meta.get("smoothed"), "the profiles are not smoothed", "the exporter smoothed the profiles"
        ),
    ]


@profile.plot
def draw(result: Result, ax: Axes) -> None:
    """Signals against sputter time or depth, on a logarithmic scale, with their counting errors as bands."""
    from anodefree.core.figure import COLOURS

    deep = "depth_m" in result.curves
    x = result.curves["depth_m"].values * 1e9 if deep else result.curves["sputter_time_s"].values
    signal, std = result.curves["signal"].values, result.curves["signal_std"].values
    floor = float(signal[signal > 0].min()) if (signal > 0).any() else 1.0
    for i, name in enumerate(result.curves["ion_name"].values):
        colour = COLOURS[i % len(COLOURS)]
        y = np.where(signal[i] > 0, signal[i], np.nan)
        band = np.maximum(signal[i] - std[i], 0.5 * floor), signal[i] + std[i]
        ax.fill_between(x, *band, where=signal[i] > std[i], color=colour, alpha=0.25, lw=0)
        ax.plot(x, y, color=colour, lw=0.9, label=str(name))
    ax.set_yscale("log")
    low, high = ax.get_ylim()
    ax.set_ylim(low, high * (high / low) ** 0.25)
    ax.set(
        xlabel="depth / nm" if deep else "sputter time / s", ylabel="counts" if signal.max() > 2 else "part of the reference"
    )
    ax.legend(ncols=3, loc="upper center", fontsize=6)


@profile.demo
def demo(rng: np.random.Generator) -> Demo:
    """Two ions of an interphase with soft edges, and the metal below."""
    from scipy.special import erf

    time = np.linspace(0.0, 200.0, 101)
    begins, ends, soft = float(rng.uniform(25, 45)), float(rng.uniform(110, 150)), float(rng.uniform(4, 9))

    def step(at: float) -> np.ndarray:
        out: np.ndarray = 0.5 * (1 + erf((time - at) / (soft * np.sqrt(2))))
        return out

    mean = np.array([3000 * step(begins) * (1 - step(ends)), 900 * (1 - step(begins)), 5000 * step(ends)])
    counts = rng.poisson(mean).astype(float)
    arrays = {
        "ion_name": ["LiF_2-", "LiCO_3-", "Ni-"],
        "counts": counts,
        "sputter_time_s": time,
        "total_counts": counts.sum(axis=0) + rng.poisson(2e4, len(time)),
    }
    truth = {"onset_LiF2-": begins, "end_LiF2-": ends, "end_LiCO3-": begins, "onset_Ni-": ends}
    return Demo((Measurement.of(ION_PROFILE, arrays, name="virtual interphase"),), truth)
