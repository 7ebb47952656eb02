"""A button that copies a text."""

from __future__ import annotations

from nicegui import ui


def copy_button(text: str, label: str, testid: str) -> None:
    """Draw it into the current slot; `label` says what is copied."""

    def copied() -> None:
        ui.clipboard.write(text)
        ui.notify("Copied.", position="top", timeout=1500)

    button = ui.button(icon="content_copy", on_click=copied).props("flat dense round size=sm")
    button.props.update({"aria-label": label, "title": label, "data-testid": testid})
