"""Analyses of electron micrographs: porosity and thickness of a deposit in cross-section."""
