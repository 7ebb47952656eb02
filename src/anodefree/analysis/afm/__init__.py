"""Analyses of scanning-probe measurements."""
