"""A hundred cycles of an anode-free cell against PyBaMM's own half-cell experiment of equal length.

    python benchmarks/bench_cell.py [cycles] [repeats]

Both are NCM811 (Chen2020) at 0.5C between 2.8 and 4.3 V in the SPMe with 60 records of a half cycle, both build their model
once and use the IDAKLU solver in the same process. The peer is the usual way: parameters of Xu2019 for the lithium electrode
under those of Chen2020, `pybamm.Experiment` of so many cycles, `solve(calc_esoh=False)`; its lithium never ends. Its time is
given twice: with the tolerances that PyBaMM defaults to, and with ours. Process time, the builds included.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from anodefree import stages
from anodefree.simulation.cell import full_cell_model

LITHIUM = (
    "Exchange-current density for lithium metal electrode [A.m-2]",
    "Lithium metal partial molar volume [m3.mol-1]",
    "Negative electrode OCP [V]",
    "Negative electrode OCP entropic change [V.K-1]",
    "Negative electrode conductivity [S.m-1]",
    "Negative electrode thickness [m]",
    "Negative electrode charge transfer coefficient",
)


def ours(cycles: int) -> float:
    """Retention of the anode-free cell, model built anew."""
    full_cell_model._built.cache_clear()
    cell = stages.get("cell.cycle")(efficiency=0.998, cycles=cycles, charge_C_rate=0.5)
    return float(cell["discharge_capacity_C"][-1] / cell["discharge_capacity_C"][0])


def peer(cycles: int, tolerance: float | None) -> float:
    """The same number of cycles of a half cell as PyBaMM's users run it; its retention is 1."""
    pybamm = full_cell_model.imported()
    values, lithium = pybamm.ParameterValues("Chen2020"), pybamm.ParameterValues("Xu2019")
    values.update({n: lithium[n] for n in LITHIUM}, check_already_exists=False)
    values.update({"Lower voltage cut-off [V]": 2.8, "Upper voltage cut-off [V]": 4.3})
    values.update({"Initial concentration in positive electrode [mol.m-3]": 0.9084 * 63104.0})
    period_s = 2 * 3600 / 60
    steps = tuple(f"{way} at 2.5 A until {end} V" for way, end in (("Charge", 4.3), ("Discharge", 2.8)))
    experiment = pybamm.Experiment([steps] * cycles, period=f"{period_s:g} seconds")
    solver = pybamm.IDAKLUSolver() if tolerance is None else pybamm.IDAKLUSolver(rtol=tolerance, atol=1e-2 * tolerance)
    model = pybamm.lithium_ion.SPMe({"working electrode": "positive"})
    simulation = pybamm.Simulation(model, parameter_values=values, experiment=experiment, solver=solver)
    solution = simulation.solve(calc_esoh=False)
    return float(len(solution.cycles))


def spent_s(work: Callable[[], float], repeats: int) -> float:
    """Median process time."""
    times = []
    for _ in range(repeats):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return statistics.median(times)


def main(cycles: int = 100, repeats: int = 3) -> None:
    """Print the three times and the ratios."""
    ours(2)
    mine = spent_s(lambda: ours(cycles), repeats)
    print(f"anode-free, {cycles} cycles, tolerance 1e-5: {mine:.2f} s")
    for tolerance, name in ((None, "PyBaMM's own tolerances"), (1e-5, "tolerance 1e-5")):
        theirs = spent_s(lambda tolerance=tolerance: peer(cycles, tolerance), repeats)  # type: ignore[misc]
        print(f"PyBaMM half cell, {name}: {theirs:.2f} s; ours over it: {mine / theirs:.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
