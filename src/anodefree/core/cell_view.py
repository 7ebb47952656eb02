"""Paths of ions in the cell as pictures: on the section to scale and in perspective, still and moving."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from anodefree.core.measurement import Measurement
from anodefree.core.movie import Movie
from anodefree.core.perspective import Camera, arch, circle, tent
from anodefree.core.units import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
IN_VACUUM: Final = 14
"""Paths of each species in a picture; a random path fills it by itself, so in the liquid there are few."""
IN_LIQUID: Final = 2
SIZE_IN: Final = (5.6, 3.8)
FRAMES: Final = 160
TRAIL: Final = 0.3
"""Of its flight, how much of its path an ion drags behind it in a movie."""
DIRECTION: Final = {"Li+": "Li$^+$, down", "TFSI-": "TFSI$^-$, up"}


@dataclass(frozen=True)
class Path:
    """The way of one ion: places (sample, 3) [um] and times (sample,) [s] up to its capture."""

    species: int
    place_um: Floats
    time_s: Floats

    def at(self, time_s: Floats) -> Floats:
        """Where it is at times (n,); beyond its flight it stays where it began or ended."""
        return np.stack([np.interp(time_s, self.time_s, self.place_um[:, i]) for i in range(3)], axis=-1)


@dataclass(frozen=True)
class CellView:
    """A cell with the paths of a few ions, and what every picture of it must say."""

    names: tuple[str, ...]
    gap_um: float
    radius_um: float
    boss_height_um: float
    boss_base_um: float
    paths: tuple[Path, ...]
    note: str
    boss_shape: str = ""
    floor_um: Floats | None = None
    """x and z (point, 2) of a lower electrode that is uneven all over, on the section."""

    def profile(self, turn: float = 0.0) -> Floats:
        """The outline (point, 3) of what stands on the lower electrode, on a plane through the axis turned by so much."""
        if self.floor_um is not None:
            x, z = self.floor_um.T
            return np.column_stack([x * np.cos(turn), x * np.sin(turn), z])
        make = tent if self.boss_shape == "cone" else arch
        return make(self.boss_base_um, self.boss_height_um, turn)

    def outlines(self) -> list[Floats]:
        """Electrodes and protrusion as lines in space."""
        rings = [circle(self.radius_um, 0.0), circle(self.radius_um, self.gap_um)]
        if self.floor_um is not None:
            return [*rings, self.profile()]
        return [*rings, circle(self.boss_base_um, 0.0), self.profile(0.0), self.profile(np.pi / 2)]

    @property
    def camera(self) -> Camera:
        """The view in perspective."""
        size = float(np.hypot(self.gap_um, 2 * self.radius_um))
        return Camera((0.0, 0.0, 0.5 * self.gap_um), size, turn=0.5, tilt=0.26)


def cell_view(arrays: Mapping[str, NDArray[Any]] | Measurement, meta: Mapping[str, Any], most: int | None = None) -> CellView:
    """What flights (arrays and metadata of their kind) show of their kept paths, at most so many of each species."""
    gap = float(meta["gap_m"])
    names = tuple(str(meta["ions"]).split(", "))
    liquid = meta.get("regime") == "liquid"
    most = (IN_LIQUID if liquid else IN_VACUUM) if most is None else most
    flux = float(meta.get("flux_density_T") or 0.0)
    strength = f"{flux:.3g} T" if flux >= 1 else f"{1e3 * flux:.3g} mT"
    note = ("in the liquid" if liquid else "illustration in vacuum, no solvent") + f", {strength}"
    radius, height, base = (1e6 * float(meta[n]) for n in ("radius_m", "boss_height_m", "boss_base_m"))
    floor = 1e6 * np.column_stack([arrays["floor_x_m"], arrays["floor_z_m"]]) if "floor_x_m" in arrays else None
    shape = str(meta.get("boss_shape") or "")
    return CellView(names, 1e6 * gap, radius, height, base, _paths(arrays, len(names), most), note, shape, floor)


def _paths(flights: Mapping[str, NDArray[Any]] | Measurement, species: int, most: int) -> tuple[Path, ...]:
    if "path_x_m" not in flights:
        return ()
    place = 1e6 * np.stack([flights[f"path_{a}_m"] for a in "xyz"], axis=-1)
    made = []
    for index in range(species):
        for which in np.flatnonzero(flights["path_species"] == index)[:most]:
            flown = np.isfinite(place[which]).all(axis=1)
            if flown.sum() > 1:
                made.append(Path(index, place[which][flown], flights["path_time_s"][which][flown]))
    return tuple(made)


def turned(view: CellView, factor: float) -> CellView:
    """The same with every rotation about the axis multiplied; heights and distances from the axis stay. Its note says so."""
    if factor == 1:
        return view
    paths = tuple(_turned(p, factor) for p in view.paths)
    return replace(view, paths=paths, note=f"illustration: turning about the axis × {factor:g}\n{view.note}")


def _turned(path: Path, factor: float) -> Path:
    """A path with its azimuth's change multiplied, sampled more finely so that larger turns stay round."""
    radius = np.hypot(*path.place_um[:, :2].T)
    angle = np.unwrap(np.arctan2(path.place_um[:, 1], path.place_um[:, 0]))
    most = float(np.abs(np.diff(angle)).max(initial=0.0)) * abs(factor)
    time = np.interp(
        np.linspace(0, 1, len(radius) * int(np.clip(np.ceil(most / 0.1), 1, 20))), np.linspace(0, 1, len(radius)), path.time_s
    )
    r, phi, z = (np.interp(time, path.time_s, v) for v in (radius, angle, path.place_um[:, 2]))
    phi = phi[0] + factor * (phi - phi[0])
    return Path(path.species, np.column_stack([r * np.cos(phi), r * np.sin(phi), z]), time)


