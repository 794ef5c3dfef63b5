"""The context of an event: the client that sent it and the page it happened on.

Both are plain values, so that what enrichments find out about them is worked out once and remembered. Records may
hold anything where schemas/raw.schema.json says only `object`: here it becomes what the annotations say.
"""

from types import NoneType
from typing import Any, NamedTuple

from enrich_consumer.core.record import Event, Record, Row
from schemas import Site

Screen = tuple[int | None, ...]
MOST_PIXELS = 100_000
"""The limit of schemas/event.schema.json."""


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
    """The sender of the event, in the fields that many events share.

    `screen`: width and height of the screen, of the window's inside, in pixels. `analytics`, `ads`: the
    visitor's consent, None when not asked. `references`: changes with the databases behind References. `malformed`: the
    event's `screen` was not an object of pixel sizes; `screen` is None.
    `trusted_server`: a server of the shop that showed a secret key.
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
    malformed: bool = False
    trusted_server: bool = False

    @property
    def refuses_ads(self) -> bool:
        """No consent; Global Privacy Control speaks for those who were not asked."""
        return self.ads is False or (
            self.ads is None and self.site.honour_gpc and self.headers.sec_gpc == "1"
        )


class Page(NamedTuple):
    """The page an event happened on. `without_clicks`: click ids may not be kept. `malformed`: the event's url,
    referrer or title was not a text; that field is None."""

    site: Site
    url: str | None
    referrer: str | None
    title: str | None
    without_clicks: bool
    malformed: bool = False


class EnrichmentContext:
    """What `per_event` may read beside the event: the record, the columns found for its client and page, and whether
    the visitor said no to analytics."""

    __slots__ = ("client", "page", "record", "refuses_analytics")

    def __init__(self, record: Record) -> None:
        self.record = record
        self.client: Row = {}
        self.page: Row = {}
        self.refuses_analytics = False


def headers_of(record: Record) -> Headers:
    """The headers that are read."""
    if not record.headers:
        return _NO_HEADERS
    return Headers(*map(record.headers.get, Headers._fields))


_NO_HEADERS = Headers()


def client_of(record: Record, headers: Headers, event: Event, references: str | None) -> Client:
    """The client of one event."""
    get = event.get
    consent = get("consent") or _NOTHING
    screen, malformed = _screen(get("screen"))
    return Client(
        record.site,
        record.ip,
        record.user_agent,
        headers,
        get("language"),
        screen,
        _consent(consent.get("analytics")),
        _consent(consent.get("ads")),
        references,
        malformed,
        record.trusted_server,
    )


def page_fields(
    record: Record, event: Event, *, without_clicks: bool
) -> tuple[Site, str | None, str | None, str | None, bool, bool]:
    """The fields of the Page of one event: not the Page itself, since mostly it is cached."""
    get = (event.get("page") or _NOTHING).get
    # the Referer header is that of the request that brought the event: the page itself
    url, referrer, title = get("url") or record.headers.get("referer"), get("referrer"), get("title")
    if {type(url), type(referrer), type(title)} <= _TEXT:
        return record.site, url, referrer, title, without_clicks, False
    return record.site, _text(url), _text(referrer), _text(title), without_clicks, True


_NOTHING: dict[str, Any] = {}
_TEXT = {str, NoneType}


def _text(value: Any) -> str | None:
    return value if type(value) is str else None


def _consent(value: Any) -> bool | None:
    """A consent that cannot be understood counts as refused."""
    return value if value is None or type(value) is bool else False


def _screen(screen: dict[str, Any] | None) -> tuple[Screen | None, bool]:
    """The sides, and whether it was malformed. In JSON Schema 393.0 is an integer too."""
    if not screen:
        return None, False
    sides: list[int | None] = []
    for name in ("width", "height", "viewport_width", "viewport_height"):
        side = screen.get(name)
        if side is not None:
            if type(side) not in {int, float} or not 0 <= side <= MOST_PIXELS:
                return None, True
            side = int(side)
        sides.append(side)
    return tuple(sides), False
