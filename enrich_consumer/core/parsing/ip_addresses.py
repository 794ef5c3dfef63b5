"""IP addresses: the part that may be kept, and how an address may be written in a text."""

from ipaddress import IPv6Address
from urllib.parse import quote

from schemas.ip_addresses import any_ip, carried_ipv4, parse_ip, truncated


def by_policy(text: str, policy: str) -> str | None:
    """The address as the lake may hold it: truncated to /24 or /48, or None where the policy is `none`.

    `full` is about the raw stream, for geo: the lake gets it truncated as well.
    """
    address = parse_ip(text)
    return None if address is None or policy == "none" else truncated(address)


def spellings(text: str) -> tuple[str, ...]:
    """How programs write this address elsewhere: as given, short, in full, in capitals, percent-encoded."""
    address = any_ip(text)
    if address is None:
        return (text,)
    short = str(address)
    if not isinstance(address, IPv6Address):
        return tuple(dict.fromkeys((text.strip(), short)))
    coded = quote(short, safe="")
    six = (text.strip(), short, short.upper(), address.exploded, coded, coded.lower())
    carried = carried_ipv4(address)
    return tuple(dict.fromkeys((*six, str(carried)) if carried else six))
