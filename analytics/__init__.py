"""Views and reports as SQL."""
