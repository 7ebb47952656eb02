"""Molecular dynamics against what is exact: turns in a magnetic field, temperatures, drifts, compositions, resumed runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import anodefree as af
from anodefree.core.context import Context
from anodefree.errors import AnodefreeError, Cancelled, ConfigError, DataError
from anodefree.numerics.equilibration import detect, inefficiency
from anodefree.simulation.solvation.drive import RAD_PER_PS, Drive, forces_of
from anodefree.simulation.solvation.force_field import load_force_field
from anodefree.simulation.solvation.integrator import KJ_MOL, integrator_of, prepare
from anodefree.simulation.solvation.protocol import let_the_centre_move
from anodefree.simulation.solvation.recipe import counts, load_recipe
from anodefree.simulation.solvation.system import box_of, system_of, topology
from anodefree.simulation.solvation.turned_steps import TurnedSteps

mm = pytest.importorskip("openmm")
RUN = af.get("solvation.run")
LI_U = 6.941
SMALL: dict[str, Any] = {
    "edge_m": 20e-10,
    "cutoff_m": 9e-10,
    "equilibration_s": 0.2e-12,
    "production_s": 0.2e-12,
    "frame_every_s": 0.05e-12,
    "platform": "CPU",
    "threads": 1,
}


WAYS = pytest.mark.parametrize("way", ["OpenMM", "compiled"])
"""Both forms of the integrator: expressions of OpenMM (on a GPU), and compiled steps (on a processor)."""


def ions(way: str, count: int, turn_rad_ps: float, drive: Drive | None = None, **setting: Any) -> tuple[Any, Any]:
    """Ions that do not meet, in a context, and what makes steps."""
    system = mm.System()
    for _ in range(count):
        system.addParticle(LI_U)
    used = {"temperature_K": 298.15, "friction_ps": 1.0, "step_ps": 0.002, "driven": False, "seed": 7} | setting
    for force in forces_of(drive, np.ones(count), np.ones(count, bool)) if drive else []:
        system.addForce(force)
    turn = np.full(count, turn_rad_ps)
    integrator = mm.CustomIntegrator(used["step_ps"]) if way == "compiled" else integrator_of(turn, **used)
    context = mm.Context(system, integrator, mm.Platform.getPlatformByName("Reference"))
    context.setPositions(np.zeros((count, 3)))
    if way == "compiled":
        return context, TurnedSteps(context, turn, **used)
    prepare(integrator, turn, **{n: used[n] for n in ("friction_ps", "step_ps", "driven")})
    return context, integrator.step


def velocities(context: Any) -> np.ndarray:
    return np.array(context.getState(getVelocities=True).getVelocities(asNumpy=True)._value)


@WAYS
@pytest.mark.parametrize("flux_density_T", [1e3, 1e5, 1e7])
def test_free_ion_turns_at_the_cyclotron_frequency(flux_density_T: float, way: str) -> None:
    turn = RAD_PER_PS * flux_density_T / LI_U
    context, take = ions(way, 1, turn, friction_ps=1e-300)
    context.setVelocities([[0.5, 0.0, 0.1]])
    steps = 1000
    take(steps)
    v = velocities(context)[0]
    angle = -turn * 0.002 * steps  # a positive charge turns clockwise about B
    np.testing.assert_allclose(v, [0.5 * np.cos(angle), 0.5 * np.sin(angle), 0.1], atol=1e-9)
    assert np.linalg.norm(v[:2]) == pytest.approx(0.5, rel=1e-11)


@WAYS
def test_gyroradius(way: str) -> None:
    turn = RAD_PER_PS * 1e6 / LI_U
    context, take = ions(way, 1, turn, friction_ps=1e-300, step_ps=1e-4)
    context.setVelocities([[0.5, 0.0, 0.0]])
    places = []
    for _ in range(200):
        take(23)
        places.append(context.getState(getPositions=True).getPositions(asNumpy=True)._value[0, :2])
    span = np.ptp(np.array(places), axis=0) / 2
    np.testing.assert_allclose(span, 0.5 / turn, rtol=1e-3)


@WAYS
def test_temperature_and_turning_correlation_with_friction(way: str) -> None:
    """Ornstein-Uhlenbeck in a field: <v(0)v(t)> across is kT/m e^(-γt) cos ωt, the Hall part e^(-γt) sin ωt."""
    gamma, turn = 2.0, 2.78
    context, take = ions(way, 4000, turn, friction_ps=gamma)
    context.setVelocitiesToTemperature(298.15, 3)
    take(200)
    start = velocities(context)
    variance = KJ_MOL * 298.15 / LI_U
    assert (start**2).mean() == pytest.approx(variance, rel=0.04)
    t = 0.25
    take(round(t / 0.002))
    later = velocities(context)
    own = 0.5 * ((start[:, 0] * later[:, 0]).mean() + (start[:, 1] * later[:, 1]).mean()) / variance
    hall = 0.5 * ((start[:, 0] * later[:, 1]).mean() - (start[:, 1] * later[:, 0]).mean()) / variance
    assert own == pytest.approx(np.exp(-gamma * t) * np.cos(turn * t), abs=0.05)
    assert hall == pytest.approx(-np.exp(-gamma * t) * np.sin(turn * t), abs=0.05)
    assert (start[:, 2] * later[:, 2]).mean() / variance == pytest.approx(np.exp(-gamma * t), abs=0.06)


def test_no_field_is_the_built_in_integrator() -> None:
    made = integrator_of(np.zeros(3), temperature_K=300, friction_ps=1, step_ps=0.002, driven=False, seed=1)
    assert isinstance(made, mm.LangevinMiddleIntegrator)


@WAYS
def test_crossed_fields_drift(way: str) -> None:
    """v = E/B along -y for E along x and B along z, whatever the charge, and the thermostat does not hold it back."""
    flux, electric = 1e6, 5e7
    turn = RAD_PER_PS * flux / LI_U
    context, take = ions(way, 1, turn, Drive(flux, electric), driven=True)
    context.setVelocities([[0.0, 0.0, 0.0]])
    period = round(2 * np.pi / turn / 0.002)
    take(20 * period)
    place = context.getState(getPositions=True).getPositions(asNumpy=True)._value[0]
    drift = place / (20 * period * 0.002)
    assert drift[1] == pytest.approx(-electric / flux * 1e-3, rel=0.02)  # m/s -> nm/ps
    assert abs(drift[0]) < 0.05 * abs(drift[1])


@WAYS
def test_counter_rotating_drive_turns_its_force(way: str) -> None:
    omega = 2.0
    context, take = ions(way, 1, 0.0, Drive(rotating_N=1e-12, rotating_rad_s=omega * 1e12), driven=True, rotating_rad_ps=omega)
    context.setVelocities([[0.0, 0.0, 0.0]])
    take(round(2 * np.pi / omega / 0.002))
    force = 1e-12 * 1e-9 * 6.02214076e23 * 1e-3
    # After a whole turn the velocity is back at zero; the place has moved by F 2π/(m ω²) across.
    place = context.getState(getPositions=True).getPositions(asNumpy=True)._value[0]
    assert np.abs(velocities(context)[0, :2]).max() < 0.01 * force / LI_U / omega
    assert place[1] == pytest.approx(force * 2 * np.pi / LI_U / omega**2, rel=0.02)


def test_compiled_steps_are_those_of_openmm_without_friction() -> None:
    """The reference paper's electrolyte in a field, rigid bonds to hydrogen: the same path from the same beginning."""
    field = load_force_field()
    box = box_of({"LI": 3, "TFS": 3, "DOL": 12, "DME": 8}, field)
    system, _ = system_of(box, field, 2.4e-9, charge_scale=0.8, cutoff_m=1e-9, rigid=True)
    let_the_centre_move(system)
    turn = Drive(1e3).turn_rad_ps(box.charge_e, box.mass_u)
    used: dict[str, Any] = {"friction_ps": 1e-300, "step_ps": 0.0005, "driven": False}
    whole = used | {"temperature_K": 298.15, "seed": 1}
    ends = []
    for way in ("OpenMM", "compiled"):
        integrator = integrator_of(turn, **whole) if way == "OpenMM" else mm.CustomIntegrator(used["step_ps"])
        integrator.setConstraintTolerance(1e-8)
        context = mm.Context(system, integrator, mm.Platform.getPlatformByName("Reference"))
        context.setPeriodicBoxVectors(*(np.eye(3) * 2.4))
        context.setPositions(_apart(box) if not ends else ends[0][0])
        if not ends:
            mm.LocalEnergyMinimizer.minimize(context, 10.0, 300)
            context.applyConstraints(1e-8)
            context.setVelocitiesToTemperature(298.15, 3)
            state = context.getState(getPositions=True, getVelocities=True)
            begin = [np.array(a._value) for a in (state.getPositions(asNumpy=True), state.getVelocities(asNumpy=True))]
            ends.append(begin)
        else:
            context.setVelocities(ends[0][1])
        if way == "OpenMM":
            prepare(integrator, turn, **used)
            integrator.step(20)
        else:
            TurnedSteps(context, turn, **whole)(20)
        state = context.getState(getPositions=True, getVelocities=True)
        ends.append([np.array(a._value) for a in (state.getPositions(asNumpy=True), state.getVelocities(asNumpy=True))])
    begin, theirs, mine = ends
    gone = np.abs(theirs[0] - begin[0]).max()
    np.testing.assert_allclose(mine[0], theirs[0], atol=1e-4 * gone)
    np.testing.assert_allclose(mine[1], theirs[1], atol=1e-3 * np.abs(theirs[1]).max())


