"""The lake in a process of its own: DuckDB and the translator take 100 MB that the console needs now and then."""

import multiprocessing
import multiprocessing.context
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Protocol

from console.questions import Question

IDLE_SECONDS = 300.0
"""After that long without a question the process ends; the next question starts another."""


class LakeError(Exception):
    """The lake could not answer; the text says why."""


class Answers(Protocol):
    """What is open in the process."""

    def close(self) -> None: ...


class LakeProcess:
    """Calls methods of what `open_lake` makes, in a process that starts with the first call."""

    def __init__(self, open_lake: Callable[[], Answers], idle: float = IDLE_SECONDS) -> None:
        """`open_lake` and all arguments are pickled."""
        self._open_lake = open_lake
        self._idle = idle
        self._lock = threading.Lock()
        self._process: multiprocessing.context.SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._timer: threading.Timer | None = None

    def ask(self, method: str, *args: Any) -> Any:
        """The answer of a method.

        Raises:
            LakeError: with the error's kind and text.
        """
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            try:
                good, answer = self._exchange(method, args)
            except (EOFError, OSError):  # it was killed; once more with a fresh one
                self._end()
                good, answer = self._exchange(method, args)
            self._timer = threading.Timer(self._idle, self.close)
            self._timer.daemon = True
            self._timer.start()
        if not good:
            raise LakeError(answer)
        return answer

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The answer of a query in Athena's dialect."""
        found: list[dict[str, Any]] = self.ask("rows", sql)
        return found

    def answer(self, asked: Question) -> list[dict[str, Any]]:
        """The answer of a dashboard's question."""
        found: list[dict[str, Any]] = self.ask("answer", asked)
        return found

    def files_of(self, event_id: str) -> list[dict[str, Any]]:
        """The rows of an event with the file that holds each."""
        found: list[dict[str, Any]] = self.ask("files_of", event_id)
        return found

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    @property
    def pid(self) -> int | None:
        """The id of the process, while there is one."""
        return self._process.pid if self._process is not None else None

    def _exchange(self, method: str, args: tuple[Any, ...]) -> tuple[bool, Any]:
        if self._pipe is None:
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(
                target=_serve, args=(theirs, self._open_lake), name="console lake", daemon=True
            )
            self._process.start()
            theirs.close()  # so that its end is seen as the end of the pipe
        self._pipe.send((method, args))
        good, answer = self._pipe.recv()
        return good, answer

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.join(timeout=5)
            if self._process.is_alive():
                self._process.terminate()
                self._process.join(timeout=5)
            self._process.close()
        self._pipe = self._process = None


def _serve(pipe: Connection, open_lake: Callable[[], Answers]) -> None:
    """Answer until the other end is gone."""
    lake: Answers | None = None
    try:
        while True:
            method, args = pipe.recv()
            try:
                if lake is None:
                    lake = open_lake()
                answer = (True, getattr(lake, method)(*args))
            except Exception as error:  # noqa: BLE001 - sent to the caller
                answer = (False, f"{type(error).__name__}: {error}")
            pipe.send(answer)
    except (EOFError, OSError, KeyboardInterrupt):
        pass
    finally:
        if lake is not None:
            lake.close()
