"""Taking addresses of web pages apart, fast and without ever raising."""

from typing import NamedTuple
from urllib.parse import unquote_plus

LONGEST = 2048
"""Characters of an address that are kept; a longer one is cut, as browsers' own limits differ anyway."""

DEEPEST = 100
"""Parameters of a query that are read."""


class Address(NamedTuple):
    """An address in parts. `host` in lower case, no port; `query` without `?`; None where there is none."""

    host: str | None
    path: str | None
    query: str | None
    fragment: str | None


NO_ADDRESS = Address(None, None, None, None)


def split(url: str) -> Address:
    """Take an http(s) address apart; others, for example `android-app://x`, give host and path too."""
    scheme, found, rest = url.partition("://")
    if not found:
        if not url.startswith("/"):
            return NO_ADDRESS
        rest = "" if not url.startswith("//") else url[2:]
        if not rest:  # a path of the shop itself
            rest, _, fragment = url.partition("#")
            path, _, query = rest.partition("?")
            return Address(None, path, query or None, fragment or None)
    elif not scheme.isascii() or len(scheme) > 30:
        return NO_ADDRESS
    rest, _, fragment = rest.partition("#")
    rest, _, query = rest.partition("?")
    authority, slash, path = rest.partition("/")
    return Address(_host(authority), slash + path or "/", query or None, fragment or None)


def _host(authority: str) -> str | None:
    host = authority.rpartition("@")[2]
    host = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return host.lower().rstrip(".") or None


def parameters(query: str | None) -> dict[str, str]:
    """Decoded parameters by lower-case name; of a repeated one the first that is not empty."""
    found: dict[str, str] = {}
    if not query:
        return found
    for part in query.split("&", DEEPEST)[:DEEPEST]:
        name, _, value = part.partition("=")
        if value and (name := name.lower()) not in found:
            found[name] = unquote_plus(value) if "%" in value or "+" in value else value
    return found
