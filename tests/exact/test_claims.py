"""The ledger holds every claim of the paper, and every verdict follows its rule."""

from __future__ import annotations

import json
import math
import re
import tomllib
from pathlib import Path

import pytest

from anodefree.core.measurement import Measurement
from anodefree.core.result import Estimate, Result
from anodefree.errors import ConfigError
from anodefree.kinds.tracks import TRACKS
from anodefree.study.graph import Answer, Node, Outcome, State
from anodefree.study.ledger import RELATIONS, load_ledger
from anodefree.study.verdicts import UNANSWERED, VERDICTS, Verdict, judge, stated, summary

PAPER = Path(__file__).resolve().parents[3] / "shared" / "paper" / "claims.toml"
J0 = ("cv.exchange_current_density", "M-Ni")


def outcome(
    *answers: Answer,
    output: Result | Measurement | None = None,
    id: str = "step",
    state: State = "done",
    error: str = "",
    **estimates: Estimate,
) -> Outcome:
    made = output if output is not None else (Result.of(estimates) if estimates else None)
    return Outcome(Node(id, id, {}, "kinetics.tafel", "A step", {}, (), "0" * 32, answers), state, made, error)


def one(outcomes: list[Outcome], claim: str, sample: str) -> Verdict:
    return next(v for v in judge(load_ledger(), outcomes) if (v.id, v.sample) == (claim, sample))


def j0(value: float, std: float, route: str = "computed", note: str = "", **more: object) -> Verdict:
    answer = Answer(*J0, "j0", route, note)  # type: ignore[arg-type]
    return one([outcome(answer, j0=Estimate(value, std, "A/m2"), **more)], *J0)  # type: ignore[arg-type]


def test_the_ledger_holds_every_claim_of_the_paper_with_its_values() -> None:
    if not PAPER.is_file():
        pytest.skip("the paper's own list of claims is not here (shared/paper/claims.toml beside the project)")
    stated = {c["id"]: c for c in tomllib.loads(PAPER.read_text())["claim"]}
    ours = {c.id: c for c in load_ledger().claims}
    assert set(ours) == set(stated)
    for id, claim in ours.items():
        assert dict(claim.values) == stated[id]["values"], id
        assert claim.kind == stated[id]["kind"], id


def test_every_value_has_a_relation_a_rounding_a_unit_and_a_plan() -> None:
    for claim in load_ledger().claims:
        assert claim.title
        assert claim.section
        assert claim.planned, claim.id
        for sample in claim.values:
            assert claim.relation[sample] in RELATIONS
            assert claim.rounding[sample] >= 0
            assert stated(claim, sample)
            if claim.relation[sample] not in ("qualitative", "range"):
                assert claim.rounding[sample] > 0, (claim.id, sample)
                # Half of a digit: 0.05, 0.5, 5 ...; a value in words says how it is read.
                power = math.log10(2 * claim.rounding[sample])
                assert abs(power - round(power)) < 1e-9 or claim.remark or claim.wording[sample], (claim.id, sample)


def test_without_a_study_no_number_is_pretended() -> None:
    verdicts = judge(load_ledger(), [])
    assert len(verdicts) == sum(len(c.values) for c in load_ledger().claims)
    assert all(v.verdict == UNANSWERED and v.ours is None and v.std is None and v.stage is None for v in verdicts)
    porosity = next(v for v in verdicts if v.id == "deposit.porosity")
    assert porosity.reason == "deposit.grow and deposit.ensemble could answer it, but no step of this study does"
    energy = next(v for v in verdicts if v.id == "pouch.energy_density")
    assert energy.reason == "pouch.energy could answer it, but no step of this study does"
    assert summary(verdicts) == {**dict.fromkeys(VERDICTS, 0), UNANSWERED: len(verdicts)}


def test_computed_agrees_within_digits_and_two_standard_deviations() -> None:
    good = j0(13.45, 0.03)
    assert (good.verdict, good.paper, good.unit, good.stage) == ("reproduced", 1.34, "mA/cm2", "kinetics.tafel")
    assert good.ours == pytest.approx(1.345)
    assert good.std == pytest.approx(0.003)
    # 1.351 is 0.011 off: the digits allow 0.005, two standard deviations 0.006.
    assert j0(13.51, 0.03).verdict == "reproduced"
    bad = j0(13.53, 0.03)
    assert bad.verdict == "not reproduced"
    assert "0.013\u202fmA\u202fcm⁻²" in bad.reason
    assert "above the stated value" in bad.reason
    assert "4.3 of our standard deviations" in bad.reason


def test_no_standard_deviation_no_sigma() -> None:
    assert j0(13.4, 0.0).verdict == "reproduced"
    bare = j0(14.0, 0.0)
    assert bare.verdict == "not reproduced"
    assert "of our standard deviations" not in bare.reason
    unknown = j0(13.4, math.nan)
    assert (unknown.verdict, unknown.std) == ("reproduced", None)
    assert "uncertainty is unknown" in unknown.reason


