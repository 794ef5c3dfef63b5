"""What an event is about: the client that sent it and the page it happened on.

Both are plain values, so that what enrichments find out about them is worked out once and remembered.
"""

from typing import NamedTuple

from enrich_consumer.core.record import Event, Record, Row
from schemas import Site

Screen = tuple[int | None, int | None, int | None, int | None]


class Headers(NamedTuple):
    """The request's headers that enrichments read, as in schemas/raw.schema.json; None: not sent."""

    accept_language: str | None = None
    sec_gpc: str | None = None
    sec_ch_ua: str | None = None
    sec_ch_ua_full_version_list: str | None = None
    sec_ch_ua_mobile: str | None = None
    sec_ch_ua_platform: str | None = None
    sec_ch_ua_platform_version: str | None = None
    sec_ch_ua_model: str | None = None


class Client(NamedTuple):
    """Who sent the event, as far as that is the same for many events.

    `screen`: width and height of the screen, of the window's inside, in pixels. `analytics`, `ads`: the
    visitor's consent, None when not asked. `references`: changes with the databases behind References.
    """

    site: Site
    ip: str | None
    user_agent: str | None
    headers: Headers
    language: str | None
    screen: Screen | None
    analytics: bool | None
    ads: bool | None
    references: str | None

    @property
    def refuses_ads(self) -> bool:
        """No consent; Global Privacy Control speaks for those who were not asked."""
        return self.ads is False or (
            self.ads is None and self.site.honour_gpc and self.headers.sec_gpc == "1"
        )


class Page(NamedTuple):
    """The page an event happened on. `without_clicks`: click ids may not be kept."""

    site: Site
    url: str | None
    referrer: str | None
    title: str | None
    without_clicks: bool


class About:
    """What `per_event` may read beside the event: the record, and the columns found for its client and page."""

    __slots__ = ("client", "page", "record")

    def __init__(self, record: Record) -> None:
        self.record = record
        self.client: Row = {}
        self.page: Row = {}


def headers_of(record: Record) -> Headers:
    """The headers that are read."""
    if not record.headers:
        return _NO_HEADERS
    return Headers(*map(record.headers.get, Headers._fields))


_NO_HEADERS = Headers()


def client_of(record: Record, headers: Headers, event: Event, references: str | None) -> Client:
    """The client of one event."""
    get = event.get
    consent = get("consent") or _NOTHING_SAID
    return Client(
        record.site,
        record.ip,
        record.user_agent,
        headers,
        get("language"),
        _screen(get("screen")),
        consent.get("analytics"),
        consent.get("ads"),
        references,
    )


def page_of(
    record: Record, event: Event, *, without_clicks: bool
) -> tuple[Site, str | None, str | None, str | None, bool]:
    """The fields of the Page of one event: not the Page itself, since mostly it is known already."""
    told = event.get("page") or _NOTHING_TOLD
    get = told.get
    # the Referer header is that of the request that brought the event: the page itself
    url = get("url") or record.headers.get("referer")
    return record.site, url, get("referrer"), get("title"), without_clicks


_NOTHING_TOLD: dict[str, str] = {}
_NOTHING_SAID: dict[str, bool | None] = {}


def _screen(told: dict[str, int | None] | None) -> Screen | None:
    if not told:
        return None
    get = told.get
    return get("width"), get("height"), get("viewport_width"), get("viewport_height")
