"""The report: claims table, figures, provenance, in one self-contained file."""
