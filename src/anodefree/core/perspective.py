"""Points, lines and surfaces in space as a camera sees them: projected by hand, so that a figure stays an ordinary one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Camera:
    """A view of a scene: turned about the vertical, tilted from above, from so many sizes of the scene away."""

    centre: tuple[float, float, float]
    size: float
    turn: float = 0.5
    tilt: float = 0.3
    distance: float = 4.0

    def seen(self, points: Floats) -> Floats:
        """Across, up (in the unit of the points) and nearness of points (..., 3)."""
        x, y, z = np.moveaxis(np.asarray(points, dtype=float) - np.array(self.centre), -1, 0)
        across = x * math.cos(self.turn) - y * math.sin(self.turn)
        depth = x * math.sin(self.turn) + y * math.cos(self.turn)
        up = z * math.cos(self.tilt) + depth * math.sin(self.tilt)
        near = z * math.sin(self.tilt) - depth * math.cos(self.tilt)
        scale = self.distance * self.size / (self.distance * self.size - near)
        return np.stack([across * scale, up * scale, near], axis=-1)


def circle(radius: float, z: float, points: int = 73) -> Floats:
    """A level circle about the axis."""
    s = np.linspace(0, 2 * np.pi, points)
    return np.column_stack([radius * np.cos(s), radius * np.sin(s), np.full(points, z)])


def arch(base: float, height: float, turn: float, points: int = 37) -> Floats:
    """Half an ellipse that stands on the plane."""
    s = np.linspace(0, np.pi, points)
    return np.column_stack([base * np.cos(s) * math.cos(turn), base * np.cos(s) * math.sin(turn), height * np.sin(s)])


def tent(base: float, height: float, turn: float) -> Floats:
    """Two straight flanks that meet above the axis: the outline of a cone that stands on the plane."""
    x = np.array([base, 0.0, -base])
    return np.column_stack([x * math.cos(turn), x * math.sin(turn), [0.0, height, 0.0]])


def box(low: Sequence[float], high: Sequence[float]) -> list[Floats]:
    """The edges of an upright box, as lines."""
    (a, b, c), (d, e, f) = low, high
    rings = [np.array([[a, b, z], [d, b, z], [d, e, z], [a, e, z], [a, b, z]]) for z in (c, f)]
    posts = [np.array([[x, y, c], [x, y, f]]) for x in (a, d) for y in (b, e)]
    return [*rings, *posts]


def surface(ax: Axes, camera: Camera, vertices: Floats, triangles: NDArray[np.int64], colour: str) -> PolyCollection:
    """A shaded surface of triangles, the near ones over the far ones. Within a vector figure it is a bitmap: they are many."""
    from matplotlib.collections import PolyCollection

    made = PolyCollection([], linewidths=0.2, rasterized=True, zorder=2)
    set_surface(made, camera, vertices, triangles, colour)
    ax.add_collection(made)
    return made


def set_surface(made: PolyCollection, camera: Camera, vertices: Floats, triangles: NDArray[np.int64], colour: str) -> None:
    """Give a drawn surface other triangles."""
    from matplotlib.colors import to_rgb

    corners = np.asarray(vertices, dtype=float)[triangles]
    seen = camera.seen(corners)
    order = np.argsort(seen[..., 2].mean(axis=1))
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-300)
    light = np.clip(np.abs(normal @ _lamp(camera)), 0, 1)
    shade = np.clip(np.array(to_rgb(colour)) * (0.35 + 0.65 * light[:, None]) + 0.12 * light[:, None] ** 8, 0, 1)
    made.set_verts(list(seen[order, :, :2]))
    made.set_facecolor(shade[order])
    made.set_edgecolor(shade[order])


def _lamp(camera: Camera) -> Floats:
    """The direction of the light: over the viewer's left shoulder."""
    turn, tilt = camera.turn + 0.6, camera.tilt + 0.5
    lamp = np.array([-math.sin(turn) * math.cos(tilt), -math.cos(turn) * math.cos(tilt), math.sin(tilt)])
    return lamp / np.linalg.norm(lamp)
