"""Cells, simulated cycle by cycle."""
