"""A study is checked whole before anything runs, and every mistake is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from anodefree.errors import ConfigError
from anodefree.study.plan import plan
from plugin import Plugin


def write(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(text)
    return path


HEAD = '[study]\ntitle = "toys"\nseed = 3\n'


def test_every_mistake_of_form_at_once(tmp_path: Path) -> None:
    path = write(
        tmp_path, '[study]\ntitel = "x"\n[[step]]\nname = "a b"\nstage = "toy.count"\nwiht = {}\n[[step]]\nname = "c"\n'
    )
    with pytest.raises(ConfigError) as caught:
        plan(path)
    told = str(caught.value)
    assert "'titel' (did you mean 'title'" in told
    assert "'title' is missing" in told
    assert "'wiht' (did you mean 'with'" in told
    assert "step 'c': 'stage' is missing" in told
    assert "step 'a b'" in told


def test_every_mistake_of_content_at_once(tmp_path: Path, toys: Plugin) -> None:
    path = write(
        tmp_path,
        HEAD
        + """
[[step]]
name = "a"
stage = "toy.cuont"
[[step]]
name = "b"
stage = "toy.count"
with = { stepps = 3, pause_s = "3 mA", steps = 0 }
[[step]]
name = "c"
stage = "toy.mean"
inputs = ["bb"]
[[step]]
name = "d"
stage = "toy.mean"
inputs = ["file:nowhere.txt"]
[[step]]
name = "e"
stage = "toy.mean"
""",
    )
    with pytest.raises(ConfigError) as caught:
        plan(path)
    told = str(caught.value)
    for sentence in (
        "did you mean 'toy.count'",
        "unknown parameter 'stepps' (did you mean 'steps'",
        "pause_s: 'mA' cannot be expressed in s",
        "steps: must be > 0, got 0",
        "no earlier step is named 'bb' (did you mean 'b'",
        "no such file",
        "takes 1 inputs (tally (tally)), got 0",
    ):
        assert sentence in told, told
    assert caught.value.exit_code == 2


def test_wrong_kind_between_steps(tmp_path: Path, toys: Plugin) -> None:
    path = write(
        tmp_path,
        HEAD
        + """
[[step]]
name = "a"
stage = "toy.count"
[[step]]
name = "b"
stage = "toy.mean"
inputs = ["a"]
[[step]]
name = "c"
stage = "toy.mean"
inputs = ["b"]
""",
    )
    with pytest.raises(ConfigError, match="needs tally, but 'b' gives a result"):
        plan(path)


def test_cases_and_sweeps_fan_out_and_labels_join(tmp_path: Path, toys: Plugin) -> None:
    path = write(
        tmp_path,
        HEAD
        + """
[[step]]
name = "a"
stage = "toy.noise"
cases = { low = { mean = 1.0 }, high = { mean = 5.0 } }
[[step]]
name = "m"
stage = "toy.mean"
inputs = ["a"]
sweep = { scale = [1.0, 2.0] }
[[step]]
name = "one"
stage = "toy.mean"
inputs = ["a[high]"]
""",
    )
    study = plan(path)
    assert [n.id for n in study.nodes] == [
        "a[low]",
        "a[high]",
        "m[low, 1.0]",
        "m[high, 1.0]",
        "m[low, 2.0]",
        "m[high, 2.0]",
        "one",
    ]
    assert study.node("m[high, 2.0]").inputs == ("a[high]",)
    assert study.node("one").inputs == ("a[high]",)
    # The same work has the same key, whatever it is called.
    assert study.node("one").key == study.node("m[high, 1.0]").key


def test_the_same_study_at_another_scale(tmp_path: Path, toys: Plugin) -> None:
    write(tmp_path, HEAD + '[[step]]\nname = "a"\nstage = "toy.count"\nwith = { steps = 3, offset = 2.0 }\n')
    big = tmp_path / "big.toml"
    big.write_text('[study]\ntitle = "big"\nextends = "study.toml"\n[override.a]\nsteps = 9\n')
    study = plan(big)
    assert (study.head.title, study.head.seed) == ("big", 3)
    assert study.node("a").parameters == {"steps": 9, "pause_s": 0.0, "offset": 2.0}
    big.write_text(
        '[study]\ntitle = "big"\nextends = "study.toml"\n[override.a]\nsteps = 9\n[override.a.sweep]\noffset = [1.0, 4.0]\n'
    )
    assert [n.parameters["offset"] for n in plan(big).nodes] == [1.0, 4.0]
    big.write_text('[study]\ntitle = "big"\nextends = "study.toml"\n[override.aa]\nsteps = 9\n')
    with pytest.raises(ConfigError, match=r"no step is named 'aa' \(did you mean 'a'"):
        plan(big)


def test_a_pattern_joins_in_natural_order(tmp_path: Path) -> None:
    rows = "".join(f"{f}, {z}, {-z}\n" for f, z in ((1e5, 3.0), (1e4, 4.0), (1e3, 5.0)))
    for n in (2, 10):
        (tmp_path / f"s{n}.txt").write_text("Freq/Hz, Z'/ohm, Z\"/ohm\n" + rows)
    step = '[[step]]\nname = "a"\nstage = "eis.arrhenius"\ninputs = [{{ files = "{}" }}]\n'
    study = plan(write(tmp_path, HEAD + step.format("s*.txt")))
    assert [p.name for p in study.files["file:s*.txt"].paths] == ["s2.txt", "s10.txt"]
    with pytest.raises(ConfigError, match="no file matches the pattern: x"):
        plan(write(tmp_path, HEAD + step.format("x*.txt")))


def test_what_joins_into_another_kind_is_gathered(tmp_path: Path) -> None:
    grown = '[[step]]\nname = "grown"\nstage = "deposit.grow"\nsweep = { replica = [0, 1] }\n'
    seen = '[[step]]\nname = "seen"\nstage = "microscope.section"\ninputs = ["grown"]\n'
    compared = '[[step]]\nname = "bars"\nstage = "sem.compare"\ninputs = ["seen[*]"]\n'
    study = plan(write(tmp_path, HEAD + grown + seen + compared))
    assert study.needs(study.node("bars")) == ("seen[0]", "seen[1]")


def test_answers_are_checked_against_the_ledger(tmp_path: Path, toys: Plugin) -> None:
    step = '[[step]]\nname = "a"\nstage = "toy.noise"\n'
    answer = '[[step.answer]]\nclaim = "{}"\nsample = "{}"\nroute = "{}"\n'
    wrong = answer.format("pouch.energy_densty", "x", "twin") + answer.format("ce.aurbach", "M-Ni 3 mA/cm2", "forbidden")
    with pytest.raises(ConfigError) as caught:
        plan(write(tmp_path, HEAD + step + wrong))
    told = str(caught.value)
    assert "did you mean 'pouch.energy_density'" in told
    assert "ce.aurbach has no sample 'M-Ni 3 mA/cm2' (did you mean 'M-Ni 2 mA/cm2'" in told
    assert "needs a 'limit'" in told


@pytest.mark.parametrize(
    ("text", "says"),
    [("[study\n", "not valid TOML"), ("", "'study' is missing"), ('[study]\ntitle = "x"\nstep = 3\n', "step")],
)
def test_what_is_not_a_study(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        plan(write(tmp_path, text))


def test_missing_and_binary_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such study"):
        plan(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(ConfigError, match="cannot be read"):
        plan(tmp_path / "binary.toml")