def test_a_field_leaves_the_heat_where_the_centre_may_move() -> None:
    """Atoms of other charges turn by other angles: to take the momentum of all away at each step would cool them."""
    charge, mass = np.array([1.0, -1.0, 0.5, -0.5] * 25), np.full(100, LI_U)
    kelvin = []
    for free in (True, False):
        system = mm.System()
        for m in mass:
            system.addParticle(m)
        system.addForce(mm.CMMotionRemover(1))
        if free:
            let_the_centre_move(system)
        used: dict[str, Any] = {"friction_ps": 1e-300, "step_ps": 0.002, "driven": False}
        turn = Drive(1e7).turn_rad_ps(charge, mass)
        integrator = integrator_of(turn, temperature_K=298.15, seed=1, **used)
        context = mm.Context(system, integrator, mm.Platform.getPlatformByName("Reference"))
        context.setPositions(np.zeros((100, 3)))
        context.setVelocitiesToTemperature(298.15, 5)
        prepare(integrator, turn, **used)
        before = (velocities(context) ** 2).sum()
        integrator.step(200)
        kelvin.append((velocities(context) ** 2).sum() / before)
    assert kelvin[0] == pytest.approx(1.0, abs=1e-9)
    assert kelvin[1] < 0.99  # without collisions only what the few kinds share is lost


