"""Circuit fits: ours against impedance.py and pyimpspec on the same spectra and guesses in one process.

    python benchmarks/bench_circuits.py [seconds for each peer, 60] [decades of the guess, 2] [folder of real files]

50 spectra of R-(RQ)-(RQ)-W (61 points, 100 kHz to 0.1 Hz, noise of 0.3 % of |Z| on each part), each with a guess that is off by
up to the stated decades, evenly in the logarithm; both exponents are guessed as 0.85. A fit succeeds where its modulus-weighted
residual is at most 1.05 times that of a fit started at the truth. Times are per spectrum, the ratio is that of the medians; a
peer stops after its seconds, and n says how many spectra it got through; one fit is given 20 s, then it has failed. Then 1000
spectra as one series, and, where the folder is at hand, the example of impedance.py's documentation. The first call of ours
in a new installation compiles for some seconds, which is told apart.
"""

from __future__ import annotations

import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from anodefree.analysis.eis.circuit_fit import fit_circuit
from anodefree.analysis.eis.fit_many import fit_series
from anodefree.core.measurement import Measurement
from anodefree.kinds.impedance import IMPEDANCE
from anodefree.physics.circuits import read_circuit

CIRCUIT = read_circuit("R0-p(R1,Q1)-p(R2,Q2)-W3")
F = np.geomspace(1e5, 0.1, 61)
OMEGA = 2 * np.pi * F
NOISE = 3e-3
PATIENCE_S = 20.0
FILES = Path(__file__).resolve().parents[2] / "shared" / "data"
Fitter = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(Z, guess) -> parameters in the order of CIRCUIT."""


def draw(rng: np.random.Generator) -> np.ndarray:
    """One cell: R0, R1, Q1, n1, R2, Q2, n2, W3."""
    u = rng.uniform
    r0, r1, tau1, n1 = 10 ** u(0.3, 1.3), 10 ** u(1, 2), 10 ** u(-5, -3.5), u(0.8, 0.95)
    r2, tau2, n2, s = 10 ** u(1.3, 2.3), 10 ** u(-2.3, -1.2), u(0.75, 0.95), 10 ** u(0, 1.3)
    return np.array([r0, r1, tau1**n1 / r1, n1, r2, tau2**n2 / r2, n2, s])


def measured(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Its spectrum with noise."""
    z = CIRCUIT.impedance(OMEGA, values)
    return z + NOISE * np.abs(z) * (rng.standard_normal(z.shape) + 1j * rng.standard_normal(z.shape))


def guessed(values: np.ndarray, decades: float, rng: np.random.Generator) -> np.ndarray:
    """A guess that is off by up to so many decades."""
    off = values * 10 ** rng.uniform(-decades, decades, len(values))
    return np.where([p.log for p in CIRCUIT.parameters], off, 0.85)


def rms(z: np.ndarray, values: np.ndarray) -> float:
    """Modulus-weighted residual."""
    return float(np.sqrt(np.mean(np.abs(CIRCUIT.impedance(OMEGA, values) / z - 1) ** 2)))


def ours(z: np.ndarray, guess: np.ndarray) -> np.ndarray:
    """Our fit; the guess is one start more."""
    return fit_circuit(CIRCUIT, F, z, near_values=[guess]).fit.values


def ours_blind(z: np.ndarray, guess: np.ndarray) -> np.ndarray:
    """Our fit without a guess."""
    return fit_circuit(CIRCUIT, F, z).fit.values


def impedance_py(z: np.ndarray, guess: np.ndarray) -> np.ndarray:
    """impedance.py with modulus weights."""
    from impedance.models.circuits import CustomCircuit

    circuit = CustomCircuit("R0-p(R1,CPE1)-p(R2,CPE2)-W3", initial_guess=list(guess))
    circuit.fit(F, z, weight_by_modulus=True)
    return np.array(circuit.parameters_)


