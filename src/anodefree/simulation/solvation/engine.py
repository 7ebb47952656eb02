"""OpenMM, imported late, with the sentence that says how to install it; and the platform it runs on."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from anodefree.errors import ConfigError, MissingExtra

Platform = Literal["auto", "CPU", "CUDA", "HIP", "OpenCL", "Reference"]
FASTEST = ("CUDA", "HIP", "OpenCL", "CPU", "Reference")


def openmm() -> Any:
    """The package.

    Raises
    ------
    MissingExtra: it is not installed.
    """
    try:
        import openmm
    except ImportError as error:
        raise MissingExtra("molecular dynamics needs OpenMM", hint="pip install 'anodefree[md]'") from error
    return openmm


def platform_of(wanted: Platform, threads: int | None = None) -> tuple[Any, dict[str, str]]:
    """The platform with its properties: the fastest that is there, or the one that is asked for.

    Raises
    ------
    ConfigError: the one that is asked for is not there.
    """
    mm = openmm()
    there = [mm.Platform.getPlatform(k).getName() for k in range(mm.Platform.getNumPlatforms())]
    name = next(n for n in FASTEST if n in there) if wanted == "auto" else wanted
    if name not in there:
        raise ConfigError(f"OpenMM has no platform '{name}' here", "platform", f"there are {', '.join(there)}")
    # Forces summed in one order, so that one seed gives one trajectory.
    properties = {"DeterministicForces": "true"} if name in ("CPU", "CUDA", "HIP") else {}
    properties |= {"Threads": str(threads)} if name == "CPU" and threads else {}
    properties |= {"Precision": "mixed"} if name in ("CUDA", "HIP", "OpenCL") else {}
    return mm.Platform.getPlatformByName(name), properties


def packmol_command() -> str:
    """Where packmol is.

    Raises
    ------
    MissingExtra: it is nowhere.
    """
    import shutil
    import sys

    beside = Path(sys.executable).parent / "packmol"
    found = str(beside) if beside.is_file() else shutil.which("packmol")
    if found is None:
        raise MissingExtra("a box is packed by packmol", hint="pip install 'anodefree[md]'")
    return found
