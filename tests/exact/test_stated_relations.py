"""Relations between stated numbers: Sand's time against the diffusion equation, a barrier against its exponential."""

from __future__ import annotations

import numpy as np
import pytest

from anodefree import stages
from anodefree.analysis.kinetics.sand import limiting_A_m2, sand_time_s
from anodefree.core.constants import FARADAY_C_MOL
from anodefree.errors import ConfigError


def salt_at_the_electrodes(current_A_m2: float, time_s: float, gap_m: float, cells: int = 400) -> tuple[float, float]:
    """Concentrations at the plating and the stripping electrode after that time, by implicit finite volumes."""
    d, c0, anion = 2.5e-10, 1000.0, 0.6
    step, h = time_s / 400, gap_m / cells
    matrix = np.diag(np.full(cells, 1 + 2 * d * step / h**2))
    matrix += np.diag(np.full(cells - 1, -d * step / h**2), 1) + np.diag(np.full(cells - 1, -d * step / h**2), -1)
    matrix[0, 0] = matrix[-1, -1] = 1 + d * step / h**2
    inverse = np.linalg.inv(matrix)
    flux = anion * current_A_m2 / FARADAY_C_MOL
    salt = np.full(cells, c0)
    source = np.zeros(cells)
    source[0], source[-1] = -flux * step / h, flux * step / h
    for _ in range(400):
        salt = inverse @ (salt + source)
    return float(salt[0] - flux * h / (2 * d)), float(salt[-1] + flux * h / (2 * d))


def test_salt_runs_out_at_sands_time() -> None:
    current, gap = 4000.0, 200e-6
    time = float(sand_time_s(*(np.asarray(v) for v in (current, 1000.0, 2.5e-10, 0.6))))
    assert salt_at_the_electrodes(current, time, gap)[0] == pytest.approx(0.0, abs=8.0)


def test_at_the_limiting_current_the_gradient_is_steady_and_just_empty() -> None:
    gap = 50e-6
    limit = float(limiting_A_m2(*(np.asarray(v) for v in (1000.0, 2.5e-10, 0.6, gap))))
    empty, full = salt_at_the_electrodes(limit, 20 * gap**2 / 2.5e-10, gap)
    assert (empty, full) == pytest.approx((0.0, 2000.0), abs=2.0)


def test_below_the_limit_it_says_so() -> None:
    found = stages.get("kinetics.sand")(current_density_A_m2="2 mA/cm2", salt_mol_m3="1 mol/L")
    assert found["current_ratio"] < 0.1
    assert any(c.name == "depletion" and c.status == "warn" for c in found.checks)


def test_a_barrier_by_hand() -> None:
    stage = stages.get("kinetics.barrier")
    given = {"cold_ohm": "200 ohm", "cold_temperature_K": "10 degC", "warm_ohm": "20 ohm", "warm_temperature_K": "40 degC"}
    gap = 1 / 283.15 - 1 / 313.15
    assert stage(**given)["Ea"] == pytest.approx(8.314462618 * np.log(10 * 313.15 / 283.15) / gap)
    assert stage(**given, with_temperature_factor=False)["Ea"] == pytest.approx(8.314462618 * np.log(10) / gap)
    with pytest.raises(ConfigError, match="not above"):
        stage(**{**given, "warm_temperature_K": "5 degC"})
