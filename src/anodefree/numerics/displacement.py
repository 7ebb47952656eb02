"""Mean square displacements of many walkers by Fourier transform, and unwrapped paths of molecules in a periodic box."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FRAMES_TOGETHER: Final = 500_000
"""Atoms times frames that are worked on at once."""


def centres(place: np.ndarray, box: np.ndarray, molecule: np.ndarray, mass: np.ndarray) -> Floats:
    """Centres of mass of molecules (frame, molecule, 3) on unwrapped paths; place (frame, atom, 3), box (frame, 3).

    Each molecule is made whole by the nearest images of its atoms to its first one; its path is the sum of the nearest images
    of its centre's steps from frame to frame, which a box that breathes does not stretch. *Valid when* no centre moves by half
    a box between frames, and no molecule spans half a box.
    """
    order = np.argsort(molecule, kind="stable")
    _, first, size = np.unique(molecule[order], return_index=True, return_counts=True)
    head = np.repeat(first, size)
    share = (mass[order] / np.repeat(np.add.reduceat(mass[order], first), size))[:, None]
    out = np.empty((len(place), len(first), 3))
    chunk = max(FRAMES_TOGETHER // len(molecule), 1)
    for k in range(0, len(place), chunk):
        edge = box[k : k + chunk, None, :]
        now = place[k : k + chunk, order].astype(float)
        near = now - now[:, head]
        near -= edge * np.rint(near / edge)
        out[k : k + chunk] = now[:, first] + np.add.reduceat(share * near, first, axis=1)
    step = np.diff(out, axis=0)
    step -= box[1:, None, :] * np.rint(step / box[1:, None, :])
    np.cumsum(step, axis=0, out=step)
    out[1:] = out[0] + step
    return out


def without_drift(paths: Floats, mass: np.ndarray) -> Floats:
    """Paths in the frame of the centre of all mass; mass (molecule,)."""
    return np.asarray(paths - np.einsum("fmk,m->fk", paths, mass / mass.sum())[:, None, :])


def mean_square(paths: Floats) -> Floats:
    """<|r(t0 + t) - r(t0)|²> over walkers and starts (frame,), paths (frame, walker, 3), in O(n log n).

    *Source* Calandrini et al. 2011, section 2: the sum of squares less twice the autocorrelation.
    """
    n = len(paths)
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(paths, size, axis=0)
    correlation = np.fft.irfft(spectrum * np.conj(spectrum), size, axis=0)[:n].sum(axis=2)
    square = (paths**2).sum(axis=2)
    ends = np.concatenate([np.zeros((1, square.shape[1])), np.cumsum(square, axis=0)])
    lag = np.arange(n)
    both = ends[n - lag] + ends[n] - ends[lag]
    return np.asarray(((both - 2 * correlation) / (n - lag)[:, None]).mean(axis=1))


def mean_product(one: Floats, other: Floats) -> Floats:
    """<(a(t0 + t) - a(t0))·(b(t0 + t) - b(t0))> over starts (frame,), of two paths (frame, 3): from squares of their sum."""
    both, first, second = (mean_square(p[:, None, :]) for p in (one + other, one, other))
    return np.asarray(0.5 * (both - first - second))


def persistence(touching: NDArray[np.bool_]) -> Floats:
    """C(t) = <h(t0) h(t0 + t)>/<h> of pairs (frame, pair) that touch or not, breaks allowed in between (frame,)."""
    n = len(touching)
    size = 1 << (2 * n - 1).bit_length()
    h = touching.astype(float)
    spectrum = np.fft.rfft(h, size, axis=0)
    both = np.fft.irfft((spectrum * np.conj(spectrum)).sum(axis=1), size)[:n]
    total = h.sum(axis=1)
    ends = np.concatenate([[0.0], np.cumsum(total)])
    started = ends[n - np.arange(n)]
    return np.asarray(both / np.maximum(started, 1e-300))
