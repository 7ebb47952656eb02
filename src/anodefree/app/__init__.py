"""The laboratory in the browser: the same stages, results and studies as the command line."""
