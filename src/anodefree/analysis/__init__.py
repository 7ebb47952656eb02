"""Analyses: measurement in, result out."""