def _apart(box: Any) -> np.ndarray:
    """Molecules on a lattice, their atoms about it."""
    side = int(np.ceil(len(box.molecules) ** (1 / 3)))
    sites = np.array([(i, j, k) for i in range(side) for j in range(side) for k in range(side)]) * 2.4 / side
    return np.asarray(sites[box.molecule] + np.random.default_rng(1).normal(0, 0.12, (len(box.molecule), 3)))


def test_compositions_of_the_paper() -> None:
    field = load_force_field()
    assert counts(load_recipe("dol_dme_litfsi"), 30e-10, field) == {"LI": 23, "TFS": 20, "NO3": 3, "DOL": 97, "DME": 65}
    paper = counts(load_recipe("dol_dme_litfsi"), 56.3e-10, field)
    assert (paper["LI"], paper["TFS"], paper["NO3"]) == (147, 129, 18)
    for residue in field.residues:
        assert abs(field.charge_e(residue) - round(field.charge_e(residue))) < 1e-9


@pytest.mark.parametrize(("scale", "name"), [(0.8, "electrolyte_s08.xml"), (1.0, "electrolyte.xml")])
def test_energy_is_that_of_an_independent_construction(shared: Path, scale: float, name: str) -> None:
    """The same snapshot through a force field file that mixes and scales by a script of its own."""
    from openmm import app

    folder = shared / "solvation"
    snapshot = np.load(folder / "small_equilibrated_s08_2ns.npz")
    edge_m = float(snapshot["box_A"]) * 1e-10
    field = load_force_field()
    box = box_of({"LI": 23, "TFS": 20, "NO3": 3, "DOL": 97, "DME": 65}, field)

    def energy(system: Any) -> float:
        context = mm.Context(system, mm.VerletIntegrator(1e-3), mm.Platform.getPlatformByName("CPU"))
        context.setPeriodicBoxVectors(*(np.eye(3) * edge_m / 1e-9))
        context.setPositions(snapshot["pos_A"] * 0.1)
        return float(context.getState(getEnergy=True).getPotentialEnergy()._value)

    ours = energy(system_of(box, field, edge_m, charge_scale=scale, cutoff_m=1.2e-9, rigid=False)[0])
    made = app.ForceField(str(folder / name))
    theirs = energy(
        made.createSystem(topology(box, field, edge_m), nonbondedMethod=app.PME, nonbondedCutoff=1.2, constraints=None)
    )
    assert ours == pytest.approx(theirs, rel=1e-5)


