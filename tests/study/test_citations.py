"""BibTeX of what was used, read by a small parser."""

from __future__ import annotations

import numpy as np
import pytest

import anodefree as af
from anodefree.core.result import Result
from anodefree.errors import ConfigError
from anodefree.stages import get
from anodefree.study.citations import bibliography, cite, formatted, parse, reference


def test_every_entry_is_whole() -> None:
    for key, found in bibliography().items():
        assert found.authors, key
        assert found.fields["title"], key
        assert found.fields["year"].isdigit(), key
        assert formatted(key).endswith(".")
        assert "{" not in formatted(key), key
        assert "\\" not in formatted(key), key


def test_a_reference_as_text() -> None:
    text = formatted("chen2026")
    assert text.startswith("Y. Chen, X. Qian,")
    assert "and M. Shao." in text
    assert "Energy & Environmental Science, 2026" in text
    assert text.endswith("doi:10.1039/d5ee06208j.")


def test_citing_a_result_a_stage_and_a_name_is_the_same() -> None:
    stage = get("ions.regime")
    demo = stage.example(np.random.default_rng(1))
    result = stage(*demo.inputs, **demo.parameters)
    by_name = af.cite("ions.regime")
    assert cite(result) == cite(stage) == cite(["ions.regime"]) == by_name
    assert [k for k in stage.cites if f"{{{k}," in by_name] == list(stage.cites)
    assert parse(by_name).keys() == set(stage.cites)
    assert cite("ions.regime", "ions.regime") == by_name


def test_unknown_keys_and_stages_are_told() -> None:
    with pytest.raises(ConfigError, match="did you mean 'chen2026'"):
        formatted("chen2062")
    with pytest.raises(ConfigError, match="no stage"):
        cite("ions.regimen")
    with pytest.raises(ConfigError, match="no stage made this"):
        cite(Result.of({}))


def test_the_forms_of_bibtex_that_occur() -> None:
    found = parse(
        r"""% a comment
@string{j = "Journal"}
@article{a1, author = "M{\"u}ller, Jean-Luc and {The Group} and Hansen, {\O}le and \v{S}ime, A.",
  title={On {Li}$_2$O, Li--S {\&} a "quote" of 5\%}, year = 1999, pages={1--9},
  doi = {https://doi.org/10.1234/ab_c(1)} }
@Book{b-2,
  title = {Stra{\ss}e}, author = {O'Neill, {\'E}va}, publisher = {Wiley}, year = {2001}
}"""
    )
    assert list(found) == ["a1", "b-2"]
    assert found["a1"].authors == ["J.-L. Müller", "The Group", "Ø. Hansen", "A. Šime"]
    assert found["a1"].fields["title"] == 'On Li₂O, Li–S & a "quote" of 5%'
    assert found["a1"].fields["pages"] == "1–9"
    assert found["a1"].doi == "10.1234/ab_c(1)"
    assert found["b-2"].fields["title"] == "Straße"
    assert found["b-2"].authors == ["É. O'Neill"]
    assert found["b-2"].doi == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@book{a, title={x}", "never closed"),
        ("@book{a, title={x}} @book{a, title={y}}", "twice"),
        ("@book{a, ???}", "cannot be read"),
    ],
)
def test_what_is_not_bibtex_is_told(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse(text)


def test_keys_are_looked_up_exactly() -> None:
    assert reference("chen2026").key == "chen2026"
