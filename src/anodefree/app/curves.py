"""What of a result or a measurement is a curve or a picture, and what is left out: decided by names, sizes and units.

A curve runs over an ordered number: a known axis such as time or frequency, the coordinate of its dimension, or the first array
that only rises or falls. Rows with words, or without such an axis, are a table. Curves of one unit over one unit share a panel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from anodefree.core.units import bare, shown, unit_of
from anodefree.study.typeset import readable, unit

if TYPE_CHECKING:
    import xarray as xr

MOST_LINES: Final = 12
"""Of one array: more cannot be told apart."""
MOST_IN_TABLE: Final = 100
"""Rows without words: more are a cloud of points over their first array."""
FEWEST_POINTS: Final = 5
"""Of a curve over an axis that nobody knows by name."""
_AXES: Final = ("frequency", "tau", "potential", "overpotential", "cycle", "cycle_number", "time", "r", "x", "order")
"""The names that arrays are drawn over, the first that is there."""
_LOOPS: Final = ("potential", "overpotential", "time")
"""Axes that may run back and forth."""
_SPREAD: Final = ("_low", "_high", "_std")
_IMAGINARY: Final = {"Z_im": "Z_re", "fit_im": "fit_re", "model_im": "model_re"}
_PLACES: Final = {"x", "y", "z", "r", "s", "t", "row", "column"}
_SHAPES: Final = ("vertex", "triangle", "corner", "axis", "side")

_MEASURES: Final = {
    **{"V": "potential", "A": "current", "C": "charge", "ohm": "resistance", "A/m2": "current density", "Pa": "pressure"},
    **{"m": "length", "s": "time", "K": "temperature", "kg": "mass", "J": "energy"},
}

Named = Mapping[str, "xr.Dataset"]


@dataclass(frozen=True, eq=False)
class Line:
    """One curve in the units in which it is shown."""

    who: str
    name: str
    x: np.ndarray
    y: np.ndarray
    std: np.ndarray | None = None
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    measured: bool = False
    """Drawn as points."""

    @property
    def has_markers(self) -> bool:
        """Whether its points are marked where they are few: those of a model say nothing."""
        return self.measured or not self.name.startswith(("fit", "model"))

    @property
    def label(self) -> str:
        """Whose, and what."""
        return " ".join(p for p in (self.who, self.name) if p)


@dataclass(frozen=True, eq=False)
class Picture:
    """Numbers over two places."""

    who: str
    name: str
    values: np.ndarray
    x: np.ndarray
    y: np.ndarray
    downwards: bool = False


@dataclass(eq=False)
class Panel:
    """Curves over one axis, or one picture."""

    x: str
    x_unit: str
    y: str
    y_unit: str
    lines: list[Line] = field(default_factory=list)
    picture: Picture | None = None
    equal: bool = False
    """Both axes have one scale."""
    si: tuple[str, str] = ("1", "1")
    """The SI units of both axes."""
    factors: tuple[float, float] = (1.0, 1.0)
    """From SI to the units shown."""
    names: list[str] = field(default_factory=list)
    """Of the quantities drawn."""

    @property
    def title(self) -> str:
        """As one chooses it."""
        if self.picture is not None:
            return f"{self.picture.who} {self.picture.name}".strip().replace("_", " ")
        return "Nyquist plane" if self.equal else f"{self.y} over {self.x}"

    @property
    def x_label(self) -> str:
        """With its unit."""
        return _with_unit(self.x, self.x_unit)

    @property
    def y_label(self) -> str:
        """With its unit."""
        return _with_unit(self.y, self.y_unit)

    @property
    def x_log(self) -> bool:
        """Whether its places are spread by factors rather than by steps."""
        return not self.equal and self.picture is None and by_factors([n.x for n in self.lines], 30.0)

    @property
    def y_log(self) -> bool:
        """The same of its values."""
        return not self.equal and self.picture is None and by_factors([n.y for n in self.lines], 300.0)


def panels_of(named: Named) -> tuple[list[Panel], list[str]]:
    """Curves and pictures in their panels, results over each other; and sentences of what is left out."""
    panels: list[Panel] = []
    left: dict[str, None] = {}
    for who, data in named.items():
        _add(panels, left, who, data)
    return panels, list(left)


def by_factors(arrays: Sequence[np.ndarray], least: float) -> bool:
    """Whether numbers are positive, span so large a factor, and crowd near the small end, as frequencies do."""
    values = np.concatenate([a[np.isfinite(a)].ravel() for a in arrays]) if arrays else np.array([])
    if values.size < 2 or values.min() <= 0 or values.max() < least * values.min():
        return False
    middle = float(np.median(values))
    low, high = float(values.min()), float(values.max())
    return abs(np.log(middle / np.sqrt(low * high))) < abs(np.log(middle / (0.5 * (low + high))))


def is_shape(dim: str) -> bool:
    """Whether a dimension belongs to a shape in space, or to a few lengths of one: neither curve nor table."""
    return dim in _SHAPES


def is_tabular(data: xr.Dataset, dim: str) -> bool:
    """Whether the rows along a dimension are a table: they have words, or no axis."""
    return any(v.dims == (dim,) and v.dtype.kind in "OUS" for v in data.variables.values()) or not coordinates(data, dim)


def coordinates(data: xr.Dataset, dim: str) -> list[str]:
    """The arrays that the others of a dimension may be drawn over, the best first."""
    own = [n for n in _numbers(data) if data[n].dims[-1] == dim and not _is_spread(data, n)]
    known = []
    for stem in _AXES:
        for name in own:
            word = bare(name)
            loops = word == stem and stem in _LOOPS and data[name].shape[-1] >= 20
            if (word == stem or word.endswith("_" + stem)) and (loops or _rises(data[name].values)) and name not in known:
                known.append(name)
    named = [n for n in own if bare(n) == dim and _rises(data[n].values)]
    if known or named:
        return [*known, *(n for n in named if n not in known)]
    rising = [n for n in own if data[n].shape[-1] >= FEWEST_POINTS and _rises(data[n].values)]
    return (rising or [n for n in own if data[n].ndim == 1 and data[n].size > MOST_IN_TABLE])[:1]


def _numbers(data: xr.Dataset) -> list[str]:
    return [str(n) for n, v in data.variables.items() if v.dtype.kind in "fiu" and v.ndim and v.size > 1]


def _is_spread(data: xr.Dataset, name: str) -> bool:
    """Whether it is the std or an end of the interval of another array."""
    word = bare(name)
    end = next((e for e in _SPREAD if word.endswith(e)), "")
    return bool(end) and f"{word.removesuffix(end)}{name[len(word) :]}" in data


def _add(panels: list[Panel], left: dict[str, None], who: str, data: xr.Dataset) -> None:
    nyquist = [i for i in _IMAGINARY if f"{i}_ohm" in data and f"{_IMAGINARY[i]}_ohm" in data]
    for word in nyquist:
        _nyquist(panels, left, who, data, word)
    drawn_over = {d: coordinates(data, d) for d in map(str, data.sizes) if not is_tabular(data, d)}
    unseen = []
    for name in _numbers(data):
        variable, word, dim = data[name], bare(name), str(data[name].dims[-1])
        axes = drawn_over.get(dim, [])
        if (
            is_shape(dim)
            or _is_spread(data, name)
            or name in axes
            or (nyquist and word.endswith(("_re", "_im")) and unit_of(name) == "ohm")
        ):
            continue
        if _is_picture(data, name, drawn_over):
            panels.append(_picture(who, data, name, left))
        elif not axes or variable.ndim > 2:
            unseen += [word] if variable.ndim > 1 else []
        elif _is_index(variable.values):
            unseen.append(word)
        elif (x := _over(data, name, axes)) and not (unit_of(x) == unit_of(name) != "1" and _rises(variable.values)):
            _curves(panels, left, who, data, x, name)
    if unseen:
        words = ", ".join(w.replace("_", " ") for w in dict.fromkeys(unseen))
        left[f"Not drawn, but in the exports: {words}."] = None


def _over(data: xr.Dataset, name: str, axes: Sequence[str]) -> str:
    """The axis that shares the most first words with an array's name; the first of equals."""
    words = bare(name).split("_")

    def shared(axis: str) -> int:
        count = 0
        for a, b in zip(words, bare(axis).split("_"), strict=False):
            if a != b:
                break
            count += 1
        return count

    fitting = [a for a in axes if data[a].ndim == 1 or data[a].shape == data[name].shape]
    return max(fitting, key=shared, default="")