def test_a_cancelled_run_goes_on_where_it_was(tmp_path: Path) -> None:
    given = SMALL | {"stress_every_s": 0.01e-12}
    whole = RUN(**given, seed=3)
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) == 5

    with pytest.raises(Cancelled):
        RUN(**given, seed=3, context=Context(tmp_path, cancelled=stop))
    assert (tmp_path / "checkpoint.npz").exists()
    resumed = RUN(**given, seed=3, context=Context(tmp_path))
    np.testing.assert_array_equal(resumed["time_s"], whole["time_s"])
    np.testing.assert_allclose(resumed["position_m"], whole["position_m"], atol=2e-13)
    np.testing.assert_allclose(whole["stress_time_s"], 0.01e-12 * np.arange(1, 21))
    assert whole["stress_Pa"].shape == (20, 6)
    np.testing.assert_allclose(resumed["stress_Pa"], whole["stress_Pa"], atol=1e-3 * np.abs(whole["stress_Pa"]).max())


def test_a_parameter_that_was_added_leaves_keys_alone_at_its_default() -> None:
    plain, asked = RUN.validate({}), RUN.validate({"stress_every_s": 1e-14})
    before = {n: v for n, v in plain.items() if n != "stress_every_s"}
    assert RUN.key(plain, [], 1) == RUN.key(before, [], 1) != RUN.key(asked, [], 1)


def test_velocities_pass_from_one_phase_to_the_next() -> None:
    """The same ones drawn anew would echo: a quarter of the temperature missing, half as long after as between both draws."""
    given = SMALL | {"edge_m": 27e-10, "start": "equilibrated", "step_s": 1e-15}
    short = {"equilibration_s": 0.1e-12, "production_s": 0.08e-12, "frame_every_s": 0.01e-12}
    kelvin = RUN(**given | short, seed=1)["log_temperature_K"]
    assert kelvin.min() > 0.9 * 298.15


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"recipe": "dol_dme_litfs"}, "did you mean"),
        ({"edge_m": 15e-10}, "two cut-offs|no molecule"),
        ({"step_s": 3e-15}, "too long"),
        ({"rigid": False}, "flexible bonds"),
        ({"flux_density_T": 1e8}, "turns by"),
        ({"platform": "CUDA"}, "no platform"),
        ({"frame_every_s": 1e-9}, "0 frames"),
        ({"stress_every_s": 3e-15}, "fit neither"),
        ({"force_field": ("nowhere.xml",)}, "cannot be read"),
    ],
)
def test_impossible_runs_are_refused(given: dict[str, Any], words: str) -> None:
    if given.get("platform") == "CUDA" and "CUDA" in [
        mm.Platform.getPlatform(k).getName() for k in range(mm.Platform.getNumPlatforms())
    ]:
        pytest.skip("there is a CUDA device")
    with pytest.raises(ConfigError, match=words):
        RUN(**{**SMALL, **given})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<ForceField><Script>print(1)</Script></ForceField>", "would run code"),
        ("<!DOCTYPE x><ForceField/>", "entities"),
        ("<ForceField>", "no valid XML"),
        (
            "<ForceField><Residues><Residue name='X'><Atom name='A' type='nothing'/></Residue></Residues></ForceField>",
            "no parameters",
        ),
    ],
)
def test_force_fields_of_strangers_are_checked(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "mine.xml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        load_force_field((str(path),))


def test_a_charged_box_is_refused() -> None:
    with pytest.raises(AnodefreeError, match="charge of"):
        box_of({"LI": 2, "TFS": 1}, load_force_field())


def test_equilibrium_is_detected_behind_a_decay() -> None:
    rng = np.random.default_rng(0)
    series = np.empty(2000)
    series[0] = 0.0
    for k in range(1, 2000):
        series[k] = 0.9 * series[k - 1] + rng.standard_normal()
    assert inefficiency(series) == pytest.approx(19.0, rel=0.35)
    drifting = series + 40 * np.exp(-np.arange(2000) / 60)
    found = detect(drifting)
    assert 100 <= found.first <= 600
    assert detect(rng.standard_normal(500)).first < 150
