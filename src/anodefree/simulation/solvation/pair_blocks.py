"""Atoms of a box in blocks of eight neighbours, with what lies near each, for as long as no atom has gone far."""

from __future__ import annotations

from typing import Final

import numpy as np

WIDTH_NM: Final = 0.45
"""Of a column: about as much as eight atoms of a liquid take in height."""
ROOM: Final = 100
"""Blocks near an atom that there is room for at first."""


class Blocks:
    """Atoms in slots: column after column, from below within a column."""

    def __init__(
        self, place_nm: np.ndarray, edge_nm: float, radius_nm: float, far_nm: float, factors: np.ndarray, pair: np.ndarray
    ) -> None:
        """With factors (3, atom) of each atom, in whose type of numbers all is kept, and excluded pairs (pair, 2)."""
        from anodefree.numerics.compiled.pair_blocks import APART, BLOCK, CHARGE, FAR, FIELDS, WIDTH, place_of

        self.edge_nm, self._far = edge_nm, far_nm
        self._before = place_nm.copy()
        self._inside = place_nm - edge_nm * np.floor(place_nm / edge_nm)
        side = max(round(edge_nm / WIDTH_NM), 1)
        cell = np.minimum((self._inside[:, :2] * (side / edge_nm)).astype(np.int64), side - 1)
        column = cell @ [side, 1]
        order = np.lexsort((self._inside[:, 2], column))
        count = np.bincount(column, minlength=side * side)
        begin = np.concatenate([[0], np.cumsum(-(-count // WIDTH) * WIDTH)])
        first = np.concatenate([[0], np.cumsum(count)])
        self.slot = np.empty(len(place_nm), np.int64)
        """The slot of each atom (atom,)."""
        self.slot[order] = np.arange(len(order)) + (begin[:-1] - first[:-1])[column[order]]
        self.data = np.zeros(begin[-1] // WIDTH * BLOCK, factors.dtype)
        """As `numerics.compiled.pair_blocks` has it."""
        self._at = place_of(self.slot)
        fields = self.data.reshape(-1, FIELDS, WIDTH)
        fields[:, APART // WIDTH] = FAR
        self.data[self._at + APART] = 0
        for k, factor in enumerate(factors):
            self.data[self._at + CHARGE + k * WIDTH] = factor
        self.move(place_nm)
        slots = np.sort(self.slot[pair], axis=1)
        slots = slots[np.argsort(slots[:, 0], kind="stable")]
        self.apart = np.searchsorted(slots[:, 0], np.arange(begin[-1] + 1)), place_of(slots[:, 1]) + APART
        """Where each slot's excluded ones begin (slot + 1,), and where `data` keeps them apart."""
        self.near = self._near(begin, min(radius_nm, 0.99 * edge_nm))  # further images than the 27 have no number
        """First neighbour of each slot (slot + 1,), blocks and their images."""

    def move(self, place_nm: np.ndarray) -> bool:
        """Take over new places (atom, 3); false once an atom has gone further than it may: then form new blocks."""
        from anodefree.numerics.compiled.pair_blocks import place_atoms

        return bool(place_atoms(place_nm, self._before, self._inside, self.edge_nm, self._at, self._far, self.data))

    def take(self, force: np.ndarray) -> None:
        """Add the forces that `data` holds to force (atom, 3), and clear them."""
        from anodefree.numerics.compiled.pair_blocks import take_forces

        take_forces(self.data, self._at, force)

    def _near(self, begin: np.ndarray, radius_nm: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        from anodefree.numerics.compiled.pair_blocks import near_blocks

        start, room = np.zeros(begin[-1] + 1, np.int64), ROOM * begin[-1]
        while True:
            block, image = np.empty(room, np.int32), np.empty(room, np.int32)
            found = near_blocks(self.data, begin, self.edge_nm, radius_nm, start, block, image)
            if found <= room:
                return start, block, image
            room = found
