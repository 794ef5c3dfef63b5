"""What log collectors write before a server's line: syslog, journald, Docker, Kubernetes."""

import re

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*"
_PREFIXES = (
    ("kubernetes", re.compile(rf"(?:\[pod/\S+\] )?{_ISO} (?:stdout|stderr) [FP] ")),
    ("kubernetes", re.compile(r"\[pod/\S+\] ")),
    ("docker", re.compile(r"[\w.-]+\s*\|\s*")),
    ("syslog", re.compile(r"<\d{1,3}>1 \S+ \S+ \S+ \S+ \S+ (?:-|\[(?:[^\]\\]|\\.)*\]) (?:\ufeff)?")),
    (
        "syslog",
        re.compile(r"(?:<\d{1,3}>)?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ [^\s:\[]+(?:\[\d+\])?: ?"),
    ),
    ("syslog", re.compile(rf"{_ISO} \S+ [^\s:\[]+(?:\[\d+\])?: ?")),
)


def without_prefix(text: str) -> tuple[str, str | None]:
    """The server's own line, and the name of what stood before it, None where nothing did."""
    text = text.lstrip("\0\ufeff")
    if "\x1b" in text:
        text = _COLOUR.sub("", text)
    for name, prefix in _PREFIXES:
        found = prefix.match(text)
        if found is not None:
            return text[found.end() :], name
    return text, None
