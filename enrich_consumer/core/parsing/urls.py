"""Taking addresses of web pages apart, fast and without ever raising."""

from typing import NamedTuple
from urllib.parse import unquote_plus

from enrich_consumer.core.parsing.pii import has_digits, scrub

LONGEST = 2048
"""Characters of an address that are kept; a longer one is cut, as browsers' own limits differ anyway."""

DEEPEST = 100
"""Parameters of a query that are read."""

REMOVED = "removed"
"""What stands in the place of a value that must not be kept."""

SECRETS = frozenset(
    [
        "access_token",
        "accesstoken",
        "api_key",
        "apikey",
        "auth",
        "authorization",
        "auth_token",
        "bearer",
        "client_secret",
        "csrf",
        "csrftoken",
        "_csrf",
        "id_token",
        "jsessionid",
        "jwt",
        "key_secret",
        "logintoken",
        "oauth_token",
        "oauth_verifier",
        "otp",
        "pass",
        "passwd",
        "password",
        "phpsessid",
        "pin",
        "pwd",
        "refresh_token",
        "reset_token",
        "secret",
        "senha",
        "sess",
        "session",
        "session_id",
        "session_key",
        "sessionid",
        "sessionkey",
        "sid",
        "sig",
        "signature",
        "sso",
        "ticket",
        "token",
        "user_token",
        "x-amz-credential",
        "x-amz-security-token",
        "x-amz-signature",
        "aspsessionid",
        "asp.net_sessionid",
        "cfid",
        "cftoken",
        "magic",
        "magic_link",
        "verification_code",
    ]
)
"""Parameters, in lower case, whose values let somebody in or name a server's session."""

_MORE = ("bearer", "cred", "csrf", "cf", "senha", "sso", "ticket", "magic", "verif", "sig")
_SUSPECTS = ("ses", "tok", "pass", "pwd", "auth", "sec", "key", "sig", "sid", "jwt", "otp", "pin", *_MORE)
"""One of these is in every name above: a cheap look before the query is taken apart (a test compares)."""


class Address(NamedTuple):
    """An address in parts. `host` in lower case, no port; `query` without `?`; None where there is none."""

    scheme: str | None
    host: str | None
    path: str | None
    query: str | None
    fragment: str | None


NO_ADDRESS = Address(None, None, None, None, None)


def split(url: str) -> Address:
    """Take an http(s) address apart; others, for example `android-app://x`, give host and path too."""
    scheme, found, rest = url.partition("://")
    if not found or not 0 < len(scheme) < 30 or "/" in scheme or "?" in scheme:
        scheme, rest = "", url
        if url.startswith("//"):
            rest = url[2:]
        elif not url.startswith("/"):
            return NO_ADDRESS
    rest, _, fragment = rest.partition("#")
    rest, _, query = rest.partition("?")
    authority, slash, path = rest.partition("/")
    return Address(
        scheme.lower() or None, host_of(authority), slash + path or "/", query or None, fragment or None
    )


def host_of(authority: str) -> str | None:
    """The host of `user:password@Host:port` in lower case."""
    host = authority.rpartition("@")[2]
    host = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return host.lower().rstrip(".") or None


def join(address: Address, authority: str | None) -> str:
    """The address as one text again, with this authority."""
    text = f"{address.scheme}://" if address.scheme else "//" if authority else ""
    text += (authority or "") + (address.path or "")
    if address.query:
        text += "?" + address.query
    return f"{text}#{address.fragment}" if address.fragment else text


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


def without_values(query: str, names: frozenset[str]) -> str:
    """The query with the values of these parameters (lower-case names) taken out."""
    parts = query.split("&")
    for place, part in enumerate(parts):
        name, found, value = part.partition("=")
        if found and value and unquote_plus(name).lower().strip("[]") in names:
            parts[place] = f"{name}={REMOVED}"
    return "&".join(parts)


def _without_session(path: str) -> str:
    """`/shop;jsessionid=1A2B/x` without the session: servers write it into the path."""
    first, *rest = path.split(";")
    for part in rest:
        name, _, value = part.partition("=")
        _, slash, tail = value.partition("/")
        first += slash + tail if name.lower() in SECRETS else ";" + part
    return first


def clean(url: str) -> Address:
    """Take an address apart and take out what lets somebody in (sessions, tokens) and personal data.

    The parts, put together again by `text_of`, are the cleaned address.
    """
    address = split(url[:LONGEST])
    text = url.lower()
    if any(word in text for word in _SUSPECTS):
        path, query, fragment = address.path, address.query, address.fragment
        if path and ";" in path:
            path = _without_session(path)
        if query:
            query = without_values(query, SECRETS)
        if fragment and "=" in fragment:
            fragment = without_values(fragment, SECRETS)
        address = address._replace(path=path, query=query, fragment=fragment)
    if "@" in text or "%40" in text or has_digits(url.encode("utf-8", "surrogatepass")):
        path, query, fragment = (part and scrub(part) for part in address[2:])
        address = address._replace(path=path, query=query, fragment=fragment)
    return address


def text_of(url: str, address: Address) -> str:
    """The cleaned address as text; the port stays, a user name and password do not."""
    rest = url[:LONGEST].partition("://")[2] if address.scheme else url[:LONGEST].removeprefix("//")
    for end in "/?#":
        rest = rest.partition(end)[0]
    return join(address, rest.rpartition("@")[2].lower() if address.host else None)
