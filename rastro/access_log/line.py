"""One request of a log, in whatever format its line is."""

import re
from typing import NamedTuple


class Line(NamedTuple):
    """A request. `at` is epoch milliseconds; `target` is the path with its query; absent fields are empty.

    `client` is the client's IP address or host name.
    """

    client: str
    at: int
    method: str
    target: str
    status: int
    referrer: str
    agent: str


_ESCAPES = re.compile(r'(?:\\x[0-9a-fA-F]{2})+|\\["\\nrt]')
_LETTERS = {"n": "\n", "r": "\r", "t": "\t"}


def request_parts(request: str) -> tuple[str, str] | None:
    """Method and target of `GET /path HTTP/1.1`; None for what is none."""
    words = request.split(" ")
    if len(words) < 2 or not (words[0].isascii() and words[0].isalpha()):
        return None
    has_version = words[-1].startswith("HTTP/") and len(words) > 2
    return words[0], field(" ".join(words[1:-1] if has_version else words[1:]))


def field(text: str | None) -> str:
    r"""A logged field without the server's escapes; `\xC3\xA9` are the bytes of UTF-8, or else of Latin-1."""
    if text is None or text == "-":
        return ""
    return _ESCAPES.sub(_unescape, text) if "\\" in text else text


def _unescape(found: re.Match[str]) -> str:
    text = found[0]
    if text[1] != "x":
        return _LETTERS.get(text[1], text[1])
    data = bytes.fromhex(text.replace("\\x", ""))
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")
