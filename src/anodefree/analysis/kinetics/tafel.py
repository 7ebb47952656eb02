"""Tafel's line: the exchange current density as the paper takes it from a voltammogram, and how far that is off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from anodefree.analysis.kinetics.curve import AREA, ELECTRODES, RESISTANCE, REST, SCAN, TEMPERATURE, Curve, curve_of
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.polarisation import POLARISATION, Polarisation
from anodefree.numerics.autocorrelation import inflation
from anodefree.physics.butler_volmer import current_density_A_m2, thermal_voltage_V
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Branch = Literal["both", "anodic", "cathodic"]
ONE_OHM_CM2 = 1e-4
FEWEST = 4
ENOUGH = 20


@dataclass(frozen=True)
class Line:
    """ln|j| = intercept + slope |η| of one branch by least squares, and the same with the back reaction taken out."""

    eta_V: np.ndarray
    ln_j: np.ndarray
    intercept: float
    slope_per_V: float
    free_intercept: float
    """Allen and Hickling: ln|j| - ln(1 - exp(-f|η|)) is fitted."""
    free_slope_per_V: float
    covariance: np.ndarray
    """Of (intercept, slope); from the scatter about the second line, which a clean electrode leaves to noise alone."""
    bend: float
    """Size of the change of ln j0 from the lower half of the window to the upper one, beyond what noise explains."""
    bend_t: float

    @property
    def bias(self) -> float:
        """ln j0 by Tafel's line less ln j0 without the back reaction: a property of the window alone."""
        return self.intercept - self.free_intercept


def branch_line(eta_V: np.ndarray, j_A_m2: np.ndarray, window_V: tuple[float, float], f_per_V: float) -> Line:
    """Both lines through one branch, given as sizes |η| and |j| in the order of time, within the window.

    Raises
    ------
    ValueError: fewer than four points lie in the window.
    """
    rounding = 1e-9 * window_V[1]
    inside = (eta_V >= window_V[0] - rounding) & (eta_V <= window_V[1] + rounding) & (j_A_m2 > 0)
    if inside.sum() < FEWEST or np.ptp(eta_V[inside]) == 0:
        raise ValueError(f"{int(inside.sum())} points lie in the window")
    eta, ln_j = eta_V[inside], np.log(j_A_m2[inside])
    free = ln_j - np.log(-np.expm1(-f_per_V * eta))
    design = np.column_stack([np.ones_like(eta), eta])
    inverse = np.linalg.inv(design.T @ design)
    plain, kept = (inverse @ (design.T @ y) for y in (ln_j, free))
    rest = free - design @ kept
    scatter = float(rest @ rest) / (len(eta) - 2)
    widened = inflation(rest, 2)
    covariance = scatter * inverse * widened**2
    if len(eta) >= ENOUGH:  # noise weighs more where the current is small, next to the intercept: the sandwich (HC1) sees that
        sandwich = inverse @ (design.T * rest**2) @ design @ inverse * len(eta) / (len(eta) - 2) * widened**2
        covariance = sandwich if sandwich[0, 0] > covariance[0, 0] else covariance
    bend, bend_t = _bend(eta, free, widened)
    return Line(eta, ln_j, float(plain[0]), float(plain[1]), float(kept[0]), float(kept[1]), covariance, bend, bend_t)


def _bend(eta: np.ndarray, y: np.ndarray, widened: float) -> tuple[float, float]:
    if len(np.unique(eta)) < 5:
        return 0.0, 0.0
    centre = 0.5 * (eta.min() + eta.max())
    design = np.column_stack([np.ones_like(eta), eta, (eta - centre) ** 2])
    (_, _, c), rest, _, _ = np.linalg.lstsq(design, y, rcond=None)
    scatter = float(rest[0]) / (len(eta) - 3) if len(rest) else 0.0
    std = np.sqrt(scatter * np.linalg.inv(design.T @ design)[2, 2]) * widened
    t = float(c / std) if std > 0 else 0.0
    # Tangents a quarter of the window from either end differ by 2c(b² - a²)/2 in their intercepts at η = 0.
    excess = float(np.sqrt(c**2 - std**2)) if abs(t) > 2 else 0.0
    return excess * np.ptp(eta) * centre, t


