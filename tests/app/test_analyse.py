"""What the page of analyses is made of: offered stages, their study, and the view of what came out."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np

from anodefree import stages
from anodefree.app.offered import offered, study_of
from anodefree.app.result_view import SIGNS, checks_first, citations, compared, estimate_rows, methods, svg
from anodefree.study.plan import plan


def test_stages_that_take_the_files_are_offered_the_usual_first() -> None:
    names = [s.name for s in offered(["impedance"])]
    assert names[:2] == ["eis.fit", "drt.spectrum"]
    assert "cycling.efficiency" not in names
    assert [s.name for s in offered(["impedance"], "kramers")][:1] == ["eis.kramers_kronig"]
    assert "cycling.compare" in [s.name for s in offered(["cycling", "cycling"])]
    assert offered(["impedance", "cycling"]) == []
    assert offered([]) == []


def test_the_study_names_a_step_for_each_file_and_plans(tmp_path: Path) -> None:
    made = stages.get("eis.fit").example(np.random.default_rng(1)).inputs[0]
    for name in ("a 1.nc", "a_1.nc", "7.nc"):
        made.save(tmp_path / name)
    files = [{"file": "a 1.nc"}, {"file": "a_1.nc", "meta": {"temperature_K": "25 degC"}}, {"file": "7.nc"}]
    (tmp_path / "one.toml").write_text(study_of(stages.get("eis.fit"), files, {"circuit": "R0-p(R1,Q1)"}))
    assert [n.id for n in plan(tmp_path / "one.toml").nodes] == ["a_1_nc", "a_1_nc_2", "s_7_nc"]
    (tmp_path / "many.toml").write_text(study_of(stages.get("eis.arrhenius"), files, {}))
    assert len(plan(tmp_path / "many.toml").nodes) == 1
    assert len(tomllib.loads((tmp_path / "many.toml").read_text())["step"][0]["inputs"][0]["files"]) == 3


def test_the_view_tells_doubts_first_and_keeps_every_digit() -> None:
    stage = stages.get("cycling.efficiency")
    demo = stage.example(np.random.default_rng(1))
    result = stage(*demo.inputs, **demo.parameters)
    order = [list(SIGNS).index(c.status) for c in checks_first(result)]
    assert order == sorted(order)
    row = next(r for r in estimate_rows(result) if r.name == "CE_mean")
    assert row.si.startswith(repr(result["CE_mean"]))
    assert "±" in row.value
    head, lines = compared({"one": result, "two": result})
    assert [line[0] for line in lines] == ["one", "two"]
    assert len(head) == len(lines[0])
    assert "currentColor" in svg(stage, result, "f")
    assert methods(stage)
    assert len(citations(stage)) == len(stage.cites)
