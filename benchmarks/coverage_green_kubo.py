"""How honest the standard deviation of a Green-Kubo integral is, and how it shrinks with the length of the series.

    python benchmarks/coverage_green_kubo.py [series per row]

Series whose integral is known, of one to three decay times or an oscillation beside a decay, five components. For each length:
mean of integral over truth, scatter, mean standard deviation, share within two of them, and the frequencies of the fit.
"""

from __future__ import annotations

import math
import sys

import numpy as np
from scipy.signal import lfilter

from anodefree.numerics.green_kubo import integral_of_autocorrelation

COMPONENTS = 5
DECAYS = {
    "one decay": ((8, 1.0),),
    "two decays": ((4, 0.8), (30, 0.2)),
    "three decays": ((3, 0.7), (15, 0.25), (60, 0.05)),
    "oscillation and decay": ((10, 0.2),),
}
PERIOD, DAMPED = 25, 20


def decaying(rng: np.random.Generator, count: int, decay: float) -> tuple[np.ndarray, float]:
    """A series of variance one that forgets exponentially, and its integral."""
    keep = math.exp(-1 / decay)
    noise = math.sqrt(1 - keep**2) * rng.standard_normal((count + int(20 * decay), COMPONENTS))
    return lfilter([1], [1, -keep], noise, axis=0)[-count:], (1 + keep) / (1 - keep) / 2


def oscillating(rng: np.random.Generator, count: int) -> tuple[np.ndarray, float]:
    """A damped oscillation of variance one, and its integral."""
    keep, turn = math.exp(-1 / DAMPED), 2 * math.pi / PERIOD
    once, twice = 2 * keep * math.cos(turn), -(keep**2)
    series = lfilter([1], [1, -once, -twice], rng.standard_normal((count + 500, COMPONENTS)), axis=0)[-count:]
    variance = (1 - twice) / ((1 + twice) * ((1 - twice) ** 2 - once**2))
    return series / math.sqrt(variance), 0.5 / (1 - once - twice) ** 2 / variance


def main(draws: int = 200) -> None:
    """A row for each kind and length."""
    print(f"{'':24}{'length':>8}{'mean':>7}{'scatter':>9}{'std':>7}{'in 2 std':>10}{'modes':>7}")
    for kind, parts in DECAYS.items():
        for count in (3_000, 10_000, 100_000):
            found = []
            for seed in range(draws):
                rng = np.random.default_rng(seed)
                flux, truth = np.zeros((count, COMPONENTS)), 0.0
                rest = 1.0 - sum(share for _, share in parts)
                for decay, share in parts:
                    series, integral = decaying(rng, count, decay)
                    flux, truth = flux + math.sqrt(share) * series, truth + share * integral
                if rest > 1e-9:
                    series, integral = oscillating(rng, count)
                    flux, truth = flux + math.sqrt(rest) * series, truth + rest * integral
                got = integral_of_autocorrelation(flux, 1.0)
                found.append((got.integral / truth, got.std / truth, got.modes))
            value, std, modes = np.array(found).T
            inside = np.mean(np.abs(value - 1) <= 2 * std)
            print(
                f"{kind:24}{count:8}{value.mean():7.3f}{value.std():9.3f}{std.mean():7.3f}{inside:10.2f}{np.median(modes):7.0f}"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
