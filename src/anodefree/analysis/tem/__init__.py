"""Transmission electron microscopy: thickness, lattices and domains of interphases."""