def _curves(panels: list[Panel], left: dict[str, None], who: str, data: xr.Dataset, x: str, y: str) -> None:
    word, suffix = bare(y), y[len(bare(y)) :]
    values, across = data[y].values.astype(float), data[x].values.astype(float)
    panel = _panel_for(panels, x, y, across, values)
    to_x, to_y = panel.factors
    rows, across = values.reshape(-1, values.shape[-1]) * to_y, np.atleast_2d(across) * to_x
    beside = {e: data[n].values.astype(float) * to_y for e in _SPREAD if (n := f"{word}{e}{suffix}") in data}
    is_cloud = data[x].ndim == 1 and not _rises(data[x].values) and bare(x) not in _LOOPS
    chosen = _some(len(rows))
    if len(rows) > len(chosen):
        left[f"Of {len(rows)} curves of {word.replace('_', ' ')}, {len(chosen)} are drawn, evenly chosen."] = None
    names = _row_names(data, str(data[y].dims[0]), len(rows)) if len(rows) > 1 else [""]
    for i in chosen:
        spread = {e[1:]: v.reshape(rows.shape)[i] for e, v in beside.items() if v.size == rows.size}
        name = " ".join(w for w in (word.replace("_", " "), names[i]) if w)
        place = across[i if len(across) > 1 else 0]
        panel.lines.append(Line(who, name, place, rows[i], **spread, measured=is_cloud))


