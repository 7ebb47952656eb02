"""Analyses of capacities and voltages cycle by cycle."""
