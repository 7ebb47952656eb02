"""A measurement as another kind, where its content allows: time, voltage and current are also a polarisation curve."""

from __future__ import annotations

import numpy as np

from anodefree.core.kind import Kind
from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.polarisation import settled
from anodefree.io.records import with_capacities
from anodefree.kinds.cycling import CYCLING
from anodefree.kinds.diffraction import DIFFRACTION
from anodefree.kinds.micrograph import MICROGRAPH
from anodefree.kinds.photoemission import PHOTOEMISSION
from anodefree.kinds.photoemission_regions import PHOTOEMISSION_REGIONS, regions_of
from anodefree.kinds.polarisation import POLARISATION

_CYCLING_NOTES = ("capacity_from", "capacity_note", "cycles_from")
_PICTURE_NOTES = ("calibrated", "pixel_size_from", "view", "scale_error")
_CURVE_NOTES = ("scans_from", "scan_rate_from", "positive_current", "sign_of_current")


def as_kind(found: Measurement, kind: Kind) -> Measurement:
    """The same content as a measurement of `kind`, with its name and metadata.

    Raises
    ------
    DataError: its content does not allow it.
    """
    if kind.name in (found.kind.name, found.kind.together and found.kind.together.name):
        return found  # a member of a kind that several files make up is joined by whoever asked for it
    if (found.kind.name, kind.name) == (CYCLING.name, POLARISATION.name):
        return _as_polarisation(found)
    if (found.kind.name, kind.name) == (POLARISATION.name, CYCLING.name):
        return _as_cycling(found)
    if (found.kind.name, kind.name) == (PHOTOEMISSION.name, PHOTOEMISSION_REGIONS.name):
        return regions_of([found])
    if (found.kind.name, kind.name) == (MICROGRAPH.name, DIFFRACTION.name):
        return _as_diffraction(found)
    raise DataError(
        f"holds {found.kind.title}, which cannot be taken as {kind.title}",
        found.source.name,
        f"'anodefree list' says which stages take {found.kind.name}",
    )


def _as_diffraction(picture: Measurement) -> Measurement:
    """A pattern saved as a plain picture: whatever size of a pixel the picture states is of the film or screen, not of 1/d."""
    frames = picture["intensity"]
    arrays = {
        "qx_per_m": np.arange(frames.shape[2], dtype=float),
        "qy_per_m": np.arange(frames.shape[1], dtype=float),
        "intensity": frames,
        "frame_time_s": picture["frame_time_s"],
    }
    meta = {n: v for n, v in picture.meta.items() if n not in _PICTURE_NOTES}
    return Measurement.of(DIFFRACTION, arrays, {**meta, "calibrated": False}, source=picture.source)


def _as_polarisation(cell: Measurement) -> Measurement:
    missing = [n for n in ("voltage_V", "current_A") if n not in cell]
    if missing:
        raise DataError(
            f"has no {' and no '.join(missing)}, so it is no polarisation curve",
            cell.source.name,
            "a polarisation curve needs a column of potential and one of current, with their units",
        )
    arrays = {"potential_V": cell["voltage_V"], "current_A": cell["current_A"]}
    if "time_s" in cell:
        arrays["time_s"] = cell["time_s"]
    # A change of the current's sign tells cycles of charging apart, not scans.
    if "record_cycle" in cell and "cycles_from" not in cell.meta:
        arrays["record_cycle"] = cell["record_cycle"]
    return settled(arrays, {n: v for n, v in cell.meta.items() if n not in _CYCLING_NOTES})


def _as_cycling(curve: Measurement) -> Measurement:
    if "time_s" not in curve:
        raise DataError(
            "has no time, so it is no record of cycling", curve.source.name, "name its column of time, such as 'time/s'"
        )
    notes = {n: v for n, v in curve.meta.items() if n not in _CURVE_NOTES}
    if notes.get("scan_rate_V_s") is not None and "scan_rate_from" in curve.meta:
        del notes["scan_rate_V_s"]
    arrays = {"time_s": curve["time_s"], "voltage_V": curve["potential_V"]}
    area = curve.meta.get("area_m2")
    if "current_A" in curve:
        arrays["current_A"] = curve["current_A"]
    elif isinstance(area, (int, float)) and area > 0:
        arrays["current_A"] = curve["current_density_A_m2"] * area
        notes["current_from"] = "current density times the electrode area"
    else:
        notes["current_from"] = "left out: the file gives a current density, and no electrode area (area_m2) is stated"
    if "record_cycle" in curve and "scans_from" not in curve.meta:
        arrays["record_cycle"] = curve["record_cycle"]
    if "current_A" in arrays:
        arrays = with_capacities(arrays, notes)
    return Measurement.of(CYCLING, arrays, notes)
