"""The raw record as types, and the reader made of them.

Never compiled: the reader looks at the annotations at run time, and mypyc does not keep them.
"""

from typing import Annotated, Any, Literal, TypedDict

import msgspec
from msgspec import Meta

_Ms = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]


class _Headers(TypedDict, total=False):
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


class _Named(TypedDict):
    event_id: str
    event: str


class RawEvent(_Named, total=False):
    ts: _Ms | None
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
    site: str
    visitor_id: Annotated[str, Meta(min_length=1, max_length=128)]
    visitor_kind: Literal["cookie", "cookieless"]
    received_at: _Ms
    events: Annotated[list[RawEvent], Meta(max_length=500)]
    sent_at: _Ms | None = None
    ip: Annotated[str, Meta(max_length=64)] | None = None
    user_agent: Annotated[str, Meta(max_length=4096)] | None = None
    trusted_server: bool | None = None
    headers: _Headers = {}  # msgspec gives each its own


read = msgspec.json.Decoder(RawRecord).decode
