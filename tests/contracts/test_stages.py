"""What every stage must keep: a documented contract, a demo whose truth it recovers, an honest standard deviation, a figure."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from anodefree import stages
from anodefree.core.figure import plotted, render
from anodefree.core.measurement import Measurement
from anodefree.core.result import Result
from anodefree.registry import Stage

DRAWS = 200
NAMES = sorted(stages.MODULES)
BIBLIOGRAPHY = (files("anodefree") / "data" / "references.bib").read_text(encoding="utf-8")


def run_demo(stage: Stage, seed: int) -> tuple[Measurement | Result, dict[str, object], float]:
    demo = stage.example(np.random.default_rng(seed))
    return stage(*demo.inputs, seed=seed, **demo.parameters), dict(demo.truth), demo.tolerance


@pytest.mark.parametrize("name", NAMES)
def test_contract_is_documented(name: str) -> None:
    stage = stages.get(name)
    assert stage.title.endswith("."), "the docstring begins with one sentence"
    assert len(stage.doc) > 200, "the docstring gives equation, validity and source"
    for word in ("Valid when", "Source"):
        assert word in stage.doc, f"the docstring says '{word}'"
    for parameter in stage.parameters:
        assert parameter.par.doc, parameter.name
        if parameter.par.assumed:
            assert parameter.par.source, f"{parameter.name} is assumed: its source must be named"
            assert not parameter.required
    assert stage.cites, "every stage cites"
    for key in stage.cites:
        assert re.search(rf"@\w+\{{{re.escape(key)},", BIBLIOGRAPHY), f"{key} is not in references.bib"


@pytest.mark.parametrize("name", NAMES)
def test_demo_recovers_its_truth(name: str) -> None:
    stage = stages.get(name)
    output, truth, tolerance = run_demo(stage, 1)
    assert truth, "a demo without truth proves nothing"
    assert output.provenance is not None
    assert output.provenance.stage == name
    for key, true in truth.items():
        if isinstance(output, Result):
            estimate = output.estimates[key]
            assert np.isfinite(estimate.std), key
            assert abs(estimate.value - true) <= max(5 * estimate.std, 1e-12 * abs(true)), (key, str(estimate), true)  # type: ignore[arg-type,operator]
        else:
            expected = np.asarray(true, dtype=float)
            error = np.abs(output[key] - expected).max()
            assert error <= tolerance * max(np.abs(expected).max(), 1e-300), (key, error)
    if isinstance(output, Result):
        failed = [c for c in output.checks if c.status == "fail"]
        assert not failed, f"its own demo must pass its own checks: {failed}"


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in NAMES if stages.get(n).kind is None])
def test_standard_deviation_is_honest(name: str) -> None:
    """Over 200 draws of the noise the truth lies within two standard deviations in 90 to 99 % of cases."""
    stage = stages.get(name)
    inside: dict[str, list[bool]] = {}
    for seed in range(DRAWS):
        output, truth, _ = run_demo(stage, 1000 + seed)
        assert isinstance(output, Result)
        for key, true in truth.items():
            estimate = output.estimates[key]
            inside.setdefault(key, []).append(abs(estimate.value - float(true)) <= 2 * estimate.std)  # type: ignore[arg-type]
    for key, hits in inside.items():
        assert 0.90 <= np.mean(hits) <= 0.99, f"{key}: {np.mean(hits):.3f} of {DRAWS} within two standard deviations"


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_numbers(name: str) -> None:
    stage = stages.get(name)
    one, two = run_demo(stage, 5)[0], run_demo(stage, 5)[0]
    if isinstance(one, Result):
        assert isinstance(two, Result)
        assert {k: (e.value, e.std) for k, e in one.estimates.items()} == {
            k: (e.value, e.std) for k, e in two.estimates.items()
        }
    else:
        assert one.data.identical(two.data)
    assert one.provenance is not None
    assert two.provenance is not None
    assert one.provenance.key == two.provenance.key


@pytest.mark.parametrize("name", NAMES)
def test_figure_is_drawn_labelled_and_repeatable(name: str) -> None:
    stage = stages.get(name)
    output = run_demo(stage, 1)[0]
    draw = stage.draw
    assert draw is not None, "every stage has a figure"
    seen = {}

    def inspect(ax: object) -> None:
        draw(output, ax)  # type: ignore[arg-type]
        seen["labels"] = (ax.get_xlabel(), ax.get_ylabel())  # type: ignore[attr-defined]
        seen["numbers"] = plotted(ax)  # type: ignore[arg-type]

    first = render(inspect, "svg")
    assert first == render(inspect, "svg"), "the same result gives the same picture"
    assert any(seen["labels"]), "axes are labelled"
    assert seen["numbers"], "the numbers can be exported as plotted"


@pytest.mark.parametrize("name", NAMES)
def test_output_survives_the_disk(name: str, tmp_path: object) -> None:
    stage = stages.get(name)
    output = run_demo(stage, 1)[0]
    path = output.save(tmp_path / "output.nc")  # type: ignore[operator]
    again = stage.load(path)
    assert again.provenance == output.provenance
    if isinstance(output, Result):
        assert isinstance(again, Result)
        assert again.estimates == output.estimates
        assert again.checks == output.checks
        assert again.curves.identical(output.curves)
    else:
        assert isinstance(again, Measurement)
        assert again.data.identical(output.data)
        assert dict(again.meta) == dict(output.meta)


@pytest.mark.parametrize("name", [n for n in NAMES if stages.get(n).film is not None])
def test_movie_moves_and_is_repeatable(name: str, tmp_path: Path) -> None:
    from PIL import Image

    stage = stages.get(name)
    output = run_demo(stage, 1)[0]
    path = stage.animate(output, tmp_path / "one.gif", frames=2)
    assert path.read_bytes()[:6] == b"GIF89a"
    with Image.open(path) as picture:
        assert picture.n_frames == 2  # type: ignore[attr-defined]
        assert picture.info["loop"] == 0
        first = np.asarray(picture.convert("RGB"))
        picture.seek(1)
        assert (np.asarray(picture.convert("RGB")) != first).any(), "something moves"
    assert stage.animate(output, tmp_path / "two.gif", frames=2).read_bytes() == path.read_bytes()
