"""The classical phase field of deposition against what must hold: equilibrium, conservation, order, isotropy, resumption."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anodefree.core.context import Context
from anodefree.errors import Cancelled, ConfigError
from anodefree.simulation.deposition.classical import classical
from anodefree.simulation.deposition.classical_step import Equations, State, Stepper, nuclei


def equations(cells: tuple[int, int], size_um: tuple[float, float], **changed: Any) -> Equations:
    """The reduced values of Chen et al. on a box."""
    made = Equations(
        cells=cells,
        spacing_um=(size_um[0] / cells[0], size_um[1] / cells[1]),
    )
    return replace(made, **changed)


def advanced(e: Equations, metal: np.ndarray, step_s: float, steps: int, salt: float = 1.0) -> State:
    stepper = Stepper(e)
    state = stepper.start(metal, np.full_like(metal, salt))
    for _ in range(steps):
        state = stepper.advance(state, step_s)
    return state


def test_an_interface_at_rest_has_the_width_of_the_double_well() -> None:
    """xi = (1 + tanh(x sqrt(2W/kappa)/2))/2, from a step."""
    e = equations((64, 2), (8.0, 0.25), reaction_per_s=0.0, voltage_V=0.0)
    z = (np.arange(64) + 0.5) / 8
    state = advanced(e, np.repeat((z < 4.0)[:, None] * 1.0, 2, axis=1), 0.5, 120)
    assert np.abs(state.metal[:, 0] - 0.5 * (1 + np.tanh(2 * (4.0 - z)))).max() < 3e-3


@pytest.mark.parametrize("anisotropy", [0.0, 0.05])
def test_lithium_is_conserved_behind_closed_borders(anisotropy: float) -> None:
    e = equations((24, 36), (6.0, 9.0), open_top=False, anisotropy=anisotropy, sites_over_salt=0.5, reaction_per_s=0.02)
    metal = nuclei(e, 0.0, np.array([3.0, 7.0]), 1.5)
    before = (1 + 0.5 * metal).sum()
    state = advanced(e, metal, 0.05, 20)
    assert state.metal.sum() > 1.01 * metal.sum(), "it grows"
    assert abs((state.salt + 0.5 * state.metal).sum() / before - 1) < 1e-10


def test_what_leaves_the_upper_border_is_what_the_potential_loses() -> None:
    """div(sigma grad phi) = F Cs xi_t over the whole box, through both borders."""
    e = equations((24, 32), (6.0, 8.0), tolerance=1e-11)
    stepper = Stepper(e)
    state = stepper.start(nuclei(e, 0.0, np.array([4.0]), 1.5), np.ones((24, 32)))
    new = stepper.advance(state, 0.02)
    up = 2 * e.conductivity_S_m * -new.potential_V[-1]
    weight = new.metal[0] ** 3 * (10 - 15 * new.metal[0] + 6 * new.metal[0] ** 2)
    down = 2 * e.conductivity_metal_S_m * weight * (e.voltage_V - new.potential_V[0])
    used = e.charge * e.spacing_um[1] ** 2 * (new.metal - state.metal) / 0.02
    assert abs(up.sum() + down.sum() - used.sum()) < 1e-5 * abs(up.sum())


def test_the_free_energy_falls_without_a_reaction() -> None:
    from anodefree.numerics.compiled.phase_field import free_energy

    e = equations((32, 32), (8.0, 8.0), reaction_per_s=0.0, sites_over_salt=0.0, voltage_V=0.0, anisotropy=0.05, angle_rad=0.2)
    stepper = Stepper(e)
    state = stepper.start(np.random.default_rng(0).uniform(0, 1, (32, 32)), np.ones((32, 32)))
    energies = []
    for _ in range(40):
        energies.append(free_energy(state.metal, 0.25, 0.25, 2.4, 0.3, 0.05, 0.2))
        state = stepper.advance(state, 0.4)
    assert np.all(np.diff(energies) < 1e-12)
    assert energies[-1] < 0.2 * energies[0]


def test_order_in_time_is_one() -> None:
    e = equations((24, 32), (6.0, 8.0))
    metal = nuclei(e, 0.0, np.array([4.0]), 1.5)
    ends = [advanced(e, metal, 0.2 / 2**n, 5 * 2**n).metal for n in range(4)]
    gaps = [np.abs(a - b).max() for a, b in itertools.pairwise(ends)]
    orders = np.log2(np.array(gaps[:-1]) / gaps[1:])
    assert np.all(np.abs(orders - 1) < 0.25), orders


def test_order_in_space_is_two() -> None:
    """A flat film that grows: its thickness on grids that halve."""
    thick = []
    for n in (16, 32, 64, 128):
        e = equations((n, 2), (8.0, 16.0 / n))
        thick.append(advanced(e, nuclei(e, 3.0, np.zeros(0), 1.0), 0.1, 10).metal.mean() * 8.0)
    gaps = np.abs(np.diff(thick))
    assert np.log2(gaps[1] / gaps[2]) == pytest.approx(2, abs=0.35), gaps


def test_a_disc_grows_round() -> None:
    """Without anisotropy the radius depends on the direction by less than 0.5 % at four cells across the interface."""
    n, h = 64, 0.25
    e = equations((n, n), (n * h, n * h), voltage_V=0.0, reaction_per_s=0.1, sites_over_salt=1e-6, open_top=False)
    x = (np.arange(n) + 0.5) * h
    metal = 0.5 * (1 + np.tanh(2 * (4.0 - np.hypot(x[:, None], x[None, :]))))
    state = advanced(e, metal, 0.1, 40, salt=2.0)
    angles = np.linspace(0, np.pi / 2, 31)
    r = np.linspace(0, 12, 1201)
    radii = []
    for angle in angles:
        i, j = np.clip(r * np.sin(angle) / h - 0.5, 0, n - 1.001), np.clip(r * np.cos(angle) / h - 0.5, 0, n - 1.001)
        a, b = i.astype(int), j.astype(int)
        f, g = i - a, j - b
        m = state.metal
        line = (1 - f) * ((1 - g) * m[a, b] + g * m[a, b + 1]) + f * ((1 - g) * m[a + 1, b] + g * m[a + 1, b + 1])
        radii.append(np.interp(-0.5, -line, r))
    assert np.mean(radii) > 4.4, "it grows"
    assert np.ptp(radii) < 0.005 * np.mean(radii)


QUICK: dict[str, Any] = {
    "width_m": 8e-6,
    "height_m": 6e-6,
    "cells_x": 32,
    "cells_z": 24,
    "duration_s": 1.0,
    "sites": 2,
    "frames": 3,
}


def test_a_stopped_run_goes_on_bit_by_bit(tmp_path: Path) -> None:
    whole = classical(**QUICK, noise=0.01, seed=3)
    calls = []

    def enough() -> bool:
        calls.append(1)
        return len(calls) == 12

    with pytest.raises(Cancelled):
        classical(**QUICK, noise=0.01, seed=3, context=Context(tmp_path, cancelled=enough))
    again = classical(**QUICK, noise=0.01, seed=3, context=Context(tmp_path))
    assert len(whole["time_s"]) > 14
    for name in whole.data.data_vars:
        assert np.array_equal(whole[str(name)], again[str(name)]), name


def test_charge_is_lithium_and_a_shorted_cell_keeps_what_it_has() -> None:
    made = classical(**{**QUICK, "duration_s": 40.0}, places_m=(4e-6,), voltage_V=-0.1)
    assert "upper border" in made.meta["stopped"]
    assert made["frame_time_s"][-1] == made["time_s"][-1] < 40
    grown = made["deposited_m"] - made["deposited_m"][0]
    assert np.allclose(made["charge_C_m2"], 96485.33212 * 76400 * grown, rtol=1e-9)
    by_steps = np.sum(made["current_density_A_m2"][1:] * np.diff(made["time_s"]))
    assert by_steps == pytest.approx(made["charge_C_m2"][-1], rel=1e-9)
    assert np.all(np.diff(made["tip_height_m"]) >= 0)


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(ConfigError, match="interface"):
        classical(**{**QUICK, "cells_x": 4})
    with pytest.raises(ConfigError, match="beyond the width"):
        classical(**QUICK, places_m=(9e-6,))
