"""An audit: values as papers write them, a file checked whole, verdicts of the study engine, the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from anodefree.cli.main import cli
from anodefree.errors import AnodefreeError, ConfigError
from anodefree.study.audit import half_digit, load_audit, stated_value
from anodefree.study.plan import plan
from anodefree.study.shipped import audit_template

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "audit_weber2019.toml"
HEAD = '[paper]\ntitle = "A cell"\ndoi = "10.1000/x"\n'
LIFE = HEAD + (
    '[[statement]]\nname = "retention"\nvalue = "80 %"\nwithin = "0.5 %"\nwhere = "abstract"\n'
    '[[statement]]\nname = "CE"\nvalue = "VALUE"\nwhere = "p. 3"\n'
    '[[check]]\nname = "life"\nrelation = "inventory.efficiency"\ngiven = { retention = "retention" }\n'
    'with = { cycle = 200, excess = 0 }\nanswer = { CE = "CE" }\n'
)


def audited(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["audit", *map(str, arguments)])


def written(folder: Path, text: str) -> Path:
    path = folder / "paper.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "half"),
    [
        ("1.34", 0.005),
        ("70", 5.0),
        ("5000", 500.0),
        ("99.90", 0.005),
        ("1.2e3", 50.0),
        ("12e-3", 0.5e-3),
        ("0", 0.5),
        ("-7", 0.5),
    ],
)
def test_half_of_the_last_digit(text: str, half: float) -> None:
    assert half_digit(text) == pytest.approx(half)


def test_values_as_papers_write_them() -> None:
    assert stated_value("70 ± 5 mV") == ("=", 70.0, 10.0, 5.0, "mV")
    assert stated_value("70 ± 1 mV").half == 5, "the digits, where the deviation is finer"
    assert stated_value(">= 5000 h")[:2] == (">=", 5000.0)
    assert stated_value("≥5000 h")[:2] == (">=", 5000.0)
    assert stated_value("~2.45 Ah") == pytest.approx(("=", 2.45, 0.005, 0.005 / 3**0.5, "Ah"))
    assert stated_value("40–50 %")[:2] == ("range", [40.0, 50.0])
    assert stated_value("90 cycles") == ("=", 90.0, 0.0, 0.0, "cycles")
    assert stated_value("2 mA cm-2", "0.1 A/m2").half == pytest.approx(0.01)
    assert stated_value("helical, deflected") == ("qualitative", "helical, deflected", 0.0, 0.0, "")


@pytest.mark.parametrize(
    ("value", "within", "says"),
    [
        ("1e999 mV", "", "finite"),
        ("70 mVolts", "", "not a unit"),
        ("70 mV", "5 %", "cannot be expressed"),
        ("70 mV", "much", "within"),
    ],
)
def test_values_that_cannot_be_read(value: str, within: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        stated_value(value, within)


def test_every_mistake_at_once(tmp_path: Path) -> None:
    form = written(tmp_path, HEAD + '[[statement]]\nname = "a"\nvaleu = "1"\n[[check]]\nname = "c"\nrelatoin = "x"\n')
    with pytest.raises(ConfigError) as caught:
        plan(form)
    told = str(caught.value)
    assert "'valeu' (did you mean 'value'" in told
    assert "'relatoin' (did you mean 'relation'" in told
    content = LIFE.replace('"retention" }', '"retentoin", excess = "CE" }').replace("VALUE", "99 parrots")
    with pytest.raises(ConfigError) as caught:
        load_audit(written(tmp_path, content))
    told = str(caught.value)
    assert "no statement is named 'retentoin' (did you mean 'retention'" in told
    assert "statement 'CE': 'parrots' is not a unit" in told
    assert "'excess' is both given and set" in told


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("inventory.efficiency", "inventory.eficiency", "did you mean 'inventory.efficiency'"),
        ("{ retention =", "{ retentions =", "unknown parameter 'retentions'"),
        ('"80 %"\nwithin = "0.5 %"', '"80 mV"', "'mV' cannot be expressed in 1"),
        ("{ CE =", "{ CEE =", "no estimate 'CEE'"),
        ("VALUE", "99.9 mV", "cannot be expressed in mV"),
        ("VALUE", "high", "needs a limit"),
        ("inventory.efficiency", "cycling.retention", "takes 1 inputs"),
    ],
)
def test_wrong_relations(tmp_path: Path, old: str, new: str, says: str) -> None:
    done = audited(written(tmp_path, LIFE.replace(old, new).replace("VALUE", "99.9 %")))
    assert isinstance(done.exception, AnodefreeError)
    assert done.exception.exit_code == 2
    assert says in str(done.exception)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [("99.9 %", "consistent"), ("99.5 %", "not reproduced"), (">= 99.8 %", "consistent"), ("98-99 %", "not reproduced")],
)
def test_verdicts_are_those_of_the_study_engine(tmp_path: Path, value: str, verdict: str) -> None:
    done = audited(written(tmp_path, LIFE.replace("VALUE", value)), "--json")
    assert done.exit_code == 0
    told = json.loads(done.output)
    row = told["verdicts"][0]
    assert (row["id"], row["verdict"]) == ("CE", verdict)
    assert row["ours"] == pytest.approx(100 * 0.8 ** (1 / 199), abs=0.01)
    assert told["checks"]["life"]["estimates"]["CE"]["unit"] == "1"


def test_a_statement_that_no_check_uses_is_told(tmp_path: Path) -> None:
    more = LIFE.replace("VALUE", "99.9 %") + '[[statement]]\nname = "porosity"\nvalue = "13.1 %"\nwhere = "Fig. 5"\n'
    rows = json.loads(audited(written(tmp_path, more), "--json").output)["verdicts"]
    assert [(r["id"], r["reason"]) for r in rows if r["verdict"].startswith("no stage")] == [
        ("porosity", "nothing here answers it")
    ]


def test_template_is_an_audit_and_makes_a_report(tmp_path: Path) -> None:
    told = audited("--template").output
    assert told.strip() == audit_template().strip()
    done = audited(written(tmp_path, told), "-o", tmp_path / "out" / "report.html")
    assert done.exit_code == 0, done.output
    verdicts = dict(line.split("\t")[:2] for line in done.output.splitlines() if line.count("\t") == 4)
    assert verdicts["overpotential"] == "consistent"
    assert verdicts["efficiency"] == "not reproduced"
    page = (tmp_path / "out" / "report.html").read_text()
    assert "A lithium cell of ours" in page
    assert "Journal of Invented Results" in page, "the audited paper is among the references"
    assert "exchange current density 1.34 ± 0.05 mA/cm2 (Fig. 2d)" in page, "where its inputs are stated"
    assert "stated, Fig. 3a" in page
    assert "magnetis" not in page.split("<main>")[1].lower(), "nothing of another paper"


def test_the_worked_example_says_what_its_head_says() -> None:
    told = json.loads(audited(EXAMPLE, "--json").output)
    implied = told["checks"]["efficiency"]["estimates"]
    assert implied["CE"]["value"] == pytest.approx(0.8 ** (1 / 89), abs=1e-6)
    assert implied["CE_with_reservoir"]["value"] == pytest.approx(0.9964, abs=1e-4)
    assert [v["verdict"] for v in told["verdicts"]] == ["needs data"]
    assert told["checks"]["gain_lean"]["estimates"]["gain_energy_density"]["value"] > 0.5


def test_exit_codes_and_streams(tmp_path: Path) -> None:
    def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        whole = [sys.executable, "-m", "anodefree", "audit", *map(str, arguments)]
        return subprocess.run(whole, capture_output=True, text=True, check=False, timeout=120)

    study = written(tmp_path, '[study]\ntitle = "x"\n[[step]]\nname = "a"\nstage = "pouch.energy"\n')
    for arguments, says in (((), "no claims file"), (("nowhere.toml",), "no such"), ((study,), "is no audit")):
        done = command(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert says in done.stderr
        assert "Traceback" not in done.stderr


def test_an_audit_runs_as_a_study(tmp_path: Path) -> None:
    study = plan(written(tmp_path, LIFE.replace("VALUE", "99.9 %")))
    assert [n.id for n in study.nodes] == ["life"]
    assert [c.id for c in study.ledger.claims] == ["CE"]
    assert study.ledger.paper is not None
    assert study.ledger.paper.doi == "10.1000/x"
