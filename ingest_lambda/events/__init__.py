"""One batch of events: validated, normalised, grouped into raw records, or rejected."""
