"""The pages of the laboratory; only `app/serve.py` imports them, when the server starts."""
