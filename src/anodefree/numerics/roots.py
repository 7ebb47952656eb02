"""Roots of many one-dimensional functions at once, each held in its bracket."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from anodefree.errors import NumericalError


def bracketed_root(
    function: Callable[[np.ndarray], np.ndarray], low: ArrayLike, high: ArrayLike, *, absolute: float = 0.0, steps: int = 200
) -> np.ndarray:
    """Where each element of `function(x)` changes its sign between `low` and `high`: an array of their broadcast shape.

    Inverse quadratic interpolation where three points make it safe, bisection otherwise: it needs no derivative, never leaves
    the bracket, and is as close as floating point allows, or as `absolute` where that is more. `function` maps an array to one
    of the same shape, element by element.
    *Valid when* each function is continuous; where it vanishes on an interval, one point of it is found.
    *Source* Chandrupatla 1997, algorithm 1.

    Raises
    ------
    NumericalError: a function has the same sign at both ends, or is not a number.
    """
    a, b = (np.array(x) for x in np.broadcast_arrays(np.asarray(high, dtype=float), np.asarray(low, dtype=float)))
    shape = a.shape
    a, b = a.reshape(-1), b.reshape(-1)
    fa, fb = (np.asarray(function(x.reshape(shape)), dtype=float).reshape(-1) for x in (a, b))
    if not (fa * fb <= 0).all():
        raise NumericalError("a root is not bracketed", hint="check that the value can be reached within the bounds")
    c, fc = a.copy(), fa.copy()
    t = np.full(a.shape, 0.5)
    best = np.where(np.abs(fa) < np.abs(fb), a, b)
    for _ in range(steps):
        x = a + t * (b - a)
        fx = np.asarray(function(x.reshape(shape)), dtype=float).reshape(-1)
        same = np.sign(fx) == np.sign(fa)
        c, fc = np.where(same, a, b), np.where(same, fa, fb)
        b, fb = np.where(same, b, a), np.where(same, fb, fa)
        a, fa = x, fx
        best = np.where(np.abs(fa) < np.abs(fb), a, b)
        at_best = np.minimum(np.abs(fa), np.abs(fb))
        width = np.abs(b - a)
        tolerance = 2 * np.finfo(float).eps * np.abs(best) + max(absolute, np.finfo(float).tiny)
        done = (tolerance > 0.5 * width) | (at_best == 0)
        if done.all():
            return best.reshape(shape)
        with np.errstate(all="ignore"):
            xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
            safe = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi)
            step = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
            edge = np.minimum(0.5, tolerance / width)
        t = np.clip(np.where(safe & np.isfinite(step), step, 0.5), edge, 1 - edge)
        # A root that is found stays where it is: its next point is its best one.
        t = np.where(done, np.where(best == a, 0.0, 1.0), t)
    raise NumericalError(f"a root was not found in {steps} steps", hint="is the function continuous within the bounds?")
