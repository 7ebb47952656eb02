"""The classical phase field of deposition against FiPy and NGSolve: same equations, grid, steps and end, and the errors.

    python benchmarks/bench_deposition.py [steps] [cells across ...]

(20 steps of 0.01 s on 200 x 100, and 400 x 200.) Three half discs of 2 um in the paper's box. All three take the phase linearly
implicit, then the salt, then the potential, in the same order. FiPy: finite volumes, exponential convection, its default
solvers. NGSolve: bilinear elements, sparse direct solvers. The error is that of the lithium's area against ours with twice the
cells and a quarter of the step. The last line gives the exponent of our time with cells.
"""

from __future__ import annotations

import math
import sys
import time

import numpy as np

from anodefree.simulation.deposition.classical_step import Equations, Stepper, interpolation, nuclei

PLACES, RADIUS, STEP = np.array([10.0, 25.0, 40.0]), 2.0, 0.01


def equations(nx: int) -> Equations:
    """The reduced values of Chen et al. in the paper's box, without anisotropy."""
    return Equations(
        cells=(nx // 2, nx),
        spacing_um=(50 / nx, 50 / nx),
        tolerance=1e-6,
    )


def ours(nx: int, steps: int, step_s: float = STEP, tolerance: float = 1e-6) -> tuple[float, float]:
    """Seconds of the steps, and the area of lithium [um2]."""
    from dataclasses import replace

    e = replace(equations(nx), tolerance=tolerance)
    stepper, metal = Stepper(e), nuclei(e, 0.0, PLACES, RADIUS)
    state = stepper.start(metal, np.ones_like(metal))
    stepper.advance(state, step_s)
    begin = time.perf_counter()
    for _ in range(steps):
        state = stepper.advance(state, step_s)
    return time.perf_counter() - begin, float(state.metal.sum() * e.spacing_um[0] ** 2)


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
    c.constrain(1.0, mesh.facesTop)
    phi.constrain(0.0, mesh.facesTop)
    y = mesh.cellCenters.value[1]
    lowest = fp.CellVariable(mesh=mesh, value=(y < h).astype(float))

    def conductivity() -> fp.CellVariable:
        w = fp.CellVariable(mesh=mesh, value=interpolation(xi.value))
        return e.conductivity_S_m + (e.conductivity_metal_S_m - e.conductivity_S_m) * w

    def solve_potential(rate: np.ndarray) -> None:
        contact = lowest * (2 * e.conductivity_metal_S_m / h**2) * interpolation(xi.value)
        source = fp.CellVariable(mesh=mesh, value=rate * e.charge)
        shifted = fp.DiffusionTerm(coeff=conductivity().harmonicFaceValue) - fp.ImplicitSourceTerm(contact)
        (shifted + contact * e.voltage_V == source).solve(var=phi)

    solve_potential(np.zeros(nx * nx // 2))
    begin = time.perf_counter()
    for _ in range(steps):
        xi.updateOld()
        c.updateOld()
        v, s = xi.value, np.clip(xi.value, 0, 1)
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
    return time.perf_counter() - begin, float(xi.value.sum() * h * h)


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
    begin = time.perf_counter()
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
    return time.perf_counter() - begin, float(ng.Integrate(xi, mesh))


def main() -> None:
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    sizes = [int(a) for a in sys.argv[2:]] or [200, 400]
    ours(100, 2)
    taken = []
    for nx in sizes:
        _, true = ours(2 * nx, 4 * steps, STEP / 4, 1e-8)
        rows = [("anodefree", *ours(nx, steps)), ("anodefree, tolerance 1e-8", *ours(nx, steps, STEP, 1e-8))]
        for name, run in (("FiPy", fipy), ("NGSolve", ngsolve)):
            rows.append((name, *run(nx, steps)))
        taken.append(rows[0][1])
        print(f"{nx} x {nx // 2}, {steps} steps of {STEP} s; reference area {true:.6f} um2")
        for name, seconds, area in rows:
            speed = f"{1e3 * seconds / steps:9.2f} ms/step  {seconds / rows[0][1]:6.1f} x"
            print(f"  {name:<26} {speed}  area {area:.6f}  error {100 * (area / true - 1):+.4f} %")
    if len(sizes) > 1:
        slope = np.polyfit(np.log([n * n for n in sizes]), np.log(taken), 1)[0]
        print(f"our time grows as cells^{slope:.2f}")


if __name__ == "__main__":
    main()
