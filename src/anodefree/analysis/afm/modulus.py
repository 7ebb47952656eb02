"""Young's modulus and adhesion from force curves of a scanning probe, with the errors of lever, tip and model."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.analysis.afm.curve_parts import SIGNIFICANT, Fits, Part, deflections_m, fitted, jkr_reduced_Pa, prepared
from anodefree.analysis.afm.modulus_checks import checks_of
from anodefree.analysis.afm.modulus_estimates import Setup, median, middle, modulus_estimate
from anodefree.analysis.afm.modulus_figure import draw_modulus
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import DataError
from anodefree.kinds.force_curves import FORCE_CURVES, ForceCurves
from anodefree.physics import contact
from anodefree.physics.force_curve import recorded
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


POISSON = Uncertain(0.3, 0.05)


@stage("afm.modulus", version=1, cites=("hertz1882", "dmt1975", "jkr1971", "sneddon1965", "bilodeau1992", "tabor1977"))
def modulus(
    curves: ForceCurves,
    *,
    tip_radius_m: Annotated[Uncertain, Par("radius of the tip, with its standard deviation", gt=0)],
    poisson: Annotated[
        Uncertain, Par("Poisson's ratio of the sample", gt=0, lt=0.5001, source="usual for polymers and salts", assumed=True)
    ] = POISSON,
    spring_error: Annotated[
        float, Par("relative standard deviation of the spring constant", ge=0, lt=1, source="thermal tune", assumed=True)
    ] = 0.1,
    sensitivity_error: Annotated[
        float, Par("relative standard deviation of the lever's sensitivity", ge=0, lt=1, source="hard sample", assumed=True)
    ] = 0.03,
    tip_modulus_Pa: Annotated[float, Par("Young's modulus of the tip", gt=0, source="silicon", assumed=True)] = 1.69e11,
    tip_poisson: Annotated[float, Par("Poisson's ratio of the tip", ge=0, le=0.5, source="silicon", assumed=True)] = 0.27,
    cone_half_angle_rad: Annotated[
        float, Par("half angle of the cone, for E_cone", gt=0, lt=1.5, source="30°", assumed=True)
    ] = math.pi / 6,
    pyramid_face_angle_rad: Annotated[
        float, Par("angle of a pyramid's faces to the surface, for E_pyramid", gt=0, lt=1.5, source="20°", assumed=True)
    ] = math.pi / 9,
    atomic_distance_m: Annotated[
        float, Par("equilibrium distance of the surfaces, for Tabor's number", gt=0, source="Tabor", assumed=True)
    ] = 3e-10,
) -> Result:
    """Young's modulus, adhesion and Tabor's number from force curves, single or as a map.

    $F = b_0 + b_1 z + C\\delta^n - F_{adh}$ with the indentation $\\delta = z_c - z - d$ of the tip, F = k d: baseline, contact
    point $z_c$, C and $F_{adh}$ are fitted together. `E_dmt` from the way out, $C = \\tfrac43 E^*\\sqrt R$, n = 3/2, with the
    adhesion; `E_jkr` from the same points by Johnson, Kendall and Roberts. From the way in, without adhesion: `E_hertz`
    (paraboloid), `E_sphere` (where $\\delta < R$), `E_cone` and `E_pyramid` (n = 2). $1/E^* = (1-\\nu^2)/E +
    (1-\\nu_t^2)/E_t$. Of several curves the median is given. Errors: the fit's own (with memory of its residuals), k
    (linear), R ($E \\sim R^{-1/2}$), the lever's sensitivity (F and δ both change: large where the contact is stiffer than the
    lever), ν, and the change if points are weighted in deflection instead of force. `adhesion` is the pull-off force.
    *Valid when* the sample is elastic and much thicker than the contact, δ is above a nanometre and below the radius, and
    Tabor's number is small for `E_dmt`, above 5 for `E_jkr`. *Source* DMT (1975); JKR (1971); Sneddon (1965). *Differs from the
    paper*, which gives no k, R, load or error of its DMT moduli. Raises DataError: no spring constant or a deflection that is
    no length (no modulus in Pa is printed then), or no curve that can be fitted.
    """
    bends = deflections_m(curves, "approach"), deflections_m(curves, "retract")
    setup = Setup(
        float(curves.meta["spring_constant_N_m"]),
        spring_error,
        sensitivity_error,
        tip_radius_m,
        poisson,
        tip_modulus_Pa,
        tip_poisson,
    )
    if not setup.spring_N_m > 0:
        raise DataError("its spring constant is not positive", curves.source.name, "give spring_constant_N_m")
    ways = [
        _parts(curves[f"{way}_height_m"], bend, way == "retract") if bend is not None else []
        for way, bend in zip(("approach", "retract"), bends, strict=True)
    ]
    there, back = ways[0], ways[1] or ways[0]
    radius, k = tip_radius_m.value, setup.spring_N_m
    into, out, sharp = fitted(there, k, 1.5), fitted(back, k, 1.5), fitted(there, k, 2.0, compare=False)
    if not (np.isfinite(into.stiffness).any() or np.isfinite(out.stiffness).any()):
        raise DataError(
            "no curve has a baseline and a contact that can be fitted", curves.source.name, "are approach and retract whole?"
        )
    round_tip = float(contact.paraboloid_m(radius))
    star = {
        "dmt": out.stiffness / round_tip,
        "hertz": into.stiffness / round_tip,
        "jkr": np.array([jkr_reduced_Pa(p, k, radius) for p in back]),
        "cone": sharp.stiffness / contact.cone(cone_half_angle_rad),
        "pyramid": sharp.stiffness / contact.pyramid(pyramid_face_angle_rad),
    }
    of = {"dmt": out, "hertz": into, "jkr": out, "cone": sharp, "pyramid": sharp}
    labels = {
        "dmt": "Young's modulus, retract, Derjaguin-Muller-Toporov",
        "hertz": "Young's modulus, approach, paraboloid (Hertz)",
        "jkr": "Young's modulus, retract, Johnson-Kendall-Roberts",
        "cone": "Young's modulus, approach, cone (Sneddon)",
        "pyramid": "Young's modulus, approach, three-sided pyramid",
    }
    if 0 < median(into.depth_m) < radius:
        ball = fitted(there, k, 1.5, radius_m=radius, compare=False)
        star["sphere"], of["sphere"], labels["sphere"] = ball.stiffness / round_tip, ball, "Young's modulus, approach, sphere"
    estimates = {
        f"E_{name}": modulus_estimate(
            setup,
            values,
            of[name].relative_std,
            of[name].sensitivity,
            of[name].model if name in ("dmt", "jkr") else into.model,
            labels[name],
            0.0 if name in ("cone", "pyramid") else 0.5,
        )
        for name, values in star.items()
        if np.isfinite(setup.young_Pa(values)).any()
    }
    pulls = np.array([k * 1e-9 * p.pull_off_nm if p else np.nan for p in back])
    noise = np.array([k * 1e-9 * p.noise_nm if p else np.nan for p in back])
    estimates |= _adhesion(setup, pulls, noise)
    work = contact.jkr_pull_off_N(1.0, radius), contact.dmt_pull_off_N(1.0, radius)
    mu = contact.tabor(pulls / work[1], radius, star["dmt"], atomic_distance_m)
    moduli = setup.young_Pa(star["dmt"])
    depth = median(out.depth_m)
    bent = median(np.array([1e-9 * p.deflection_nm.max() if p else np.nan for p in back]))
    good = np.isfinite(moduli) & (out.relative_std < 0.5)
    estimates |= {
        "spread": Estimate(middle(moduli, out.relative_std)[2], 0.0, "1", "relative spread of E_dmt over the curves", "%"),
        "indentation": Estimate(
            depth, math.hypot(_deviation(out.depth_m), sensitivity_error * bent), "m", "deepest indentation", "nm"
        ),
        "tabor": Estimate(median(mu), 2 / 3 * median(mu) * _relative(setup), "1", "Tabor's number"),
        "curves": Estimate(float(good.sum()), 0.0, "1", "curves that were fitted"),
        "failed": Estimate(float((~good).sum()), 0.0, "1", "curves that were not"),
    }
    dmt, hertz = estimates.get("E_dmt"), estimates.get("E_hertz")
    checks = checks_of(
        depth_m=depth,
        radius_m=radius,
        response=median(out.sensitivity),
        sensitivity_error=sensitivity_error,
        stiffness_ratio=1.5 * median(out.stiffness) * math.sqrt(depth) / k if depth > 0 else math.nan,
        tabor=median(mu),
        adhesive=bool(np.nanmedian(pulls) > 0) if np.isfinite(pulls).any() else False,
        good=int(good.sum()),
        of=len(there),
        there=hertz.value if hertz else math.nan,
        back=dmt.value if dmt and ways[1] else math.nan,
        back_std=dmt.std if dmt else math.nan,
        model=median(out.model),
    )
    arrays = {
        "E_dmt_Pa": ("curve", moduli),
        "E_hertz_Pa": ("curve", setup.young_Pa(star["hertz"])),
        "relative_std": ("curve", out.relative_std),
        "adhesion_N": ("curve", pulls),
        "indentation_m": ("curve", out.depth_m),
        "good": ("curve", good.astype(np.int8)),
        **{n: ("curve", curves[n]) for n in ("x_m", "y_m") if n in curves},
        **_shown(there, back, out, into, k),
    }
    return Result.of(estimates, arrays, checks)


def _parts(height_m: np.ndarray, bend_m: np.ndarray, adhesive: bool) -> list[Part | None]:
    return [prepared(z, d, adhesive=adhesive) for z, d in zip(height_m, bend_m, strict=True)]


def _adhesion(setup: Setup, pulls: np.ndarray, noise: np.ndarray) -> dict[str, Estimate]:
    """The median pull-off force and the work of adhesion that DMT makes of it."""
    value = float(np.nan_to_num(median(pulls)))
    seen = float(np.nan_to_num(median(noise)))
    # Where no pull-off is seen it may still be as large as what would have been: two standard deviations are that much.
    own = (
        1.2533 * max(_deviation(pulls), seen) / math.sqrt(max(np.isfinite(pulls).sum(), 1))
        if value
        else 0.5 * SIGNIFICANT * seen
    )
    std = math.hypot(own, value * math.hypot(setup.spring_error, setup.sensitivity_error))
    work = value / float(contact.dmt_pull_off_N(1.0, setup.radius_m.value))
    of_work = work * math.hypot(std / value if value else 0.0, setup.radius_error)
    return {
        "adhesion": Estimate(value, std, "N", "pull-off force", "nN"),
        "work_of_adhesion": Estimate(work, of_work, "N/m", "work of adhesion by DMT (J/m²)", "mN/m"),
    }


def _deviation(values: np.ndarray) -> float:
    fine = values[np.isfinite(values)]
    return 1.4826 * float(np.median(np.abs(fine - np.median(fine)))) if fine.size > 1 else 0.0


def _relative(setup: Setup) -> float:
    return math.hypot(setup.spring_error, setup.radius_error)


def _shown(
    there: list[Part | None], back: list[Part | None], out: Fits, into: Fits, k: float
) -> dict[str, tuple[str, np.ndarray]]:
    """The typical curve: force against separation, and the fitted line."""
    able = np.flatnonzero(np.isfinite(out.stiffness))
    fits = out if able.size else into
    able = able if able.size else np.flatnonzero(np.isfinite(into.stiffness))
    order = able[np.argsort(fits.stiffness[able])]
    i = int(order[order.size // 2])
    curves: dict[str, tuple[str, np.ndarray]] = {}
    for name, part in (("approach", there[i]), ("retract", back[i])):
        if part is not None:
            curves[f"{name}_separation_m"] = (name, 1e-9 * (part.height_nm + part.deflection_nm) - fits.contact_m[i])
            curves[f"{name}_force_N"] = (name, 1e-9 * k * part.deflection_nm - fits.base_N[i])
    depth = np.linspace(0, fits.depth_m[i], 60)
    curves["fit_separation_m"] = ("fit", -depth)
    curves["fit_force_N"] = ("fit", fits.stiffness[i] * depth**1.5 - fits.adhesion_N[i])
    return curves


@modulus.plot
def draw(result: Result, ax: Axes) -> None:
    """The typical curve with its fit; of a map also the distribution and the map of the modulus."""
    draw_modulus(result, ax)


@modulus.demo
def demo(rng: np.random.Generator) -> Demo:
    """Nine curves on a stiff polymer by a lever of which k, the radius and the sensitivity are known to 10, 20 and 3 %."""
    young, pull = 10 ** rng.uniform(8.5, 9.7), rng.uniform(2e-8, 6e-8)
    radius, spring = 2e-8, 40.0
    true_radius, true_spring = radius * math.exp(0.2 * rng.normal()), spring * math.exp(0.1 * rng.normal())
    star = contact.reduced(young, 0.3, 1.69e11, 0.27)
    arrays = recorded(
        stiffness=np.full(9, float(contact.paraboloid_m(true_radius)) * float(star)),
        power=1.5,
        pull_off_N=np.full(9, pull),
        spring_N_m=true_spring,
        load_N=3e-7,
        travel_m=4e-8,
        points=256,
        gain=1 + 0.03 * rng.normal(),
        noise_m=5e-11,
        slope=1e-4 * rng.normal(),
        rng=rng,
    )
    measured = Measurement.of(FORCE_CURVES, arrays, {"spring_constant_N_m": spring, "force_unit_known": True}, name="demo")
    given = {"tip_radius_m": Uncertain(radius, 0.2 * radius), "poisson": Uncertain(0.3)}
    return Demo((measured,), {"E_dmt": young, "adhesion": pull}, given)
