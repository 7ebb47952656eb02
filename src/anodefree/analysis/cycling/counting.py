"""The counting error of a cycler: what its current and its clock leave open of a coulombic efficiency.

A cycler shows I_m = I (1 + g ± d/2) + I_0 for the current I through the cell, g its scale's error, d the difference of the two
directions, I_0 its offset, and lets a current I_l pass that it does not count. With P plated in the time t_P, S = CE P stripped
in the time t_S, both by a cycle of duration t, to first order

    CE_m - CE = CE d + (t_S + CE t_P) I_0/P + t I_l/P + independent errors of the step's ends and of rounding.

The scale's error g cancels. The offset does not, because plating and stripping run in opposite directions: with equal currents
it moves CE by 2 I_0/I. So ±0.02 % of a range that the current fills leaves ±0.04 % of CE, whatever the number of cycles: g, d,
I_0 and I_l are the same in all of them. A clock or a record that knows each end of a step to dt adds dt/sqrt(12) each,
independently.

All are standard deviations here. A data sheet's limit ±a is a/sqrt(3) (JCGM 100:2008, 4.3.7).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np

from anodefree.core.parameter import Par
from anodefree.core.result import Check

OF_RANGE: Final = 1.2e-4
"""±0.02 % of the range, a common data sheet, as a standard deviation."""
CLOCK_S: Final = 0.01

CurrentAccuracy = Annotated[
    float,
    Par(
        "relative error of the current's scale, standard deviation; it cancels in an efficiency, not in a charge",
        ge=0,
        source="±0.02 %, a common data sheet, over sqrt(3)",
        assumed=True,
    ),
]
DirectionMismatch = Annotated[
    float,
    Par(
        "relative difference between the scales of the two directions, standard deviation",
        ge=0,
        source="one step of a 16-bit converter; shunt and converter are the same",
        assumed=True,
    ),
]
CurrentOffset = Annotated[
    float | None,
    Par(
        "offset of the current, standard deviation; none: 0.012 % of the largest current (±0.02 % of a range that it fills)",
        ge=0,
        source="a common data sheet, with the best possible choice of range",
        assumed=True,
    ),
]
Leakage = Annotated[
    float,
    Par(
        "current through the cell that is not counted, rests included, standard deviation",
        ge=0,
        source="1 nA, the input of a good channel",
        assumed=True,
    ),
]
TimeResolution = Annotated[
    float | None,
    Par(
        "how well each end of a half cycle is timed; none: from the record's own gaps, or 10 ms where the instrument counted",
        ge=0,
        source="the file",
        assumed=True,
    ),
]


@dataclass(frozen=True)
class Cycler:
    """What is known of the instrument, as standard deviations."""

    accuracy: float
    mismatch: float
    offset_A: float | None
    leakage_A: float
    time_s: float | None

    def offset_for_A(self, largest_A: float) -> float:
        """The stated offset, or what a range that the largest current fills would have."""
        return OF_RANGE * largest_A if self.offset_A is None else self.offset_A


@dataclass(frozen=True)
class Halves:
    """One direction of each cycle: charge, how long its current flowed, and how well its ends are timed; all (n,)."""

    charge_C: np.ndarray
    time_s: np.ndarray
    blind_s: np.ndarray

    @property
    def current_A(self) -> np.ndarray:
        """Mean current while it flowed."""
        return self.charge_C / np.maximum(self.time_s, 1e-300)

    @property
    def unsure_C(self) -> np.ndarray:
        """Standard deviation of the charge from the timing of its ends."""
        return self.current_A * self.blind_s

    def total(self) -> Halves:
        """All as one (1,)."""
        return Halves(
            np.array([self.charge_C.sum()]), np.array([self.time_s.sum()]), np.array([np.sqrt(np.sum(self.blind_s**2))])
        )


@dataclass(frozen=True)
class Errors:
    """Standard deviations of efficiencies (n,): what all share, by cause, and what each has for itself."""

    shared: dict[str, np.ndarray]
    own: np.ndarray

    def of_mean(self) -> float:
        """Standard deviation that the mean of all keeps, however many they are."""
        return float(np.sqrt(sum(float(np.mean(v)) ** 2 for v in self.shared.values())))

    def of_each(self) -> np.ndarray:
        """Standard deviation of each value."""
        return np.sqrt(self.own**2 + sum(v**2 for v in self.shared.values()))

    def worst(self) -> str:
        """The cause that weighs most on the mean."""
        return max(self.shared, key=lambda n: float(np.mean(self.shared[n])))


def efficiency_errors(
    plated: Halves, stripped: Halves, whole_s: np.ndarray, cycler: Cycler, largest_A: float, rounding_C: float = 0.0
) -> Errors:
    """The errors of CE = S/P for each pair (n,); `whole_s` is the time each pair took, rests included."""
    p, ce = plated.charge_C, stripped.charge_C / plated.charge_C
    rounding = rounding_C * np.sqrt((1 + ce**2) / 12) / p
    ends = np.hypot(stripped.unsure_C, ce * plated.unsure_C) / p
    return Errors(
        {
            "offset of the current": cycler.offset_for_A(largest_A) * (stripped.time_s + ce * plated.time_s) / p,
            "difference of the directions": cycler.mismatch * ce,
            "leakage": cycler.leakage_A * whole_s / p,
        },
        np.hypot(rounding, ends),
    )


def counting_check(error: float, cause: str, ce: float) -> Check:
    """Whether the cycler can count what is lost."""
    lost = max(1 - ce, 0.0)
    return Check.that(
        "counting error",
        2 * error < 0.5 * lost,
        f"the cycler leaves ±{200 * error:.2g} % (95 %) of the {100 * lost:.2g} % that is lost",
        f"the cycler leaves ±{200 * error:.2g} % (95 %), mostly by {cause}, where {100 * lost:.2g} % is lost: the loss is "
        "known to half its size at best; state the instrument's own accuracy, or use a smaller current range",
    )
