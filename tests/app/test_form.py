"""The form of every stage: defaults say nothing, units are read, and what is wrong stands under its field."""

from __future__ import annotations

import pytest

from anodefree import stages
from anodefree.app.form import ABSENT, NONE, Field, entered, fields
from anodefree.core.parameter import Parameter
from anodefree.errors import ConfigError


def _field(stage: str, name: str) -> Field:
    return next(f for f in fields(stages.get(stage)) if f.name == name)


def test_every_stage_has_a_form_whose_defaults_say_nothing() -> None:
    seen = 0
    for stage in map(stages.get, stages.names()):
        form = fields(stage)
        assert [f.name for f in form if f.parameter.required] == [p.name for p in stage.parameters if p.required]
        for f in form:
            assert f.explained.startswith(f.parameter.par.doc)
            if f.parameter.required:
                assert f.widget == "switch" or f.initial == ""
                continue
            seen += 1
            assert f.given(f.initial) is ABSENT, (stage.name, f.name, f.initial)
            if f.widget == "text":
                assert f.given("") is ABSENT or f.parameter.read(f.given("")) in (None, ""), "empty: the default, or left open"
    assert seen > 900


def test_defaults_are_shown_in_the_unit_of_the_field() -> None:
    assert _field("afm.force", "spacing_m").initial == "0.1 um"
    assert _field("kinetics.exchange_current", "window_V").initial == "0.06, 0.18"
    assert "V" in _field("kinetics.exchange_current", "window_V").unit


@pytest.mark.parametrize(
    ("stage", "name", "text", "value"),
    [
        ("kinetics.tafel", "temperature_K", "25 degC", 298.15),
        ("kinetics.tafel", "branch", "anodic", "anodic"),
        ("kinetics.exchange_current", "window_V", "50 mV, 0.2", (0.05, 0.2)),
        ("kinetics.exchange_current", "window_V", "[0.05, 0.2]", (0.05, 0.2)),
        ("eis.arrhenius", "fixed", "R0 = 4", {"R0": 4.0}),
        ("eis.arrhenius", "fixed", "{ R0 = 4 }", {"R0": 4.0}),
        ("cycling.compare", "groups", "a, b", ("a", "b")),
    ],
)
def test_what_a_person_writes_is_read(stage: str, name: str, text: str, value: object) -> None:
    f = _field(stage, name)
    read = f.parameter.read(f.given(text))
    assert getattr(read, "value", read) == value
    assert f.fault(text) == ""


def test_only_what_differs_is_entered() -> None:
    form = fields(stages.get("eis.fit"))
    assert entered(form, {f.name: f.initial for f in form}) == {}
    assert entered(form, {"weighting": "unit"}) == {"weighting": "unit"}


def test_a_fault_is_a_sentence_under_its_field() -> None:
    assert "cannot be expressed in K" in _field("kinetics.tafel", "temperature_K").fault("3 mA")
    assert "not a number" in _field("kinetics.tafel", "temperature_K").fault("warm")
    assert "must be" in _field("kinetics.tafel", "temperature_K").fault("-5 K")
    assert "expected 2 values" in _field("kinetics.exchange_current", "window_V").fault("1, 2, 3")
    assert "list or table" in _field("kinetics.exchange_current", "window_V").fault("[1, ")
    with pytest.raises(ConfigError, match=r"temperature_K: .*; branch: |branch: .*; temperature_K: "):
        entered(fields(stages.get("kinetics.tafel")), {"temperature_K": "warm", "branch": "sideways"})


def test_needed_parameters_come_first_and_ask() -> None:
    form = fields(stages.get("afm.modulus"))
    assert form[0].parameter.required
    assert form[0].fault("").startswith("a value is needed")


def test_an_open_choice_is_a_word_of_its_own() -> None:
    f = _field("eis.evolution", "along")
    assert isinstance(f.parameter, Parameter)
    assert f.initial == NONE
    assert f.given(NONE) is ABSENT
    assert f.given("time") == "time"
