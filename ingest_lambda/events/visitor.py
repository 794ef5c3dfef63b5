"""The visitor of an event, and how much of the IP address is stored."""

import hashlib
import hmac
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from schemas import Site
from schemas.ip_addresses import parse_ip, truncated
from schemas.times import EpochMs


class Visitor(NamedTuple):
    """`kind` is `cookie` (the shop's own first-party id) or `cookieless`."""

    id: str
    kind: str


def cookieless(secret: bytes, site: Site, ip: str | None, user_agent: str | None, now: EpochMs) -> Visitor:
    """The visitor of one IP address and user agent on one day; `now` is in epoch ms.

    The day's salt is derived from a secret that is nowhere in the data, so a table of all IP addresses does not
    undo the hash. Whoever has the secret can compute the salt of any day: see the privacy part of
    docs/ingest.md.
    """
    # The shop's own midnight, when the fewest people are in the shop: there the hash changes and a visit is
    # cut.
    day = datetime.fromtimestamp(now / 1000, ZoneInfo(site.time_zone)).date().isoformat()
    salt = hmac.digest(secret, f"rastro cookieless {day}".encode(), "sha256")
    who = f"{site.name}\0{ip or ''}\0{user_agent or ''}".encode("utf-8", "replace")
    return Visitor(hmac.new(salt, who, hashlib.sha256).hexdigest()[:32], "cookieless")


def unlinkable(secret: bytes, site: Site, event_id: str) -> Visitor:
    """A visitor of one event only; a repeated event has the same one."""
    return Visitor(
        hmac.new(secret, f"{site.name}\0{event_id}".encode(), hashlib.sha256).hexdigest()[:32], "cookieless"
    )


def ip_by_policy(ip: str | None, policy: str) -> str | None:
    """The IP address as the raw stream may hold it: whole, /24 or /48, or nothing.

    Of an IPv6 address that carries an IPv4 one (6to4 and others) it is the IPv4. Text that is no IP address is
    never stored.
    """
    if ip is None or policy == "none" or (parsed := parse_ip(ip)) is None:
        return None
    return str(parsed) if policy == "full" else truncated(parsed)
