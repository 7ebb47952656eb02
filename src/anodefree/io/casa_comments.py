"""What CasaXPS writes into the comments of a VAMAS block: fitted components, regions, calibrations of the energy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

_NUMBER: Final = r"([+-]?\d{1,12}(?:\.\d{0,12})?(?:[eE][+-]?\d{1,3})?)"
_COMPONENT: Final = re.compile(
    r"^CASA comp \(\*(.{0,80}?)\*\) \(\*(.{0,80}?)\*\) Area "
    + _NUMBER
    + r" .{0,80}?\bM?FWHM "
    + _NUMBER
    + r" .{0,80}?\bPosition "
    + _NUMBER
    + r"\b.{0,80}?\bRSF "
    + _NUMBER
)
_REGION: Final = re.compile(r"^CASA region \(\*(.{0,80}?)\*\) \(\*(.{0,80}?)\*\) " + _NUMBER + " " + _NUMBER + " " + _NUMBER)
_CALIBRATION: Final = re.compile(r"^Calib M = " + _NUMBER + " A = " + _NUMBER + r"\b.{0,30}\bADD\b")


def fitted_components(comments: Sequence[str], photon_energy_eV: float) -> list[dict[str, Any]]:
    """Each component that was fitted in CasaXPS: name, shape, area, full width, binding energy, sensitivity factor."""
    found = []
    for line in comments:
        match = _COMPONENT.match(line[:600])
        if match:
            area, width, kinetic, factor = (float(match[i]) for i in (3, 4, 5, 6))
            found.append(
                {
                    "name": match[1],
                    "shape": match[2],
                    "area": area,
                    "fwhm_eV": width,
                    "binding_energy_eV": round(photon_energy_eV - kinetic, 6),
                    "sensitivity": factor,
                }
            )
    return found


def fitted_regions(comments: Sequence[str], photon_energy_eV: float) -> list[dict[str, Any]]:
    """Each region that was set in CasaXPS: name, background, ends as binding energies, sensitivity factor."""
    found = []
    for line in comments:
        match = _REGION.match(line[:600])
        if match:
            ends = sorted(round(photon_energy_eV - float(match[i]), 6) for i in (3, 4))
            found.append({"name": match[1], "background": match[2], "from_eV": ends[0], "to_eV": ends[1]})
    return found


def energy_shift_eV(comments: Sequence[str]) -> float:
    """What CasaXPS was told to add to binding energies (measured M is to read A); 0 where nothing."""
    matches = [m for m in (_CALIBRATION.match(line[:200]) for line in comments) if m]
    return float(sum(float(m[2]) - float(m[1]) for m in matches))
