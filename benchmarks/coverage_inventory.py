"""How often the intervals of `cycling.inventory` hold the truth, and how often it says that the curve cannot tell.

Run: python benchmarks/coverage_inventory.py [cells] [noise]. Cells are made by the balance of `physics.lithium_accounts` with
noise of 0.5 % of each capacity; what ails them, efficiency, excess, hidden reservoir and the number of cycles are drawn.
"""

from __future__ import annotations

import sys
import time
from typing import Any, NamedTuple

import numpy as np

from anodefree import Measurement, stages
from anodefree.kinds.cycling import CYCLING
from anodefree.physics.lithium_accounts import Accounts, accounts, full_cell
from anodefree.physics.plating_loss import plating_loss


class Made(NamedTuple):
    """A simulated cell and its truth."""

    kept: Accounts
    loss: float
    excess: float
    hidden: float
    short_of_lithium: bool
    """Whether lithium limits the last capacity."""


def made(rng: np.random.Generator, what: str) -> Made:
    """One cell of a kind."""
    cycles = int(rng.integers(60, 400))
    k = np.arange(cycles)
    excess = float(rng.choice([0.0, rng.uniform(0.05, 0.5)]))
    hidden = float(rng.uniform(0.0, 0.12))
    loss = float(10 ** rng.uniform(-3.3, -1.7))
    more: dict[str, Any] = {}
    per_cycle: Any = loss
    if what == "lithium, after formation":
        excess = hidden = 0.0
        per_cycle = plating_loss(loss, formation_loss=rng.uniform(0.02, 0.1), formation_cycles=rng.uniform(1.5, 6), cycle=k + 1)
    elif what != "lithium":
        fade = rng.uniform(0.05, 0.4)  # over the whole life
        root = what.startswith("root")
        gone = fade * (np.sqrt(k / cycles) if root else k / cycles)
        more = {"inaccessible": gone} if root else {"cathode_fade": gone}
        if what.endswith("only"):
            excess, loss = float(rng.uniform(0.2, 0.5)), float(rng.uniform(0.0, 1.0)) * 0.2 / cycles
            per_cycle = loss
    kept = accounts(full_cell(per_cycle, excess=excess, hidden_reservoir=hidden, **more), cycles)
    return Made(kept, loss, excess, hidden, bool(kept.metal[-1] < 1e-12))


def measured(cell: Made, noise: float, rng: np.random.Generator) -> Measurement:
    """What a cycler shows of it."""
    n = len(cell.kept.charge)
    shown = [36.0 * part * (1 + noise * rng.standard_normal(n)) for part in (cell.kept.charge, cell.kept.discharge)]
    return Measurement.of(
        CYCLING,
        dict(zip(("cycle_number", "charge_capacity_C", "discharge_capacity_C"), (np.arange(1, n + 1), *shown), strict=True)),
    )


def row(what: str, cells: int, noise: float, rng: np.random.Generator) -> str:
    """One line of the table."""
    stage, told = stages.get("cycling.inventory"), []
    start = time.perf_counter()
    for _ in range(cells):
        cell = made(rng, what)
        result = stage(measured(cell, noise, rng), excess=cell.excess)
        ce, h = result.estimates["CE"], result.estimates["hidden_reservoir"]
        known = bool(np.isfinite(ce.std))
        told.append(
            (
                known,
                ce.low <= 1 - cell.loss <= ce.high,
                np.isfinite(h.std),
                h.low <= cell.hidden <= h.high,
                known and not cell.short_of_lithium,
                cell.short_of_lithium,
                known and abs(ce.value - 1 + cell.loss) <= 2 * ce.std,
            )
        )
    each = (time.perf_counter() - start) / cells
    known, inside, h_known, h_inside, wrong, short, two = np.array(told, dtype=bool).T

    def share(of: np.ndarray, among: np.ndarray) -> str:
        return f"{100 * of[among].mean():.1f} %" if among.any() else "-"

    everything = np.ones_like(known)
    cellsays = (
        what,
        share(short, everything),
        share(known, everything),
        share(inside, known),
        share(two, known),
        share(inside, ~known),
        share(h_inside, h_known),
        share(h_inside, ~h_known),
        share(wrong, everything),
        f"{1e3 * each:.0f} ms",
    )
    return "| " + " | ".join(cellsays) + " |"


def main() -> None:
    cells = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    noise = float(sys.argv[2]) if len(sys.argv) > 2 else 0.005
    rng = np.random.default_rng(20)
    print(
        f"{cells} cells of each kind, noise {100 * noise:g} %\n"
        "| what ails the cell | short of lithium | CE determined | CE within 95 % | within 2 std | bounds hold | h within 95 % "
        "| bounds of h hold | determined, wrongly | time |"
    )
    print("| --- " * 10 + "|")
    for what in (
        "lithium",
        "lithium, after formation",
        "even fade only",
        "root fade only",
        "even fade and lithium",
        "root fade and lithium",
    ):
        print(row(what, cells, noise, rng), flush=True)


if __name__ == "__main__":
    main()
