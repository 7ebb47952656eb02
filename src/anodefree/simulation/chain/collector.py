"""From the sheath of one collector to the energy of its pouch cell, link by link, with the share of each link in the doubt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np

from anodefree.core.figure import COLOURS, sized
from anodefree.core.measurement import Measurement
from anodefree.core.parameter import Par
from anodefree.core.result import Check, Estimate, Result
from anodefree.core.uncertain import Uncertain
from anodefree.errors import ConfigError
from anodefree.kinds.closure import CLOSURE, Closure
from anodefree.numerics.propagation import interval
from anodefree.physics.butler_volmer import overpotential_V
from anodefree.physics.inventory import retention
from anodefree.physics.lithium import dense_thickness_m, thickness_m
from anodefree.physics.scales import SCALES
from anodefree.registry import Demo, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RESERVOIR: Final = Uncertain(0.1, 0.03)
LINKS: Final = {
    "sheath": "sheath: coordinated fraction",
    "fluoride": "closure: sheath to LiF",
    "kinetics": "closure: LiF to j0",
    "efficiency": "closure: LiF to efficiency",
    "deposit": "deposit: porosity",
    "reservoir": "hidden reservoir",
    "cell": "pouch design",
}
"""Links in the order of the chain, with what a figure calls them."""
OUTPUTS: Final = {
    "lif_fraction": ("1", "LiF in F 1s", "%"),
    "j0": ("A/m2", "exchange current density", None),
    "overpotential": ("V", "overpotential of one side", "mV"),
    "loss_per_cycle": ("1", "lithium lost per cycle", "%"),
    "retention": ("1", "capacity retention", "%"),
    "deposit_thickness": ("m", "thickness of the deposit", None),
    "energy_density": ("J/kg", "energy density at the end", None),
}


@dataclass(frozen=True)
class Line:
    """A closure as numbers, drawn from by two normal numbers for its line and one for the sample."""

    centre: float
    level: Uncertain
    slope: Uncertain
    scatter: float
    to: str
    back: str

    @classmethod
    def of(cls, closure: Measurement) -> Line:
        """From the measurement."""
        v = {n: float(closure[n][0]) for n in ("centre", "level", "level_std", "slope", "slope_std", "scatter")}
        level, slope = Uncertain(v["level"], v["level_std"]), Uncertain(v["slope"], v["slope_std"])
        return cls(v["centre"], level, slope, v["scatter"], closure.meta["x_scale"], closure.meta["y_scale"])

    def at(self, x: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """Values that follow from x (n,), with normal (n, 3) for level, slope and sample."""
        u = SCALES[self.to].forward(x) - self.centre
        level = self.level.value + self.level.std * normal[:, 0]
        slope = self.slope.value + self.slope.std * normal[:, 1]
        return SCALES[self.back].backward(level + slope * u + self.scatter * normal[:, 2])


@stage("chain.collector", version=1, cites=("chen2026", "saltelli2010", "jcgm101"))
def collector(
    fluoride: Closure,
    kinetics: Closure,
    efficiency: Closure,
    *,
    coordinated_fraction: Annotated[Uncertain, Par("part of the anions that is coordinated at this collector", gt=0, lt=1)],
    porosity: Annotated[Uncertain, Par("porosity of the plated lithium", ge=0, lt=1)],
    energy_density_J_kg: Annotated[Uncertain, Par("energy density of the fresh pouch cell, as of pouch.energy", gt=0)],
    mean_voltage_V: Annotated[Uncertain, Par("mean discharge voltage of the fresh cell", gt=0)],
    hidden_reservoir: Annotated[
        Uncertain,
        Par(
            "lithium left on the collector by the cathode's first cycle, over the capacity",
            ge=0,
            source="irreversible first capacity of NCM811, 7 to 13 %; not stated",
            assumed=True,
        ),
    ] = RESERVOIR,
    excess: Annotated[float, Par("lithium on the collector at the start, over the capacity (N/P)", ge=0)] = 0.0,
    cycles: Annotated[int, Par("cycle at which the cell is looked at", ge=1)] = 100,
    current_density_A_m2: Annotated[
        float, Par("current density", gt=0, source="0.5C of 4.47 mAh/cm2 on each face", assumed=True)
    ] = 22.0,
    capacity_C_m2: Annotated[float, Par("areal capacity of one face", gt=0, source="as pouch.energy has it")] = 160e3,
    temperature_K: Annotated[float, Par("temperature", gt=0, source="25 °C; not stated", assumed=True)] = 298.15,
    draws: Annotated[int, Par("draws of the Monte-Carlo chain", ge=1000, le=1_000_000)] = 20_000,
    rng: np.random.Generator,
) -> Result:
    """The chain of one collector, from the sheath to the aged pouch cell, with the share of every link in what is open.

    coordinated fraction -> LiF share (closure) -> j0 (closure) -> overpotential (Butler-Volmer); LiF share -> efficiency
    (closure) -> retention R_N (lithium inventory with the hidden reservoir); porosity -> thickness d = q M/(F ρ (1 - P));
    e_N = e R_N (1 - η/V). The first three links are **empirical closures**: lines through the paper's three collectors, not
    physics; the fourth to the last are physics. A magnetic field enters nowhere, because at 10 mT it moves no link:
    a magnetised collector enters by what was measured on it.
    All inputs are drawn (normal, closures with their lines' own uncertainty and one sample's scatter); value is the median,
    std half of the central 68 %, low and high the central 90 %. `share_*` are total-effect indices: the part of an output's
    variance that would go if that link alone were known.
    *Valid when* the closures are used within the samples they were fitted to; that the chain gives a collector back that was
    among them proves nothing, and a check says so. *Source* total effects: Saltelli et al. 2010, table 2 (f); JCGM 101:2008.

    Raises
    ------
    ConfigError: a closure's quantities are out of place.
    """
    lines = {"fluoride": Line.of(fluoride), "kinetics": Line.of(kinetics), "efficiency": Line.of(efficiency)}
    for name, scale in (("fluoride", "logit"), ("kinetics", "log"), ("efficiency", "log_loss")):
        if (lines[name].to, lines[name].back) != ("logit", scale):
            raise ConfigError(f"needs the scales logit and {scale}", name, "x_scale and y_scale of chain.closure")
    given = {
        "coordinated_fraction": coordinated_fraction,
        "porosity": porosity,
        "hidden_reservoir": hidden_reservoir,
        "energy_density_J_kg": energy_density_J_kg,
        "mean_voltage_V": mean_voltage_V,
    }
    conditions = {
        "excess": excess,
        "cycles": cycles,
        "current": current_density_A_m2,
        "charge": capacity_C_m2,
        "kelvin": temperature_K,
    }

    def model(drawn: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return follow(drawn, lines, given, conditions)

    first, second = (_normals(rng, draws) for _ in range(2))
    base = model(first)
    estimates = {}
    for name, (unit, label, display) in OUTPUTS.items():
        values = base[name]
        low, high = interval(values, 0.9)
        inner = interval(values, 0.6826894921370859)
        estimates[name] = Estimate(
            float(np.median(values)), 0.5 * (inner[1] - inner[0]), unit, f"{label}{_when(name, cycles)}", display, low, high
        )
    shares = _total_effects(model, first, second, base)
    ends = {n: np.array([estimates[n].low, estimates[n].high]) for n in OUTPUTS}
    return Result.of(
        estimates,
        {
            "link": ("links", np.array([LINKS[n] for n in LINKS])),
            **{f"share_{n}": ("links", shares[n]) for n in OUTPUTS},
            **{f"interval_{n}": ("ends", v) for n, v in ends.items()},
        },
        [
            Check("closures", "warn", "three of the links are lines through three collectors, and no physics"),
            _inside(coordinated_fraction, fluoride),
        ],
    )


def _when(name: str, cycles: int) -> str:
    return f", cycle {cycles}" if name in ("retention", "energy_density") else ""


def _normals(rng: np.random.Generator, draws: int) -> dict[str, np.ndarray]:
    """Standard normal numbers of every link (draws, 3)."""
    return {name: rng.standard_normal((draws, 3)) for name in LINKS}


def follow(
    normal: dict[str, np.ndarray], lines: dict[str, Line], given: dict[str, Uncertain], at: dict[str, Any]
) -> dict[str, np.ndarray]:
    """The chain for drawn numbers (draws, 3) of each link; fractions are kept between 0 and 1."""

    def drawn(name: str, link: str, column: int = 0, low: float = 1e-6, high: float = np.inf) -> np.ndarray:
        return np.clip(given[name].value + given[name].std * normal[link][:, column], low, high)

    coordinated = drawn("coordinated_fraction", "sheath", high=1 - 1e-6)
    fluoride = np.clip(lines["fluoride"].at(coordinated, normal["fluoride"]), 1e-6, 1 - 1e-6)
    j0 = lines["kinetics"].at(fluoride, normal["kinetics"])
    lost = 1 - np.clip(lines["efficiency"].at(fluoride, normal["efficiency"]), 0.0, 1.0)
    eta = np.asarray(overpotential_V(at["current"], j0, 0.5, at["kelvin"]))
    reservoir = drawn("hidden_reservoir", "reservoir", low=0.0)
    kept = np.asarray(retention(1 - lost, at["excess"], reservoir, at["cycles"]))
    pores = drawn("porosity", "deposit", low=0.0, high=0.99)
    energy, volts = drawn("energy_density_J_kg", "cell"), drawn("mean_voltage_V", "cell", 1)
    return {
        "lif_fraction": fluoride,
        "j0": j0,
        "overpotential": eta,
        "loss_per_cycle": lost,
        "retention": kept,
        "deposit_thickness": np.asarray(thickness_m(dense_thickness_m(at["charge"]), pores)),
        "energy_density": energy * kept * np.clip(1 - eta / volts, 0.0, 1.0),
    }


def _total_effects(
    model: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]],
    first: dict[str, np.ndarray],
    second: dict[str, np.ndarray],
    base: dict[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """S_T of each link for each output: the mean of (f(A) - f(A with the link's numbers of B))²/2 over the variance."""
    variance = {n: max(float(np.var(v)), 1e-300) for n, v in base.items()}
    found: dict[str, list[float]] = {n: [] for n in OUTPUTS}
    for link in LINKS:
        moved = model({**first, link: second[link]})
        for name in OUTPUTS:
            found[name].append(float(np.mean((base[name] - moved[name]) ** 2)) / 2 / variance[name])
    return {n: np.array(v) for n, v in found.items()}


def _inside(coordinated: Uncertain, fluoride: Measurement) -> Check:
    low, high = float(fluoride["x"].min()), float(fluoride["x"].max())
    if not low <= coordinated.value <= high:
        return Check("range", "warn", f"the sheath lies outside of the samples ({low:.3g} to {high:.3g}): extrapolated")
    known = bool(np.any(np.isclose(fluoride["x"], coordinated.value, rtol=1e-3)))
    return Check.that(
        "range",
        not known,
        "the sheath lies between the samples of the closure",
        "this collector is one of those the closures were fitted to: that it comes out right is no prediction",
    )


@collector.plot
def draw(result: Result, ax: Axes) -> None:
    """Bars of the share of every link, one bar for each output, in the order of the chain."""
    sized(ax, 5.2, 3.4)
    links = [str(n) for n in result.curves["link"].values]
    names = [n for n in OUTPUTS if result.curves[f"share_{n}"].values.max() > 1e-9]
    place = np.arange(len(names))[::-1]
    left = np.zeros(len(names))
    colours = [*COLOURS, "#7f7f7f"]
    for k, link in enumerate(links):
        share = np.array([result.curves[f"share_{n}"].values[k] / result.curves[f"share_{n}"].values.sum() for n in names])
        ax.barh(place, share, left=left, color=colours[k % len(colours)], height=0.7, label=link)
        left += share
    ax.set_yticks(place, [f"{OUTPUTS[n][1]}\n{result.estimates[n]}" for n in names], fontsize=6)
    ax.set(xlabel="share of the links in what is open", xlim=(0, 1), ylim=(-0.6, len(names) + 1.6))
    ax.legend(ncols=2, fontsize=6, loc="upper center", handlelength=1.0, columnspacing=0.8)


@collector.demo
def demo(rng: np.random.Generator) -> Demo:
    """A collector whose every link is drawn from what the stage is told; its truth is what that draw gives."""
    closures = (_line("logit", 0.0, 1.5), _line("log", 1.6, 0.5), _line("log_loss", -4.5, -0.8))
    lines = {n: Line.of(c) for n, c in zip(("fluoride", "kinetics", "efficiency"), closures, strict=True)}
    given = {
        "coordinated_fraction": Uncertain(0.6, 0.03),
        "porosity": Uncertain(0.4, 0.05),
        "energy_density_J_kg": Uncertain(1.6e6, 4e4),
        "mean_voltage_V": Uncertain(3.85, 0.02),
        "hidden_reservoir": Uncertain(0.1, 0.03),
    }
    at = {"excess": 0.0, "cycles": 40, "current": 22.0, "charge": 160e3, "kelvin": 298.15}
    nature = follow(_normals(rng, 1), lines, given, at)
    truth = {n: float(nature[n][0]) for n in ("lif_fraction", "overpotential", "deposit_thickness", "retention")}
    return Demo(closures, truth, {**given, "cycles": 40, "draws": 2000})


def _line(y_scale: str, level: float, slope: float) -> Measurement:
    """A closure from a fraction, as a demo needs one."""
    line = {"centre": 0.0, "level": level, "level_std": 0.1, "slope": slope, "slope_std": 0.1, "scatter": 0.2}
    some = {"x": np.array([0.3, 0.5, 0.7]), "x_std": np.zeros(3), "y": np.full(3, 0.5), "y_std": np.zeros(3)}
    meta = {"x_name": "x", "y_name": "y", "x_scale": "logit", "y_scale": y_scale}
    return Measurement.of(CLOSURE, {**some, **{n: np.array([v]) for n, v in line.items()}}, meta, name="closure")