@dataclass(frozen=True)
class Tafel:
    """What one or two branches say together; logarithms of A/m2."""

    lines: dict[str, Line]
    ln_j0: float
    free_ln_j0: float
    noise: float
    """Standard deviation of either logarithm by scatter, and by branches that disagree."""
    bend: float
    disagreement_t: float

    @property
    def bias(self) -> float:
        """ln j0 by Tafel less ln j0 by Allen and Hickling."""
        return self.ln_j0 - self.free_ln_j0


def tafel_of(
    curve: Curve, area_resistance_ohm_m2: float, window_V: tuple[float, float], branch: Branch, electrodes: int
) -> Tafel:
    """Lines through the branches of a curve that is corrected by this resistance.

    Raises
    ------
    DataError: a wanted branch has fewer than four points in the window.
    """
    eta, j = curve.overpotential_V(area_resistance_ohm_m2), curve.current_density_A_m2
    f = 1 / float(thermal_voltage_V(curve.temperature_K))
    lines = {}
    for name, sign in (("anodic", 1.0), ("cathodic", -1.0)):
        if branch in (name, "both"):
            try:
                here = (sign * eta > 0) & (sign * j > 0)
                size = sign * eta[here] / electrodes
                lines[name] = branch_line(size, sign * j[here], (window_V[0] / electrodes, window_V[1] / electrodes), f)
            except ValueError as error:
                reach = f"η reaches from {1e3 * eta.min():.0f} to {1e3 * eta.max():.0f} mV"
                raise DataError(
                    f"{error} on the {name} branch; {FEWEST} are needed", curve.name, f"{reach}: change window_V or branch"
                ) from error
    parts = list(lines.values())
    n = len(parts)
    variance = sum(p.covariance[0, 0] for p in parts) / n**2
    apart = parts[0].free_intercept - parts[-1].free_intercept
    excess = max(apart**2 / n**2 - variance, 0.0) if apart**2 > 4 * n**2 * variance else 0.0
    return Tafel(
        lines,
        float(np.mean([p.intercept for p in parts])),
        float(np.mean([p.free_intercept for p in parts])),
        float(np.sqrt(variance + excess)),
        float(np.mean([p.bend for p in parts])),
        float(abs(apart) / (n * np.sqrt(variance))) if variance > 0 else 0.0,
    )


