"""One multigrid cycle and the conjugate gradients around it, compiled, on face transmissibilities of a box of cells.

A cell's equation is sum over its faces T (u - u of the neighbour) + d u = b. Levels are tuples of arrays (z, y, x), the finest
first, padded with empty ones so that every depth has one compiled form. Neighbours wrap around in x and y: an insulating border
is a face with T = 0. Rows are computed whole into a line, which vectorises, and one colour of it is kept.
"""

from __future__ import annotations

import math

from numba import njit

_inlined = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"}, forceinline=True)
_compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})

RED, BLACK = 0, 1


@_inlined
def _neighbours(line, u, tx, ty, tz, k, j):  # type: ignore[no-untyped-def]
    """The sum over the faces of the cells of one row of T times the neighbour's u, into `line`."""
    nz, ny, nx = u.shape
    row, t = u[k, j], tx[k, j]
    inside, west, east = line[1 : nx - 1], row[0 : nx - 2], row[2:nx]
    face, next_face = t[1 : nx - 1], t[2:nx]
    for i in range(nx - 2):
        inside[i] = face[i] * west[i] + next_face[i] * east[i]
    line[0] = t[0] * row[nx - 1] + t[1] * row[1 % nx]
    line[nx - 1] = t[nx - 1] * row[max(nx - 2, 0)] + t[nx] * row[0]
    below, above, down, up = tz[k, j], tz[k + 1, j], u[max(k - 1, 0), j], u[min(k + 1, nz - 1), j]
    for i in range(nx):
        line[i] += below[i] * down[i] + above[i] * up[i]
    if ny > 1:
        front, back, near, far = ty[k, j], ty[k, j + 1], u[k, j - 1 if j > 0 else ny - 1], u[k, j + 1 if j < ny - 1 else 0]
        for i in range(nx):
            line[i] += front[i] * near[i] + back[i] * far[i]


@_inlined
def _relaxed(line, u, b, inverse, tx, ty, tz, k, j, colour):  # type: ignore[no-untyped-def]
    """The cells of one colour in a row meet their equation."""
    _neighbours(line, u, tx, ty, tz, k, j)
    row, right, scale = u[k, j], b[k, j], inverse[k, j]
    for i in range(line.shape[0]):
        line[i] = (line[i] + right[i]) * scale[i]
    for i in range((k + j + colour) % 2, line.shape[0], 2):
        row[i] = line[i]


@_compiled
def _sweep(u, b, inverse, tx, ty, tz, lines, colour, backward):  # type: ignore[no-untyped-def]
    """Half a Gauss-Seidel step: all cells of one colour; backward so that a pair of sweeps is symmetric at an odd seam."""
    nz, ny, _ = u.shape
    for plane in range(nz):
        k = nz - 1 - plane if backward else plane
        line = lines[k % lines.shape[0]]
        for place in range(ny):
            _relaxed(line, u, b, inverse, tx, ty, tz, k, ny - 1 - place if backward else place, colour)


@_compiled
def _applied(out, u, diagonal, tx, ty, tz, lines):  # type: ignore[no-untyped-def]
    """`out` = A u, and the scalar product u A u. `diagonal` is the whole one: all faces of a cell and its d."""
    nz, ny, nx = u.shape
    total = 0.0
    for k in range(nz):
        line = lines[k % lines.shape[0]]
        part = 0.0
        for j in range(ny):
            _neighbours(line, u, tx, ty, tz, k, j)
            row, whole, result = u[k, j], diagonal[k, j], out[k, j]
            some = line[0] * 0
            for i in range(nx):
                line[i] = whole[i] * row[i] - line[i]
                some += row[i] * line[i]
            result[:] = line
            part += some
        total += part
    return total


