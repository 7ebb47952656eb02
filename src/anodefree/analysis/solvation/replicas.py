"""Replicas of a run: what is known of the mean of each number, from how far runs from other packings scatter."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np

from anodefree.analysis.solvation import synthetic_points
from anodefree.core.figure import COLOURS, INK, split
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.solvation_points import NUMBERS, SOLVATION_POINTS, TREATMENT
from anodefree.numerics.correlated import disagreement, std_of_mean_of_few
from anodefree.registry import Demo, Many, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FRACTIONS: Final = ("SSIP", "CIP", "AGG", "free", "anion_CIP", "anion_AGG", "coordinated")
ALIKE: Final = 1e-6
FARTHEST_A: Final = 6.0


@stage("solvation.replicas", version=1, cites=("allen2017", "birge1932"))
def replicas(
    points: Annotated[Measurement, SOLVATION_POINTS, Many()],
    *,
    flux_density_T: Annotated[float | None, Par("runs at this flux density alone (none: all runs)", ge=0)] = None,
    charges_open: Annotated[bool, Par("runs of different charges are models, each as likely", added=True)] = False,
) -> Result:
    r"""Means over runs that differ by their packing and seed, each with the standard deviation that their scatter gives.

    Of N runs with numbers $x_k$: the mean, with std $(t/1.96)\,s/\sqrt N$, where s is their scatter and t Student's 95 %
    quantile of N - 1 degrees of freedom. Estimates: the numbers of `solvation.point`; `density`, `temperature` where all runs
    have them; `runs`, `length` in all. Curves: g(r) and running coordination number of all runs, and their mean.
    Density and temperature renew within picoseconds, so that a run knows its own error of them: the std of their mean is that
    of the runs' own, widened by Birge's ratio where runs scatter further. Within-run intervals of shells are not used: an anion
    outlasts a run, so that each run remembers its packing; of a single run the std is therefore unknown.
    With `flux_density_T` none, runs at different fields count as replicas of one liquid: at equilibrium no static field changes
    an average of places, which `solvation.field_effect` tests.
    With `charges_open` the factors on the ions' charges are alternatives of which none is known to be right: the mean of their
    means $m_k$, with variance $\overline{\sigma_k^2} + \overline{(m_k - \bar m)^2}$ (what each does not know of itself, and how
    far they part).
    *Valid when* runs are independent and made alike. *Source* Student's t; Allen and Tildesley 2017, section 8.4; Birge 1932.

    Raises
    ------
    DataError: no such run, or runs of different charges that are not open.
    """
    flux = points["flux_density_T"]
    taken = np.ones(len(flux), bool) if flux_density_T is None else np.isclose(flux, flux_density_T, rtol=ALIKE, atol=1e-12)
    where = points.source.name
    if not taken.any():
        known = ", ".join(f"{f:g} T ({int((flux == f).sum())})" for f in np.unique(flux))
        raise DataError(f"has no run at {flux_density_T:g} T", where, f"there are {known}")
    models = _models(points, taken)
    if len(models) > 1 and not charges_open:
        raise DataError("holds runs with different charges of the ions", where, "give those of one, or set charges_open")
    rows = {n: points[n][taken] for n in NUMBERS}
    estimates = {
        n: _over(models, [_few(points[n][m]) for m in models], "1", NUMBERS[n], "%" if n in FRACTIONS else None)
        for n in NUMBERS
    }
    for name, array, own, unit, label in (
        ("density", "density_kg_m3", "density_std_kg_m3", "kg/m3", "density at constant pressure"),
        ("temperature", "found_K", "found_std_K", "K", "kinetic temperature"),
    ):
        if array in points and own in points:
            quick = [quick_mean(points[array][m], points[own][m]) for m in models]
            estimates[name] = _over(models, quick, unit, f"{label}, {int(taken.sum())} runs")
    length = points["length_s"][taken]
    estimates["runs"] = Estimate(float(taken.sum()), 0.0, "1", "runs")
    estimates["length"] = Estimate(float(length.sum()), 0.0, "s", "simulated time in all", "ns")
    curves: dict[str, tuple[str | tuple[str, ...], np.ndarray]] = {n: ("run", v) for n, v in rows.items()}
    curves |= {f"{n}_std": ("run", points[f"{n}_std"][taken]) for n in NUMBERS}
    curves["run_T"] = ("run", flux[taken])
    if "g" in points:
        g, running = points["g"][taken], points["running_CN"][taken]
        curves |= {"r_m": ("bin", points["r_m"]), "g_of_run": (("run", "bin"), g), "running_of_run": (("run", "bin"), running)}
        curves |= {"g": ("bin", g.mean(axis=0)), "running_CN": ("bin", running.mean(axis=0))}
    return Result.of(estimates, curves, [*_checks(points, taken, rows), *_charges(points, models)])


def _checks(points: Measurement, taken: np.ndarray, rows: dict[str, np.ndarray]) -> list[Check]:
    if len(rows["CN"]) < 2:
        return [Check("replicas", "warn", "one run alone does not tell how far others would lie")]
    scatter = float(np.std(rows["CN"], ddof=1))
    expected = float(np.sqrt(np.mean(points["CN_std"][taken] ** 2)))
    memory = float(points["memory"][taken].max())
    return [
        Check.that(
            "within-run errors",
            scatter <= 2 * expected,
            "runs scatter as each expects of itself",
            f"runs scatter {scatter / max(expected, 1e-300):.1f} times as far as each expects: only replicas give the interval",
        ),
        Check.that(
            "memory",
            memory < 0.2,
            "partners change often enough in every run",
            f"partners outlast a twentieth of a run (correlation {memory:.2f}): every run remembers its packing, and longer "
            "ones may lead elsewhere",
        ),
        treated_alike(points, taken),
    ]


def _models(points: Measurement, taken: np.ndarray) -> list[np.ndarray]:
    """The runs of each factor on the charges, as masks."""
    if "charge_scale" not in points:
        return [taken]
    scale = np.round(points["charge_scale"] / ALIKE) * ALIKE
    return [taken & (scale == s) for s in np.unique(scale[taken])]


def _few(values: np.ndarray) -> tuple[float, float]:
    return float(values.mean()), std_of_mean_of_few(values)


def quick_mean(values: np.ndarray, stds: np.ndarray) -> tuple[float, float]:
    """The mean over runs of what renews quickly, with std: each run's own counts, widened where runs disagree."""
    return float(values.mean()), disagreement(values, stds) * float(np.sqrt(np.sum(stds**2))) / len(values)


