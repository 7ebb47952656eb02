"""Where the lithium of a cell is, cycle by cycle: in its source, plated, dead, bound in the interphase, or stranded.

One balance for every cell. A *source* (a cathode, or the lithium counter electrode) gives lithium to the *negative electrode*
(copper, lithium, or anything that is plated on) and takes back what is stripped. In cycle k, with S what the source holds and
M the metal that can be stripped:

    charge     P = min(S - floor_k, limit_k)               S → S - P
    loss       L = λ_k P^(b + 1), P at most                M → M + P - L;  dead → dead + s L;  interphase → + (1 - s) L
    discharge  D = min(M, limit_k, room_k - margin_k - S)  M → M - D;      S → S + D

λ_k = 1 - CE_k at the unit of capacity; b says how it changes with the capacity that is plated (0: not at all). Nothing appears
or vanishes: S + M + dead + interphase + stranded is constant, and so is the content of the electrolyte, which only hands on.

| cell | source | S at the start | M at the start | charge ends | discharge ends |
| --- | --- | --- | --- | --- | --- |
| anode-free | cathode | 1 + h | 0 | source empty | metal stripped, or cathode full |
| N/P > 0 | cathode | 1 + h | e | source empty | metal stripped, or cathode full |
| Li||Cu | lithium | its thickness | 0 | capacity passed | metal stripped |
| Li||Li | lithium | its thickness | its thickness | capacity passed | capacity passed |

Units: the cathode's reversible capacity, or the capacity cycled. h is hidden lithium: what the cathode gives at its first
charge and has no room for afterwards. A cathode that loses material has less room each cycle; what of it was lost filled has
its lithium stranded. Resistance takes from both ends: at the end of charge lithium stays in the cathode (floor), at the end of
discharge metal stays on the negative electrode (margin); neither is lost, both are out of reach at this current.

*Valid when* an electrode is emptied evenly, isolated lithium does not come loose again, and what is lost depends on the cycle
and on the capacity plated alone. *Source* balance of Adams et al. 2018 and Xiao et al. 2020; metal and compounds told apart as
by Fang et al. 2019.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

PER_THREAD = 256
"""Fewer cells than this are not worth a thread."""


class Accounts(NamedTuple):
    """Amounts (..., cycles) in the unit of capacity; places are those at the end of the discharge."""

    charge: NDArray[np.float64]
    discharge: NDArray[np.float64]
    source: NDArray[np.float64]
    metal: NDArray[np.float64]
    dead: NDArray[np.float64]
    interphase: NDArray[np.float64]
    stranded: NDArray[np.float64]

    def total(self) -> NDArray[np.float64]:
        """All lithium, (..., cycles): constant."""
        return self.source + self.metal + self.dead + self.interphase + self.stranded


@dataclass(frozen=True)
class Cell:
    """A cell, or many, at the start and what each cycle does: fields are of cells (...), or of cycles (..., cycles or 1)."""

    source: ArrayLike
    metal: ArrayLike
    loss: ArrayLike
    """1 - CE at the unit of capacity, of cycles."""
    room: ArrayLike = np.inf
    """Most that the source can hold, of cycles."""
    floor: ArrayLike = 0.0
    """What stays in the source at the end of charge, of cycles."""
    margin: ArrayLike = 0.0
    """Room that is not reached at the end of discharge, of cycles."""
    charge_limit: ArrayLike = np.inf
    """Most that a charge passes, of cycles."""
    discharge_limit: ArrayLike = np.inf
    """Most that a discharge passes, of cycles."""
    source_loss: ArrayLike = 0.0
    """What is lost of the lithium that is plated back onto a source of metal."""
    dead_share: ArrayLike = 0.0
    """Part of a loss that is isolated metal; the rest is bound in the interphase."""
    stranded_share: ArrayLike = 0.0
    """Part of the lost room of the source that goes with the lithium in it."""
    capacity_exponent: ArrayLike = 0.0
    """b in λ P^b."""


OF_CYCLES = ("loss", "room", "floor", "margin", "charge_limit", "discharge_limit")


def accounts(cell: Cell, cycles: int, *, threads: int | None = None) -> Accounts:
    """The balance of one cell or of many over so many cycles; many cells share the threads (all cores unless told)."""
    from anodefree.physics.compiled.lithium_accounts import keep_accounts

    given = {f.name: np.asarray(getattr(cell, f.name), dtype=float) for f in fields(cell)}
    of_cycles = {n: np.atleast_1d(given.pop(n)) for n in OF_CYCLES}
    shape = np.broadcast_shapes(*(a.shape for a in given.values()), *(a.shape[:-1] for a in of_cycles.values()))
    count = int(np.prod(shape))
    flat = {n: np.broadcast_to(a, shape).reshape(count) for n, a in given.items()}
    rows = [_rows(of_cycles[n], shape, count) for n in OF_CYCLES]
    start = np.stack([flat["source"], flat["metal"]], axis=1)
    shares = np.stack([flat[n] for n in ("source_loss", "dead_share", "stranded_share", "capacity_exponent")], axis=1)
    kept = np.empty((len(Accounts._fields), count, cycles))

    def run(first: int, last: int) -> None:
        keep_accounts(first, last, start, shares, *rows, kept)

    workers = min(threads or os.cpu_count() or 1, max(count // PER_THREAD, 1))
    edges = np.linspace(0, count, workers + 1).astype(int)
    if workers == 1:
        run(0, count)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(run, edges[:-1], edges[1:]))
    return Accounts(*(a.reshape(*shape, cycles) for a in kept))


def _rows(values: np.ndarray, shape: tuple[int, ...], count: int) -> np.ndarray:
    """(1 or count, 1 or cycles), contiguous: what is the same for all cells is kept once."""
    length = values.shape[-1]
    if values.size == length:
        return np.ascontiguousarray(values.reshape(1, length))
    return np.ascontiguousarray(np.broadcast_to(values, (*shape, length)).reshape(count, length))


def full_cell(
    loss: ArrayLike,
    *,
    excess: ArrayLike = 0.0,
    hidden_reservoir: ArrayLike = 0.0,
    cathode_fade: ArrayLike = 0.0,
    inaccessible: ArrayLike = 0.0,
    inaccessible_at_charge: ArrayLike = 0.0,
    dead_share: ArrayLike = 0.0,
    stranded_share: ArrayLike = 0.0,
    capacity_exponent: ArrayLike = 0.0,
    ends: ArrayLike | None = None,
) -> Cell:
    """A cell with a cathode: anode-free where the excess is 0. Unit: the cathode's reversible capacity.

    `loss`, `cathode_fade` (room lost since the first cycle), `inaccessible` and `inaccessible_at_charge` (what resistance keeps
    out of reach at the end of discharge and of charge) are of cycles; the others of cells. `ends`: from this cycle on, counted
    from 1, nothing is passed any more (a hard short).
    """
    room = np.maximum(1.0 - np.asarray(cathode_fade, dtype=float), 0.0)
    limit: ArrayLike = np.inf
    if ends is not None:
        length = max(np.atleast_1d(np.asarray(a)).shape[-1] for a in (loss, room, inaccessible))
        limit = np.where(np.arange(1, length + 1) < np.asarray(ends, dtype=float)[..., None], np.inf, 0.0)
    return Cell(
        source=1.0 + np.asarray(hidden_reservoir, dtype=float),
        metal=excess,
        loss=loss,
        room=room,
        floor=inaccessible_at_charge,
        margin=inaccessible,
        charge_limit=limit,
        discharge_limit=limit,
        dead_share=dead_share,
        stranded_share=stranded_share,
        capacity_exponent=capacity_exponent,
    )
