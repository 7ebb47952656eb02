"""The cell that every stage of the electric field shares: a cylinder, a flat electrode above, one with a protrusion below."""

from __future__ import annotations

from typing import Annotated, Literal

from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.numerics.axisymmetric_potential import Cell, cone, hemispheroid

ShapeName = Literal["hemispheroid", "cone"]
Gap = Annotated[float, Par("gap between the electrodes", gt=0, source="not stated", assumed=True)]
Radius = Annotated[float, Par("radius of the cylinder", gt=0, source="half of the gap", assumed=True)]
Height = Annotated[float, Par("height of the protrusion", gt=0, source="a fifth of the gap", assumed=True)]
Base = Annotated[float, Par("radius of its base", gt=0, source="3.3 times as high as wide", assumed=True)]
Shape = Annotated[ShapeName, Par("its shape", source="the paper: 'a central protrusion'", assumed=True)]
Order = Annotated[int, Par("order of the elements", ge=2, le=8)]
Elements = Annotated[int, Par("elements along each side of the map of the cell", ge=4, le=64)]
Current = Annotated[float, Par("mean current density through the upper electrode", gt=0, source="1 mA/cm2", assumed=True)]
Conductivity = Annotated[
    float, Par("conductivity of the electrolyte", gt=0, source="order of magnitude, 1 M LiTFSI in ethers", assumed=True)
]
Temperature = Annotated[float, Par("temperature", gt=0)]


def cell_of(shape: ShapeName, gap_m: float, radius_m: float, height_m: float, base_m: float) -> Cell:
    """The cell with lengths in units of its gap.

    Raises
    ------
    ConfigError: the protrusion does not fit into the gap or the cell, or is too thin to be resolved.
    """
    if height_m >= 0.9 * gap_m:
        raise ConfigError(
            f"a protrusion of {1e6 * height_m:.3g} um in a gap of {1e6 * gap_m:.3g} um leaves no room",
            "boss_height_m",
            "make it lower than nine tenths of the gap",
        )
    if base_m >= 0.9 * radius_m:
        raise ConfigError(
            f"a protrusion {1e6 * base_m:.3g} um wide does not fit into a cell of {1e6 * radius_m:.3g} um",
            "boss_base_m",
            "widen the cell",
        )
    if not 0.01 <= height_m / base_m <= 20 or base_m < 1e-3 * gap_m or not 0.02 <= radius_m / gap_m <= 50:
        raise ConfigError(
            f"a protrusion {1e6 * height_m:.3g} um high and {1e6 * base_m:.3g} um wide in a cell {1e6 * radius_m:.3g} um wide "
            f"and {1e6 * gap_m:.3g} um high is beyond what the map of the cell resolves",
            "boss_base_m",
            "height over base 0.01 to 20, base at least a thousandth of the gap, radius 0.02 to 50 gaps",
        )
    h, b = height_m / gap_m, base_m / gap_m
    boss = hemispheroid(h, b) if shape == "hemispheroid" else cone(h, b)
    return Cell(boss, h, b, radius_m / gap_m, 1.0)