# ---- still -------------------------------------------------------------------------------------------------------------


def draw_section(view: CellView, ax: Axes, *, paths: bool = True) -> None:
    """The section through the axis, to scale: electrodes, protrusion, and each path seen from the side."""
    from anodefree.core.figure import COLOURS, INK, SOFT

    named = set()
    for path in view.paths if paths else ():
        label = _label(view, path.species) if path.species not in named else "_"
        named.add(path.species)
        x, z = path.place_um[:, 0], path.place_um[:, 2]
        ax.plot(x, z, color=COLOURS[path.species], lw=0.6, alpha=0.9, label=label, zorder=2)
        ax.plot(x[-1:], z[-1:], "o", color=COLOURS[path.species], ms=1.8, mew=0, zorder=3, clip_on=False)
    x, _, z = view.profile().T
    ax.fill_between(x, z, color=SOFT, lw=0, zorder=1)
    for level in (0.0, view.gap_um):
        uneven = level == 0 and view.floor_um is not None
        line = (x, z) if uneven else ([-view.radius_um, view.radius_um], [level, level])
        ax.plot(*line, color=INK, lw=0.8 if uneven else 1.2, zorder=1)
    ax.set_aspect("equal")
    ax.set_xlim(-1.04 * view.radius_um, 1.04 * view.radius_um)
    ax.set_ylim(-0.03 * view.gap_um, 1.03 * view.gap_um)
    ax.set_xlabel("x / µm")
    ax.set_ylabel("z / µm")


def draw_perspective(view: CellView, ax: Axes, *, paths: bool = True) -> None:
    """The cell in perspective: its two electrodes, the protrusion, and the paths, the far ones paler."""
    from anodefree.core.figure import COLOURS, INK

    camera = view.camera
    for line in view.outlines():
        seen = camera.seen(line)
        ax.plot(seen[:, 0], seen[:, 1], color=INK, lw=0.7, zorder=1)
    for path in view.paths if paths else ():
        seen = camera.seen(path.place_um)
        ax.plot(seen[:, 0], seen[:, 1], color=COLOURS[path.species], lw=0.6, alpha=0.85, zorder=2)
        ax.plot(seen[-1:, 0], seen[-1:, 1], "o", color=COLOURS[path.species], ms=1.8, mew=0, zorder=3)
    ax.set_aspect("equal")
    ax.margins(0.02)
    ax.set_axis_off()


