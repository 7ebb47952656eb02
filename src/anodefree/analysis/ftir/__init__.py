"""Infrared spectra."""
