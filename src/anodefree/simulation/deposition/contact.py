"""Which metal still has contact to the collector: connected pieces of it, and the liquid that belongs to each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anodefree.simulation.deposition.cell import Box, Floats


def apart(lithium: Floats, wall: Floats, box: Box) -> NDArray[np.bool_] | None:
    """Cells that belong to metal without contact to an active place of the collector; None where there is no such metal.

    Pieces are cells of more than half metal that share a face. Every other cell belongs to the piece, or to the active place,
    that is nearest.
    """
    from scipy.ndimage import distance_transform_edt, label

    metal = lithium > 0.5
    pieces, count = label(metal)
    if count == 0:
        return None
    root = _joined(pieces, count, box)
    active = wall > 0.01
    held = np.zeros(count + 1, bool)
    held[root[pieces[0][active]]] = True
    loose = ~held[root]
    loose[0] = False
    if not loose.any():
        return None
    belongs = metal.copy()
    belongs[0] |= active
    nearest = distance_transform_edt(~belongs, return_distances=False, return_indices=True)
    return np.asarray(loose[pieces][tuple(nearest)])


def _joined(pieces: NDArray[np.int32], count: int, box: Box) -> NDArray[np.int64]:
    """The smallest number of the pieces that are one across periodic sides, for each piece."""
    root = np.arange(count + 1)
    if not box.periodic:
        return root
    pairs = [(pieces[:, :, 0], pieces[:, :, -1]), (pieces[:, 0], pieces[:, -1])]
    for one, other in pairs:
        both = (one > 0) & (other > 0)
        for a, b in {tuple(p) for p in np.stack([one[both], other[both]], 1).tolist()}:
            low, high = sorted((root[a], root[b]))
            root[root == high] = low
    return root
