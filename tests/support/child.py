"""`python -m enrich_consumer record-processor` as the daemon starts it: a process, and pipes."""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Self

from tests.support.daemon_side import line

PATIENCE = 30.0
MODULE = ("-m", "enrich_consumer")


class ChildProcess:
    """Say something, read what it answers. Ends with the `with` block, by its own process id."""

    def __init__(self, env: Mapping[str, str], *, start: Sequence[str] = MODULE) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *start, "record-processor"],
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._errors: list[str] = []
        self._readers = [
            threading.Thread(target=self._read_answers, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read_answers(self) -> None:
        for text in self.process.stdout or ():
            if text.strip():
                self._answers.put(text)
        self._answers.put(None)

    def _read_errors(self) -> None:
        self._errors += self.process.stderr or ()

    def say(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line(message))
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any] | None:
        """The next line of its stdout, which has to be JSON; None when it has closed it."""
        text = self._answers.get(timeout=PATIENCE)
        return None if text is None else json.loads(text)

    def ask(self, message: dict[str, Any]) -> dict[str, Any] | None:
        self.say(message)
        return self.answer()

    def end(self) -> int:
        """Close its stdin, as a daemon that goes away does; its exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.wait()

    def wait(self) -> int:
        status = self.process.wait(timeout=PATIENCE)
        for reader in self._readers:
            reader.join(timeout=PATIENCE)
        return status

    @property
    def errors(self) -> str:
        """Its stderr; whole once it has ended."""
        return "".join(self._errors)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            for reader in self._readers:
                reader.join(timeout=PATIENCE)
            if pipe is not None:
                pipe.close()