def draw_both(view: CellView, ax: Axes) -> None:
    """Section and perspective side by side, with what must be said above."""
    from anodefree.core.figure import WIDTH_IN, sized, split

    sized(ax, WIDTH_IN, 2.4)
    section, space = split(ax, 1, 2)
    draw_section(view, section)
    draw_perspective(view, space)
    if view.paths:
        section.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), handlelength=1.0, ncols=2, columnspacing=1.0)
    section.set_title(view.note, fontsize=7, loc="left")  # it may run on above the second panel


def _label(view: CellView, species: int) -> str:
    return DIRECTION.get(view.names[species], view.names[species])


# ---- moving --------------------------------------------------------------------------------------------------------------


def film(view: CellView) -> Movie:
    """Ions on their way, both species at once on one clock. The movie lasts as long as the longest flight; an ion that has
    arrived is launched again, so that the cell is never empty: a steady stream, as in a cell that carries a current."""
    longest = max((float(p.time_s[-1]) for p in view.paths), default=0.0)
    clock = np.linspace(0, longest, FRAMES)

    def begin(figure: Figure) -> Callable[[int], None]:
        return _begun(view, clock, figure)

    return Movie(begin, FRAMES if view.paths else 0, size_in=SIZE_IN)


def _begun(view: CellView, clock: Floats, figure: Figure) -> Callable[[int], None]:
    from anodefree.core.figure import COLOURS, sized, split

    section = figure.add_subplot()
    sized(section, *SIZE_IN)
    section, space = split(section, 1, 2)
    draw_section(view, section, paths=False)
    draw_perspective(view, space, paths=False)
    figure.suptitle(view.note, fontsize=8)
    told = section.set_title("", animated=True)
    space.set_title("an ion that has arrived sets out again", fontsize=7)
    for index in sorted({p.species for p in view.paths}):
        section.plot([], [], "o-", color=COLOURS[index], lw=1, ms=3.5, label=_label(view, index))
    figure.legend(*section.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    trails = [
        [ax.plot([], [], color=COLOURS[p.species], lw=0.9, alpha=0.55, animated=True)[0] for ax in (section, space)]
        for p in view.paths
    ]
    dots = [
        [
            ax.plot([], [], "o", color=COLOURS[p.species], ms=3.5, mew=0, clip_on=False, animated=True)[0]
            for ax in (section, space)
        ]
        for p in view.paths
    ]
    late = _offsets(view)
    unit, factor = shown("s", _readable(float(clock[-1])))

    def turn(frame: int) -> None:
        for path, shift, trail, dot in zip(view.paths, late, trails, dots, strict=True):
            flight = float(path.time_s[-1])
            now = (float(clock[frame]) + shift * flight) % flight
            way = path.at(np.linspace(max(now - TRAIL * flight, 0.0), now, 60))
            seen = view.camera.seen(way)
            for lines, (across, up) in zip((trail, dot), ((slice(None), slice(None)), (slice(-1, None),) * 2), strict=True):
                lines[0].set_data(way[across, 0], way[up, 2])
                lines[1].set_data(seen[across, 0], seen[up, 1])
        told.set_text(f"t = {clock[frame] * factor:.3g} {unit}")

    return turn


def _offsets(view: CellView) -> list[float]:
    """When in its flight each ion is first seen: evenly spread over those of its species."""
    counts = {s: [i for i, p in enumerate(view.paths) if p.species == s] for s in {p.species for p in view.paths}}
    return [counts[p.species].index(i) / len(counts[p.species]) for i, p in enumerate(view.paths)]


def _readable(time_s: float) -> str:
    """The unit of a time in which it is a number between 1 and 1000."""
    units = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
    return next((u for u, size in units.items() if time_s < 1000 * size), "s")
