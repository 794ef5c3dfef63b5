"""The context of an event: the browser that sent it, from where, and the page it happened on.

All are plain values, so that what enrichments find out about them is worked out once and remembered: an agent, a
location, the settings of a browser, a page and a referrer each by itself, because each comes again with others. Records
may hold anything where schemas/raw.schema.json says only `object`: here it becomes what the annotations say.
"""

from functools import lru_cache
from types import NoneType
from typing import Any, NamedTuple

from enrich_consumer.core.consent import answer
from enrich_consumer.core.record import Event, Record, Row
from enrich_consumer.core.tables.hosting import is_hosting
from schemas import Site

Screen = tuple[int | None, ...]
MOST_PIXELS = 100_000
"""The limit of schemas/event.schema.json."""


class Headers(NamedTuple):
    """The request's headers that enrichments read, as in schemas/raw.schema.json; None: not sent."""

    accept_language: str | None = None
    sec_ch_ua: str | None = None
    sec_ch_ua_full_version_list: str | None = None
    sec_ch_ua_mobile: str | None = None
    sec_ch_ua_platform: str | None = None
    sec_ch_ua_platform_version: str | None = None
    sec_ch_ua_model: str | None = None


Hints = tuple[str | None, ...]
_FIRST_HINT = Headers._fields.index("sec_ch_ua")
NO_HINTS: Hints = Headers()[_FIRST_HINT:]


class Agent(NamedTuple):
    """The program that sent the event.

    `hints`: the headers that are client hints, in the order of Headers. `of_server`: a server of the shop sent it on
    purpose, for example a purchase: it showed a secret key, or its agent is in the site's settings. `in_data_centre`:
    the IP address is of a hosting company.
    """

    user_agent: str | None
    hints: Hints = NO_HINTS
    of_server: bool = False
    in_data_centre: bool = False


class Location(NamedTuple):
    """The IP address, and how much of it may be known. `ip_policy`: the site's. `references`: changes with the
    databases behind References. `without_place`: the visitor refused analytics."""

    ip: str | None
    ip_policy: str
    references: str | None = None
    without_place: bool = False


class Browser(NamedTuple):
    """What the browser tells of its settings.

    `screen`: width and height of the screen, of the window's inside, in pixels. `analytics`, `ads`: the visitor's
    consent, None when not asked. `malformed`: the event's `screen` was not an object of pixel sizes; `screen` is None.
    """

    language: str | None
    accept_language: str | None
    screen: Screen | None
    analytics: bool | None
    ads: bool | None
    malformed: bool = False


class Page(NamedTuple):
    """The page an event happened on. `without_clicks`: click ids may not be kept. `malformed`: the event's url,
    referrer or title was not a text; `url` is None if it was that."""

    url: str | None
    without_clicks: bool = False
    malformed: bool = False


class Referrer(NamedTuple):
    """The page before (`url`), for a page of this host with these campaign parameters: the channel follows from all of
    them. `site` names the shop's own hosts. `without_clicks`: click ids may not be kept."""

    site: Site
    url: str | None
    page_host: str | None
    utm_source: str | None
    utm_medium: str | None
    utm_campaign: str | None
    click_network: str | None
    without_clicks: bool = False


class EnrichmentContext:
    """What `per_event` may read beside the event: the record, the columns found for its agent, location, browser, page
    and referrer, the title of the page, and whether the visitor said no to analytics."""

    __slots__ = ("agent", "browser", "location", "page", "record", "referrer", "refuses_analytics", "title")

    def __init__(self, record: Record) -> None:
        self.record = record
        self.agent: Row = {}
        self.location: Row = {}
        self.browser: Row = {}
        self.page: Row = {}
        self.referrer: Row = {}
        self.title: str | None = None
        self.refuses_analytics = False


def headers_of(record: Record) -> Headers:
    """The headers that are read."""
    if not record.headers:
        return _NO_HEADERS
    return Headers(*map(record.headers.get, Headers._fields))


_NO_HEADERS = Headers()


def agent_of(record: Record, headers: Headers, location: Row) -> Agent:
    """The agent of a record; `location`: the columns of its location."""
    agent = record.user_agent
    servers = record.site.server_user_agents
    of_server = record.trusted_server or (bool(servers) and (agent or "").startswith(servers))
    return Agent(agent, headers[_FIRST_HINT:], of_server, _in_data_centre(location))


def _in_data_centre(location: Row) -> bool:
    number, organization = location.get("asn"), location.get("as_organization")
    # whatever types a database of one's own may have
    return type(number) is int and type(organization) in _TEXT and _is_hosting(number, organization)


_is_hosting = lru_cache(8192)(is_hosting)


def browser_of(headers: Headers, event: Event) -> Browser:
    """The settings of the browser of one event."""
    get = event.get
    consent = get("consent") or _NOTHING
    screen, malformed = _screen(get("screen"))
    return Browser(
        get("language"),
        headers.accept_language,
        screen,
        answer(consent.get("analytics")),
        answer(consent.get("ads")),
        malformed,
    )


def page_texts(record: Record, event: Event) -> tuple[str | None, str | None, str | None, bool]:
    """(url, referrer, title, whether one of them was no text) of one event; then there is no title."""
    get = (event.get("page") or _NOTHING).get
    # the Referer header is that of the request that brought the event: the page itself
    url, referrer, title = get("url") or record.headers.get("referer"), get("referrer"), get("title")
    if {type(url), type(referrer), type(title)} <= _TEXT:
        return url, referrer, title, False
    return _text(url), _text(referrer), None, True


_NOTHING: dict[str, Any] = {}
_TEXT = {str, NoneType}


def _text(value: Any) -> str | None:
    return value if type(value) is str else None


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
