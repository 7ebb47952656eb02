"""Analyses of what was plated: thickness and porosity."""
