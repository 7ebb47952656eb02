"""Maps of magnetic flux density."""
