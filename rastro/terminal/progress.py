"""What goes on, on stderr: one line that changes on a terminal, now and then a line elsewhere."""

import sys
import time

EVERY_SECONDS = 5.0


class Progress:
    """`note` for what changes all the time, `say` for what stays."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._noted = ""
        self._last = 0.0

    def note(self, text: str) -> None:
        """Replace the changing line."""
        now = time.monotonic()
        if self._terminal:
            if text != self._noted:
                print(f"\r\x1b[K  {text}", end="", file=sys.stderr, flush=True)
        elif now - self._last > EVERY_SECONDS and text != self._noted:
            print(f"  {text}", file=sys.stderr, flush=True)
            self._last = now
        self._noted = text

    def say(self, text: str) -> None:
        """Print a line that stays."""
        start = "\r\x1b[K" if self._terminal and self._noted else ""
        self._noted = ""
        print(start + text, file=sys.stderr, flush=True)
