"""A lithium electrode pair against analytic limits and peers: ours, scipy's BDF, and the same equations built in PyBaMM 26.10.

    python benchmarks/bench_lithium_pair.py [repeats, 7]

First the limits: ohmic drop, Butler-Volmer from its linear to its Tafel part, Sand's time, steady gradient, limiting current,
diffusion overpotential; then the order of convergence in space and in time; then the peers on one half cycle of a Li||Li cell
with D(c), kappa(c) and chi(c), both where the transient matters (half of the limiting current, 60 s) and as cells are cycled
(2 mA/cm2, 1 h). The reference is a uniform mesh of 800 cells by scipy's Radau at 1e-10. Errors are the largest of V at 61 even
times. PyBaMM's time includes the voltage; its wall concentrations are extrapolated with the boundary conditions.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from scipy.sparse import diags

from anodefree.core.context import scratch
from anodefree.numerics import pair_terms as p
from anodefree.physics import lithium_pair as law
from anodefree.physics.butler_volmer import overpotential_V
from anodefree.physics.plating import Step
from anodefree.registry import Stage
from anodefree.simulation.cell.pair_options import Pair
from anodefree.simulation.cell.pair_run import Run
from anodefree.stages import get

FARADAY, THERMAL = 96485.33212331001, 8.31446261815324 * 298.15 / 96485.33212331001
Answer = np.ndarray


def defaults() -> dict[str, Any]:
    """Parameters of a Li||Li cell, as the stage has them."""
    stage: Stage = get("cell.symmetric_pair")
    return {q.name: q.default for q in stage.parameters}


def run(steps: list[Step], sampling_s: float = 1.0, **changed: Any) -> Run:
    """A program on a Li||Li cell of much lithium, without lost lithium."""
    made = Run(Pair.of(defaults() | {"counter_lithium_C_m2": 1e9} | changed), steps, 1e3, sampling_s, 1e9)
    with scratch() as context:
        made.carry_out(context, "")
    return made


def limits() -> None:
    """Ours against closed forms."""
    print("limit                                   ours           exact          relative")
    bare = {"film_ohm_m2": 0.0, "nucleation_V": 0.0}

    def line(what: str, ours: float, exact: float) -> None:
        print(f"{what:34s} {ours:14.8g} {exact:14.8g} {ours / exact - 1:12.2e}")

    still = run([Step(-100.0, 100.0)], transference=1.0, **bare)
    line("ohmic drop / V", -float(still.parts_V[0][p.OHMIC]), 100 * 25e-6 * 2.5 / 0.41)
    for j, what in ((0.01, "linear kinetics / V"), (20.0, "between / V"), (5e3, "Tafel kinetics / V")):
        done = run([Step(-j, j)], transference=1.0, **bare)
        exact = 2 * THERMAL * j / 13.4 if j < 1 else 4 * THERMAL * np.arcsinh(j / 26.8)
        exact = 4 * THERMAL * np.log(j / 13.4) if j > 1e3 else exact
        line(what, -float(done.parts_V[0][:2].sum()), exact)
    free = {"porosity": 1.0, "tortuosity": 1.0, "conductivity_exponent": 0.0, "separator_m": 200e-6} | bare
    for nodes in (20, 40, 80, 160):
        done = run([Step(-1500.0, 1e9)], 1e3, nodes=nodes, **free)
        line(f"Sand's time, {nodes} cells / s", done.ends[0][2], float(law.sand_time_s(1500.0, 1200.0, 3e-10, 0.4)))
    pair = Pair.of(defaults())
    highest = pair.limiting_A_m2()
    half = run([Step(-highest / 2, highest * 1e3)], 100.0, **bare)
    line("steady concentration overpotential / V", float(-half.trace().voltage_V[-1]), steady_V(highest / 2, highest))
    for part in (0.999, 1.001):
        done = run([Step(-part * highest, highest * 1e4)], 1e3, conductivity_exponent=0.0, **bare)
        became = done.stopped.split(":")[0] or "carried"
        print(f"{part:g} of the limiting current of {highest / 10:.4g} mA/cm2 for 10^4 s: {became}")


def steady_V(j: float, highest: float) -> float:
    """Size of V of a dilute solution in its steady state: c is a straight line, and so the ohmic part is a logarithm."""
    c_low, c_high = 1 - j / highest, 1 + j / highest
    spread = np.log(c_high / c_low)
    ohmic = j * 25e-6 * 2.5 / 0.41 * spread / (c_high - c_low)
    kinetic = sum(float(overpotential_V(j, 13.4 * x**0.5)) for x in (c_low, c_high))
    return float(ohmic + 2 * THERMAL * 0.6 * spread + kinetic)


LAWS = {"diffusivity_fall": 0.7, "conductivity_peak_mol_m3": 1000.0, "thermodynamic_factor": 1.4, "factor_slope": 0.6}
NODES = 40


def pieces() -> dict[str, float]:
    """Numbers of the case that the peers share."""
    return {"length": 25e-6, "pores": 0.41, "transport": 0.41 / 2.5, "d": 3e-10, "kappa": 1.0, "c0": 1200.0, "film": 1e-3}


def voltage_of(c: np.ndarray, j: float) -> float:
    """V of a profile on a uniform mesh, j < 0 plates at x = 0; written apart from the package."""
    q, n = pieces(), c.size
    width, s = q["length"] / n, 0.6 * j / FARADAY
    d_wall = [q["d"] * q["transport"] * np.exp(-0.7 * (x / q["c0"] - 1)) for x in (c[0], c[-1])]
    one, other = (c[0] + s * width / 2 / d_wall[0]) / q["c0"], (c[-1] - s * width / 2 / d_wall[1]) / q["c0"]
    x = c / q["c0"]
    ohmic = j * np.sum(width / (q["transport"] * q["kappa"] * x * np.exp(-1.2 * (x - 1))))
    factor = 0.8 * np.log(one / other) + 0.6 * (one - other)
    kinetic = 2 * THERMAL * (np.arcsinh(j / (26.8 * one**0.5)) + np.arcsinh(j / (26.8 * other**0.5)))
    return float(ohmic + 1.2 * THERMAL * factor + kinetic + 2 * q["film"] * j)


def scipy_run(j: float, times: np.ndarray, n: int, method: str, rtol: float) -> Answer:
    """The method of lines on a uniform mesh."""
    q = pieces()
    width, s = q["length"] / n, 0.6 * j / FARADAY

    def rate(_: float, c: np.ndarray) -> np.ndarray:
        r = width / 2 / (q["d"] * q["transport"]) * np.exp(0.7 * (c / q["c0"] - 1))
        flux = np.concatenate([[s], -np.diff(c) / (r[:-1] + r[1:]), [s]])
        return np.asarray(-np.diff(flux) / (width * q["pores"]))

    shape = diags([1.0, 1.0, 1.0], [-1, 0, 1], shape=(n, n)).tocsc()
    got = solve_ivp(
        rate,
        (0, times[-1]),
        np.full(n, q["c0"]),
        method,
        t_eval=times,
        rtol=rtol,
        atol=rtol * q["c0"],
        jac_sparsity=shape if method == "Radau" else None,
    )
    return np.array([voltage_of(y, j) for y in got.y.T])


def ours_run(j: float, times: np.ndarray, **changed: Any) -> Answer:
    """Ours, at the times that the peers answer for."""
    given = {"nucleation_V": 0.0, "nodes": NODES} | LAWS | changed
    done = run([Step(j, abs(j) * times[-1])], float(times[0]), **given).trace()
    at = np.searchsorted(done.time_s, times - 1e-9 * times[-1])
    return np.asarray(done.voltage_V[at])


def pybamm_run(times: np.ndarray, rtol: float) -> Callable[[float], Answer]:
    """The same equations in PyBaMM's own words, discretised and compiled once; the current is an input."""
    import pybamm

    pybamm.telemetry.disable()
    q = pieces()
    c = pybamm.Variable("c", domain="separator", scale=q["c0"])
    j = pybamm.InputParameter("j")
    x = c / q["c0"]
    d = q["d"] * q["transport"] * pybamm.exp(-0.7 * (x - 1))
    s = 0.6 * j / FARADAY
    model = pybamm.BaseModel()
    model.rhs = {c: pybamm.div(d * pybamm.grad(c)) / q["pores"]}
    walls = [pybamm.BoundaryValue(c, side) for side in ("left", "right")]
    at = [q["d"] * q["transport"] * pybamm.exp(-0.7 * (w / q["c0"] - 1)) for w in walls]
    model.boundary_conditions = {c: {"left": (-s / at[0], "Neumann"), "right": (-s / at[1], "Neumann")}}
    model.initial_conditions = {c: pybamm.Scalar(q["c0"])}
    one, other = (w / q["c0"] for w in walls)
    space = pybamm.SpatialVariable("x", domain="separator", coord_sys="cartesian")
    ohmic = j * pybamm.Integral(1 / (q["transport"] * q["kappa"] * x * pybamm.exp(-1.2 * (x - 1))), space)
    factor = 0.8 * pybamm.log(one / other) + 0.6 * (one - other)
    kinetic = 2 * THERMAL * (pybamm.arcsinh(j / (26.8 * one**0.5)) + pybamm.arcsinh(j / (26.8 * other**0.5)))
    model.variables = {"V": ohmic + 1.2 * THERMAL * factor + kinetic + 2 * q["film"] * j}
    geometry = {"separator": {space: {"min": pybamm.Scalar(0), "max": pybamm.Scalar(q["length"])}}}
    mesh = pybamm.Mesh(geometry, {"separator": pybamm.Uniform1DSubMesh}, {space: NODES})
    pybamm.Discretisation(
        mesh,
        {
            "separator": pybamm.FiniteVolume(
                {"extrapolation": {"order": {"gradient": "linear", "value": "quadratic"}, "use bcs": True}}
            )
        },
    ).process_model(model)
    solver = pybamm.IDAKLUSolver(rtol=rtol, atol=rtol)

    def answer(density: float) -> Answer:
        got = solver.solve(model, np.concatenate([[0.0], times]), inputs={"j": density})
        return np.asarray(got["V"](times))

    return answer


