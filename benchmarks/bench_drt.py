"""Relaxation times of spectra with known distribution: ours, pyDRTtools 0.2 and pyimpspec 5.1.3, same input, one process.

    python benchmarks/bench_drt.py [draws of ours, 10] [draws of the peers, 2]

Sets A to C are sums of ZARC, D, E and H are not (Havriliak-Negami, log-normal, smooth box). P to S (triangles,
Gumbel-skewed peaks, a box beside a log-normal, a depressed ZARC beside a log-normal) were looked at when the priors were
chosen; T to V (squared hyperbolic secants, alone and between ZARC; a lopsided triangle beside a ZARC) were made afterwards,
and nothing was changed for them. 61 points from 100 kHz to 0.1 Hz, noise of 0.1, 0.5 and 1 % of |Z|. Error: relative L2 of
gamma over tau in [1/(2 pi 1e5), 1/(2 pi 0.1)] s. Coverage: share of the true gamma within the 95 % band on that interval.
hybrid-drt is compared where it can be imported.
"""

from __future__ import annotations

import contextlib
import io
import sys
import time
import types
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.special import gamma as gamma_function

from anodefree.analysis.drt.distribution import distribution, scaled
from anodefree.numerics.relaxation_grid import grid
from anodefree.numerics.tikhonov import tikhonov
from anodefree.physics.relaxation import (
    box_gamma_ohm,
    havriliak_negami_gamma_ohm,
    impedance_of_gamma_ohm,
    log_normal_gamma_ohm,
    zarc_gamma_ohm,
)

Law = Callable[[np.ndarray], np.ndarray]
Answer = tuple[np.ndarray, np.ndarray, np.ndarray | None, int | None]
"""ln tau, gamma, (low, high) of the band, number of peaks."""

F_HZ = np.geomspace(1e5, 1e-1, 61)
LOG_TAU = np.linspace(-np.log(2 * np.pi * 1e5), -np.log(2 * np.pi * 0.1), 400)
NOISES = (1e-3, 5e-3, 1e-2)


def triangle_gamma_ohm(tau_s: np.ndarray, r_ohm: float, tau0_s: float, half: float) -> np.ndarray:
    """A triangle in ln tau of that half base."""
    return r_ohm / half * np.maximum(0, 1 - np.abs(np.log(tau_s / tau0_s)) / half)


def gumbel_gamma_ohm(tau_s: np.ndarray, r_ohm: float, tau0_s: float, k: float) -> np.ndarray:
    """An exponential flank towards short times, a double-exponential end towards long ones."""
    x = np.minimum(np.log(tau_s / tau0_s), 50)
    return r_ohm * np.exp(k * x - np.exp(x)) / gamma_function(k)


def secant_gamma_ohm(tau_s: np.ndarray, r_ohm: float, tau0_s: float, width: float) -> np.ndarray:
    """A squared hyperbolic secant in ln tau."""
    return r_ohm / (2 * width) / np.cosh(np.clip(np.log(tau_s / tau0_s) / width, -300, 300)) ** 2


def lopsided_gamma_ohm(tau_s: np.ndarray, r_ohm: float, tau0_s: float, rise: float, fall: float) -> np.ndarray:
    """A triangle in ln tau that rises and falls over different widths."""
    x = np.log(tau_s / tau0_s)
    return 2 * r_ohm / (rise + fall) * np.maximum(0, 1 - np.where(x < 0, -x / rise, x / fall))


def zarcs(*parts: tuple[float, float, float]) -> list[Law]:
    """A sum of ZARC (R, tau0, phi)."""
    return [partial(zarc_gamma_ohm, r_ohm=r, tau0_s=t, phi=p) for r, t, p in parts]


