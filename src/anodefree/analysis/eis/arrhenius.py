"""The activation energy of an interface, from its resistance at several temperatures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from scipy.special import stdtrit

from anodefree.analysis.eis.fit import check_fixed, fit_series, soundness
from anodefree.core.constants import GAS_J_MOL_K, ZERO_CELSIUS_K
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError, DataError, near
from anodefree.kinds.impedance import IMPEDANCE
from anodefree.numerics.fitting import Line, york_line
from anodefree.physics.arrhenius import activated_resistance_ohm, log_conductance
from anodefree.physics.circuits import read_circuit
from anodefree.registry import Demo, Many, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Activation:
    """Ea [J/mol] and ln A, their covariance (all errors), and the line they come from."""

    energy_J_mol: float
    ln_prefactor: float
    covariance: np.ndarray
    line: Line


def activation(
    temperature_K: np.ndarray,
    resistance_ohm: np.ndarray,
    relative_std: np.ndarray,
    temperature_std_K: float,
    temperature_offset_std_K: float,
    with_temperature_factor: bool,
) -> Activation:
    """Ea and ln A from R [ohm] (t,) with its relative standard deviation (t,) at T [K] (t,).

    An error d of one temperature moves both coordinates: x = 1/T by -d/T^2 and, with the factor T, y = ln(T/R) by d/T; the line
    takes both, correlated, into account. A common offset moves all points at once, so it is carried through separately.

    Raises
    ------
    ValueError: fewer than two different temperatures.
    """

    def line(offset_K: float) -> Line:
        t = temperature_K + offset_K
        x_std = temperature_std_K / t**2
        by_t = temperature_std_K / t if with_temperature_factor else np.zeros_like(t)
        y_std = np.hypot(np.maximum(relative_std, 1e-12), by_t)
        return york_line(1 / t, log_conductance(t, resistance_ohm, with_temperature_factor), x_std, y_std, -by_t / y_std)

    here, step = line(0.0), 0.01
    up, down = line(step), line(-step)
    by_offset = np.array([up.intercept - down.intercept, up.slope - down.slope]) / (2 * step) * temperature_offset_std_K
    covariance = here.covariance * here.birge**2 + np.outer(by_offset, by_offset)
    turn = np.array([[0.0, -GAS_J_MOL_K], [1.0, 0.0]])  # (intercept, slope) -> (Ea, ln A)
    return Activation(-GAS_J_MOL_K * here.slope, here.intercept, turn @ covariance @ turn.T, here)


def curvature_t(x: np.ndarray, y: np.ndarray, y_std: np.ndarray) -> float:
    """The quadratic coefficient of y against x over its standard error (at least that of the scatter); 0 for few points."""
    if len(x) < 4 or len(np.unique(x)) < 4:
        return 0.0
    u = (x - x.mean()) / np.ptp(x)
    matrix = np.vander(u, 3) / y_std[:, None]
    coefficients, rest, _, _ = np.linalg.lstsq(matrix, y / y_std, rcond=None)
    scatter = max(1.0, float(rest[0]) / (len(x) - 3)) if len(rest) else 1.0
    return float(coefficients[0] / np.sqrt(np.linalg.inv(matrix.T @ matrix)[0, 0] * scatter))


def _temperatures(spectra: Measurement, given: tuple[float, ...] | None) -> np.ndarray:
    if given is not None:
        if len(given) != len(spectra):
            raise ConfigError(
                f"{len(given)} temperatures for {len(spectra)} spectra", "temperatures_K", "give one per spectrum, in order"
            )
        return np.asarray(given, dtype=float)
    if "temperature_K" not in spectra:
        raise DataError(
            "holds no temperature",
            spectra.source.name,
            'give one per spectrum, in order: temperatures_K = "30 degC, 35 degC, ...", or one in each file\'s header',
        )
    return spectra["temperature_K"]


@stage("eis.arrhenius", version=1, cites=("chen2026", "york2004", "boukamp1986"))
def arrhenius(
    spectra: Annotated[Measurement, IMPEDANCE, Many()],
    *,
    circuit: Annotated[
        str, Par("circuit fitted to every spectrum", source="not stated: one arc and diffusion", assumed=True)
    ] = "R0-p(R1,Q1)-W2",
    resistance: Annotated[str, Par("the circuit's resistance whose activation is asked for")] = "R1",
    temperatures_K: Annotated[
        tuple[float, ...] | None, Par("temperature of each spectrum, in order; none: from the files", gt=0)
    ] = None,
    with_temperature_factor: Annotated[bool, Par("ln(T/R) as in the paper; false: ln(1/R)", source="section 4.2.1")] = True,
    temperature_std_K: Annotated[
        float,
        Par(
            "error of each temperature on its own, standard deviation",
            ge=0,
            source="not stated; tolerance of a class 1 type T thermocouple (IEC 60584-1)",
            assumed=True,
        ),
    ] = 0.5,
    temperature_offset_std_K: Annotated[
        float,
        Par(
            "error that all temperatures share, standard deviation",
            ge=0,
            source="not stated; as for each temperature",
            assumed=True,
        ),
    ] = 0.5,
    fixed: Annotated[dict[str, float] | None, Par("circuit parameters held at a value (SI)", ge=0)] = None,
) -> Result:
    """The activation energy of an interfacial resistance, from impedance spectra at several temperatures.

    T/R = A exp(-Ea/(R_g T)) [K/ohm], so ln(T/R) is a line of slope -Ea/R_g against 1/T (`with_temperature_factor`; without it
    ln(1/R), whose Ea is about R_g T = 2.6 kJ/mol smaller). R comes from a circuit fit of each spectrum (see `eis.fit`).
    Weights: the fit's relative error of R, and an independent error of each temperature (which moves 1/T and ln T together),
    by York's method; where the scatter exceeds them the standard deviations grow by the Birge ratio max(1, sqrt(chi2/dof)).
    An offset common to all temperatures is added last: it changes Ea by 2 dT/T, relatively. Both temperature errors are
    assumptions. `low` and `high` are the 95 % interval by Student's t with N - 2 degrees of freedom: cautious where the stated
    errors, not the scatter, set the width. A drift of the cell can be told only where a temperature occurs twice.
    Curves over `spectrum`: temperature_K, R_ohm, R_std_ohm, ln_conductance (of K/ohm or 1/ohm) and its `_std` (with the
    temperature's part); over `line`: line_temperature_K, line_ln_conductance, line_low, line_high (95 %).
    *Valid when* one process limits R over the whole span. *Source* Chen et al. (2026), section 4.2.1; York et al., Am. J. Phys.
    72 (2004) 367. Differs from the paper: weighted, with an interval; the paper states neither circuit nor interval.
    Raises ConfigError (circuit, resistance, number of temperatures), DataError (no temperature, fewer than three different).
    """
    tree = read_circuit(circuit)
    resistors = [p.name for p in tree.parameters if p.unit == "ohm"]
    if resistance not in resistors:
        raise ConfigError(f"'{resistance}' is no resistance of {tree.text}", "resistance", near(resistance, resistors))
    check_fixed(tree, fixed)
    if resistance in (fixed or {}):
        raise ConfigError(f"'{resistance}' is held fixed", "fixed", "leave the resistance that is asked for free")
    t = _temperatures(spectra, temperatures_K)
    if len(np.unique(t)) < 3:
        raise DataError(
            f"{len(np.unique(t))} different temperatures give no line with an error",
            spectra.source.name,
            "measure three or more",
        )
    fits = fit_series(spectra, tree, fixed=fixed)
    r_ohm = np.array([f.values[resistance] for f in fits])
    relative = np.array([f.relative_std(resistance) for f in fits])
    found = activation(t, r_ohm, relative, temperature_std_K, temperature_offset_std_K, with_temperature_factor)
    energy_std, ln_std = np.sqrt(np.diag(found.covariance))
    y = log_conductance(t, r_ohm, with_temperature_factor)
    factor = (1.0 if with_temperature_factor else 0.0) / t
    y_std = np.hypot(relative, (factor - found.energy_J_mol / (GAS_J_MOL_K * t**2)) * temperature_std_K)
    t95 = float(stdtrit(found.line.dof, 0.975))
    form = "ln(T/R)" if with_temperature_factor else "ln(1/R)"
    energy = Estimate(
        found.energy_J_mol,
        float(energy_std),
        "J/mol",
        f"activation energy of {resistance}, {form}",
        low=found.energy_J_mol - t95 * float(energy_std),
        high=found.energy_J_mol + t95 * float(energy_std),
    )
    prefactor = Estimate(
        found.ln_prefactor,
        float(ln_std),
        "1",
        "ln A, A in " + ("K/ohm" if with_temperature_factor else "1/ohm"),
        low=found.ln_prefactor - t95 * float(ln_std),
        high=found.ln_prefactor + t95 * float(ln_std),
    )
    edge = 0.04 * np.ptp(1 / t)
    inverse = np.linspace((1 / t).min() - edge, (1 / t).max() + edge, 60)
    line, band = _band(found, inverse)
    curves = {
        "temperature_K": ("spectrum", t),
        "R_ohm": ("spectrum", r_ohm),
        "R_std_ohm": ("spectrum", r_ohm * relative),
        "ln_conductance": ("spectrum", y),
        "ln_conductance_std": ("spectrum", y_std),
        "line_temperature_K": ("line", 1 / inverse),
        "line_ln_conductance": ("line", line),
        "line_low": ("line", line - t95 * band),
        "line_high": ("line", line + t95 * band),
    }
    checks = _line_checks(t, y, y_std, r_ohm, found, energy) + soundness(fits)
    return Result.of({"Ea": energy, "ln_prefactor": prefactor}, curves, checks)


def _band(found: Activation, inverse_temperature_per_K: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The line and its standard deviation at 1/T."""
    gradient = np.stack([-inverse_temperature_per_K / GAS_J_MOL_K, np.ones_like(inverse_temperature_per_K)])
    line = found.ln_prefactor - found.energy_J_mol * inverse_temperature_per_K / GAS_J_MOL_K
    return line, np.sqrt(np.einsum("ik,ij,jk->k", gradient, found.covariance, gradient))


def _line_checks(
    t: np.ndarray, y: np.ndarray, y_std: np.ndarray, r_ohm: np.ndarray, found: Activation, energy: Estimate
) -> list[Check]:
    different, span = len(np.unique(np.round(t, 1))), float(np.ptp(t))
    half = (energy.high or 0.0) - energy.value
    bend = curvature_t(1 / t, y, np.maximum(y_std, 1e-12))
    limit = float(stdtrit(max(len(t) - 3, 1), 0.995))
    repeats = [
        (i, j, abs(y[i] - y[j]) / max(float(np.hypot(y_std[i], y_std[j])), 1e-12))
        for i in range(len(t))
        for j in range(i)
        if abs(t[i] - t[j]) < 0.5
    ]
    checks = [
        Check.that(
            "temperatures",
            different >= 4,
            f"{different} different temperatures",
            f"only {different} different temperatures: use 4 or more",
        ),
        Check.that(
            "linear",
            abs(bend) < limit,
            "no curvature beyond the errors",
            f"the line bends (t = {bend:.1f}, beyond {limit:.1f}): more than one process, a transition, or a drift",
        ),
        Check.that(
            "span",
            span >= 20 and half < 0.25 * abs(energy.value),
            f"{span:.0f} K give Ea to ±{half / 1e3:.1f} kJ/mol (95 %)",
            f"a span of {span:.0f} K gives Ea only to ±{half / 1e3:.1f} kJ/mol (95 %): widen it, or measure R and T better",
        ),
        Check.that(
            "activated",
            found.energy_J_mol > 0,
            "R falls on heating",
            "R grows on heating: are the spectra in the order of the temperatures?",
        ),
        Check.that(
            "scatter",
            found.line.chi2 < _chi2_limit(found.line.dof),
            "the scatter about the line is what the errors explain",
            f"the scatter is {found.line.birge:.1f} times what the errors explain; it widens the interval",
        ),
    ]
    if t.max() < 150:
        checks.append(Check("kelvin", "warn", f"temperatures from {t.min():.0f} to {t.max():.0f} K: were they meant in °C?"))
    if repeats:
        worst = max(repeats, key=lambda r: r[2])
        checks.append(
            Check.that(
                "drift",
                worst[2] < 3,
                "temperatures measured twice give the same resistance",
                f"spectra {worst[1]} and {worst[0]} at one temperature differ "
                f"({r_ohm[worst[1]]:.4g} and {r_ohm[worst[0]]:.4g} ohm): "
                "the cell drifted",
            )
        )
    return checks


def _chi2_limit(dof: int) -> float:
    from scipy.special import chdtri

    return float(chdtri(dof, 0.003))


@arrhenius.plot
def draw(result: Result, ax: Axes) -> None:
    """ln(T/R) against 1000/T with the fitted line and its 95 % band."""
    from matplotlib.ticker import MaxNLocator

    from anodefree.core.figure import COLOURS

    data = {str(n): v.values for n, v in result.curves.data_vars.items()}
    x, at = 1e3 / data["line_temperature_K"], 1e3 / data["temperature_K"]
    ax.fill_between(x, data["line_low"], data["line_high"], color=COLOURS[0], alpha=0.18, lw=0, label="95 % band")
    energy = result.estimates["Ea"]
    half = ((energy.high or energy.value) - energy.value) / 1e3
    ax.plot(
        x, data["line_ln_conductance"], color=COLOURS[0], label=f"$E_a$ = {energy.value / 1e3:.1f} ± {half:.1f} kJ/mol (95 %)"
    )
    ax.errorbar(
        at,
        data["ln_conductance"],
        1.96 * data["ln_conductance_std"],
        fmt="o",
        color=COLOURS[1],
        elinewidth=0.8,
        label="measured",
    )
    top = ax.secondary_xaxis("top", functions=(_celsius, _thousand_over_kelvin))
    top.set_xlabel("T / °C")
    top.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ax.set_xlabel("1000 K / T")
    ax.set_ylabel("ln(T/R · Ω/K)" if "T/R" in energy.label else "ln(1/R · Ω)")
    ax.legend()


def _celsius(x: Any) -> Any:
    return 1e3 / np.where(np.asarray(x) == 0, np.nan, x) - ZERO_CELSIUS_K


def _thousand_over_kelvin(celsius: Any) -> Any:
    kelvin = np.asarray(celsius, dtype=float) + ZERO_CELSIUS_K
    return 1e3 / np.where(kelvin == 0, np.nan, kelvin)


@arrhenius.demo
def demo(rng: np.random.Generator) -> Demo:
    """Seven temperatures about 30 to 60 °C, each read wrong by 0.5 K and all by another 0.5 K; noise of 0.3 % of |Z|."""
    tree = read_circuit("R0-p(R1,Q1)-W2")
    energy, r1, noise, offset_std, each_std = rng.uniform(45e3, 80e3), rng.uniform(40, 120), 3e-3, 0.5, 0.5
    true = 303.15 + 5.0 * np.arange(7)
    read = true + each_std * rng.standard_normal(7) + offset_std * rng.standard_normal()
    f = np.repeat(np.geomspace(1e5, 0.1, 61)[None], 7, axis=0)
    values = np.tile([rng.uniform(3, 6), r1, rng.uniform(1e-5, 4e-5), rng.uniform(0.8, 0.95), rng.uniform(2, 4)], (7, 1))
    values[:, 1] = activated_resistance_ohm(true, r1, 303.15, energy)
    z = tree.impedance(2 * np.pi * f, values)
    z = z + noise * np.abs(z) * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape))
    arrays = {"frequency_Hz": f, "Z_re_ohm": z.real, "Z_im_ohm": z.imag, "temperature_K": read}
    series = Measurement.of(IMPEDANCE, arrays, {"cell": "synthetic"}, name="demo")
    prefactor = float(np.log(303.15 / r1) + energy / (GAS_J_MOL_K * 303.15))
    given = {"circuit": tree.text, "temperature_std_K": each_std, "temperature_offset_std_K": offset_std}
    return Demo((series,), {"Ea": energy, "ln_prefactor": prefactor}, given)
