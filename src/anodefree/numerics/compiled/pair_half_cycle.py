"""Two lithium electrodes through one step of a program: salt, lithium accounts and voltage in time, compiled.

See `anodefree.physics.lithium_pair` for the equations and `anodefree.numerics.pair_terms` for the arguments.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from anodefree.numerics import pair_terms as p
from anodefree.numerics.compiled.layer_diffusion import diffuse
from anodefree.numerics.compiled.pair_electrode import HUGE_V, coverage, electrode_V

_compiled = njit(cache=True, nogil=True, error_model="numpy")
_FLOOR_M = 1e-9
"""Thickness of a layer of dead lithium before there is any, so that its cells have a volume."""
_MOST_STEPS = 30_000
_TURNS = 12
_CLOSE = 1e-9
"""Beside a short the current of an internal step is that of its end, found by the secant method to this part of itself."""
_EMPTY = 1e-4
"""Part of the covering charge below which an electrode beside a short is empty: its current fades, and V does not rise."""


@_compiled
def mesh(lithium, widths, porosity, layers, medium, volume, half):  # type: ignore[no-untyped-def]
    """Pore volume and half resistance of each cell; the `layers` cells at either wall share the layer of dead lithium."""
    n = widths.size
    for k in range(n):
        w, pores, transport = widths[k], porosity, medium.separator_transport
        if k < layers or k >= n - layers:
            dead = lithium[0 if k < layers else 1, p.DEAD]
            solid = medium.molar_volume_m3_mol * dead / medium.faraday_C_mol
            w = (_FLOOR_M + solid / (1.0 - medium.layer_porosity)) / layers
            pores, transport = medium.layer_porosity, medium.layer_transport
        volume[k] = w * pores
        half[k] = 0.5 * w / (medium.diffusivity_m2_s * transport)


@_compiled
def surface_mol_m3(c, half, s, medium):  # type: ignore[no-untyped-def]
    """Concentration at both walls, from the cells beside them and the gradient that the flux s asks for."""
    b, c0 = medium.diffusivity_fall, medium.concentration_mol_m3
    first, last = c[0], c[c.size - 1]
    one = first + s * half[0] * np.exp(b * (first / c0 - 1.0))
    other = last - s * half[c.size - 1] * np.exp(b * (last / c0 - 1.0))
    return one, other


@_compiled
def voltage_V(c, half, lithium, i, medium, sides, time_s, throughput, bare_V, parts):  # type: ignore[no-untyped-def]
    """Cell voltage at the current i (positive strips the working electrode); its `parts` add up to it, but at rest."""
    c0, thermal = medium.concentration_mol_m3, medium.thermal_V
    s = (1.0 - medium.transference) * i / medium.faraday_C_mol
    one, other = surface_mol_m3(c, half, s, medium)
    one, other = max(one, 1e-9 * c0), max(other, 1e-9 * c0)
    ohmic = 0.0
    if i != 0.0:
        for k in range(c.size):
            x = max(c[k] / c0, 1e-9)
            kappa = medium.conductivity_S_m * x**medium.conductivity_exponent * np.exp(-medium.conductivity_fall * (x - 1.0))
            ohmic += 2.0 * half[k] * medium.diffusivity_m2_s / kappa
    factor = (medium.factor - medium.factor_slope) * np.log(one / other) + medium.factor_slope * (one - other) / c0
    kinetic_w, all_w = electrode_V(-i, lithium[0], sides[0], one / c0, time_s, throughput, thermal)
    kinetic_c, all_c = electrode_V(i, lithium[1], sides[1], other / c0, time_s, throughput, thermal)
    parts[p.KINETIC_WORKING], parts[p.KINETIC_COUNTER] = -kinetic_w, kinetic_c
    parts[p.FILM_WORKING], parts[p.FILM_COUNTER] = kinetic_w - all_w, all_c - kinetic_c
    parts[p.OHMIC] = i * ohmic
    parts[p.CONCENTRATION] = 2.0 * thermal * (1.0 - medium.transference) * factor
    total = np.sum(parts)
    if i == 0.0:
        total += bare_V * (1.0 - coverage(lithium[0], sides[0]))
    return min(max(total, -HUGE_V), HUGE_V)


@_compiled
def move(lithium, plated, to_film, to_dead):  # type: ignore[no-untyped-def]
    """Book a plated charge (negative: stripped) on one electrode: fresh lithium leaves first, and leaves some behind, dead."""
    if plated >= 0.0:
        lithium[p.FILM] += plated * to_film
        lithium[p.FRESH] += plated * (1.0 - to_film)
        return
    removed = min(lithium[p.FRESH], -plated / (1.0 - to_dead))
    lithium[p.FRESH] -= removed
    lithium[p.DEAD] += removed * to_dead
    lithium[p.FOIL] -= -plated - removed * (1.0 - to_dead)


@_compiled
def strippable(lithium, to_dead):  # type: ignore[no-untyped-def]
    """Charge that can still be stripped of an electrode."""
    return lithium[p.FRESH] * (1.0 - to_dead) + lithium[p.FOIL]


@_compiled
def _through_cell(c, half, lithium, medium, sides, run, order, guess, parts):  # type: ignore[no-untyped-def]
    """The current through the electrolyte: the set one, less what a short carries (i + V(i)/R = i_set, Newton)."""
    if run[p.THROUGHPUT] < order.short_C_m2:
        return order.set_A_m2
    low, high = -np.inf, np.inf
    i = guess
    for _ in range(80):
        v = voltage_V(c, half, lithium, i, medium, sides, run[p.TIME], run[p.THROUGHPUT], 0.0, parts)
        wrong = i + v / order.short_ohm_m2 - order.set_A_m2
        if wrong > 0.0:
            high = min(high, i)
        else:
            low = max(low, i)
        d = 1e-6 * (abs(i) + 1e-3)
        near = voltage_V(c, half, lithium, i + d, medium, sides, run[p.TIME], run[p.THROUGHPUT], 0.0, parts)
        step = wrong / (1.0 + (near - v) / d / order.short_ohm_m2)
        after = i - step
        if (after <= low or after >= high) and high - low < np.inf:
            after = 0.5 * (low + high)
        if abs(after - i) <= 1e-12 * (abs(order.set_A_m2) + 1e-6):
            return after
        i = after
    return i


@_compiled
def carry_out(c, lithium, widths, porosity, layers, medium, sides, order, run, out, mean):  # type: ignore[no-untyped-def]
    """Run a step, or as far as `out` (rows of time, voltage, current) holds; the state changes in place.

    `mean` gathers the time integral of the parts of the voltage and their last values, (2, 6). Returns rows written, why it
    ended, the concentrations at both surfaces.
    """
    n, c0 = c.size, medium.concentration_mol_m3
    volume, half, was = np.empty(n), np.empty(n), np.empty(n)
    trial, work, parts = np.empty(n), np.empty((8, n)), np.empty(6)
    books = lithium.copy()
    mesh(lithium, widths, porosity, layers, medium, volume, half)
    per_flux = (1.0 - medium.transference) / medium.faraday_C_mol
    low = p.DEPLETED_AT * c0
    rows, held = 0, np.nan
    i = _through_cell(c, half, lithium, medium, sides, run, order, order.set_A_m2, parts)
    v = voltage_V(c, half, lithium, i, medium, sides, run[p.TIME], run[p.THROUGHPUT], order.bare_V, parts)
    one, other = surface_mol_m3(c, half, per_flux * i, medium)
    if run[p.SPENT] == 0.0:
        out[0, 0], out[0, 1], out[0, 2] = run[p.TIME], v, order.set_A_m2
        rows, held = 1, v
        if v > order.high_V:
            return rows, p.CUT_OFF, one, other
        if v < order.low_V:
            return rows, p.LIMIT, one, other
        if min(one, other) < low:
            return rows, p.DEPLETED, one, other
    size = abs(order.set_A_m2)
    for _ in range(_MOST_STEPS):
        if rows >= out.shape[0]:
            return rows, p.FULL, one, other
        spent = run[p.SPENT]
        left = order.duration_s - spent
        if size > 0.0:
            left = min(left, (order.charge_C_m2 - run[p.PASSED]) / size)
        if left <= order.tiny_s:
            return rows, p.DONE, one, other
        sample = (np.floor(spent / order.sampling_s + 1e-9) + 1.0) * order.sampling_s - spent
        whole = min(left, sample)
        h = min(run[p.STEP], whole)
        if whole - h < 0.1 * h:
            h = whole
        begin, ended = i, p.DONE
        while True:
            time, through = run[p.TIME] + h, run[p.THROUGHPUT] + size * h
            shorted = run[p.THROUGHPUT] >= order.short_C_m2
            i, last, wrong_last, slope = begin, begin, 0.0, 0.0
            for turn in range(_TURNS if shorted else 1):
                error = diffuse(c, volume, half, medium.diffusivity_fall, c0, per_flux * i, h, trial, work) / order.tolerance
                ended = p.DONE
                for e in range(2):
                    for k in range(4):
                        books[e, k] = lithium[e, k]
                now = v
                if i > 0.0 and i * h >= strippable(lithium[0], order.to_dead):
                    ended = p.CUT_OFF
                elif i < 0.0 and -i * h >= strippable(lithium[1], order.to_dead):
                    ended = p.USED_UP
                else:
                    move(books[0], -i * h, order.to_film, order.to_dead)
                    move(books[1], i * h, order.to_film, order.to_dead)
                    one, other = surface_mol_m3(trial, half, per_flux * i, medium)
                    now = voltage_V(trial, half, books, i, medium, sides, time, through, order.bare_V, parts)
                    if min(one, other) < low:
                        ended = p.DEPLETED
                    elif now > order.high_V:
                        ended = p.CUT_OFF
                    elif now < order.low_V:
                        ended = p.LIMIT
                if not shorted or ended != p.DONE:
                    break
                wrong = i + now / order.short_ohm_m2 - order.set_A_m2
                if abs(wrong) <= _CLOSE * (size + abs(i)):
                    break
                if turn == 0 or i == last or (wrong - wrong_last) / (i - last) < 1.0:
                    d = 1e-6 * (abs(i) + 1e-3)
                    near = voltage_V(trial, half, books, i + d, medium, sides, time, through, 0.0, parts)
                    slope = 1.0 + (near - now) / d / order.short_ohm_m2
                else:
                    slope = (wrong - wrong_last) / (i - last)
                last, wrong_last = i, wrong
                i -= wrong / slope
            if ended != p.DONE and h > order.tiny_s:
                h = max(0.5 * h, 0.9 * order.tiny_s)
                continue
            if ended == p.DONE and h > order.tiny_s and (error > 1.0 or abs(now - v) > order.voltage_step_V):
                shrink = 0.9 * error ** (-1.0 / 3.0) if error > 1.0 else 0.5
                h *= min(max(shrink, 0.1), 0.5) if error < np.inf else 0.1
                continue
            break
        if ended in (p.USED_UP, p.DEPLETED, p.CUT_OFF) and now == v and rows > 0:
            return rows, ended, one, other
        run[p.TIME], run[p.THROUGHPUT], run[p.SPENT] = time, through, spent + h
        run[p.PASSED] += size * h
        run[p.STEPS] += 1.0
        grow = 4.0
        if error > 0.0:
            grow = min(max(0.9 * error ** (-1.0 / 3.0), 0.2), 4.0)
        if abs(now - v) > 0.5 * order.voltage_step_V:
            grow = min(grow, 1.0)
        run[p.STEP] = h * grow if h < whole or grow < 1.0 else max(run[p.STEP], h * grow)
        for k in range(n):
            c[k] = trial[k]
        for e in range(2):
            for k in range(4):
                lithium[e, k] = books[e, k]
        for k in range(6):
            mean[0, k] += parts[k] * h
            mean[1, k] = parts[k]
        v = now
        if layers > 0:
            for k in range(n):
                was[k] = volume[k]
            mesh(lithium, widths, porosity, layers, medium, volume, half)
            for k in range(n):
                run[p.ADDED_SALT] += (volume[k] - was[k]) * c[k]
        if run[p.THROUGHPUT] >= order.short_C_m2:
            if through - size * h < order.short_C_m2:
                i = _through_cell(c, half, lithium, medium, sides, run, order, begin, parts)
            v = voltage_V(c, half, lithium, i, medium, sides, run[p.TIME], run[p.THROUGHPUT], order.bare_V, parts)
        if h >= whole or ended != p.DONE or abs(v - held) >= 0.25 * order.voltage_step_V:
            out[rows, 0], out[rows, 1], out[rows, 2] = run[p.TIME], v, order.set_A_m2
            rows, held = rows + 1, v
        if ended == p.DONE and run[p.THROUGHPUT] >= order.short_C_m2:
            reach = size * order.short_ohm_m2
            e = 0 if i > 0.0 else 1
            limit = order.high_V if e == 0 else -order.low_V
            if reach < limit and strippable(lithium[e], order.to_dead) < _EMPTY * sides[e].covering_C_m2:
                ended = p.USED_UP
        if ended != p.DONE:
            return rows, ended, one, other
    return rows, p.FULL, one, other