SETS: dict[str, tuple[float, list[Law]]] = {
    "A": (10, zarcs((50, 1e-4, 0.85), (80, 2e-2, 0.85))),
    "B": (5, zarcs((20, 3e-5, 0.90), (40, 1e-3, 0.85), (30, 5e-2, 0.80))),
    "C": (10, zarcs((50, 1e-3, 0.90), (50, 1e-2, 0.90))),
    "D": (8, [partial(havriliak_negami_gamma_ohm, r_ohm=60, tau0_s=3e-3, alpha=0.9, beta=0.6), *zarcs((25, 5e-5, 0.85))]),
    "E": (10, [partial(log_normal_gamma_ohm, r_ohm=r, tau0_s=t, sigma=s) for r, t, s in ((40, 1e-4, 0.5), (60, 1e-2, 1.0))]),
    "H": (
        5,
        [
            partial(box_gamma_ohm, r_ohm=40, low_s=1e-4, high_s=3e-3, edge=0.15),
            partial(log_normal_gamma_ohm, r_ohm=30, tau0_s=0.1, sigma=0.6),
        ],
    ),
    "P": (8, [partial(triangle_gamma_ohm, r_ohm=40, tau0_s=t, half=h) for t, h in ((3e-4, 1.5), (3e-2, 2.0))]),
    "Q": (5, [partial(gumbel_gamma_ohm, r_ohm=r, tau0_s=t, k=k) for r, t, k in ((40, 1e-4, 1.0), (60, 2e-2, 0.8))]),
    "R": (
        5,
        [
            partial(log_normal_gamma_ohm, r_ohm=20, tau0_s=3e-5, sigma=0.7),
            partial(box_gamma_ohm, r_ohm=60, low_s=2e-3, high_s=3e-2, edge=0.3),
        ],
    ),
    "S": (12, [*zarcs((30, 2e-4, 0.75)), partial(log_normal_gamma_ohm, r_ohm=30, tau0_s=1e-2, sigma=0.4)]),
    "T": (8, [partial(secant_gamma_ohm, r_ohm=r, tau0_s=t, width=v) for r, t, v in ((35, 2e-4, 0.8), (55, 1e-2, 1.2))]),
    "U": (6, [*zarcs((20, 5e-5, 0.9), (30, 8e-2, 0.8)), partial(secant_gamma_ohm, r_ohm=40, tau0_s=2e-3, width=0.7)]),
    "V": (10, [*zarcs((25, 6e-5, 0.85)), partial(lopsided_gamma_ohm, r_ohm=50, tau0_s=2e-2, rise=3.0, fall=1.0)]),
}
GROUPS = {"ZARC (A-C)": "ABC", "other (D, E, H)": "DEH", "beside (P-S)": "PQRS", "unseen (T-V)": "TUV"}


def drawn(name: str, noise: float, seed: int) -> np.ndarray:
    """One noisy spectrum of a set."""
    r_inf, parts = SETS[name]
    z = r_inf + impedance_of_gamma_ohm(2 * np.pi * F_HZ, lambda tau: sum((p(tau) for p in parts), np.zeros_like(tau)))
    rng = np.random.default_rng([seed, ord(name), round(noise * 1e5)])
    return z + noise * np.abs(z) * (rng.standard_normal(len(z)) + 1j * rng.standard_normal(len(z)))


def ours(model: str, z: np.ndarray) -> Answer:
    """The whole of drt.spectrum's work."""
    d = distribution(F_HZ, z, model=model)  # type: ignore[arg-type]
    return d.log_tau, d.gamma_ohm, np.percentile(d.draws_ohm, [2.5, 97.5], axis=0), len(d.where.top)


def fast(criterion: str, z: np.ndarray) -> Answer:
    """The regularisation alone, as pyDRTtools' simple run gives it."""
    y, weight, scale = scaled(z)
    nodes = grid(F_HZ)
    return nodes.log_tau, tikhonov(nodes, y, weight, criterion).gamma_ohm * scale, None, None  # type: ignore[arg-type]


def pydrttools() -> Callable[[np.ndarray], Answer]:
    """pyDRTtools' simple run with GCV, as its defaults are."""
    # The package imports its Qt window with itself, and Qt needs a display: an empty module in the window's place lets the
    # numerical part load. Nothing that is timed is replaced.
    gui = types.ModuleType("pyDRTtools.GUI")
    sys.modules.update({"pyDRTtools.GUI": gui, "pyDRTtools.layout": types.ModuleType("pyDRTtools.layout")})
    for name in ("PyQt5", "PyQt5.QtCore", "PyQt5.QtGui", "PyQt5.QtWidgets"):
        sys.modules.setdefault(name, types.ModuleType(name))
    with contextlib.redirect_stdout(io.StringIO()):
        from pyDRTtools.runs import EIS_object, simple_run

    def run(z: np.ndarray) -> Answer:
        entry = simple_run(EIS_object(F_HZ, z.real, z.imag), cv_type="GCV", induct_used=1)
        return np.log(entry.out_tau_vec), np.asarray(entry.gamma), None, None

    return run


def pyimpspec(**options: object) -> Callable[[np.ndarray], Answer]:
    """One of pyimpspec's methods."""
    import pyimpspec as peer

    def run(z: np.ndarray) -> Answer:
        data = peer.DataSet(frequencies=F_HZ, impedances=z)
        found = peer.calculate_drt(data, num_procs=1, **options)
        tau, gamma = found.get_drt_data()[:2] if hasattr(found, "get_drt_data") else (found.time_constants, found.gammas)
        return np.log(np.asarray(tau)), np.asarray(gamma), None, None

    return run


