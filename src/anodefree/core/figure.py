"""The house style of every figure: publication size, colour-blind safe colours, readable in light and dark."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito, without the black and the yellow that vanish on one of the two backgrounds.
COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
INK: Final = "#010203"
"""Lines and text are drawn in this one colour, so that an SVG can follow the page's own text colour."""
SOFT: Final = "#8a8f98"
WIDTH_IN: Final = 3.5
HEIGHT_IN: Final = 2.6
BITMAP_DPI: Final = 300
"""Of a surface of thousands of triangles within a vector figure."""


def style() -> dict[str, Any]:
    """The settings, as matplotlib's rc parameters."""
    from cycler import cycler

    return {
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.linewidth": 0.7,
        "axes.prop_cycle": cycler(color=COLOURS),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlesize": 8,
        "figure.constrained_layout.use": True,
        "figure.dpi": 150,
        "font.size": 8,
        "legend.fontsize": 7,
        "legend.frameon": False,
        "legend.labelcolor": INK,
        "lines.linewidth": 1.2,
        "lines.markersize": 3.5,
        "mathtext.default": "regular",
        "svg.fonttype": "path",
        "text.color": INK,
        "xtick.color": INK,
        "xtick.direction": "out",
        "ytick.color": INK,
    }


@contextmanager
def canvas(width_in: float = WIDTH_IN, height_in: float = HEIGHT_IN) -> Iterator[tuple[Figure, Axes]]:
    """A figure with one axes in the house style, without a display and without global state."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context(style()):
        figure = Figure(figsize=(width_in, height_in))
        FigureCanvasAgg(figure)
        yield figure, figure.add_subplot()


def split(ax: Axes, rows: int, columns: int, **ratios: Sequence[float]) -> list[Axes]:
    """Panels in the place of one axes, which becomes the first of them."""
    place = ax.get_subplotspec()
    if place is None:  # placed by hand, without a grid: the panels share its rectangle
        left, bottom, right, top = ax.get_position().extents
        outer = ax.figure.add_gridspec(1, 1, left=left, bottom=bottom, right=right, top=top)[0]
    else:
        outer = place
    grid = outer.subgridspec(rows, columns, **ratios)
    ax.set_subplotspec(grid[0, 0])
    return [ax, *(ax.figure.add_subplot(grid[i // columns, i % columns]) for i in range(1, rows * columns))]


def sized(ax: Axes, width_in: float, height_in: float) -> None:
    """A figure for panels whose shape is given, where the axes has the figure to itself: of that size, without wide gaps."""
    from matplotlib.figure import Figure

    figure = ax.figure
    if isinstance(figure, Figure) and len(figure.axes) == 1:
        figure.set_size_inches(width_in, height_in)
        if figure.get_layout_engine() is not None:
            figure.set_layout_engine("compressed", w_pad=0.05, h_pad=0.06)


def panels(ax: Axes) -> list[Axes]:
    """An axes and those beside it that `split` made, in their order."""
    place = ax.get_subplotspec()
    if place is None:
        return [ax]
    grid = place.get_gridspec()
    specs = [(a, a.get_subplotspec()) for a in ax.figure.axes]
    return [a for a, spec in specs if spec is not None and spec.get_gridspec() is grid]


def axes() -> Axes:
    """New axes for interactive use; the figure belongs to the caller's session."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    with mpl.rc_context(style()):
        return plt.subplots(figsize=(WIDTH_IN, HEIGHT_IN))[1]


def render(draw: Callable[[Axes], None], format: str, *, salt: str = "anodefree") -> bytes:
    """A figure as SVG, PDF or PNG bytes; the same drawing gives the same bytes."""
    return renders(draw, (format,), salt=salt)[format]


def renders(draw: Callable[[Axes], None], formats: tuple[str, ...], *, salt: str = "anodefree") -> dict[str, bytes]:
    """One drawing in several formats."""
    import matplotlib as mpl

    dates: dict[str, dict[str, None]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None, "ModDate": None}}
    made = {}
    with canvas() as (figure, ax), mpl.rc_context({"svg.hashsalt": salt}):
        draw(ax)
        for format in formats:
            stream = io.BytesIO()
            dpi = 600 if format == "png" else BITMAP_DPI if _has_bitmap(figure) else None
            figure.savefig(stream, format=format, transparent=format == "svg", metadata=dates.get(format), dpi=dpi)
            made[format] = stream.getvalue()
            figure.set_layout_engine("none")  # it is laid out now: the next format keeps its places, and the time
    return made


def _has_bitmap(figure: Figure) -> bool:
    return bool(figure.findobj(lambda artist: bool(artist.get_rasterized())))


