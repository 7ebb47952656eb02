"""Photoelectron spectroscopy: components of a core level, composition, depth."""
