"""The consumer's image without Docker: build it, run it against the local stack."""
