"""One page, one file: its routes and what it shows."""
