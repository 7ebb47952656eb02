"""Keep the finished runs of a study's store as evidence: one small file a run, with the study that made them and an index.

    anodefree run studies/solvation.toml --workers 2 --store STORE
    python benchmarks/keep_evidence.py STORE --study studies/solvation.toml [--machine "2 cores, x86-64"]

Every finished `solvation.run` of the store, however many there are, becomes one row (`solvation.point`: coordination numbers
with intervals, g(r), shells, density, temperature) in src/anodefree/data/evidence/solvation/NODE.json, with what made it:
parameters, seed, key, versions, start, cost and kind of machine. Run it again when further runs are finished: runs that are
kept already stay as they are (--anew writes their rows again, after a change of the analysis), as do those of other stores.
The verdicts of the reference study follow by themselves, since it takes all that is kept. Last it prints the table of all kept
runs that docs/solvation.md shows.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from anodefree.core.keys import file_sha256
from anodefree.core.measurement import Measurement
from anodefree.core.result import rounded as rounded_pair
from anodefree.io.json_text import text
from anodefree.io.read import read
from anodefree.kinds.solvation_points import SOLVATION_POINTS, TREATMENT
from anodefree.kinds.trajectory import TRAJECTORY
from anodefree.stages import get
from anodefree.study.kept import INDEX, STUDY, folder, index_of

FAMILY = "solvation"
DIGITS = 6


def main() -> None:
    """Find the runs, write their rows, and the index."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("store", type=Path)
    ask.add_argument("--study", type=Path, help="the study that made them (the one that is kept already, if there is)")
    ask.add_argument("--machine", default=f"{platform.system()} {platform.machine()}, one thread", help="kind of machine")
    ask.add_argument("--anew", action="store_true", help="write the rows of runs that are kept already as well")
    given = ask.parse_args()
    target = folder() / FAMILY
    target.mkdir(parents=True, exist_ok=True)
    study = given.study or (target / STUDY if (target / STUDY).is_file() else Path("studies/solvation.toml"))
    steps = {s["name"] for s in tomllib.loads(study.read_text(encoding="utf-8")).get("step", [])}
    known = index_of(FAMILY)
    for record in sorted(given.store.glob("objects/*/*/node.json")):
        told = json.loads(record.read_text(encoding="utf-8"))
        if told["stage"] != "solvation.run":
            continue
        name = re.sub(r"[^A-Za-z0-9]+", "_", told["node"]).strip("_") + ".json"
        if not given.anew and known.get(name, {}).get("key") == record.parent.name:
            continue
        if told["node"].partition("[")[0] not in steps:
            raise SystemExit(f"{study} has no step for {told['node']}: name the study that made it by --study")
        run = Measurement.load(record.parent / "output.nc", {TRAJECTORY.name: TRAJECTORY})
        row = kept(run, told["node"], given.machine, file_sha256(study))
        (target / name).write_text(compact(row), encoding="utf-8")
        known[name] = entry(target / name, row)
        print(f"{name}: {(target / name).stat().st_size} bytes, CN {row['CN'][0]:.3f} ± {row['CN_std'][0]:.3f}")
    if study.resolve() != (target / STUDY).resolve():
        shutil.copyfile(study, target / STUDY)
    index = {"study": {"file": STUDY, "sha256": file_sha256(target / STUDY)}, "runs": dict(sorted(known.items()))}
    (target / INDEX).write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    print(table(target, list(index["runs"])))


def table(folder_of_runs: Path, names: list[str]) -> str:
    """All kept runs, one line each, in the form of the docs."""
    lines = [
        "| run | density, kg/m3 | T, K | O(TFSI) about Li | TFSI about Li | TFSI coordinated | memory |",
        "|" + " --- |" * 7,
    ]
    for name in names:
        row = read(folder_of_runs / name, kind="solvation_points")
        cells = [
            rounded_pair(float(row[n][0]), float(row[s][0])) if n in row else "-"
            for n, s in (
                ("density_kg_m3", "density_std_kg_m3"),
                ("found_K", "found_std_K"),
                ("CN", "CN_std"),
                ("CN_molecules", "CN_molecules_std"),
                ("coordinated", "coordinated_std"),
            )
        ]
        lines.append(f"| {row.meta['kept']['node']} | {' | '.join(cells)} | {row['memory'][0]:.2f} |")
    return "\n".join(lines)


def kept(run: Measurement, node: str, machine: str, study_sha256: str) -> Measurement:
    """The run's row, with all that made it."""
    made = run.provenance
    if made is None:
        raise SystemExit(f"{node} does not say what made it")
    missing = {n: made.parameters[n] for n in TREATMENT if n not in run.meta}  # older versions did not tell them
    told = {
        "node": node,
        "study_sha256": study_sha256,
        "machine": machine,
        **{n: getattr(made, n) for n in ("key", "stage", "version", "code", "seed", "started", "wall_s")},
        "packages": dict(made.packages),
        "parameters": dict(made.parameters),
    }
    row = get("solvation.point")(run.with_meta(**missing, kept=told))
    arrays = {str(n): rounded(v.values) for n, v in row.data.data_vars.items()}
    return Measurement(SOLVATION_POINTS, Measurement.of(SOLVATION_POINTS, arrays).data, row.meta, row.source, row.provenance)


def rounded(values: np.ndarray) -> np.ndarray:
    """To so many digits as anybody reads: a file stays small."""
    flat = [float(f"{v:.{DIGITS}g}") for v in np.asarray(values, float).ravel()]
    return np.array(flat).reshape(values.shape)


def compact(row: Measurement) -> str:
    """Our JSON with one array a line."""
    whole: dict[str, Any] = json.loads(text(row))
    arrays = whole.pop("arrays")
    lines = [f"  {json.dumps(n)}: {json.dumps(a, separators=(',', ':'))}" for n, a in arrays.items()]
    head = json.dumps(whole, indent=1, ensure_ascii=False).rstrip().removesuffix("}").rstrip()
    return head + ',\n "arrays": {\n' + ",\n".join(lines) + "\n }\n}\n"


def entry(path: Path, row: Measurement) -> dict[str, Any]:
    """One line of the index."""
    told = row.meta["kept"]
    return {"sha256": file_sha256(path), **{n: told[n] for n in ("node", "key", "seed", "started", "wall_s", "machine")}}


if __name__ == "__main__":
    main()
