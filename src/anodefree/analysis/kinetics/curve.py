"""A polarisation curve made ready for kinetics: overpotential, signed current density, and what the file left open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError, DataError
from anodefree.kinds.polarisation import current_density_A_m2

TEMPERATURE: Final = Par("temperature; none: from the file, or 25 °C", gt=0, source="25 °C; not stated", assumed=True)
AREA: Final = Par("electrode area; none: from the file", gt=0)
RESISTANCE: Final = Par("ohmic resistance per area that the potential contains; none: from the file, or unknown", ge=0)
REST: Final = Par("potential at rest: where no current flows", source="0 V: lithium against lithium", assumed=True)
ELECTRODES: Final = Par(
    "electrodes whose kinetics the potential holds: 1, or 2 alike that face each other",
    ge=1,
    le=2,
    source="section 4.2.1 takes the whole potential as overpotential",
    assumed=True,
)
SCAN: Final = Par("number of the scan to use; none: the last", ge=1)
ROOM_K: Final = 298.15


@dataclass(frozen=True)
class Curve:
    """One scan, in the order of time; current positive on oxidation."""

    potential_V: np.ndarray
    """Against rest, with the ohmic drop."""
    current_density_A_m2: np.ndarray
    sweep: np.ndarray
    """+1 where the potential rises, -1 where it falls, 0 where neither."""
    rate_V_s: float | None
    temperature_K: float
    area_m2: float | None
    area_resistance_ohm_m2: Uncertain | None
    name: str
    checks: tuple[Check, ...] = ()

    def overpotential_V(self, area_resistance_ohm_m2: float = 0.0) -> np.ndarray:
        """The potential without the ohmic drop of that resistance."""
        return np.asarray(self.potential_V - area_resistance_ohm_m2 * self.current_density_A_m2)

    def taking(self, chosen: np.ndarray) -> Curve:
        """The same curve with the chosen records alone."""
        return replace(
            self,
            potential_V=self.potential_V[chosen],
            current_density_A_m2=self.current_density_A_m2[chosen],
            sweep=self.sweep[chosen],
        )


def curve_of(
    measured: Measurement,
    *,
    temperature_K: float | None,
    area_m2: float | None = None,
    area_resistance_ohm_m2: Uncertain | None = None,
    rest_potential_V: float = 0.0,
    scan: int | None = None,
) -> Curve:
    """The wanted scan of a polarisation measurement; what is given here goes before what the file states.

    A file that counts reduction as positive is turned, and one that gives the size of the current only gets its sign from the
    potential: both are said in a check.

    Raises
    ------
    ConfigError: there is no such scan. DataError: no current, no area to divide it by, fewer than four records.
    """
    measured = measured if area_m2 is None else measured.with_meta(area_m2=area_m2)
    area = number(measured, "area_m2")
    j, potential = current_density_A_m2(measured), measured["potential_V"] - rest_potential_V
    chosen, checks = _scan(measured, scan), list[Check]()
    j, potential = j[chosen], potential[chosen]
    rate = number(measured, "scan_rate_V_s")
    if rate is None and "time_s" in measured:
        rate = _rate(potential, measured["time_s"][chosen])
    if len(j) < 4:
        raise DataError(f"has {len(j)} records", measured.source.name, "a curve needs four at least")
    plausible(potential, j, measured.source.name)
    j, said = _signed(potential, j)
    checks += said
    temperature = temperature_K if temperature_K is not None else number(measured, "temperature_K")
    if temperature is None:
        temperature = ROOM_K
        checks.append(Check("temperature", "warn", "no temperature is given: 25 °C is assumed"))
    stated = number(measured, "ohmic_resistance_ohm")
    if area_resistance_ohm_m2 is None and stated is not None and area is not None:
        area_resistance_ohm_m2 = Uncertain(stated * area)
    return Curve(
        potential, j, _sweep(potential), rate, temperature, area, area_resistance_ohm_m2, measured.source.name, tuple(checks)
    )


def plausible(potential_V: np.ndarray, current_density_A_m2: np.ndarray, where: str) -> None:
    """Raise DataError where the potential never changes, or numbers cannot be volts or amperes per square metre."""
    if not np.ptp(potential_V) > 0:
        raise DataError("has one potential only", where, "is it the right column?")
    for what, size, most in (
        ("potential", float(np.abs(potential_V).max()), 1e3),
        ("current density", float(np.abs(current_density_A_m2).max()), 1e15),
    ):
        if size > most or 0 < size < 1e-15:
            raise DataError(f"has a {what} of {size:.3g} in SI", where, "check the column's unit, and the area")


def number(measured: Measurement, name: str) -> float | None:
    value = measured.meta.get(name)
    ok = isinstance(value, (int, float)) and not isinstance(value, bool) and np.isfinite(value) and value > 0
    return float(value) if ok else None  # type: ignore[arg-type]  # a number, as just tested


def _scan(measured: Measurement, scan: int | None) -> np.ndarray:
    if "record_cycle" not in measured:
        if scan not in (None, 1):
            raise ConfigError(f"there is no scan {scan}: the file does not number its scans", "scan", "leave it out")
        return np.ones(len(measured["potential_V"]), dtype=bool)
    cycles = measured["record_cycle"]
    known = np.unique(cycles)
    wanted = known[-1] if scan is None else scan
    if wanted not in known:
        raise ConfigError(f"there is no scan {scan}", "scan", f"the file holds scans {known[0]:g} to {known[-1]:g}")
    return np.asarray(cycles == wanted)


def _signed(potential: np.ndarray, j: np.ndarray) -> tuple[np.ndarray, list[Check]]:
    far = np.abs(potential) > 0.3 * np.abs(potential).max()
    up, down = far & (potential > 0), far & (potential < 0)
    if up.any() and down.any() and (np.median(j[up]) > 0) == (np.median(j[down]) > 0):
        return np.sign(potential) * np.abs(j), [
            Check(
                "sign", "warn", "the current has one sign on both sides of rest: its size is taken, the sign from the potential"
            )
        ]
    if float(np.sum(j[far] * potential[far])) < 0:
        return -j, [Check("sign", "pass", "the file counts reduction as positive: the current was turned")]
    return j, []


def _sweep(potential: np.ndarray) -> np.ndarray:
    step = np.diff(potential)
    step = np.concatenate([step[:1], step])
    small = 1e-3 * float(np.median(np.abs(step)))
    return np.where(np.abs(step) > small, np.sign(step), 0.0)


def _rate(potential: np.ndarray, time: np.ndarray) -> float | None:
    """The sweep's rate where time advances evenly with the potential; none for held steps."""
    dt = np.diff(time)
    if not (dt > 0).all():
        return None
    rates = np.abs(np.diff(potential)) / dt
    middle = float(np.median(rates))
    even = middle > 0 and float(np.median(np.abs(rates - middle))) < 0.1 * middle
    return middle if even else None
