"""A run saves soon, then ever more seldom, and never spends much of its time on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anodefree.app.live import live
from anodefree.core.context import Context
from anodefree.core.saving import FIRST_S, SHARE, Saving
from anodefree.errors import Cancelled
from anodefree.stages import get


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def saves(cost_s: float, whole_s: float, longest_s: float = 30.0, step_s: float = 0.05) -> list[float]:
    """When a run of steps saves, in seconds from its start."""
    clock = Clock()
    saving, found = Saving(longest_s, clock), []
    while clock.now_s < 100 + whole_s:
        clock.now_s += step_s
        if saving.due():
            found.append(clock.now_s - 100)
            clock.now_s += cost_s
            saving.done()
    return found


def test_waits_double_up_to_the_longest() -> None:
    found = saves(0.001, 300)
    assert found[0] == pytest.approx(FIRST_S, abs=0.06)
    gaps = np.diff(found)
    assert gaps[0] == pytest.approx(2 * FIRST_S, abs=0.06)
    assert (np.diff(gaps) > -0.2).all()
    assert gaps[-1] == pytest.approx(30.0, abs=0.1)
    assert len(found) < 20


def test_a_dear_save_waits_longer() -> None:
    found = saves(0.4, 200)
    assert found[1] - found[0] == pytest.approx(0.4 / SHARE, rel=0.05)
    assert 0.4 * len(found) < 0.06 * 200


def test_the_longest_wait_holds_whatever_a_save_costs() -> None:
    assert np.diff(saves(5.0, 300)).max() < 30 + 5 + 0.2
    assert saves(0.001, 5, longest_s=0.2)[0] == pytest.approx(0.2, abs=0.06)


def test_a_deposit_can_be_seen_long_before_the_longest_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anodefree.core.saving.FIRST_S", 0.02)
    context = Context(tmp_path, cancelled=(tmp_path / "checkpoint.npz").exists)
    given = {"width_m": 20e-6, "height_m": 10e-6, "cells": 40, "capacity_C_m2": 3000.0, "sites_m": (10e-6,)}
    with pytest.raises(Cancelled):  # the run was seen before it ended
        get("deposit.grow")(context=context, **given)
    assert live(tmp_path, given) is not None
