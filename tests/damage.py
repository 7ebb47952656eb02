"""Damage to a file's bytes, as a broken copy or a hostile hand would do it; drawn by hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

HEAD = 1200
"""Half of the damage falls here, where formats say what follows."""


def damaged(content: bytes, data: st.DataObject) -> bytes:
    """Up to six places overwritten, shortened or widened, and perhaps the end cut off."""
    made = bytearray(content)
    head = min(len(made), HEAD)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, head - 1) if data.draw(st.booleans()) else st.integers(0, len(made) - 1))
        made[at : at + data.draw(st.integers(0, 12))] = data.draw(st.binary(max_size=8))
    if data.draw(st.booleans()):
        del made[data.draw(st.integers(0, len(made))) :]
    return bytes(made)
