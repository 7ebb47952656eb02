"""The report: complete, self-contained, safe against what users write, readable by everybody, and the same every time."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import pytest
from matplotlib.axes import Axes

from anodefree.core.figure import columns_csv
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError
from anodefree.kinds.tracks import TRACKS, Tracks
from anodefree.registry import stage
from anodefree.report.build import build
from anodefree.report.figure import drawn, safe_name
from anodefree.report.terminal import claims_table
from anodefree.study.graph import Answer, Node, Outcome
from anodefree.study.inline_svg import inline
from anodefree.study.ledger import load_ledger
from anodefree.study.verdicts import judge

SLOPE = Uncertain(2.0, 0.1)
NASTY = '<script>alert(1)</script> & "quotes" {{ 7 * 7 }} ../../etc'


@stage("toyreport.line", version=3, cites=("chen2026",))
def line(
    *,
    slope_V_m: Annotated[Uncertain, Par("slope of the line")] = SLOPE,
    length_m: Annotated[float, Par("length", source="a round number", assumed=True, gt=0)] = 1e-3,
    fault: Annotated[bool, Par("doubt it")] = False,
) -> Result:
    """A straight line.

    $V = \\frac{dV}{dx} L$ with L [m].
    *Valid when* it is `straight`. *Source* nobody <b>.
    """
    voltage = slope_V_m.value * length_m
    checks = [
        Check.that("straight", not fault, "it is straight", "it is bent by 2e-05 m"),
        Check.that("finite", not fault, "it ends", f"it does not end {NASTY}", otherwise="fail"),
    ]
    x = np.linspace(0, length_m, 5)
    return Result.of({"V": Estimate(voltage, 0.01 * voltage, "V", "$V_0$ at the end", "mV")}, {"x_m": ("x", x)}, checks)


@line.plot
def draw_line(result: Result, ax: Axes) -> None:
    from anodefree.core.figure import INK

    if result["V"] > 1.0:
        raise ValueError("too high to draw")
    ax.plot(result.curves["x_m"].values, 2 * result.curves["x_m"].values, label=NASTY)
    ax.axhline(result["V"], color=INK)
    ax.imshow(np.eye(2), extent=(0, 1, 0, 1), aspect="auto")
    ax.legend(loc="upper left")
    ax.set_xlabel("x / m")
    ax.set_ylabel("V / V")


@stage("toyreport.fly")
def fly(*, rng: np.random.Generator) -> Tracks:
    """Three ions."""
    arrays = {"time_s": np.arange(4.0), **{f"{c}_m": rng.normal(size=(3, 4)) for c in "xyz"}}
    return Measurement.of(TRACKS, arrays, {"mass_kg": 1.0, "charge_C": 1.0, "flux_density_T": 1.0})


def outcome(
    id: str, output: Any, *answers: Answer, step: str = "", title: str = "", stage: str = "toyreport.line", **more: Any
) -> Outcome:
    label = more.pop("label", {})
    parameters = more.pop("parameters", {"slope_V_m": Uncertain(2.0, 0.1), "length_m": 1e-3, "fault": False})
    key = output.provenance.key if output is not None else "0" * 32
    node = Node(id, step or id, label, stage, title or "A straight line.", parameters, (), key, answers)
    return Outcome(node, more.pop("state", "done"), output, **more)


HEAD = {"title": f"Toy {NASTY}", "description": f"First.\n\nSecond {NASTY}", "seed": 7, "file": "toy <i>.toml"}


def outcomes() -> list[Outcome]:
    answer = Answer("symmetric.overpotential", "M-Ni 2 mA/cm2", "V", "computed", f"see {NASTY.replace('{{ 7 * 7 }}', '')}")
    case = {"parameters": {"slope_V_m": Uncertain(3.0, 0.1), "length_m": 1e-3, "fault": True}}
    return [
        outcome("plain", line(), answer, title=f"Title {NASTY}"),
        outcome("doubt", line(fault=True), **case),
        outcome("sweep[M-Ni]", line(slope_V_m=1.0), step="sweep", label={"case": "M-Ni"}),
        outcome("sweep[<b>]", line(slope_V_m=3.0), step="sweep", label={"case": "<b>"}, **case),
        outcome("sweep[1 mA/cm2]", None, step="sweep", label={"case": "1 mA/cm2"}, state="failed", error=f"boom {NASTY}"),
        outcome("undrawable", line(slope_V_m=5000.0)),
        outcome("tracks", fly(), stage="toyreport.fly", parameters={}),
        outcome("never", None, stage="toyreport.fly", parameters={}, state="blocked", error="waits for sweep"),
    ]


class Page(HTMLParser):
    """Elements of a page; raises where a tag closes what is not open."""

    VOID: ClassVar = {"meta", "input", "br", "link", "img"}

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> without a start"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text.append(data)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report")
    build(HEAD, outcomes(), out)
    return out


@pytest.fixture(scope="module")
def text(made: Path) -> str:
    return (made / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_one_file_that_needs_nothing_else(page: Page, text: str) -> None:
    for tag, attributes in page.elements:
        assert tag not in ("link", "iframe", "img", "object", "embed", "base"), tag
        for name, value in attributes.items():
            if name == "src":
                raise AssertionError(f"{tag} loads {value}")
            if name in ("href", "xlink:href") and value and not value.startswith(("#", "data:image/", "figures/")):
                assert tag == "a"
                assert value.startswith("https://doi.org/10."), value
            assert not name.startswith("on"), "no inline handlers"
    styles = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert len(styles) == 1, "a figure's own style would leak into the page"
    assert "@import" not in styles[0]
    assert "url(" not in styles[0]
    assert "default-src 'none'" in text


def test_every_claim_has_its_verdict_on_the_page(page: Page, made: Path) -> None:
    shown = "".join(page.text)
    anchors = {a["id"] for _, a in page.elements if "id" in a}
    for claim in load_ledger().claims:
        assert f"claim-{claim.id}" in anchors
        assert claim.id in shown
    rows = json.loads((made / "claims.json").read_text())
    assert len(rows) == sum(len(c.values) for c in load_ledger().claims)
    answered = [r for r in rows if r["ours"] is not None]
    assert [(r["id"], r["verdict"]) for r in answered] == [("symmetric.overpotential", "not reproduced")]
    assert answered[0]["ours"] == pytest.approx(2.0)
    assert "toyreport.line" in answered[0]["stage"]


def test_anchors_are_unique_and_links_lead_somewhere(page: Page, made: Path) -> None:
    ids = [str(a["id"]) for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        link = attributes.get("href") or ""
        if link.startswith("#"):
            assert link[1:] in ids, link
        elif link.startswith("figures/"):
            assert (made / link).is_file()
        for value in attributes.values():
            for target in re.findall(r"url\(#([^)]+)\)", value or ""):
                assert target in ids


def test_what_users_write_is_text_only(page: Page, text: str) -> None:
    assert sum(tag == "script" for tag, _ in page.elements) == 1
    assert "<script>alert" not in text
    assert "{{ 7 * 7 }}" in "".join(page.text), "a template in a title is not evaluated"
    assert not any(tag == "b" and "alert" in str(a) for tag, a in page.elements)


def test_figures_follow_the_page(page: Page, text: str, made: Path) -> None:
    plots = [a for tag, a in page.elements if tag == "svg"]
    assert len(plots) == 4
    assert all(p["role"] == "img" and p["aria-label"] for p in plots)
    assert "#010203" not in text
    assert "currentColor" in text
    assert "var(--colour-1,#0072B2)" in text
    assert "var(--colour-1,#0072b2)" not in text
    for name in ("plain", "doubt"):
        for suffix in ("svg", "pdf", "csv"):
            assert (made / "figures" / f"{name}.{suffix}").stat().st_size > 0
    table = list(csv.reader(io.StringIO((made / "figures" / "plain.csv").read_text())))
    assert table[0][0].endswith("x / m")
    assert [float(r[0]) for r in table[1:6]] == np.linspace(0, 1e-3, 5).tolist()
    assert all(p.parent == made / "figures" for p in (made / "figures").rglob("*"))


def test_doubts_come_before_what_passed(text: str) -> None:
    article = text[text.index('id="step-doubt"') :]
    article = article[: article.index("</article>")]
    assert article.index("it does not end") < article.index("it is bent by 2\u202f×\u202f10⁻⁵ m")
    assert "checks passed" not in article
    undrawn = text[text.index('id="step-undrawable"') :]
    assert "the figure cannot be drawn (ValueError: too high to draw)" in undrawn[: undrawn.index("</article>")]


def test_assumptions_are_listed_with_value_source_and_step(text: str) -> None:
    section = text[text.index('id="assumptions"') : text.index('id="steps"')]
    assert "length_m" in section
    assert "1\u202fmm" in section or "1000\u202fµm" in section
    assert "a round number" in section
    assert "slope_V_m" not in section


def test_variants_stand_side_by_side(text: str) -> None:
    article = text[text.index('id="step-sweep"') :]
    article = article[: article.index("</article>")]
    assert article.count('<th scope="col" class="num">') == 3
    assert "M\u2011Ni" in article
    assert "&lt;b&gt;" in article
    assert "boom" in article
    assert "(3.00\u202f±\u202f0.10)" in article, "a parameter that varies is told for each"


def test_runs_that_say_the_same_share_a_line(tmp_path: Path) -> None:
    found = [outcome(f"s[{c}]", line(fault=c != "c"), step="s", label={"case": c}) for c in "abc"]
    build(HEAD, found, tmp_path)
    text = (tmp_path / "report.html").read_text()
    assert text.count("it is bent by") == 1
    assert "<b>a, b</b>: it is bent" in text
    assert text.index("it does not end") < text.index("it is bent by"), "failures first"


def test_provenance_and_references(text: str) -> None:
    result = line()
    assert result.provenance.key in text
    assert "version 3" in text
    assert "Energy &amp; Environmental Science" in text
    assert 'href="https://doi.org/10.1039/d5ee06208j"' in text


def test_the_same_outcomes_give_the_same_bytes(tmp_path: Path) -> None:
    found = outcomes()[:2]
    build(HEAD, found, tmp_path / "a")
    build(HEAD, found, tmp_path / "b", name="mine.html")
    first = {p.relative_to(tmp_path / "a"): p.read_bytes() for p in (tmp_path / "a").rglob("*") if p.is_file()}
    second = {p.relative_to(tmp_path / "b"): p.read_bytes() for p in (tmp_path / "b").rglob("*") if p.is_file()}
    assert first.pop(Path("report.html")) == second.pop(Path("mine.html"))
    assert first == second
    assert not list(tmp_path.rglob(".*")), "no temporary file is left"


def test_a_study_that_has_not_run_still_has_a_report(tmp_path: Path) -> None:
    build({"title": "Nothing yet"}, [], tmp_path)
    page = Page((tmp_path / "report.html").read_text())
    assert "Nothing has been computed" in " ".join(page.text)
    assert "The steps of this study make none." in " ".join(page.text)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        build({"title": "x"}, [], tmp_path / "file")


def test_contrast_is_enough_in_light_and_dark() -> None:
    css = (Path(sys.modules["anodefree.report.build"].__file__ or "").parent / "page.css").read_text()
    blocks = re.findall(r"\{([^{}]*--paper:[^{}]*)\}", css)
    themes = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", b)) for b in blocks]
    assert len(themes) == 3
    assert themes[1] == themes[2], "dark by the system and dark by choice are the same"
    verdicts = ["reproduced", "consistent", "not-reproduced", "contradicted", "needs-data", "not-computed", "unanswered"]
    for theme in themes:
        pairs = [("ink", "paper"), ("soft", "paper"), ("soft", "tint"), ("link", "paper"), ("ink", "tint")]
        for over, under in pairs + [(v, f"{v}-bg") for v in verdicts] + [("ink", f"{v}-bg") for v in verdicts]:
            assert _contrast(theme[over], theme[under]) >= 4.5, (over, under)
        for v in verdicts[:-1]:
            assert _contrast(theme[f"{v}-bar"], theme["paper"]) >= 2.2, v
    for i in range(1, 7):
        assert _contrast(themes[1][f"colour-{i}"], themes[1]["paper"]) >= 4.5


def _contrast(a: str, b: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("id", ["fit[M-Ni]", "fit[M/Ni]", "../../x", "a b", "con", "x" * 200, "ü", ".hidden", "[]"])
def test_file_names_are_plain_and_distinct(id: str) -> None:
    name = safe_name(id)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name)
    assert len(name) < 100
    assert name != id
    assert safe_name("barrier") == "barrier"


def test_inline_figures_share_no_ids_and_carry_no_links() -> None:
    svg = (
        b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><style>*{fill:red}</style>'
        b'<defs><path id="p" d="M 0.123456 1"/></defs><use xlink:href="#p" id="u"/><a xlink:href="https://example.org"/></svg>'
    )
    one, two = inline(svg, "one", "A"), inline(svg, "two", "B")
    assert 'id="one-0"' in one
    assert 'href="#one-0"' in one
    assert 'id="two-0"' in two
    assert "M 0.12 1" in one
    assert "example.org" not in one
    assert "<style" not in one


def test_columns_of_different_length() -> None:
    text = columns_csv({"a": np.array([1.0, 2.5]), "b": np.array([3]), "c": np.array(["x", "y, z"])})
    assert text == 'a,b,c\n1.0,3,x\n2.5,,"y, z"\n'
    assert columns_csv({}) == "\n"


def test_no_figure_no_drawing() -> None:
    assert drawn(outcome("tracks", fly(), stage="toyreport.fly", parameters={})) is None
    assert drawn(outcome("none", None)) is None


@pytest.mark.parametrize("width", [60, 140])
def test_the_table_fits_the_terminal(width: int) -> None:
    from rich.console import Console

    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    console.print(claims_table(judge(load_ledger(), outcomes())))
    shown = console.file.getvalue()
    assert max(map(len, shown.splitlines())) <= width
    assert "≠ not reproduced" in shown or "≠ not" in shown
    assert "○" in shown
