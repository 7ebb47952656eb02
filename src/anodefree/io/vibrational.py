"""The axis of a vibrational spectrum in any unit -> wavenumbers that rise; an instrument's word for its quantity -> ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.kinds.spectrum import SPECTRUM

NM_PER_CM: Final = 1e7
MAX_POINTS: Final = 2**26
FEWEST: Final = 3
SAYS_SHIFT: Final = re.compile(r"raman|shift|^#?\s{0,3}wave\b|wave\s{0,3}num|^spectral", re.IGNORECASE)
_PER_CM: Final = re.compile(
    r"cm\s{0,2}(?:\^|\*\*)?\s{0,2}\(?\s{0,2}[-−⁻–]\s{0,2}[1¹]|1\s{0,2}/\s{0,2}cm|/\s{0,2}cm\b|kayser", re.IGNORECASE
)
_NM: Final = re.compile(r"\bnm\b|nanomet", re.IGNORECASE)
_UM: Final = re.compile(r"\b[uµμ]m\b|micromet|micron", re.IGNORECASE)


def axis_unit(words: str) -> str | None:
    """The unit that the words about an axis state: 1/cm, nm or um; None where they state none."""
    text = words[:200]
    for pattern, unit in ((_PER_CM, "1/cm"), (_NM, "nm"), (_UM, "um")):
        if pattern.search(text):
            return unit
    return None


def quantity_of(words: str) -> str | None:
    """counts, absorbance or transmittance; None where the words say neither."""
    text = words[:100].lower()
    if "transmi" in text or re.search(r"(?:^|\W)%\s{0,2}t\b", text):
        return "transmittance"
    if "absorb" in text or re.search(r"^a\.?u?\.?$", text.strip()):
        return "absorbance"
    return "counts" if re.search(r"count|cnt|intens|electron|raman", text) else None


def is_percent(words: str) -> bool:
    """Whether a transmittance is written in percent."""
    return "%" in words[:100] or "percent" in words[:100].lower()


def vibrational(
    axis: np.ndarray,
    unit: str,
    rows: np.ndarray,
    meta: Mapping[str, Any] | None = None,
    places: Mapping[str, Any] | None = None,
) -> Measurement:
    """A spectrum measurement: axis (n,) in 1/cm, nm or um, intensities (spectrum, n), arrays over the spectra.

    Wavelengths become shifts 1e7/laser - 1e7/nm where `laser_m` is known, and the metadata say so; in um they are an infrared
    axis, 1e4/um. Points are put in rising order.

    Raises
    ------
    DataError: the axis is not finite, too short or holds a point twice; wavelengths without a laser; no number in a spectrum.
    """
    notes = {k: v for k, v in (meta or {}).items() if v is not None and v != ""}
    x, y = np.asarray(axis, float), np.atleast_2d(np.asarray(rows, float))
    if len(x) < FEWEST:
        raise DataError(f"holds {len(x)} points, a spectrum has {FEWEST} or more", hint="was the export cut short?")
    if not np.isfinite(x).all() or not np.isfinite(y).all():
        what = "axis" if not np.isfinite(x).all() else "intensity"
        raise DataError(f"its {what} holds a value that is no finite number", hint="export it again, or cut the part away")
    if unit in ("nm", "um"):
        x, notes = _wavenumbers(x, unit, notes)
    if np.abs(x).max() > 1e6:
        raise DataError(f"its axis reaches {np.abs(x).max():.3g} 1/cm, which no vibrational spectrum does")
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[:, order]
    if (np.diff(x) <= 0).any():
        twice = float(x[1:][np.diff(x) <= 0][0])
        raise DataError(f"its axis holds {twice:g} 1/cm twice", hint="is it one spectrum, and this column its axis?")
    if notes.get("quantity") == "transmittance" and notes.pop("percent", False):
        y = y / 100
    notes.pop("percent", None)
    return Measurement.of(SPECTRUM, {"shift_per_cm": x, "intensity": y, **(places or {})}, notes)


def _wavenumbers(x: np.ndarray, unit: str, notes: dict[str, Any]) -> tuple[np.ndarray, dict[str, Any]]:
    if (x <= 0).any():
        raise DataError(f"its axis in {unit} holds a wavelength that is not positive")
    if unit == "um":
        return 1e4 / x, {"technique": "infrared", **notes, "axis_from": "wavelength in um: 1e4/um"}
    laser = notes.get("laser_m")
    if not isinstance(laser, (int, float)) or not 1e-7 < laser < 1e-5:
        raise DataError(
            "its axis is in nm and it does not say which laser it was taken with, so no Raman shift follows",
            hint='give the laser: laser_m="532 nm" (--meta laser_m="532 nm"), or export it against Raman shift',
        )
    said = f"wavelength in nm and a laser of {laser * 1e9:.3f} nm: shift = 1e7/laser - 1e7/nm, both as in vacuum"
    shift = NM_PER_CM / (laser * 1e9) - NM_PER_CM / x
    if (shift < 0).all():
        said += "; every point lies on the laser's blue side, as luminescence or a wrongly stated laser does"
    return shift, {"technique": "raman", **notes, "axis_from": said}
