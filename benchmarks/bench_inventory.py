"""The balance of lithium of many cells over 1000 cycles, beside the same balance in NumPy and in plain Python.

Run: python benchmarks/bench_inventory.py [cells]. Every side keeps all seven accounts (charge, discharge, and five places) of
every cycle; what lithium is missing at the end, over the cathode's capacity, is printed with the speed. With many cells the
memory that is written sets the pace of both fast sides; with few, which is what a fit or a chain asks for, the interpreter.
"""

from __future__ import annotations

import os
import sys
import time

import numpy as np

from anodefree.physics.lithium_accounts import Accounts, accounts, full_cell

CYCLES = 1000
REPEATS = 5


def in_numpy(loss: np.ndarray, excess: np.ndarray, hidden: np.ndarray, fade: np.ndarray, dead_share: float) -> np.ndarray:
    """(7, cycles, cells): a loop over cycles, all cells at once."""
    kept = np.empty((7, CYCLES, len(loss)))
    source, metal = 1 + hidden, excess.copy()
    dead, bound, stranded = (np.zeros(len(loss)) for _ in range(3))
    for k in range(CYCLES):
        plated = source
        lost = loss * plated
        metal = metal + plated - lost
        given = np.minimum(metal, np.maximum(1 - fade * k, 0.0))
        metal = metal - given
        source = given
        dead = dead + dead_share * lost
        bound = bound + (1 - dead_share) * lost
        for place, amount in zip(kept, (plated, given, source, metal, dead, bound, stranded), strict=True):
            place[k] = amount
    return kept


def in_python(loss: float, excess: float, hidden: float, fade: float, dead_share: float) -> list[tuple[float, ...]]:
    """One cell, as one would write it down."""
    source, metal, dead, bound, rows = 1 + hidden, excess, 0.0, 0.0, []
    for k in range(CYCLES):
        plated = source
        lost = loss * plated
        metal += plated - lost
        given = min(metal, max(1 - fade * k, 0.0))
        metal -= given
        source = given
        dead += dead_share * lost
        bound += (1 - dead_share) * lost
        rows.append((plated, given, source, metal, dead, bound, 0.0))
    return rows


def timed(run: object) -> tuple[float, object]:
    """Median time [s] of several runs, and the last result."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        result = run()  # type: ignore[operator]
        times.append(time.perf_counter() - start)
    return float(np.median(times)), result


def main() -> None:
    cells = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rng = np.random.default_rng(1)
    loss, excess, hidden = 10 ** rng.uniform(-4, -2, cells), rng.uniform(0, 1, cells), rng.uniform(0, 0.12, cells)
    fade = rng.uniform(0, 1e-4, cells)
    cell = full_cell(
        loss[:, None], excess=excess, hidden_reservoir=hidden, cathode_fade=fade[:, None] * np.arange(CYCLES), dead_share=0.75
    )
    accounts(cell, 2)  # compiles
    print(f"{cells} cells of {CYCLES} cycles, {os.cpu_count()} processors, medians of {REPEATS}")
    rows = []
    for threads in (1, os.cpu_count() or 1):
        seconds, kept = timed(lambda n=threads: accounts(cell, CYCLES, threads=n))
        assert isinstance(kept, Accounts)
        missing = np.abs(kept.total() - (1 + hidden + excess)[:, None]).max()
        rows.append((f"anodefree, {threads} thread{'s' * (threads > 1)}", cells / seconds, missing, 0.0))
    seconds, peer = timed(lambda: in_numpy(loss, excess, hidden, fade, 0.75))
    assert isinstance(peer, np.ndarray)
    off = float(np.abs(peer.transpose(0, 2, 1) - np.array(kept)).max())
    missing = np.abs(peer[2:].sum(axis=0) - (1 + hidden + excess)).max()
    rows.append(("NumPy over the cells", cells / seconds, missing, off))
    some = 100
    seconds, lists = timed(
        lambda: [in_python(*map(float, row), 0.75) for row in zip(loss[:some], excess, hidden, fade, strict=False)]
    )
    plain = np.array(lists).transpose(2, 0, 1)
    off = float(np.abs(plain - np.array(kept)[:, :some]).max())
    missing = np.abs(plain[2:].sum(axis=0) - (1 + hidden + excess)[:some, None]).max()
    rows.append(("plain Python", some / seconds, missing, off))
    print("| | cells per second | lithium missing | largest difference |\n| --- | --- | --- | --- |")
    for name, speed, gone, difference in rows:
        print(f"| {name} | {speed:,.0f} | {gone:.1g} | {difference:.1g} |")
    print(f"anodefree / NumPy: {rows[1][1] / rows[2][1]:.1f}; anodefree / plain Python: {rows[1][1] / rows[3][1]:.0f}")
    for few in (1, 100):
        one = full_cell(loss[:few, None], excess=excess[:few], hidden_reservoir=hidden[:few], dead_share=0.75)
        ours = timed(lambda c=one: accounts(c, CYCLES))[0]
        theirs = timed(lambda n=few: in_numpy(loss[:n], excess[:n], hidden[:n], 0 * fade[:n], 0.75))[0]
        print(f"{few} cell{'s' * (few > 1)}: {1e3 * ours:.2f} ms, NumPy {1e3 * theirs:.1f} ms, ratio {theirs / ours:.0f}")


if __name__ == "__main__":
    main()
