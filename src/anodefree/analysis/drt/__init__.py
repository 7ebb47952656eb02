"""Distributions of relaxation times, from impedance spectra."""
