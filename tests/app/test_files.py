"""What a project's files are, how unknown ones are read, and the table of samples: without a browser."""

from __future__ import annotations

import asyncio
import csv
import tomllib
from pathlib import Path

import numpy as np
import pytest

from anodefree.app.column_mapping import QUANTITIES, Choice, alike, apply, from_columns, mapping, peek, to_columns
from anodefree.app.discarded import discard, restore
from anodefree.app.preview import preview
from anodefree.app.project import Project
from anodefree.app.reading import forget, names, options, reading, tell, told, toml
from anodefree.app.recognised import FileRow, known, recognised
from anodefree.app.recognising import _given_up, recognising
from anodefree.app.samples_table import Table, files_of, load, pasted, save, spelled, without_sample
from anodefree.errors import ConfigError, DataError
from anodefree.io.columns import _UNITS, understand
from anodefree.io.read import read
from anodefree.io.samples import read_samples

FREQUENCY = np.geomspace(1e5, 1.0, 12)
Z = 5 + 20 / (1 + 2j * np.pi * FREQUENCY * 1e-3)
SPECTRUM = "frequency/Hz,Z'/ohm,Z''/ohm\n" + "".join(
    f"{f:.6g},{z.real:.6g},{z.imag:.6g}\n" for f, z in zip(FREQUENCY, Z, strict=True)
)
CYCLING = "time/s,voltage/V,current/mA,cycle\n" + "".join(
    f"{60 * i},{0.05 if i % 20 < 10 else 0.6},{-1 if i % 20 < 10 else 1},{1 + i // 20}\n" for i in range(60)
)
UNKNOWN = "rig 7\nalpha;beta;gamma;note\n" + "".join(
    f"{f:.6g};{z.real:.6g};{-z.imag:.6g};ok\n".replace(".", ",") for f, z in zip(FREQUENCY, Z, strict=True)
)
MAPPED = [Choice("frequency", "Hz"), Choice("Z'", "ohm"), Choice("-Z''", "ohm"), Choice()]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.create(tmp_path, "cells")


def put(project: Project, name: str, content: str | bytes) -> None:
    path = project.folder / "files" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def row(project: Project, name: str) -> FileRow:
    return next(r for r in recognised(project) if r.name == name)


def test_files_are_recognised_and_said_why(project: Project) -> None:
    put(project, "eis_25degC.csv", SPECTRUM)
    put(project, "rig/cycling.csv", CYCLING)
    put(project, "empty.csv", "")
    put(project, "broken.mpr", b"BIO-LOGIC MODULAR FILE\x1a" + bytes(200))
    put(project, "picture.pdf", b"%PDF-1.4 " + bytes(50))
    assert all(r.pending for r in known(project))
    rows = {r.name: r for r in recognised(project)}
    eis = rows["eis_25degC.csv"]
    assert (eis.kind, eis.format, eis.readable, eis.text) == ("impedance", "text", True, True)
    assert "header" in eis.why
    assert "12 frequencies" in eis.detail
    assert "25 degC (from the file name)" in eis.detail
    assert rows["rig/cycling.csv"].kind == "cycling"
    assert "empty" in rows["empty.csv"].problem
    broken = rows["broken.mpr"]
    assert not broken.readable
    assert not broken.text
    assert broken.explanation
    assert "PDF" in rows["picture.pdf"].problem
    assert rows["picture.pdf"].hint
    assert all("Traceback" not in r.problem and "\n" not in r.problem for r in rows.values())


def test_what_is_known_is_remembered_by_content(project: Project) -> None:
    put(project, "a.csv", SPECTRUM)
    first = recognised(project)
    assert known(project) == first
    assert not first[0].pending
    (project.folder / "files" / "a.csv").touch()
    assert not known(project)[0].pending, "the same content"
    put(project, "a.csv", CYCLING)
    assert known(project)[0].pending
    tell(project, "a.csv", {"temperature_K": "30 degC"})
    assert known(project)[0].pending, "read otherwise"


