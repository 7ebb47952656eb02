"""One slider: what stored runs say at its place, the points behind it, and a button that queues a missing place."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from nicegui import ui

from anodefree.app.reproduction import OF_SLIDERS
from anodefree.app.shell import card
from anodefree.app.slider_plot import plot
from anodefree.app.sliders import Read, Series, Slider, read
from anodefree.core.units import bare, parse, shown, unit_of
from anodefree.errors import ConfigError
from anodefree.study.typeset import parameter, quantity

STEPS: Final = 400
"""Places of a slider, evenly over the logarithm."""
SWEEP: Final = 9
"""Places of a whole range; only of what is done at once."""
Queue = Callable[[Slider, Sequence[float], "Series | None"], None]


class SliderPanel:
    """A slider with its series. `refresh` gives it what has been stored since."""

    def __init__(self, slider: Slider, found: Sequence[Series], queue: Queue) -> None:
        self.slider, self.found, self.queue = slider, list(found), queue
        self.chosen = 0
        self.x = self._first()
        self.waiting: set[float] = set()
        self.drawn = False
        name = slider.name
        with card(slider.title) as section:
            section.props(f"data-testid=slider-card-{name}")
            ui.label(slider.says).classes("af-soft")
            self.which = ui.select({}, label="Stored under these conditions", on_change=self._choose)
            self.which.props(f"dense outlined data-testid=series-{name}").classes("w-full").style("margin-top: .5em")
            label = f"{bare(slider.parameter).replace('_', ' ')}, from {parameter(slider.parameter, slider.low)} to "
            label += parameter(slider.parameter, slider.high)
            self.handle = ui.slider(min=0, max=STEPS, step=1, value=self._at(self.x), on_change=self._moved)
            self.handle.props(f'data-testid=slider-{name} aria-label="{label}"')
            with ui.element("div").classes("af-row"):
                self.entry = ui.input(bare(slider.parameter).replace("_", " "))
                self.entry.props(f"dense outlined data-testid=place-{name}").style("width: 11em")
                self.entry.on("keydown.enter", self._typed).on("blur", self._typed)
                self.compute = ui.button("Compute this place", on_click=self._queue)
                self.compute.props(f"outline dense no-caps data-testid=compute-{name}").style("padding: 0 .7em")
                self.sweep = ui.button(f"Compute {SWEEP} places over the range", on_click=self._queue_range)
                self.sweep.props(f"outline dense no-caps data-testid=sweep-{name}").style("padding: 0 .7em")
            self.value = (
                ui.label().props(f"data-testid=value-{name} aria-live=polite").style("font-weight: 600; margin-top: .4em")
            )
            self.how = ui.label().classes("af-soft").props(f"data-testid=how-{name}")
            self.picture = ui.html("", sanitize=False).classes("rp-plot").props(f"data-testid=plot-{name}")
            with ui.element("details") as self.list:
                with ui.element("summary").classes("af-soft"):
                    ui.label("Stored points").style("display: inline")
                self.points = ui.element("div").classes("af-row").style("gap: .2em .4em")
        self.refresh(found)

    @property
    def series(self) -> Series | None:
        """The series that is looked at."""
        return self.found[self.chosen] if self.found else None

    def refresh(self, found: Sequence[Series]) -> None:
        """Show what is stored now; the place stays where it is. Nothing is drawn anew where nothing has come."""
        if self.drawn and list(found) == self.found:
            return
        self.drawn = True
        before = self._behind()
        self.found = list(found)
        same = [i for i, s in enumerate(self.found) if before & {p.node for p in s.points}]
        self.chosen = same[0] if same else 0
        stored = {p.x for s in self.found for p in s.points}
        self.waiting = {x for x in self.waiting if not any(math.isclose(x, s, rel_tol=1e-9) for s in stored)}
        self.which.set_visibility(len(self.found) > 1)
        self.which.set_options({i: _conditions(s) for i, s in enumerate(self.found)}, value=self.chosen if self.found else None)
        self._list()
        self._show()

    def failed(self) -> None:
        """What was queued will not come."""
        self.waiting.clear()
        self._show()

    def _behind(self) -> set[str]:
        return {p.node for p in self.series.points} if self.series else set()

    def _first(self) -> float:
        series = self.series
        if series is None:
            return self._middle()
        inside = [p.x for p in series.points if self.slider.low <= p.x <= self.slider.high]
        return inside[len(inside) // 2] if inside else self._middle()

    def _middle(self) -> float:
        return float(f"{math.sqrt(self.slider.low * self.slider.high):.3g}")

    def _at(self, x: float) -> int:
        low, high = math.log(self.slider.low), math.log(self.slider.high)
        return min(STEPS, max(0, round(STEPS * (math.log(x) - low) / (high - low))))

    def _choose(self, event: Any) -> None:
        if event.value is not None and event.value != self.chosen and event.value < len(self.found):
            self.chosen = event.value
            self._list()
            self._show()

    def _moved(self, event: Any) -> None:
        """A place of the slider; the place that a person typed or chose stays exact where the handle follows it."""
        if event.value != self._at(self.x):
            self.x = self._place(event.value / STEPS)
            self._show()

    def _place(self, share: float) -> float:
        """So far along the slider, to the digits that tell it from the next place."""
        span = math.log(self.slider.high / self.slider.low)
        x = self.slider.low * math.exp(share * span)
        x = round(x, -math.floor(math.log10(x * span / STEPS)))
        return min(max(x, self.slider.low), self.slider.high)

    def _typed(self) -> None:
        text = str(self.entry.value or "")
        if text == parameter(self.slider.parameter, self.x):
            return
        try:
            x, _ = parse(text, unit_of(self.slider.parameter))
        except ConfigError:
            self._show()
            raise
        self._go(x)

    def _go(self, x: float) -> None:
        if not self.slider.low <= x <= self.slider.high:
            span = (
                f"{parameter(self.slider.parameter, self.slider.low)} to {parameter(self.slider.parameter, self.slider.high)}"
            )
            raise ConfigError(f"the slider goes from {span}", self.slider.title, "choose a place within")
        self.x = x
        self.handle.value = self._at(x)
        self._show()

    def _queue(self) -> None:
        self._compute([self.x])

    def _queue_range(self) -> None:
        self._compute([self._place(i / (SWEEP - 1)) for i in range(SWEEP)])

    def _compute(self, places: list[float]) -> None:
        self.queue(self.slider, places, self.series)
        self.waiting.update(places)
        self._show()

    def _show(self) -> None:
        series, told = self.series, self._told()
        self.entry.value = parameter(self.slider.parameter, self.x)
        place = parameter(self.slider.parameter, self.x)
        if series is None:
            self.value.text, self.how.text = "Nothing is stored yet.", f"Compute {place}, or recompute the paper."
        elif told is None:
            low, high = (parameter(self.slider.parameter, v) for v in series.range)
            span = f"from {low} to {high}" if len(series.points) > 1 else f"at {low} only"
            self.value.text = f"Not known at {place}."
            self.how.text = f"Stored {span}; nothing is extrapolated."
        else:
            name, factor = shown(series.unit)
            what = self.slider.shows.replace("_", " ")
            self.value.text = f"{what} = {quantity(told.y * factor, told.std * factor, name)}"
            behind = " and ".join(parameter(self.slider.parameter, p.x) for p in told.behind)
            self.how.text = (
                f"Interpolated between the stored points at {behind}."
                if told.interpolated
                else f"Stored at {place}: {_source(told.behind[0].node)}."
            )
        waits = any(math.isclose(self.x, w, rel_tol=1e-9) for w in self.waiting)
        slow = "" if self.slider.cheap else " (a minute or more)"
        exact = told is not None and not told.interpolated
        self.compute.text = f"{place} is queued" if waits else f"{place} is stored" if exact else f"Compute {place}{slow}"
        self.compute.set_enabled(not waits and not exact)
        self.sweep.set_visibility(self.slider.cheap and (series is None or len(series.points) < SWEEP) and not self.waiting)
        self.picture.content = plot(series, self.x, told) if series is not None else ""

    def _told(self) -> Read | None:
        try:
            return read(self.series, self.x) if self.series is not None else None
        except ConfigError:
            return None  # outside of what is stored

    def _list(self) -> None:
        self.points.clear()
        series = self.series
        self.list.set_visibility(series is not None)
        if series is None:
            return
        name, factor = shown(series.unit)
        with self.points:
            for p in series.points:
                text = f"{parameter(self.slider.parameter, p.x)}: {quantity(p.y * factor, p.std * factor, name)}"
                if self.slider.low <= p.x <= self.slider.high:
                    ui.button(text, on_click=lambda x=p.x: self._go(x)).props("flat dense no-caps size=sm")
                else:
                    ui.label(text).classes("af-soft")


def _source(node: str) -> str:
    """The run behind a point; one that a slider asked for by its study, whose labels are long."""
    return f"studies/{node.partition('/')[0]}.toml" if node.startswith(OF_SLIDERS) else node


def _conditions(series: Series) -> str:
    low, high = (parameter(series.slider.parameter, v) for v in series.range)
    count = len(series.points)
    span = f"{low} to {high}" if count > 1 else low
    first = series.points[0].node.partition("[")[0].rpartition("/")[2]
    return f"{first}: {count} point{'s' if count > 1 else ''}, {span}"
