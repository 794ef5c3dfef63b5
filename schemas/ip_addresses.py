"""The client's IP address, and how much of it may be stored: one rule for ingest and consumer."""

from ipaddress import IPv4Address, IPv6Address, ip_address

LONGEST_IP = 64
"""Characters of the longest text that can be an IP address, zone included."""


def parse_ip(text: str) -> IPv4Address | IPv6Address | None:
    """The IP address without a zone, or the IPv4 address that an IPv6 address carries; None for anything else."""
    ip = any_ip(text)
    return (carried_ipv4(ip) or ip) if isinstance(ip, IPv6Address) else ip


def any_ip(text: str) -> IPv4Address | IPv6Address | None:
    """The IP address as it is written, without a zone; None for anything else."""
    if len(text) > LONGEST_IP:
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
"""The first 96 bits of IPv6 addresses whose last 32 are an IPv4 address."""


def carried_ipv4(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address of the client that is a part of the IPv6 address by its format."""
    if ip.sixtofour:  # RFC 3056: 2002:AABB:CCDD::/48, so that /48 would keep all of it
        return ip.sixtofour
    if ip.teredo:  # RFC 4380: the server, then the client
        return ip.teredo[1]
    number = int(ip)
    head, last = number >> 32, number & _LAST_32
    if head in _EMBEDDING or (head == 0 and last > 0xFFFF):  # the second: IPv4-compatible, RFC 4291
        return IPv4Address(last)
    return None


def truncated(ip: IPv4Address | IPv6Address) -> str:
    """The IPv4 address cut to /24, an IPv6 address to /48."""
    spare = 8 if ip.version == 4 else 80
    return str(type(ip)(int(ip) >> spare << spare))
