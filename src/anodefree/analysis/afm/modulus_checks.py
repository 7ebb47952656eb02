"""What makes a modulus from force curves doubtful: too shallow, too stiff for the lever, the wrong theory, too few curves."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from anodefree.core.result import Check

Floats = NDArray[np.float64]
SHALLOW_m = 1e-9


def checks_of(
    *,
    depth_m: float,
    radius_m: float,
    response: float,
    sensitivity_error: float,
    stiffness_ratio: float,
    tabor: float,
    adhesive: bool,
    good: int,
    of: int,
    there: float,
    back: float,
    back_std: float,
    model: float,
) -> list[Check]:
    """The checks, the gravest first. `stiffness_ratio` is the contact's stiffness at the deepest point over the lever's."""
    effect = abs(response) * sensitivity_error
    checks = [
        Check.that(
            "deformation",
            depth_m >= SHALLOW_m,
            f"the tip indents the sample by {1e9 * depth_m:.3g} nm",
            f"the tip indents the sample by {1e9 * depth_m:.2g} nm, less than 1 nm: roughness and the lever's calibration "
            "are as large; use a stiffer lever, a sharper tip or more force",
            otherwise="fail",
        ),
        Check.that(
            "lever",
            effect <= 0.5,
            f"the contact is {stiffness_ratio:.2g} times as stiff as the lever: an error of {100 * sensitivity_error:.0f} % "
            f"of its sensitivity is one of {100 * effect:.0f} % of the modulus",
            f"the contact is {stiffness_ratio:.2g} times as stiff as the lever: an error of {100 * sensitivity_error:.0f} % "
            f"of its sensitivity would change the modulus by {100 * effect:.0f} %; use a stiffer lever",
        ),
        Check.that(
            "curves",
            good >= 0.8 * of,
            f"{good} of {of} curves were fitted",
            f"only {good} of {of} curves were fitted: the others have no contact, no baseline, or a modulus without sense",
        ),
        Check.that(
            "strain",
            depth_m <= 0.5 * radius_m,
            "the indentation is small against the radius of the tip",
            f"the indentation is {depth_m / radius_m:.2g} of the tip's radius: its cone or pyramid touches too (E_cone, "
            "E_pyramid)",
        ),
        Check.that(
            "model",
            not model > 0.15,
            "points weighted evenly in force or in deflection give one modulus",
            f"points weighted evenly in force or in deflection give moduli that differ by {100 * model:.0f} %: the curve is "
            "not of this shape",
        ),
    ]
    if adhesive and math.isfinite(tabor):
        which = "DMT" if tabor < 0.1 else "JKR" if tabor > 5 else "neither alone (between DMT and JKR)"
        checks.append(
            Check.that(
                "theory",
                tabor <= 1,
                f"Tabor's number is {tabor:.2g}: {which} holds, and DMT is near",
                f"Tabor's number is {tabor:.2g}: {which} holds; compare E_dmt with E_jkr",
            )
        )
    if math.isfinite(there) and math.isfinite(back):
        checks.append(
            Check.that(
                "hysteresis",
                abs(math.log(there / back)) <= max(0.3, 2 * back_std / back),
                "approach and retract give moduli that agree",
                f"the retract gives {back / there:.2g} times the modulus of the approach: plastic or viscous deformation",
            )
        )
    return checks
