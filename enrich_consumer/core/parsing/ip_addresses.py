"""IP addresses: one spelling, the part that may be kept, and how an address may be written in a text."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import quote

LONGEST = 64
"""Characters of the longest text that can be an address, zone included."""


def parse(text: str) -> IPv4Address | IPv6Address | None:
    """The address without a zone, an IPv4 one out of the IPv6 address that carries it; None for anything else."""
    address = _parse(text)
    return (_carried(address) or address) if isinstance(address, IPv6Address) else address


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    if len(text) > LONGEST:
        return None
    try:
        return ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None


_LAST_32 = (1 << 32) - 1
_EMBEDDING = tuple(
    int(IPv6Address(prefix)) >> 32
    for prefix in (
        "::ffff:0:0",  # IPv4-mapped, RFC 4291
        "::ffff:0:0:0",  # IPv4-translated, RFC 2765
        "64:ff9b::",  # NAT64, RFC 6052
        "64:ff9b:1::",  # NAT64 of one's own, RFC 8215
    )
)
"""The first 96 bits of addresses whose last 32 are an IPv4 address."""


def _carried(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address of the client that is a part of the IPv6 address by its format."""
    if address.sixtofour:  # RFC 3056: 2002:AABB:CCDD::/48, so that /48 would keep all of it
        return address.sixtofour
    if address.teredo:  # RFC 4380: the server, then the client
        return address.teredo[1]
    number = int(address)
    head, last = number >> 32, number & _LAST_32
    if head in _EMBEDDING or (head == 0 and last > 0xFFFF):  # the second: IPv4-compatible, RFC 4291
        return IPv4Address(last)
    return None


def by_policy(text: str, policy: str) -> str | None:
    """The address as the lake may hold it: truncated to /24 or /48, or None where the policy is `none`.

    `full` is about the raw stream, for geo: the lake gets it truncated as well.
    """
    address = parse(text)
    if address is None or policy == "none":
        return None
    spare = 8 if address.version == 4 else 80
    return str(type(address)(int(address) >> spare << spare))


def spellings(text: str) -> tuple[str, ...]:
    """How programs write this address elsewhere: as given, short, in full, in capitals, percent-encoded."""
    address = _parse(text)
    if address is None:
        return (text,)
    short = str(address)
    if not isinstance(address, IPv6Address):
        return tuple(dict.fromkeys((text.strip(), short)))
    coded = quote(short, safe="")
    six = (text.strip(), short, short.upper(), address.exploded, coded, coded.lower())
    carried = _carried(address)
    return tuple(dict.fromkeys((*six, str(carried)) if carried else six))
