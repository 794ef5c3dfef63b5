"""Page views as requests: what one visitor saw in one stretch of the log goes together."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import orjson

from rastro.access_log.event import PageView, event, visitor_id
from rastro.traffic.post import Posting, viewer_ip_headers

STRETCH = 200
"""Page views between two marks of the progress."""
TOGETHER = 50
"""Page views in one request: 50 URLs and referrers of at most 8 KiB each stay below the limit of 1 MiB."""


class Batch(NamedTuple):
    """A posting and the ids of its events, in their order."""

    posting: Posting
    event_ids: tuple[str, ...]


class Shape(NamedTuple):
    """How page views become events. `shift` (ms) is added to the log's times.

    With `visitor_key` visitors are named here, as a cookie would name them; without it ingest names them,
    from the IP address and the user agent that go with the request.
    """

    source: str
    site_url: str
    shift: int
    visitor_key: bytes | None


def stretches(views: Iterable[PageView]) -> Iterator[list[PageView]]:
    """The page views in parts of `STRETCH`."""
    rest = iter(views)
    while part := list(islice(rest, STRETCH)):
        yield part


def batches(views: Iterable[PageView], shape: Shape) -> list[Batch]:
    """Requests for some page views, each visitor's in the order of the log."""
    by_visitor: dict[tuple[str, str], list[PageView]] = {}
    for view in views:
        by_visitor.setdefault((view.line.client, view.line.agent), []).append(view)
    made = []
    for (client, agent), of_visitor in by_visitor.items():
        for start in range(0, len(of_visitor), TOGETHER):
            events = [
                event(view, shape.source, shape.site_url, shape.shift)
                for view in of_visitor[start : start + TOGETHER]
            ]
            if shape.visitor_key:
                visitor = visitor_id(shape.visitor_key, client, agent)
                events = [one | {"visitor_id": visitor} for one in events]
            headers = (
                ("Content-Type", "application/json"),
                ("User-Agent", header_text(agent)),
                *viewer_ip_headers(header_text(client)),
            )
            posting = Posting(f"{client} {agent}", headers, orjson.dumps(events), events=len(events))
            made.append(Batch(posting, tuple(one["event_id"] for one in events)))
    return made


def header_text(text: str) -> str:
    """What an HTTP header can hold: Latin-1 without control characters."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return shown.encode("latin-1", "replace").decode("latin-1").strip()
