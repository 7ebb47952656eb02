"""Ion pairs and aggregates: who touches whom, as fractions of ions, as shells and as clusters."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.solvation.frame_means import drift_check, mean_of
from anodefree.analysis.solvation.frames import contacts_of, radial
from anodefree.analysis.solvation.selection import anions_of, atoms_of, species_of
from anodefree.analysis.solvation.synthetic import clusters
from anodefree.core.figure import COLOURS
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Result
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.trajectory import Trajectory
from anodefree.numerics.radial import first_shell
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST = 10
DONORS = ("O", "N", "F")
"""Elements that hold a cation, the first that a species has."""
R_MAX_M = 5e-10
TOP = 12


@stage("solvation.speciation", version=1, cites=("seo2014", "newey1987"))
def speciation(
    trajectory: Trajectory,
    *,
    cation: Annotated[str, Par("the cation")] = "Li",
    anion: Annotated[str, Par("the anion whose Raman band is asked")] = "TFSI",
    cutoff_m: Annotated[float | None, Par("how near a contact is (none: each species' own first minimum of g)", gt=0)] = None,
) -> Result:
    """Solvent-separated and contact ion pairs and aggregates, for the cation and for one anion, with shells and clusters.

    A contact is a donor atom (O, else N, else F) nearer to the cation than the first minimum of its g(r). Of the **cations**:
    `SSIP` touch no anion, `CIP` one anion that touches no other cation, `AGG` the rest. Of the **anions**: `free` touch no
    cation, `anion_CIP` one, `anion_AGG` two or more; `coordinated` = 1 - free is what the anion's Raman band shows. The two
    sets differ, since several anions may share a cation. `largest_cluster`: mean number of ions in the largest cluster of
    cations and anions that touch. `contacts_per_coordinated` = contacts over coordinated anions, which a TFSI with its four
    oxygens cannot bring above what its shape allows: a bound for numbers from elsewhere. Curves: the commonest shells.
    The std is that of the mean of correlated frames, of this one run.
    *Valid when* contacts have a first minimum, and the run is longer than a partner stays. *Source* classes: Seo et
    al. 2014; Newey and West 1987.

    Raises
    ------
    ConfigError: no such species. DataError: fewer than ten frames, or no first minimum where no cut-off is given.
    """
    where = trajectory.source.name
    centres = atoms_of(trajectory, cation)
    if len(trajectory["time_s"]) < FEWEST:
        raise DataError(f"has {len(trajectory['time_s'])} frames", where, f"{FEWEST} at least are needed")
    negative = anions_of(trajectory)
    if anion not in negative:
        raise ConfigError(f"'{anion}' is no anion of it", where, f"its anions are {', '.join(negative) or 'none'}")
    partners = [s for s in species_of(trajectory) if s != cation]
    ends: dict[str, float] = {}
    pairs: dict[str, list[np.ndarray]] = {}
    for species in partners:
        donors = _donors(trajectory, species)
        if not donors.size:
            continue
        end = cutoff_m if cutoff_m is not None else _end(trajectory, centres, donors)
        if end is not None:
            ends[species], pairs[species] = end, contacts_of(trajectory, centres, donors, end)[1]
    if anion not in pairs:
        raise DataError(f"g({cation}-{anion}) has no first minimum", where, "give cutoff_m")
    frames = len(trajectory["time_s"])
    names, of, molecule = species_of(trajectory), trajectory["species"], trajectory["molecule"]
    cations, anions = (np.unique(molecule[of == names.index(s)]) for s in (cation, anion))
    told = [_frame({s: p[k] for s, p in pairs.items()}, cation, cations, anion, anions, negative) for k in range(frames)]
    series = {name: np.array([t[0][name] for t in told]) for name in told[0][0]}
    labels = {
        "SSIP": f"{cation} without an anion",
        "CIP": f"{cation} with one anion of its own",
        "AGG": f"{cation} in aggregates",
        "free": f"{anion} without {cation}",
        "anion_CIP": f"{anion} with one {cation}",
        "anion_AGG": f"{anion} with several {cation}",
        "coordinated": f"{anion} that touches {cation}",
    }
    estimates = {n: mean_of(series[n], label, "%") for n, label in labels.items()}
    touched = f"contacts of a coordinated {anion}"
    estimates["largest_cluster"] = mean_of(series["largest_cluster"], "ions in the largest cluster")
    estimates["contacts_per_coordinated"] = mean_of(series["contacts_per_coordinated"], touched)
    shells: Counter[str] = sum((t[1] for t in told), Counter())
    total = sum(shells.values())
    common = shells.most_common(TOP)
    sizes: Counter[int] = sum((t[2] for t in told), Counter())
    return Result.of(
        estimates,
        {
            "frame_time_s": ("frame", trajectory["time_s"]),
            **{f"{n}_of_frame": ("frame", series[n]) for n in ("SSIP", "CIP", "AGG", "free", "coordinated")},
            "shell": ("shells", np.array([name for name, _ in common])),
            "shell_share": ("shells", np.array([n / total for _, n in common])),
            "cluster_size": ("clusters", np.array(sorted(sizes))),
            "cluster_share": ("clusters", np.array([sizes[s] for s in sorted(sizes)]) / sum(sizes.values())),
            "contact_species": ("ends", np.array(list(pairs))),
            "contact_m": ("ends", np.array([ends[s] for s in pairs])),
        },
        [
            Check.that(
                "cut-offs",
                len(pairs) == len([s for s in partners if _donors(trajectory, s).size]),
                "every species has a first shell of its own",
                "species without a first minimum are left out of the shells: give cutoff_m to count them",
            ),
            drift_check(series["coordinated"]),
        ],
    )


def _donors(trajectory: Measurement, species: str) -> np.ndarray:
    """The atoms of a species that can hold a cation: its oxygens, else nitrogens, else fluorines."""
    mine = np.flatnonzero(trajectory["species"] == species_of(trajectory).index(species))
    elements = trajectory["element"][mine]
    first = next((e for e in DONORS if (elements == e).any()), None)
    return mine[elements == first] if first else np.empty(0, np.int64)


def _end(trajectory: Measurement, centres: np.ndarray, donors: np.ndarray) -> float | None:
    reach = min(R_MAX_M, float(trajectory["box_m"].min()) / 2)
    counted = radial(trajectory, centres, donors, reach, 250)
    shell = first_shell(counted.middle_m, counted.distribution(), 1e-11)
    return shell.minimum_m if math.isfinite(shell.minimum_m) else None


def _frame(
    pairs: dict[str, np.ndarray], cation: str, cations: np.ndarray, anion: str, anions: np.ndarray, negative: list[str]
) -> tuple[dict[str, float], Counter[str], Counter[int]]:
    """Classes, shells and clusters of one frame; `cations` and `anions` are the numbers of their molecules."""
    unique = {s: np.unique(p, axis=0) for s, p in pairs.items()}
    bonds = np.concatenate([unique[s] for s in negative if s in unique] or [np.empty((0, 2), np.int64)])
    of_cation, of_anion = Counter(bonds[:, 0].tolist()), Counter(bonds[:, 1].tolist())
    partner = dict(bonds.tolist())
    classes = Counter(
        "SSIP" if of_cation[c] == 0 else "CIP" if of_cation[c] == 1 and of_anion[partner[c]] == 1 else "AGG"
        for c in cations.tolist()
    )
    touched = np.array([of_anion[a] for a in anions.tolist()])
    around: dict[int, Counter[str]] = {c: Counter() for c in cations.tolist()}
    for species, found in unique.items():
        for c, _ in found.tolist():
            around[c][species] += 1
    shells = Counter(_named(cation, around[c]) for c in around)
    sizes = _clusters(bonds, cations)
    coordinated = float((touched > 0).mean())
    return (
        {
            **{n: classes[n] / len(cations) for n in ("SSIP", "CIP", "AGG")},
            "free": 1 - coordinated,
            "anion_CIP": float((touched == 1).mean()),
            "anion_AGG": float((touched > 1).mean()),
            "coordinated": coordinated,
            "largest_cluster": float(max(sizes)),
            "contacts_per_coordinated": len(pairs[anion]) / max(int((touched > 0).sum()), 1),
        },
        shells,
        sizes,
    )


def _named(cation: str, shell: Counter[str]) -> str:
    """`Li(DME)2(TFSI)1`, the species in the order of the alphabet."""
    return cation + "".join(f"({s}){shell[s]}" for s in sorted(shell) if shell[s])


def _clusters(bonds: np.ndarray, cations: np.ndarray) -> Counter[int]:
    """How many clusters of each size: ions that touch, cations alone count as one."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ions = np.unique(np.concatenate([bonds.ravel(), cations]))
    place = np.searchsorted(ions, bonds)
    graph = coo_array((np.ones(len(place)), (place[:, 0], place[:, 1])), shape=(len(ions), len(ions)))
    _, label = connected_components(graph, directed=False)
    return Counter(np.bincount(label).tolist())


