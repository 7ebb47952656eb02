"""The map of flux density above a patch of film with domains and roughness, plane by plane."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError
from anodefree.kinds.flux_map import FLUX_MAP, FluxMap
from anodefree.numerics.halfspace_magnetostatics import flux_density_T, potential_spectrum, raised
from anodefree.physics.magnetised_film import stripes_T
from anodefree.registry import Demo, stage
from anodefree.simulation.magnet import picture as p
from anodefree.simulation.magnet.picture import Nodules, picture_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@stage("magnet.scan", version=2, cites=("parker1973", "kittel1946", "coey2010"))
def scan_stage(
    *,
    thickness_m: Annotated[float, Par("thickness of the film", gt=0, source="1 um: the paper's optimum (section 2.1)")] = 1e-6,
    remanence_T: Annotated[
        float, Par("remanent polarisation mu0 Mr of the nickel", gt=0, source="half of its saturation", assumed=True)
    ] = 0.308,
    tilt_rad: Annotated[
        float, Par("angle of the remanence out of the plane", ge=0, le=math.pi / 2 + 1e-9, source="in the plane", assumed=True)
    ] = 0.0,
    heights_m: Annotated[
        tuple[float, ...], Par("heights above the film's mean upper face, rising", gt=0, source="not stated", assumed=True)
    ] = (1e-6, 2e-6, 5e-6),
    domain_width_m: p.DomainWidth = None,
    maze_domains: p.MazeDomains = False,
    roughness_m: p.Roughness = 0.0,
    correlation_m: p.Correlation = 3e-6,
    conformal: p.Conformal = False,
    nodule_height_m: p.NoduleHeight = 0.0,
    nodule_radius_m: p.NoduleRadius = 1e-6,
    nodule_spacing_m: p.NoduleSpacing = 1e-5,
    grid: Annotated[int, Par("points along each side of the patch", ge=16, le=2048)] = 128,
    rng: np.random.Generator,
) -> FluxMap:
    """A map of the flux density above a film with domains and roughness, as a perfect scanning probe would record it.

    The field of `magnet.film` on planes at the given heights: $\\varphi(k, z)$ once, then every wave falls as $e^{-kz}$. The
    patch repeats in its plane (metadata `periodic`), so its mean is zero. A flat film of one domain gives zero everywhere.
    *Valid when* the remanence does not change within a domain. *Source* Parker, Geophys. J. R. Astr. Soc. 31 (1973) 447.
    Arrays: x_m, y_m, z_m; Bx_T, By_T, Bz_T (z, y, x).
    Raises ConfigError: heights that do not rise or do not clear the film, a grid that is too coarse.
    """
    z = np.asarray(heights_m, dtype=float)
    if not z.size or (np.diff(z) <= 0).any():
        raise ConfigError("the heights do not rise", "heights_m", "such as 0.5 um, 1 um, 2 um")
    nodules = Nodules(nodule_height_m, nodule_radius_m, nodule_spacing_m) if nodule_height_m else None
    picture = picture_of(thickness_m, domain_width_m, maze_domains, roughness_m, correlation_m, conformal, grid, nodules)
    unit = (remanence_T * math.cos(tilt_rad), 0.0, remanence_T * math.sin(tilt_rad))
    film = picture.film(unit, rng)
    phi = potential_spectrum(film, float(z[0]))
    field = np.stack([flux_density_T(raised(phi, film, h - z[0]), film) for h in z], axis=1)
    place = (np.arange(picture.grid) + 0.5) * picture.side_m / picture.grid
    arrays = {"x_m": place, "y_m": place, "z_m": z, **dict(zip(("Bx_T", "By_T", "Bz_T"), field, strict=True))}
    return Measurement.of(FLUX_MAP, arrays, {"periodic": True, "instrument": "computed", "calibration": 0.0})


@scan_stage.plot
def draw(flux: Measurement, ax: Axes) -> None:
    """The component across the film on the lowest plane."""
    x, y = 1e6 * flux["x_m"], 1e6 * flux["y_m"]
    values = 1e3 * flux["Bz_T"][0]
    most = float(np.abs(values).max()) or 1.0
    shown = ax.imshow(
        values, origin="lower", extent=(x[0], x[-1], y[0], y[-1]), cmap="RdBu_r", vmin=-most, vmax=most, interpolation="nearest"
    )
    ax.figure.colorbar(shown, ax=ax, label="$B_z$ / mT", shrink=0.85)
    ax.set_title(f"{1e6 * flux['z_m'][0]:.3g} µm above the film")
    ax.set_xlabel("x / µm")
    ax.set_ylabel("y / µm")


@scan_stage.demo
def demo(rng: np.random.Generator) -> Demo:
    """Stripe domains, whose field is a Fourier series."""
    width, thickness, remanence = rng.uniform(0.8e-6, 2e-6), rng.uniform(0.5e-6, 2e-6), rng.uniform(0.2, 0.5)
    heights = (width, 1.5 * width)
    x = (np.arange(256) + 0.5) * 16 * width / 256
    bx, bz = np.moveaxis(
        np.array([stripes_T(x, z, width, thickness, remanence) for z in heights])[:, :, None].repeat(256, axis=2), 1, 0
    )
    parameters = {
        "thickness_m": thickness,
        "remanence_T": remanence,
        "tilt_rad": math.pi / 2,
        "heights_m": heights,
        "domain_width_m": width,
        "grid": 256,
    }
    return Demo((), {"Bx_T": bx, "Bz_T": bz}, parameters, tolerance=3e-3)