def pyimpspec_fit(method: str, weight: str) -> Fitter:
    """pyimpspec by one of its methods and weights; its W is 1 / (Y sqrt(j w))."""
    import pyimpspec

    def run(z: np.ndarray, guess: np.ndarray) -> np.ndarray:
        r0, r1, q1, n1, r2, q2, n2, s = guess
        text = f"R{{R={r0}}}(R{{R={r1}}}Q{{Y={q1},n={n1}}})(R{{R={r2}}}Q{{Y={q2},n={n2}}})W{{Y={1 / (s * np.sqrt(2))}}}"
        circuit = pyimpspec.parse_cdc(text)
        data = pyimpspec.DataSet(frequencies=F, impedances=z)
        found = pyimpspec.fit_circuit(circuit, data, method=method, weight=weight, num_procs=1).circuit
        a, b, qa, c, qb, w = (e.get_values() for e in found.get_elements())
        return np.array([a["R"], b["R"], qa["Y"], qa["n"], c["R"], qb["Y"], qb["n"], 1 / (w["Y"] * np.sqrt(2))])

    return run


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Stop what runs inside after so many seconds."""

    def stop(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def compared(name: str, fit: Fitter, cases: list[tuple[np.ndarray, ...]], seconds: float, peer_s: float) -> float:
    """Run one tool over the cases and print its line; the median time."""
    times, wins, errors, broken = [], 0, [], 0
    begin = time.perf_counter()
    for truth, z, guess, best in cases:
        if time.perf_counter() - begin > seconds:
            break
        started = time.perf_counter()
        try:
            with warnings.catch_warnings(), at_most(PATIENCE_S):
                warnings.simplefilter("ignore")
                values = fit(z, guess)
        except Exception:  # a peer's failure is a result of the comparison, whatever it raises
            values, broken = guess, broken + 1
        times.append(time.perf_counter() - started)
        arcs = min((values[[1, 4]], values[[4, 1]]), key=lambda r: float(np.abs(np.log(r / truth[[1, 4]])).sum()))
        errors.append(float(np.abs(np.log(arcs / truth[[1, 4]])).max()))
        with np.errstate(all="ignore"):
            wins += rms(z, values) <= 1.05 * best
    median = float(np.median(times))
    ratio = f"{peer_s / median:8.0f}" if peer_s else f"{'':8}"
    print(
        f"{name:36}{len(times):4d}{1e3 * median:10.1f}{1e3 * min(times):9.1f}{1e3 * max(times):9.1f}"
        f"{100 * wins / len(times):8.0f} %{100 * float(np.median(errors)):11.2g} %{broken:7d}{ratio}",
        flush=True,
    )
    return median


def series(count: int, rng: np.random.Generator, alike: bool) -> None:
    """One measurement of many spectra, drifting slowly or each a cell of its own."""
    ends = draw(rng), draw(rng)
    path = np.linspace(0, 1, count)[:, None]
    values = np.exp(np.log(ends[0]) * (1 - path) + np.log(ends[1]) * path) if alike else np.array([draw(rng) for _ in path])
    z = measured(values, rng)
    arrays = {"frequency_Hz": np.tile(F, (count, 1)), "Z_re_ohm": z.real, "Z_im_ohm": z.imag}
    begin, busy = time.perf_counter(), time.process_time()
    fits = fit_series(Measurement.of(IMPEDANCE, arrays), CIRCUIT)
    spent, busy = time.perf_counter() - begin, time.process_time() - busy
    good = sum(rms(a, f.fit.values) <= 1.05 * rms(a, v) for a, f, v in zip(z, fits, values, strict=True))
    kind = "a slow drift" if alike else "independent cells"
    print(
        f"series of {count}, {kind}: {count / spent:.0f} spectra a second ({1e3 * busy / count:.1f} ms of a processor each), "
        f"{100 * good / count:.1f} % at the optimum"
    )


def example(path: Path) -> None:
    """The spectrum and circuit of impedance.py's documentation, from its own guess."""
    from impedance.models.circuits import CustomCircuit

    if not path.exists():
        print(f"no {path.name} in the folder of real files: its comparison is left out")
        return
    f, re, im = np.loadtxt(path, delimiter=",").T
    f, z = f[im < 0], (re + 1j * im)[im < 0]
    text, guess = "R0-p(R1,C1)-p(R2-Wo1,C2)", [0.01, 0.01, 100, 0.01, 0.05, 100, 1]
    tree = read_circuit(text)
    print(f"\n{text} on {path.name}: sum of squares of |dZ| (unit) or |dZ/Z| (modulus)")
    for weighting in ("unit", "modulus"):
        weight = np.abs(z) if weighting == "modulus" else np.ones(len(z))
        started = time.perf_counter()
        peer = CustomCircuit(text, initial_guess=guess).fit(f, z, weight_by_modulus=weighting == "modulus")
        between = time.perf_counter()
        found = fit_circuit(tree, f, z, weighting=weighting)  # type: ignore[arg-type]
        ended = time.perf_counter()
        both = np.array(peer.parameters_), found.fit.values
        theirs, mine = (np.sum(np.abs((tree.impedance(2 * np.pi * f, v) - z) / weight) ** 2) for v in both)
        print(
            f"  {weighting:8} impedance.py {theirs:.6e} in {between - started:.2f} s, "
            f"ours {mine:.6e} in {ended - between:.3f} s"
        )
        for name, a, b in zip(tree.names, *both, strict=True):
            print(f"           {name:8}{a:14.6g}{b:14.6g}")


def main(seconds: float = 60.0, decades: float = 2.0, files: Path = FILES) -> None:
    """Compare, and print one line for each tool."""
    rng = np.random.default_rng(20260101)
    cases = []
    begin = time.perf_counter()
    fit_circuit(CIRCUIT, F, CIRCUIT.impedance(OMEGA, draw(rng)))
    print(f"first call of ours, compiled or read from the cache: {time.perf_counter() - begin:.1f} s")
    for _ in range(50):
        truth = draw(rng)
        z = measured(truth, rng)
        best = rms(z, fit_circuit(CIRCUIT, F, z, near_values=[truth]).fit.values)
        cases.append((truth, z, guessed(truth, decades, rng), best))
    print(f"\n50 spectra, guesses up to {decades:g} decades off (times in ms; error: the worse of R1 and R2, median)")
    print(f"{'':36}{'n':>4}{'median':>10}{'least':>9}{'most':>9}{'optimum':>10}{'error':>13}{'failed':>7}{'ratio':>8}")
    peer = compared("impedance.py, modulus", impedance_py, cases, seconds, 0.0)
    for method, weight in (("leastsq", "modulus"), ("least_squares", "boukamp")):
        compared(f"pyimpspec, {method}, {weight}", pyimpspec_fit(method, weight), cases, seconds, peer)
    compared("anodefree, guess as one start", ours, cases, np.inf, peer)
    compared("anodefree, no guess", ours_blind, cases, np.inf, peer)
    print()
    series(1000, rng, alike=True)
    series(1000, rng, alike=False)
    example(files / "eis" / "impedance_py" / "exampleData.csv")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:3]), *map(Path, sys.argv[3:4]))