def timed(work: Callable[[], Answer], repeats: int) -> tuple[float, Answer]:
    """Median wall time, after one call that is not timed."""
    answer = work()
    spent = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent), answer


def peers(repeats: int) -> None:
    """Time and error of ours and of the peers on the same half cycle."""
    for title, j, end in (("half of the limiting current, 60 s", -380.0, 60.0), ("2 mA/cm2, 1 h", -20.0, 3600.0)):
        times = np.linspace(0, end, 62)[1:]
        truth = scipy_run(j, times, 800, "Radau", 1e-10)
        print(f"\n{title}: V ends at {truth[-1]:.5f} V\nwhat                                      ms    error / uV")
        compiled = pybamm_run(times, 1e-6)
        rows: dict[str, Callable[[], Answer]] = {
            "ours, 40 graded cells, 1e-4": lambda j=j, times=times: ours_run(j, times),
            "ours, 40 graded cells, 1e-6": lambda j=j, times=times: ours_run(j, times, tolerance=1e-6),
            "scipy BDF, 40 even cells, 1e-6": lambda j=j, times=times: scipy_run(j, times, NODES, "BDF", 1e-6),
            "PyBaMM IDAKLU, 40 even cells, 1e-6": lambda j=j, compiled=compiled: compiled(j),
        }
        got = {name: timed(work, repeats) for name, work in rows.items()}
        for name, (spent, answer) in got.items():
            print(f"{name:36s} {1e3 * spent:9.3f} {1e6 * np.abs(answer - truth).max():13.2f}")
        first = got["ours, 40 graded cells, 1e-4"][0]
        for name, (spent, _) in list(got.items())[2:]:
            print(f"  {name.split(',')[0]} over ours: {spent / first:.1f}")