def nyquist(ax: Axes, real_ohm: np.ndarray, imaginary_ohm: np.ndarray, labels: Sequence[str]) -> None:
    """Spectra (spectrum, frequency) in the plane of impedance, one colour each; of many, only the ends are named."""
    import matplotlib as mpl

    count = len(real_ohm)
    shades = mpl.colormaps["plasma"](np.linspace(0.2, 0.85, count))
    for i, (re, im) in enumerate(zip(real_ohm, imaginary_ohm, strict=True)):
        label = labels[i] if count <= 8 or i in (0, count - 1) else "_"
        ax.plot(re, -im, "o-", color=shades[i], lw=0.6, ms=2.2, label=label)
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_xlabel("Z′ / Ω")
    ax.set_ylabel("−Z″ / Ω")
    ax.legend(handlelength=1.2)


def plotted(ax: Axes) -> dict[str, np.ndarray]:
    """The numbers exactly as drawn, named by legend and axis labels: x, y of lines, scatters, bars; x, y, value of images.

    Of several panels all are told; axes that are switched off, as those of a view in perspective are, hold no numbers.
    """
    columns: dict[str, np.ndarray] = {}
    for panel in panels(ax):
        if panel.axison:
            _add_plotted(panel, columns)
    return columns


def _add_plotted(ax: Axes, columns: dict[str, np.ndarray]) -> None:
    x_label, y_label = ax.get_xlabel() or "x", ax.get_ylabel() or "y"

    def add(label: str, x: Any, y: Any) -> None:
        prefix = "" if label.startswith("_") or not label else f"{label}: "
        tag = "" if f"{prefix}{x_label}" not in columns else f" ({len(columns) // 2 + 1})"
        columns[f"{prefix}{x_label}{tag}"] = np.asarray(x)
        columns[f"{prefix}{y_label}{tag}"] = np.asarray(y)

    for line in ax.get_lines():
        if len(np.atleast_1d(line.get_xdata())) > 1:
            add(str(line.get_label()), line.get_xdata(), line.get_ydata())
    for points in ax.collections:
        offsets = np.asarray(points.get_offsets())
        if offsets.ndim == 2 and len(offsets) > 1:
            add(str(points.get_label()), offsets[:, 0], offsets[:, 1])
    for bars in ax.containers:
        patches = getattr(bars, "patches", None)
        if patches:
            boxes = [(p.get_x() + p.get_width() / 2, p.get_y() + p.get_height()) for p in patches]
            add(str(bars.get_label()), [b[0] for b in boxes], [b[1] for b in boxes])
    for image in ax.get_images():
        values = np.asarray(image.get_array())
        left, right, bottom, top = image.get_extent()
        rows, across = values.shape[:2]
        x = left + (np.arange(across) + 0.5) * (right - left) / across
        y = bottom + (np.arange(rows) + 0.5) * (top - bottom) / rows
        add("_", np.tile(x, rows), np.repeat(y, across))
        name = (image.colorbar.ax.get_ylabel() if image.colorbar else "") or "value"
        columns[name if name not in columns else f"{name} ({len(columns)})"] = values.reshape(rows * across, -1)[:, 0]


def columns_csv(columns: Mapping[str, np.ndarray]) -> str:
    """Columns of unequal length as CSV text; short ones end in empty cells, gaps are NaN."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(columns)
    values = [
        np.ma.filled(np.ma.asarray(v), np.nan) if np.asarray(v).dtype.kind == "f" else np.asarray(v) for v in columns.values()
    ]
    writer.writerows(zip_longest(*(v.tolist() for v in values), fillvalue=""))
    return table.getvalue()


def draw_heights(x_m: np.ndarray, y_m: np.ndarray, height_m: np.ndarray, ax: Axes) -> None:
    """A height map in colour, heights in nm where they span less than a micrometre."""
    nano = float(np.ptp(height_m)) < 1e-6
    dx, dy = 0.5e6 * (x_m[1] - x_m[0]), 0.5e6 * (y_m[1] - y_m[0])
    extent = (1e6 * x_m[0] - dx, 1e6 * x_m[-1] + dx, 1e6 * y_m[0] - dy, 1e6 * y_m[-1] + dy)
    shown = ax.imshow((1e9 if nano else 1e6) * height_m, origin="lower", extent=extent, cmap="viridis")
    ax.figure.colorbar(shown, ax=ax, label="height / nm" if nano else "height / µm", shrink=0.85)
    ax.set_xlabel("x / µm")
    ax.set_ylabel("y / µm")
