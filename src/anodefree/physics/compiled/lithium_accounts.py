"""The balance of lithium of many cells, cycle by cycle, compiled; `physics.lithium_accounts` tells what the numbers mean."""

from __future__ import annotations

from numba import njit

_compiled = njit(cache=True, nogil=True, error_model="numpy")


@_compiled
def _at(table, i, k):  # type: ignore[no-untyped-def]
    """The value for cell i and cycle k of a table whose single row or column serves all."""
    return table[i if table.shape[0] > 1 else 0, k if table.shape[1] > 1 else 0]


@_compiled
def keep_accounts(  # type: ignore[no-untyped-def]
    first, last, start, shares, loss, room, floor, margin, charge_limit, discharge_limit, accounts
):
    """Cells `first` to `last` of accounts (7, cells, cycles): charge, discharge, source, metal, dead, interphase, stranded.

    start (cells, 2): source, metal. shares (cells, 4): source's loss, dead part of a loss, stranded part of lost room, exponent
    of the capacity. The rest (1 or cells, 1 or cycles): one row or column serves all.
    """
    cycles = accounts.shape[2]
    for i in range(first, last):
        source, metal = start[i, 0], start[i, 1]
        source_loss, dead_share, stranded_share, exponent = shares[i, 0], shares[i, 1], shares[i, 2], shares[i, 3]
        dead, interphase, stranded = 0.0, 0.0, 0.0
        before = _at(room, i, 0)
        for k in range(cycles):
            space = _at(room, i, k)
            if space < before and before > 0.0:
                taken = stranded_share * source * (1.0 - space / before)
                source -= taken
                stranded += taken
            before = space
            there = max(source - _at(floor, i, k), 0.0)
            plated = min(there, _at(charge_limit, i, k))
            part = _at(loss, i, k)
            if exponent != 0.0 and plated > 0.0:
                part *= plated**exponent
            lost = min(part, 1.0) * plated
            source -= plated
            metal += plated - lost
            given = min(metal, _at(discharge_limit, i, k))
            given = max(min(given, space - _at(margin, i, k) - source), 0.0)
            metal -= given
            astray = source_loss * given
            source += given - astray
            dead += dead_share * (lost + astray)
            interphase += (1.0 - dead_share) * (lost + astray)
            accounts[0, i, k] = plated
            accounts[1, i, k] = given
            accounts[2, i, k] = source
            accounts[3, i, k] = metal
            accounts[4, i, k] = dead
            accounts[5, i, k] = interphase
            accounts[6, i, k] = stranded
