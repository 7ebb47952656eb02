"""When a run saves its state: early at first, so that there is soon something to see, then ever more seldom."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

FIRST_S: Final = 0.5
SHARE: Final = 0.02
"""Of a run's time at most, as far as the longest wait allows, is spent on saving."""


class Saving:
    """Asked at every step whether a save is due, and told when it is done. Waits double, up to the longest."""

    def __init__(self, longest_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._longest_s, self._clock = longest_s, clock
        self._wait_s = min(FIRST_S, longest_s)
        self._began = self._last = clock()

    def due(self) -> bool:
        """Whether to save now."""
        self._began = self._clock()
        return self._began - self._last >= self._wait_s

    def done(self) -> None:
        """The save that was due is written: the next one waits longer, and the longer the more this one took."""
        self._last = self._clock()
        self._wait_s = min(max(2 * self._wait_s, (self._last - self._began) / SHARE), self._longest_s)
