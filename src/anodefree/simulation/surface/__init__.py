"""Surfaces from a seed."""
