"""Scales in which an empirical line may be straight: linear, log, logit of a part, log of what an efficiency lacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

Scale = Literal["linear", "log", "logit", "log_loss"]


@dataclass(frozen=True)
class Transform:
    """A scale: forward, backward, and its derivative, by which a standard deviation is carried over."""

    forward: Callable[[np.ndarray], np.ndarray]
    backward: Callable[[np.ndarray], np.ndarray]
    derivative: Callable[[np.ndarray], np.ndarray]
    low: float
    high: float
    """Open limits of what it takes."""


SCALES: Final[dict[str, Transform]] = {
    "linear": Transform(np.asarray, np.asarray, np.ones_like, -np.inf, np.inf),
    "log": Transform(np.log, np.exp, lambda v: 1 / v, 0.0, np.inf),
    "logit": Transform(lambda v: np.log(v / (1 - v)), lambda u: 1 / (1 + np.exp(-u)), lambda v: 1 / (v * (1 - v)), 0.0, 1.0),
    "log_loss": Transform(lambda v: np.log(1 - v), lambda u: 1 - np.exp(u), lambda v: 1 / (1 - v), -np.inf, 1.0),
}
