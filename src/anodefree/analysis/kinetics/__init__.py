"""Analyses of electrode kinetics."""
