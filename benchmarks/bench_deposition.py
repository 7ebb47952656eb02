"""The classical phase field of deposition against FiPy and NGSolve: same equations, grid, steps and end, and the errors.

    python benchmarks/bench_deposition.py [steps] [cells across ...]
    python benchmarks/bench_deposition.py scaling

(80 steps of 0.05 s on 200 x 100, and 400 x 200: the lithium about doubles.) Three half discs of 2 um in the paper's box. All
three take the phase linearly implicit, then the salt, then the potential, in the same order. FiPy: finite volumes, exponential
convection, its default solvers. NGSolve: bilinear elements, sparse direct solvers. Times are of one core (process time). The
error is that of the lithium *grown*, against ours with twice the cells and an eighth of the step. `scaling` gives our time for
a step by the number of cells, and its exponent.
"""

from __future__ import annotations

import math
import sys
import time
from dataclasses import replace

import numpy as np

from anodefree.simulation.deposition.classical_step import Equations, Stepper, interpolation, nuclei

PLACES, RADIUS, STEP = np.array([10.0, 25.0, 40.0]), 2.0, 0.05


def equations(nx: int) -> Equations:
    """The reduced values of Chen et al. in the paper's box, without anisotropy."""
    return Equations(
        cells=(nx // 2, nx),
        spacing_um=(50 / nx, 50 / nx),
        tolerance=1e-6,
    )


def ours(nx: int, steps: int, step_s: float = STEP, tolerance: float = 1e-6) -> tuple[float, float]:
    """Seconds of the steps, and the area of lithium grown in them [um2]."""
    e = replace(equations(nx), tolerance=tolerance)
    stepper, metal = Stepper(e), nuclei(e, 0.0, PLACES, RADIUS)
    state = stepper.start(metal, np.ones_like(metal))
    stepper.advance(state, step_s)
    begin = time.process_time()
    for _ in range(steps):
        state = stepper.advance(state, step_s)
    return time.process_time() - begin, float((state.metal - metal).sum() * e.spacing_um[0] ** 2)


def fipy(nx: int, steps: int) -> tuple[float, float]:
    """The same by FiPy."""
    import fipy as fp

    e = equations(nx)
    h = e.spacing_um[0]
    mesh = fp.Grid2D(dx=h, dy=h, nx=nx, ny=nx // 2)
    start = nuclei(e, 0.0, PLACES, RADIUS)
    xi = fp.CellVariable(mesh=mesh, value=start.ravel(), hasOld=True)
    c = fp.CellVariable(mesh=mesh, value=1.0, hasOld=True)
    phi = fp.CellVariable(mesh=mesh, value=e.voltage_V)
    above = fp.CellVariable(mesh=mesh, value=0.0)  # the collector's potential: only so are its solutions exact enough
    c.constrain(1.0, mesh.facesTop)
    phi.constrain(0.0, mesh.facesTop)
    above.constrain(-e.voltage_V, mesh.facesTop)
    y = mesh.cellCenters.value[1]
    lowest = fp.CellVariable(mesh=mesh, value=(y < h).astype(float))

    def conductivity() -> fp.CellVariable:
        w = fp.CellVariable(mesh=mesh, value=interpolation(xi.value))
        return e.conductivity_S_m + (e.conductivity_metal_S_m - e.conductivity_S_m) * w

    def solve_potential(rate: np.ndarray) -> None:
        contact = lowest * (2 * e.conductivity_metal_S_m / h**2) * interpolation(xi.value)
        source = fp.CellVariable(mesh=mesh, value=rate * e.charge)
        spread = fp.DiffusionTerm(coeff=conductivity().harmonicFaceValue)
        (spread - fp.ImplicitSourceTerm(contact) == source).solve(var=above)
        phi.setValue(above.value + e.voltage_V)

    solve_potential(np.zeros(nx * nx // 2))
    begin = time.process_time()
    for _ in range(steps):
        xi.updateOld()
        c.updateOld()
        v, s = xi.value.copy(), np.clip(xi.value, 0, 1)  # without the copy, solving overwrites v
        rate = -2 * e.mobility_per_s * e.barrier * v * (1 - v) * (1 - 2 * v)
        eta = e.per_volt * phi.value
        rate -= (
            e.reaction_per_s * 30 * (s * (1 - s)) ** 2 * (np.exp(0.5 * eta) - np.clip(c.value, 0, None) * np.exp(-0.5 * eta))
        )
        stiff = e.mobility_per_s * np.maximum(2 * e.barrier * (1 - 6 * v * (1 - v)), 0)
        source = fp.CellVariable(mesh=mesh, value=rate + stiff * v)
        drag = fp.ImplicitSourceTerm(fp.CellVariable(mesh=mesh, value=stiff))
        spread = fp.DiffusionTerm(coeff=e.mobility_per_s * e.gradient_um2)
        (fp.TransientTerm() == spread + source - drag).solve(var=xi, dt=STEP)
        change = (xi.value - v) / STEP
        w = fp.CellVariable(mesh=mesh, value=interpolation(xi.value))
        d = (e.diffusivity_um2_s + (e.diffusivity_metal_um2_s - e.diffusivity_um2_s) * w).harmonicFaceValue
        taken = fp.CellVariable(mesh=mesh, value=e.sites_over_salt * change)
        drift = fp.ExponentialConvectionTerm(coeff=d * e.per_volt * phi.faceGrad)
        (fp.TransientTerm() == fp.DiffusionTerm(coeff=d) + drift - taken).solve(var=c, dt=STEP)
        solve_potential(change)
    return time.process_time() - begin, float((xi.value.sum() - start.sum()) * h * h)


def ngsolve(nx: int, steps: int) -> tuple[float, float]:
    """The same by NGSolve with bilinear elements."""
    import ngsolve as ng
    from ngsolve.meshes import MakeStructured2DMesh

    e = equations(nx)
    mesh = MakeStructured2DMesh(quads=True, nx=nx, ny=nx // 2, mapping=lambda a, b: (50 * a, 25 * b))
    free, held = ng.H1(mesh, order=1), ng.H1(mesh, order=1, dirichlet="top")
    u, v, p, q = free.TrialFunction(), free.TestFunction(), held.TrialFunction(), held.TestFunction()
    xi, old, phi, c = ng.GridFunction(free), ng.GridFunction(free), ng.GridFunction(held), ng.GridFunction(held)
    steep = math.sqrt(2 * e.barrier / e.gradient_um2)
    depth = [RADIUS - ng.sqrt((ng.x - a) ** 2 + ng.y**2) for a in PLACES]
    most = depth[0]
    for d in depth[1:]:
        most = ng.IfPos(most - d, most, d)
    limited = ng.IfPos(30 / steep - ng.IfPos(most, most, -most), most, ng.IfPos(most, 30 / steep, -30 / steep))
    power = ng.exp(steep * limited)
    xi.Set(power / (1 + power))
    c.Set(1)
    s = ng.IfPos(xi, ng.IfPos(xi - 1, 1, xi), 0)
    h = s**3 * (10 - 15 * s + 6 * s**2)
    sigma = e.conductivity_S_m + (e.conductivity_metal_S_m - e.conductivity_S_m) * h
    d = e.diffusivity_um2_s + (e.diffusivity_metal_um2_s - e.diffusivity_um2_s) * h
    contact = 2 * e.conductivity_metal_S_m / (50 / nx) * h
    # potential as the difference from the collector's, as in ours
    diff = ng.GridFunction(held)

    def solve(space, a, f, target, fixed=None) -> None:
        a.Assemble()
        f.Assemble()
        if fixed is not None:
            target.Set(fixed, definedon=mesh.Boundaries("top"))
        inverse = a.mat.Inverse(space.FreeDofs(), inverse="umfpack")
        residual = (f.vec - a.mat * target.vec).Evaluate()
        target.vec.data += inverse * residual

    def solve_potential(rate) -> None:
        a, f = ng.BilinearForm(held), ng.LinearForm(held)
        a += sigma * ng.grad(p) * ng.grad(q) * ng.dx + contact * p * q * ng.ds("bottom")
        f += -e.charge * rate * q * ng.dx
        solve(held, a, f, diff, ng.CF(-e.voltage_V))
        phi.Set(diff + e.voltage_V)

    solve_potential(ng.CF(0))
    at_first = ng.Integrate(xi, mesh)
    begin = time.process_time()
    for _ in range(steps):
        old.vec.data = xi.vec
        slope = 2 * e.barrier * old * (1 - old) * (1 - 2 * old)
        g2 = 2 * e.barrier * (1 - 6 * old * (1 - old))
        o = ng.IfPos(old, ng.IfPos(old - 1, 1, old), 0)
        salt = ng.IfPos(c, c, 0)
        drive = ng.exp(0.5 * e.per_volt * phi) - salt * ng.exp(-0.5 * e.per_volt * phi)
        stiff = e.mobility_per_s * ng.IfPos(g2, g2, 0)
        a, f = ng.BilinearForm(free), ng.LinearForm(free)
        a += (1 / STEP + stiff) * u * v * ng.dx + e.mobility_per_s * e.gradient_um2 * ng.grad(u) * ng.grad(v) * ng.dx
        f += (
            ((1 / STEP + stiff) * old - e.mobility_per_s * slope - e.reaction_per_s * 30 * (o * (1 - o)) ** 2 * drive)
            * v
            * ng.dx
        )
        solve(free, a, f, xi)
        rate = (xi - old) / STEP
        a, f = ng.BilinearForm(held), ng.LinearForm(held)
        a += p * q / STEP * ng.dx + d * (ng.grad(p) + e.per_volt * p * ng.grad(phi)) * ng.grad(q) * ng.dx
        f += (c / STEP - e.sites_over_salt * rate) * q * ng.dx
        solve(held, a, f, c, ng.CF(1.0))
        solve_potential(rate)
    return time.process_time() - begin, float(ng.Integrate(xi, mesh) - at_first)


def compare(nx: int, steps: int) -> None:
    """One grid: ours at two tolerances and with shorter steps, and the peers."""
    _, true = ours(2 * nx, 8 * steps, STEP / 8, 1e-8)
    print(f"{nx} x {nx // 2}, {steps} steps of {STEP} s; grown by the reference {true:.4f} um2", flush=True)
    runs = (
        ("anodefree", steps, ours),
        ("anodefree, tolerance 1e-8", steps, lambda n, k: ours(n, k, STEP, 1e-8)),
        ("anodefree, an eighth of the step", 8 * steps, lambda n, k: ours(n, k, STEP / 8)),
        ("FiPy", steps, fipy),
        ("NGSolve", steps, ngsolve),
    )
    first = 0.0
    for name, count, run in runs:
        seconds, grown = run(nx, count)
        first = first or seconds
        speed = f"{seconds:8.2f} s  {1e3 * seconds / count:9.2f} ms/step  {seconds / first:6.1f} x"
        print(f"  {name:<32} {speed}  grown {grown:.4f}  error {100 * (grown / true - 1):+.2f} %", flush=True)


def scaling(sizes: tuple[int, ...] = (100, 200, 400, 800), steps: int = 20) -> None:
    """Our time for a step: the least of three runs, so that what else the machine does counts least."""
    least = [min(ours(nx, steps)[0] for _ in range(3)) / steps for nx in sizes]
    for nx, seconds in zip(sizes, least, strict=True):
        print(f"{nx} x {nx // 2}: {1e3 * seconds:.2f} ms/step, {1e6 * seconds / (nx * nx // 2):.3f} us/step/cell")
    slope = np.polyfit(np.log([n * n for n in sizes]), np.log(least), 1)[0]
    print(f"our time for a step grows as cells^{slope:.2f}")


def main() -> None:
    ours(100, 2)
    if sys.argv[1:] == ["scaling"]:
        scaling()
        return
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 80
    for nx in [int(a) for a in sys.argv[2:]] or [200, 400]:
        compare(nx, steps)


if __name__ == "__main__":
    main()
