"""The client's IP address out of the header in which proxies of ours write it."""

import ipaddress
import re
from collections.abc import Mapping

FORWARDED_FOR = re.compile(r"""(?:^|[;,\s])for\s*=\s*("[^"]*"|[^;,\s]*)""", re.IGNORECASE)
MAX_HEADER = 4_096


def client_ip(headers: Mapping[str, str], viewer_header: str | None, trusted_proxies: int) -> str | None:
    """The right-most IP address that no proxy of ours has, None where there is none to be trusted.

    Each proxy appends the IP address it was called from, so everything to the left may have been sent by the client.
    `trusted_proxies`: how many of the right-most ones are our own proxies', 0 where only one proxy writes.
    """
    text = headers.get(viewer_header, "").strip()[-MAX_HEADER:] if viewer_header else ""
    if not text or viewer_header is None:
        return None
    if viewer_header == "cloudfront-viewer-address":  # address:port, also for IPv6, without brackets
        return text.rpartition(":")[0] or None
    chain = FORWARDED_FOR.findall(text) if viewer_header == "forwarded" else text.split(",")
    if not chain:
        return None
    return plain_ip(chain[max(0, len(chain) - 1 - trusted_proxies)])


def plain_ip(text: str) -> str | None:
    """An IP address without quotes, brackets and port; None for what is none ("unknown", an obfuscated name)."""
    found = text.strip().strip('"').strip()
    if found.startswith("["):
        found = found[1:].partition("]")[0]
    elif found.count(":") == 1:
        found = found.partition(":")[0]
    try:
        return str(ipaddress.ip_address(found.partition("%")[0]))
    except ValueError:
        return None
