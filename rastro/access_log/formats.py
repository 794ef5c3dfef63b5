"""Finds the format of each line by itself, so a log may change its format half-way."""

from rastro.access_log import combined, json_lines
from rastro.access_log.aws_logs import W3cLog, parse_balancer
from rastro.access_log.line import Line
from rastro.access_log.prefixes import without_prefix


class Recognised:
    """One line: its request and the name of its format, `line` None where it is in none; or a comment."""

    __slots__ = ("format", "is_comment", "line")

    def __init__(self, line: Line | None, name: str = "", *, is_comment: bool = False) -> None:
        self.line = line
        self.format = name
        self.is_comment = is_comment


class Recogniser:
    """Reads the lines of one log in their order; it remembers the names of fields that a comment gave."""

    def __init__(self) -> None:
        self._w3c = W3cLog()

    def read(self, text: str) -> Recognised:
        """Never raises: a line that cannot be read has no request."""
        text = text.lstrip("\0\ufeff")
        if self._w3c.directive(text) or not text.strip():
            return Recognised(None, is_comment=True)
        document = json_lines.json_object(text)
        if document is not None and isinstance(document.get("log"), str):  # Docker's json-file
            return self._named(document["log"].rstrip("\r\n"), "docker")
        rest, prefix = without_prefix(text)
        if prefix is not None and (behind := self._named(rest, prefix)).line is not None:
            return behind
        found = self._parse(text)
        return Recognised(None) if found is None else Recognised(*found)

    def _named(self, text: str, prefix: str) -> Recognised:
        found = self._parse(without_prefix(text)[0])
        return Recognised(None) if found is None else Recognised(found[0], f"{found[1]} behind {prefix}")

    def _parse(self, text: str) -> tuple[Line, str] | None:
        if text.startswith("{"):
            return json_lines.parse(text)
        return combined.parse(text) or parse_balancer(text) or self._w3c.parse(text)


def parse(text: str) -> Line | None:
    """The request of a line that stands alone; None when it is in no format."""
    return Recogniser().read(text).line
