"""Does a fresh run agree with those that were kept? Density and shells of runs made now, held against kept replicas."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Final, Literal

import numpy as np

from anodefree.analysis.solvation.synthetic_points import rows
from anodefree.core.figure import COLOURS, INK
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.solvation_points import NUMBERS, SOLVATION_POINTS
from anodefree.numerics.correlated import disagreement, widened_to_95
from anodefree.registry import Demo, Many, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Number = Literal["CN", "CN_molecules", "SSIP", "CIP", "AGG", "free", "coordinated", "g_peak"]
ALLOWED: Final = 2.0
"""Standard deviations of the difference that a fresh run may lie off."""


@stage("solvation.recheck", version=1, cites=("hahn1991", "birge1932"))
def recheck(
    fresh: Annotated[Measurement, SOLVATION_POINTS, Many()],
    kept: Annotated[Measurement, SOLVATION_POINTS, Many()],
    *,
    numbers: Annotated[tuple[Number, ...], Par("what is compared beside the density")] = ("CN", "coordinated"),
) -> Result:
    r"""Whether runs made here and now agree with kept runs of the same liquid: density and shells, one by one.

    Of N kept runs with mean $\bar x$ and scatter s, one more run lies at $\bar x$ with the std $(t/1.96)\,s\sqrt{1+1/N}$, t
    Student's 95 % quantile (the density renews quickly: there the runs' own std times Birge's ratio stands for s); to it
    the fresh runs' own std, or their scatter if that is wider, is added in quadrature. For each number: `<number>`, the mean of
    the fresh runs; `<number>_kept`; `<number>_off`, fresh less kept; `largest_off`, the largest of them in its own std.
    A short fresh run that begins from a box that comes with the package has the shells of that box: agreement then says that
    this version on this machine gives the same liquid, not that the kept numbers were converged.
    *Valid when* the fresh runs are of the same electrolyte, temperature and charges. *Source* Hahn and Meeker 1991; Birge 1932.

    Raises
    ------
    DataError: fewer than two kept runs, or runs of another temperature or other charges.
    """
    where = fresh.source.name
    if len(kept["CN"]) < 2:
        raise DataError(f"holds {len(kept['CN'])} kept runs", kept.source.name, "two at least: their scatter is the yardstick")
    for name, what in (("temperature_K", "temperature"), ("charge_scale", "charges of the ions")):
        if name in fresh and name in kept and np.ptp(np.concatenate([fresh[name], kept[name]])) > 1e-3:
            raise DataError(f"is of another {what} than the kept runs", where, "compare runs of one liquid")
    if str(fresh.meta.get("recipe")) != str(kept.meta.get("recipe")):
        raise DataError("is of another recipe than the kept runs", where, "compare runs of one liquid")
    compared: dict[str, tuple[str, str, str, str]] = {}
    if all("density_kg_m3" in p for p in (fresh, kept)):
        compared["density"] = ("density_kg_m3", "density_std_kg_m3", "kg/m3", "density")
    compared |= {n: (n, f"{n}_std", "1", NUMBERS[n]) for n in numbers}
    estimates: dict[str, Estimate] = {}
    scaled: dict[str, float] = {}
    for name, (array, own_std, unit, label) in compared.items():
        now, then = fresh[array], kept[array]
        own = max(float(np.sqrt(np.mean(fresh[own_std] ** 2))), _spread(now)) / math.sqrt(len(now))
        one = _one_run(then, kept[own_std], quick=name == "density")
        scatter = one * math.sqrt(1 / len(now) + 1 / len(then))
        off = Estimate(float(now.mean() - then.mean()), math.hypot(own, scatter), unit, f"{label}, fresh less kept")
        estimates[name] = Estimate(float(now.mean()), own, unit, f"{label}, fresh")
        told = f"{label}, {len(then)} kept runs"
        estimates[f"{name}_kept"] = Estimate(float(then.mean()), one / math.sqrt(len(then)), unit, told)
        estimates[f"{name}_off"] = off
        scaled[name] = off.value / off.std if off.std > 0 else math.inf * np.sign(off.value) if off.value else 0.0
    largest = max(scaled, key=lambda n: abs(scaled[n]))
    estimates["largest_off"] = Estimate(abs(scaled[largest]), 0.0, "1", f"largest difference ({largest}) in its std")
    estimates["fresh_length"] = Estimate(float(fresh["length_s"].sum()), 0.0, "s", "time simulated here", "ps")
    estimates["kept_length"] = Estimate(float(kept["length_s"].sum()), 0.0, "s", "time of the kept runs", "ns")
    return Result.of(
        estimates,
        {"name": ("number", np.array(list(scaled))), "off_in_std": ("number", np.array(list(scaled.values())))},
        _checks(estimates, scaled),
    )


def _one_run(values: np.ndarray, stds: np.ndarray, *, quick: bool) -> float:
    """How far one run lies from the mean of many: by what it expects where it renews quickly, else by the scatter."""
    if quick:
        return disagreement(values, stds) * float(np.sqrt(np.mean(stds**2)))
    return widened_to_95(len(values) - 1) * float(np.std(values, ddof=1))


def _spread(values: np.ndarray) -> float:
    """Scatter between the fresh runs, which short ones underestimate of themselves."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def _checks(estimates: dict[str, Estimate], scaled: dict[str, float]) -> list[Check]:
    far = [f"{n} by {estimates[f'{n}_off']}" for n, z in scaled.items() if abs(z) > ALLOWED]
    fresh, kept = estimates["fresh_length"], estimates["kept_length"]
    told = f"{1e12 * fresh.value:.3g} ps simulated here, {1e9 * kept.value:.3g} ns kept from earlier"
    return [
        Check.that(
            "agreement", not far, f"fresh and kept runs agree ({told})", f"fresh runs are off: {', '.join(far)} ({told})"
        ),
        Check.that(
            "length",
            fresh.value >= 0.1 * kept.value,
            "the fresh runs are long",
            "the fresh runs are short beside the kept ones: they show that this version gives the same liquid, and are no "
            "second measurement of its shells",
        ),
    ]


@recheck.plot
def draw(result: Result, ax: Axes) -> None:
    """Each difference in its own standard deviation, within the two that are allowed."""
    names, off = result.curves["name"].values, result.curves["off_in_std"].values
    place = np.arange(len(names))[::-1]
    ax.axvspan(-ALLOWED, ALLOWED, color=COLOURS[0], alpha=0.15, linewidth=0, label="95 %")
    ax.axvline(0, color=INK, linewidth=0.8)
    ax.plot(off, place, "o", color=COLOURS[0], markersize=4)
    ax.set_yticks(place, [str(n) for n in names])
    span = max(3.0, 1.1 * float(np.abs(off[np.isfinite(off)]).max(initial=0)))
    ax.set(xlabel="fresh less kept, in standard deviations", xlim=(-span, span), ylim=(-0.7, len(names) - 0.3))
    ax.legend(fontsize=6)


@recheck.demo
def demo(rng: np.random.Generator) -> Demo:
    """A fresh run and six kept ones of one liquid."""
    own = 0.02
    fresh, kept = (
        rows(rng, count, 0.6, spread=math.hypot(0.05, own), own=own, density_spread=math.hypot(1, 2)) for count in (1, 6)
    )
    return Demo((fresh, kept), {"CN_off": 0.0, "density_off": 0.0, "coordinated_off": 0.0})
