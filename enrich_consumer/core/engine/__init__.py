"""How enrichments run: what one is, what it is given, the order, the shared columns."""
