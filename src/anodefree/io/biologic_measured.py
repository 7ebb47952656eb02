"""The columns of a BioLogic file -> impedance, polarisation or cycling, whichever they hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.errors import DataError
from anodefree.io.columns import Column
from anodefree.io.cycled import cycled
from anodefree.io.spectra import impedance
from anodefree.io.table import Table
from anodefree.kinds.cycling import CYCLING
from anodefree.kinds.polarisation import POLARISATION

TECHNIQUES: Final[dict[int, str]] = {
    0x04: "Galvanostatic Cycling with Potential Limitation",
    0x06: "Cyclic Voltammetry",
    0x0B: "Open Circuit Voltage",
    0x16: "Modular Potentio",
    0x18: "Chronoamperometry / Chronocoulometry",
    0x19: "Chronopotentiometry",
    0x1C: "Wait",
    0x1D: "Potentio Electrochemical Impedance Spectroscopy",
    0x1E: "Galvano Electrochemical Impedance Spectroscopy",
    0x30: "Cyclic Voltammetry",
    0x32: "IR compensation (PEIS)",
    0x33: "Cyclic Voltammetry Advanced",
    0x6C: "Linear Sweep Voltammetry",
    0x75: "Constant Voltage",
    0x76: "Constant Current",
    0x77: "Galvanostatic Cycling with Potential Limitation",
    0x7F: "Modulo Bat",
    0x88: "Battery Capacity Determination",
}
SWEEPS: Final = frozenset({0x06, 0x30, 0x33, 0x6C})
_SPECTRUM: Final = ("frequency_Hz", "Z_re_ohm", "Z_im_ohm")
_UNITS: Final = {"frequency_Hz": "Hz", "time_s": "s", "voltage_V": "V", "temperature_K": "K"}


def measured(held: Mapping[str, np.ndarray], technique: int | None, meta: Mapping[str, Any], wanted: str = "") -> Measurement:
    """The measurement that quantities in SI make up, of the kind that is `wanted`.

    Without a wish, a file whose records are mostly at a frequency is impedance; one of a potential sweep, polarisation; any
    other, cycling.

    Raises
    ------
    DataError: none of these can be made from its columns, or their numbers contradict each other.
    """
    if any(v.size == 0 for v in held.values()):
        raise DataError("holds no records", hint="was anything recorded?")
    if "Z_re_ohm" not in held and "Z_abs_ohm" in held and "Z_phase_rad" in held:
        z = held["Z_abs_ohm"] * np.exp(1j * held["Z_phase_rad"])
        held = {**held, "Z_re_ohm": z.real, "Z_im_ohm": z.imag}
    kind = wanted or _natural(held, technique)
    if kind == "impedance":
        return _impedance(held, meta)
    if "time_s" not in held or "voltage_V" not in held:
        raise DataError("holds neither spectra nor time and potential", hint="in EC-Lab: Experiment, Export as Text (.mpt)")
    return _polarisation(held, meta) if kind == "polarisation" and "current_A" in held else _cycling(held, meta)


def _natural(held: Mapping[str, np.ndarray], technique: int | None) -> str:
    """What most of its records are."""
    if all(n in held for n in _SPECTRUM) and np.mean(held["frequency_Hz"] > 0) > 0.5:
        return "impedance"
    return "polarisation" if technique in SWEEPS and "current_A" in held else "cycling"


def _impedance(held: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> Measurement:
    if not all(n in held for n in _SPECTRUM) or not (held["frequency_Hz"] > 0).any():
        raise DataError("holds no impedance", hint="leave the kind out")
    raw = {n: held[n] for n in (*_SPECTRUM, "time_s", "voltage_V", "cycle") if n in held}
    if "temperature_C" in held:
        raw["temperature_K"] = held["temperature_C"] + 273.15
    if (raw["frequency_Hz"] < 0).any() or not all(np.isfinite(v).all() for v in raw.values()):
        raise DataError("its spectra hold a negative frequency or a number that is not finite", hint="is the file damaged?")
    # Imaginary parts are in the sign of Z'' already.
    columns = tuple(Column(i, n, n, signed=True, unit=_UNITS.get(n, "ohm")) for i, n in enumerate(raw))
    lines = np.arange(1, raw["frequency_Hz"].size + 1)
    return impedance(Table("impedance", columns, raw, lines, ()), meta, sign_is_sure=True)


def _polarisation(held: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> Measurement:
    notes = {**meta}
    arrays = {"potential_V": held["voltage_V"], "current_A": held["current_A"], "time_s": held["time_s"]}
    if "cycle" in held:
        arrays["record_cycle"] = _whole(held["cycle"])
    rate = _scan_rate(held["time_s"], held.get("control_V", held["voltage_V"]))
    if rate is not None:
        notes["scan_rate_V_s"] = rate
        notes["scan_rate_from"] = "slope of the potential over time"
    return Measurement.of(POLARISATION, arrays, notes)


def _cycling(held: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> Measurement:
    notes = {**meta}
    time, voltage = held["time_s"], held["voltage_V"]
    passed = _passed(held)
    current = held.get("current_A")
    if current is None and passed is not None:
        current = _mean_current(time, passed[0] - passed[1])
        notes["current_from"] = "charge between records over time (the file holds no current)"
    if current is None:
        return Measurement.of(CYCLING, {"time_s": time, "voltage_V": voltage}, notes)
    counter = _whole(held["cycle"]) if "cycle" in held else None
    if "temperature_C" in held:
        notes["temperature_K"] = float(np.mean(held["temperature_C"])) + 273.15
        notes["temperature_from"] = "mean of its records"
    return cycled(time, voltage, current, passed_C=passed, counter=counter, meta=notes)


def _passed(held: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray] | None:
    """Charge since the record before, on charging and on discharging."""
    passed = held.get("passed_C")
    if passed is None and "total_C" in held:
        passed = np.diff(held["total_C"], prepend=held["total_C"][0])
    return None if passed is None else (np.maximum(passed, 0.0), np.maximum(-passed, 0.0))


def _mean_current(time_s: np.ndarray, passed_C: np.ndarray) -> np.ndarray:
    """The mean current since the record before; 0 at the first record, the one before where no time has passed."""
    step = np.diff(time_s)
    known = np.concatenate([[True], step > 0])
    current = np.zeros(time_s.size)
    current[1:][step > 0] = passed_C[1:][step > 0] / step[step > 0]
    return np.asarray(current[np.maximum.accumulate(np.where(known, np.arange(time_s.size), 0))])


def _whole(cycle: np.ndarray) -> np.ndarray:
    if not np.isfinite(cycle).all() or np.abs(cycle).max() > 1e9 or (cycle != np.round(cycle)).any():
        raise DataError("holds cycle numbers that are not whole", hint="is the file damaged?")
    return cycle.astype(np.int64)


def _scan_rate(time_s: np.ndarray, control_V: np.ndarray) -> float | None:
    """The rate of a sweep [V/s] where nine tenths of its records agree on it within a tenth; None elsewhere."""
    step = np.diff(time_s)
    if step.size < 10 or not (step > 0).all():
        return None
    rate = np.abs(np.diff(control_V)) / step
    middle = float(np.median(rate))
    if not middle > 0 or np.mean(np.abs(rate - middle) < 0.1 * middle) < 0.9:
        return None
    return float(f"{middle:.3g}")
