"""The figure and the movie of flights: cations down and anions up, on the section through the cell and in perspective."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anodefree.core.cell_view import cell_view, draw_both, film
from anodefree.core.measurement import Measurement
from anodefree.core.movie import Movie

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOVING = 10
"""Ions of each species in a movie."""


def draw_paths(flights: Measurement, ax: Axes) -> None:
    """The kept paths from the side and in perspective; each ends in a dot where it was captured."""
    draw_both(cell_view(flights, flights.meta), ax)


def film_paths(flights: Measurement) -> Movie:
    """The same ions on their way."""
    return film(cell_view(flights, flights.meta, MOVING))