def test_a_wide_uncertainty_is_called_a_weak_test() -> None:
    assert "weak test" in j0(20.0, 6.0).reason
    assert "weak test" not in j0(13.4, 0.1).reason


def test_implied_is_consistent_or_not_reproduced() -> None:
    good = j0(13.4, 0.03, "implied")
    assert good.verdict == "consistent"
    assert good.reason.startswith("Implied by the paper’s own numbers")
    assert j0(15.0, 0.03, "implied").verdict == "not reproduced"


def test_a_twin_validates_but_cannot_tell() -> None:
    with_value = j0(13.4, 0.03, "twin")
    assert with_value.verdict == "needs data"
    assert with_value.ours == pytest.approx(1.34)
    assert "only the authors’ raw data could tell" in with_value.reason
    bare = one([outcome(Answer(*J0, None, "twin"), j0=Estimate(13.4, 0.1, "A/m2"))], *J0)
    assert (bare.verdict, bare.ours, bare.std) == ("needs data", None, None)


@pytest.mark.parametrize(
    ("value", "std", "route", "verdict"),
    [
        (1e-9, 1e-10, "forbidden", "contradicted"),
        (0.9, 0.2, "forbidden", "consistent"),
        (2.0, 0.1, "forbidden", "consistent"),
        (2.0, 0.1, "computed", "reproduced"),
        (0.1, 0.01, "computed", "not reproduced"),
        (2.0, 0.1, "implied", "consistent"),
    ],
)
def test_a_limit_decides_what_words_claim(value: float, std: float, route: str, verdict: str) -> None:
    answer = Answer("trajectory.helical", "M-Ni", "hall", route, "Friction wins.", 1.0)  # type: ignore[arg-type]
    found = one([outcome(answer, hall=Estimate(value, std, "1", "Hall parameter"))], "trajectory.helical", "M-Ni")
    assert found.verdict == verdict
    assert found.paper == "helical, deflected"
    assert found.ours == value
    assert found.reason.endswith("Friction wins.")
    if verdict == "contradicted":
        assert "falls short by a factor of 10\u202f" not in found.reason
        assert "10⁹" in found.reason


def test_a_limit_is_needed_where_words_are_judged() -> None:
    for route in ("forbidden", "computed"):
        answer = Answer("trajectory.helical", "M-Ni", "hall", route)  # type: ignore[arg-type]
        with pytest.raises(ConfigError, match="needs a limit"):
            judge(load_ledger(), [outcome(answer, hall=Estimate(1.0, 0.1))])


@pytest.mark.parametrize(
    ("claim", "sample", "value", "verdict"),
    [
        ("fullcell.lfp_np08", "M-Ni", 0.93, "reproduced"),  # "more than 80 %"
        ("fullcell.lfp_np08", "M-Ni", 0.78, "not reproduced"),
        ("fullcell.lfp_np08", "Cu", 0.31, "reproduced"),  # "below 60 %"
        ("fullcell.lfp_np08", "Cu", 0.65, "not reproduced"),
        ("fullcell.lfp_np0", "Ni", 0.04, "reproduced"),  # "nearly 0"
        ("fullcell.ncm811", "M-Ni", 0.93, "not reproduced"),  # 91.6 %, stated to a digit
        ("sei.particle_size", "M-Ni", 3e-9, "reproduced"),
        ("sei.particle_size", "M-Ni", 5e-9, "not reproduced"),
        ("ce.aurbach", "M-Ni 1 mA/cm2", 0.99898, "reproduced"),
    ],
)
def test_relations_follow_the_papers_wording(claim: str, sample: str, value: float, verdict: str) -> None:
    unit = "m" if claim.startswith("sei") else "1"
    found = one([outcome(Answer(claim, sample, "x", "computed"), x=Estimate(value, 0.0, unit))], claim, sample)
    assert found.verdict == verdict, found.reason


