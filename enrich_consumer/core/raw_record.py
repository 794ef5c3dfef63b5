"""The raw record, version 1, as types, and the reader made of them.

The contract is schemas/raw.schema.json; a test holds these types against it. Parts that the schema calls only an
object stay dicts of anything: a wrong value in one of them costs an enrichment's columns, not the record. What the
shop sends along (`properties`) is most of the bytes and stays unparsed.
"""

from typing import Annotated, Any, Literal, TypedDict

import msgspec
from msgspec import Meta

MAX_MS = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z."""

# In JSON Schema 5.0 is an integer too; `decode` makes whole numbers of such.
Ms = Annotated[int, Meta(ge=0, le=MAX_MS)] | Annotated[float, Meta(ge=0, le=MAX_MS)]
SiteName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,39}\Z")]
EventName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}\Z")]
EventId = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")]


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


class _Required(TypedDict):
    event_id: EventId
    event: EventName


class RawEvent(_Required, total=False):
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


class RawRecord(msgspec.Struct):
    v: Literal[1]
    site: SiteName
    visitor_id: Annotated[str, Meta(min_length=1, max_length=128)]
    visitor_kind: Literal["cookie", "cookieless"]
    received_at: Ms
    events: Annotated[list[RawEvent], Meta(max_length=500)]
    sent_at: Ms | None = None
    ip: Annotated[str, Meta(max_length=64)] | None = None
    user_agent: Annotated[str, Meta(max_length=4096)] | None = None
    trusted_server: bool | None = None
    headers: RawHeaders = {}  # msgspec gives each its own


read = msgspec.json.Decoder(RawRecord).decode
"""Raises msgspec.ValidationError for JSON that is no such record, msgspec.DecodeError for bytes that are no JSON."""
