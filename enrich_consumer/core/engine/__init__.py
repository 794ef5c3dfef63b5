"""Runs enrichments: their type, their context, their order, the shared columns."""
