"""Primary, secondary and depleted fields against the flat cell's closed forms, their limits, and conservation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from anodefree.core.constants import FARADAY_C_MOL
from anodefree.core.measurement import Measurement
from anodefree.errors import ConfigError
from anodefree.numerics.axisymmetric_potential import Cell, cone, hemispheroid, solved_in, space
from anodefree.numerics.secondary_current import electrodes, solve_secondary
from anodefree.physics.butler_volmer import overpotential_V, thermal_voltage_V
from anodefree.simulation.ions.field import field
from anodefree.simulation.ions.field_depleted import field_depleted
from anodefree.simulation.ions.field_primary import field_primary
from anodefree.simulation.ions.field_secondary import field_secondary, law

GAP = 50e-6
FLAT = {"boss_height_m": 2e-3 * GAP, "boss_base_m": 0.2 * GAP, "shape": "cone"}
THERMAL = float(thermal_voltage_V(298.15))


def inside(cell: Measurement, name: str = "potential_V") -> tuple[np.ndarray, np.ndarray]:
    """z [gaps] and the values (z, r) in the liquid, off the floor."""
    z, r = cell["z_m"] / GAP, cell["r_m"] / GAP
    return z[(z > 0.3) & (z < 1)], cell[name][np.ix_((z > 0.3) & (z < 1), (r >= 0) & (r < 0.5))]


@pytest.mark.parametrize("alpha", [0.5, 0.3])
def test_the_flat_cell_has_its_ohmic_drop_and_two_overpotentials(alpha: float) -> None:
    found = field_secondary(**FLAT, current_density_A_m2=200.0, conductivity_S_m=0.5, j0_A_m2=5.0, transfer_coefficient=alpha)
    plating, stripping = -float(overpotential_V(-200.0, 5.0, alpha)), float(overpotential_V(200.0, 10.0, alpha))
    assert found.meta["cell_voltage_V"] == pytest.approx(200.0 * GAP / 0.5 + plating + stripping, rel=1e-4)
    z, phi = inside(found)
    assert np.abs(phi - (200.0 * GAP / 0.5) * z[:, None]).max() < 1e-3 * 200.0 * GAP / 0.5


def test_the_wagner_number_leads_from_the_primary_to_the_even_current() -> None:
    """j0 from huge to small at a small current: the tip's share falls from the primary one to projected over true area."""
    primary = field_primary()
    tips = [field_secondary(j0_A_m2=j0, upper_j0_A_m2=j0, current_density_A_m2=1e-3).meta for j0 in (1e8, 1e4, 1e-2)]
    assert tips[0]["tip_current"] == pytest.approx(primary.meta["tip_current"], rel=2e-3)
    assert tips[0]["wagner_number"] < 1e-4
    made = space(Cell(hemispheroid(0.2, 0.06), 0.2, 0.06, 0.5, 1.0))
    lower, upper = electrodes(made)
    assert tips[2]["wagner_number"] > 1e4
    assert tips[2]["tip_current"] == pytest.approx(upper.area / lower.area, rel=1e-3)
    assert [t["tip_current"] for t in tips] == sorted((t["tip_current"] for t in tips), reverse=True)


@pytest.mark.parametrize("j0", [1e-4, 1e-2, 1.0, 1e3])
def test_what_enters_above_leaves_below(j0: float) -> None:
    made = space(Cell(hemispheroid(0.2, 0.06), 0.2, 0.06, 0.5, 1.0))
    below, above = law(j0, 0.5, plating=True), law(j0, 0.5, plating=False)
    found = solve_secondary(made, below, above, 3.0, 3.0 * solved_in(made, 1.0).values, 3.0)
    lower, upper = electrodes(made)
    out = lower.total(below(lower.at(found.potential.values))[0])
    assert out == pytest.approx(3.0 * upper.area, rel=1e-8)
    assert upper.total(above(found.upper - upper.at(found.potential.values))[0]) == pytest.approx(out, rel=1e-8)


def test_the_current_on_the_wall_obeys_the_kinetics_there() -> None:
    """sigma dphi/dn from the elements' gradient is the Butler-Volmer current at the potential beside the wall."""
    made = space(Cell(hemispheroid(0.2, 0.1), 0.2, 0.1, 0.5, 1.0), order=6)
    below = law(1.0, 0.4, plating=True)
    found = solve_secondary(made, below, law(1.0, 0.4, plating=False), 3.0, 3.0 * solved_in(made, 1.0).values, 3.0)
    potential = found.potential
    along, edge = np.linspace(0.05, 0.95, 7), np.zeros(7)
    local = np.concatenate([np.array([along, edge]), np.array([edge, along])], axis=1)
    r, z, dr, dz, u = (v.reshape(made.basis.mesh.t.shape[1], -1) for v in potential.field_at(local))
    on = np.abs((r / 0.1) ** 2 + (z / 0.2) ** 2 - 1) < 1e-9
    normal = np.stack([r[on] / 0.1**2, z[on] / 0.2**2])
    flux = (dr[on] * normal[0] + dz[on] * normal[1]) / np.hypot(*normal)
    assert on.sum() >= 50
    assert flux == pytest.approx(below(u[on])[0], rel=5e-3)


