"""Reading instrument files and writing open formats."""
