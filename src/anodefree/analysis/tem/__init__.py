"""Analyses of transmission electron micrographs and diffraction patterns."""
