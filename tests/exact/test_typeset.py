"""Numbers, units and formulas as a journal sets them."""

from __future__ import annotations

import math

import pytest

from anodefree.core.uncertain import Uncertain
from anodefree.study import prose, typeset

N = typeset.NARROW


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("mA/cm2", f"mA{N}cm⁻²"),
        ("kJ/mol", f"kJ{N}mol⁻¹"),
        ("um", "µm"),
        ("ohm cm2", f"Ω{N}cm²"),
        ("m2/(V s)", f"m²{N}V⁻¹{N}s⁻¹"),
        ("1/K", "K⁻¹"),
        ("cm-1", "cm⁻¹"),
        ("ohm s^-1/2", f"Ω{N}s⁻½"),
        ("S s^n", f"S{N}sⁿ"),
        ("percent", "%"),
        ("1", ""),
        ("O(TFSI) per Li", "O(TFSI) per Li"),
        ("V vs Li/Li+", "V vs Li/Li⁺"),
        ("retention fraction at cycle", ""),
    ],
)
def test_units(unit: str, text: str) -> None:
    assert typeset.unit(unit) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (110.0, 2, "110"),
        (0.0, 4, "0"),
        (-3580.0, 3, "−3580"),
        (1e-5, 4, "10⁻⁵"),
        (-1e-5, 4, "−10⁻⁵"),
        (4.2e9, 2, f"4.2{N}×{N}10⁹"),
        (12345.6, 6, f"12{N}345.6"),
        (0.001, 4, "0.001"),
        (math.inf, 4, "∞"),
        (math.nan, 4, "not a number"),
    ],
)
def test_numbers(value: float, digits: int, text: str) -> None:
    assert typeset.number(value, digits) == text


def test_stated_digits_are_kept() -> None:
    assert typeset.fixed(0.40, 0.005) == "0.40"
    assert typeset.fixed(76.0, 0.05) == "76.0"
    assert typeset.fixed(70, 5) == "70"
    assert typeset.fixed(0.916, 0.0005) == "0.916"


def test_quantities_and_intervals() -> None:
    assert typeset.quantity(53.7, 0.4, "kJ/mol") == f"(53.70{N}±{N}0.40){N}kJ{N}mol⁻¹"
    assert typeset.quantity(2.358e-10, 9.8e-12, "1") == f"(2.358{N}±{N}0.098){N}×{N}10⁻¹⁰"
    assert typeset.quantity(453.5, 0, "Wh/kg") == f"453.5{N}Wh{N}kg⁻¹"
    assert typeset.interval(0.01911, 0.02093) == "0.01911 to 0.02093"
    assert typeset.interval(2.01420e5, 2.01771e5) == f"(2.01420 to 2.01771){N}×{N}10⁵"
    assert typeset.interval(1.0, 1.0) == ""
    assert typeset.interval(1.0, math.inf) == ""


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("thickness_m", 8e-6, f"8{N}µm"),
        ("thickness_m", 2.5e-9, f"2.5{N}nm"),
        ("j0_A_m2", Uncertain(13.4, 0.05), f"(1.3400{N}±{N}0.0050){N}mA{N}cm⁻²"),
        ("j0_A_m2", {"value": 13.4, "std": 0.0}, f"1.34{N}mA{N}cm⁻²"),
        ("flag", True, "yes"),
        ("noise", None, "none"),
        ("steps", 12345, f"12{N}345"),
        ("circuit", "R0-p(R1,Q1)", "R0-p(R1,Q1)"),
        ("temperatures_K", (303.15, 333.15), f"303.15, 333.15{N}K"),
        ("masses", {"foil_kg": 0.001, "tabs_kg": 0.002}, f"foil = 1{N}g, tabs = 2{N}g"),
        ("pressure_Pa", 5e4, f"50{N}000{N}Pa"),
    ],
)
def test_parameters_in_the_units_of_the_field(name: str, value: object, text: str) -> None:
    assert typeset.parameter(name, value) == text


def test_long_lists_are_shortened() -> None:
    assert typeset.parameter("f_Hz", tuple(range(1, 31))).endswith(f"30{N}Hz (30 values)")


def test_names_of_samples_and_phases() -> None:
    assert typeset.sample("M-Ni 0.1 mA/cm2 0.15 mAh/cm2") == f"M\u2011Ni 0.1{N}mA{N}cm⁻² 0.15{N}mAh{N}cm⁻²"
    assert typeset.sample("tau5-6 mass transfer").startswith("τ5–6")
    assert [typeset.chemistry(t) for t in ("Li2S(200)", "LiF2-", "Li3N", "NCM811")] == ["Li₂S(200)", "LiF₂⁻", "Li₃N", "NCM811"]
    assert typeset.sentence("lost in 6.6e-14 s, file1e-3.txt") == f"lost in 6.6{N}×{N}10⁻¹⁴ s, file1e-3.txt"


def test_formulas_become_html_and_everything_else_is_escaped() -> None:
    made = prose.inline(r"a < b, $\sqrt{2kT\gamma}\,\dot{x}_0^{2}$ and `x<y` and *Valid when* 3 * 4 * 5")
    assert "a &lt; b" in made
    assert "√(2<i>kT</i>γ)" in made
    assert "<i>x\u0307</i><sub>0</sub><sup>2</sup>" in made
    assert "<code>x&lt;y</code>" in made
    assert "<em>Valid when</em> 3 * 4 * 5" in made
    assert prose.plain("$E_a$ of <R1>") == "Ea of <R1>"
    assert "1</sub>" not in prose.inline(r"$\frac{a}{b+c}$")
    assert "(<i>b</i>+<i>c</i>)" in prose.inline(r"$\frac{a}{b+c}$")


def test_paragraphs_of_a_docstring() -> None:
    text = "First line\nof one.\n*Valid when* x.\nRaises DataError.\n\n    code <here>\n\nNotes\n-----\nMore."
    made = prose.paragraphs(text)
    assert [str(p)[:4] for p in made] == ["<p>F", "<p><", "<p>R", "<pre", "<p><"]
    assert "First line of one." in made[0]
    assert "code &lt;here&gt;" in made[3]
    assert made[4] == "<p><em>Notes.</em> More.</p>"
    assert prose.paragraphs("") == []
