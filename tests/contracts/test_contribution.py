"""The forty lines that CONTRIBUTING.md promises: taken from the document, they appear everywhere with no other edit."""

from __future__ import annotations

import json
import re
from pathlib import Path

from plugin import write_package

ROOT = Path(__file__).resolve().parents[2]


def test_an_analysis_in_forty_lines(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
    source = next(b for b in blocks if "@stage(" in b)
    assert len(source.splitlines()) <= 45
    lab = write_package(tmp_path / "lab", "mylab", source, ("cycling.end_of_life",))

    listed = {s["name"]: s for s in json.loads(lab.command("list", "--json").stdout)}
    assert listed["cycling.end_of_life"]["inputs"] == [{"name": "cell", "kind": "cycling", "many": False}]
    assert "Cycle at which" in lab.command("show", "end_of_life").stdout

    made = lab.command(
        "do",
        "inventory.curve",
        "--capacity-C",
        "2.5 mAh",
        "--efficiency",
        "0.999",
        "--noise",
        "0.002",
        "--save",
        tmp_path / "cell.csv",
    )
    assert made.returncode == 0, made.stderr
    told = lab.command(
        "do", "cycling.end_of_life", tmp_path / "cell.csv", "--fraction", "90 %", "--plot", tmp_path / "f.svg", "--json"
    )
    assert told.returncode == 0, told.stderr
    life = json.loads(told.stdout)["estimates"]["life"]
    assert life["value"] > 0
    assert life["std"] > 0
    assert (tmp_path / "f.svg").stat().st_size > 1000

    study = tmp_path / "study.toml"
    study.write_text(
        '[study]\ntitle = "Mine"\n[[step]]\nname = "end"\nstage = "cycling.end_of_life"\n'
        'inputs = ["file:cell.csv"]\nwith = { fraction = 0.9 }\n'
    )
    ran = lab.command("run", study, "--store", tmp_path / "store")
    assert ran.returncode == 0, ran.stderr
    report = lab.command("report", study, "--store", tmp_path / "store", "-o", tmp_path / "out" / "mine.html")
    assert report.returncode == 0, report.stderr
    page = (tmp_path / "out" / "mine.html").read_text()
    assert "cycling.end_of_life" in page
    assert "Cycle at which" in page
    assert "cell.csv" in page
