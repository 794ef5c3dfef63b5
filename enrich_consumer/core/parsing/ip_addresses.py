"""IP addresses: one spelling, the part that may be kept, and how an address may be written in a text."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import quote

LONGEST = 64
"""Characters of the longest text that can be an address, zone included."""


def parse(text: str) -> IPv4Address | IPv6Address | None:
    """The address, an IPv4 one out of its IPv6 mapping, without a zone; None for anything else."""
    if len(text) > LONGEST:
        return None
    try:
        address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


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
    address = parse(text)
    if address is None:
        return (text,)
    short = str(address)
    if not isinstance(address, IPv6Address):
        return tuple(dict.fromkeys((text.strip(), short)))
    coded = quote(short, safe="")
    return tuple(dict.fromkeys((text.strip(), short, short.upper(), address.exploded, coded, coded.lower())))