def test_a_unit_of_another_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be expressed"):
        judge(load_ledger(), [outcome(Answer(*J0, "j0", "computed"), j0=Estimate(1.0, 0.1, "V"))])


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer("cv.exchange_current", "M-Ni", "j0", "computed"), "did you mean 'cv.exchange_current_density'"),
        (Answer(J0[0], "Fe", "j0", "computed"), "unknown sample 'Fe'"),
        (Answer(*J0, "j_0", "computed"), "no estimate 'j_0'"),
        (Answer(*J0, None, "computed"), "names no estimate"),
        (Answer(*J0, "j0", "computed", "see {j1}"), "placeholder '{j1}'"),
        (Answer(*J0, "j0", "computed", "see {j0.value.__class__}"), "placeholder"),
        (Answer(*J0, "j0", "computed", "see {}"), "placeholder"),
    ],
)
def test_mistakes_in_an_answer_are_told(answer: Answer, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        judge(load_ledger(), [outcome(answer, j0=Estimate(13.4, 0.1, "A/m2"))])


def test_a_measurement_cannot_answer_with_a_number() -> None:
    arrays = {"time_s": [0.0, 1.0], **{f"{c}_m": [[0.0, 1.0]] for c in "xyz"}}
    tracks = Measurement.of(TRACKS, arrays, {"mass_kg": 1.0, "charge_C": 1.0, "flux_density_T": 1.0})
    with pytest.raises(ConfigError, match="is a measurement"):
        judge(load_ledger(), [outcome(Answer(*J0, "j0", "computed"), output=tracks)])
    assert one([outcome(Answer(*J0, None, "twin"), output=tracks)], *J0).verdict == "needs data"


def test_a_note_is_filled_with_estimates() -> None:
    found = j0(13.4, 0.1, note="with a hidden resistance of {R}", R=Estimate(4.0e-4, 1e-5, "ohm m2"))
    assert found.reason.endswith("With a hidden resistance of (4.00\u202f±\u202f0.10)\u202fΩ\u202fcm².")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("failed", "step failed: no minimum"),
        ("blocked", "could not start"),
        ("missing", "has not been run"),
        ("running", "running"),
    ],
)
def test_what_was_not_computed_says_why(state: State, said: str) -> None:
    found = one([outcome(Answer(*J0, "j0", "computed"), state=state, error="step: no minimum")], *J0)
    assert (found.verdict, found.ours, found.stage) == ("not computed", None, "kinetics.tafel")
    assert said in found.reason


def test_a_number_that_is_none_is_not_computed() -> None:
    assert j0(math.nan, 0.1).verdict == "not computed"


def test_a_verdict_against_the_paper_is_not_hidden_by_a_kinder_one() -> None:
    kind = outcome(Answer(*J0, "j0", "computed"), id="kind", j0=Estimate(13.4, 0.1, "A/m2"))
    harsh = outcome(Answer(*J0, "j0", "implied"), id="harsh", j0=Estimate(19.0, 0.1, "A/m2"))
    twin = outcome(Answer(*J0, None, "twin"), id="twin", j0=Estimate(1.0, 0.1, "A/m2"))
    found = one([kind, twin, harsh], *J0)
    assert (found.verdict, found.node) == ("not reproduced", "harsh")
    assert found.reason.endswith("Also answered by kind: reproduced; twin: needs data.")


def test_rows_are_plain_json() -> None:
    answer = Answer("fullcell.lfp_np08", "M-Ni", "x", "computed")
    rows = [v.row() for v in judge(load_ledger(), [outcome(answer, x=Estimate(0.9, 0.01))])]
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    assert set(rows[0]) == {"id", "sample", "verdict", "paper", "ours", "std", "unit", "reason", "stage"}
    assert next(r for r in rows if r["id"] == "fullcell.lfp_np08" and r["sample"] == "M-Ni")["paper"] == [0.80, 1000]


def test_a_damaged_ledger_is_refused(tmp_path: Path) -> None:
    text = (
        'source = "x"\n[parts]\np = "P"\n[[claim]]\nid = "a"\ntitle = "A"\npart = "p"\nsection = "1"\nkind = "measured"\n'
        'unit = "V"\nplanned = ["x.y"]\nvalues = { s = 1.0 }\nrounding = 0.1\nrelation = "="\n'
    )
    (tmp_path / "good.toml").write_text(text)
    assert stated(load_ledger(tmp_path / "good.toml")["a"], "s") == "1.0"
    for old, new, message in (
        ('relation = "="', 'relation = "range"', "does not fit"),
        ('part = "p"', 'part = "q"', "part 'q'"),
        ('title = "A"\n', "", "lacks the field"),
        ("rounding = 0.1", "rounding = { t = 0.1 }", "has no value"),
    ):
        (tmp_path / "bad.toml").write_text(text.replace(old, new))
        with pytest.raises(ConfigError, match=message):
            load_ledger(tmp_path / "bad.toml")


def test_an_input_left_open_refutes_but_does_not_confirm() -> None:
    within = j0(20.0, 6.0, "open", "Nobody states the area.")
    assert (within.verdict, within.ours) == ("needs data", pytest.approx(2.0))
    assert within.reason.startswith("What the paper leaves open decides: over its range ours is (2.00\u202f±\u202f0.60)")
    assert within.reason.endswith("Nobody states the area.")
    beyond = j0(20.0, 1.0, "open")
    assert beyond.verdict == "not reproduced"
    assert beyond.reason.startswith("Over the range of what the paper leaves open: ")
