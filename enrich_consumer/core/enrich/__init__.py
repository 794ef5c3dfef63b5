"""The enrichments."""
