"""The HTTP request and response: body, CORS, site keys."""
