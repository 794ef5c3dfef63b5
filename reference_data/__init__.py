"""Geo databases: find, open, watch, fetch, and their licences."""