def _nyquist(panels: list[Panel], left: dict[str, None], who: str, data: xr.Dataset, word: str) -> None:
    re, im = (np.atleast_2d(data[f"{n}_ohm"].values.astype(float)) for n in (_IMAGINARY[word], word))
    panel = next((p for p in panels if p.equal), None)
    if panel is None:
        panel = Panel("Z′", "ohm", "−Z″", "ohm", equal=True)
        panels.append(panel)
    names = _row_names(data, str(data[f"{word}_ohm"].dims[0]), len(re)) if len(re) > 1 else [""]
    chosen = _some(len(re))
    if len(chosen) < len(re):
        left[f"Of {len(re)} spectra, {len(chosen)} are drawn, evenly chosen."] = None
    what = "measured" if word.startswith("Z") else "fit"
    for i in chosen:
        panel.lines.append(Line(who, " ".join(w for w in (what, names[i]) if w), re[i], -im[i], measured=what == "measured"))


def _panel_for(panels: list[Panel], x: str, y: str, across: np.ndarray, values: np.ndarray) -> Panel:
    """The panel of the same two units; where there is no unit, of values of a like size; else a new one."""
    x_word, y_word, si = _axis_word(x), bare(y).replace("_", " "), (unit_of(x), unit_of(y))
    curves = [p for p in panels if not p.equal and p.picture is None]
    for panel in (p for p in curves if p.si == si and (si[0] != "1" or p.x == x_word)):
        if si[1] != "1" or y_word in panel.names or _alike(np.concatenate([n.y for n in panel.lines]), values):
            panel.names.append(y_word)
            panel.y = _common(list(dict.fromkeys(panel.names)), si[1])
            return panel
    linked = next((p for p in curves if p.si[0] == si[0]), None)
    x_unit, to_x = (linked.x_unit, linked.factors[0]) if linked else _readable(across, si[0])
    y_unit, to_y = _readable(values, si[1])
    panels.append(Panel(x_word, x_unit, y_word, y_unit, si=si, factors=(to_x, to_y), names=[y_word]))
    return panels[-1]


def _readable(values: np.ndarray, si: str) -> tuple[str, float]:
    """The unit for a whole axis, and the factor from SI to it."""
    finite = np.abs(values[np.isfinite(values)])
    return readable(float(finite.max()) if finite.size else 0.0, si)


def _common(names: Sequence[str], si: str) -> str:
    """What the quantities of a panel are called together: the words that all share, what their unit measures, or all names."""
    words = [w for w in names[0].split() if all(w in n.split() for n in names)]
    return " ".join(words) or _MEASURES.get(si, "") or (" and ".join(names) if len(names) < 3 else "value")


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    sizes = [float(np.nanmax(np.abs(a))) if np.isfinite(a).any() else 0.0 for a in (one, other)]
    return min(sizes) > 0 and max(sizes) < 30 * min(sizes)


