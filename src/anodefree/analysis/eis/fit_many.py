"""The spectra of a series fitted on all cores: each from its own starts, then from its neighbours' results."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from anodefree.analysis.eis.circuit_fit import CircuitFit, Problem, problem_of, search, solution
from anodefree.core.context import Context
from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError, DataError
from anodefree.numerics.fitting import Fit
from anodefree.physics.circuits import Circuit

Made = TypeVar("Made")

_SWEEPS = 5
_SURE = 0.5


def fit_series(
    spectra: Measurement,
    circuit: Circuit,
    *,
    near_values: Sequence[np.ndarray] = (),
    sigma_ohm: np.ndarray | None = None,
    context: Context | None = None,
    **options: Any,
) -> list[CircuitFit]:
    """Each spectrum of a series; options as for `fit_circuit`, `sigma_ohm` (spectrum, frequency). Rows may be padded with NaN.

    Spectra are searched independently, several at a time. Where few of a spectrum's starts agree, it then tries its neighbours'
    results, until none gains by it: the outcome does not depend on the order or on the number of cores.

    Raises
    ------
    DataError: a spectrum has too few points or an impedance of zero.
    """
    problems = [_problem(spectra, i, circuit, sigma_ohm, options) for i in range(len(spectra))]

    def alone(i: int) -> Fit:
        return search(problems[i], near_values)

    def told(done: int) -> None:
        if context is not None:
            context.progress(done / len(problems), f"spectrum {done} of {len(problems)}")

    found = each(alone, range(len(problems)), told)
    moved = set(range(len(found)))
    for _ in range(_SWEEPS):
        doubtful = [i for i in range(len(found)) if found[i].agreeing < _SURE and {i - 1, i + 1} & moved]
        before = list(found)

        def neighbourly(i: int, before: Sequence[Fit] = tuple(before)) -> Fit:
            return _from_neighbours(problems[i], before[i], [before[j] for j in (i - 1, i + 1) if 0 <= j < len(before)])

        for i, better in zip(doubtful, each(neighbourly, doubtful), strict=True):
            found[i] = better
        moved = {i for i in doubtful if found[i] is not before[i]}
        if not moved:
            break
    return [solution(p, f) for p, f in zip(problems, found, strict=True)]


def fit_one(spectra: Measurement, which: int, circuit: Circuit, *, thorough: bool = True, **options: Any) -> CircuitFit:
    """One spectrum of a series, on its own; options as for `fit_circuit`, `thorough` as for `search`.

    Raises
    ------
    ConfigError: there is no such spectrum. DataError: it has too few points or an impedance of zero.
    """
    if which >= len(spectra):
        raise ConfigError(f"there is no spectrum {which}", "spectrum", f"it holds {len(spectra)}, counted from 0")
    problem = _problem(spectra, which, circuit, None, options)
    return solution(problem, search(problem, thorough=thorough))


def _problem(spectra: Measurement, i: int, circuit: Circuit, sigma_ohm: np.ndarray | None, options: dict[str, Any]) -> Problem:
    f, re, im = (spectra[n][i] for n in ("frequency_Hz", "Z_re_ohm", "Z_im_ohm"))
    good = np.isfinite(f) & np.isfinite(re) & np.isfinite(im)
    sigma = None if sigma_ohm is None else sigma_ohm[i][good]
    try:
        return problem_of(circuit, f[good], re[good] + 1j * im[good], sigma_ohm=sigma, **options)
    except DataError as error:
        raise DataError(error.what, f"{spectra.source.name}, spectrum {i}", error.hint) from error


def _from_neighbours(problem: Problem, own: Fit, theirs: Sequence[Fit]) -> Fit:
    """The spectrum's own fit, unless its neighbours' results lead lower."""
    if not theirs:
        return own
    other = problem.minimise(np.stack([t.values for t in theirs]))
    if not other.chi2 < own.chi2 * (1 - 1e-6):
        return own
    rarely = other.agreeing * len(theirs) / (len(theirs) + 10)  # none of its own starts had come here
    return problem.named(replace(other, agreeing=rarely))


def each(work: Callable[[Any], Made], todo: Sequence[Any], told: Callable[[int], None] | None = None) -> list[Made]:
    """`work` for each, on all cores, in order; `told` hears how many are done. A cancel or Ctrl-C drops what has not begun."""
    done: list[Made] = []
    with ThreadPoolExecutor(max(1, min(len(todo), _cores()))) as pool:
        try:
            for made in pool.map(work, todo):
                done.append(made)
                if told is not None:
                    told(len(done))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return done


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
