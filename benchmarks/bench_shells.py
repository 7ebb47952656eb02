"""Shells of an electrolyte: our analyses against MDAnalysis, solvation-analysis and freud on the same frames.

    python benchmarks/bench_shells.py [frames] [molecules of solvent]

A box of independent frames of lithium, anions of five atoms and solvents of four, as large as the reference paper's small one.
Prints processor time a frame: radial distribution and coordination of three partners by ours, by MDAnalysis `InterRDF`, by
solvation-analysis (`Solute`: coordination, pairing, speciation) and by freud's `RDF`; the ratios; and the largest differences
of the radial distributions and coordination numbers.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable

import numpy as np

import anodefree as af
from anodefree.core.constants import ATOMIC_MASS_KG, ELEMENTARY_CHARGE_C
from anodefree.core.measurement import Measurement
from anodefree.kinds.trajectory import TRAJECTORY

EDGE_A, LITHIUM, BINS, REACH_A, CUTOFF_A = 30.0, 23, 160, 8.0, 3.0
PARTNERS = ("TFSI", "DME", "DOL")


def main(frames: int = 200, solvents: int = 80) -> None:
    """One trajectory, four programs."""
    names, elements, molecule = atoms(solvents)
    place = np.random.default_rng(1).uniform(0, EDGE_A, (frames, len(names), 3)).astype(np.float32)
    trajectory = ours_of(place, names, elements, molecule)
    coordination, speciation = af.get("solvation.coordination"), af.get("solvation.speciation")
    given = {"cutoff_m": 1e-10 * CUTOFF_A, "r_max_m": 1e-10 * REACH_A, "bins": BINS}

    def shells() -> list[object]:
        return [coordination(trajectory, partner=p, **given) for p in PARTNERS]

    shells()
    speciation(trajectory, cutoff_m=1e-10 * CUTOFF_A)
    results, shells_s = timed(shells)
    _, pairs_s = timed(lambda: speciation(trajectory, cutoff_m=1e-10 * CUTOFF_A))
    print(f"{frames} frames of {len(names)} atoms, {LITHIUM} lithium, three partners; processor time a frame")
    one, all_s = shells_s, shells_s + pairs_s
    print(f"ours: g(r) and coordination {1e3 * one / frames:.3f} ms, with speciation {1e3 * all_s / frames:.3f} ms")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        universe = universe_of(place, names, elements, molecule)
        theirs, mda_s = timed(lambda: [inter_rdf(universe, p) for p in PARTNERS])
        apart = max(float(np.abs(r.curves["g"].values - t).max()) for r, t in zip(results, theirs, strict=True))
        print(
            f"MDAnalysis InterRDF {1e3 * mda_s / frames:.3f} ms: ratio {mda_s / shells_s:.1f}, g differs by {apart:.1e} at most"
        )
        number, sa_s = timed(lambda: solute(universe))
        off = max(abs(number[p] - r["CN_molecules"]) for p, r in zip(PARTNERS, results, strict=True))
        both = (mda_s + sa_s) / (shells_s + pairs_s)
        print(f"solvation-analysis Solute {1e3 * sa_s / frames:.3f} ms: coordination differs by {off:.1e} at most")
        print(f"InterRDF and Solute together against ours with speciation: ratio {both:.1f}")
        freud_s = by_freud(place, names)
        print(f"freud RDF {1e3 * freud_s / frames:.3f} ms: ratio {freud_s / shells_s:.1f} (radial distributions alone)")


def atoms(solvents: int) -> tuple[list[str], list[str], np.ndarray]:
    """Species, element and molecule of every atom."""
    shapes = {"Li": ["Li"], "TFSI": ["O", "O", "O", "O", "S"], "DME": ["O", "O", "C", "C"], "DOL": ["O", "O", "C", "C"]}
    counts = {"Li": LITHIUM, "TFSI": 20, "DME": solvents, "DOL": solvents}
    rows = [(s, e, (s, k)) for s, n in counts.items() for k in range(n) for e in shapes[s]]
    numbers = {m: k for k, m in enumerate(dict.fromkeys(m for _, _, m in rows))}
    return [s for s, _, _ in rows], [e for _, e, _ in rows], np.array([numbers[m] for _, _, m in rows])


def ours_of(place: np.ndarray, names: list[str], elements: list[str], molecule: np.ndarray) -> Measurement:
    """The trajectory as a measurement."""
    species = list(dict.fromkeys(names))
    charge = {"Li": 1.0, "TFSI": -0.2}
    arrays = {
        "time_s": np.arange(len(place)) * 1e-12,
        "position_m": place * np.float32(1e-10),
        "box_m": np.full((len(place), 3), EDGE_A * 1e-10),
        "species": np.array([species.index(n) for n in names]),
        "molecule": molecule,
        "element": np.array(elements),
        "mass_kg": np.full(len(names), 12.0 * ATOMIC_MASS_KG),
        "charge_C": np.array([charge.get(n, 0.0) for n in names]) * ELEMENTARY_CHARGE_C,
    }
    return Measurement.of(TRAJECTORY, arrays, {"species": species}, name="gas")


def universe_of(place: np.ndarray, names: list[str], elements: list[str], molecule: np.ndarray) -> object:
    """The same in MDAnalysis, in memory."""
    import MDAnalysis
    from MDAnalysis.coordinates.memory import MemoryReader

    first = np.unique(molecule, return_index=True)[1]
    made = MDAnalysis.Universe.empty(len(names), len(first), atom_resindex=molecule, trajectory=True)
    made.add_TopologyAttr("resnames", [names[k] for k in first])
    made.add_TopologyAttr("names", elements)
    made.add_TopologyAttr("types", elements)
    made.add_TopologyAttr("masses", np.full(len(names), 12.0))
    made.load_new(place, format=MemoryReader, dimensions=[EDGE_A] * 3 + [90.0] * 3)
    return made


def inter_rdf(universe: object, partner: str) -> np.ndarray:
    """g(r) of lithium and the partner's oxygens."""
    from MDAnalysis.analysis.rdf import InterRDF

    a, b = (universe.select_atoms(s) for s in ("resname Li", f"resname {partner} and name O"))
    return InterRDF(a, b, nbins=BINS, range=(0.0, REACH_A)).run().results.rdf


def solute(universe: object) -> dict[str, float]:
    """Coordination numbers by solvation-analysis, contacts by oxygens alone as ours."""
    from solvation_analysis.solute import Solute

    select = universe.select_atoms
    solvents = {p: select(f"resname {p} and name O") for p in PARTNERS}
    run = Solute.from_atoms(select("resname Li"), solvents, radii=dict.fromkeys(PARTNERS, CUTOFF_A), solute_name="Li")
    run.run()
    return dict(run.coordination.coordination_numbers)


def by_freud(place: np.ndarray, names: list[str]) -> float:
    """Processor time of freud's radial distributions."""
    import freud

    box = freud.box.Box.cube(EDGE_A)
    who = np.array(names)

    def work() -> None:
        for p in PARTNERS:
            rdf = freud.density.RDF(bins=BINS, r_max=REACH_A)
            for frame in place:
                points = box.wrap(frame)
                rdf.compute((box, points[who == p]), query_points=points[who == "Li"], reset=False)

    return timed(work)[1]


def timed(work: Callable[[], object]) -> tuple[object, float]:
    """What it gives, and the processor time it took."""
    begin = time.process_time()
    return work(), time.process_time() - begin


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
