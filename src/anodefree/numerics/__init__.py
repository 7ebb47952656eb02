"""Algorithms without chemistry."""
