"""Mean square displacements of many walkers by Fourier transform, and unwrapped paths of molecules in a periodic box."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def centres(place: np.ndarray, box: np.ndarray, molecule: np.ndarray, mass: np.ndarray) -> Floats:
    """Centres of mass of molecules (frame, molecule, 3) on unwrapped paths; place (frame, atom, 3), box (frame, 3).

    Each molecule is made whole by the nearest images of its atoms to its first one, and followed from frame to frame by the
    nearest image of its centre. *Valid when* no centre moves by half a box between frames, and no molecule spans half a box.
    """
    _, first, of = np.unique(molecule, return_index=True, return_inverse=True)
    whole = np.bincount(of, mass)
    out = np.empty((len(place), len(first), 3))
    for k in range(len(place)):
        now = place[k].astype(float)
        near = now - now[first][of]
        near -= box[k] * np.rint(near / box[k])
        for axis in range(3):
            out[k, :, axis] = now[first, axis] + np.bincount(of, mass * near[:, axis]) / whole
        if k:
            step = out[k] - out[k - 1]
            out[k] -= box[k] * np.rint(step / box[k])
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
