"""Parameters that every question to the lithium inventory shares."""

from __future__ import annotations

from typing import Annotated

from anodefree.core.parameter import Par
from anodefree.core.uncertain import Uncertain

Cycle = Annotated[int, Par("number of the cycle, from 1", ge=2)]
Excess = Annotated[Uncertain, Par("excess lithium over the cathode's reversible capacity (N/P; 0: anode-free)", ge=0)]
HiddenReservoir = Annotated[
    Uncertain,
    Par(
        "irreversible first-cycle capacity of the cathode over its reversible one",
        ge=0,
        lt=1,
        source="0: no reservoir, the reading that gives the highest efficiency. By common experience layered oxides lose "
        "5-15 % of their capacity at the first charge and LiFePO4 1-3 %; part of it is slow kinetics and comes back "
        "(Kasnatscheew et al. 2016)",
        assumed=True,
    ),
]
NO_RESERVOIR = Uncertain(0.0)
