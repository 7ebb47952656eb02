"""Lithium growing on a collector, and taken off again: a diffuse-interface model of the metal, the salt and the potential."""
