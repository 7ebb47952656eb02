"""The circuit language: what it reads, what it refuses, and that impedance and derivatives are exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anodefree.errors import ConfigError
from anodefree.physics.arrhenius import activated_resistance_ohm, log_conductance
from anodefree.physics.circuits import MAX_ELEMENTS, indices, read_circuit
from anodefree.physics.elements import LAWS, table

W = np.geomspace(1e-3, 1e6, 60)
EVERYTHING = "L0-R0-p(R1-Wo1,C1)-p(R2,p(C2-Q5,G3)-Ws4)-W6-p(ZARC7-HN8,TL9)-TLQ10"


def draw(circuit, rng, count=3):
    return np.array(
        [[10 ** rng.uniform(-2, 2) if p.log else rng.uniform(0.6, 0.95) for p in circuit.parameters] for _ in range(count)]
    )


def test_names_units_and_order():
    circuit = read_circuit(" R0 - p( R1 , Q1 )-W3-Wo12 ")
    assert circuit.text == "R0-p(R1,Q1)-W3-Wo12"
    assert circuit.names == ("R0", "R1", "Q1", "n1", "W3", "Wo12", "Wo12_tau")
    assert [p.unit for p in circuit.parameters] == ["ohm", "ohm", "S s^n", "1", "ohm s^-1/2", "ohm", "s"]
    assert [e.label for e in circuit.elements] == ["R0", "R1", "Q1", "W3", "Wo12"]


@pytest.mark.parametrize(
    ("text", "z"),
    [
        ("R1", lambda s: 2.0 + 0 * s),
        ("C1", lambda s: 1 / (2.0 * s)),
        ("L1", lambda s: 2.0 * s),
        ("W1", lambda s: 2.0 * np.sqrt(2) / np.sqrt(s)),
    ],
)
def test_elements_of_one_parameter(text, z):
    np.testing.assert_allclose(read_circuit(text).impedance(W, np.array([2.0])), z(1j * W), rtol=1e-14)


@pytest.mark.parametrize(
    ("text", "z"),
    [
        ("Q1", lambda s, a, b: 1 / (a * s**b)),
        ("Ws1", lambda s, a, b: a * np.tanh(np.sqrt(s * b)) / np.sqrt(s * b)),
        ("Wo1", lambda s, a, b: a / (np.tanh(np.sqrt(s * b)) * np.sqrt(s * b))),
        ("G1", lambda s, a, b: a / np.sqrt(1 + s * b)),
    ],
)
def test_elements_of_two_parameters(text, z):
    w = np.geomspace(1e-3, 1e4, 40)  # numpy's own tanh overflows beyond
    np.testing.assert_allclose(read_circuit(text).impedance(w, np.array([3.0, 0.7])), z(1j * w, 3.0, 0.7), rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "values", "z"),
    [
        ("ZARC1", [3.0, 0.7, 0.8], lambda s: 3 / (1 + (0.7 * s) ** 0.8)),
        ("HN1", [3.0, 0.7, 0.8, 0.6], lambda s: 3 / (1 + (0.7 * s) ** 0.8) ** 0.6),
        ("TLQ1", [3.0, 0.2, 0.9], lambda s: 3 / (np.tanh(u := np.sqrt(3 * 0.2 * s**0.9)) * u)),
        ("TL1", [3.0, 5.0, 0.2, 0.9], lambda s: 3 / (np.tanh(u := np.sqrt(3 * (1 / 5 + 0.2 * s**0.9))) * u)),
    ],
)
def test_elements_of_more_parameters(text, values, z):
    w = np.geomspace(1e-3, 1e4, 40)
    np.testing.assert_allclose(read_circuit(text).impedance(w, np.array(values)), z(1j * w), rtol=1e-12)


def test_elements_are_each_other_where_theory_says_so():
    r, tau, n = 20.0, 1e-3, 0.8

    def same(one, its, other, others, **tolerance):
        a, b = read_circuit(one).impedance(W, np.array(its)), read_circuit(other).impedance(W, np.array(others))
        np.testing.assert_allclose(a, b, **({"rtol": 1e-12} | tolerance))

    same("ZARC1", [r, tau, n], "p(R1,Q1)", [r, tau**n / r, n])
    same("HN1", [r, tau, n, 1.0], "ZARC1", [r, tau, n])
    same("HN1", [r, tau, 1.0, 0.5], "G1", [r, tau])
    same("TL1", [r, 1e14, 1e-3, n], "TLQ1", [r, 1e-3, n], rtol=1e-7)
    same("TLQ1", [r, tau / r, 1.0], "Wo1", [r, tau])
    same("TL1", [1e-6, r, 1e-3, n], "p(R1,Q1)", [r, 1e-3, n], rtol=1e-4)  # a short pore is its wall


def test_a_transmission_line_is_the_limit_of_its_ladder():
    """R/N in series, then the N-th part of the walls across, N times; the error of such a ladder falls with N^2."""
    r, r_ct, q, n, steps = 30.0, 50.0, 1e-3, 0.9, 2000
    wall = steps * read_circuit("p(R1,Q1)").impedance(W[:40], np.array([r_ct, q, n]))
    z = np.full(40, np.inf + 0j)
    for k in range(steps):
        z = r / steps / 2 + 1 / (1 / wall + (0 if k == 0 else 1 / (z + r / steps / 2)))
    np.testing.assert_allclose(read_circuit("TL1").impedance(W[:40], np.array([r, r_ct, q, n])), z, rtol=1e-5)


@pytest.mark.parametrize("symbol", LAWS)
def test_each_laws_derivatives_are_those_of_a_complex_step(symbol, rng):
    """Z is analytic in its parameters: Cauchy's formula on a small circle about a parameter gives the slope to rounding."""
    law = LAWS[symbol]
    s = 1j * np.geomspace(1e-2, 1e5, 15)
    values = [10 ** rng.uniform(-1, 1) if q.log else rng.uniform(0.5, 0.9) for q in law.parameters]
    z, *slopes = law.law(s, *values)
    turns = np.exp(2j * np.pi * np.arange(16) / 16)
    for i, value in enumerate(values):
        radius = 0.05 * value
        around = [law.law(s, *values[:i], value + radius * t, *values[i + 1 :])[0] for t in turns]
        slope = sum(a / t for a, t in zip(around, turns, strict=True)) / (16 * radius)
        assert np.max(np.abs(slope - slopes[i]) / (np.abs(z) / value)) < 1e-12, law.parameters[i].pattern


