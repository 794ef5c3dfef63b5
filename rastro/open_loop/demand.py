"""The posted load: the made-up shop, or the page views of a web server's log over and over."""

import random
import uuid
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import orjson

from rastro.access_log.event import PageView, event, visitor_id
from rastro.access_log.requests import header_text
from rastro.synthetic_shop.live import Live
from rastro.traffic.post import viewer_ip_headers

Headers = tuple[tuple[str, str], ...]


class Shot(NamedTuple):
    """One POST. `event_ids` in the order of its events."""

    headers: Headers
    body: bytes
    event_ids: tuple[str, ...]
    key_in_query: bool = False


class Demand(Protocol):
    """Endless."""

    def shot(self, now: int) -> Shot:
        """What is posted at `now` (epoch ms)."""


class Shop:
    """`open_visits`: at the same time. `together`: events of every request, 0 for as many as come."""

    def __init__(self, seed: int, mark: str, open_visits: int, together: int = 0) -> None:
        self._live = Live(seed, mark, open_visits, together)

    def shot(self, now: int) -> Shot:
        made = self._live.request(now)
        headers = (*made.headers, *viewer_ip_headers(made.ip))
        return Shot(headers, made.body, tuple(sent.event_id for sent in made.events), made.key_in_query)


class LogAgain:
    """The log's page views, one a request, from a line of its own on; at the end it begins anew.

    `visitor_key`: names visitors here, for an API that does not believe the IP address a client claims.
    """

    def __init__(
        self, views: Sequence[PageView], seed: int, mark: str, site_url: str, visitor_key: bytes | None
    ) -> None:
        self._views = views
        self._rng = random.Random(seed)
        self._at = self._rng.randrange(len(views))
        self._mark = mark
        self._site_url = site_url
        self._key = visitor_key

    def shot(self, now: int) -> Shot:
        view = self._views[self._at]
        self._at = (self._at + 1) % len(self._views)
        made = event(view, "", self._site_url, now - view.line.at)
        name = self._mark + str(uuid.UUID(int=self._rng.getrandbits(128), version=4))[len(self._mark) :]
        made["event_id"] = name
        if self._key:
            made["visitor_id"] = visitor_id(self._key, view.line.client, view.line.agent)
        headers = (
            ("Content-Type", "application/json"),
            ("User-Agent", header_text(view.line.agent)),
            *viewer_ip_headers(header_text(view.line.client)),
        )
        return Shot(headers, orjson.dumps(made), (name,))