def _over(
    models: list[np.ndarray], found: list[tuple[float, float]], unit: str, label: str, display: str | None = None
) -> Estimate:
    """Over models, each as likely: the variance is the mean of theirs and that of their means."""
    means, stds = np.array(found).T
    return Estimate(float(means.mean()), math.sqrt(float((stds**2).mean() + means.var())), unit, label, display)


def _charges(points: Measurement, models: list[np.ndarray]) -> list[Check]:
    """What each of several models says."""
    if len(models) < 2:
        return []
    told = "; ".join(
        f"{Estimate(*_few(points['CN'][m]), '1')} at {points['charge_scale'][m][0]:g} e ({int(m.sum())} runs)" for m in models
    )
    return [Check("charges", "warn", f"the coordination number hangs on the ions' charges: {told}")]


def treated_alike(points: Measurement, taken: np.ndarray) -> Check:
    """Whether the runs were made alike, apart from what acted on them."""
    differ = []
    for name, doc in TREATMENT.items():
        if name not in points:
            return Check("treatment", "warn", f"not every run says how it was made ({doc} is missing)")
        values = points[name][taken]
        if np.ptp(values) > ALIKE * max(float(np.abs(values).max()), 1e-300):
            differ.append(f"{doc} ({', '.join(f'{v:g}' for v in np.unique(values))})")
    told = "; ".join(differ)
    return Check.that("treatment", not differ, "all runs were made alike", f"runs differ in how they were made: {told}")


@replicas.plot
def draw(result: Result, ax: Axes) -> None:
    """g(r) and the running coordination number of every run, and the number of each run with the mean's 95 %."""
    from matplotlib.ticker import MaxNLocator

    c = {str(n): result.curves[n].values for n in result.curves.data_vars}
    left, right = split(ax, 1, 2) if "g" in c else (ax, None)
    runs = len(c["CN"])
    number = result.estimates["CN"]
    left.errorbar(np.arange(1, runs + 1), c["CN"], c["CN_std"], fmt="o", color=COLOURS[0], markersize=3, capsize=2)
    if math.isfinite(number.std):
        left.axhspan(number.value - 2 * number.std, number.value + 2 * number.std, color=INK, alpha=0.12, linewidth=0)
    left.axhline(number.value, color=INK, linewidth=0.8)
    left.set(xlabel="run", ylabel="coordination number", xlim=(0.5, runs + 0.5), title=f"{number}")
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    left.set_ylim(bottom=0)
    if right is None:
        return
    r = 1e10 * c["r_m"]
    near = r <= FARTHEST_A
    for k in range(runs):
        right.plot(r[near], c["running_of_run"][k][near], color=COLOURS[0], linewidth=0.7, alpha=0.6)
    right.plot(r[near], c["running_CN"][near], color=INK, linewidth=1.2)
    right.set(xlabel="distance / Å", ylabel="running coordination number", xlim=(1.5, FARTHEST_A))
    right.set_ylim(bottom=0)


@replicas.demo
def demo(rng: np.random.Generator) -> Demo:
    """Five runs that scatter about known means."""
    made = synthetic_points.rows(rng, 5, 1.0, spread=0.1, own=0.1, density_spread=2.0)
    return Demo((made,), {"CN": 1.0, "density": synthetic_points.DENSITY_KG_M3})
