"""Two batch scripts for a SLURM cluster: a small driver with the scheduler, and an array of workers that may come and go."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from anodefree.core.arrays import write_text
from anodefree.study.plan import Study
from anodefree.study.store import Store


@dataclass(frozen=True)
class Cluster:
    """What to ask of the cluster."""

    workers: int = 8
    cores: int = 2
    hours: int = 4
    gpus: int = 0
    partition: str = ""


def write_scripts(study: Study, store: Store, cluster: Cluster, folder: Path) -> tuple[Path, Path]:
    """Write `<study>-driver.sbatch` and `<study>-workers.sbatch`; submit both, in any order.

    The workers of the array are requeued when they are pre-empted or run out of time; stages continue from their checkpoints.
    """
    name = study.path.stem
    partition = [f"#SBATCH --partition={cluster.partition}"] if cluster.partition else []
    scheduler = f"{name}-scheduler.json"
    run = ["anodefree", "run", str(study.path), "--scheduler", scheduler, "--store", str(store.root)]
    driver = [
        "#!/bin/bash",
        f"#SBATCH --job-name={name}-driver",
        "#SBATCH --ntasks=1 --cpus-per-task=1 --mem=2G",
        f"#SBATCH --time={cluster.hours * 6}:00:00",
        *partition,
        "set -euo pipefail",
        f"rm -f {shlex.quote(scheduler)}",
        f"dask scheduler --scheduler-file {shlex.quote(scheduler)} --no-dashboard &",
        "trap 'kill %1' EXIT",
        f"until [ -s {shlex.quote(scheduler)} ]; do sleep 1; done",
        shlex.join(run),
    ]
    gpu = [f"#SBATCH --gres=gpu:{cluster.gpus}"] if cluster.gpus else []
    # Workers leave ten minutes before their time is up, not all at once, so that none is killed in the middle of a write.
    lifetime = f"{cluster.hours * 60 - 10}m"
    workers = [
        "#!/bin/bash",
        f"#SBATCH --job-name={name}-workers",
        f"#SBATCH --array=0-{cluster.workers - 1} --requeue",
        f"#SBATCH --ntasks=1 --cpus-per-task={cluster.cores}",
        f"#SBATCH --time={cluster.hours}:00:00",
        *gpu,
        *partition,
        "set -euo pipefail",
        f"export OMP_NUM_THREADS={cluster.cores}",
        f"until [ -s {shlex.quote(scheduler)} ]; do sleep 5; done",
        f"dask worker --scheduler-file {shlex.quote(scheduler)} --nthreads 1 --no-dashboard"
        f' --lifetime {lifetime} --lifetime-stagger 5m --local-directory "${{TMPDIR:-/tmp}}"',
    ]
    paths = folder / f"{name}-driver.sbatch", folder / f"{name}-workers.sbatch"
    for path, lines in zip(paths, (driver, workers), strict=True):
        write_text(path, "\n".join(lines) + "\n")
    return paths


def cost(study: Study, store: Store) -> tuple[int, int, float | None]:
    """Nodes to run, nodes stored, and the expected core-seconds from what the same stages took before (None if unknown)."""
    seen: dict[str, list[float]] = {}
    for node in study.nodes:
        if store.has(node.key):
            seen.setdefault(node.stage, []).append(float(store.record(node.key)["wall_s"]))
    missing = [n for n in study.nodes if not store.has(n.key)]
    known = [sum(seen[n.stage]) / len(seen[n.stage]) for n in missing if n.stage in seen]
    return len(missing), len(study.nodes) - len(missing), sum(known) if missing and len(known) == len(missing) else None
