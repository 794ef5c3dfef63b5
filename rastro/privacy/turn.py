"""Lets one process at a time write a home's tables. DuckDB computes on a copy in memory and writes whole days, so a
second writer would put back what the first one took out."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WAIT_SECONDS = 10.0
_POLL_SECONDS = 0.2


class NotYourTurnError(Exception):
    """Somebody else writes the tables; the text says who."""


@contextmanager
def turn(home: Path, tool: str, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Be the one who writes the tables under `home`; the system ends it with the process, however that ends.

    `tool`: what to tell others. Waits a little for somebody who is about to end.

    Raises:
        NotYourTurnError: somebody else goes on writing.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "tables.lock").open("a+", encoding="utf-8") as file:
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    file.seek(0)
                    who = file.read().strip() or "another process"
                    raise NotYourTurnError(who) from None
                time.sleep(_POLL_SECONDS)
        file.truncate(0)
        file.write(f"rastro {tool}, process {os.getpid()}\n")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
