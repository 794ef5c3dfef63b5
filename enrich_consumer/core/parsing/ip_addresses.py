"""IP addresses: the part that may be stored, and how a text may spell one."""

from ipaddress import IPv6Address
from urllib.parse import quote

from schemas.ip_addresses import any_ip, carried_ipv4, parse_ip, truncated


def by_policy(text: str, policy: str) -> str | None:
    """The IP address as the lake may hold it: truncated to /24 or /48, or None where the policy is `none`.

    `full` is about the raw stream, for geo: the lake gets it truncated as well.
    """
    ip = parse_ip(text)
    return None if ip is None or policy == "none" else truncated(ip)


def spellings(text: str) -> tuple[str, ...]:
    """How programs spell this IP address elsewhere: as given, short, in full, in capitals, percent-encoded."""
    ip = any_ip(text)
    if ip is None:
        return (text,)
    short = str(ip)
    if not isinstance(ip, IPv6Address):
        return tuple(dict.fromkeys((text.strip(), short)))
    coded = quote(short, safe="")
    six = (text.strip(), short, short.upper(), ip.exploded, coded, coded.lower())
    carried = carried_ipv4(ip)
    return tuple(dict.fromkeys((*six, str(carried)) if carried else six))
