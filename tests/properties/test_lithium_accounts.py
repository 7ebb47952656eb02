"""Lithium and charge are conserved whatever a cell does; the limits where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anodefree.physics.lithium_accounts import Cell, accounts, full_cell
from anodefree.physics.plating_loss import plating_loss

share = st.floats(0.0, 1.0)


def plain_balance(cell: Cell, cycles: int) -> np.ndarray:
    """The same balance of one cell in plain Python, (7, cycles)."""

    def of(name: str, k: int) -> float:
        values = np.atleast_1d(getattr(cell, name))
        return float(values[k] if len(values) > 1 else values[0])

    source, metal, dead, interphase, stranded, rows = float(cell.source), float(cell.metal), 0.0, 0.0, 0.0, []  # type: ignore[arg-type]
    for k in range(cycles):
        if k and of("room", k) < of("room", k - 1):
            gone = float(cell.stranded_share) * source * (1 - of("room", k) / of("room", k - 1))  # type: ignore[arg-type]
            source, stranded = source - gone, stranded + gone
        plated = min(max(source - of("floor", k), 0.0), of("charge_limit", k))
        lost = min(of("loss", k) * plated ** float(cell.capacity_exponent), 1.0) * plated if plated else 0.0  # type: ignore[arg-type]
        source, metal = source - plated, metal + plated - lost
        given_ = max(min(metal, of("discharge_limit", k), of("room", k) - of("margin", k) - source), 0.0)
        metal, back = metal - given_, given_ * (1 - float(cell.source_loss))  # type: ignore[arg-type]
        source, lost = source + back, lost + given_ - back
        dead += float(cell.dead_share) * lost  # type: ignore[arg-type]
        interphase += (1 - float(cell.dead_share)) * lost  # type: ignore[arg-type]
        rows.append((plated, given_, source, metal, dead, interphase, stranded))
    return np.array(rows).T


@settings(deadline=None, max_examples=60)
@given(
    loss=st.floats(0.0, 0.3),
    excess=st.floats(0.0, 3.0),
    hidden=st.floats(0.0, 0.3),
    dead=share,
    stranded=share,
    fade=st.floats(0.0, 1e-3),
    reach=st.floats(0.0, 1e-2),
    at_charge=share,
    exponent=st.floats(-0.5, 1.5),
)
def test_nothing_is_made_or_lost(
    loss: float,
    excess: float,
    hidden: float,
    dead: float,
    stranded: float,
    fade: float,
    reach: float,
    at_charge: float,
    exponent: float,
) -> None:
    k = np.arange(1000)
    away = reach * np.sqrt(k)
    cell = full_cell(
        plating_loss(loss, formation_loss=0.1, formation_cycles=3, cycle=k + 1),
        excess=excess,
        hidden_reservoir=hidden,
        cathode_fade=fade * k,
        inaccessible=(1 - at_charge) * away,
        inaccessible_at_charge=at_charge * away,
        dead_share=dead,
        stranded_share=stranded,
        capacity_exponent=exponent,
    )
    kept = accounts(cell, 1000)
    assert kept.total() == pytest.approx(1 + hidden + excess, abs=1e-10)
    # Charge: what passed out of the cathode and not back is no longer in it, unless it is stranded there.
    assert (kept.charge - kept.discharge).sum() == pytest.approx(1 + hidden - kept.source[-1] - kept.stranded[-1], abs=1e-10)
    for place in kept:
        assert (place >= -1e-15).all()
    for lost in (kept.dead, kept.interphase, kept.stranded):
        assert (np.diff(lost) >= -1e-15).all()


@settings(deadline=None, max_examples=30)
@given(st.floats(0.001, 0.2), st.floats(0.0, 0.2), st.floats(0.5, 5.0), st.floats(0.0, 2.0), share)
def test_compiled_is_plain(loss: float, source_loss: float, source: float, metal: float, dead: float) -> None:
    k = np.arange(60)
    cell = Cell(
        source=source,
        metal=metal,
        loss=loss * (1 + 0.1 * np.cos(k)),
        room=6.0 - 0.02 * k,
        floor=0.003 * k,
        margin=0.002 * k,
        charge_limit=1.0,
        discharge_limit=1.5,
        source_loss=source_loss,
        dead_share=dead,
        stranded_share=0.4,
        capacity_exponent=0.5,
    )
    assert np.array(accounts(cell, 60)) == pytest.approx(plain_balance(cell, 60), abs=1e-13)


def test_a_copper_cell_gives_its_efficiency_until_the_lithium_is_used_up() -> None:
    kept = accounts(Cell(source=5.0, metal=0.0, loss=0.02, charge_limit=1.0, dead_share=0.8), 400)
    early = kept.discharge[:100] / kept.charge[:100]
    assert early == pytest.approx(0.98, abs=1e-13)
    # 4 of the 5 units can be lost before a full charge is impossible: 0.02 each.
    assert int(np.argmax(kept.charge < 1 - 1e-9)) == pytest.approx(4 / 0.02 + 1, abs=1)
    assert kept.dead[-1] / (kept.dead[-1] + kept.interphase[-1]) == pytest.approx(0.8)


def test_a_symmetric_cell_dies_when_one_side_is_used_up() -> None:
    kept = accounts(Cell(source=5.0, metal=5.0, loss=0.02, source_loss=0.02, charge_limit=1.0, discharge_limit=1.0), 600)
    # Each cycle the counter electrode is plated with what was stripped less its loss: both sides lose 0.02 a cycle.
    full = kept.discharge > 1 - 1e-9
    assert full[:190].all()
    assert not full[255:].any()
    assert kept.total() == pytest.approx(10.0, abs=1e-12)


def test_even_cathode_fade_is_a_straight_line_until_lithium_is_short() -> None:
    k = np.arange(300)
    kept = accounts(full_cell(1e-4, excess=0.5, cathode_fade=1e-3 * k, dead_share=1.0), 300)
    assert kept.discharge == pytest.approx(1 - 1e-3 * k, abs=1e-13)
    assert (kept.metal > 0).all()


def test_what_resistance_puts_out_of_reach_is_not_lost() -> None:
    k = np.arange(100)
    kept = accounts(full_cell(0.0, inaccessible=0.002 * k, inaccessible_at_charge=0.001 * k), 100)
    assert kept.discharge[-1] == pytest.approx(1 - 0.003 * 99, abs=1e-13)
    assert kept.dead[-1] == kept.interphase[-1] == kept.stranded[-1] == 0.0
    assert kept.metal[-1] == pytest.approx(0.002 * 99, abs=1e-13)
    # Nor does it strand lithium in a cathode that keeps its room.
    still = accounts(full_cell(0.0, inaccessible=0.002 * k, stranded_share=1.0), 100)
    assert still.stranded[-1] == 0.0


def test_many_cells_at_once_are_the_single_ones(rng: np.random.Generator) -> None:
    loss, excess = rng.uniform(0, 0.02, 700), rng.uniform(0, 1, 700)
    many = accounts(full_cell(loss[:, None], excess=excess, hidden_reservoir=0.1), 50, threads=2)
    for i in (0, 349, 350, 699):
        one = accounts(full_cell(loss[i], excess=excess[i], hidden_reservoir=0.1), 50)
        assert (np.array(one) == np.array([a[i] for a in many])).all()


def test_the_closure_of_the_loss() -> None:
    assert plating_loss(0.01, current=4.0, current_exponent=0.5) == pytest.approx(0.02)
    assert plating_loss(0.01, capacity=2.0, capacity_exponent=-1.0) == pytest.approx(0.005)
    warm = plating_loss(0.01, temperature_K=308.15, activation_J_mol=4e4)
    assert warm == pytest.approx(0.01 * np.exp(4e4 / 8.314462618 * (1 / 298.15 - 1 / 308.15)))
    assert plating_loss(0.01, formation_loss=0.2, formation_cycles=2.0, cycle=[1, 3]) == pytest.approx(
        [0.21, 0.01 + 0.2 / np.e]
    )
    assert plating_loss(0.5, formation_loss=0.9, cycle=1) == 1.0
