"""Random numbers from counters, compiled: the same ion at the same step draws the same numbers on any number of threads.

A counter is mixed by the finaliser of SplitMix64 twice over; pairs of normals follow by Box and Muller. Runs with and without a
field that share a seed are therefore paired draw by draw. *Source* Steele, Lea and Flood, OOPSLA 2014 (SplitMix64).
"""

from __future__ import annotations

import numpy as np
from numba import njit

_compiled = njit(cache=True, nogil=True, error_model="numpy", inline="always")


@_compiled
def _mixed(x):  # type: ignore[no-untyped-def]
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@_compiled
def uniform(seed, stream, count):  # type: ignore[no-untyped-def]
    """A number in (0, 1) for the `count`-th draw of a stream."""
    x = _mixed(np.uint64(seed) + np.uint64(stream) * np.uint64(0x9E3779B97F4A7C15))
    x = _mixed(x + np.uint64(count) * np.uint64(0xD1B54A32D192ED03))
    return (np.float64(x >> np.uint64(11)) + 0.5) * (1.0 / 9007199254740992.0)


@_compiled
def normals(seed, stream, count):  # type: ignore[no-untyped-def]
    """Two independent standard normals for the draws `count` and `count` + 1."""
    size = np.sqrt(-2.0 * np.log(uniform(seed, stream, count)))
    angle = 2.0 * np.pi * uniform(seed, stream, count + 1)
    return size * np.cos(angle), size * np.sin(angle)
