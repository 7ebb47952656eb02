"""One number everywhere: command line, the study that the form writes, the Python lines; and every export opens."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from anodefree import stages
from anodefree.app.exports import export, kinds, python_lines
from anodefree.app.form import entered, fields
from anodefree.cli.main import cli
from anodefree.core.arrays import as_json
from anodefree.core.result import Result
from anodefree.errors import ConfigError
from anodefree.study.plan import plan
from anodefree.study.run import outcomes, run
from anodefree.study.store import Store
from anodefree.study.written import WrittenStep, study_text

CASES = {
    "eis.fit": {"circuit": "R0-p(R1,Q1)-W2", "weighting": "unit"},
    "drt.spectrum": {},
    "cycling.efficiency": {},
    "kinetics.tafel": {"temperature_K": "25 degC"},
}


@pytest.mark.parametrize("name", CASES)
def test_numbers_are_those_of_the_command_line(name: str, tmp_path: Path) -> None:
    stage = stages.get(name)
    source = "eis.fit" if name.startswith(("eis", "drt")) else name
    made = stages.get(source).example(np.random.default_rng(1)).inputs[0]
    made.save(tmp_path / "cell 1.nc")
    words = {**{f.name: f.initial for f in fields(stage)}, **CASES[name]}
    parameters = entered(fields(stage), words)
    assert set(parameters) <= set(CASES[name]), "only what differs is written"
    step = WrittenStep("seen", name, [{"file": "cell 1.nc"}], parameters)
    (tmp_path / "s.toml").write_text(study_text('with "quotes"', [step]))
    study, store = plan(tmp_path / "s.toml"), Store(tmp_path / "store")
    assert run(study, store).errors == {}
    seen = outcomes(study, store)[0].output
    assert isinstance(seen, Result)

    options = [w for n, v in parameters.items() for w in (f"--{n.replace('_', '-')}", str(v))]
    said = CliRunner().invoke(cli, ["do", name, str(tmp_path / "cell 1.nc"), "--json", *options])
    assert said.exit_code == 0, said.output
    told = json.loads(said.stdout)
    assert told["estimates"] == seen.to_dict()["estimates"]
    assert told["curves"] == as_json(seen.curves)
    assert told["checks"] == seen.to_dict()["checks"]

    if name == "kinetics.tafel":
        lines = (
            python_lines(stage, [[{"file": "cell 1.nc"}]], parameters) + "import json; print(json.dumps(result.to_dict()))\n"
        )
        ran = subprocess.run([sys.executable, "-c", lines], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert json.loads(ran.stdout.splitlines()[-1])["estimates"] == told["estimates"]
        for suffix in kinds(stage, seen):
            path = export(stage, seen, suffix, tmp_path, "out")
            assert path.stat().st_size > 100, suffix
        assert (tmp_path / "out.png").read_bytes()[:4] == b"\x89PNG"
        assert (tmp_path / "out.pdf").read_bytes()[:4] == b"%PDF"
        assert Result.load(tmp_path / "out.nc")["j0"] == seen["j0"]
        with pytest.raises(ConfigError, match="cannot be exported"):
            export(stage, seen, "exe", tmp_path, "out")


def test_lines_join_a_series_with_what_each_file_lacks() -> None:
    files = [{"file": "a.z", "meta": {"temperature_K": "25 degC"}}, {"file": "b.z"}]
    text = python_lines(stages.get("eis.arrhenius"), [files], {"circuit": "R0-p(R1,Q1)"})
    assert "af.join([" in text
    assert "af.read('a.z', kind='impedance', temperature_K='25 degC')," in text
    assert "af.get(\"eis.arrhenius\")(spectra, circuit='R0-p(R1,Q1)')" in text
