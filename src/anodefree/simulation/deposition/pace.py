"""How long a run will still take, judged by its own pace."""

from __future__ import annotations

import time
from collections.abc import Callable

FORGETS_S = 60.0
"""The pace is that of about the last minute: steps become longer and shorter as a run goes on."""


class Pace:
    """Told how far the run is, it says how much longer it takes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._marks: list[tuple[float, float]] = []

    def left(self, done: float) -> str:
        """The time to the end, as words; empty until there is something to judge by."""
        now = self._clock()
        if not self._marks or now - self._marks[-1][0] >= FORGETS_S / 6:
            late = [m for m in self._marks if now - m[0] <= FORGETS_S]
            self._marks = [*(late or self._marks[-1:]), (now, done)]
        since, before = self._marks[0]  # of a resumed run not before it was: that was no work of this minute
        if now - since < 1 or done <= before:
            return ""
        return f", {_told((1 - done) * (now - since) / (done - before))} left"


def _told(seconds: float) -> str:
    for size, unit in ((86_400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 1.5 * size:
            return f"about {seconds / size:.2g} {unit}"
    return f"about {max(1, round(seconds))} s"
