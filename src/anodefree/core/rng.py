"""Random streams that depend on content only: the seed and the key, never on order, thread or machine."""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, key: str) -> np.random.Generator:
    """The generator of the work named `key` under `seed` (Philox: counter-based, identical on every platform)."""
    words = np.frombuffer(hashlib.sha256(f"{seed}:{key}".encode()).digest(), dtype=np.uint32)
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([int(w) for w in words])))
