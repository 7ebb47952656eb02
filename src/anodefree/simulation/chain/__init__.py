"""The chain from the sheath to the cell with everything uncertain in it."""
