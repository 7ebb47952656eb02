"""How a cell's circuit evolves: all spectra of an in-situ series fitted at once, with parameters that change smoothly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import numpy as np
from scipy.special import ndtri

from anodefree.analysis.eis.fit import Weighting, check_fixed, fit_circuit
from anodefree.analysis.eis.joint import Spectra
from anodefree.analysis.eis.validity import kramers_kronig_checks
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import DataError, NumericalError
from anodefree.kinds.impedance import IMPEDANCE
from anodefree.numerics.joint_fitting import Quadratic, bordered, fit_groups, quadratic
from anodefree.numerics.smooth_series import SmoothFit, most_stiff, smooth_fit
from anodefree.physics.circuits import Circuit, Parameter, read_circuit
from anodefree.registry import Demo, Many, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Along = Literal["time", "potential", "order"]
ANCHOR_EVERY: Final = 25
JUMP: Final = 6.0
"""In standard deviations; chance alone reaches it once in 500 million."""
_Z95: Final = float(ndtri(0.975))


@dataclass(frozen=True)
class Evolution:
    """A series and its two fits: every spectrum alone, and all together."""

    spectra: Spectra
    alone: Quadratic
    """About each spectrum's own minimum, in units of its weights."""
    converged_alone: np.ndarray
    variance: np.ndarray
    """(s,): of the weighted residuals."""
    smooth: SmoothFit

    def std_alone(self) -> np.ndarray:
        """Standard deviation (s, k) of each spectrum's own parameters."""
        return np.sqrt(np.einsum("gkk->gk", np.linalg.inv(bordered(self.alone.scaled(self.variance).curvature))))

    def between(self, place: np.ndarray) -> np.ndarray:
        """How far a spectrum's own parameters (s - 2, k) lie from the line between its neighbours, over the usual distance.

        The usual distance is the error of that, or the median where the whole series moves faster than its errors.
        """
        square = self.std_alone() ** 2
        left = ((place[2:] - place[1:-1]) / np.maximum(place[2:] - place[:-2], 1e-300))[:, None]
        x = self.alone.x
        off = x[1:-1] - left * x[:-2] - (1 - left) * x[2:]
        z = np.abs(off) / np.sqrt(square[1:-1] + left**2 * square[:-2] + (1 - left) ** 2 * square[2:])
        usual: np.ndarray = z / np.maximum(1.0, 1.4826 * np.median(z, axis=0))
        return usual

    def durbin_watson(self) -> np.ndarray:
        """For each spectrum 2 where residuals are white along the frequency, towards 0 where neighbours agree."""
        r, _ = self.spectra.residuals(self.alone.x, np.arange(len(self.alone.x)))
        both = r.reshape(len(r), 2, -1)  # padding is zero, and so is what it adds but for one difference
        inside = (self.spectra.per_ohm[:, 1:] > 0)[:, None]
        total = np.sum(both**2, axis=(1, 2))
        steps = np.sum(np.where(inside, np.diff(both, axis=2), 0.0) ** 2, axis=(1, 2))
        exact = total < 1e-20 * self.spectra.points
        return np.where(exact, 2.0, steps / np.where(exact, 1.0, total))


def evolve(spectra: Spectra, guesses: np.ndarray, place: np.ndarray) -> Evolution:
    """Fit every spectrum alone from its guess (s, k), then all with smooth parameters over places (s,), increasing."""
    low, high = spectra.bounds()
    alone, converged = fit_groups(spectra.residuals, guesses, low, high)
    dof = np.maximum(spectra.points - guesses.shape[1], 1)
    variance = np.maximum(2 * alone.cost / dof, 1e-16)
    smooth = smooth_fit(spectra.residuals, alone.x, variance, place)
    # From the smooth course a spectrum may find a better minimum than from its guess.
    again, reached = fit_groups(spectra.residuals, smooth.x, low, high)
    better = again.cost < alone.cost * (1 - 1e-6)
    if better.any():
        for name in ("x", "cost", "gradient", "curvature"):
            getattr(alone, name)[better] = getattr(again, name)[better]
        converged = np.where(better, reached, converged)
        variance = np.maximum(2 * alone.cost / dof, 1e-16)
        smooth = smooth_fit(spectra.residuals, np.where(better[:, None], again.x, smooth.x), variance, place)
    return Evolution(spectra, alone, converged, variance, smooth)


