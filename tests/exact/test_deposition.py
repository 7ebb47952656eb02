"""Deposits against what is known exactly: Faraday's law, charge transfer, salt transport, the ripples of a flat front."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import erfc

from anodefree.core.constants import FARADAY_C_MOL
from anodefree.simulation.deposition.cell import Box, Liquid, Numerics, Surface
from anodefree.simulation.deposition.growth import RISE_M_PER_C_M2, Growth, Leg
from anodefree.simulation.deposition.sites import Sites, everywhere, spots

PER_VOLT = Liquid(1, 1, 1, 1, 298.15).per_volt


def cell(
    shape: tuple[int, int, int], cell_m: float, *, liquid: Liquid, j0: float = 13.4, film: float = 0.0,
    sites: Sites | None = None, numerics: Numerics | None = None, periodic: bool = False, **surface: float,
) -> Growth:  # fmt: skip
    box = Box(shape, cell_m, periodic)
    maps = np.full(shape[1:], j0), np.full(shape[1:], film)
    return Growth(box, liquid, Surface(*maps, **surface), sites or everywhere(box), numerics or Numerics())


def carry(growth: Growth, leg: Leg) -> None:
    growth.begin(leg)
    passed = spent = 0.0
    while leg.charge_left_C_m2(passed) > 1e-12 * min(leg.charge_C_m2, 1e9) and leg.duration_s - spent > 1e-12:
        now = growth.moment(leg)
        if growth.state.potentials.electrode_V > leg.cut_off_V:
            break
        step = growth.advance(now, growth.longest_s(leg, now, passed, spent))
        passed, spent = passed + now.flow.total_A_m2 * step, spent + step
        if growth.fault():
            break


NO_SALT = Liquid(1.0, 3e-10, 1.0, 1200.0, 298.15, 0.0)
"""Transference number 1: no gradient of the salt."""
USUAL = Liquid(1.0, 3e-10, 0.4, 1200.0, 298.15)


@pytest.mark.parametrize(("current", "film", "transfer"), [(1.0, 0.0, 0.5), (5.0, 2e-3, 0.5), (30.0, 1e-4, 0.3)])
def test_flat_film_follows_faraday_and_charge_transfer(current: float, film: float, transfer: float) -> None:
    from anodefree.physics.butler_volmer import overpotential_V

    growth = cell((32, 1, 4), 0.25e-6, liquid=NO_SALT, film=film, transfer=transfer)
    leg = Leg(current, 5400.0)
    carry(growth, leg)
    now = growth.moment(leg)
    thick, height = 5400 * RISE_M_PER_C_M2, 8e-6
    assert growth.deposited_m() == pytest.approx(0.7273e-6, rel=1e-3)
    assert growth.deposited_m() == pytest.approx(thick, rel=1e-12)
    ratio = 1 / (1 - thick / height)  # the closed box concentrates what salt it holds
    charge_transfer = -float(overpotential_V(-current, 13.4 * ratio ** (1 - transfer), transfer))
    expected = charge_transfer + film * current + current * (height - thick) / 1.0
    assert -growth.state.potentials.electrode_V == pytest.approx(expected, rel=1e-3)
    assert now.front.area.sum() / 4 == pytest.approx(1, abs=1e-6)


def test_everything_is_conserved_on_an_uneven_deposit() -> None:
    box = Box((24, 1, 48), 0.5e-6)
    sites = spots(box, [(0, 5e-6), (0, 16e-6)], np.array([1e-6, 1.5e-6]), np.zeros(2), 0.0)
    growth = cell(box.shape, box.cell_m, liquid=USUAL, sites=sites, film=1e-3, energy_J_m2=0.5, anisotropy=0.2)
    carry(growth, Leg(2.0, 4000.0))
    state = growth.state
    assert abs(growth.faraday_error()) < 1e-12
    assert abs(growth.salt_error()) < 1e-12
    assert state.shift < 1e-8
    assert state.left_over < 1e-6
    assert growth.moment(Leg(2.0, 4000.0)).flow.total_A_m2 == pytest.approx(2.0, rel=1e-10)
    assert state.lithium.min() > -1e-3
    assert state.lithium.max() < 1.01
    carry(growth, Leg(-2.0, 2000.0))
    assert abs(growth.faraday_error()) < 1e-12
    assert abs(growth.salt_error()) < 1e-12


def test_salt_is_used_up_in_sand_s_time() -> None:
    c0, tau = 10.0, 0.02  # so dilute that the metal displaces no salt to speak of
    liquid = Liquid(10.0, 3e-10, 0.4, c0, 298.15, 0.0)
    current = c0 * FARADAY_C_MOL / (2 * 0.6) * math.sqrt(math.pi * 3e-10 / tau)
    growth = cell((250, 1, 1), 0.1e-6, liquid=liquid, numerics=Numerics(salt_error=5e-5))
    carry(growth, Leg(current, duration_s=tau / 2))
    t, z = growth.state.time_s, growth.box.centres_m(0) - growth.deposited_m()
    reach = 2 * math.sqrt(3e-10 * t)
    shape = np.exp(-((z / reach) ** 2)) / math.sqrt(math.pi) - z / reach * erfc(z / reach)
    profile = c0 - current * 0.6 / FARADAY_C_MOL / 3e-10 * reach * shape
    seen = growth.state.lithium[:, 0, 0] < 0.01
    near = seen & (z < 12e-6)  # the counter electrode is far
    assert np.abs(growth.state.concentration[:, 0, 0] - profile)[near].max() < 0.005 * c0
    carry(growth, Leg(current, duration_s=tau))
    assert growth.fault().startswith("depletion")
    c = growth.state.concentration[:, 0, 0]
    slope = current * 0.6 / FARADAY_C_MOL / 3e-10
    left = (c[0] - slope * (0.5e-7 - growth.deposited_m())) / c0  # at the surface, half a cell below the first centre
    assert growth.state.time_s == pytest.approx(tau * (1 - left) ** 2, rel=0.005)


def test_steady_gradient_of_the_salt() -> None:
    growth = cell((40, 1, 1), 0.5e-6, liquid=Liquid(1.0, 3e-10, 0.4, 50.0, 298.15))
    carry(growth, Leg(10.0, duration_s=20.0))
    gradient = np.diff(growth.state.concentration[5:, 0, 0]) / 0.5e-6
    assert gradient == pytest.approx(0.6 * 10 / (FARADAY_C_MOL * 3e-10), rel=2e-3)


def rippled(cells: int, wavelengths: float, conductivity: float) -> tuple[float, float]:
    """Growth rate of a ripple on a flat front, and what linear theory says."""
    width = 20e-6
    h = width / cells
    growth = cell(
        (cells, 1, cells), h, liquid=Liquid(conductivity, 3e-10, 1.0, 1200.0, 298.15, 0.0), numerics=Numerics(tolerance=1e-9)
    )
    x, z = growth.box.centres_m(2), growth.box.centres_m(0)
    k = 2 * math.pi * wavelengths / width
    small = 0.05 * h
    front = 4e-6 + small * np.cos(k * x)
    growth.state.lithium = 0.5 * (1 - np.tanh((z[:, None] - front) / (2 * 0.75 * h)))[:, None, :]
    now = growth.moment(Leg(1.0, 1.0))
    per_column = np.zeros(growth.box.shape)
    per_column.reshape(-1)[now.front.at] = now.flow.per_face_A_m2
    found = 2 * float((per_column.sum(axis=(0, 1)) * np.cos(k * x)).mean()) / small * RISE_M_PER_C_M2
    stiff = 13.4 * PER_VOLT * math.cosh(math.asinh(1 / 26.8))
    effective = k / math.tanh(k * (width - 4e-6))
    return found, RISE_M_PER_C_M2 * effective / (1 + conductivity * effective / stiff)


@pytest.mark.parametrize("conductivity", [1e-4, 1e-3, 1e-1])
def test_ripple_grows_as_mullins_and_sekerka_say(conductivity: float) -> None:
    found, expected = rippled(80, 1, conductivity)
    assert found == pytest.approx(expected, rel=0.05)


def grown_cylinder(cells: int, numerics: Numerics | None = None, turned: float = 0.0) -> Growth:
    """A half cylinder about a small site, at a potential that kinetics alone turn into a speed."""
    box = Box((cells // 2, 1, cells), 10e-6 / cells)
    sites = spots(box, [(0, 5e-6)], np.array([0.5e-6]), np.zeros(1), 0.0)
    liquid = Liquid(1e3, 3e-10, 1.0, 1200.0, 298.15, 0.0)
    growth = cell(box.shape, box.cell_m, liquid=liquid, sites=sites, numerics=numerics, axis_rad=turned)
    speed = RISE_M_PER_C_M2 * 2 * 13.4 * math.sinh(PER_VOLT * 0.05 / 2)
    carry(growth, Leg(None, duration_s=2e-6 / speed, potential_V=-0.05))
    return growth


def test_front_moves_at_the_speed_of_the_sharp_one_in_every_direction() -> None:
    """A strip of half width a grows to the area 2 a u t + pi (u t)^2/2."""
    growth = grown_cylinder(160)
    lithium = growth.state.lithium[:, 0]
    area = lithium.sum() * growth.box.cell_m**2
    squeezed = 1 + 0.5 * area / 50e-12 / 2  # mean over the run of (c/c0)^(1/2)
    reach = 2e-6 * squeezed
    assert area == pytest.approx(2 * 0.5e-6 * reach + math.pi * reach**2 / 2, rel=0.04)
    h = growth.box.cell_m
    upward = float(lithium[:, 80].sum()) * h
    outward = (float(lithium[0].sum()) * h - 1e-6) / 2
    z, x = np.mgrid[0.5:80, 0.5:160]
    ring = (x - 80) * h
    beyond = np.where(ring > 0.5e-6, ring - 0.5e-6, 0)
    diagonal = np.abs(np.arctan2(z * h, beyond) - math.pi / 4) < 0.1
    slanted = math.sqrt(2 * float(lithium[diagonal & (beyond > 0)].sum()) * h * h / 0.2)
    assert outward == pytest.approx(upward, rel=0.05)
    assert slanted == pytest.approx(upward, rel=0.05)
