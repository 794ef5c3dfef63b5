"""A deployed environment, read with the operator's own credentials."""
