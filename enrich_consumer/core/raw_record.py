"""The raw record, version 1, as types, and their reader.

The contract is schemas/raw.schema.json; a test holds these types against it. Parts that the schema calls only an
object stay dicts of anything: a wrong value in one of them costs an enrichment's columns, not the record. What the
shop sends along (`properties`) is most of the bytes and stays unparsed.
"""

import re
from typing import Annotated, Any, Literal, TypedDict

import msgspec
from msgspec import Meta

MAX_MS = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z."""

# In JSON Schema 5.0 is an integer too; `decode` makes whole numbers of such.
Ms = Annotated[int, Meta(ge=0, le=MAX_MS)] | Annotated[float, Meta(ge=0, le=MAX_MS)]
_SITE_NAME = r"[a-z][a-z0-9_-]{0,39}"
_EVENT_NAME = r"[a-z][a-z0-9_]{0,39}"
_EVENT_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
SiteName = Annotated[str, Meta(pattern=rf"^{_SITE_NAME}\Z")]
EventName = Annotated[str, Meta(pattern=rf"^{_EVENT_NAME}\Z")]
EventId = Annotated[str, Meta(pattern=rf"^{_EVENT_ID}\Z")]


class RawHeaders(TypedDict, total=False):
    accept_language: str | None
    referer: str | None
    sec_ch_ua: str | None
    sec_ch_ua_mobile: str | None
    sec_ch_ua_platform: str | None
    sec_ch_ua_platform_version: str | None
    sec_ch_ua_model: str | None
    sec_ch_ua_full_version_list: str | None
    dnt: str | None
    sec_gpc: str | None


class _Names(TypedDict):
    event_id: str
    event: str


class _StrictNames(TypedDict):
    event_id: EventId
    event: EventName


class _Rest(TypedDict, total=False):
    ts: Ms | None
    user_id: str | None
    language: str | None
    search_term: str | None
    page: dict[str, Any] | None
    screen: dict[str, Any] | None
    ecommerce: dict[str, Any] | None
    consent: dict[str, Any] | None
    properties: msgspec.Raw
    repairs: list[str]


class RawEvent(_Names, _Rest):
    pass


class _StrictEvent(_StrictNames, _Rest):
    pass


class RawRecord(msgspec.Struct, kw_only=True):
    v: Literal[1]
    site: str
    visitor_id: Annotated[str, Meta(min_length=1, max_length=128)]
    visitor_kind: Literal["cookie", "cookieless"]
    received_at: Ms
    events: Annotated[list[RawEvent], Meta(max_length=500)]
    sent_at: Ms | None = None
    ip: Annotated[str, Meta(max_length=64)] | None = None
    user_agent: Annotated[str, Meta(max_length=4096)] | None = None
    trusted_server: bool | None = None
    headers: RawHeaders = {}  # msgspec gives each its own


class _StrictRecord(RawRecord, kw_only=True):
    site: SiteName
    events: Annotated[list[_StrictEvent], Meta(max_length=500)]


_read = msgspec.json.Decoder(RawRecord).decode
_read_strictly = msgspec.json.Decoder(_StrictRecord).decode
_are_names = re.compile(rf"{_SITE_NAME}(?:\n{_EVENT_ID} {_EVENT_NAME})*").fullmatch
"""Of a record at once: its site, and the ids and names of all its events. A pattern of its own for each text, as in
the strict types, is a call for each and costs a fifth of the reading."""


def read(data: bytes) -> RawRecord:
    """The record in JSON.

    Raises:
        msgspec.ValidationError: JSON that is no such record.
        msgspec.DecodeError: bytes that are no JSON.
    """
    try:
        raw = _read(data)
    except msgspec.ValidationError:
        return _read_strictly(data)  # of several mistakes it names the first
    names = [raw.site, *(f"{event['event_id']} {event['event']}" for event in raw.events)]
    text = "\n".join(names)
    if text.count("\n") == len(raw.events) and _are_names(text):
        return raw
    return _read_strictly(data)
