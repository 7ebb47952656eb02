"""Analyses of series of pictures through a window: the front of a growing deposit."""
