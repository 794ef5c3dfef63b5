"""The log's bytes: plain, compressed, or standard input."""

import bz2
import gzip
import hashlib
import lzma
import shutil
import sys
import tempfile
import time
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from rastro.access_log.clock import is_disordered, newest_right
from rastro.access_log.event import PageView
from rastro.access_log.formats import Recognised, Recogniser
from rastro.access_log.page import is_page
from rastro.terminal.errors import Problem

PACKERS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
TAR, TAR_AT = b"ustar", 257
LONGEST_LINE = 65_536


class Survey(NamedTuple):
    """What one reading of the log found.

    `formats`: lines by the name of their format. `first_unreadable`: up to three line numbers. `newest`, `oldest`:
    epoch ms of page views, 0 without any. `wrong_clock`: page views whose time no clock of this log can have meant.
    `breaks_off`: why the log's end could not be read, None when it could.
    """

    lines: int
    unreadable: int
    first_unreadable: tuple[int, ...]
    page_views: int
    newest: int
    oldest: int
    fingerprint: str
    formats: Counter[str]
    wrong_clock: int
    is_disordered: bool
    breaks_off: str | None


class Log:
    """A log that can be read more than once; standard input is kept in a temporary file meanwhile."""

    def __init__(self, name: str, *, now: int | None = None) -> None:
        self.name = name
        self._now = int(time.time() * 1000) if now is None else now
        self._temporary: Path | None = None
        self._newest: int | None = None
        self._sorted = False
        self._breaks_off: str | None = None
        if name == "-":
            with tempfile.NamedTemporaryFile(prefix="rastro-log-", delete=False) as copy:
                shutil.copyfileobj(sys.stdin.buffer, copy)
            self._temporary = Path(copy.name)
        self.path = self._temporary or Path(name)
        try:
            with self.path.open("rb") as file:
                self._open = next(
                    (opened for magic, opened in PACKERS.items() if file.peek(8)[:8].startswith(magic)), open
                )
            with self._open(self.path, "rb") as file:
                is_tar = file.read(TAR_AT + len(TAR))[TAR_AT:] == TAR
        except (EOFError, zlib.error, lzma.LZMAError):
            is_tar = False
        except OSError as error:
            raise Problem(f"cannot read the log {name}: {error.strerror or error}") from None
        if is_tar:
            raise Problem(f"{name} is a tar archive; unpack it and load each log in it")

    def page_views(self) -> Iterator[PageView]:
        """The page views by the order of the log, or by their times where a survey found the log out of order.

        Where a survey found a wrong clock, its page views have the time of the one before.
        """
        if not self._sorted:
            yield from self._page_views()
            return
        in_order = sorted(self._page_views(), key=lambda view: view.line.at)
        for number, view in enumerate(in_order, start=1):
            yield view._replace(number=number)  # a load that goes on counts by it

    def survey(self) -> Survey:
        """Read everything once."""
        times = array("q")
        formats: Counter[str] = Counter()
        unreadable: list[int] = []
        lines, failed = 0, 0
        digest = hashlib.sha256()
        for number, text, found in self._lines():
            lines = number
            if number <= 100:
                digest.update(text.encode("utf-8", "replace"))
            if found.line is None:
                if not found.is_comment:
                    failed += 1
                    unreadable += [number] if len(unreadable) < 3 else []
                continue
            formats[found.format] += 1
            if is_page(found.line):
                times.append(found.line.at)
        newest = self._newest = newest_right(times, self._now)
        self._sorted = is_disordered(times, newest)
        right = [at for at in times if at <= newest]
        return Survey(
            lines,
            failed,
            tuple(unreadable),
            len(times),
            newest,
            min(right, default=0),
            digest.hexdigest()[:16],
            formats,
            len(times) - len(right),
            self._sorted,
            self._breaks_off,
        )

    def close(self) -> None:
        """Remove what was kept of standard input."""
        if self._temporary:
            self._temporary.unlink(missing_ok=True)

    def _page_views(self) -> Iterator[PageView]:
        before = 0
        for number, _, found in self._lines():
            line = found.line
            if line is None or not is_page(line):
                continue
            if self._newest is not None and line.at > self._newest:
                line = line._replace(at=before or self._newest)
            before = line.at
            yield PageView(number, line)

    def _lines(self) -> Iterator[tuple[int, str, Recognised]]:
        """Number, text and what it was recognised as, as far as the log can be read."""
        recogniser = Recogniser()
        number = 0
        try:
            with self._open(self.path, "rb") as file:
                for number, text in enumerate(_lines(file), start=1):
                    yield number, text, recogniser.read(text)
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            # A copy that was cut off, or garbage behind the end: what could be read is good.
            self._breaks_off = f"after line {number:,}: {error}"
            if not number:
                raise Problem(f"the log {self.name} breaks off: {error}") from None


def _lines(file: IO[bytes]) -> Iterator[str]:
    """Lines of at most 64 KiB; the rest of a longer one is dropped, so no line can fill the memory."""
    while True:
        data = file.readline(LONGEST_LINE)
        if not data:
            return
        whole = data
        while len(whole) == LONGEST_LINE and not whole.endswith(b"\n"):
            whole = file.readline(LONGEST_LINE)
        yield data.decode("utf-8", "replace").rstrip("\r\n")