def test_the_flat_cell_depletes_as_its_closed_form_says() -> None:
    limiting = 4 * FARADAY_C_MOL * 3e-10 * 1000.0 / GAP
    found = field_depleted(**FLAT, current_density_A_m2=0.6 * limiting)
    assert found.meta["limiting_current_A_m2"] == pytest.approx(limiting, rel=1e-3)
    assert found.meta["least_salt_mol_m3"] == pytest.approx(400.0, rel=2e-3)
    assert found.meta["most_salt_mol_m3"] == pytest.approx(1600.0, rel=1e-3)
    z, phi = inside(found)
    assert np.abs(phi - THERMAL * np.log((0.4 + 1.2 * z[:, None]) / 0.4)).max() < 2e-3 * THERMAL


def test_the_mean_salt_is_what_was_put_in() -> None:
    """c = c0 exp(F phi/RT), integrated over the cell with its protrusion, is the salt at rest."""
    found = field_depleted(current_density_A_m2=1500.0, elements=20)
    z, r = found["z_m"] / GAP, found["r_m"] / GAP
    rows, columns = (z >= -1e-9) & (z <= 1 + 1e-9), (r >= -1e-9) & (r <= 0.5 + 1e-9)
    c = found.meta["least_salt_mol_m3"] * np.exp(found["potential_V"][np.ix_(rows, columns)] / THERMAL)
    liquid = found["wall"][np.ix_(rows, columns)] >= 0
    weight = np.where(liquid, r[columns][None, :], 0.0)
    weight[[0, -1]] *= 0.5
    weight[:, -1] *= 0.5
    assert np.sum(c * weight) / np.sum(weight) == pytest.approx(1000.0, rel=2e-3)


def test_little_current_leaves_the_primary_field() -> None:
    thin, even = field_depleted(current_density_A_m2=0.1), field(voltage_V=1.0)
    assert thin.meta["tip_factor"] == pytest.approx(even.meta["tip_factor"], rel=1e-3)
    shape = thin["potential_V"] / thin.meta["voltage_V"]
    assert np.abs(shape - even["potential_V"]).max() < 1e-3


@pytest.mark.parametrize("stage", [field, field_primary, field_secondary, field_depleted])
def test_the_spline_is_as_near_to_the_elements_as_stated(stage: Any) -> None:
    meta = stage().meta
    assert meta["spline_error_near_rms"] < 2e-5
    assert meta["spline_error_near_max"] < 5e-4
    assert meta["spline_error_bulk_max"] < 2e-5
    assert meta["mesh_change"] < 1e-3


def test_the_doubt_about_a_sharp_tip_is_in_the_picture() -> None:
    from anodefree.core.figure import axes

    found = field(shape="cone")
    assert found.meta["mesh_change"] > 0.02
    ax = axes()
    field.draw(found, ax)  # type: ignore[misc]
    assert "depends on the mesh" in ax.get_title()


def test_a_wall_tells_the_metal() -> None:
    found = field_secondary()
    for prefix in ("", "patch_"):
        r, z, wall = found[prefix + "r_m"], found[prefix + "z_m"], found[prefix + "wall"]
        metal = (r[None, :] / 3e-6) ** 2 + (np.maximum(z, 0.0)[:, None] / 10e-6) ** 2 < 0.98
        assert (wall[metal] < 0).all()
        assert (wall[(z < -1e-9)] < 0).all()
    assert (found["wall"][found["z_m"] > 1.0001 * GAP] > 1).all()


@pytest.mark.parametrize(
    ("stage", "wrong", "message"),
    [
        (field, {"boss_height_m": 60e-6}, "no room"),
        (field, {"boss_base_m": 30e-6}, "does not fit"),
        (field, {"voltage_V": 0.0}, "voltage_V"),
        (field, {"boss_height_m": 40e-6, "boss_base_m": 0.1e-6}, "beyond what the map"),
        (field_primary, {"conductivity_S_m": 0.0}, "conductivity_S_m"),
        (field_secondary, {"j0_A_m2": float("nan")}, "j0_A_m2"),
        (field_depleted, {"current_density_A_m2": 3000.0}, "limiting current"),
    ],
)
def test_impossible_cells_are_refused(stage: Any, wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        stage(**wrong)


def test_a_sharper_cone_is_still_solved() -> None:
    made = space(Cell(cone(0.2, 0.1), 0.2, 0.1, 0.5, 1.0))
    found = solved_in(made, 1.0)
    assert 0 < float(found.at(np.array(0.3), np.array(0.5))) < 1
