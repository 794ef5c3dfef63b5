"""Structured logs: one JSON object a line. No payload, IP address or key goes in."""

import sys
import time
from pathlib import Path
from typing import Any, TextIO

import orjson


class Log:
    """Writes lines with the given fields on each, for example the shard."""

    def __init__(self, file: TextIO, **fields: Any) -> None:
        self._file = file
        self._fields = fields

    def bind(self, **fields: Any) -> "Log":
        """The same log with more fields on each line."""
        return Log(self._file, **self._fields, **fields)

    def info(self, message: str, **fields: Any) -> None:
        self.line({"level": "INFO", "message": message, **fields})

    def warn(self, message: str, **fields: Any) -> None:
        self.line({"level": "WARN", "message": message, **fields})

    def fail(self, message: str, **fields: Any) -> None:
        self.line({"level": "ERROR", "message": message, **fields})

    def line(self, fields: dict[str, Any]) -> None:
        """One object as it is, with the time and the bound fields (CloudWatch's embedded metrics, too)."""
        record = {"at": round(time.time(), 3), **self._fields, **fields}
        self._file.write(orjson.dumps(record, default=str).decode() + "\n")
        self._file.flush()


def open_log(path: str | None) -> Log:
    """To the daemon's own stderr where `path` names it: what a child writes to its own stderr, the daemon
    logs again as an error, with its own prefix. Falls back to stderr."""
    if path:
        try:
            return Log(Path(path).open("a", encoding="utf-8"))
        except OSError:
            pass  # a socket cannot be opened by its path
    return Log(sys.stderr)
