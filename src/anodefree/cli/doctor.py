"""What `anodefree doctor` finds: packages, extras and devices."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib import metadata, util
from typing import NamedTuple

from anodefree.core.machine import memory_bytes

CORE = ("numpy", "scipy", "xarray", "h5netcdf", "pydantic", "click", "rich", "matplotlib", "pint")
EXTRAS = {
    "app": ("nicegui", "the laboratory in the browser: `anodefree app`"),
    "cell": ("pybamm", "full cells cycled with PyBaMM"),
    "dask": ("distributed", "studies on several processes or on a cluster"),
    "magnet": ("magpylib", "the fields of discs and blocks: `magnet.solid`"),
    "md": ("openmm", "molecular dynamics of electrolytes"),
    "movie": ("imageio_ffmpeg", "MP4 movies where the system has no ffmpeg"),
    "trajectories": ("MDAnalysis", "trajectories of other molecular dynamics programs"),
}


class Extra(NamedTuple):
    """One optional part."""

    extra: str
    state: str
    adds: str
    install: str


def installed() -> list[tuple[str, str]]:
    """Packages that every installation has, with their versions."""
    found = [("python", platform.python_version())]
    for name in ("anodefree", *CORE):
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            found.append((name, "missing: reinstall anodefree"))
    return found


def extras() -> list[Extra]:
    """Optional parts: installed or not, what they add, and the command."""
    return [
        Extra(name, "installed" if util.find_spec(package) else "not installed", adds, f"pip install 'anodefree[{name}]'")
        for name, (package, adds) in EXTRAS.items()
    ]


def devices() -> list[tuple[str, str]]:
    """Processor, memory, free disk here, and GPUs if their driver answers."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    found = [("processor", f"{platform.machine()}, {cores} cores")]
    memory = memory_bytes()
    if memory is not None:
        found.append(("memory", f"{memory / 2**30:.1f} GiB"))
    found.append(("disk, free here", f"{shutil.disk_usage('.').free / 2**30:.1f} GiB"))
    return [*found, *(_gpus() or [("GPU", "none found")])]


def _gpus() -> list[tuple[str, str]]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        told = subprocess.run(
            [program, "--query-gpu=name,memory.total", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [("GPU", line.strip()) for line in told.stdout.splitlines() if line.strip()]
