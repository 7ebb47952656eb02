"""The interactive view of what stages give: finite numbers, labelled axes, no peak lost to thinning."""

from __future__ import annotations

import numpy as np
import pytest

from anodefree import stages
from anodefree.app.interactive import MOST_POINTS, figure, thinned
from anodefree.core.result import Result

CHEAP = [
    "drt.map", "eis.kramers_kronig", "cycling.efficiency", "cycling.retention", "kinetics.tafel", "optical.front",
    "afm.roughness", "tofsims.uniformity", "sem.porosity", "tem.rings", "xps.components", "ions.fly", "microscope.section",
    "eis.evolution", "cycling.differential",
]  # fmt: skip


@pytest.mark.parametrize("name", CHEAP)
def test_demo_is_drawn_finite_and_labelled(name: str) -> None:
    stage = stages.get(name)
    demo = stage.example(np.random.default_rng(1))
    output = stage(*demo.inputs, **demo.parameters)
    data = output.curves if isinstance(output, Result) else output.data
    made = figure({"": data})
    assert made.data
    for trace in made.data:
        values = np.asarray(trace.z if trace.type == "heatmap" else trace.y, dtype=float)
        assert np.isfinite(values).any(), trace.name
    assert all(axis.title.text for axis in (*made.select_xaxes(), *made.select_yaxes()))


def test_two_of_a_stage_lie_over_each_other() -> None:
    stage = stages.get("cycling.efficiency")
    both = {}
    for seed in (1, 2):
        demo = stage.example(np.random.default_rng(seed))
        both[f"cell {seed}"] = stage(*demo.inputs, **demo.parameters).curves
    names = {t.name for t in figure(both).data}
    assert {"cell 1 CE", "cell 2 CE"} <= names


def test_thinning_keeps_the_ends_and_every_spike() -> None:
    x = np.arange(100_000.0)
    y = np.sin(x / 5000)
    y[54_321] = 9.0
    at, kept = thinned(x, y)
    assert len(at) <= MOST_POINTS + 2
    assert at[0] == 0
    assert at[-1] == 99_999
    assert kept.max() == 9.0
    assert (np.diff(at) > 0).all()
