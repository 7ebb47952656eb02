"""Simulations: virtual instruments that emit what real ones would."""
