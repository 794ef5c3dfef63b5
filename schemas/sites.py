"""The settings document of the sites: keys, origins, session rule, privacy. Ingest and consumer read it.

Kept in SSM Parameter Store on AWS and in a file elsewhere; `sites.schema.json` is its contract.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from schemas.files import json_file

MINUTE_MS = 60_000


class SitesError(ValueError):
    """The document cannot be used; the message names the path and what is wrong there."""


class Session(NamedTuple):
    """The session rule of one site, in milliseconds. `cart_silence_ms`: so long without an event, and a cart that is
    not bought counts as abandoned."""

    gap_ms: int = 30 * MINUTE_MS
    max_length_ms: int = 24 * 60 * MINUTE_MS
    lateness_ms: int = 60 * MINUTE_MS
    cart_silence_ms: int = 60 * MINUTE_MS

    @property
    def retention_ms(self) -> int:
        """How long after its last arrival a session can still be joined: R = G + H."""
        return self.gap_ms + self.lateness_ms


class Site(NamedTuple):
    """One storefront. `keys`: one or, during a rotation, two. `origins`: empty means any.

    `aliases`: other makers' names for the site, as public as keys. `secret_keys` are of servers only.
    """

    name: str
    keys: tuple[str, ...]
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    time_zone: str = "America/Sao_Paulo"
    currency: str | None = "BRL"
    session: Session = Session()
    ip_policy: str = "truncate"  # full | truncate | none: what the raw stream may hold
    cookieless: bool = True
    honour_dnt: bool = False
    honour_gpc: bool = True
    allow_credentials: bool = False  # only with origins: any page could act for a logged-in customer
    max_events: int = 500
    max_body_bytes: int = 1_048_576
    max_event_bytes: int = 65_536
    no_source_hosts: tuple[str, ...] = ()
    server_user_agents: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    secret_keys: tuple[str, ...] = ()
    post_paths: tuple[str, ...] = ()

    def __hash__(self) -> int:
        """By its name: it is a part of cached keys, and a walk through all settings costs more than the look-up."""
        return hash(self.name)


class KeyHolder(NamedTuple):
    """Whose key it is, and whether it is one of a server."""

    site: Site
    is_secret: bool


class Sites(NamedTuple):
    """All sites of a deployment; `version` goes into the session log's entries."""

    version: int
    by_name: Mapping[str, Site]
    by_key: Mapping[str, Site]
    by_digest: Mapping[bytes, KeyHolder] = MappingProxyType({})

    def holder_of(self, key: str) -> KeyHolder | None:
        """Who has a key, public, secret or an alias; None if nobody.

        Looked up by its SHA-256: how long that takes says nothing about how much of a key was right.
        """
        return self.by_digest.get(_digest(key))


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()


def parse_sites(text: str | bytes) -> Sites:
    """Read a settings document.

    Raises:
        SitesError: not JSON, not by the schema, a key used twice, or an unknown time zone.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise SitesError(f"the sites document is not JSON: {error}") from None
    problem = next(_validator().iter_errors(document), None)
    if problem is not None:
        path = "/".join(str(step) for step in problem.instance_path) or "the top level"
        raise SitesError(f"the sites document is wrong at {path}: {problem.message}")
    sites = [_site(name, fields) for name, fields in document["sites"].items()]
    holders: dict[str, KeyHolder] = {}
    for site in sites:
        for keys, is_secret in ((site.keys, False), (site.aliases, False), (site.secret_keys, True)):
            for key in keys:
                if key in holders:
                    other = holders[key].site.name
                    raise SitesError(f"the sites document gives one key to both {other} and {site.name}")
                holders[key] = KeyHolder(site, is_secret)
    return Sites(
        document["version"],
        by_name=MappingProxyType({site.name: site for site in sites}),
        by_key=MappingProxyType({key: site for site in sites for key in site.keys}),
        by_digest=MappingProxyType({_digest(key): holder for key, holder in holders.items()}),
    )


def _site(name: str, fields: dict[str, Any]) -> Site:
    rest = dict(fields)
    minutes = rest.pop("session", {})
    session = Session(
        gap_ms=round(minutes.get("gap_minutes", 30) * MINUTE_MS),
        max_length_ms=round(minutes.get("max_length_minutes", 24 * 60) * MINUTE_MS),
        lateness_ms=round(minutes.get("lateness_minutes", 60) * MINUTE_MS),
        cart_silence_ms=round(minutes.get("cart_silence_minutes", 60) * MINUTE_MS),
    )
    lists = (
        "keys",
        "origins",
        "hosts",
        "no_source_hosts",
        "server_user_agents",
        "aliases",
        "secret_keys",
        "post_paths",
    )
    for field in lists:
        rest[field] = tuple(rest.get(field, ()))
    rest["no_source_hosts"] = tuple(host.lower() for host in rest["no_source_hosts"])
    rest["origins"] = tuple(origin.lower() for origin in rest["origins"])  # browsers write them so
    site = Site(name=name, session=session, **rest)
    if site.allow_credentials and not site.origins:
        raise SitesError(f"the sites document allows credentials at {name} without naming its origins")
    try:
        ZoneInfo(site.time_zone)
    except (KeyError, ValueError, OSError):
        raise SitesError(
            f"the sites document names an unknown time zone at {name}: {site.time_zone}"
        ) from None
    return site


@cache
def _validator() -> Any:
    """Made with the first document: who only needs the words of the contract does not pay 10 MB for it."""
    import jsonschema_rs  # noqa: PLC0415 - as said

    return jsonschema_rs.validator_for(
        json_file("sites.schema.json"),
        mask="this",  # messages reach logs, and a key must not
    )
