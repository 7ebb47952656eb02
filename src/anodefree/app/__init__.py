"""The laboratory in the browser: the same stages, results and studies as the command line, on 127.0.0.1 only."""
