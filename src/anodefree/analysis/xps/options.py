"""Parameters that fits of one core level share, at one level or through the depth."""

from __future__ import annotations

from typing import Annotated, Literal

from anodefree.core.parameter import Par
from anodefree.core.uncertain import Uncertain
from anodefree.numerics.core_level_shapes import Background

_WIDTHS = "lines of one level on one instrument differ by chemical broadening, by about a fifth"
UNKNOWN_SHIFT: Uncertain = Uncertain(0.0, 1.0)
"""How far the energies of a sample may be off where nothing is said: a neutraliser leaves about a volt."""

Region = Annotated[str | None, Par("core level, as F 1s (none: as the file says)")]
Positions = Annotated[
    dict[str, float] | None, Par("components and where they are expected, as LiF=685.0, C-F=688.6 (none: known ones)", gt=0)
]
Names = Annotated[tuple[str, ...] | None, Par("which of the known components to fit (none: all)")]
BackgroundChoice = Annotated[
    Literal["evidence", Background], Par("evidence weighs an active Shirley, a Tougaard (U3) and a straight line")
]
ShapeChoice = Annotated[
    Literal["evidence", "gl_product", "gl_sum", "voigt"], Par("evidence weighs the product and the Voigt line")
]
WidthSpread = Annotated[
    float,
    Par("relative std between the widths of components; 0: all equal", ge=0, le=2, source=_WIDTHS, assumed=True),
]
ChargeShift = Annotated[
    Uncertain | None, Par("how much too high the energies read, from a reference (none: not known; positions stay as read)")
]
LowEnd = Annotated[float | None, Par("begin of the window", gt=0)]
HighEnd = Annotated[float | None, Par("end of the window", gt=0)]