@stage("kinetics.tafel", version=1, cites=("chen2026", "bard2001", "allen1957"))
def tafel(
    curve: Polarisation,
    *,
    window_V: Annotated[
        tuple[float, float],
        Par(
            "overpotentials |η| that the line is fitted to",
            gt=0,
            source="not stated; above 2.3 RT/F, inside ±0.2 V",
            assumed=True,
        ),
    ] = (0.06, 0.18),
    branch: Annotated[Branch, Par("which branch: both, anodic (stripping) or cathodic (plating)")] = "both",
    temperature_K: Annotated[float | None, TEMPERATURE] = None,
    electrodes: Annotated[int, ELECTRODES] = 1,
    area_resistance_ohm_m2: Annotated[Uncertain | None, RESISTANCE] = None,
    area_m2: Annotated[float | None, AREA] = None,
    rest_potential_V: Annotated[float, REST] = 0.0,
    scan: Annotated[int | None, SCAN] = None,
) -> Result:
    r"""Exchange current density by Tafel's line, with its bias and the estimate that has none beside it.

    log|j| = log j0 ± β F η/(2.303 RT), fitted by least squares to the points of the window, β being 1 - α on the anodic branch
    (stripping, η > 0) and α on the cathodic; `j0` [A/m2] is the geometric mean of the branches, `alpha_sum` the sum of both β
    (1 for one electron). The line omits the back reaction: by Butler-Volmer ln|j| = ln j0 + βFη/RT + ln[1 - exp(-Fη/RT)], and
    the last term, fitted over the window's points, is the `bias` (-9.3 % over 60 to 180 mV in small even steps), whatever j0
    and α. `j0_allen_hickling` fits ln|j| - ln[1 - exp(-F|η|/RT)], which has none. η = (E - E_rest - jR)/electrodes. The
    standard deviation of `j0` holds scatter (neighbours that are alike counted as such), branches that disagree, the
    resistance's uncertainty, curvature of the Allen-Hickling line, and the whole bias: the uncorrected number is off by that.
    That of `j0_allen_hickling` holds all but the bias.
    *Valid when* charge transfer of one electron limits the rate throughout the window and the ohmic drop is corrected: an
    uncorrected drop flattens the line, which lowers the slopes and raises j0 (see the check), as a depletion does.
    *Source* Chen et al. 2026, section 4.2.1; Bard and Faulkner 2001, equation 3.4.15; Allen and Hickling 1957. Differs from
    the paper: both branches, window and bias stated.
    Raises ConfigError (window, scan), DataError (no current or area, fewer than four points of a branch in the window).
    """
    if not window_V[0] < window_V[1]:
        raise ConfigError(f"the window from {window_V[0]:g} to {window_V[1]:g} V is empty", "window_V", "low, high")
    ready = curve_of(
        curve,
        temperature_K=temperature_K,
        area_m2=area_m2,
        area_resistance_ohm_m2=area_resistance_ohm_m2,
        rest_potential_V=rest_potential_V,
        scan=scan,
    )
    given = ready.area_resistance_ohm_m2
    resistance = given.value if given else 0.0
    found = tafel_of(ready, resistance, window_V, branch, electrodes)
    shift = _resistance_shift(ready, found, resistance, window_V, branch, electrodes)
    # Lost with the bend: the lower half of the window is nearer to the kinetics than the whole.
    own = float(np.sqrt(found.noise**2 + found.bend**2 + (shift * (given.std if given else 0.0) / ONE_OHM_CM2) ** 2))
    estimates = _estimates(found, own, electrodes, ready.temperature_K)
    checks = list(ready.checks) + _checks(found, own, shift, window_V, electrodes, ready, given)
    return Result.of(estimates, _curves(found, ready, resistance, electrodes), checks)


def _resistance_shift(
    ready: Curve, found: Tafel, resistance: float, window_V: tuple[float, float], branch: Branch, electrodes: int
) -> float:
    """Change of ln j0 for 1 ohm cm2 more, from a small step of it (the points in the window change with it)."""
    step = 0.05 * ONE_OHM_CM2
    try:
        moved = tafel_of(ready, resistance + step, window_V, branch, electrodes)
    except DataError:
        return 0.0
    return (moved.free_ln_j0 - found.free_ln_j0) / step * ONE_OHM_CM2


