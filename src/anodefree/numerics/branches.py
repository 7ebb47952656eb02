"""Trunks and branches of a deposit from its skeleton: how many, how slender, and which way they point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anodefree.numerics.deposit_geometry import labelled

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
COVERED = 0.8
"""Share of a row that is metal up to which, from the collector upwards, it is the base film and no trunk."""


@dataclass(frozen=True)
class Branches:
    """Trunks that stand on the base film, their mean height over width, joints a trunk, and the angle of each branch.

    `share` is the part of all metal that is in trunks.
    `angle_rad` (branch) is measured from the normal of the collector, 0 to π/2; `length` (branch) in cells.
    """

    base: int
    trunks: int
    aspect: float
    joints: int
    share: float
    angle_rad: Floats
    length: Floats

    @property
    def joints_per_trunk(self) -> float:
        """Joints over trunks."""
        return self.joints / self.trunks if self.trunks else 0.0


def base_film(metal: Mask) -> int:
    """Rows from the collector upwards that are mostly metal."""
    covered = metal.reshape(metal.shape[0], -1).mean(axis=1) >= COVERED
    return int(metal.shape[0] if covered.all() else np.argmin(covered))


def branches(metal: Mask, periodic: bool = False, shortest: float | None = None) -> Branches:
    """Trunks and branches of metal (z, ...) above its base film.

    A trunk is a part of metal that stands on the base film; its width is (volume / height)^(1/lateral dimensions). Branches are
    the pieces of its skeleton between joints and ends; those of fewer cells than `shortest` (None: the mean width of the
    trunks, for a skeleton has spurs as long as that) are roughness and make no joint.
    """
    base = base_film(metal)
    above = metal[base:]
    none = Branches(base, 0, 0.0, 0, 0.0, np.empty(0), np.empty(0))
    if above.shape[0] < 2 or not above.any():
        return none
    parts, _ = labelled(above, periodic)
    standing = [k for k in np.unique(parts[0]) if k and (parts == k).sum() > 2]
    if not standing:
        return none
    volume = np.array([(parts == k).sum() for k in standing], dtype=float)
    height = np.array(
        [np.flatnonzero((parts == k).reshape(len(above), -1).any(axis=1)).max() + 1 for k in standing], dtype=float
    )
    width = (volume / height) ** (1 / (metal.ndim - 1))
    limit = max(float(width.mean()), 2.0) if shortest is None else shortest
    angle, length, joints = _pieces(np.isin(parts, standing), limit)
    aspect, share = float(np.sum(volume * height / width) / volume.sum()), float(volume.sum() / metal.sum())
    return Branches(base, len(standing), aspect, joints, share, angle, length)


def _pieces(metal: Mask, shortest: float) -> tuple[Floats, Floats, int]:
    """Angle and length of the pieces of the skeleton between joints and ends, and the number of joints."""
    from scipy.ndimage import convolve, label
    from skimage.morphology import skeletonize

    line = skeletonize(np.pad(metal, 1))
    ring = np.ones((3,) * metal.ndim)
    neighbours = convolve(line.astype(int), ring.astype(int), mode="constant") - 1
    joint = line & (neighbours > 2)
    parts, count = label(line & ~joint, ring)
    angles, lengths, touching = [], [], np.zeros_like(joint)
    for k in range(1, count + 1):
        at = np.argwhere(parts == k)
        extent = float(len(at))
        free = bool((neighbours[tuple(at.T)] <= 1).any())
        if extent < shortest and free:
            continue  # a spur
        touching[tuple(at.T)] = True
        if extent >= shortest:
            spread = at - at.mean(axis=0)
            main = np.linalg.svd(spread, full_matrices=False)[2][0] if len(at) > 1 else np.eye(metal.ndim)[0]
            angles.append(float(np.arccos(np.clip(abs(main[0]), 0.0, 1.0))))
            lengths.append(extent)
    groups, found = label(joint, ring)
    joints = sum(_meets(touching, groups == g, ring) for g in range(1, found + 1))
    return np.array(angles), np.array(lengths), joints


def _meets(pieces: Mask, joint: Mask, ring: Floats) -> bool:
    """Whether three pieces or more that are no spurs meet at a joint."""
    from scipy.ndimage import binary_dilation, label

    near = binary_dilation(joint, ring) & pieces
    return int(label(near, ring)[1]) >= 3
