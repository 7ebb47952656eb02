"""Raman spectra: calibration of the axis, and the coordination of anions from their bands."""
