"""A virtual potentiostat: the cyclic voltammogram of lithium whose kinetics, ohmic drop and double layer are known."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

import numpy as np

from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.errors import ConfigError, NumericalError
from anodefree.kinds.polarisation import POLARISATION, Polarisation
from anodefree.physics.butler_volmer import thermal_voltage_V
from anodefree.physics.polarisation import UNLIMITED, steady
from anodefree.registry import Demo, stage
from anodefree.simulation.instruments.recorder import recorded_A

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_POINTS = 2_000_000


def triangle_V(start_V: float, first_V: float, second_V: float, step_V: float, cycles: int) -> tuple[np.ndarray, np.ndarray]:
    """Potential [V] of each record from `start_V` to the first vertex, to the second, and back; and the scan it belongs to."""
    corners = [start_V, first_V, second_V, start_V]
    legs = []
    for a, b in pairwise(corners):
        count = max(round(abs(b - a) / step_V), 1) if a != b else 0
        legs.append(a + (b - a) * np.arange(1, count + 1) / max(count, 1))
    once = np.concatenate(legs)
    return np.concatenate([[start_V], np.tile(once, cycles)]), np.concatenate(
        [[1], np.repeat(np.arange(1, cycles + 1), once.size)]
    )


def interface_V(
    applied_V: np.ndarray,
    time_s: np.ndarray,
    *,
    j0_A_m2: float,
    transfer_coefficient: float,
    area_resistance_ohm_m2: float,
    limit_A_m2: float,
    capacitance_F_m2: float,
    temperature_K: float,
    electrodes: int,
) -> np.ndarray:
    """Potential [V] (n,) that is left for the interfaces behind the ohmic resistance, while it charges the double layer.

    C dφ/dt + j(φ) + (φ - E)/R = 0 by the implicit Euler method, from the steady state at the first record; all steps are
    solved together by Newton's method on the bidiagonal system.
    """

    def faradaic(phi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        at = steady(
            phi,
            j0_A_m2=j0_A_m2,
            transfer_coefficient=transfer_coefficient,
            limit_A_m2=limit_A_m2,
            temperature_K=temperature_K,
            electrodes=electrodes,
        )
        return at.current_density_A_m2, at.slope_A_m2_V

    if area_resistance_ohm_m2 == 0:
        return applied_V
    from scipy.linalg import solve_banded

    conductance = 1 / area_resistance_ohm_m2
    whole = steady(
        applied_V,
        j0_A_m2=j0_A_m2,
        transfer_coefficient=transfer_coefficient,
        area_resistance_ohm_m2=area_resistance_ohm_m2,
        limit_A_m2=limit_A_m2,
        temperature_K=temperature_K,
        electrodes=electrodes,
    )
    phi = applied_V - area_resistance_ohm_m2 * whole.current_density_A_m2
    rate = np.concatenate([[0.0], capacitance_F_m2 / np.diff(time_s)])
    for _ in range(50):
        j, slope = faradaic(phi)
        rest = rate * np.diff(phi, prepend=phi[0]) + j + conductance * (phi - applied_V)
        bands = np.stack([rate + slope + conductance, np.append(-rate[1:], 0.0)])
        move = solve_banded((1, 0), bands, -rest)
        phi = phi + move
        if float(np.max(np.abs(move))) < 1e-14:
            return phi
    raise NumericalError(
        "the charging of the double layer did not converge", "potentiostat.voltammetry", "use a smaller step_V"
    )


@stage("potentiostat.voltammetry", version=1, cites=("bard2001", "chen2026"))
def voltammetry(
    *,
    j0_A_m2: Annotated[float, Par("exchange current density", gt=0, source="section 2.3, Fig. 4f, M-Ni")] = 13.4,
    transfer_coefficient: Annotated[
        float,
        Par(
            "cathodic transfer coefficient; two electrodes need ½",
            gt=0,
            lt=1,
            source="½: a symmetric barrier; not stated",
            assumed=True,
        ),
    ] = 0.5,
    electrodes: Annotated[
        int,
        Par(
            "1: an electrode against a reference; 2: two alike that face each other",
            ge=1,
            le=2,
            source="section 4.2.1 takes the whole potential as overpotential",
            assumed=True,
        ),
    ] = 1,
    area_resistance_ohm_m2: Annotated[
        float, Par("ohmic resistance per area", ge=0, source="0: none is stated", assumed=True)
    ] = 0.0,
    capacitance_F_m2: Annotated[
        float,
        Par("double layer capacitance per area", ge=0, source="20 uF/cm2, a smooth metal (Bard and Faulkner)", assumed=True),
    ] = 0.2,
    limit_A_m2: Annotated[
        float | None, Par("limiting current density of plating; none: no depletion", gt=0, source="not stated", assumed=True)
    ] = None,
    temperature_K: Annotated[
        float, Par("temperature", gt=0, source="25 °C, room temperature; not stated", assumed=True)
    ] = 298.15,
    area_m2: Annotated[float, Par("electrode area", gt=0, source="a disc of 14 mm; not stated", assumed=True)] = 1.54e-4,
    start_V: Annotated[float, Par("potential at the start and the end", source="rest", assumed=True)] = 0.0,
    first_vertex_V: Annotated[float, Par("where the sweep turns first", source="section 4.2.1")] = 0.2,
    second_vertex_V: Annotated[float, Par("where it turns next", source="section 4.2.1")] = -0.2,
    scan_rate_V_s: Annotated[float, Par("rate of the sweep", gt=0, source="section 4.2.1")] = 0.01,
    step_V: Annotated[float, Par("potential between records", gt=0, source="1 mV, usual setting", assumed=True)] = 1e-3,
    cycles: Annotated[int, Par("scans", ge=1, source="usual setting", assumed=True)] = 1,
    noise: Annotated[
        float,
        Par(
            "standard deviation of the current over its largest value", ge=0, source="a good instrument on a cell", assumed=True
        ),
    ] = 2e-3,
    bits: Annotated[
        int, Par("resolution of the converter; 0: continuous", ge=0, le=32, source="usual converter", assumed=True)
    ] = 16,
    rng: np.random.Generator,
) -> Polarisation:
    r"""A cyclic voltammogram of lithium with known kinetics, as a potentiostat would record it.

    j(t) = j_F(φ) + C dφ/dt [A/m2], φ = E(t) - j R being what is left for the interfaces, and j_F the current of one electrode
    or of two alike that face each other, with the depletion that a limiting current density stands for
    (see `kinetics.butler_volmer`). Solved implicitly in time; without R it is j_F(E) + C dE/dt. The written current has noise
    and the steps of a converter whose range is the next decade.
    Arrays: time_s, potential_V, current_A (positive on stripping), record_cycle.
    *Valid when* one electron is transferred, the profile in the electrolyte is steady at this scan rate, and the surface does
    not change. *Source* Bard and Faulkner 2001, equation 3.4.10 and section 1.2; Chen et al. 2026, section 4.2.1, for window
    and rate. Raises ConfigError: a sweep without extent or with too many records, two electrodes with α other than ½.
    """
    if electrodes == 2 and transfer_coefficient != 0.5:
        raise ConfigError("two electrodes are computed with ½ only", "transfer_coefficient", "their sum hardly depends on it")
    extent = abs(first_vertex_V - start_V) + abs(second_vertex_V - first_vertex_V) + abs(start_V - second_vertex_V)
    if extent < step_V:
        raise ConfigError("the vertices leave no sweep", "first_vertex_V", "choose vertices apart by more than step_V")
    if extent / step_V * cycles > MOST_POINTS:
        raise ConfigError(f"more than {MOST_POINTS} records", "step_V", "use a larger step or fewer cycles")
    applied, scan = triangle_V(start_V, first_vertex_V, second_vertex_V, step_V, cycles)
    moved = np.abs(np.diff(applied, prepend=start_V))
    time = np.cumsum(moved) / scan_rate_V_s
    limit = UNLIMITED if limit_A_m2 is None else limit_A_m2
    phi = interface_V(
        applied,
        time,
        j0_A_m2=j0_A_m2,
        transfer_coefficient=transfer_coefficient,
        area_resistance_ohm_m2=area_resistance_ohm_m2,
        limit_A_m2=limit,
        capacitance_F_m2=capacitance_F_m2,
        temperature_K=temperature_K,
        electrodes=electrodes,
    )
    flow = steady(
        phi,
        j0_A_m2=j0_A_m2,
        transfer_coefficient=transfer_coefficient,
        limit_A_m2=limit,
        temperature_K=temperature_K,
        electrodes=electrodes,
    ).current_density_A_m2
    charging = np.concatenate([[0.0], np.diff(phi) / np.diff(time)]) * capacitance_F_m2
    arrays = {
        "time_s": time,
        "potential_V": applied,
        "current_A": recorded_A(area_m2 * (flow + charging), noise, bits, rng),
        "record_cycle": scan,
    }
    meta = {
        "area_m2": area_m2,
        "scan_rate_V_s": scan_rate_V_s,
        "temperature_K": temperature_K,
        "reference": "Li/Li+",
        "instrument": "virtual potentiostat",
        "cell": f"lithium, {electrodes} electrode" + "s" * (electrodes == 2),
    }
    return Measurement.of(POLARISATION, arrays, meta)


@voltammetry.plot
def draw(curve: Measurement, ax: Axes) -> None:
    """Current density against potential, the scans from light to dark."""
    import matplotlib as mpl

    scans = np.unique(curve["record_cycle"])
    shades = mpl.colormaps["plasma"](np.linspace(0.2, 0.8, len(scans)))
    for i, scan in enumerate(scans):
        here = curve["record_cycle"] == scan
        label = f"scan {scan}" if len(scans) <= 5 or i in (0, len(scans) - 1) else "_"
        ax.plot(
            1e3 * curve["potential_V"][here],
            0.1 * curve["current_A"][here] / curve.meta["area_m2"],
            color=shades[i],
            label=label,
        )
    ax.set(xlabel="potential / mV", ylabel="current density / mA cm$^{-2}$")
    if len(scans) > 1:
        ax.legend()


@voltammetry.demo
def demo(rng: np.random.Generator) -> Demo:
    """Two electrodes without ohmic drop and noise, against the closed form 2 j0 sinh(FE/(4RT)) + C dE/dt."""
    j0, capacitance, rate = rng.uniform(2, 20), rng.uniform(0.1, 10), rng.uniform(1e-3, 0.1)
    leg = 0.001 * np.arange(1, 201)
    potential = np.concatenate([[0.0], leg, 0.2 - leg, -leg, -0.2 + leg])
    direction = np.concatenate([[0.0], np.ones(200), -np.ones(400), np.ones(200)])
    j = 2 * j0 * np.sinh(potential / (4 * thermal_voltage_V(298.15))) + capacitance * rate * direction
    given = {
        "j0_A_m2": j0,
        "electrodes": 2,
        "capacitance_F_m2": capacitance,
        "scan_rate_V_s": rate,
        "noise": 0.0,
        "bits": 0,
        "area_m2": 1e-4,
    }
    return Demo((), {"current_A": 1e-4 * j, "potential_V": potential}, given)
