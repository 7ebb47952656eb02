"""Parameters that calibrations and fits of vibrational spectra share."""

from __future__ import annotations

from typing import Annotated, Literal

from anodefree.core.parameter import Par

Laser = Annotated[float | None, Par("wavelength of the laser, as the axis was computed with; none: the file's", gt=0)]
Reach = Annotated[float, Par("how far the axis may be off", gt=0, le=100, source="instruments: 1 to 5 1/cm", assumed=True)]
AxisStd = Annotated[
    float | None,
    Par("standard deviation of the axis; none: as its calibration says, 3 1/cm where there was none", ge=0, le=20),
]
Odds = Annotated[float, Par("evidence for telling CIP from AGG from which on their shares are given", ge=1)]
Anion = Annotated[Literal["TFSI", "FSI"], Par("the anion whose band is looked at: TFSI near 740, FSI near 720 to 745 1/cm")]
