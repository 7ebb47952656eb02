"""Virtual instruments: they emit what a real instrument's file holds."""