def _estimates(found: Tafel, own: float, electrodes: int, temperature_K: float) -> dict[str, Estimate]:
    f = 1 / float(thermal_voltage_V(temperature_K))
    plain, free = np.exp(found.ln_j0), np.exp(found.free_ln_j0)
    bias = float(np.expm1(found.bias))
    u = float(np.hypot(own, found.bias))
    estimates = {
        "j0": Estimate(float(plain), float(plain * u), "A/m2", "exchange current density, Tafel's line as in the paper"),
        "j0_allen_hickling": Estimate(
            float(free),
            float(free * own),
            "A/m2",
            "exchange current density, back reaction taken out",
            low=float(free * np.exp(-1.96 * own)),
            high=float(free * np.exp(1.96 * own)),
        ),
        "bias": Estimate(bias, abs(bias) * 0.5 * (1 + bias) * own, "1", "bias of Tafel's line over this window", "%"),
    }
    betas, stds, biases = [], [], []
    for name, line in found.lines.items():
        beta, std = line.free_slope_per_V / f, float(np.sqrt(line.covariance[1, 1])) / f
        which = "1 - α" if name == "anodic" else "α"
        estimates[f"alpha_{name}"] = Estimate(beta, std, "1", f"{which}, {name} branch, back reaction taken out")
        betas.append(beta)
        stds.append(std)
        biases.append((line.slope_per_V - line.free_slope_per_V) / f)
    if len(betas) == 2:
        free_std, by_bias = float(np.sqrt(np.sum(np.square(stds)))), sum(biases)
        total = sum(betas) + by_bias
        estimates["alpha_sum"] = Estimate(
            total, float(np.hypot(free_std, by_bias)), "1", "sum of both transfer coefficients, Tafel's lines"
        )
        estimates["alpha_sum_allen_hickling"] = Estimate(
            sum(betas), free_std, "1", "sum of both transfer coefficients, back reaction taken out"
        )
    return estimates


def _checks(
    found: Tafel,
    own: float,
    shift: float,
    window_V: tuple[float, float],
    electrodes: int,
    ready: Curve,
    given: Uncertain | None,
) -> list[Check]:
    least = min(len(line.eta_V) for line in found.lines.values())
    bend = max(found.lines.values(), key=lambda line: abs(line.bend_t))
    slopes = [line.free_slope_per_V * float(thermal_voltage_V(ready.temperature_K)) for line in found.lines.values()]
    drop = 1e3 * ONE_OHM_CM2 * float(np.exp(max(line.ln_j.max() for line in found.lines.values())))
    checks = [
        Check(
            "bias",
            "warn" if abs(found.bias) > 2 * own else "pass",
            f"Tafel's line over {1e3 * window_V[0]:.0f} to {1e3 * window_V[1]:.0f} mV puts j0 off by"
            f" {100 * np.expm1(found.bias):+.1f} %: it leaves out the back reaction; see j0_allen_hickling",
        ),
        Check.that(
            "ohmic drop",
            given is not None,
            f"corrected by {1e4 * (given.value if given else 0):.3g} ohm cm2",
            "no ohmic resistance is given: were 10 mV of the window's largest potential ohmic"
            f" ({10 / drop:.2g} ohm cm2), j0 would change by {100 * np.expm1(10 * shift / drop):+.0f} %",
        ),
        Check.that(
            "straight",
            abs(bend.bend_t) < 3,
            "the Allen-Hickling line is straight within its scatter",
            f"the Allen-Hickling line bends {'down' if bend.bend_t < 0 else 'up'} ({abs(bend.bend_t):.1f} standard errors): "
            + (
                "ohmic drop, depletion or Marcus kinetics" if bend.bend_t < 0 else "a second process, or a wrong rest potential"
            ),
        ),
        Check.that("points", least >= 10, f"{least} points or more on a branch", f"only {least} points on a branch"),
        Check.that(
            "one electron",
            all(0.2 <= s <= 0.8 for s in slopes),
            "the slopes are those of one electron",
            f"transfer coefficient {' and '.join(f'{s:.2f}' for s in slopes)}: not those of one electron transferred at one "
            "electrode; an ohmic drop or a second electrode halves them",
        ),
    ]
    if len(found.lines) == 2:
        a, c = found.lines["anodic"], found.lines["cathodic"]
        checks.append(
            Check.that(
                "branches",
                found.disagreement_t < 3,
                "both branches give the same j0",
                f"the branches disagree: {0.1 * np.exp(a.free_intercept):.3g} (anodic) and "
                f"{0.1 * np.exp(c.free_intercept):.3g} mA/cm2 (cathodic)",
            )
        )
    if electrodes == 1:
        checks.append(
            Check(
                "electrodes",
                "pass",
                "the whole potential is taken for one electrode; a cell of two alike needs electrodes = 2",
            )
        )
    return checks


