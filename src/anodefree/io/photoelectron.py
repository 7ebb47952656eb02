"""Photoelectron spectra from VAMAS files (.vms, .npl): kinetic to binding energy, one measurement a region, depth in levels."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.casa_comments import energy_shift_eV, fitted_components, fitted_regions
from anodefree.io.textfile import lines_of
from anodefree.io.vamas import Block, parse
from anodefree.kinds.photoemission import PHOTOEMISSION
from anodefree.kinds.photoemission_regions import PHOTOEMISSION_REGIONS, regions_of

CORE_LEVEL: Final = re.compile(r"(?<![A-Za-z])([A-Z][a-z]?)[ _]?([1-7])([spdf])(?![A-Za-z])(?:[ _]?\d/2)?")
_ETCH: Final = re.compile(r"etch|sputter|depth|ion gun|mill", re.IGNORECASE)
_SOURCES: Final = {"al": 1486.6, "mg": 1253.6, "ag": 2984.3, "cr": 5414.7}
_MIN_POINTS: Final = 5


def read(path: Path, *, kind: str = "") -> list[Measurement] | Measurement:
    """Every region of a VAMAS file, or all as one measurement of many regions where that kind is wanted.

    Blocks that scan one core level on the same energies after different sputter times are the levels of one measurement.

    Raises
    ------
    DataError: the file is damaged, or holds no photoelectron spectrum.
    """
    file = parse(lines_of(path))
    used = [b for b in file.blocks if _is_photoelectron(b)]
    if not used:
        techniques = ", ".join(sorted({b.technique for b in file.blocks})[:5])
        raise DataError("holds no photoelectron spectrum", "", f"its blocks are of: {techniques[:80]}")
    groups = _levels(used)
    names = _unique([_name(g[0]) for g in groups])
    found = [_measurement(g, n, file.instrument, alone=len(groups) == 1) for g, n in zip(groups, names, strict=True)]
    return regions_of(found) if kind == PHOTOEMISSION_REGIONS.name else found


def core_level(text: str) -> str:
    """The core level that a text names, written `F 1s`; empty where it names none."""
    match = CORE_LEVEL.search(text)
    return f"{match[1]} {match[2]}{match[3]}" if match else ""


def _is_photoelectron(block: Block) -> bool:
    label = block.abscissa.lower()
    return block.technique.upper() in ("XPS", "UPS") and ("kinetic" in label or "binding" in label) and len(block.columns) > 1


def _name(block: Block) -> str:
    """The core level of a block, else what it is called."""
    named = block.transition and f"{block.species} {block.transition}"
    return core_level(named or "") or core_level(block.name) or block.name[:80] or block.species[:80] or "spectrum"


def _unique(names: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return out


def _etch(block: Block) -> tuple[str, float] | None:
    """The variable that says how far a block was sputtered, and its value."""
    for label, value in block.variables.items():
        if _ETCH.search(label) and math.isfinite(value):
            return label, value
    return None


def _levels(blocks: Sequence[Block]) -> list[list[Block]]:
    """Blocks of one core level, sample and axis that differ in sputter time go together, in the order of that time."""
    groups: dict[Any, list[Block]] = {}
    for index, block in enumerate(blocks):
        etch = _etch(block)
        axis = block.columns[block.abscissa]
        key = (_name(block), block.sample, len(axis), round(float(axis[0]), 3)) if etch else index
        groups.setdefault(key, []).append(block)
    out = []
    for group in groups.values():
        times = [found[1] for found in map(_etch, group) if found]
        if len(set(times)) == len(group):
            out.append([b for _, b in sorted(zip(times, group, strict=True), key=lambda pair: pair[0])])
        else:  # repeats at one depth, not a profile
            out += [[b] for b in group]
    return out


def _measurement(group: Sequence[Block], name: str, instrument: str, *, alone: bool) -> Measurement:
    first = group[0]
    photon = _photon_energy_eV(first)
    energy, order, shift = _binding_energy_eV(first, photon)
    signal, transmission = _signal(first)
    counts = np.array([_counts(b, signal) for b in group])[:, order]
    meta: dict[str, Any] = {
        "region": core_level(name) or name,
        "photon_energy_eV": photon,
        "source": first.source[:40],
        "sweeps": first.scans,
        "instrument": instrument[:80],
        "sample": first.sample[:80],
        "started": first.started,
        "charge_shift_eV": shift,
    }
    if not alone:
        meta["series"] = name
    if first.pass_energy_eV > 0:
        meta["pass_energy_eV"] = first.pass_energy_eV
    if first.collection_time_s > 0:
        meta["dwell_s"] = first.collection_time_s * first.scans
    if transmission:
        values = first.columns[transmission]
        if (values > 0).all():
            meta["transmission"] = float(values.mean())
    fitted = fitted_components(first.comments, photon)
    if fitted:
        meta["fitted_components"], meta["fitted_regions"] = fitted, fitted_regions(first.comments, photon)
    arrays: dict[str, Any] = {"binding_energy_eV": energy, "counts": counts}
    etch = [_etch(b) for b in group]
    if all(etch):
        label, factor = etch[0][0], _seconds(etch[0][0])  # type: ignore[index]
        values = np.array([e[1] for e in etch if e])
        if factor:
            arrays["etch_time_s"] = values * factor
        elif "[nm]" in label.lower():
            arrays["etch_depth_m"] = values * 1e-9
    return Measurement.of(PHOTOEMISSION, arrays, meta)


def _seconds(label: str) -> float:
    """What a unit of a variable of time is in seconds; 0 where it is no time."""
    unit = label.rpartition("[")[2].rstrip("]").strip().lower()
    return {"s": 1.0, "sec": 1.0, "seconds": 1.0, "min": 60.0, "minutes": 60.0, "h": 3600.0}.get(unit, 0.0)


def _photon_energy_eV(block: Block) -> float:
    if 10 < block.photon_energy_eV < 20_000:
        return block.photon_energy_eV
    known = _SOURCES.get(block.source.strip().lower()[:2])
    if known is None:
        raise DataError("states no energy of its photons", block.name[:40], "export with the source's energy")
    return known


def _binding_energy_eV(block: Block, photon_eV: float) -> tuple[np.ndarray, np.ndarray, float]:
    """The axis as rising binding energies, the order that makes it rise, and the shift that the file's comments ask for."""
    values = block.columns[block.abscissa]
    if len(values) < _MIN_POINTS:
        raise DataError(f"has a block of {len(values)} points", block.name[:40], f"a region has {_MIN_POINTS} at least")
    if not np.isfinite(values).all() or np.abs(values).max() > 1e5:
        raise DataError("holds an energy that cannot be", block.name[:40], "is the file whole?")
    shift = energy_shift_eV(block.comments)
    energy = (photon_eV - values if "kinetic" in block.abscissa.lower() else values) + shift
    order = np.argsort(energy, kind="stable")
    if not (np.diff(energy[order]) > 0).all():
        raise DataError("holds one energy twice", block.name[:40], "export the sum of the sweeps")
    return np.round(energy[order], 6), order, shift


def _signal(block: Block) -> tuple[str, str]:
    """The names of the columns of counts and of transmission (empty where there is none)."""
    others = [n for n in block.columns if n != block.abscissa]
    transmission = next((n for n in others if "transmission" in n.lower()), "")
    signal = next((n for n in others if n != transmission), "")
    if not signal:
        raise DataError("has a block without counts", block.name[:40])
    return signal, transmission


def _counts(block: Block, signal: str) -> np.ndarray:
    """Counts: rates are turned into counts by the counting time."""
    if signal not in block.columns:
        raise DataError("has levels with different columns", block.name[:40])
    values = block.columns[signal]
    unit = f"{signal} {block.units.get(signal, '')}".lower()
    rate = "c/s" in unit or "cps" in unit or "counts per second" in unit or "counts/s" in unit
    if rate and block.collection_time_s > 0:
        values = values * block.collection_time_s * block.scans
    if not np.isfinite(values).all() or (values < 0).any():
        raise DataError("holds a count that is negative or not known", block.name[:40], "is the file whole?")
    return values
