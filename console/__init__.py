"""The operator's console: every event, session and refusal as it happens. Pages are made on the server."""
