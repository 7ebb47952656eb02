"""Units at the border: what people write, what is refused, and what is shown."""

from __future__ import annotations

import pytest

from anodefree.core.result import Estimate, rounded
from anodefree.core.uncertain import Uncertain
from anodefree.core.units import bare, convert, parse, shown, unit_of
from anodefree.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "unit", "value", "std"),
    [
        ("25 degC", "K", 298.15, 0.0),
        ("30 ± 1 °C", "K", 303.15, 1.0),
        ("0.3 mA/cm2", "A/m2", 3.0, 0.0),
        ("0.15 mAh/cm2", "C/m2", 5400.0, 0.0),
        ("453.5 Wh/kg", "J/kg", 1632600.0, 0.0),
        ("745 cm-1", "1/cm", 745.0, 0.0),
        ("95 %", "1", 0.95, 0.0),
        ("3 µm", "m", 3e-6, 0.0),
        ("53.7 +/- 0.2 kJ/mol", "J/mol", 53700.0, 200.0),
        ("(1.34 ± 0.02) mA/cm2", "A/m2", 13.4, 0.2),
        ("1 ohm cm2", "ohm m2", 1e-4, 0.0),
        ("2.45 Ah", "C", 8820.0, 0.0),
        ("1e-9", "m2/s", 1e-9, 0.0),
    ],
)
def test_what_people_write(text: str, unit: str, value: float, std: float) -> None:
    assert parse(text, unit) == (pytest.approx(value, rel=1e-14), pytest.approx(std, rel=1e-9))


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("30 C", "K"),
        ("2 kg", "m"),
        ("blah", "m"),
        ("7 foo", "m"),
        ("1 m9999", "m"),
        ("1 m^99^99^99", "m"),
        ("1 m**9**99", "m"),
        ("1e999", "m"),
    ],
)
def test_what_is_refused_at_once(text: str, unit: str) -> None:
    with pytest.raises(ConfigError):
        parse(text, unit)


def test_a_name_carries_its_unit() -> None:
    assert unit_of("j0_A_m2") == "A/m2"
    assert unit_of("rate_m_s") == "m/s"
    assert unit_of("porosity") == "1"
    assert bare("temperature_K") == "temperature"


def test_what_is_shown() -> None:
    assert str(Estimate(13.4, 0.2, "A/m2")) == "1.340 ± 0.020 mA/cm2"
    assert str(Estimate(0.0709, 0.0009, "V", display="mV")) == "70.90 ± 0.90 mV"
    assert str(Estimate(0.999, 0.0003, "1", display="%")) == "99.900 ± 0.030 %"
    assert rounded(1.17e-10, 0.39e-10) == "(1.17 ± 0.39)e-10"
    assert rounded(457.2, 14.1) == "457 ± 14"
    assert rounded(1.4471234886717e-3, 4e-17) == "0.0014471235 ± 4e-17"
    assert shown("J/kg") == ("Wh/kg", pytest.approx(1 / 3600))
    assert convert(1.0, "kWh", "J") == pytest.approx(3.6e6)


def test_an_uncertain_value_may_be_given_in_four_ways() -> None:
    expected = Uncertain(13.4, 0.2)
    for given in ("1.34 ± 0.02 mA/cm2", (13.4, 0.2), {"value": 13.4, "std": 0.2}, expected):
        read = Uncertain.read(given, "A/m2")
        assert (read.value, read.std) == (pytest.approx(13.4), pytest.approx(0.2))
    with pytest.raises(ValueError, match="expected a value"):
        Uncertain.read([1, 2, 3], "A/m2")


def test_a_cycle_of_a_cell_is_a_count_and_no_turn() -> None:
    assert parse("0.007 %/cycle", "1")[0] == pytest.approx(7e-5, rel=1e-12)
    assert parse("200 cycles", "1")[0] == 200