def hybrid() -> Callable[[np.ndarray], Answer]:
    """hybrid-drt's continuous fit."""
    from hybdrt.models import DRT  # type: ignore[import-not-found]

    model = DRT()

    def run(z: np.ndarray) -> Answer:
        model.fit_eis(F_HZ, z)
        tau = np.exp(LOG_TAU)
        return LOG_TAU, model.predict_distribution(tau), None, None

    return run


def judged(answer: Answer, name: str) -> tuple[float, float, bool | None]:
    """Error, coverage and whether the number of peaks is right."""
    log_tau, gamma, band, count = answer
    order = np.argsort(log_tau)
    truth = sum((p(np.exp(LOG_TAU)) for p in SETS[name][1]), np.zeros_like(LOG_TAU))
    curve = np.nan_to_num(PchipInterpolator(log_tau[order], gamma[order], extrapolate=False)(LOG_TAU))
    error = float(np.linalg.norm(curve - truth) / np.linalg.norm(truth))
    if band is None:
        return error, np.nan, None
    inside = (log_tau >= LOG_TAU[0]) & (log_tau <= LOG_TAU[-1])
    at = sum((p(np.exp(log_tau[inside])) for p in SETS[name][1]), np.zeros(inside.sum()))
    cover = float(np.mean((band[0, inside] <= at) & (at <= band[1, inside])))
    return error, cover, count == len(SETS[name][1])


def measure(title: str, run: Callable[[np.ndarray], Answer], draws: int) -> dict[str, float]:
    """Run one method over all sets and print its lines; median milliseconds by group."""
    run(drawn("A", 5e-3, 99))
    spent: dict[str, float] = {}
    for group, names in GROUPS.items():
        rows: dict[float, list[tuple[float, float, bool | None, float]]] = {noise: [] for noise in NOISES}
        for name in names:
            for noise in NOISES:
                for seed in range(draws):
                    z = drawn(name, noise, seed)
                    begin = time.perf_counter()
                    answer = run(z)
                    taken = time.perf_counter() - begin
                    rows[noise].append((*judged(answer, name), taken))
        pooled = [r for noise in NOISES for r in rows[noise]]
        spent[group] = 1e3 * float(np.median([r[3] for r in pooled]))
        errors = " ".join(f"{np.median([r[0] for r in rows[noise]]):.3f}" for noise in NOISES)
        line = f"{title:34}{group:17}{spent[group]:9.2f}{np.median([r[0] for r in pooled]):8.3f}   {errors}"
        if pooled[0][2] is not None:
            line += f"{np.mean([r[1] for r in pooled]):8.3f}{np.mean([bool(r[2]) for r in pooled]):8.3f}"
        print(line, flush=True)
    return spent


def main(draws: int = 10, peer_draws: int = 2) -> None:
    """All methods, then a thousand spectra at once."""
    warnings.simplefilter("ignore")
    print(f"{'':34}{'set':17}{'ms':>9}{'error':>8}   {'at 0.1, 0.5, 1 %':17}{'covers':>8}{'peaks':>8}")
    times = measure("tikhonov, marginal likelihood", partial(fast, "marginal"), draws)
    measure("tikhonov, GCV", partial(fast, "gcv"), draws)
    measure("tikhonov with band and peaks", partial(ours, "tikhonov"), draws)
    measure("hierarchical with band and peaks", partial(ours, "hierarchical"), draws)
    measure("evidence (the default)", partial(ours, "evidence"), draws)
    peers = {
        "pyDRTtools simple run, GCV": pydrttools,
        "pyimpspec tr-rbf": partial(pyimpspec, method="tr-rbf"),
        "pyimpspec tr-nnls": partial(pyimpspec, method="tr-nnls"),
        "hybrid-drt": hybrid,
    }
    for title, make in peers.items():
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                run = make()
        except ImportError as error:
            print(f"{title:34}is not installed ({error})")
            continue

        def quiet(z: np.ndarray, run: Callable[[np.ndarray], Answer] = run) -> Answer:
            with contextlib.redirect_stdout(io.StringIO()):
                return run(z)

        spent = measure(title, quiet, peer_draws)
        ratios = ", ".join(f"{spent[g] / times[g]:.0f}" for g in GROUPS)
        print(f"{'':34}its time over that of tikhonov, marginal likelihood: {ratios}")
    many = [drawn("ABC"[i % 3], 5e-3, i) for i in range(1000)]
    begin = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(partial(fast, "marginal"), many))
    print(f"1000 spectra, tikhonov, 2 threads: {time.perf_counter() - begin:.2f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
