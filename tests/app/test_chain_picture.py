"""The chain's picture: every step at one station, every answered value in it, and an SVG that all can use."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from anodefree.app.chain_picture import ORDER, Chain, chain, places, svg
from anodefree.study.plan import Study, plan
from anodefree.study.run import outcomes
from anodefree.study.shipped import shipped
from anodefree.study.store import Store
from anodefree.study.verdicts import judge


@pytest.fixture(scope="module")
def paper() -> Study:
    return plan(shipped("hcmass"))


@pytest.fixture(scope="module")
def laid(paper: Study, tmp_path_factory: pytest.TempPathFactory) -> Chain:
    found = outcomes(paper, Store(tmp_path_factory.mktemp("empty")))
    return chain(paper, found, judge(paper.ledger, found))


def test_every_node_belongs_to_one_station(paper: Study, laid: Chain) -> None:
    ids = [o.node.id for s in laid.stations for o in s.outcomes]
    assert sorted(ids) == sorted(n.id for n in paper.nodes)
    assert [s.name for s in laid.stations] == list(ORDER[:-1]), "no step of the paper is without a place"
    assert all(s.outcomes for s in laid.stations)


def test_every_value_of_the_ledger_appears_once(paper: Study, laid: Chain) -> None:
    values = [(v.id, v.sample) for s in laid.stations for v in s.verdicts]
    assert sorted(values) == sorted((c.id, sample) for c in paper.ledger.claims for sample in c.values)


def test_steps_stand_where_they_speak_of(paper: Study) -> None:
    at = places(paper)
    told = {"film": "magnet", "regime": "ion", "speciation": "sheath", "fluoride": "interphase", "ensemble": "deposit"}
    derived = {"raman-spectra": "sheath", "films": "interphase", "tafel": "interphase", "voltammograms": "interphase"}
    ends = {"copper-sections": "deposit", "overpotential": "cell", "pouch": "pouch", "chain": "pouch"}
    for step, station in {**told, **derived, **ends}.items():
        assert at[step] == station, step


def test_a_link_is_whole_only_where_a_number_is_handed_on(laid: Chain) -> None:
    assert ("magnet", "ion") in laid.links
    assert ("sheath", "interphase") in laid.links
    assert ("ion", "sheath") not in laid.links, "nothing that an ion's path gives reaches the sheath"


@pytest.mark.parametrize("upright", [False, True])
def test_the_picture_can_be_read_and_tabbed_through(laid: Chain, upright: bool) -> None:
    root = ET.fromstring(svg(laid.picture, links={"ion": "?station=ion&x=<"}, chosen="ion", upright=upright))
    ns = "{http://www.w3.org/2000/svg}"
    boxes = root.findall(f"{ns}a")
    assert len(boxes) == 7
    for box, station in zip(boxes, laid.stations, strict=True):
        assert box.get("tabindex") == "0"
        assert box.get("aria-label") == station.box.said == box.findtext(f"{ns}title")
    assert [b.get("aria-current") for b in boxes].count("true") == 1
    assert root.get("aria-label")


@pytest.mark.parametrize("name", [p.stem for p in sorted(Path(shipped("hcmass")).parent.glob("*.toml"))])
def test_every_study_that_comes_with_the_package_has_a_picture(name: str, tmp_path: Path) -> None:
    study = plan(shipped(name))
    found = outcomes(study, Store(tmp_path))
    made = chain(study, found, [])
    assert sum(len(s.outcomes) for s in made.stations) == len(study.nodes)
    ET.fromstring(svg(made.picture))
