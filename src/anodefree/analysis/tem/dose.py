"""The electron dose that a sample has seen, and what is known to become of an interphase under it."""

from __future__ import annotations

from typing import Annotated, Final

from anodefree.core.constants import ELEMENTARY_CHARGE_C
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check

PER_SQUARE_ANGSTROM: Final = ELEMENTARY_CHARGE_C * 1e20
"""One electron for each square angstrom, in C/m2."""
LITHIA_FORMED: Final = 450.0
"""Electrons for each square angstrom from which Li2O was seen to form. *Source* Koh et al. 2025: 450 to 600."""

Dose = Annotated[
    float | None,
    Par(
        'charge of the beam per area of the sample until the picture was taken, such as "50 e/Å2"; none: as the file says', gt=0
    ),
]


def dose_of(picture: Measurement, given: float | None) -> float | None:
    """The dose [electrons for each square angstrom]: as given, or as the metadata say; None where neither does."""
    said = picture.meta.get("dose_C_m2")
    stated = float(said) if isinstance(said, (int, float)) and not isinstance(said, bool) and said > 0 else None
    charge = given if given is not None else stated
    return None if charge is None else charge / PER_SQUARE_ANGSTROM


def dose_check(electrons_per_A2: float | None) -> Check:
    """Whether the picture may show what the beam made."""
    if electrons_per_A2 is None:
        return Check(
            "dose", "warn", 'the dose is not known: from 450 e/Å2 the beam itself makes Li2O; give dose_C_m2, such as "50 e/Å2"'
        )
    return Check.that(
        "dose",
        electrons_per_A2 < LITHIA_FORMED,
        f"{electrons_per_A2:.3g} e/Å2, below the 450 e/Å2 from which Li2O was seen to form",
        f"{electrons_per_A2:.3g} e/Å2: 450 to 600 e/Å2 were seen to form Li2O, so oxide and shape may be the beam's work",
    )
