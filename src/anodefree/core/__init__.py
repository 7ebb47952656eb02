"""The nouns and their plumbing: units, kinds, measurements, results, provenance, context, random streams."""
