"""Finds the client of a request: IP addresses in all spellings of servers and proxies."""

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache

# Not the standard library's is_private: the networks of documentation and tests are inside of nothing.
_INSIDE = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
)
_HOST_NAME = re.compile(r"(?=.*[a-z])[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)*\.?", re.IGNORECASE)


@lru_cache(8_192)
def ip_of(text: str) -> str | None:
    """An IP address without quotes, brackets, port and zone; None for what is none."""
    found = text.strip().strip("\"',").strip()
    if found.startswith("["):
        found = found[1:].partition("]")[0]
    elif found.count(":") == 1:
        found = found.partition(":")[0]
    try:
        ip = ipaddress.ip_address(found.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(ip, "ipv4_mapped", None)
    return str(mapped or ip)


@lru_cache(8_192)
def is_private(ip: str) -> bool:
    """Whether it is an IP address inside a network: a balancer's or a proxy's, not a visitor's."""
    parsed = ipaddress.ip_address(ip)
    return any(parsed.version == inside.version and parsed in inside for inside in _INSIDE)


def client_of(texts: Iterable[str]) -> str:
    """The client among forwarded IP addresses, left to right: the first one outside, else the first; empty without one.

    In a log nobody gains by a forged header, so the left-most is believed.
    """
    found = [ip for text in texts for part in text.split(",") if (ip := ip_of(part)) is not None]
    return next((ip for ip in found if not is_private(ip)), found[0] if found else "")


def host_name(text: str) -> str:
    """A host name, which servers write where they look names up; empty for `-` and what is none."""
    return text if _HOST_NAME.fullmatch(text) else ""