@pytest.mark.parametrize("text", [*(f"{s}1" for s in LAWS), EVERYTHING, "p(p(R1,C1)-R2,Q2)", "p(R1,R2-p(C1,R3-p(L1,Q1)))"])
def test_the_compiled_program_is_the_circuit(text, rng):
    from anodefree.physics.compiled.circuit_program import spectrum

    circuit = read_circuit(text)
    for values in draw(circuit, rng):
        z, slopes = circuit.derivatives(W, values)
        compiled, theirs = spectrum(circuit.program(), W, values)
        np.testing.assert_allclose(compiled, z, rtol=1e-11)
        assert np.max(np.abs(theirs - slopes) * values / np.abs(z)[:, None]) < 1e-10


def test_the_table_of_the_language_is_whole():
    for symbol, law in LAWS.items():
        assert f"| `{symbol}1` | {law.name} |" in table()
        assert all(f"`{name}`" in table() for name in read_circuit(f"{symbol}1").names)


def test_the_documented_table_is_the_table():
    page = Path(__file__).resolve().parents[2] / "docs" / "circuits.md"
    assert table() in page.read_text(encoding="utf-8")


def test_finite_diffusion_has_its_limits():
    slow, fast = np.array([1e-9]), np.array([1e12])
    at = np.array([5.0, 2.0])
    short, closed = read_circuit("Ws1"), read_circuit("Wo1")
    np.testing.assert_allclose(short.impedance(slow, at), 5.0, rtol=1e-8)  # a resistance
    np.testing.assert_allclose(closed.impedance(slow, at), 5 / 3 + 5 / (1j * slow * 2.0), rtol=1e-8)  # and a capacitance tau/R
    for circuit in (short, closed):
        np.testing.assert_allclose(circuit.impedance(fast, at), 5 / np.sqrt(2j * fast), rtol=1e-12)  # Warburg


def test_nesting_is_the_closed_form(rng):
    r0, r1, c1, r2, q2, n2 = 1.0, 20.0, 1e-4, 7.0, 1e-2, 0.8
    s = 1j * W
    inner = 1 / (1 / r1 + s * c1) + r2
    expected = r0 + 1 / (1 / inner + q2 * s**n2)
    circuit = read_circuit("R0-p(p(R1,C1)-R2,Q2)")
    np.testing.assert_allclose(circuit.impedance(W, np.array([r0, r1, c1, r2, q2, n2])), expected, rtol=1e-13)


