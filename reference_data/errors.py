"""Errors of fetching reference data."""


class FetchError(Exception):
    """What is wrong and what to do about it, in one or two sentences for the operator."""
