"""Which requests are views of a page."""

from pathlib import PurePosixPath
from urllib.parse import parse_qsl, urlsplit

from rastro.access_log.line import Line

# Page addresses end in nothing or in one of these; every other ending is a file that a page or a program loads.
PAGE_ENDINGS = frozenset({"", ".html", ".htm", ".xhtml", ".shtml", ".php", ".asp", ".aspx", ".jsp", ".cgi"})
FEEDS = frozenset({"feed", "rss", "atom"})


def is_page(line: Line) -> bool:
    """Whether a request showed a page: a GET that was answered with it (2xx or 304), no asset, no feed."""
    if line.method != "GET" or not (200 <= line.status < 300 or line.status == 304) or line.status == 206:
        return False
    address = urlsplit(line.target if "://" in line.target else "//host/" + line.target.lstrip("/"))
    path = PurePosixPath(address.path)
    ending = path.suffix.lower()
    # "/articles/version-1.2" has an ending that is none: endings of files hold a letter
    if ending not in PAGE_ENDINGS and any(c.isalpha() for c in ending) and len(ending) <= 6:
        return False
    if path.name.lower() in FEEDS:
        return False
    values = (value.lower() for _, value in parse_qsl(address.query))
    return not any(value.rstrip("0123456789.") in FEEDS for value in values)