@speciation.plot
def draw(result: Result, ax: Axes) -> None:
    """The classes of cations and of anions as two bars each of three parts."""
    bars = {"cations": ("SSIP", "CIP", "AGG"), "anions": ("free", "anion_CIP", "anion_AGG")}
    words = ("without the other ion", "pair", "aggregate")
    for k, label in enumerate(words):
        values = [result[names[k]] for names in bars.values()]
        stds = [result.estimates[names[k]].std for names in bars.values()]
        at = np.arange(2) + 0.27 * (k - 1)
        ax.bar(at, 100 * np.array(values), 0.25, yerr=200 * np.array(stds), color=COLOURS[k], capsize=2, label=label)
    ax.set_xticks(np.arange(2), list(bars))
    ax.set(ylabel="share / %", xlabel="ions", ylim=(0, 125))
    ax.legend(ncols=3, loc="upper center", fontsize=6, columnspacing=0.8, handlelength=1.2)


@speciation.demo
def demo(rng: np.random.Generator) -> Demo:
    """Sites with ions apart, in pairs, or bridged by a second lithium, in shares that are drawn."""
    shares = rng.dirichlet((4, 4, 4))
    apart, pair, bridge = (float(s) for s in shares)
    lithium = {"SSIP": (2 * apart + pair) / 2, "CIP": pair / 2, "AGG": bridge}
    truth = {**lithium, "free": apart, "anion_CIP": pair, "anion_AGG": bridge, "coordinated": 1 - apart}
    return Demo((clusters(rng, 80, 27, (apart, pair, bridge)),), truth)
