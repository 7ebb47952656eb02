"""The form of a stage as widgets: each field says its unit and meaning, and what is wrong with it as one types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from nicegui import ui

from anodefree.app.form import NONE, Field, entered, fields, text_of
from anodefree.registry import Stage

STYLE: Final = """
.af-form .q-field__bottom{position:static;transform:none;min-height:0;padding:2px 0 0}
.af-form .q-field--with-bottom{padding-bottom:0}
.af-form .q-field__messages{line-height:1.3;overflow-wrap:anywhere}
.af-form .q-field{width:100%}
.af-form .af-hint{font-size:11px;line-height:1.3;color:var(--af-soft);margin:-4px 0 0}
.body--dark .af-form .q-field__suffix,.body--dark .af-form .q-field__messages{color:var(--af-soft)}
.body--dark .af-form .text-negative .q-field__messages,.body--dark .af-form .q-field--error .q-field__messages
{color:var(--af-bad)}
"""
FEW: Final = 6
"""Parameters with a default that are shown at once; more stay folded away."""


class Form:
    """The widgets of one stage in the current slot; `changed` is called when a value does."""

    def __init__(self, stage: Stage, changed: Callable[[], None], values: Mapping[str, Any] | None = None) -> None:
        self.fields = fields(stage)
        self._widgets: dict[str, Any] = {}
        self._changed = changed
        needed = [f for f in self.fields if f.parameter.required]
        rest = [f for f in self.fields if not f.parameter.required]
        started = {f.name: _shown(f, (values or {}).get(f.name)) for f in self.fields}
        with ui.element("div").classes("af-form w-full flex flex-col gap-3"):
            for field in needed:
                self._draw(field, started[field.name])
            if len(rest) > FEW:
                many = (
                    ui.expansion(f"{len(rest)} parameters with a default").classes("w-full").props("dense data-testid=defaults")
                )
                with many, ui.element("div").classes("flex flex-col gap-3 w-full"):
                    self._draw_all(rest, started)
                if values:
                    many.open()
            else:
                self._draw_all(rest, started)
        if not self.fields:
            ui.label("It has no parameters.").classes("af-soft")

    @property
    def parameters(self) -> dict[str, Any]:
        """What the study file holds: only what differs from the defaults.

        Raises
        ------
        ConfigError: all that is wrong, at once.
        """
        return entered(self.fields, {n: w.value for n, w in self._widgets.items()})

    @property
    def sound(self) -> bool:
        """Whether every field may stand as it is."""
        return not any(f.fault(self._widgets[f.name].value) for f in self.fields)

    def _draw_all(self, some: list[Field], started: Mapping[str, str | bool]) -> None:
        for field in some:
            self._draw(field, started[field.name])

    def _draw(self, field: Field, value: str | bool) -> None:
        def fault(given: Any) -> str | None:
            return field.fault(given) or None

        widget: Any
        if field.widget == "switch":
            widget = ui.switch(field.name, value=bool(value), on_change=self._changed)
            ui.label(field.explained).classes("af-hint")
        elif field.widget == "select":
            chosen = value if value in field.options else None
            widget = ui.select(list(field.options), label=field.name, value=chosen, validation=fault, on_change=self._changed)
        else:
            widget = ui.input(label=field.name, value=str(value), validation=fault, on_change=self._changed)
            widget.props["suffix"] = field.unit
        if field.widget != "switch":
            widget.props("outlined dense")
            widget.props["hint"] = field.explained
        widget.props["data-testid"] = f"param-{field.name}"
        self._widgets[field.name] = widget


def _shown(field: Field, value: Any) -> str | bool:
    """A value that is given as its field shows it; the default where none is."""
    if value is None:
        return field.initial
    if field.widget == "switch":
        return bool(value)
    return text_of(value, field.parameter.unit) or NONE
