"""Deposits as points: what each was grown under and the numbers of its shape, one row a run, so that runs join."""

from typing import Annotated, Final

from anodefree.core.kind import Array, Kind
from anodefree.core.measurement import Measurement

_RUN = ("run",)

CONDITIONS: Final = {
    "current_density_A_m2": "applied current per area of the collector",
    "capacity_C_m2": "charge that was asked for, per area of the collector",
    "site_spacing_m": "mean distance of active sites; 0 where lithium nucleates everywhere",
    "site_radius_m": "radius of an active site",
    "blocked": "share of the collector between the sites that is blocked",
    "nucleation_V": "overpotential at which a site nucleates",
    "j0_A_m2": "exchange current density on lithium",
    "film_ohm_m2": "resistance of the interphase",
    "film_spread": "standard deviation of the logarithm of that resistance along the collector",
    "activity_spread": "standard deviation of the logarithm of the exchange current density along the collector",
    "patch_m": "size of the patches over which film and activity are even",
    "film_healing_s": "time in which a broken film heals; 0 for one that does not change",
    "film_crack_m": "lithium plated through the film that breaks it to 1/e; 0 for one that does not break",
    "anisotropy": "e in the factor 1 + e cos 4(theta - theta0) on the kinetics",
    "concentration_mol_m3": "salt in the electrolyte",
    "conductivity_S_m": "conductivity of the electrolyte at 298.15 K",
    "temperature_K": "temperature",
    "width_m": "width of the box along the collector",
    "height_m": "distance of the electrodes",
    "cells": "cells along the width",
    "replica": "which draw of nuclei and film",
}
"""What may be varied: named as the parameters of `deposit.grow`, whose fields carry it in their metadata."""

NUMBERS: Final = {
    "porosity_volume": "void under the envelope",
    "porosity_enclosed": "void without a way out",
    "porosity_thickness": "1 - dense / measured thickness",
    "porosity_tip": "1 - dense thickness / height of the highest lithium",
    "porosity_layer": "1 - dense thickness / height where lithium stands",
    "layer_height_m": "height where lithium stands",
    "coverage": "share of the collector under lithium",
    "thickness_m": "mean height of the envelope",
    "roughness_m": "rms of the envelope",
    "tip_height_m": "highest lithium",
    "tip_velocity_m_s": "speed of the highest lithium",
    "isolated": "part of the lithium without contact",
    "isolated_of_plated": "lithium without contact over all plated",
    "surface_area": "surface of lithium over the collector's",
    "aspect_ratio": "height over width of trunks",
}
"""What is averaged over runs: named as the estimates of `deposit.morphology`, lengths and speeds with their unit."""

MAY_LACK: Final = ("tip_velocity_m_s", "porosity_layer", "layer_height_m", "coverage", "isolated_of_plated")
"""Numbers that points may come without."""

DEPOSIT_POINTS = Kind(
    name="deposit_points",
    title="deposits, one row a run",
    arrays={
        "charge_C_m2": Array(_RUN, "net charge passed per area of the collector"),
        **{n: Array(_RUN, doc, gaps=n == "tip_velocity_m_s", optional=n in MAY_LACK) for n, doc in NUMBERS.items()},
        "salt_unevenness": Array(
            _RUN, "largest range of the salt along the collector, at one height, over its mean", optional=True
        ),
        "potential_unevenness_V": Array(_RUN, "the same of the potential", optional=True),
        "porosity_volume_std": Array(_RUN, "standard deviation of `porosity_volume` that the run itself expects"),
        "thickness_std_m": Array(_RUN, "standard deviation of `thickness_m` that the run itself expects"),
        "shape": Array(_RUN, "0 dense, 1 mossy, 2 islands, 3 rod, 4 dendrite"),
        "shape_margin": Array(_RUN, "factor on a deciding number to another name", positive=True),
        "cell_m": Array(_RUN, "size of a cell", positive=True),
        "complete": Array(_RUN, "1 where the run ended as it should, 0 where it stopped before"),
        "collector": Array(_RUN, "what the collector stands for; empty where nothing says it"),
        **{n: Array(_RUN, doc, optional=True) for n, doc in CONDITIONS.items()},
    },
    series="run",
)

DepositPoints = Annotated[Measurement, DEPOSIT_POINTS]
