"""Analyses of trajectories of molecular dynamics: shells about ions, ion pairs, motion."""
