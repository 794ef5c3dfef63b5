"""A page view of the log as an event, and its visitor."""

import hmac
import json
import uuid
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from rastro.access_log.clients import ip_of
from rastro.access_log.line import Line

_NAMESPACE = uuid.UUID("5b0a6a6e-6f0c-5c6b-9a58-4f7f2c3d8e11")
UNSAFE = "\x7f" + "".join(map(chr, range(32)))


class PageView(NamedTuple):
    """A page view at `number` (the line's number in the log, from 1)."""

    number: int
    line: Line


def visitor_id(key: bytes, client: str, agent: str) -> str:
    """One visitor per client and agent: 32 hex digits that without `key` lead to neither."""
    return hmac.digest(key, f"{client}\0{agent}".encode("utf-8", "replace"), "sha256").hex()[:32]


def event_id(source: str, view: PageView) -> str:
    """The same line of the same log has the same id, so that loading it twice does not count it twice.

    `source` tells logs apart: what their beginnings hold.
    """
    return str(uuid.uuid5(_NAMESPACE, f"{source}\0{view.number}\0{json.dumps(view.line)}"))


def event(view: PageView, source: str, site_url: str, shift: int) -> dict[str, Any]:
    """The event as a storefront would post it; `shift` (ms) is added to the log's time.

    `site_url`, for example https://www.loja.example, is put before the path: a log does not hold it.
    """
    line = view.line
    page: dict[str, Any] = {"url": url_of(site_url, line.target)}
    if line.referrer:
        page["referrer"] = line.referrer[:8192]
    return {"event_id": event_id(source, view), "event": "page_view", "ts": line.at + shift, "page": page}


def url_of(site_url: str, target: str) -> str:
    """A whole URL; targets that proxies write whole lose their host."""
    if "://" in target:
        parts = urlsplit(target)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
    path = quote(target.lstrip("/"), safe="/?=&%+:;,@!$'()*~#[]")
    return f"{site_url}/{path}"[:8192]


def raw_record(
    view: PageView, source: str, site: str, site_url: str, visitor: str, received_at: int
) -> dict[str, Any]:
    """The raw record (schemas/raw.schema.json) that ingest would have written at the time of the request."""
    line = view.line
    return {
        "v": 1,
        "site": site,
        "visitor_id": visitor,
        "visitor_kind": "cookieless",
        "received_at": received_at,
        "sent_at": None,
        "ip": ip_of(line.client),  # a host name is no IP address, and nobody may look for it as one
        "user_agent": line.agent[:4096] or None,
        "headers": {},
        "events": [event(view, source, site_url, 0)],
    }
