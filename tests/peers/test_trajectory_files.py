"""Trajectories of other programs through our reader: MDAnalysis' own radial distribution, published coordination numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import anodefree as af
from anodefree.errors import AnodefreeError, ConfigError

pytest.importorskip("MDAnalysis")

BN_FEC = "Li: type 22; PF6: byres type 21; BN: byres type 5; FEC: byres type 19"


@pytest.fixture(scope="module")
def bn_fec(shared: Path) -> af.Measurement:
    folder = shared / "solvation" / "solvation_analysis"
    return af.read(folder / "bn_fec_short_unwrap.dcd", topology=str(folder / "bn_fec.data"), species_map=BN_FEC)


@pytest.mark.parametrize(
    ("partner", "cutoff_m", "molecules"), [("BN", 2.61468e-10, 4.33), ("FEC", 2.43158e-10, 0.25), ("PF6", 2.8e-10, 0.14)]
)
def test_coordination_is_that_of_solvation_analysis(
    bn_fec: af.Measurement, partner: str, cutoff_m: float, molecules: float
) -> None:
    """The values of its example, which counts molecules by any of their atoms within its radii."""
    result = af.get("solvation.coordination")(bn_fec, partner=partner, element=None, cutoff_m=cutoff_m, r_max_m=5e-10)
    assert result["CN_molecules"] == pytest.approx(molecules, abs=0.005)
    if partner == "PF6":
        assert result["CN"] == pytest.approx(0.161, abs=0.0005)


def test_radial_distribution_is_that_of_mdanalysis(shared: Path, bn_fec: af.Measurement) -> None:
    import warnings

    import MDAnalysis
    from MDAnalysis.analysis.rdf import InterRDF

    folder = shared / "solvation" / "solvation_analysis"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        universe = MDAnalysis.Universe(str(folder / "bn_fec.data"), str(folder / "bn_fec_short_unwrap.dcd"))
        lithium = universe.select_atoms("type 22")
        nitrogen = universe.atoms[bn_fec["element"] == "N"]
        theirs = InterRDF(lithium, nitrogen, nbins=100, range=(0.0, 8.0)).run().results
    ours = af.get("solvation.coordination")(bn_fec, partner="BN", element="N", bins=100, r_max_m=8e-10).curves
    assert theirs.rdf.max() > 5
    np.testing.assert_allclose(ours["g"].values, theirs.rdf, rtol=1e-6, atol=1e-9)


def test_a_box_of_this_project(shared: Path) -> None:
    found = af.read(
        shared / "solvation" / "small_equilibrated_s08_2ns.gro", species_map="LI=Li, TFS=TFSI, NO3=NO3, DOL=DOL, DME=DME"
    )
    assert found["position_m"].shape == (1, 2442, 3)
    assert len(np.unique(found["molecule"])) == 23 + 20 + 3 + 97 + 65
    assert float(found["mass_kg"][found["element"] == "Li"][0]) == pytest.approx(6.94 * 1.66054e-27, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("bn_fec_short_unwrap.dcd", {}, "not which atoms"),
        ("bn_fec_short_unwrap.dcd", {"topology": "nowhere.gro"}, "no such file"),
        ("bn_fec_short_unwrap.dcd", {"topology": "bn_fec.data", "species_map": "Li: type 22"}, "belong to no species"),
        ("bn_fec_short_unwrap.dcd", {"topology": "bn_fec.data", "species_map": "Li: typo 22"}, "no selection"),
        ("bn_fec_short_unwrap.dcd", {"topology": "bn_fec_elements.csv", "species_map": BN_FEC}, "cannot"),
    ],
)
def test_what_is_wrong_is_said(shared: Path, name: str, given: dict[str, str], words: str) -> None:
    folder = shared / "solvation" / "solvation_analysis"
    if (folder / given.get("topology", "")).is_file():
        given = {**given, "topology": str(folder / given["topology"])}
    with pytest.raises(AnodefreeError, match=words):
        af.read(folder / name, **given)


def test_frames_and_half_boxes_are_bounded(bn_fec: af.Measurement) -> None:
    with pytest.raises(ConfigError, match="box twice as wide"):
        af.get("solvation.coordination")(bn_fec, partner="BN", element="N", r_max_m=4e-9)
