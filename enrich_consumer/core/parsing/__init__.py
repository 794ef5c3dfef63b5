"""Readers of single values: URLs, IP addresses, personal data, client hints, channels."""