def _places(series: Measurement, along: Along | None) -> tuple[str, np.ndarray]:
    """The array along which parameters are smooth, and its values in the order of the series."""
    if along is None:
        rising = "time_s" in series and bool((np.diff(series["time_s"]) > 0).all())
        along = "time" if rising else "order"
    if along == "order":
        return "order", np.arange(len(series), dtype=float)
    name = {"time": "time_s", "potential": "potential_V"}[along]
    if name not in series:
        raise DataError(f"holds no {along}", series.source.name, 'along = "order" takes the spectra as they come')
    if len(np.unique(series[name])) < 4:
        raise DataError(f"has fewer than four different values of {along}", series.source.name, "choose another `along`")
    return name, series[name]


def _rows(series: Measurement, order: np.ndarray, weighting: Weighting) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    rows = []
    for i in order:
        f, re, im = (series[n][i] for n in ("frequency_Hz", "Z_re_ohm", "Z_im_ohm"))
        good = np.isfinite(f) & np.isfinite(re) & np.isfinite(im)
        down = np.argsort(-f[good], kind="stable")
        f, z = f[good][down], (re + 1j * im)[good][down]
        if not len(f) or not np.abs(z).min() > 0:
            raise DataError("has no point, or an impedance of zero", f"{series.source.name}, spectrum {i}", "leave it out")
        size = np.abs(z)
        rows.append((f, z, size if weighting == "modulus" else np.full(len(f), size.mean())))
    return rows


