"""The account of a run: how well charge, lithium and salt close, how it was computed, and what to doubt in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from anodefree.core.keys import plain
from anodefree.core.measurement import FINISHED
from anodefree.kinds.deposit_points import CONDITIONS
from anodefree.simulation.deposition.growth import RISE_M_PER_C_M2, STEEP
from anodefree.simulation.deposition.record import HISTORY, memory_bytes
from anodefree.simulation.deposition.run import Run


def account(run: Run, given: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata of the fields, with the conditions that the stage was given."""
    growth, state = run.growth, run.growth.state
    box, sites = growth.box, growth.sites
    base = box.shape[2] * box.cell_m * (1.0 if box.flat else box.shape[1] * box.cell_m)
    nuclei = int(state.awake.sum())
    return {
        "model": "diffuse interface, galvanostatic, binary electrolyte, film and Butler-Volmer kinetics",
        **{n: plain(given[n]) for n in CONDITIONS if n != "site_spacing_m"},
        "site_spacing_m": spacing_m(given),
        "sides": given["sides"],
        "sites_per_m2": nuclei / base if sites.covers else 0.0,
        "uniform": not sites.covers,
        "sites_awake": nuclei,
        "sites": len(sites.covers),
        "collector": given["collector"],
        "stopped": run.stopped or FINISHED,
        "plated_C_m2": state.plated_C_m2,
        "stripped_C_m2": state.stripped_C_m2,
        "faraday_error": growth.faraday_error(),
        "salt_error": growth.salt_error(),
        "salt_shift": state.shift,
        "current_error": state.current_error,
        "unbalanced": state.left_over,
        "smallest_fraction": float(state.lithium.min()),
        "largest_fraction": float(state.lithium.max()),
        "interface_m": growth.numerics.width_cells * box.cell_m,
        "steps": state.steps,
        "rejected_steps": state.rejected,
        "solver_iterations": growth.galvanostat.iterations + growth.salt.iterations,
        "memory_bytes": memory_bytes(int(np.prod(box.shape)), run.frames * len(run.legs), growth.numerics.single),
        "doubts": doubts(run),
    }


def spacing_m(given: Mapping[str, Any]) -> float:
    """Mean distance of the sites: as given, or that of the places that are; 0 where lithium nucleates everywhere."""
    if given["sites_m"] is None:
        return float(given["site_spacing_m"] or 0.0)
    if given["depth_m"] > 0:
        return float(np.sqrt(given["width_m"] * given["depth_m"] / (len(given["sites_m"]) / 2)))
    return float(given["width_m"] / len(given["sites_m"]))


def doubts(run: Run) -> list[str]:
    """What a reader should know before trusting the fields."""
    growth, state = run.growth, run.growth.state
    box = growth.box
    found: list[str] = []
    narrow = [cover.sum() for _, cover in growth.sites.covers]
    if narrow:
        across = min(narrow) if box.flat else 2 * np.sqrt(min(narrow) / np.pi)
        if across < 4:
            wide = f"{across:.2g} cell{'' if across == 1 else 's'}"
            found.append(f"the narrowest site is {wide} wide: 4 at least resolve the growth from it")
    squeezed = growth.deposited_m() / (box.shape[0] * box.cell_m)
    if squeezed > 0.05:
        found.append(f"the metal fills {100 * squeezed:.2g} % of the box and concentrates the salt by as much")
    across = growth.fall_V(max((abs(row[HISTORY.index("current_density_A_m2")]) for row in run.record.history), default=0.0))
    if across * growth.liquid.per_volt > 0.1:
        found.append(f"the potential falls by {1e3 * across:.2g} mV over the interface's width: finer cells keep it sharp")
    if run.steepest_V * growth.liquid.per_volt > STEEP:
        found.append(
            f"at its sharpest place the potential fell by {1e3 * run.steepest_V:.3g} mV over the interface's width:"
            " tips there are as thin as the cells let them be"
        )
    if state.left_over > 1e-5:
        found.append(f"a solution left {state.left_over:.1g} of the current unbalanced")
    if state.lithium.max() > 1.02 or state.lithium.min() < -0.02:
        found.append(f"the fraction of metal runs from {state.lithium.min():.3g} to {state.lithium.max():.3g}")
    return found


def efficiencies(run: Run) -> list[float]:
    """Stripped over plated charge of every cycle whose stripping has ended."""
    found, before = [], (0.0, 0.0)
    for leg, (plated, stripped, _) in zip(run.legs, run.turned, strict=False):
        if leg.current_A_m2 is not None and leg.current_A_m2 < 0:
            found.append((stripped - before[1]) / (plated - before[0]))
            before = plated, stripped
    return found


def isolated_m(run: Run) -> list[float]:
    """Isolated lithium at the end of each leg, as a dense layer."""
    return [loose for _, _, loose in run.turned]


def lithium_missing(run: Run) -> float:
    """Plated less stripped less what is found, over what was plated."""
    state = run.growth.state
    found = run.growth.deposited_m() / RISE_M_PER_C_M2
    return (state.plated_C_m2 - state.stripped_C_m2 - found) / max(state.plated_C_m2, 1e-300)
