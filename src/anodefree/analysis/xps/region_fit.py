"""One region of photoelectrons fitted at one or many depths: components and background together, positions and widths shared.

    f(E) = F(E) + b0 + b1 x + Σ_k A_k [s_k(E) + κ (M s_k)(E)],   x = (E - middle)/(half of the range)

with lines s_k of unit area at E_k + δ_k + shift and the background's matrix M; F is 0, or a Shirley background that was taken
off before, as most programs do (then b0 and b1 are 0). Knowledge from outside enters as data: a
component's position δ_k, the shift, how alike the widths are, and the Lorentzian part each have a normal prior.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from anodefree.core.uncertain import Uncertain
from anodefree.errors import NumericalError
from anodefree.numerics.core_level_shapes import Background, Shape, background_matrix, line, on_grid, static_shirley
from anodefree.numerics.fitting import fit
from anodefree.physics.core_levels import Component

MIXING_PRIOR: Final = Uncertain(0.3, 0.15)
WIDTH_RANGE_eV: Final = (0.3, 5.0)
ASYMMETRY_MOST: Final = 0.5
STRENGTH_MOST: Final = {"shirley": 1.0, "tougaard_u2": 20.0, "tougaard_u3": 5.0, "linear": 1e-9, "shirley_static": 1e-9}
"""Shirley: part of the electrons that lose energy, in each eV. Tougaard: losses per electron of a solid are about 1."""
_STEP: Final = 1e-4
LEVEL_SHIFT_STD_eV: Final = 0.2


@dataclass(frozen=True)
class Setting:
    """What is held fixed while one model is fitted."""

    components: tuple[Component, ...]
    shape: Shape
    background: Background
    shift_eV: Uncertain
    width_eV: float
    """Where the search for the common width begins."""
    width_spread: float
    """Relative standard deviation between the widths of components; 0 holds them equal."""
    mixing: float | None = None

    @property
    def asymmetric(self) -> bool:
        """Whether a component is a metal with a Doniach-Sunjic tail."""
        return any(c.metal for c in self.components)


@dataclass(frozen=True)
class RegionFit:
    """The best fit of one model. K components, L levels, n energies."""

    setting: Setting
    names: tuple[str, ...]
    values: np.ndarray
    covariance: np.ndarray
    area: np.ndarray
    """(L, K), counts eV."""
    position_eV: np.ndarray
    """(K,), as measured at the mean shift."""
    width_eV: np.ndarray
    lines: np.ndarray
    """(L, K, n), counts of each component above the background."""
    background: np.ndarray
    """(L, n)."""
    chi2: float
    """Of the data alone."""
    dof: int
    penalty: float
    at_bound: tuple[str, ...]
    converged: bool

    @property
    def chi2_reduced(self) -> float:
        """Squared residuals per degree of freedom, in units of the counting noise."""
        return self.chi2 / self.dof

    @property
    def shift_eV(self) -> float:
        """The common shift of the energies."""
        return float(self.values[self.index("shift")][0])

    def index(self, kind: str) -> np.ndarray:
        """Where the parameters of a kind stand."""
        return np.array([i for i, n in enumerate(self.names) if n.split(":")[0] == kind], dtype=int)


class _Model:
    """Parameters as one vector -> weighted residuals and derivatives."""

    def __init__(self, setting: Setting, energy_eV: np.ndarray, counts: np.ndarray) -> None:
        self.setting, self.e, self.y = setting, energy_eV, counts
        self.levels, self.k = len(counts), len(setting.components)
        c = setting.components
        static = setting.background == "shirley_static"
        self.fixed = np.array([static_shirley(energy_eV, y, ends=1) if static else np.zeros_like(y) for y in counts])
        names = [f"delta:{i}" for i in range(self.k)] + ["shift"]
        names += [f"level_shift:{i}" for i in range(self.levels)] if self.levels > 1 else []
        names += ["width"] + [f"eta:{i}" for i in range(self.k)] + ["mixing", "strength"]
        names += ["asymmetry"] if setting.asymmetric else []
        self.shared = len(names)
        for level in range(self.levels):
            names += [f"area:{level}:{i}" for i in range(self.k)] + [f"b0:{level}", f"b1:{level}"]
        self.names = tuple(names)
        self.at = {n: i for i, n in enumerate(names)}
        self.expected = np.array([x.position_eV for x in c])
        self.splitting = np.array([x.splitting_eV for x in c])
        self.ratio = np.array([x.ratio for x in c])
        self.matrix = background_matrix(setting.background, energy_eV)
        middle = 0.5 * (energy_eV[0] + energy_eV[-1])
        self.x = (energy_eV - middle) / (0.5 * (energy_eV[-1] - energy_eV[0]))
        self.sigma = np.sqrt(np.maximum(_smoothed(counts), 1.0))
        self.most = max(float(counts.sum(axis=1).max()) * float(np.gradient(energy_eV).mean()) * 3, 1.0)
        prior = {i: mean_std for i, n in enumerate(names) if (mean_std := self._prior(n)) is not None}
        self.prior_at = np.array(list(prior))
        self.prior_mean, self.prior_std = np.array(list(prior.values())).T

    def _prior(self, name: str) -> tuple[float, float] | None:
        """What is known of a parameter before the fit: mean and standard deviation; None where nothing is."""
        setting, (kind, _, which) = self.setting, name.partition(":")
        if kind == "delta":
            return 0.0, setting.components[int(which)].std_eV
        if kind == "eta":
            own = setting.components[int(which)].width_std
            return 0.0, max(setting.width_spread if own is None else own, 1e-3)
        if kind == "shift":
            return setting.shift_eV.value, max(setting.shift_eV.std, 1e-3)
        if kind == "level_shift":
            return 0.0, LEVEL_SHIFT_STD_eV
        if kind == "mixing":
            return (MIXING_PRIOR.value, MIXING_PRIOR.std) if setting.mixing is None else (setting.mixing, 1e-4)
        if kind == "strength":
            return 0.0, STRENGTH_MOST[setting.background] if self.matrix.any() else 1e-3
        if kind == "asymmetry":
            return 0.0, ASYMMETRY_MOST
        if kind == "area":  # so weak that it says nothing, but a line outside the window stays determined
            return 0.0, self.most
        if kind in ("b0", "b1") and setting.background == "shirley_static":
            return 0.0, 1e-2
        return None

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        low, high = np.full(len(self.names), -np.inf), np.full(len(self.names), np.inf)
        width = self.e[-1] - self.e[0]
        for i, name in enumerate(self.names):
            kind = name.split(":")[0]
            low[i], high[i] = {
                "delta": (-4.0, 4.0),
                "shift": (-width, width),
                "level_shift": (-3.0, 3.0),
                "width": WIDTH_RANGE_eV,
                "eta": (-1.0, 1.0),
                "mixing": (0.0, 0.98),
                "strength": (0.0, STRENGTH_MOST[self.setting.background]),
                "asymmetry": (0.0, ASYMMETRY_MOST),
                "area": (0.0, self.most),
                "b0": (-1e9, 1e9),
                "b1": (-1e9, 1e9),
            }[kind]
        return low, high

    def start(self, shift_eV: float) -> np.ndarray:
        """A start at a shift: areas and background by non-negative least squares there."""
        from scipy.optimize import nnls

        values = np.zeros(len(self.names))
        values[self.at["shift"]] = shift_eV
        values[self.at["width"]] = self.setting.width_eV
        values[self.at["mixing"]] = MIXING_PRIOR.value if self.setting.mixing is None else self.setting.mixing
        values[self.at["strength"]] = min(0.02 if self.setting.background == "shirley" else 0.8, self._most())
        if self.setting.asymmetric:
            values[self.at["asymmetry"]] = 0.1
        columns = self.columns(values)
        flat = np.array([np.ones_like(self.x), 0.5 * (1 - self.x), 0.5 * (1 + self.x)])
        for level in range(self.levels):
            design = np.concatenate([columns[level], flat]).T / self.sigma[level][:, None]
            scale = np.sqrt((design**2).sum(axis=0)) + 1e-300
            found = nnls(design / scale, (self.y - self.fixed)[level] / self.sigma[level])[0] / scale
            values[self._own(level)] = [
                *found[: self.k],
                found[self.k] + 0.5 * found[self.k + 1 :].sum(),
                0.5 * (found[-1] - found[-2]),
            ]
        return values

    def _most(self) -> float:
        return STRENGTH_MOST[self.setting.background]

    def _own(self, level: int) -> slice:
        first = self.shared + level * (self.k + 2)
        return slice(first, first + self.k + 2)

    def shapes(self, values: np.ndarray, nudge: str = "") -> np.ndarray:
        """Lines of unit area (L, K, n), with one of their arguments a little larger."""
        v = {n: values[i] for n, i in self.at.items() if i < self.shared}
        deltas = np.array([v[f"delta:{i}"] for i in range(self.k)])
        etas = np.array([v[f"eta:{i}"] for i in range(self.k)])
        shifts = np.array([v.get(f"level_shift:{i}", 0.0) for i in range(self.levels)]) + v["shift"]
        position = self.expected + deltas + shifts[:, None] + (_STEP if nudge == "position" else 0.0)
        width = (v["width"] * np.exp(etas) * (1 + (_STEP if nudge == "width" else 0.0)))[:, None]
        mixing = np.array(v["mixing"] + (_STEP if nudge == "mixing" else 0.0))
        asymmetry = v.get("asymmetry", 0.0) + (_STEP if nudge == "asymmetry" else 0.0)
        away = self.e - position[..., None]
        out = self._lines(away, width, mixing, asymmetry)
        if self.ratio.any():
            second = self._lines(away - self.splitting[:, None], width, mixing, asymmetry)
            out = (out + self.ratio[:, None] * second) / (1 + self.ratio[:, None])
        return out

    def _lines(self, away: np.ndarray, width: np.ndarray, mixing: np.ndarray, asymmetry: float) -> np.ndarray:
        metal = [c.metal for c in self.setting.components]
        if not any(metal):
            return line(self.setting.shape, away, width, mixing)
        out = np.empty_like(away)
        for i, is_metal in enumerate(metal):
            if is_metal:
                out[:, i] = on_grid(line("doniach_sunjic", away[:, i], width[i], mixing, asymmetry), self.e)
            else:
                out[:, i] = line(self.setting.shape, away[:, i], width[i], mixing)
        return out

    def with_background(self, shapes: np.ndarray, strength: float) -> np.ndarray:
        return shapes + strength * (shapes @ self.matrix.T)

    def columns(self, values: np.ndarray) -> np.ndarray:
        """What one count eV of each component adds to the spectrum (L, K, n)."""
        return self.with_background(self.shapes(values), values[self.at["strength"]])

    def parts(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Areas (L, K), lines (L, K, n) in counts, and the whole background (L, n)."""
        own = np.array([values[self._own(level)] for level in range(self.levels)])
        area, b0, b1 = own[:, : self.k], own[:, -2, None], own[:, -1, None]
        lines = area[..., None] * self.shapes(values)
        loss = self.fixed + values[self.at["strength"]] * (lines.sum(axis=1) @ self.matrix.T)
        return area, lines, b0 + b1 * self.x + loss

    def __call__(self, many: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        pairs = [self._one(v) for v in many]
        return np.array([r for r, _ in pairs]), np.array([j for _, j in pairs])

    def _one(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        n, strength = len(self.e), values[self.at["strength"]]
        shapes = self.shapes(values)
        columns = self.with_background(shapes, strength)
        own = np.array([values[self._own(level)] for level in range(self.levels)])
        area = own[:, : self.k, None]
        jac = np.zeros((self.levels, n, len(self.names)))

        def along(nudge: str) -> np.ndarray:
            """Derivative of each component's counts (L, K, n)."""
            return area * self.with_background((self.shapes(values, nudge) - shapes) / _STEP, strength)

        moved, wider, mixed = along("position"), along("width"), along("mixing").sum(axis=1)
        for i in range(self.k):
            jac[:, :, self.at[f"delta:{i}"]] = moved[:, i]
            jac[:, :, self.at[f"eta:{i}"]] = wider[:, i]
        jac[:, :, self.at["shift"]] = moved.sum(axis=1)
        jac[:, :, self.at["width"]] = wider.sum(axis=1) / values[self.at["width"]]
        jac[:, :, self.at["mixing"]] = mixed
        jac[:, :, self.at["strength"]] = (area * (shapes @ self.matrix.T)).sum(axis=1)
        if self.setting.asymmetric:
            jac[:, :, self.at["asymmetry"]] = along("asymmetry").sum(axis=1)
        for level in range(self.levels):
            if self.levels > 1:
                jac[level, :, self.at[f"level_shift:{level}"]] = moved[level].sum(axis=0)
            jac[level, :, self._own(level)] = np.concatenate([columns[level], np.ones((1, n)), self.x[None]]).T
        whole = self.fixed + (area * columns).sum(axis=1) + own[:, -2, None] + own[:, -1, None] * self.x
        residuals = ((whole - self.y) / self.sigma).ravel()
        weighted = (jac / self.sigma[:, :, None]).reshape(-1, len(self.names))
        prior = (values[self.prior_at] - self.prior_mean) / self.prior_std
        prior_jac = np.zeros((len(prior), len(self.names)))
        prior_jac[np.arange(len(prior)), self.prior_at] = 1 / self.prior_std
        return np.concatenate([residuals, prior]), np.concatenate([weighted, prior_jac])


def _smoothed(counts: np.ndarray) -> np.ndarray:
    """Mean of each point and its two neighbours on either side: the expected counts, for weights."""
    padded = np.pad(counts, [(0, 0), (2, 2)], mode="edge")
    return np.mean([padded[:, i : i + counts.shape[1]] for i in range(5)], axis=0)


def best_shifts(setting: Setting, energy_eV: np.ndarray, counts: np.ndarray) -> list[tuple[float, float]]:
    """Shifts [eV] at which the components fit best, each with its cost (half of chi2, prior included); the best first."""
    model = _Model(setting, energy_eV, counts.mean(axis=0, keepdims=True))
    reach = min(3 * setting.shift_eV.std, 12.0)
    grid = setting.shift_eV.value + np.arange(-reach, reach + 0.1, 0.25)
    cost = []
    for shift in grid:
        residuals, _ = model(model.start(float(shift))[None])
        cost.append(0.5 * float(residuals[0] @ residuals[0]))
    order = [i for i in np.argsort(cost) if _is_lowest(cost, int(i))]
    return [(float(grid[i]), float(cost[i])) for i in order]


def _is_lowest(cost: Sequence[float], i: int) -> bool:
    return all(cost[i] <= cost[j] for j in (i - 1, i + 1) if 0 <= j < len(cost))


def fit_region(
    setting: Setting, energy_eV: np.ndarray, counts: np.ndarray, start_shift_eV: float, near: RegionFit | None = None
) -> RegionFit:
    """The components and the background at once; the noise is that of counting, from the fit itself in the second round.

    Raises
    ------
    NumericalError: no finite fit is found.
    """
    model = _Model(setting, energy_eV, counts)
    low, high = model.bounds()
    values = model.start(start_shift_eV)
    if near is not None and near.names == model.names:
        for kind in ("delta", "shift", "level_shift", "width", "eta"):
            values[near.index(kind)] = near.values[near.index(kind)]
    straight = np.zeros(len(values), dtype=bool)
    try:
        for steps in (60, 60):
            found = fit(
                model, np.clip(values, low, high)[None], low, high, straight, absolute=True, steps=steps, tolerance=1e-6
            )
            values = found.values
            area, lines, background = model.parts(values)
            model.sigma = np.sqrt(np.maximum(lines.sum(axis=1) + background, 1.0))
    except (ValueError, np.linalg.LinAlgError) as error:
        raise NumericalError(
            f"the fit does not converge ({error})", setting.background, "are the components in the range?"
        ) from error
    residuals = found.residuals
    n = counts.size
    v = {name: values[i] for name, i in model.at.items()}
    etas = np.array([v[f"eta:{i}"] for i in range(model.k)])
    deltas = np.array([v[f"delta:{i}"] for i in range(model.k)])
    level_shift = np.mean([v.get(f"level_shift:{i}", 0.0) for i in range(model.levels)])
    own = ("area", "b0", "b1", "width") + (("strength",) if model.matrix.any() else ())
    free = sum(name.split(":")[0] in own for name in model.names)
    return RegionFit(
        setting=setting,
        names=model.names,
        values=values,
        covariance=found.covariance,
        area=area,
        position_eV=model.expected + deltas + v["shift"] + level_shift,
        width_eV=v["width"] * np.exp(etas),
        lines=lines,
        background=background,
        chi2=float(residuals[:n] @ residuals[:n]),
        dof=max(n - free, 1),
        penalty=float(residuals[n:] @ residuals[n:]),
        at_bound=tuple(name for name, hit in zip(model.names, found.at_bound, strict=True) if hit),
        converged=found.converged,
    )


def with_scale(fit: RegionFit, scale: float) -> RegionFit:
    """The same fit with its covariance scaled, for data that scatter more than counting does."""
    return replace(fit, covariance=fit.covariance * scale)
