"""Fits of a circuit as estimates and curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import stdtrit

from anodefree.analysis.eis.circuit_fit import CircuitFit
from anodefree.analysis.eis.likelihood_profile import Profile, profile
from anodefree.core.measurement import Measurement
from anodefree.core.result import Check, Estimate

Curves = dict[str, tuple[Any, np.ndarray]]


def estimates_of(found: CircuitFit, suffix: str = "", of: str = "") -> dict[str, Estimate]:
    """One estimate per parameter, with its 95 % interval (of the logarithm where it is positive over decades)."""
    estimates = {}
    t = float(stdtrit(found.fit.dof, 0.975))
    for p in found.circuit.parameters:
        value, std = found.values[p.name], found.std[p.name]
        if p.log:
            factor = float(np.exp(min(t * std / value, 300.0)))
            low, high = value / factor, value * factor
        else:
            low, high = value - t * std, value + t * std
        estimates[p.name + suffix] = Estimate(value, std, p.unit, p.name + of, low=low, high=high)
    return estimates


def profiles_of(found: CircuitFit) -> dict[str, Profile]:
    """The profile likelihood of each free parameter."""
    problem = found.problem
    if problem is None:
        return {}
    names = found.circuit.names
    return {names[k]: profile(problem, found.fit, int(k)) for k in np.flatnonzero(found.free)}


def with_profiles(estimates: Mapping[str, Estimate], profiles: Mapping[str, Profile], suffix: str = "") -> dict[str, Estimate]:
    """The estimates with `low` and `high` where their profiles end."""
    bounded = {n + suffix: replace(estimates[n + suffix], low=p.low, high=p.high) for n, p in profiles.items()}
    return {**estimates, **bounded}


def profile_checks(profiles: Mapping[str, Profile]) -> list[Check]:
    """Whether every interval ends, and whether the fit was the lowest point on all profiles."""
    endless = [f"{n} {side}" for n, p in profiles.items() for side in ("below", "above") if getattr(p, f"open_{_END[side]}")]
    lower = [n for n, p in profiles.items() if p.better]
    return [
        Check.that(
            "intervals",
            not endless,
            "every interval ends within the bounds",
            f"no end within the bounds: {', '.join(endless[:4])}{' and more' if len(endless) > 4 else ''}; "
            "the data do not exclude such values",
        ),
        Check.that(
            "lowest",
            not lower,
            "no profile leads below the fit",
            f"the profile of {', '.join(lower[:4])} leads to a lower minimum than the fit's: give a guess near it",
        ),
    ]


_END = {"below": "low", "above": "high"}


def criteria(fits: Sequence[CircuitFit]) -> dict[str, Estimate]:
    """Pooled chi2 per degree of freedom, and the information criteria of all spectra together."""
    dof = sum(f.fit.dof for f in fits)
    pooled = sum(f.fit.chi2 for f in fits) / dof
    return {
        "chi2_reduced": Estimate(pooled, pooled * float(np.sqrt(2 / dof)), "1", "chi2 per degree of freedom"),
        "AIC": Estimate(sum(f.aic for f in fits), 0.0, "1", "Akaike's criterion (only differences count)"),
        "BIC": Estimate(sum(f.bic for f in fits), 0.0, "1", "Schwarz's criterion (only differences count)"),
    }


def padded(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Rows of unequal length as one array, NaN behind the shorter ones."""
    out = np.full((len(rows), max(map(len, rows))), np.nan)
    for i, row in enumerate(rows):
        out[i, : len(row)] = row
    return out


def unit_suffix(unit: str) -> str:
    """The suffix of an array's name for a parameter's unit."""
    return {"ohm": "_ohm", "F": "_F", "H": "_H", "s": "_s"}.get(unit, "")


def curves_of(fits: Sequence[CircuitFit], spectra: Measurement) -> Curves:
    """Spectra, fitted lines, residuals, parameters and their correlation, over the spectra."""
    point = ("spectrum", "frequency")
    residual = [(f.z_ohm - f.model_ohm) / np.abs(f.z_ohm) for f in fits]
    curves: Curves = {
        "frequency_Hz": (point, padded([f.frequency_Hz for f in fits])),
        "Z_re_ohm": (point, padded([f.z_ohm.real for f in fits])),
        "Z_im_ohm": (point, padded([f.z_ohm.imag for f in fits])),
        "fit_re_ohm": (point, padded([f.model_ohm.real for f in fits])),
        "fit_im_ohm": (point, padded([f.model_ohm.imag for f in fits])),
        "residual_re": (point, padded([r.real for r in residual])),
        "residual_im": (point, padded([r.imag for r in residual])),
        "chi2_reduced": ("spectrum", np.array([f.fit.chi2_reduced for f in fits])),
    }
    for name in ("temperature_K", "potential_V", "time_s"):
        if name in spectra:
            curves[name] = ("spectrum", spectra[name])
    for p in fits[0].circuit.parameters:
        unit = unit_suffix(p.unit)
        curves[p.name + unit] = ("spectrum", np.array([f.values[p.name] for f in fits]))
        curves[f"{p.name}_std{unit}"] = ("spectrum", np.array([f.std[p.name] for f in fits]))
    curves["parameter_name"] = ("parameter", np.array(fits[0].circuit.names, dtype=object))
    curves["correlation"] = (("spectrum", "parameter", "with_parameter"), np.stack([f.correlation for f in fits]))
    return curves
