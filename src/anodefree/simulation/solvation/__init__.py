"""Molecular dynamics of electrolytes with OpenMM: recipe, packing, force field, magnetic integrator, protocol."""
