"""Conjugate gradients preconditioned by geometric multigrid: diffusion through the faces of a box of cells, of any contrast."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from anodefree.errors import NumericalError

COARSEST = 24
"""Cells at and below which a level is solved by its dense inverse."""
DEEPEST = 14
"""Levels that the compiled form has room for: 2^13 cells in the longest direction, and more in the coarsest."""


class Multigrid:
    """Solves sum over faces T (u - u_neighbour) + d u = b on arrays (z, y, x); one cell in y is two dimensions.

    T are transmissibilities of faces (conductivity times area over distance; at a jump, the harmonic mean), positive or zero; d
    is positive or zero: a fixed value behind a border face of transmissibility T is d += T and b += T times the value. Borders
    are insulating, those in x and y periodic where asked (the first border face counts). Without any d the mean of b is taken
    off and the solution has zero mean. Memory is about 17 fields. `spacing` (z, y, x) is for oblong cells: a direction is
    coarsened once the others have caught up. A solve runs on one thread: memory, not arithmetic, bounds it, and a second thread
    gained a third in two dimensions and nothing in three. It holds no lock, so that several may run at a time.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        periodic: tuple[bool, bool] = (False, False),
        dtype: DTypeLike = np.float64,
        spacing: tuple[float, float, float] = (1.0, 1.0, 1.0),
        sweeps: int = 1,
    ) -> None:
        self.shape, self.periodic, self.dtype, self.sweeps = shape, periodic, np.dtype(dtype), sweeps
        self.shapes = levels(shape, spacing)
        self.depth = len(self.shapes)
        self._u, self._b, self._whole, self._inverse, self._d = (self._stack((0, 0, 0)) for _ in range(5))
        self._tx, self._ty, self._tz = self._stack((0, 0, 1)), self._stack((0, 1, 0)), self._stack((1, 0, 0))
        lines = [np.zeros((1, s[2]), self.dtype) for s in self.shapes]
        self._lines = tuple(lines + [np.zeros((1, 1), self.dtype)] * (DEEPEST - self.depth))
        self._x, self._p, self._q = (np.zeros(shape, self.dtype) for _ in range(3))
        cells = math.prod(self.shapes[-1])
        self._dense, self._matrix = np.zeros((cells, cells)), np.zeros((cells, cells))
        self.singular = False

    def _stack(self, extra: tuple[int, int, int]) -> tuple[NDArray[Any], ...]:
        made = [np.zeros(tuple(n + e for n, e in zip(s, extra, strict=True)), self.dtype) for s in self.shapes]
        return tuple(made + [np.zeros((1, 1, 1), self.dtype)] * (DEEPEST - self.depth))

    def set(self, tx: NDArray[Any], ty: NDArray[Any], tz: NDArray[Any], diagonal: NDArray[Any] | float = 0.0) -> None:
        """Faces (nz, ny, nx+1), (nz, ny+1, nx), (nz+1, ny, nx) and the diagonal d of the cells; builds the coarser levels."""
        from anodefree.numerics.compiled import multigrid_levels as c

        self._tx[0][:], self._ty[0][:], self._tz[0][:], self._d[0][:] = tx, ty, tz, diagonal
        self._close_borders()
        for n, (fine, coarse) in enumerate(itertools.pairwise(self.shapes)):
            fz, fy, fx = (2 if m < f else 1 for f, m in zip(fine, coarse, strict=True))
            c.coarsened_x(self._tx[n + 1], self._tx[n], fy, fz)
            c.coarsened_y(self._ty[n + 1], self._ty[n], fx, fz)
            c.coarsened_z(self._tz[n + 1], self._tz[n], fx, fy)
            c.gathered(self._d[n + 1], self._d[n])
        for n in range(self.depth):
            c.whole_diagonal(self._whole[n], self._inverse[n], self._tx[n], self._ty[n], self._tz[n], self._d[n])
        last = self.depth - 1
        self.singular = not bool(self._d[0].any())
        c.dense_inverse(
            self._dense, self._matrix, self._tx[last], self._ty[last], self._tz[last], self._whole[last], self.singular
        )

    def _close_borders(self) -> None:
        tx, ty, tz = self._tx[0], self._ty[0], self._tz[0]
        tx[:, :, -1] = tx[:, :, 0] if self.periodic[0] else 0
        ty[:, -1] = ty[:, 0] if self.periodic[1] else 0
        if not self.periodic[0] or self.shape[2] == 1:
            tx[:, :, 0] = tx[:, :, -1] = 0
        if not self.periodic[1] or self.shape[1] == 1:
            ty[:, 0] = ty[:, -1] = 0
        tz[0] = tz[-1] = 0

    def _levels(self) -> tuple[Any, ...]:
        return (
            self._u, self._b, self._whole, self._inverse, self._tx, self._ty, self._tz, self._lines,
            self._dense, self.depth, self.sweeps,
        )  # fmt: skip

    def solve(
        self, right: NDArray[Any], start: NDArray[Any] | None = None, tolerance: float = 1e-8, max_iterations: int = 100
    ) -> tuple[NDArray[Any], int, float]:
        """The solution (a new array), the iterations taken and the residual over the norm of the right side.

        Raises
        ------
        NumericalError: the coefficients or the right side are not finite.
        """
        from anodefree.numerics.compiled.multigrid import solve

        self._x[:] = 0 if start is None else start
        given = np.ascontiguousarray(right, self.dtype)
        count, residual = solve(
            self._x, self._p, self._q, given, self._levels(), self.singular, float(tolerance), int(max_iterations)
        )
        if not math.isfinite(residual):
            raise NumericalError(
                "the solution is not finite", "multigrid", "look for cells with infinite or missing coefficients"
            )
        return self._x.copy(), int(count), float(residual)

    def precondition(self, right: NDArray[Any]) -> NDArray[Any]:
        """One V-cycle from zero: an approximate inverse, symmetric and positive."""
        from anodefree.numerics.compiled.multigrid import cycle

        self._b[0][:] = right
        cycle(self._levels())
        return self._u[0].copy()


def levels(shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> list[tuple[int, int, int]]:
    """The boxes from the finest to the coarsest: every direction is halved whose spacing is not twice the smallest."""
    shapes, widths = [shape], list(spacing)
    while math.prod(shapes[-1]) > COARSEST and len(shapes) < DEEPEST:
        now = shapes[-1]
        least = min(w for w, n in zip(widths, now, strict=True) if n > 1)
        halved = [n > 1 and w < 1.99 * least for w, n in zip(widths, now, strict=True)]
        shapes.append(tuple((n + 1) // 2 if h else n for n, h in zip(now, halved, strict=True)))  # type: ignore[arg-type]
        widths = [2 * w if h else w for w, h in zip(widths, halved, strict=True)]
    return shapes
