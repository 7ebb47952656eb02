"""How far moduli from force curves are off, and how honest their errors, beside a fixed contact point: 200 virtual cases each.

    python benchmarks/coverage_afm.py [regime ...]

Every case is a map of nine curves by the virtual lever: k 10 %, the tip's radius 20 % and the sensitivity 3 % off, a sloping
baseline, interference, drift, a piezo that lags, and white noise. The usual way takes a constant baseline, the contact point
where the force of the retract is lowest, and fits C alone between 20 and 80 % of the load, with the error of that fit. Prints a
table for the documentation.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.uncertain import Uncertain
from anodefree.physics.contact import paraboloid_m, young
from anodefree.stages import get

CASES = 200
RADIUS = 2e-8
REGIMES: dict[str, tuple[float, float, float, float]] = {
    # modulus, adhesion, spring constant, load
    "gel, 20 kPa, k 0.05 N/m": (2e4, 5e-10, 0.05, 2e-9),
    "polymer, 1 GPa, k 40 N/m": (1e9, 3e-8, 40.0, 3e-7),
    "interphase, 5 GPa, k 40 N/m": (5e9, 3e-8, 40.0, 3e-7),
    "oxide, 28.8 GPa, k 40 N/m, 0.3 µN": (2.88e10, 3e-8, 40.0, 3e-7),
    "oxide, 28.8 GPa, k 200 N/m, 3 µN": (2.88e10, 3e-8, 200.0, 3e-6),
}


def usual(curves: Measurement) -> tuple[float, float]:
    """Median modulus of a map with the contact point at the pull-off, and the error that the fits state."""
    k = float(curves.meta["spring_constant_N_m"])
    found, errors = [], []
    for i in range(len(curves)):
        z, d = curves["retract_height_m"][i], curves["retract_deflection_m"][i]
        d = d - d[-z.size // 3 :].mean()
        lowest = int(np.argmin(d))
        force, depth, pull = k * d, z[lowest] + d[lowest] - z - d, -k * d[lowest]
        on = (force > -pull + 0.2 * (force.max() + pull)) & (force < -pull + 0.8 * (force.max() + pull)) & (depth > 0)
        if on.sum() < 4:
            continue
        x, y = depth[on] ** 1.5, force[on] + pull
        c = float((x * y).sum() / (x * x).sum())
        found.append(c)
        errors.append(float(np.sqrt(((y - c * x) ** 2).sum() / (on.sum() - 1) / (x * x).sum()) / c))
    if not found:
        return float("nan"), float("nan")
    value = float(young(np.median(found) / paraboloid_m(RADIUS), 0.3, 1.69e11, 0.27))
    own = max(np.std(found) / np.mean(found), np.median(errors)) / np.sqrt(len(found))
    return value, value * float(own)


def told(name: str, truth: float, rows: list[tuple[float, float]], clock: float | None = None) -> None:
    """One row of the table."""
    value, std = np.array(rows).T
    fine = np.isfinite(value) & np.isfinite(std)
    if not fine.any():
        print(f"| {name} | | | | | | {CASES} | |")
        return
    away = np.log(value[fine] / truth)
    scatter = 1.4826 * np.median(np.abs(away - np.median(away)))
    inside = [np.mean(np.abs(value[fine] - truth) <= m * std[fine]) for m in (1, 2)]
    print(
        f"| {name} | {100 * np.median(np.expm1(away)):+.0f} % | {100 * scatter:.0f} % "
        f"| {100 * np.median(std[fine] / value[fine]):.0f} % | {100 * inside[0]:.0f} % | {100 * inside[1]:.0f} % "
        f"| {CASES - int(fine.sum())} | {f'{1e3 * clock:.0f} ms' if clock else ''} |",
        flush=True,
    )


def run(label: str) -> None:
    """Both ways over all cases of one regime."""
    modulus, pull, spring, load = REGIMES[label]
    force, stage = get("afm.force"), get("afm.modulus")
    ours, theirs, clocks, depth = [], [], [], []
    soft, hard = {"travel_m": 5e-7, "noise_m": 3e-10}, {"travel_m": 4e-8, "noise_m": 2e-11}
    way = soft if modulus < 1e6 else hard if spring > 100 else {}
    for seed in range(CASES):
        given = {
            "modulus_Pa": (modulus,),
            "adhesion_N": (pull,),
            "spring_N_m": spring,
            "load_N": load,
            "columns": 3,
            "rows": 3,
            "points": 384,
            **way,
        }
        curves = force(seed=seed, **given)
        begun = time.perf_counter()
        result = stage(curves, tip_radius_m=Uncertain(RADIUS, 0.2 * RADIUS), poisson=Uncertain(0.3))
        clocks.append(time.perf_counter() - begun)
        e = result.estimates.get("E_dmt")
        ours.append((e.value, e.std) if e else (np.nan, np.nan))
        depth.append(result["indentation"])
        theirs.append(usual(curves))
    told(f"{label} ({1e9 * np.median(depth):.1f} nm): `afm.modulus`", modulus, ours, float(np.median(clocks)))
    told(f"{label}: fixed contact point, fit error", modulus, theirs)


if __name__ == "__main__":
    print("| case (indentation) | bias (median) | scatter | stated std | within 1 std | within 2 std | failed | time |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for wanted in sys.argv[1:] or REGIMES:
        for name in REGIMES:
            if name.startswith(wanted):
                run(name)
