"""Where the anions of lithium salts have the band that tells their coordination, and which bands of solvents lie beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Species:
    """The band of one kind of coordination: its centre [1/cm] and how well that is known."""

    name: str
    centre_per_cm: float
    std_per_cm: float
    published_per_cm: tuple[float, float] = (0.0, 0.0)
    """Lowest and highest place that is given for it."""


@dataclass(frozen=True)
class Anion:
    """An anion's band: its species from low to high wavenumber, width of one species, and the window to look at."""

    species: tuple[Species, ...]
    coordinated: Species
    """CIP and AGG as one band, for spectra that cannot tell them apart."""
    width_per_cm: float
    window_per_cm: tuple[float, float]


ANIONS: Final[dict[str, Anion]] = {
    "TFSI": Anion(
        (
            Species("free", 739.5, 0.6, (739.0, 740.0)),
            Species("CIP", 745.0, 0.6, (744.0, 746.0)),
            Species("AGG", 748.5, 0.9, (747.0, 750.0)),
        ),
        Species("coordinated", 746.2, 1.3),
        8.0,
        (712.0, 775.0),
    ),
    "FSI": Anion(
        (
            Species("free", 719.5, 1.2, (718.0, 721.0)),
            Species("CIP", 731.0, 1.5, (729.0, 733.0)),
            Species("AGG", 742.0, 2.0, (739.0, 746.0)),
        ),
        Species("coordinated", 735.0, 4.0),
        15.0,
        (675.0, 790.0),
    ),
}
"""Ranges given for ethers: TFSI free 739 to 740, CIP 744 to 746, AGG 747 to 750 (Seo et al., 2014; Henderson et al., 2022)."""

SOLVENTS: Final[dict[str, tuple[tuple[float, float, float], ...]]] = {
    "DOL": ((723.0, 12.0, 0.12), (941.0, 14.0, 1.0), (964.0, 12.0, 0.25), (1029.0, 14.0, 0.2), (1087.0, 16.0, 0.15)),
    "DME": ((823.0, 13.0, 0.45), (849.0, 14.0, 1.0), (986.0, 14.0, 0.15), (1028.0, 16.0, 0.3), (1130.0, 18.0, 0.35)),
}
"""Solvent -> its bands as centre [1/cm], width [1/cm] and area over that of its strongest band."""
