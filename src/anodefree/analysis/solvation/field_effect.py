"""Does a field change a shell? Differences between replicas, what they exclude, and what physics says beforehand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Final, Literal

import numpy as np

from anodefree.analysis.solvation.replicas import ALIKE, treated_alike
from anodefree.core.constants import BOLTZMANN_J_K
from anodefree.core.figure import COLOURS, INK, SOFT
from anodefree.core.measurement import Measurement, join
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError
from anodefree.kinds.solvation_points import NUMBERS, SOLVATION_POINTS, TREATMENT
from anodefree.numerics.correlated import std_of_mean_of_few, widened_to_95
from anodefree.numerics.two_groups import Difference, welch
from anodefree.physics.transport import SPECIES
from anodefree.registry import Demo, Many, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POWER: Final = 0.8
LEVEL: Final = 0.05
MOST_REPLICAS: Final = 10_000
FEWEST: Final = 2
UNKNOWN: Final = (math.nan, math.nan, math.nan)
"""Std, degrees of freedom and p where one run stands alone."""
Number = Literal["CN", "CN_molecules", "SSIP", "CIP", "AGG", "free", "coordinated", "g_peak"]


@stage("solvation.field_effect", version=2, cites=("welch1947", "schuirmann1987", "vanleeuwen1921"))
def field_effect(
    points: Annotated[Measurement, SOLVATION_POINTS, Many()],
    *,
    number: Annotated[Number, Par("what is compared")] = "CN",
    margin: Annotated[float, Par("difference that would matter, of the value without field", gt=0, lt=1)] = 0.05,
    flux_density_T: Annotated[
        float | None, Par("the field that is compared with none (none: the strongest that there is)", gt=0)
    ] = None,
    asked_T: Annotated[float, Par("flux density that the question is about", gt=0)] = 0.01,
) -> Result:
    r"""Whether a magnetic field changes a shell: difference, equivalence, and what this much data could have seen.

    Runs with a field against those without, each run one value: `delta_CN` (delta of whatever `number` is), with
    Welch's std widened for few runs; `p_difference` (two-sided); `p_equivalence`, the larger of two one-sided tests that the
    difference lies within `margin` of the value without field: below 0.05 the two are equivalent to that margin.
    Where one run stands alone nothing is known of its scatter, and these numbers are no numbers.
    `detectable`: the difference that so many runs would show four times in five; `replicas_needed`: runs of each kind to
    establish equivalence. `replica_scatter` over what runs expect of themselves says how far within-run intervals
    can be trusted. `hall_parameter` = ωτ at `asked_T` with τ = mD/kT: cyclotron against collision frequency; `field_of_unity`:
    the flux density at which they meet; `over_unity`, the field of the runs over that one;
    `kT_per_contact` would be the free energy per contact that a change by the margin takes.
    At equilibrium no static field can change it: in Z = ∫exp(-H/kT) the momenta p - qA are substituted and A is gone (Bohr,
    van Leeuwen). A difference that is found at equilibrium points at runs that are too short.
    *Valid when* runs are independent (other seeds, other packings) and alike but for the field, which a check tells: rigid
    or flexible bonds, step and masses may mask or feign an effect. Of the runs without a field those made like the others are
    taken, where there are two. *Source* Welch 1947;
    Schuirmann 1987; van Leeuwen 1921.

    Raises
    ------
    DataError: no run at that field, or none without.
    """
    flux = points["flux_density_T"]
    strongest = _chosen(points, flux_density_T)
    rows = _compared(points, strongest)
    without, within = points[number][rows & (flux == 0)], points[number][rows & (flux == strongest)]
    if strongest == 0 or not len(without):
        raise DataError(
            f"has {len(without)} runs without and {len(within) if strongest else 0} with a field",
            points.source.name,
            "one of each at least, and two to know how far they scatter",
        )
    alone = min(len(without), len(within)) < FEWEST
    difference = Difference(float(within.mean() - without.mean()), *UNKNOWN) if alone else welch(within, without)
    limit = margin * abs(float(without.mean()))
    std = math.nan if alone else widened_to_95(max(int(difference.dof), 1)) * difference.std
    p_same = math.nan if alone else _equivalence(difference.value, difference.std, difference.dof, limit)
    expected = float(np.sqrt(np.mean(points[f"{number}_std"][rows] ** 2)))
    scatter = math.nan if alone else float(np.sqrt(0.5 * (np.var(without, ddof=1) + np.var(within, ddof=1))))
    lithium = SPECIES["Li+"]
    kelvin = float(points["temperature_K"].mean())
    tau = lithium.mass_kg * lithium.diffusivity_m2_s / (BOLTZMANN_J_K * kelvin)
    off = lithium.diffusivity_std_m2_s / lithium.diffusivity_m2_s
    unity = lithium.mass_kg / (abs(lithium.charge_C) * tau)
    hall = abs(lithium.charge_C) * asked_T / lithium.mass_kg * tau
    estimates = {
        "delta_CN": Estimate(difference.value, std, "1", f"change of {number} at {strongest:g} T"),
        "without_field": Estimate(
            float(without.mean()), std_of_mean_of_few(without), "1", f"{number} without a field, {len(without)} runs"
        ),
        "with_field": Estimate(
            float(within.mean()), std_of_mean_of_few(within), "1", f"{number} at {strongest:g} T, {len(within)} runs"
        ),
        "p_difference": Estimate(difference.p, 0.0, "1", "how often chance parts equal means so far"),
        "p_equivalence": Estimate(p_same, 0.0, "1", f"how often a difference of {100 * margin:g} % would look so small"),
        "detectable": Estimate(
            math.nan if alone else _detectable(difference.std, difference.dof),
            0.0,
            "1",
            "difference that so many runs would show",
        ),
        "replicas_needed": Estimate(
            math.nan if alone else float(_needed(scatter, limit)),
            0.0,
            "1",
            f"runs of each kind to establish equivalence to {100 * margin:g} %",
        ),
        "replica_scatter": Estimate(scatter, _std_of_scatter(scatter, len(without) + len(within)), "1", "scatter of runs"),
        "hall_parameter": Estimate(hall, hall * off, "1", f"cyclotron over collision frequency of Li+ at {asked_T:g} T"),
        "field_of_unity": Estimate(unity, unity * off, "T", "flux density at which both frequencies meet", "T"),
        "over_unity": Estimate(strongest / unity, strongest / unity * off, "1", "field of the runs over that one"),
        "kT_per_contact": Estimate(math.log(1 + margin), 0.0, "1", "free energy per contact for a change by the margin, kT"),
    }
    fields = np.unique(flux)
    means = [points[number][flux == f] for f in fields]
    return Result.of(
        estimates,
        {
            "flux_density_T": ("run", flux),
            "value": ("run", points[number]),
            "value_std": ("run", points[f"{number}_std"]),
            "field_T": ("field", fields),
            "field_mean": ("field", np.array([m.mean() for m in means])),
            "field_std": ("field", np.array([std_of_mean_of_few(m) for m in means])),
            "limits": ("ends", float(without.mean()) + limit * np.array([-1.0, 1.0])),
        },
        [
            *_checks(difference.p, p_same, scatter, expected, points, number, margin, hall),
            treated_alike(points, rows),
        ],
    )


def _chosen(points: Measurement, wanted: float | None) -> float:
    """The field that is compared with none: the strongest, or that of the runs that have the wanted one."""
    flux = points["flux_density_T"]
    if wanted is None:
        return float(flux.max())
    fits = flux[np.isclose(flux, wanted, rtol=ALIKE, atol=0)]
    if not len(fits):
        known = ", ".join(f"{f:g}" for f in np.unique(flux))
        raise DataError(f"has no run at {wanted:g} T", points.source.name, f"its fields are {known} T")
    return float(fits[0])


def _compared(points: Measurement, strongest: float) -> np.ndarray:
    """Which runs are compared: those at the field, and of those without the ones made like them, or all where there are few."""
    flux = points["flux_density_T"]
    within = flux == strongest
    alike = np.ones(len(flux), bool)
    for name in TREATMENT:
        if name in points and within.any():
            alike &= np.isclose(points[name], points[name][within][0], rtol=ALIKE, atol=0)
    controls = (flux == 0) & alike
    return np.asarray(within | (controls if controls.sum() >= FEWEST else flux == 0))


def _std_of_scatter(scatter: float, runs: int) -> float:
    return scatter / math.sqrt(2 * (runs - 2)) if runs > FEWEST else math.nan


def _equivalence(value: float, std: float, dof: float, limit: float) -> float:
    """The larger p of two one-sided tests. *Source* Schuirmann 1987."""
    from scipy.special import stdtr

    if std == 0:
        return 0.0 if abs(value) < limit else 1.0
    return max(float(stdtr(dof, (value - limit) / std)), float(stdtr(dof, (-limit - value) / std)))


def _detectable(std: float, dof: float) -> float:
    """The difference that is found in four of five cases at a level of 5 %."""
    from scipy.special import stdtrit

    return float((stdtrit(dof, 1 - LEVEL / 2) + stdtrit(dof, POWER)) * std)


def _needed(scatter: float, limit: float) -> int:
    """Runs of each kind for which equal means are established as equivalent in four of five cases."""
    from scipy.special import stdtrit

    for n in range(2, MOST_REPLICAS):
        dof = 2 * n - 2
        if (stdtrit(dof, 1 - LEVEL) + stdtrit(dof, 0.5 + POWER / 2)) * scatter * math.sqrt(2 / n) <= limit:
            return n
    return MOST_REPLICAS


def _checks(
    p: float, p_same: float, scatter: float, expected: float, points: Measurement, number: str, margin: float, hall: float
) -> list[Check]:
    driven = bool((points["field_V_m"] > 0).any())
    if p_same < LEVEL:
        verdict = Check("verdict", "pass", f"equivalent: the field changes {number} by less than {100 * margin:g} %")
    elif p < LEVEL:
        meant = (
            "the drive changes the shell, and heats" if driven else "at equilibrium no field can do that: look at convergence"
        )
        verdict = Check("verdict", "warn", f"the runs differ (p = {p:.2g}): {meant}")
    elif math.isnan(p):
        verdict = Check("verdict", "warn", "inconclusive: one run alone does not tell how far its replicas would lie")
    else:
        verdict = Check("verdict", "warn", f"inconclusive: neither a difference nor equivalence to {100 * margin:g} % is shown")
    return [
        verdict,
        Check(
            "Bohr and van Leeuwen", "pass", f"no static field changes an equilibrium shell; at the field asked, ωτ = {hall:.1g}"
        ),
        Check.that(
            "within-run errors",
            expected > 0 and not scatter > 2 * expected,
            "replicas scatter as runs expect of themselves",
            f"replicas scatter {scatter / max(expected, 1e-300):.1f} times as far as runs expect: one run's interval is too "
            "narrow",
        ),
        Check.that(
            "memory",
            float(points["memory"].max()) < 0.2,
            "partners change often enough in every run",
            f"partners outlast a twentieth of a run (correlation {points['memory'].max():.2f}): longer runs are needed",
        ),
    ]


@field_effect.plot
def draw(result: Result, ax: Axes) -> None:
    """Every run at its field, the means with 95 % intervals, and the margin about the value without field."""
    c = {str(n): result.curves[n].values for n in result.curves.data_vars}
    fields = c["field_T"].tolist()
    place = np.array([fields.index(f) for f in c["flux_density_T"].tolist()], dtype=float)
    rank = np.array([np.sum(place[:k] == p) for k, p in enumerate(place)])
    ax.axhspan(*c["limits"], color=SOFT, alpha=0.2, linewidth=0, label="margin")
    ax.errorbar(place - 0.2 + 0.06 * rank, c["value"], c["value_std"], fmt="o", color=COLOURS[0], markersize=3, label="runs")
    at = np.arange(len(fields)) + 0.25
    ax.errorbar(at, c["field_mean"], 2 * np.nan_to_num(c["field_std"]), fmt="_", color=INK, capsize=3, label="mean, 95 %")
    ax.set_xticks(np.arange(len(fields)), [f"{f:g}" for f in fields])
    name = result.estimates["without_field"].label.split(" without")[0]
    ax.set(xlabel="magnetic flux density / T", ylabel=name, xlim=(-0.5, len(fields) - 0.5))
    ax.legend(fontsize=6)


@field_effect.demo
def demo(rng: np.random.Generator) -> Demo:
    """Four replicas each without a field and at 1e6 T, whose means differ by a little or not at all."""
    change = float(rng.choice([0.0, 0.05]))
    rows: list[Measurement] = []
    for flux in (0.0, 1e6):
        for _ in range(4):
            value = 1.0 + change * (flux > 0) + 0.03 * float(rng.standard_normal())
            arrays = {"flux_density_T": flux, "field_V_m": 0.0, "temperature_K": 298.15, "length_s": 1e-9, "memory": 0.1}
            arrays |= {n: value for n in NUMBERS} | {f"{n}_std": 0.02 for n in NUMBERS}
            rows.append(
                Measurement.of(SOLVATION_POINTS, {n: np.array([v]) for n, v in arrays.items()}, name=f"run {len(rows)}")
            )
    return Demo((join(rows),), {"delta_CN": change, "without_field": 1.0, "with_field": 1.0 + change})