def _picture(who: str, data: xr.Dataset, name: str, left: dict[str, None]) -> Panel:
    variable = data[name]
    values = variable.values.astype(float) * shown(unit_of(name))[1]
    if values.ndim > 2:
        count = int(np.prod(values.shape[:-2]))
        if count > 1:
            left[f"Of {count} pictures of {bare(name).replace('_', ' ')}, the last is shown."] = None
        values = values.reshape(-1, *values.shape[-2:])[-1]
    up, across = str(variable.dims[-2]), str(variable.dims[-1])
    (x, x_unit, x_word), (y, y_unit, y_word) = (
        _places(data, name, d, n, side) for side, (d, n) in enumerate(((across, values.shape[1]), (up, values.shape[0])))
    )
    downwards = up == "y" and "intensity" in name
    made = Picture(who, _with_unit(bare(name).replace("_", " "), shown(unit_of(name))[0]), values, x, y, downwards)
    return Panel(x_word, x_unit, y_word, y_unit, picture=made)


def _places(data: xr.Dataset, picture: str, dim: str, size: int, side: int) -> tuple[np.ndarray, str, str]:
    """Where the columns (side 0) or rows of a picture lie, the unit, and the word for them: a number where it is not told."""
    word = dim.replace("_", " ")
    for name in (f"{dim}_m", dim):
        if name in data and data[name].shape == (size,) and data[name].dtype.kind in "fiu":
            of, factor = shown(unit_of(name))
            return data[name].values.astype(float) * factor, of, word
    if picture.startswith("section_") and "section_m" in data:
        of, factor = shown("m")
        return (np.arange(size) + 0.5) * float(data["section_m"].values[side]) * factor / size, of, word
    return np.arange(float(size)), "1", f"{word}, number"


def _is_picture(data: xr.Dataset, name: str, drawn_over: Mapping[str, list[str]]) -> bool:
    variable = data[name]
    if variable.ndim < 2 or min(variable.shape[-2:]) < 8:
        return False
    last = [str(d).rpartition("_")[2] for d in variable.dims[-2:]]
    return set(last) <= _PLACES or (variable.shape[-2] > MOST_LINES and all(str(d) in drawn_over for d in variable.dims[-2:]))


def _is_index(values: np.ndarray) -> bool:
    """A flag, or the number of a part: whole numbers of two sorts, or that only count up."""
    if values.dtype.kind not in "iu":
        return False
    steps = np.diff(values, axis=-1)
    counts = bool((steps >= 0).all() and (steps == 0).any())
    return counts or np.unique(values).size <= 2


def _some(count: int) -> list[int]:
    return sorted({round(i) for i in np.linspace(0, count - 1, min(count, MOST_LINES))})


def _row_names(data: xr.Dataset, dim: str, count: int) -> list[str]:
    """What tells the curves of one array apart: words, a temperature, an axis, else their number."""
    for name in _of_rows(data, dim):
        values = data[name].values
        if values.dtype.kind in "OUS":
            return [str(v) for v in values]
        if np.unique(values).size == count:
            of, factor = _readable(values, unit_of(name))
            if of == "K":
                return [f"{v - 273.15:.4g} °C" for v in values]
            return [f"{v * factor:.4g}{'' if of == '1' else ' ' + unit(of)}" for v in values]
    return [str(i + 1) for i in range(count)]


def _of_rows(data: xr.Dataset, dim: str) -> Iterator[str]:
    own = [str(n) for n, v in data.variables.items() if v.dims == (dim,) and not _is_spread(data, str(n))]
    yield from (n for n in own if data[n].dtype.kind in "OUS")
    yield from (n for n in ("temperature_K", *coordinates(data, dim)) if n in own)
    yield from (n for n in own if data[n].size <= MOST_LINES and data[n].dtype.kind == "f")


def _axis_word(name: str) -> str:
    word = bare(name)
    stem = next((s for s in sorted(_AXES, key=len, reverse=True) if word.endswith("_" + s)), word)
    return stem.removesuffix("_number").replace("_", " ")


def _rises(values: np.ndarray) -> bool:
    """Whether every row only rises, or only falls; gaps are passed over."""
    for row in values.reshape(-1, values.shape[-1]).astype(float):
        steps = np.diff(row[np.isfinite(row)])
        if not steps.size or not ((steps > 0).all() or (steps < 0).all()):
            return False
    return True


def _with_unit(word: str, of: str) -> str:
    return word if of in ("1", "") else f"{word} / {unit(of)}"
