"""The activation energy of an interface, from its impedance at several temperatures: all spectra at once, and in two steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from scipy.special import chdtri, stdtrit

from anodefree.analysis.eis.activation import Activation, activation, curvature_t
from anodefree.analysis.eis.fit import CircuitFit, check_fixed, fit_series, soundness
from anodefree.analysis.eis.joint import Spectra
from anodefree.analysis.eis.joint_activation import JointActivation, Thermometry, Tie, joint_activation
from anodefree.analysis.eis.validity import kramers_kronig_checks
from anodefree.core.constants import GAS_J_MOL_K, ZERO_CELSIUS_K
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.errors import ConfigError, DataError, near
from anodefree.kinds.impedance import IMPEDANCE
from anodefree.physics.arrhenius import activated_resistance_ohm, log_conductance
from anodefree.physics.circuits import Circuit, read_circuit
from anodefree.registry import Demo, Many, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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


@stage("eis.arrhenius", version=2, cites=("chen2026", "patterson1971", "chung2013", "york2004", "boukamp1986"))
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
    shared: Annotated[
        tuple[str, ...] | None, Par("circuit parameters that are the same at all temperatures, such as n1; none: none")
    ] = None,
    independent: Annotated[
        tuple[str, ...] | None,
        Par("circuit parameters that each spectrum has for itself; the rest follow a line in 1/T with scatter"),
    ] = None,
    fixed: Annotated[dict[str, float] | None, Par("circuit parameters held at a value (SI)", ge=0)] = None,
) -> Result:
    """The activation energy of an interfacial resistance, from impedance spectra at several temperatures.

    T/R = A exp(-Ea/(R_g T)) [K/ohm], so ln(T/R) is a line of slope -Ea/R_g against 1/T (`with_temperature_factor`; without it
    ln(1/R), whose Ea is about R_g T = 2.6 kJ/mol smaller). Two routes, on the same spectra:

    `Ea`, all spectra at once: chi2 = sum over spectra of |Z - Z_c(p_t)|^2/s_t^2 together with the laws of p_t. ln R follows the
    line above at the true temperature T + e_t + o, plus a scatter u_t; the logarithm of every other parameter (an exponent n
    itself) follows a line of its own in 1/T plus a scatter of its own, unless it is `shared` or `independent`. e_t, o, u_t are
    normal and integrated out; the noise s_t comes from the residuals of spectrum t, the scatters from the restricted
    likelihood (for the other parameters never exactly zero; for R only where it makes the data clearly more likely). `low` and
    `high` are the 95 % interval by Student's t with (N - 2)/q^2 degrees of freedom, q the part of the variance that estimated
    scatters add to that of the stated errors.

    `Ea_two_step`, the classic way: R of each spectrum by `eis.fit`, then York's line with the errors of R and T, widened by the
    Birge ratio max(1, sqrt(chi2/dof)); 95 % by Student's t with N - 2.

    In both a common offset o changes Ea by 2 o/T, relatively. Both temperature errors are assumptions, and where they make up
    the interval no analysis can narrow it. A drift of the cell can be told only where a temperature occurs twice.
    Curves over `spectrum`: temperature_K, R_ohm, R_std_ohm, ln_conductance (of K/ohm or 1/ohm) and its `_std` (with the
    temperature's part), all from each spectrum alone; joint_R_ohm and joint_temperature_K, what all spectra
    make of them; over `line`: line_temperature_K, line_ln_conductance, line_low, line_high (95 %) of the joint fit, and
    two_step_line.
    *Valid when* one process limits R over the whole span, and the other parameters go smoothly. *Source* Chen et al. (2026),
    section 4.2.1; Patterson and Thompson, Biometrika 58 (1971) 545; Chung et al., Psychometrika 78 (2013) 685; York et al., Am.
    J. Phys. 72 (2004) 367. Differs from the paper: weighted, with an interval; the paper states neither circuit nor interval.
    Raises ConfigError (circuit, names, number of temperatures), DataError (no temperature, fewer than three different).
    """
    tree = read_circuit(circuit)
    check_fixed(tree, fixed)
    _check_names(tree, resistance, shared or (), independent or (), fixed or {})
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
    classic = activation(t, r_ohm, relative, temperature_std_K, temperature_offset_std_K, with_temperature_factor)
    joint = _joint(
        fits,
        Thermometry(t, temperature_std_K, temperature_offset_std_K),
        resistance,
        shared or (),
        independent or (),
        with_temperature_factor,
    )
    y = log_conductance(t, r_ohm, with_temperature_factor)
    factor = (1.0 if with_temperature_factor else 0.0) / t
    y_std = np.hypot(relative, (factor - classic.energy_J_mol / (GAS_J_MOL_K * t**2)) * temperature_std_K)
    estimates = _estimates(joint, classic, resistance, with_temperature_factor)
    inverse = np.linspace((1 / t).min(), (1 / t).max(), 60) + np.linspace(-0.04, 0.04, 60) * np.ptp(1 / t)
    line, band = _band(joint, inverse)
    t95 = float(stdtrit(joint.dof, 0.975))
    target = [n for n, is_free in zip(tree.names, fits[0].free, strict=True) if is_free].index(resistance)
    curves = {
        "temperature_K": ("spectrum", t),
        "R_ohm": ("spectrum", r_ohm),
        "R_std_ohm": ("spectrum", r_ohm * relative),
        "ln_conductance": ("spectrum", y),
        "ln_conductance_std": ("spectrum", y_std),
        "joint_R_ohm": ("spectrum", np.exp(joint.x[:, target])),
        "joint_temperature_K": ("spectrum", joint.temperature_K),
        "line_temperature_K": ("line", 1 / inverse),
        "line_ln_conductance": ("line", line),
        "line_low": ("line", line - t95 * band),
        "line_high": ("line", line + t95 * band),
        "two_step_line": ("line", classic.ln_prefactor - classic.energy_J_mol * inverse / GAS_J_MOL_K),
    }
    checks = [
        *kramers_kronig_checks(spectra),
        *_line_checks(t, y, y_std, r_ohm, classic, estimates["Ea"]),
        *_joint_checks(joint, classic, len(fits) * int(np.sum(fits[0].free))),
        *soundness(fits),
    ]
    return Result.of(estimates, curves, checks)


def _check_names(
    tree: Circuit, resistance: str, shared: tuple[str, ...], independent: tuple[str, ...], fixed: dict[str, float]
) -> None:
    resistors = [p.name for p in tree.parameters if p.unit == "ohm"]
    if resistance not in resistors:
        raise ConfigError(f"'{resistance}' is no resistance of {tree.text}", "resistance", near(resistance, resistors))
    if resistance in fixed:
        raise ConfigError(f"'{resistance}' is held fixed", "fixed", "leave the resistance that is asked for free")
    for where, names in (("shared", shared), ("independent", independent)):
        for name in names:
            if name not in tree.names:
                raise ConfigError(f"'{name}' is no parameter of {tree.text}", where, near(name, tree.names))
            if name == resistance:
                raise ConfigError(f"'{name}' is the resistance that follows the Arrhenius line", where, "leave it out")
            if name in fixed or (name in shared and name in independent):
                raise ConfigError(f"'{name}' is named twice", where, "it is fixed, shared or independent, one of them")


def _joint(
    fits: list[CircuitFit],
    thermometry: Thermometry,
    resistance: str,
    shared: tuple[str, ...],
    independent: tuple[str, ...],
    with_temperature_factor: bool,
) -> JointActivation:
    spectra = Spectra.of_fits(fits)
    start = spectra.coordinates(np.array([f.fit.values for f in fits])[:, spectra.free])
    variance = np.array([max(f.fit.chi2_reduced, 1e-12) for f in fits])
    names = spectra.names
    tie = Tie(names.index(resistance), np.isin(names, shared), np.isin(names, independent))
    return joint_activation(spectra, start, variance, thermometry, tie, with_temperature_factor)


def _estimates(joint: JointActivation, classic: Activation, resistance: str, factor: bool) -> dict[str, Estimate]:
    form, unit = ("ln(T/R)", "K/ohm") if factor else ("ln(1/R)", "1/ohm")

    def estimate(value: float, variance: float, dof: float, unit: str, label: str) -> Estimate:
        std = float(np.sqrt(variance))
        half = float(stdtrit(dof, 0.975)) * std
        return Estimate(value, std, unit, label, low=value - half, high=value + half)

    (energy, _), (_, prefactor) = joint.covariance
    name = f"activation energy of {resistance}, {form}"
    return {
        "Ea": estimate(joint.energy_J_mol, energy, joint.dof, "J/mol", f"{name}, all spectra at once"),
        "Ea_two_step": estimate(
            classic.energy_J_mol, classic.covariance[0, 0], classic.line.dof, "J/mol", f"{name}, spectrum by spectrum"
        ),
        "ln_prefactor": estimate(joint.ln_prefactor, prefactor, joint.dof, "1", f"ln A, A in {unit}"),
    }


def _band(found: JointActivation, inverse_temperature_per_K: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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
            found.line.chi2 < float(chdtri(found.line.dof, 0.003)),
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


def _joint_checks(joint: JointActivation, classic: Activation, parameters: int) -> list[Check]:
    apart = joint.energy_J_mol - classic.energy_J_mol
    # One uses all that the other uses, so the variance of their difference is the difference of their variances.
    expected = np.sqrt(max(classic.covariance[0, 0] - joint.covariance[0, 0], 0.02 * classic.covariance[0, 0]))
    return [
        Check.that("joint fit", joint.converged, "the joint fit converged", "the joint fit did not converge", otherwise="fail"),
        Check.that(
            "routes",
            abs(apart) < 3 * expected,
            f"all spectra at once and one by one agree ({apart / 1e3:+.2f} kJ/mol)",
            f"all spectra at once differ from one by one by {apart / 1e3:+.1f} kJ/mol, {abs(apart) / expected:.1f} times what "
            "is expected: a parameter is tied that should be `independent`, or the spectra differ in more than temperature",
        ),
        Check.that(
            "ties",
            joint.strain < float(chdtri(parameters, 0.003)),
            "the spectra bear what ties their parameters",
            f"tying the parameters worsens the fit (chi2 grows by {joint.strain:.0f}): share fewer of them",
        ),
    ]


@arrhenius.plot
def draw(result: Result, ax: Axes) -> None:
    """ln(T/R) against 1000/T: each spectrum's own, the line of all spectra at once with its 95 % band, and the classic line."""
    from matplotlib.ticker import MaxNLocator

    from anodefree.core.figure import COLOURS, SOFT

    data = {str(n): v.values for n, v in result.curves.data_vars.items()}
    x, at = 1e3 / data["line_temperature_K"], 1e3 / data["temperature_K"]
    ax.fill_between(x, data["line_low"], data["line_high"], color=COLOURS[0], alpha=0.18, lw=0, label="_")
    ax.plot(x, data["two_step_line"], "--", color=SOFT, lw=1.0, label=_legend("two steps", result.estimates["Ea_two_step"]))
    ax.plot(x, data["line_ln_conductance"], color=COLOURS[0], label=_legend("all at once", result.estimates["Ea"]))
    ax.errorbar(
        at,
        data["ln_conductance"],
        1.96 * data["ln_conductance_std"],
        fmt="o",
        color=COLOURS[1],
        elinewidth=0.8,
        label="each spectrum",
    )
    top = ax.secondary_xaxis("top", functions=(_celsius, _thousand_over_kelvin))
    top.set_xlabel("T / °C")
    top.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ax.set_xlabel("1000 K / T")
    ax.set_ylabel("ln(T/R · Ω/K)" if "T/R" in result.estimates["Ea"].label else "ln(1/R · Ω)")
    ax.legend(title="$E_a$ with its 95 % interval", title_fontsize=7)


def _legend(route: str, energy: Estimate) -> str:
    half = ((energy.high or energy.value) - energy.value) / 1e3
    return f"{route}: {energy.value / 1e3:.1f} ± {half:.1f} kJ/mol"


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
    return Demo((series,), {"Ea": energy, "Ea_two_step": energy, "ln_prefactor": prefactor}, given)
