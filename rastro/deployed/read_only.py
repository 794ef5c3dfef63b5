"""Clients of AWS that can only read."""

from typing import Any

READING = ("get_", "list_", "describe_", "filter_", "batch_get_")
ALLOWED = frozenset({"scan", "query", "start_query_execution", "can_paginate", "meta", "exceptions", "close"})
"""Beside names that begin like reading. Athena's queries are checked to be SELECTs by who asks."""


class ReadOnly:
    """A client whose other operations do not exist: a slip of the console changes nothing in production."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        if name.startswith(READING) or name in ALLOWED:
            return getattr(self._client, name)
        if name == "download_file":  # reads an object; the name does not say so
            return self._client.download_file
        raise AttributeError(f"the console only reads, and {name} does not")
