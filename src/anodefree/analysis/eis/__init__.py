"""Analyses of impedance spectra."""