def _curves(found: Tafel, ready: Curve, resistance: float, electrodes: int) -> dict[str, tuple[str, np.ndarray]]:
    eta, j = ready.overpotential_V(resistance) / electrodes, ready.current_density_A_m2
    curves = {"overpotential_V": ("point", eta), "current_density_A_m2": ("point", j)}
    for name, line in found.lines.items():
        sign = 1.0 if name == "anodic" else -1.0
        x = np.linspace(0.0, 1.1 * line.eta_V.max(), 60)
        curves[f"{name}_overpotential_V"] = ("line", sign * x)
        curves[f"{name}_tafel_A_m2"] = ("line", np.exp(line.intercept + line.slope_per_V * x))
        curves[f"{name}_window_V"] = ("edge", sign * np.array([line.eta_V.min(), line.eta_V.max()]))
        f = 1 / float(thermal_voltage_V(ready.temperature_K))
        back = -np.expm1(-f * np.maximum(x, 1e-6))
        curves[f"{name}_allen_hickling_A_m2"] = ("line", np.exp(line.free_intercept + line.free_slope_per_V * x) * back)
    return curves


@tafel.plot
def draw(result: Result, ax: Axes) -> None:
    """Size of the current density, logarithmic, against overpotential: points, Tafel's lines, and the curve that keeps the
    back reaction."""
    from anodefree.core.figure import COLOURS, INK, SOFT

    data = {str(n): v.values for n, v in result.curves.data_vars.items()}
    eta, j = 1e3 * data["overpotential_V"], 0.1 * np.abs(data["current_density_A_m2"])
    shown = j > 0
    ax.plot(eta[shown], j[shown], ".", color=SOFT, ms=2.5, label="measured")
    lowest = np.inf
    for i, name in enumerate(n for n in ("anodic", "cathodic") if f"{n}_tafel_A_m2" in data):
        x, line = 1e3 * data[f"{name}_overpotential_V"], 0.1 * data[f"{name}_tafel_A_m2"]
        kept = 0.1 * data[f"{name}_allen_hickling_A_m2"]
        ax.plot(x, line, color=COLOURS[0], label="Tafel's line" if i == 0 else "_")
        ax.plot(x[2:], kept[2:], color=COLOURS[1], lw=0.9, ls="--", label="with back reaction" if i == 0 else "_")
        low, high = 1e3 * data[f"{name}_window_V"]
        ax.axvspan(low, high, color=COLOURS[0], alpha=0.07, lw=0)
        lowest = min(lowest, line[0])
    found = result.estimates["j0"]
    text = f"$j_0$ = {found}".replace("mA/cm2", "mA cm$^{-2}$")
    ax.plot([0], [0.1 * found.value], "o", color=INK, ms=4, zorder=5, label=text)
    ax.set_yscale("log")
    ax.set_ylim(lowest / 4, None)
    ax.set(xlabel="overpotential / mV", ylabel="|current density| / mA cm$^{-2}$")
    ax.legend(loc="upper center", handlelength=1.4)


@tafel.demo
def demo(rng: np.random.Generator) -> Demo:
    """A Tafel plot read off a printed figure: seven points on each branch, each read wrong by 10 %."""
    j0, alpha, kelvin = rng.uniform(2, 20), rng.uniform(0.4, 0.6), rng.uniform(290, 320)
    size = np.linspace(0.06, 0.18, 7)
    eta = np.concatenate([-size[::-1], size])
    j = current_density_A_m2(eta, j0, alpha, kelvin) * (1 + 0.1 * rng.standard_normal(14))
    measured = Measurement.of(
        POLARISATION, {"potential_V": eta, "current_density_A_m2": j}, {"temperature_K": kelvin}, name="a printed Tafel plot"
    )
    truth = {"j0": j0, "j0_allen_hickling": j0, "alpha_sum": 1.0, "alpha_sum_allen_hickling": 1.0}
    return Demo((measured,), truth)
