"""The flux density above a magnetised nickel film: what its edges, domains and roughness give, and what a Hall probe reads."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np

from anodefree.core.context import Context
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.numerics.halfspace_magnetostatics import Film, flux_density_T, mean_square_T2, potential_spectrum, raised
from anodefree.physics.magnetised_film import NICKEL_SATURATION_T, disc_axis_T, probe_response
from anodefree.registry import Demo, stage
from anodefree.simulation.magnet import picture as p
from anodefree.simulation.magnet.picture import Nodules, Picture, picture_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REMANENCE: Final = Uncertain(0.308, 0.09)
PROFILE: Final = 41
EARTH_T: Final = 5e-5


@stage("magnet.film", version=2, cites=("chen2026", "parker1973", "kittel1946", "coey2010"))
def film_stage(
    *,
    thickness_m: Annotated[float, Par("thickness of the film", gt=0, source="1 um: the paper's optimum (section 2.1)")] = 1e-6,
    remanence_T: Annotated[
        Uncertain,
        Par(
            "remanent polarisation mu0 Mr of the nickel",
            gt=0,
            source="half of nickel's saturation, 0.616 T; electrodeposits keep 0.3-0.7 of it",
            assumed=True,
        ),
    ] = REMANENCE,
    tilt_rad: Annotated[
        float,
        Par(
            "angle of the remanence out of the film's plane: 0 in the plane, pi/2 across it",
            ge=0,
            le=math.pi / 2 + 1e-9,
            source="in the plane: a thin nickel film's own field turns it there",
            assumed=True,
        ),
    ] = 0.0,
    height_m: Annotated[float, Par("height above the film's mean upper face", gt=0, source="not stated", assumed=True)] = 1e-6,
    radius_m: Annotated[
        float, Par("radius of the film: its edge", gt=0, source="not stated; a 16 mm disc", assumed=True)
    ] = 8e-3,
    domain_width_m: p.DomainWidth = None,
    maze_domains: p.MazeDomains = False,
    roughness_m: p.Roughness = 0.0,
    correlation_m: p.Correlation = 3e-6,
    conformal: p.Conformal = False,
    nodule_height_m: p.NoduleHeight = 0.0,
    nodule_radius_m: p.NoduleRadius = 1e-6,
    nodule_spacing_m: p.NoduleSpacing = 1e-5,
    probe_size_m: Annotated[
        float, Par("diameter of the Hall probe's active area", gt=0, source="small commercial probes: 50-200 um", assumed=True)
    ] = 1e-4,
    probe_height_m: Annotated[
        float, Par("height of the probe's active layer", gt=0, source="encapsulation of such probes", assumed=True)
    ] = 2e-4,
    draws: Annotated[int, Par("random patches that are averaged", ge=2, le=10_000)] = 8,
    grid: Annotated[int, Par("points along each side of a patch", ge=16, le=4096)] = 256,
    rng: np.random.Generator,
    context: Context,
) -> Result:
    """The flux density above a magnetised film: rms and mean at a height, how it decays, and what a Hall probe would read.

    $B = -\\nabla\\varphi$, $\\varphi(k, z) = e^{-kz} (J_z/2 - i k \\cdot J/2k) F[s \\int e^{kz'} dz']$ above a film of the
    polarisation J = mu0 M [T], with the pattern s of its domains and its rough faces, by fast Fourier transforms over a
    periodic patch; its edge adds the closed form of a disc on its axis. `B_rms` is the root mean square of |B| over the plane,
    `B_mean` the mean of the component across the film: for an infinite film it is zero whatever the film looks like, so all of
    it comes from the edge. `probe_reading` is the rms of what a probe of finite size reads at its own height, edge included. A
    film that is flat, infinite and of one domain has *no* field outside.
    *Valid when* the remanence does not change within a domain and B is asked for above the highest point.
    *Source* Parker, Geophys. J. R. Astr. Soc. 31 (1973) 447; Kittel, Phys. Rev. 70 (1946) 965; Coey (2010), section 2.2.
    *Differs from the paper*, which states a measured flux density and neither how nor at what height it was measured.
    Curves over `height`: profile_height_m, profile_B_rms_T; over (`y`, `x`): Bz_T of one patch.
    Raises ConfigError: the plane does not clear the film, the roughness reaches through it, the grid is too coarse.
    """
    nodules = Nodules(nodule_height_m, nodule_radius_m, nodule_spacing_m) if nodule_height_m else None
    picture = picture_of(thickness_m, domain_width_m, maze_domains, roughness_m, correlation_m, conformal, grid, nodules)
    unit = (math.cos(tilt_rad), 0.0, math.sin(tilt_rad))
    count = draws if picture.random else 1
    heights = np.geomspace(height_m, max(probe_height_m, 30 * height_m), PROFILE)
    squares = np.zeros((count, PROFILE))  # of B over J
    probe, decay = np.zeros(count), np.zeros(count)
    for i in range(count):
        context.progress(i / count, f"patch {i + 1} of {count}")
        film = picture.film(unit, rng)
        phi = potential_spectrum(film, height_m)
        decay[i] = _decay_m(phi, film)
        squares[i] = _profile_T2(picture, heights, unit, rng)
        far = picture.seen_from(probe_height_m).film(unit, rng)
        seen = potential_spectrum(far, probe_height_m) * probe_response(far.waves[2], probe_size_m)
        probe[i] = np.mean(flux_density_T(seen, far)[2] ** 2)
    edge = unit[2] * disc_axis_T(np.append(heights, probe_height_m), radius_m, thickness_m, 1.0)
    totals = np.sqrt(squares + edge[:-1] ** 2)
    estimates = {
        "B_rms": _scaled(remanence_T, totals[:, 0], "T", "rms flux density at the height"),
        "B_mean": _scaled(remanence_T, np.array([edge[0]]), "T", "mean flux density across the film at the height"),
        "probe_reading": _scaled(remanence_T, np.sqrt(probe + edge[-1] ** 2), "T", "what the Hall probe reads"),
        "decay_length": _scaled(Uncertain(1.0, 0.0), decay, "m", "height over which B falls by e"),
    }
    if picture.uniform:
        del estimates["decay_length"]
    curves = {
        "profile_height_m": ("height", heights),
        "profile_B_rms_T": ("height", remanence_T.value * np.sqrt(np.mean(totals**2, axis=0))),
        "Bz_T": (("y", "x"), remanence_T.value * flux_density_T(phi, film)[2]),
        "patch_x_m": ("x", (np.arange(picture.grid) + 0.5) * picture.side_m / picture.grid),
    }
    return Result.of(estimates, curves, _checks(estimates, picture, remanence_T, unit[2], thickness_m))


def _profile_T2(
    picture: Picture, heights_m: np.ndarray, polarisation_T: tuple[float, float, float], rng: np.random.Generator
) -> np.ndarray:
    """Mean square of B at rising heights, each on a patch that is wide enough for it."""
    out = np.zeros(len(heights_m))
    film, base, reach = None, 0.0, 0.0
    for i, height in enumerate(heights_m):
        if film is None or height > reach:
            patch = picture.seen_from(3 * height)  # good up to three times this height
            film, base, reach = patch.film(polarisation_T, rng), height, 3 * height
            phi = potential_spectrum(film, height)
        out[i] = mean_square_T2(raised(phi, film, height - base), film)
    return out


def _decay_m(phi: np.ndarray, film: Film) -> float:
    """-1 / (d ln B_rms/dz) from a small rise; infinite where there is no field."""
    step = 1e-3 * film.side_x_m / film.top_m.shape[1]
    here, there = mean_square_T2(phi, film), mean_square_T2(raised(phi, film, step), film)
    return 2 * step / math.log(here / there) if here > there > 0 else math.inf


def _scaled(remanence: Uncertain, values: np.ndarray, unit: str, label: str) -> Estimate:
    """A field that is proportional to the remanence: its own error, and that of the rms over the random patches."""
    mean = math.sqrt(float(np.mean(values**2)))
    spread = float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    return Estimate(remanence.value * mean, math.hypot(remanence.std * mean, remanence.value * spread), unit, label)


def _checks(
    estimates: dict[str, Estimate], picture: Picture, remanence: Uncertain, across: float, thickness_m: float
) -> list[Check]:
    seen = estimates["probe_reading"].value
    checks = [
        Check.that(
            "outside field",
            not picture.uniform,
            "domains or roughness give a field outside, alternating in sign, of zero mean",
            "flat and of one domain: an infinite film has no field outside; what is left is its edge",
        ),
        Check.that(
            "saturation",
            remanence.value <= NICKEL_SATURATION_T,
            "the remanence is below nickel's saturation",
            f"the remanence exceeds nickel's saturation, {NICKEL_SATURATION_T} T",
            otherwise="fail",
        ),
        Check.that(
            "Hall probe",
            seen > EARTH_T,
            "a Hall probe would see it",
            f"a Hall probe would read {1e6 * seen:.2g} uT, no more than the earth's field: a reading of millitesla "
            "beside such a film is that of a magnet nearby",
        ),
    ]
    if across > 0.2 and picture.domain_width_m is None:
        checks.append(
            Check(
                "demagnetisation",
                "warn",
                f"one domain across the film meets its own field of {across * remanence.value:.2g} T, far above the coercivity "
                "of nickel (some 10 mT): it would break up into domains",
            )
        )
    if picture.domain_width_m is not None and picture.domain_width_m < 0.1 * thickness_m:
        checks.append(Check("domains", "warn", "domains much narrower than the film is thick cost more wall than they save"))
    return checks


@film_stage.plot
def draw(result: Result, ax: Axes) -> None:
    """The rms flux density against the height, with the earth's field and the reading of a Hall probe."""
    from anodefree.core.figure import COLOURS, SOFT

    z, b = (result.curves[n].values for n in ("profile_height_m", "profile_B_rms_T"))
    shown = b > 1e-9
    if shown.any():
        ax.loglog(1e6 * z[shown], 1e3 * b[shown], color=COLOURS[0], label="above the film, rms")
    else:
        said = "no field outside:\nthe film is even and evenly magnetised"
        ax.text(0.5, 0.25, said, transform=ax.transAxes, ha="center", va="center", fontsize=7)
    ax.axhline(1e3 * EARTH_T, color=SOFT, lw=0.8, ls=":", label="the earth's field")
    probe = result.estimates["probe_reading"]
    if probe.value > 1e-9:
        ax.plot(1e6 * z[-1], 1e3 * probe.value, "v", color=COLOURS[1], label="a Hall probe reads")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlim(1e6 * z[0], 1e6 * z[-1] * 1.2)
    ax.set_ylim(bottom=max(1e-6, 0.3e3 * min(EARTH_T, float(b[shown].min()) if shown.any() else EARTH_T)))
    ax.set_xlabel("height above the film / µm")
    ax.set_ylabel("flux density / mT")
    ax.legend()


@film_stage.demo
def demo(rng: np.random.Generator) -> Demo:
    """A slightly rough film magnetised in its plane; to first order B_rms² = (J²/8) (s l)² integral k³ e^(-k²l²/4 - 2kz) dk."""
    rms, length, z = rng.uniform(1e-9, 3e-9), rng.uniform(0.8e-6, 1.5e-6), rng.uniform(0.5e-6, 2e-6)
    true = max(rng.normal(0.3, 0.012), 0.1)
    k = np.linspace(0, 30 / length, 4001)
    square = true**2 / 8 * (rms * length) ** 2 * np.trapezoid(k**3 * np.exp(-((k * length) ** 2) / 4 - 2 * k * z), k)
    parameters = {
        "remanence_T": Uncertain(0.3, 0.012),
        "roughness_m": rms,
        "correlation_m": length,
        "height_m": z,
        "grid": 80,
        "draws": 5,
    }
    return Demo((), {"B_rms": math.sqrt(square)}, parameters)
