"""Equations shared by simulations and analyses; source and validity stand in each docstring."""
