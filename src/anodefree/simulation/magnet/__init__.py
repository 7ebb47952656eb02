"""Flux density above magnetised films."""
