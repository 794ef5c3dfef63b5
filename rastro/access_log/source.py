"""The log's bytes: plain, gzip, or standard input."""

import gzip
import hashlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from rastro.access_log.event import PageView
from rastro.access_log.line import parse
from rastro.access_log.page import is_page
from rastro.terminal.errors import Problem

GZIP = b"\x1f\x8b"
LONGEST_LINE = 65_536


class Survey(NamedTuple):
    """What one reading of the log found. `first_unreadable`: up to three line numbers."""

    lines: int
    unreadable: int
    first_unreadable: tuple[int, ...]
    page_views: int
    newest: int  # epoch ms of the newest page view; 0 without any
    oldest: int
    fingerprint: str


class Log:
    """A log that can be read more than once; standard input is kept in a temporary file meanwhile."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._temporary: Path | None = None
        if name == "-":
            with tempfile.NamedTemporaryFile(prefix="rastro-log-", delete=False) as kept:
                shutil.copyfileobj(sys.stdin.buffer, kept)
            self._temporary = Path(kept.name)
        self.path = self._temporary or Path(name)
        try:
            with self.path.open("rb") as file:
                self._is_gzip = file.read(2) == GZIP
        except OSError as error:
            raise Problem(f"cannot read the log {name}: {error.strerror or error}") from None

    def page_views(self) -> Iterator[PageView]:
        """The page views in the log's order."""
        for number, text in self._texts():
            line = parse(text)
            if line is not None and is_page(line):
                yield PageView(number, line)

    def survey(self) -> Survey:
        """Read everything once."""
        lines, views, oldest, newest = 0, 0, 0, 0
        unreadable: list[int] = []
        digest = hashlib.sha256()
        for number, text in self._texts():
            lines = number
            if number <= 100:
                digest.update(text.encode("utf-8", "replace"))
            line = parse(text)
            if line is None:
                unreadable.append(number)
            elif is_page(line):
                views += 1
                newest = max(newest, line.at)
                oldest = min(oldest or line.at, line.at)
        return Survey(
            lines, len(unreadable), tuple(unreadable[:3]), views, newest, oldest, digest.hexdigest()[:16]
        )

    def close(self) -> None:
        """Remove what was kept of standard input."""
        if self._temporary:
            self._temporary.unlink(missing_ok=True)

    def _texts(self) -> Iterator[tuple[int, str]]:
        opened = gzip.open if self._is_gzip else open
        with opened(self.path, "rb") as file:
            try:
                yield from enumerate(_lines(file), start=1)
            except (OSError, EOFError) as error:
                raise Problem(f"the log {self.name} breaks off: {error}") from None


def _lines(file: BinaryIO | gzip.GzipFile) -> Iterator[str]:
    """Lines of at most 64 KiB; the rest of a longer one is dropped, so no line can fill the memory."""
    while True:
        data = file.readline(LONGEST_LINE)
        if not data:
            return
        whole = data
        while len(whole) == LONGEST_LINE and not whole.endswith(b"\n"):
            whole = file.readline(LONGEST_LINE)
        yield data.decode("utf-8", "replace").rstrip("\r\n")