@_compiled
def _restricted(coarse, u, b, diagonal, tx, ty, tz, lines):  # type: ignore[no-untyped-def]
    """The residual b - A u of the fine cells summed over each coarse cell."""
    nz, ny, nx = u.shape
    mz, my, mx = coarse.shape
    fz, fy, fx = 2 if mz < nz else 1, 2 if my < ny else 1, 2 if mx < nx else 1
    for big in range(mz):
        line = lines[big % lines.shape[0]]
        coarse[big] = 0
        for k in range(fz * big, min(fz * big + fz, nz)):
            for j in range(ny):
                _neighbours(line, u, tx, ty, tz, k, j)
                row, right, whole, target = u[k, j], b[k, j], diagonal[k, j], coarse[big, j // fy]
                for i in range(nx):
                    line[i] += right[i] - whole[i] * row[i]
                _summed(target, line, fx)


@_inlined
def _summed(target, line, factor):  # type: ignore[no-untyped-def]
    """Pairs of a line (or single cells) added onto a coarse one; an odd line ends in a coarse cell of one."""
    if factor == 1:
        for i in range(line.shape[0]):
            target[i] += line[i]
        return
    pairs = line.shape[0] // 2
    for i in range(pairs):
        target[i] += line[2 * i] + line[2 * i + 1]
    if line.shape[0] % 2:
        target[pairs] += line[2 * pairs]


@_compiled
def _prolonged(u, coarse):  # type: ignore[no-untyped-def]
    """The coarse correction added to every fine cell below it."""
    nz, ny, nx = u.shape
    mz, my, mx = coarse.shape
    fz, fy, fx = 2 if mz < nz else 1, 2 if my < ny else 1, 2 if mx < nx else 1
    for k in range(nz):
        for j in range(ny):
            row, source = u[k, j], coarse[k // fz, j // fy]
            if fx == 1:
                for i in range(nx):
                    row[i] += source[i]
            else:
                for i in range(nx // 2):
                    row[2 * i] += source[i]
                    row[2 * i + 1] += source[i]
                if nx % 2:
                    row[nx - 1] += source[nx // 2]


@_compiled
def _first(u, b, inverse, colour):  # type: ignore[no-untyped-def]
    """The half sweep that begins from zero: one colour is b over the diagonal, the other zero. Not for an odd seam in y."""
    nz, ny, nx = u.shape
    for k in range(nz):
        for j in range(ny):
            row, right, scale = u[k, j], b[k, j], inverse[k, j]
            row[:] = 0
            for i in range((k + j + colour) % 2, nx, 2):
                row[i] = right[i] * scale[i]


@_compiled
def _advanced(x, r, p, q, step):  # type: ignore[no-untyped-def]
    """x += step p and r -= step q; the square of r."""
    nz, ny, nx = x.shape
    total = 0.0
    for k in range(nz):
        part = 0.0
        for j in range(ny):
            x_row, r_row, p_row, q_row = x[k, j], r[k, j], p[k, j], q[k, j]
            some = x_row[0] * 0
            for i in range(nx):
                x_row[i] += step * p_row[i]
                r_row[i] -= step * q_row[i]
                some += r_row[i] * r_row[i]
            part += some
        total += part
    return total


@_compiled
def _product(a, b):  # type: ignore[no-untyped-def]
    """The scalar product of two fields, rows in their own precision and their sum in double."""
    nz, ny, nx = a.shape
    total = 0.0
    for k in range(nz):
        part = 0.0
        for j in range(ny):
            left, right = a[k, j], b[k, j]
            some = left[0] * 0
            for i in range(nx):
                some += left[i] * right[i]
            part += some
        total += part
    return total


@_compiled
def _directed(p, z, factor):  # type: ignore[no-untyped-def]
    """p = z + factor p."""
    for k in range(p.shape[0]):
        for j in range(p.shape[1]):
            left, right = p[k, j], z[k, j]
            for i in range(left.shape[0]):
                left[i] = right[i] + factor * left[i]


@_compiled
def _solved_coarsest(u, b, dense):  # type: ignore[no-untyped-def]
    """The coarsest level by its dense inverse."""
    left, right = u.reshape(-1), b.reshape(-1)
    for m in range(left.shape[0]):
        total = 0.0
        for n in range(right.shape[0]):
            total += dense[m, n] * right[n]
        left[m] = total


@_inlined
def _recentred(field):  # type: ignore[no-untyped-def]
    """The mean taken off."""
    total = 0.0
    for k in range(field.shape[0]):
        for j in range(field.shape[1]):
            for i in range(field.shape[2]):
                total += field[k, j, i]
    mean = total / field.size
    for k in range(field.shape[0]):
        for j in range(field.shape[1]):
            for i in range(field.shape[2]):
                field[k, j, i] -= mean


@_compiled
def cycle(levels):  # type: ignore[no-untyped-def]
    """us[0] = M bs[0]: one V-cycle from zero, symmetric and positive definite as a preconditioner."""
    us, bs, diagonals, inverses, txs, tys, tzs, lines, dense, depth, sweeps = levels
    for n in range(depth - 1):
        u, b, t, tx, ty, tz, line = us[n], bs[n], inverses[n], txs[n], tys[n], tzs[n], lines[n]
        if u.shape[1] % 2 and u.shape[1] > 1:
            u[:] = 0
            _sweep(u, b, t, tx, ty, tz, line, RED, False)
        else:
            _first(u, b, t, RED)
        _sweep(u, b, t, tx, ty, tz, line, BLACK, False)
        for _ in range(sweeps - 1):
            _sweep(u, b, t, tx, ty, tz, line, RED, False)
            _sweep(u, b, t, tx, ty, tz, line, BLACK, False)
        _restricted(bs[n + 1], u, b, diagonals[n], tx, ty, tz, line)
    _solved_coarsest(us[depth - 1], bs[depth - 1], dense)
    for n in range(depth - 2, -1, -1):
        u, b, t, tx, ty, tz, line = us[n], bs[n], inverses[n], txs[n], tys[n], tzs[n], lines[n]
        _prolonged(u, us[n + 1])
        for _ in range(sweeps):
            _sweep(u, b, t, tx, ty, tz, line, BLACK, True)
            _sweep(u, b, t, tx, ty, tz, line, RED, True)


@_compiled
def solve(x, p, q, right, levels, singular, tolerance, most):  # type: ignore[no-untyped-def]
    """Preconditioned conjugate gradients from x, in place; the iterations and the residual over the right side."""
    us, bs, diagonals, _, txs, tys, tzs, lines, _, _, _ = levels
    r, z = bs[0], us[0]
    r[:] = right
    if singular:
        _recentred(r)
    size = math.sqrt(_product(r, r))
    if size == 0.0:
        x[:] = 0
        return 0, 0.0
    _applied(q, x, diagonals[0], txs[0], tys[0], tzs[0], lines[0])
    _directed(q, r, -1.0)
    r[:] = q
    error = math.sqrt(_product(r, r)) / size
    before, count = 1.0, 0
    while error > tolerance and count < most:
        cycle(levels)
        now = _product(r, z)
        _directed(p, z, now / before if count else 0.0)
        before = now
        curvature = _applied(q, p, diagonals[0], txs[0], tys[0], tzs[0], lines[0])
        if not curvature > 0.0:
            break
        error = math.sqrt(_advanced(x, r, p, q, now / curvature)) / size
        count += 1
    if singular:
        _recentred(x)
    return count, error
