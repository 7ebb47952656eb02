"""An anion's band -> shares of its species: each number of bands weighed by evidence, the axis' error inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.special import logsumexp

from anodefree.analysis.raman.band_model import BandModel, Spectrum, axis_shift, names, resampled
from anodefree.analysis.raman.posterior import Mode, mode_of, samples_of, walked
from anodefree.physics.anion_bands import Anion, Species

NEGLIGIBLE: Final = 7.0
"""A model whose evidence is smaller by this many e-folds is not sampled."""
DRAWS: Final = 600
SAMPLES: Final = 800
WANTED: Final = 300.0
FEW: Final = 120.0
"""Weighted draws that are worth fewer equal ones are walked on from."""
_SAME: Final = 0.3
SPIKE: Final = 6.0
_SPIKES: Final = 0.1


@dataclass(frozen=True)
class Band:
    """What a model found: its parameters' samples, and the logarithm of its evidence."""

    model: BandModel
    mode: Mode
    log_evidence: float

    @property
    def name(self) -> str:
        """Its species."""
        return names(self.model.species)


@dataclass(frozen=True)
class Draws:
    """Draws (s,) of the shares by area, each as likely as any other; NaN where the drawn model does not tell CIP from AGG."""

    free: np.ndarray
    cip: np.ndarray
    agg: np.ndarray
    position_per_cm: np.ndarray
    width_per_cm: np.ndarray
    area: np.ndarray
    shift_per_cm: np.ndarray


@dataclass(frozen=True)
class Speciation:
    """What a spectrum says of an anion's species: draws over all candidates, the candidates, and the best of them."""

    drawn: Draws
    candidates: tuple[Band, ...]
    whole: Band
    """The candidate that has room for every species: the shares come from it."""
    parameters: np.ndarray
    """Equally likely parameters (s, d) of it."""
    probability: np.ndarray
    """Of each candidate."""
    spectrum: Spectrum
    """Without the points that spikes took."""
    spikes: int
    effective: float
    best: tuple[np.ndarray, np.ndarray, np.ndarray]
    """Bands (k, n), background (n,) beside the mean one, and residuals (n,) at the mode of the whole candidate."""
    single: float
    """ln of the odds of one band alone against the best candidate."""

    @property
    def resolved(self) -> float:
        """The probability of the candidates that tell CIP from AGG."""
        return float(sum(p for p, c in zip(self.probability, self.candidates, strict=True) if _tells(c.model.species)))


def candidates_of(anion: Anion) -> tuple[tuple[Species, ...], ...]:
    """What a spectrum may hold: two bands, three, or one alone.

    Fewer bands claim that a species is absent to the last ion, or that CIP and AGG are one. No spectrum shows that: they are
    weighed as evidence for telling CIP from AGG, while the shares come from the candidate that has room for every species.
    """
    free = anion.species[0]
    return (anion.species, (free, anion.coordinated), (free,), (anion.coordinated,))


def decompose(
    spectrum: Spectrum,
    anion: Anion,
    axis_std_per_cm: float,
    rng: np.random.Generator,
    *,
    width_ratio_std: float = 0.05,
    fixed: tuple[Species, ...] | None = None,
) -> Speciation:
    """Shares of an anion's species and what else the band says; `fixed` allows one set of species only."""
    wanted = (fixed,) if fixed else candidates_of(anion)
    spectrum, spikes, noise = _without_spikes(spectrum, anion, axis_std_per_cm)
    models = [BandModel(s, axis_std_per_cm, anion.width_per_cm, width_ratio_std, spectrum, noise) for s in wanted]
    modes = [_modes(m) for m in models]
    prior = np.array([-np.log(sum(len(w) == len(s) for w in wanted)) for s in wanted])
    first = np.array([m[0].log_evidence for m in modes]) + prior
    bands, draws, effective = [], [], np.inf
    sampled = np.array([len(m.species) > 1 for m in models])
    for model, mode, p0, estimate, wide in zip(models, modes, prior, first, sampled, strict=True):
        if not wide or (estimate < first[sampled].max() - NEGLIGIBLE and not whole_set(model.species, anion)):
            bands.append(Band(model, mode[0], float(estimate)))
            draws.append(np.empty((0, len(mode[0].at))))
            continue
        found = samples_of(model.log_density, mode, rng, SAMPLES, WANTED)
        bands.append(Band(model, mode[0], found.log_evidence + float(p0)))
        if found.effective < FEW and len(model.species) > 2:
            found = walked(model.log_density, found, model.starts()[1], rng)
        draws.append(found.values[resampled(found.weights, DRAWS, rng)])
        if whole_set(model.species, anion):
            effective = found.effective
    log = np.array([b.log_evidence if len(d) else -np.inf for b, d in zip(bands, draws, strict=True)])
    probability = np.exp(log - logsumexp(log))
    chosen = next(k for k, b in enumerate(bands) if fixed or whole_set(b.model.species, anion))
    best = bands[chosen]
    single = float(max((b.log_evidence for b in bands if len(b.model.species) == 1), default=-np.inf) - log.max())
    lines, background = best.model.fit(best.mode.at)
    residual = spectrum.y - lines.sum(axis=0) - background
    return Speciation(
        Draws(*_drawn(best.model, draws[chosen], rng)),
        candidates=tuple(bands),
        whole=best,
        parameters=draws[chosen],
        probability=probability,
        spectrum=spectrum,
        spikes=spikes,
        effective=float(effective),
        best=(lines, background, residual),
        single=single,
    )