def _guesses(
    circuit: Circuit,
    rows: list[tuple[np.ndarray, np.ndarray, np.ndarray]],
    place: np.ndarray,
    options: dict[str, Any],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values (s, p) between anchors that are fitted without a guess, which are free, and those that are held."""
    anchors = np.unique(np.round(np.linspace(0, len(rows) - 1, max(3, len(rows) // ANCHOR_EVERY + 1))).astype(int))
    found: list[np.ndarray] = []
    for i in anchors:
        f, z, _ = rows[i]
        try:
            fitted = fit_circuit(circuit, f, z, near_values=found[-1:], **options)
        except DataError as error:
            raise DataError(error.what, f"spectrum {i}", error.hint) from error
        found.append(fitted.fit.values)
    logs = np.log(np.array(found))  # every parameter is positive, exponents too
    values = np.exp(np.stack([np.interp(place, place[anchors], column) for column in logs.T], axis=1))
    return values, fitted.free, fitted.fit.values


@stage("eis.evolution", version=1, cites=("boukamp1986", "wahba1985", "chung2013"))
def evolution(
    spectra: Annotated[Measurement, IMPEDANCE, Many()],
    *,
    circuit: Annotated[
        str, Par("circuit of every spectrum", source="not stated: one arc and diffusion", assumed=True)
    ] = "R0-p(R1,Q1)-W2",
    along: Annotated[
        Along | None,
        Par("what parameters are smooth along; none: time where the files have it, else the order of the spectra"),
    ] = None,
    weighting: Annotated[
        Weighting, Par("errors proportional to |Z| (modulus), or equal at all frequencies (unit)")
    ] = "modulus",
    fixed: Annotated[dict[str, float] | None, Par("circuit parameters held at a value (SI)", ge=0)] = None,
) -> Result:
    """The course of every circuit parameter through an in-situ series of spectra, all of them fitted at once.

    Minimises sum over spectra t of |Z_t - Z_c(p_t)|^2/(c_t s)^2 + sum over parameters k of m_k times the integral of
    (d2 x_k/du2)^2 du, with x the logarithm of a parameter (an exponent n itself), u time, potential or number, s = |Z| (modulus
    weights), and c_t the noise of spectrum t from the residuals of its own fit. Each stiffness m_k is the one of the largest
    marginal likelihood times m_k^(-1/2): straight courses are free, and none is taken for exactly straight. The normal
    equations are block-tridiagonal, so time grows in proportion to the number of spectra.
    Estimates for each parameter, such as `R1`: `R1_first`, `R1_last`, `R1_change` (last less first), and a pooled
    `chi2_reduced`; `low` and `high` bound 95 %. Curves over `spectrum`, sorted along u: order; time_s, potential_V,
    temperature_K where given; each parameter with `_std`, `_low`, `_high` (95 %) and `_alone`, what the spectrum gives on its
    own; chi2_reduced.
    *Valid when* nothing jumps between neighbouring spectra, and no spectrum drifts while it is measured (Kramers-Kronig).
    *Source* Boukamp, Solid State Ionics 20 (1986) 31 (weights); Wahba, Ann. Statist. 13 (1985) 1378 (smoothness by the
    generalised likelihood); Chung et al., Psychometrika 78 (2013) 685. The paper fits its series spectrum by spectrum.
    Raises ConfigError (circuit, fixed names), DataError (fewer than four spectra, too few points, no such coordinate),
    NumericalError (no finite start).
    """
    tree = read_circuit(circuit)
    check_fixed(tree, fixed)
    if len(spectra) < 4:
        raise DataError(f"{len(spectra)} spectra have no course", spectra.source.name, "give four or more, or use eis.fit")
    name, place = _places(spectra, along)
    order = np.argsort(place, kind="stable")
    rows, place = _rows(spectra, order, weighting), place[order]
    values, free, base = _guesses(tree, rows, place, {"weighting": weighting, "fixed": fixed})
    least = 2 * min(len(np.unique(f)) for f, _, _ in rows)
    if least <= free.sum():
        raise DataError(f"{least // 2} points cannot determine {int(free.sum())} parameters", spectra.source.name, "simplify")
    joint = Spectra.of(tree, rows, free, base)
    try:
        found = evolve(joint, joint.coordinates(values[:, free]), place)
    except ValueError as error:
        raise NumericalError(str(error), spectra.source.name, "simplify the circuit") from error
    parameters = [p for p, is_free in zip(tree.parameters, free, strict=True) if is_free]
    chi2 = 2 * quadratic(joint.residuals, found.smooth.x).cost / np.maximum(joint.points - len(parameters), 1)
    estimates = _estimates(parameters, found.smooth)
    pooled = float(np.mean(chi2))
    count = float(np.sum(joint.points - len(parameters)))
    estimates["chi2_reduced"] = Estimate(pooled, pooled * float(np.sqrt(2 / count)), "1", "chi2 per degree of freedom")
    curves: dict[str, tuple[Any, np.ndarray]] = {"order": ("spectrum", order.astype(float)), "chi2_reduced": ("spectrum", chi2)}
    for array in ("time_s", "potential_V", "temperature_K"):
        if array in spectra:
            curves[array] = ("spectrum", spectra[array][order])
    curves |= _courses(parameters, found)
    checks = kramers_kronig_checks(spectra) + _checks(found, parameters, name, place, order)
    return Result.of(estimates, curves, checks)


_SUFFIX: Final = {"ohm": "_ohm", "F": "_F", "H": "_H", "s": "_s"}


def _bands(parameters: list[Parameter], x: np.ndarray, std: np.ndarray) -> tuple[np.ndarray, ...]:
    """Value, standard deviation, and 95 % bounds of parameters, from their coordinates (s, k)."""
    log = np.array([p.log for p in parameters])

    def out(y: np.ndarray) -> np.ndarray:
        return np.where(log, np.exp(np.clip(np.where(log, y, 0.0), -300, 300)), y)

    value = out(x)
    return value, np.where(log, value, 1.0) * std, out(x - _Z95 * std), out(x + _Z95 * std)


def _estimates(parameters: list[Parameter], smooth: SmoothFit) -> dict[str, Estimate]:
    value, std, low, high = _bands(parameters, smooth.x, smooth.std)
    estimates: dict[str, Estimate] = {}
    for k, p in enumerate(parameters):
        for end, t in (("first", 0), ("last", -1)):
            label = f"{p.name} of the {end} spectrum"
            estimates[f"{p.name}_{end}"] = Estimate(
                float(value[t, k]), float(std[t, k]), p.unit, label, low=float(low[t, k]), high=float(high[t, k])
            )
        slopes = (value[-1, k], value[0, k]) if p.log else (1.0, 1.0)
        covariance = slopes[0] * slopes[1] * smooth.to_last[0, k]
        change, spread = float(value[-1, k] - value[0, k]), np.sqrt(std[-1, k] ** 2 + std[0, k] ** 2 - 2 * covariance)
        half = _Z95 * float(spread)
        estimates[f"{p.name}_change"] = Estimate(
            change, float(spread), p.unit, f"{p.name}, last less first", low=change - half, high=change + half
        )
    return estimates


def _courses(parameters: list[Parameter], found: Evolution) -> dict[str, tuple[Any, np.ndarray]]:
    curves: dict[str, tuple[Any, np.ndarray]] = {}
    value, std, low, high = _bands(parameters, found.smooth.x, found.smooth.std)
    alone = found.spectra.values(found.alone.x)[:, found.spectra.free]
    for k, p in enumerate(parameters):
        for tag, array in (("", value), ("_std", std), ("_low", low), ("_high", high), ("_alone", alone)):
            curves[p.name + tag + _SUFFIX.get(p.unit, "")] = ("spectrum", array[:, k])
    return curves


def _checks(found: Evolution, parameters: list[Parameter], along: str, place: np.ndarray, order: np.ndarray) -> list[Check]:
    """What can be said about the whole series."""
    count = len(order)
    log = np.array([p.log for p in parameters])
    lost = np.flatnonzero(~found.converged_alone)
    off = 1 + np.flatnonzero((found.between(place) > JUMP).any(axis=1))
    colour = found.durbin_watson()
    limit = float(-ndtri(0.00135 / count))
    coloured = np.flatnonzero(colour < 2 - 2 * limit / np.sqrt(np.maximum(found.spectra.points, 1)))
    vague = [p.name for j, p in enumerate(parameters) if log[j] and np.median(found.smooth.std[:, j]) > 1]
    gained = float(np.median(found.smooth.std / found.std_alone()))
    straight = [p.name for p, m in zip(parameters, found.smooth.stiffness, strict=True) if m > 0.5 * most_stiff(count)]
    low, high = found.spectra.bounds()
    beyond = (found.smooth.x < low).any(axis=0) | (found.smooth.x > high).any(axis=0)
    outside = [parameters[k].name for k in np.flatnonzero(beyond)]
    coordinate = {"time_s": "time", "potential_V": "the potential", "order": "the order of the spectra"}[along]
    return [
        Check.that(
            "converged",
            found.smooth.converged and not len(lost),
            f"the series converged, smooth along {coordinate}",
            (
                f"alone, {_named(order[lost])} did not converge"
                if found.smooth.converged
                else "the smooth fit did not converge: simplify the circuit"
            ),
            otherwise="warn" if found.smooth.converged else "fail",
        ),
        Check.that(
            "smooth",
            not len(off),
            "no spectrum stands off between its neighbours" + (f"; straight: {', '.join(straight)}" if straight else ""),
            f"not between its neighbours: {_named(order[off])}; leave an outlier out, and fit the parts before and after a "
            "jump apart, or the whole course is taken for that rough",
        ),
        Check.that(
            "neighbours",
            gained < 0.85,
            f"neighbours help each other: errors are {gained:.0%} of those of single spectra",
            f"neighbours hardly help each other: errors are {gained:.0%} of those of single spectra; the series is short, or "
            "jumps from spectrum to spectrum",
        ),
        Check.that(
            "residuals",
            not len(coloured),
            "the residuals are white along the frequency",
            f"the residuals wander with frequency ({_named(order[coloured])}; Durbin-Watson down to {colour.min():.2f}, 2 is "
            "white): the circuit misses something, and the bands are too narrow",
        ),
        Check.that(
            "identifiable",
            not vague,
            "every parameter is known better than its own size",
            f"not determined by the series: {', '.join(vague)}; simplify the circuit or widen the frequencies",
        ),
        Check.that(
            "bounds",
            not outside,
            "no parameter leaves its range",
            f"beyond what is possible: {', '.join(outside)} (n = 1 is a capacitor: C)",
        ),
    ]


def _named(which: np.ndarray, most: int = 4) -> str:
    more = f" and {len(which) - most} more" if len(which) > most else ""
    return (
        "spectra " + ", ".join(map(str, which[:most])) + more
        if len(which) > 1
        else f"spectrum {which[0]}"
        if len(which)
        else ""
    )


@evolution.plot
def draw(result: Result, ax: Axes) -> None:
    """Resistances along the series with their 95 % bands; points are what each spectrum gives alone."""
    from matplotlib.ticker import LogLocator, NullFormatter

    from anodefree.core.figure import COLOURS

    data = {str(n): v.values for n, v in result.curves.data_vars.items()}
    every = [tuple(n.split("_alone")) for n in data if "_alone" in n]  # name and unit
    drawn = [(name, unit) for name, unit in every if unit == "_ohm"] or every[:1]
    along, label = _axis(data)
    for i, (name, unit) in enumerate(drawn):
        colour, size = COLOURS[i % len(COLOURS)], 3.0 if len(along) < 100 else 1.2
        ax.fill_between(along, data[f"{name}_low{unit}"], data[f"{name}_high{unit}"], color=colour, alpha=0.3, lw=0)
        ax.plot(along, data[name + unit], color=colour, lw=0.8, label=name)
        ax.plot(along, data[f"{name}_alone{unit}"], "o", color=colour, mfc="none", ms=size, mew=0.5, label="_")
    shown = np.concatenate([data[name + unit] for name, unit in drawn])
    if shown.max() > 10 * shown.min():
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel(label)
    ax.set_ylabel("R / Ω" if drawn[0][1] == "_ohm" else drawn[0][0])
    ax.legend(title="line: smooth, 95 % band; points: alone", title_fontsize=7, ncols=min(len(drawn), 4))


def _axis(data: dict[str, np.ndarray]) -> tuple[np.ndarray, str]:
    """The array along which the series is sorted, and how it is called on an axis."""
    for name, label in (("time_s", "time"), ("potential_V", "cell potential / V")):
        if name in data and (np.diff(data[name]) >= 0).all() and np.ptp(data[name]) > 0:
            if name == "potential_V":
                return data[name], label
            unit, size = next((u for u in (("h", 3600.0), ("min", 60.0)) if np.ptp(data[name]) > 2 * u[1]), ("s", 1.0))
            return data[name] / size, f"{label} / {unit}"
    return data["order"], "spectrum"


@evolution.demo
def demo(rng: np.random.Generator) -> Demo:
    """An interphase that grows and slows down over 24 spectra of 31 points, noise of 1 % of |Z|."""
    tree, count, noise = read_circuit("R0-p(R1,Q1)-W2"), 24, 1e-2
    u = np.linspace(0, 1, count)
    r1 = rng.uniform(30, 60) * (1 + rng.uniform(0.5, 1.5) * (1 - np.exp(-u / rng.uniform(0.3, 0.6))))
    r0 = rng.uniform(3, 6) * (1 + rng.uniform(0.0, 0.3) * u)
    q1 = rng.uniform(1e-5, 4e-5) * np.exp(-rng.uniform(0.0, 0.4) * u)
    values = np.stack([r0, r1, q1, np.full(count, rng.uniform(0.8, 0.95)), np.full(count, rng.uniform(2, 4))], axis=1)
    f = np.repeat(np.geomspace(1e5, 0.1, 31)[None], count, axis=0)
    z = tree.impedance(2 * np.pi * f, values)
    z = z + noise * np.abs(z) * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape))
    arrays = {"frequency_Hz": f, "Z_re_ohm": z.real, "Z_im_ohm": z.imag, "time_s": 1800.0 * np.arange(count)}
    series = Measurement.of(IMPEDANCE, arrays, {"cell": "synthetic"}, name="demo")
    truth = {"R1_first": r1[0], "R1_last": r1[-1], "R1_change": r1[-1] - r1[0], "R0_last": r0[-1], "Q1_last": q1[-1]}
    return Demo((series,), truth, {"circuit": tree.text})