def orders() -> None:
    """Convergence of V at the end of a short transient in the number of cells, and in the internal step."""
    from anodefree.numerics.compiled.layer_diffusion import diffuse

    times = np.array([2.0])
    truth = ours_run(-380.0, times, nodes=1280, tolerance=1e-9)[-1]
    errors = [abs(ours_run(-380.0, times, nodes=n, tolerance=1e-9)[-1] - truth) for n in (20, 40, 80, 160)]
    print("\nspace: error / uV of 20, 40, 80, 160 cells:", *(f"{1e6 * e:.4g}" for e in errors))
    print("  order:", *(f"{np.log2(a / b):.2f}" for a, b in pairwise(errors)))
    pair = Pair.of(defaults() | LAWS | {"nodes": NODES})
    width = pair.widths_m()
    volume, half = width * 0.41, 0.5 * width / (3e-10 * 0.164)

    def end(steps: int) -> np.ndarray:
        c, out, work = np.full(NODES, 1200.0), np.empty(NODES), np.empty((8, NODES))
        for _ in range(steps):
            diffuse(c, volume, half, 0.7, 1200.0, -0.6 * 380 / FARADAY, 8.0 / steps, out, work)
            c = out.copy()
        return c

    exact = end(20000)
    errors = [float(np.abs(end(n) - exact).max()) for n in (40, 80, 160, 320)]
    print("time: error / (mol/m3) of 40, 80, 160, 320 equal steps:", *(f"{e:.3g}" for e in errors))
    print("  order:", *(f"{np.log2(a / b):.2f}" for a, b in pairwise(errors)))


if __name__ == "__main__":
    limits()
    orders()
    peers(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
