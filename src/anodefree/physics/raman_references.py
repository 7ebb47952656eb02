"""Reference lines for the axis of a Raman spectrometer: neon's wavelengths, silicon, polystyrene, calcite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

# Wavelength in air [nm] and rough strength on a silicon detector; NIST Atomic Spectra Database, Ne I.
NEON_AIR_NM: Final[tuple[tuple[float, float], ...]] = (
    (540.05618, 20), (576.44188, 7), (582.01558, 5), (585.24879, 100), (588.18952, 40), (594.48342, 45), (597.55340, 15),
    (602.99969, 15), (607.43377, 35), (609.61631, 45), (614.30626, 75), (616.35939, 25), (621.72812, 25), (626.64950, 40),
    (630.47889, 15), (633.44278, 50), (638.29917, 75), (640.22480, 100), (650.65281, 75), (653.28822, 30), (659.89529, 40),
    (667.82762, 60), (671.70430, 30), (692.94673, 70), (702.40504, 15), (703.24131, 100), (717.39381, 12), (724.51666, 45),
    (743.88981, 20), (748.88712, 15), (753.57741, 15), (754.40443, 8), (794.31814, 10), (808.24580, 8), (811.85492, 6),
    (813.64061, 12), (825.93795, 6), (826.60772, 10), (830.03258, 30), (836.57466, 12), (837.76080, 70), (841.84274, 30),
    (846.33575, 10), (849.53598, 45), (854.46958, 12), (857.13524, 8), (859.12587, 30), (863.46470, 40), (865.43831, 60),
    (867.94925, 12), (868.19211, 12), (870.41116, 6), (877.16563, 8), (878.06210, 50), (878.37533, 45), (885.38668, 25),
    (886.53063, 6), (886.57552, 12), (891.95006, 6), (898.85564, 4), (914.86716, 12), (920.17591, 14), (922.00601, 8),
    (922.15801, 6), (922.66903, 6), (927.55196, 2), (930.08527, 12), (931.05839, 5), (931.39726, 5), (932.65068, 12),
    (937.33078, 3), (942.53788, 10), (945.92095, 6), (948.66818, 10), (953.41629, 10), (954.74049, 4), (966.54197, 12),
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A reference line: place and its standard deviation [1/cm], strength over the strongest, own width [1/cm]."""

    shift_per_cm: float
    std_per_cm: float
    strength: float
    width_per_cm: float


POLYSTYRENE: Final = (
    Line(620.9, 0.69, 0.16, 6.0),
    Line(795.8, 0.78, 0.10, 8.0),
    Line(1001.4, 0.54, 1.00, 4.5),
    Line(1031.8, 0.43, 0.27, 6.0),
    Line(1155.3, 0.56, 0.13, 8.0),
    Line(1450.5, 0.56, 0.08, 16.0),
    Line(1583.1, 0.86, 0.12, 8.0),
    Line(1602.3, 0.73, 0.28, 7.0),
    Line(2852.4, 0.89, 0.09, 14.0),
    Line(2904.5, 1.22, 0.13, 20.0),
    Line(3054.3, 1.36, 0.32, 12.0),
)
"""ASTM E1840-96 (2014), mean and standard deviation over the laboratories; strength and width roughly."""
SILICON: Final = (Line(520.5, 0.3, 1.0, 4.0),)
"""First-order phonon at room temperature; 520.45 +- 0.28 is the certified value of NMIJ CRM 5606."""
CALCITE: Final = (Line(281.0, 1.0, 0.3, 9.0), Line(711.5, 1.0, 0.1, 4.0), Line(1085.6, 0.7, 1.0, 3.0))
"""Rutt and Nicola, J. Phys. C 7 (1974) 4522, and the spread of later values."""
MATERIALS: Final[dict[str, tuple[Line, ...]]] = {"polystyrene": POLYSTYRENE, "silicon": SILICON, "calcite": CALCITE}


def refraction_of_air(vacuum_nm: np.ndarray | float) -> np.ndarray:
    """n of standard air (15 degC, 101325 Pa) by Edlen's formula of 1966; s is 1/um."""
    s2 = (1e3 / np.asarray(vacuum_nm, float)) ** 2
    return 1 + 1e-8 * (8342.13 + 2406030 / (130 - s2) + 15997 / (38.9 - s2))


def neon(laser_m: float) -> tuple[Line, ...]:
    """Neon's lines as shifts from a laser whose wavelength is given as in vacuum; known to 1e-4 nm."""
    laser_per_cm = 1e-2 / laser_m
    lines = []
    for air_nm, strength in NEON_AIR_NM:
        vacuum_nm = air_nm * float(refraction_of_air(air_nm))
        lines.append(Line(laser_per_cm - 1e7 / vacuum_nm, 0.003, strength / 100, 0.1))
    return tuple(sorted(lines, key=lambda line: line.shift_per_cm))


def lines_of(material: str, laser_m: float) -> tuple[Line, ...]:
    """The lines of neon or of a material."""
    return neon(laser_m) if material == "neon" else MATERIALS[material]
