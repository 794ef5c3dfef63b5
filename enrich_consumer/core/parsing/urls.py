"""URLs parsed and cleaned, fast and without ever raising."""

import re
from typing import NamedTuple

import re2

from enrich_consumer.core.parsing import url_secrets
from enrich_consumer.core.parsing.pii import PERSONAL, scrub
from enrich_consumer.core.parsing.url_secrets import is_secret, without_values

LONGEST = 2048
"""Characters of a URL that are read; a longer one is cut, as browsers' own limits differ anyway."""

DEEPEST = 100
"""Parameters of a query that are read."""


class UrlParts(NamedTuple):
    """A URL in parts. `host` in lower case, no port; `query` without `?`; None where there is none."""

    scheme: str | None
    host: str | None
    path: str | None
    query: str | None
    fragment: str | None


NO_URL = UrlParts(None, None, None, None, None)


def split(url: str) -> UrlParts:
    """Parse an http(s) URL; others, for example `android-app://x`, give host and path too."""
    scheme, found, rest = url.partition("://")
    if not found or not 0 < len(scheme) < 30 or "/" in scheme or "?" in scheme:
        scheme, rest = "", url
        if url.startswith("//"):
            rest = url[2:]
        elif not url.startswith("/"):
            return NO_URL
    rest, _, fragment = rest.partition("#")
    rest, _, query = rest.partition("?")
    authority, slash, path = rest.partition("/")
    return UrlParts(
        scheme.lower() or None, host_of(authority), slash + path or "/", query or None, fragment or None
    )


def host_of(authority: str) -> str | None:
    """The host of `user:password@Host:port` in lower case."""
    host = authority.rpartition("@")[2]
    host = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return host.lower().rstrip(".") or None


def join(parts: UrlParts, authority: str | None) -> str:
    """The URL as one text again, with this authority."""
    text = f"{parts.scheme}://" if parts.scheme else "//" if authority else ""
    text += (authority or "") + (parts.path or "")
    if parts.query:
        text += "?" + parts.query
    return f"{text}#{parts.fragment}" if parts.fragment else text


def parameters(query: str | None) -> dict[str, str]:
    """Decoded parameters by lower-case name; of a repeated one the first that is not empty."""
    found: dict[str, str] = {}
    if not query:
        return found
    for part in query.split("&", DEEPEST)[:DEEPEST]:
        name, _, value = part.partition("=")
        name = name.lower()
        while name.startswith("amp;"):  # `&amp;` of HTML that was not read as HTML
            name = name[4:]
        if value and name not in found:
            found[name] = unescaped(value)
    return found


_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


def unescaped(value: str) -> str:
    """The value of a parameter; escaped bytes that are no UTF-8 are read as Windows-1252, the web's Latin-1."""
    if "+" in value:
        value = value.replace("+", " ")
    return _ESCAPES.sub(_letters, value) if "%" in value else value


def _letters(escapes: re.Match[str]) -> str:
    data = bytes.fromhex(escapes.group().replace("%", ""))
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def clean(url: str) -> UrlParts:
    """Parse a URL and remove what lets somebody in (sessions, tokens) and personal data.

    The parts, put together again by `text_of`, are the cleaned URL.
    """
    parts = split(url[:LONGEST])
    found = _SOUGHT.Match(url.encode("utf-8", "surrogatepass"))
    if not found:
        return parts
    if _IS_PERSONAL in found:
        path, query, fragment = (part and scrub(part) for part in parts[2:])
        parts = parts._replace(path=path, query=query, fragment=fragment)
    if _IS_SECRET in found:
        path, query, fragment = (part and url_secrets.without_web_tokens(part) for part in parts[2:])
        if path:
            path = url_secrets.without_tokens(path)
        if query:
            query = without_values(query, is_secret)
        if fragment:
            fragment = _clean_fragment(fragment)
        parts = parts._replace(path=path, query=query, fragment=fragment)
    return parts


_SOUGHT = re2.Set.SearchSet()
"""One look for all that may have to be removed from a URL."""
_IS_PERSONAL = _SOUGHT.Add(PERSONAL)
_IS_SECRET = _SOUGHT.Add("(?i)" + url_secrets.SUSPECTS)
_SOUGHT.Compile()


def _clean_fragment(fragment: str) -> str:
    """Behind a hash router's `#/` or `#!/` there is a path, and perhaps a query."""
    path, mark, query = fragment.partition("?")
    if "/" in path:
        path = url_secrets.without_tokens(path)
        return path + mark + without_values(query, is_secret)
    return without_values(fragment, is_secret)


def text_of(url: str, parts: UrlParts) -> str:
    """The cleaned URL as text; the port stays, a user name and password do not."""
    rest = url[:LONGEST].partition("://")[2] if parts.scheme else url[:LONGEST].removeprefix("//")
    for end in "/?#":
        rest = rest.partition(end)[0]
    return join(parts, rest.rpartition("@")[2].lower() if parts.host else None)
