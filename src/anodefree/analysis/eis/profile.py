"""How well a spectrum determines each parameter of a circuit: the profile likelihood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.eis.circuit_fit import CircuitFit, Weighting
from anodefree.analysis.eis.fit import check_fixed
from anodefree.analysis.eis.fit_checks import soundness
from anodefree.analysis.eis.fit_many import fit_one
from anodefree.analysis.eis.fit_result import (
    Curves,
    criteria,
    estimates_of,
    padded,
    profile_checks,
    profiles_of,
    with_profiles,
)
from anodefree.analysis.eis.likelihood_profile import Profile
from anodefree.analysis.eis.synthetic import noisy_spectrum
from anodefree.analysis.eis.validity import kramers_kronig_checks
from anodefree.core.parameter import Par
from anodefree.core.result import Result
from anodefree.kinds.impedance import Impedance
from anodefree.physics.circuits import read_circuit
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("eis.profile", version=1, cites=("bates1988", "venzon1988", "boukamp1986"))
def profile_stage(
    spectra: Impedance,
    *,
    circuit: Annotated[
        str,
        Par("circuit: '-' in series, p(a,b) parallel", source="not stated: one arc and diffusion", assumed=True),
    ] = "R0-p(R1,Q1)-W2",
    spectrum: Annotated[int, Par("which spectrum of a series, from 0", ge=0)] = 0,
    weighting: Annotated[
        Weighting, Par("errors proportional to |Z| (modulus), or equal at all frequencies (unit)")
    ] = "modulus",
    noise: Annotated[
        float | None,
        Par(
            "known standard deviation of Z' and of Z'', over |Z| (modulus) or its mean (unit); none: from the residuals",
            gt=0,
        ),
    ] = None,
    fixed: Annotated[dict[str, float] | None, Par("parameters that are held at a value (SI)", ge=0)] = None,
) -> Result:
    """Intervals of a circuit's parameters by profile likelihood, with the profiles themselves.

    Each parameter p is held at values about its estimate while all others are fitted again; the root
    z(p) = sign(p - p_hat) sqrt((chi2(p) - chi2_min) / s^2) of the rise says how much the data mind. The 95 % interval ends
    where |z| = t(0.975, 2N - P), with s^2 = chi2_min/(2N - P); with `noise`, where |z| = 1.96 and s = 1. Where z is a straight
    line of slope 1/std, the linear interval of `eis.fit` is right; where it bends, the interval is lopsided; where it never
    reaches the limit within the bounds, the data do not end the interval on that side: `low` or `high` is the bound, and a
    check says so.
    Estimates: each parameter with `std` from the curvature and `low`, `high` from the profile. Curves over (parameter, step):
    profile_value (SI), profile_shift (p - p_hat over std; of the logarithm where p spans decades), profile_root.
    *Valid when* errors are normal. *Source* Bates and Watts, Nonlinear Regression Analysis (1988), section 6.1; Venzon and
    Moolgavkar, Appl. Stat. 37 (1988) 87. The paper gives no intervals.
    Raises ConfigError (circuit, fixed names, no such spectrum), DataError (too few points), NumericalError (no finite start).
    """
    tree = read_circuit(circuit)
    check_fixed(tree, fixed)
    found = fit_one(spectra, spectrum, tree, weighting=weighting, noise=noise, fixed=fixed)
    profiles = profiles_of(found)
    estimates = with_profiles(estimates_of(found), profiles)
    checks = kramers_kronig_checks(spectra, spectrum) + profile_checks(profiles) + soundness([found], noise)
    return Result.of(estimates | criteria([found]), _curves(found, profiles), checks)


def _curves(found: CircuitFit, profiles: dict[str, Profile]) -> Curves:
    point = ("parameter", "step")
    log = {p.name: p.log for p in found.circuit.parameters}

    def shift(name: str, p: Profile) -> np.ndarray:
        best, std = found.values[name], max(found.std[name], 1e-300)
        return np.log(p.values / best) * best / std if log[name] else (p.values - best) / std

    return {
        "parameter_name": ("parameter", np.array(list(profiles), dtype=object)),
        "profile_value": (point, padded([p.values for p in profiles.values()])),
        "profile_shift": (point, padded([shift(n, p) for n, p in profiles.items()])),
        "profile_root": (point, padded([p.root for p in profiles.values()])),
        "limit": ("parameter", np.array([p.limit for p in profiles.values()])),
    }


@profile_stage.plot
def draw(result: Result, ax: Axes) -> None:
    """Each parameter's root of the rise against its distance from the estimate; the linear interval is the grey line."""
    from anodefree.core.figure import COLOURS

    data = result.curves
    limit, most = float(data["limit"].values.max()), 1.6 * float(data["limit"].values.max())
    ax.axhspan(-limit, limit, color="0.5", alpha=0.12, lw=0)
    ax.plot([-most, most], [-most, most], color="0.5", lw=0.8, ls="--", label="linear")
    for i, name in enumerate(data["parameter_name"].values):
        style = "-" if i < len(COLOURS) else ":"
        shift, root = data["profile_shift"].values[i], data["profile_root"].values[i]
        ax.plot(shift, root, style, marker=".", ms=3, color=COLOURS[i % len(COLOURS)], label=str(name))
    ax.set_xlim(-most, most)
    ax.set_ylim(-1.3 * limit, 1.3 * limit)
    ax.set_xlabel("distance from the estimate / standard deviation")
    ax.set_ylabel("signed root of the rise of χ²")
    ax.legend(ncols=2, fontsize="small", title="95 % lies in the band")


@profile_stage.demo
def demo(rng: np.random.Generator) -> Demo:
    """An arc and diffusion that the sweep leaves too early (100 kHz to 1 Hz), noise of 1 % of |Z|: lopsided intervals."""
    circuit = read_circuit("R0-p(R1,Q1)-W2")
    truth = {
        "R0": rng.uniform(3, 8),
        "R1": rng.uniform(20, 40),
        "Q1": rng.uniform(3e-4, 6e-4),
        "n1": rng.uniform(0.8, 0.9),
        "W2": rng.uniform(5, 10),
    }
    noise, f = 1e-2, np.geomspace(1e5, 1.0, 51)
    spectrum = noisy_spectrum(circuit, truth, f, noise, rng)
    return Demo((spectrum,), {**truth, "chi2_reduced": noise**2}, {"circuit": circuit.text})
