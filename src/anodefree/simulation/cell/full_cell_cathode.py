"""The positive electrodes of the full cells: whose measured parameters they are, and between which fillings they are used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from anodefree.core.parameter import Par

CathodeName = Annotated[
    Literal["NCM811 Chen2020", "NCM811 ORegan2022", "LFP Prada2013"],
    Par("positive electrode: material, and the publication whose measured parameters PyBaMM holds"),
]


@dataclass(frozen=True)
class Cathode:
    """A positive electrode with the electrolyte and separator of the same parameter set."""

    parameter_set: str
    """Its name in PyBaMM."""
    fullest: float
    """The largest filling (lithium over sites) at which its open-circuit voltage was measured."""
    lower_V: float
    """Usual window of voltage."""
    upper_V: float
    cites: tuple[str, ...]


# Chen et al. 2020, table VII: the LG M50's positive electrode holds 0.9084 at its lowest voltage; the fit ends there.
CATHODES: Final[dict[str, Cathode]] = {
    "NCM811 Chen2020": Cathode("Chen2020", 0.9084, 2.8, 4.3, ("chen2020",)),
    "NCM811 ORegan2022": Cathode("ORegan2022", 0.9084, 2.8, 4.3, ("oregan2022",)),
    "LFP Prada2013": Cathode("Prada2013", 0.9999, 2.5, 3.8, ("prada2013",)),
}
EMPTIEST: Final = 1e-4