def test_a_reader_that_breaks_is_one_sentence(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("no such bond")

    put(project, "a.csv", SPECTRUM)
    monkeypatch.setattr("anodefree.app.recognised.read_all", breaks)
    assert row(project, "a.csv").problem == "the reader failed (RuntimeError: no such bond)"


def test_a_mapping_reads_as_columns_do(project: Project) -> None:
    put(project, "rig.dat", UNKNOWN)
    put(project, "rig2.dat", UNKNOWN.replace("ok", "good"))
    put(project, "known.csv", SPECTRUM)
    assert "names the columns" in row(project, "rig.dat").problem or not row(project, "rig.dat").readable
    seen = peek(project.file("rig.dat"))
    assert (seen.delimiter, seen.decimal, seen.header) == ("semicolon", ",", ("alpha", "beta", "gamma", "note"))
    assert alike(project, "rig.dat") == ["rig2.dat"]
    apply(project, ["rig.dat", "rig2.dat"], mapping(MAPPED, "impedance"))
    columns = ["frequency/Hz", "Z'/ohm", "-Z''/ohm", ""]
    by_hand = read(project.file("rig.dat"), columns=columns, kind="impedance")
    entry = reading(project, "rig.dat")
    by_app = read(project.studies_path / entry["file"], **entry["meta"])
    assert by_app.key == by_hand.key
    np.testing.assert_allclose(by_app["Z_im_ohm"][0], Z.imag, rtol=1e-5)
    assert [r.kind for r in recognised(project)] == ["impedance"] * 3
    assert from_columns(columns) == MAPPED


def test_the_entry_of_a_study_is_valid_and_reads_the_same(project: Project) -> None:
    from anodefree.study.plan import plan
    from anodefree.study.work import _input

    put(project, "rig 7/ä.dat", UNKNOWN)
    tell(project, "rig 7/ä.dat", {**mapping(MAPPED, ""), "temperature_K": "25 degC", "area_m2": "1.5 cm2"})
    entry = reading(project, "rig 7/ä.dat")
    text = f'[study]\ntitle = "t"\n[[step]]\nname = "fit"\nstage = "eis.fit"\ninputs = [{toml(entry)}]\n'
    path = project.studies_path / "s.toml"
    path.write_text(text)
    study = plan(path)
    assert tomllib.loads(text)["step"][0]["inputs"] == [entry]
    from anodefree.kinds.impedance import IMPEDANCE

    found = _input(None, study.files[study.nodes[0].inputs[0]], IMPEDANCE)  # type: ignore[arg-type]
    assert found["temperature_K"][0] == pytest.approx(298.15)
    assert found.meta["area_m2"] == pytest.approx(1.5e-4)


def test_every_quantity_and_unit_of_the_dialog_is_understood() -> None:
    for quantity, (_, units) in QUANTITIES.items():
        for unit in units or ("",):
            column = understand(Choice(quantity, unit).header)
            assert getattr(column, "known_unit", False), (quantity, unit)
    for name, table in _UNITS.items():  # none that the reader knows is missing
        offered = {
            (abs(c.factor), c.offset)
            for q, (_, units) in QUANTITIES.items()
            for u in units
            if (c := understand(Choice(q, u).header)) and c.name.endswith(name)
        }
        assert set(table.values()) == offered, name


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ([Choice("time", "h"), Choice("voltage")], "needs a unit"),
        ([Choice("time", "h"), Choice("time", "s")], "two columns"),
        ([Choice("-Z''", "ohm"), Choice("Z''", "ohm")], "two columns"),
        ([Choice(), Choice()], "no column is named"),
        ([Choice("colour", "red")], "no quantity"),
    ],
)
def test_a_wrong_mapping_is_one_sentence(choices: list[Choice], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        to_columns(choices)


def test_headers_are_guessed_where_they_say_enough(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("time/h,Ecell/V,colour,I/mA\n1,2,3,4\n2,3,4,5\n")
    assert [c.header for c in peek(path).guess] == ["time/h", "voltage/V", "", "current/mA"]
    path.write_text("no table at all\n")
    with pytest.raises(DataError, match="no rows of two numbers"):
        peek(path)


def test_options_survive_and_wrong_ones_are_refused(project: Project) -> None:
    name = 'odd "name" [1] = é.csv'
    put(project, name, SPECTRUM)
    tell(project, name, {"kind": "impedance", "cell": "a \\ b", "series": 2, "format": ""})
    assert options(project) == {name: {"kind": "impedance", "cell": "a \\ b", "series": 2}}
    with pytest.raises(ConfigError, match="cannot be expressed"):
        tell(project, name, {"temperature_K": "25 mV"})
    with pytest.raises(ConfigError, match="not a name"):
        tell(project, name, {"a b": 1})
    with pytest.raises(ConfigError):
        tell(project, "../project.toml", {"cell": "x"})
    forget(project, name)
    assert options(project) == {}
    (project.folder / "files.toml").write_text("[")
    with pytest.raises(ConfigError, match="cannot be read"):
        options(project)


def test_series_beside_each_other_are_chosen_by_name(project: Project) -> None:
    lines = ["a,,b,", "potential/V,current/mA,potential/V,current/mA"] + [f"{i},{i},{i},{2 * i}" for i in range(5)]
    put(project, "two.csv", "\n".join(lines))
    both = row(project, "two.csv")
    assert both.series == ("a", "b")
    assert "choose one" in both.problem
    tell(project, "two.csv", {"series": "b"})
    assert row(project, "two.csv").readable


SHEET = (
    "Sample\tMass (mg)\tArea (cm²)\tN/P\tTemp (°C)\tBatch\tOperator\nA\t12,5\t1.54\t1.1\t25\tx\tMia\nB\t11\t1,54\t\t\ty\tJo\n"
)


def test_a_pasted_sheet_is_read_as_samples_are(project: Project) -> None:
    table = pasted(SHEET)
    assert table.faults() == []
    save(table, project.samples_path)
    found = read_samples(project.samples_path)
    assert found["A"] == {
        "active_mass_kg": "12.5 mg", "area_m2": "1.54 cm2", "np_ratio": 1.1, "temperature_K": "25 degC", "group": "x",
        "Operator": "Mia",
    }  # fmt: skip
    assert load(project.samples_path) == table
    put(project, "A.csv", SPECTRUM)
    put(project, "C.csv", SPECTRUM)
    assert told(project, "A.csv")["active_mass_kg"] == "12.5 mg"
    assert told(project, "C.csv") == {}
    assert files_of(table, ["A.csv", "sub/A.mpr", "C.csv"]) == [["A.csv", "sub/A.mpr"], []]
    assert without_sample(table, ["A.csv", "C.csv"]) == ["C.csv"]
    tell(project, "A.csv", {"area_m2": "2 cm2"})
    assert reading(project, "A.csv")["meta"]["area_m2"] == "2 cm2", "what was told of the file wins"
    assert row(project, "A.csv").meta["area_m2"] == pytest.approx(2e-4)


def test_wrong_cells_are_said_one_by_one(project: Project) -> None:
    table = pasted("name,mass,area (m2),N/P\nA,heavy,-1,x\nA,2,,\n,3,,\n")
    said = [spelled(f, table) for f in table.faults()]
    assert said == [
        "column mass: it states no unit: choose mg, ug, g or kg",
        "row 1, column mass: 'heavy' is no number",
        "row 1, column area: '-1' must be more than 0",
        "row 1, column N/P: 'x' is no number",
        "row 2, column name: 'A' is named twice",
        "row 3, column name: the name is missing",
    ]
    with pytest.raises(ConfigError, match="states no unit"):
        save(table, project.samples_path)
    assert not project.samples_path.exists()


def test_units_in_cells_are_turned_into_that_of_the_column() -> None:
    table = pasted("cell;mass;temperature (K)\nA;12 mg;25 °C\nB;0,013 g;300\n")
    assert table.rows[0][1] == "12"
    assert table.rows[1][1] == "13"
    assert table.rows[0][table.at("temperature_K")] == "298.15"
    assert table.with_cell(1, 1, "14,5").rows[1][1] == "14.5"


@pytest.mark.parametrize(
    ("text", "said"), [("", "header line"), ("mass (mg)\n1", "names the samples"), ("name,cell\na,b", "same")]
)
def test_what_is_no_table_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        pasted(text)


def test_odd_names_survive_the_file(project: Project) -> None:
    table = Table()
    for name in ('a "b"', "c,d", "#1", "e;f"):
        table = table.with_row(name)
    save(table, project.samples_path)
    assert load(project.samples_path).names() == table.names() == list(read_samples(project.samples_path))
    assert next(csv.reader(project.samples_path.read_text().splitlines()))[0] == "name"


def test_a_preview_is_thin_and_has_units(project: Project) -> None:
    put(project, "eis.csv", SPECTRUM)
    seen = preview(read(project.file("eis.csv")))
    assert seen is not None
    assert (seen.x, seen.y, seen.equal) == ("Re Z / Ω", "-Im Z / Ω", True)
    assert min(seen.curves[0][2]) > 0
    assert seen.figure(("#000000",))["data"][0]["mode"] == "lines+markers"


def test_a_deleted_file_comes_back_as_it_was(project: Project) -> None:
    put(project, "a.csv", SPECTRUM)
    tell(project, "a.csv", {"cell": "7"})
    token = discard(project, "a.csv")
    assert names(project) == []
    assert options(project) == {}
    put(project, "a.csv", CYCLING)
    with pytest.raises(ConfigError, match="another file"):
        restore(project, token)
    (project.folder / "files" / "a.csv").unlink()
    assert restore(project, token) == "a.csv"
    assert options(project) == {"a.csv": {"cell": "7"}}
    with pytest.raises(ConfigError, match="deleted for good"):
        restore(project, token)


async def _rows(project: Project, limit_s: float) -> list[FileRow]:
    return [found async for found in recognising(project, limit_s)]


def test_files_are_read_in_another_process_which_may_hang(project: Project) -> None:
    put(project, "a.csv", SPECTRUM)
    assert [r.kind for r in asyncio.run(_rows(project, 60.0))] == ["impedance"]
    assert asyncio.run(_rows(project, 60.0)) == [], "nothing is left to read"
    remember_late = _given_up(project, "a.csv", late=True, limit_s=1.0)
    assert "more than 1 s" in remember_late.problem
    assert not known(project)[0].readable, "it is not tried again by itself"
