"""Flights of ions in electric and magnetic fields."""