def _modes(model: BandModel) -> list[Mode]:
    """The places of high density that differ, the highest first; none that lies negligibly low."""
    starts, scale = model.starts()
    found = sorted((mode_of(model, start, scale) for start in starts), key=lambda m: -m.log_density)
    kept = found[:1]
    for mode in found[1:]:
        near = any(float(np.abs((mode.at - k.at) / scale).max()) < _SAME for k in kept)
        if not near and mode.log_evidence > kept[0].log_evidence - NEGLIGIBLE:
            kept.append(mode)
    return kept


def whole_set(species: Sequence[Species], anion: Anion) -> bool:
    """Whether a candidate has room for every species of the anion."""
    return len(species) == len(anion.species)


def _drawn(model: BandModel, p: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Free, CIP, AGG, position, width, area and shift of each row of parameters."""
    position, share, _, _ = model.unpack(p)
    column = {s.name: share[:, k] for k, s in enumerate(model.species)}
    free = column.get("free", np.zeros(len(p)))
    gap = np.full(len(p), np.nan)
    tells = _tells(model.species)
    shift = axis_shift(model, position, rng)
    place, fwhm, height = _outline(model, p)
    return free, column["CIP"] if tells else gap, column["AGG"] if tells else gap, place - shift, fwhm, height, shift


def _outline(model: BandModel, p: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the sum of the bands is highest [1/cm], its width at half of that, and its area, for each set of parameters."""
    from anodefree.numerics.compiled.band_sum import band_sum

    position, share, width, lorentzian = model.unpack(p)
    reach = 1.5 * float(width.max())
    x = np.linspace(float(position.min()) - reach, float(position.max()) + reach, 400)
    sums = np.empty((len(p), len(x)))
    band_sum(x, np.ascontiguousarray(position), share, np.ascontiguousarray(width), lorentzian, sums)
    top = sums.argmax(axis=1)
    step = float(x[1] - x[0])
    inner = np.clip(top, 1, len(x) - 2)
    rows = np.arange(len(p))
    left, mid, right = sums[rows, inner - 1], sums[rows, inner], sums[rows, inner + 1]
    bend = left - 2 * mid + right
    place = x[inner] + np.where(bend < 0, 0.5 * step * (left - right) / np.where(bend < 0, bend, 1), 0.0)
    above = (sums > 0.5 * sums.max(axis=1, keepdims=True)).sum(axis=1) * step
    return place, above, model.area(p)


def _without_spikes(spectrum: Spectrum, anion: Anion, axis_std_per_cm: float) -> tuple[Spectrum, int, float]:
    """The spectrum without points that stand far off what three bands can follow (cosmic rays), how many, and the noise."""
    noise, taken = _noise(spectrum.y), 0
    most = max(1, int(_SPIKES * len(spectrum.y)))
    for _ in range(3):
        model = BandModel(anion.species, axis_std_per_cm, anion.width_per_cm, 0.0, spectrum, noise)
        residual = model.residuals(_modes(model)[0].at[None])[0, : len(spectrum.y)]
        size = 1.4826 * float(np.median(np.abs(residual)))
        noise = max(
            float(np.sqrt(np.mean(np.clip(residual, -3 * size, 3 * size) ** 2))), 1e-12 * float(np.abs(spectrum.y).max())
        )
        keep = residual < SPIKE * max(size, 1e-300)
        if keep.all() or taken + int(np.sum(~keep)) > most:
            break
        taken += int(np.sum(~keep))
        spectrum = replace(
            spectrum,
            x_per_cm=spectrum.x_per_cm[keep],
            y=spectrum.y[keep],
            columns=spectrum.columns[keep],
            weight=spectrum.weight[keep],
        )
    return spectrum, taken, noise


def _noise(y: np.ndarray) -> float:
    return max(float(np.median(np.abs(np.diff(y, 2)))) / (0.6745 * np.sqrt(6)), 1e-9 * float(np.abs(y).max()))


def _tells(species: Sequence[Species]) -> bool:
    return {"CIP", "AGG"} <= {s.name for s in species}