@pytest.mark.parametrize("text", ["R0-p(R1,Q1)-p(R2,Q2)-W3", EVERYTHING, "C7", "p(R1,C2,L3)", "p(p(R1,C1)-R2,Q2)"])
def test_derivatives_agree_with_differences(text, rng):
    circuit = read_circuit(text)
    values = draw(circuit, rng)
    z, slopes = circuit.derivatives(W, values)
    np.testing.assert_allclose(z, circuit.impedance(W, values), rtol=1e-13)
    for i in range(values.shape[1]):

        def central(h, i=i):
            up, down = values.copy(), values.copy()
            up[:, i] *= 1 + h
            down[:, i] *= 1 - h
            return (circuit.impedance(W, up) - circuit.impedance(W, down)) / (2 * h * values[:, i, None])

        fourth_order = (4 * central(3e-4) - central(6e-4)) / 3
        scale = np.abs(z) / values[:, i, None]
        assert np.max(np.abs(fourth_order - slopes[..., i]) / scale) < 3e-9, circuit.names[i]


def test_scaling_powers_scale_the_impedance(rng):
    circuit = read_circuit(EVERYTHING)
    values = draw(circuit, rng)
    power = np.array([p.power for p in circuit.parameters])
    np.testing.assert_allclose(circuit.impedance(W, values * 3.0**power), 3 * circuit.impedance(W, values), rtol=1e-12)


def test_each_point_may_have_its_own_parameters(rng):
    circuit = read_circuit("R0-p(R1,Q1)")
    values = draw(circuit, rng, count=len(W))
    each = circuit.impedance(W[:, None], values)[:, 0]
    np.testing.assert_allclose(each, [circuit.impedance(W[i : i + 1], values[i])[0] for i in range(len(W))], rtol=1e-14)


def test_twins_are_siblings_of_one_form():
    circuit = read_circuit("R0-p(R1,Q1)-p(R2,C2)-p(R3,Q3)-Q4")
    assert [[indices(n) for n in group] for group in circuit.twins()] == [[(1, 2, 3), (6, 7, 8)]]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "ends too early (at character 1)"),
        ("R0-", "ends too early (at character 4)"),
        ("R0--R1", "not '-' (at character 4)"),
        ("R0+R1", "'+' is left over (at character 3)"),
        ("R0)", "')' is left over"),
        ("R0-(R1,C1)", "begins with p("),
        ("p(R1)", "two branches at least"),
        ("p(R1,C1", "')' is expected"),
        ("p(R1,)", "not ')'"),
        ("R0-CPE1", "'CPE' is written Q here"),
        ("r1", "'r' is written R here"),
        ("Wx1", "did you mean"),
        ("R", "number it, like R0"),
        ("R0-p(R1,C1)-R1", "'R1' occurs twice (at character 13)"),
        ("R1-R01", "'R1' occurs twice"),
        ("p(" * 40 + "R1", "deep"),
        ("-".join(f"R{i}" for i in range(MAX_ELEMENTS + 1)), "more than"),
        ("R0" * 1000, "too long"),
        ("R0-__import__('os')", "is not possible here"),
        ("R0-R１", "has no number"),
    ],
)
def test_mistakes_are_named(text, says):
    with pytest.raises(ConfigError) as caught:
        read_circuit(text)
    assert says in str(caught.value)


def test_values_are_checked():
    circuit = read_circuit("R0-p(R1,Q1)")
    good = {"R0": 1.0, "R1": 2.0, "Q1": 1e-5, "n1": 0.9}
    np.testing.assert_array_equal(circuit.vector(good), [1.0, 2.0, 1e-5, 0.9])
    for bad, says in (
        ({**good, "C1": 1.0}, "'C1' is no parameter"),
        ({"R0": 1.0}, "'n1' [1] is missing"),
        ({**good, "R1": -2.0}, "'R1' must be positive"),
        ({**good, "n1": 1.2}, "at most 1"),
        ({**good, "R1": float("nan")}, "'R1' must be positive"),
    ):
        with pytest.raises(ConfigError, match="circuit") as caught:
            circuit.vector(bad)
        assert says in str(caught.value)


def test_every_law_fills_its_parameters():
    for symbol, law in LAWS.items():
        circuit = read_circuit(symbol + "1")
        values = np.array([0.5 for _ in law.parameters])
        z, slopes = circuit.derivatives(W, values)
        assert z.shape == W.shape
        assert slopes.shape == (len(W), len(law.parameters))
        assert np.isfinite(z).all()
        assert np.isfinite(slopes).all()


def test_activated_resistance_is_the_papers_law():
    t = np.array([303.15, 333.15])
    r = activated_resistance_ohm(t, 50.0, 303.15, 60e3)
    assert r[0] == pytest.approx(50.0)
    y = log_conductance(t, r)
    assert (y[1] - y[0]) / (1 / t[1] - 1 / t[0]) * -8.31446261815324 == pytest.approx(60e3, rel=1e-12)
    plain = activated_resistance_ohm(t, 50.0, 303.15, 60e3, with_temperature_factor=False)
    assert plain[1] / r[1] == pytest.approx(303.15 / 333.15)
