"""Decodes percent-escapes, and remembers where in the original each character stood."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_ESCAPE = re.compile(r"%(?:25)*[cC]2%(?:25)*[aA]0|%(?:25)*([0-9A-Fa-f]{2})")
"""An escape, also one that was escaped itself, any number of times; first of all a no-break space in UTF-8."""


class Span(NamedTuple):
    """A part of the decoded text, and its replacement."""

    start: int
    end: int
    replacement: str


class DecodedText(NamedTuple):
    """`plain`: the decoded text; each byte of an escaped letter beyond ASCII is one letter in it. `starts`: where in
    the original each character of `plain` begins, and the original's length at the end; empty: nothing was escaped."""

    original: str
    plain: str
    starts: Sequence[int]

    def is_escaped(self, index: int) -> bool:
        """Whether the character at this index of `plain` was written as an escape."""
        return bool(self.starts) and self.original[self.starts[index]] == "%"

    def replace(self, spans: Iterable[Span]) -> str:
        """The original text with what the spans cover replaced; they are in order and do not overlap."""
        parts = []
        done = 0
        for start, end, replacement in spans:
            begin = self.starts[start] if self.starts else start
            parts += [self.original[done:begin], replacement]
            done = self.starts[end] if self.starts else end
        return "".join([*parts, self.original[done:]])


def decode(text: str) -> DecodedText:
    """Read the escapes of a text."""
    if "%" not in text:
        return DecodedText(text, text, ())
    letters: list[str] = []
    starts: list[int] = []
    done = 0
    for escape in _ESCAPE.finditer(text):
        letters.append(text[done : escape.start()])
        starts += range(done, escape.start() + 1)
        code = escape.group(1)
        letters.append("\u00a0" if code is None else _letter(int(code, 16)))
        done = escape.end()
    letters.append(text[done:])
    starts += range(done, len(text) + 1)
    return DecodedText(text, "".join(letters), starts)


def _letter(byte: int) -> str:
    return chr(byte) if byte < 0x80 else "\u00e9"  # a part of some letter
