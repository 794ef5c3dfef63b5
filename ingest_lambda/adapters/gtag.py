"""gtag.js's own protocol: /g/collect, a query and, in a POST, one event a line of the body. Pure.

Google does not document it; sources are what gtag, @minimal-analytics/ga4 and ga4mp send.
"""

from typing import Any
from urllib.parse import parse_qsl

from ingest_lambda.adapters.client_hints import of_google
from ingest_lambda.adapters.event_ids import stable_id
from ingest_lambda.adapters.fields import first, moved, number, pixels, take, text
from ingest_lambda.adapters.ga4_names import PERSONAL, event_of, put_properties
from ingest_lambda.adapters.translation import Translated, invalid, translated
from ingest_lambda.events.batch import Claims
from ingest_lambda.events.server_visitors import visitor_of

MAX_FIELDS = 500  # 200 items, 25 parameters of each kind and what a hit always has
MAX_ITEMS = 200
ITEM = {
    "id": "item_id", "nm": "item_name", "br": "item_brand", "va": "item_variant", "pr": "price", "qt": "quantity",
    "ca": "item_category", "c2": "item_category2", "c3": "item_category3", "c4": "item_category4",
    "c5": "item_category5", "cp": "coupon", "ds": "discount", "ln": "item_list_name", "li": "item_list_id",
    "lp": "index", "af": "affiliation", "lo": "location_id", "pi": "promotion_id", "pn": "promotion_name",
    "cn": "creative_name", "cs": "creative_slot",
}  # fmt: skip
"""The two letters before a value in `prN` → our field."""

_SESSION = {"sid": "ga_session_id", "sct": "ga_session_number"}
_CAMPAIGN = {
    "cm": "medium",
    "cs": "source",
    "cn": "name",
    "cc": "content",
    "ct": "term",
    "ck": "term",
    "ci": "id",
}
_OF_HIT = {"cp": "coupon", "af": "affiliation", "ln": "item_list_name", "li": "item_list_id"}
"""Fields of an item that ga4mp writes for the whole event too → the parameter that they are."""

_TECHNICAL = frozenset(
    {"v", "tid", "gtm", "_dbg", "are", "frm", "pscdl", "tag_exp", "_s", "_p", "richsstsse"}
)


def hits_of(query: str, body: str) -> list[Translated]:
    """The hits of a request: what a line says overrides the query that all lines share."""
    shared = _fields(query)
    lines = [line for line in body.splitlines() if line.strip()] or [""]
    hits = [shared | _fields(line) for line in lines]
    indices = iter(range(len(hits)))
    return translated(hits, lambda hit: _event(hit, next(indices)))


def measurement_id_of(query: str) -> str | None:
    """The property of a hit: `tid`."""
    return _fields(query).get("tid") or None


def _fields(query: str) -> dict[str, str]:
    pairs = query.removeprefix("?").split("&")[:MAX_FIELDS]
    return dict(parse_qsl("&".join(pairs), keep_blank_values=True, errors="replace"))


def _event(original: dict[str, Any], index: int) -> Translated:
    hit = dict(original)
    name = text(take(hit, "en"))
    if name is None:
        raise invalid("en: an event needs a name")
    params: dict[str, Any] = {"currency": take(hit, "cu")}
    users: dict[str, Any] = {}
    for key in [key for key in hit if "." in key]:
        prefix, _, field = key.partition(".")
        if prefix in {"ep", "epn"}:
            params[field] = _number(hit.pop(key)) if prefix == "epn" else hit.pop(key)
        elif prefix in {"up", "upn"}:
            users[field] = _number(hit.pop(key)) if prefix == "upn" else hit.pop(key)
    params = moved(hit, _OF_HIT) | params
    params["items"] = _items(hit) or None
    event = event_of(name, {field: value for field, value in params.items() if value is not None})
    page = moved(hit, {"dl": "url", "dt": "title", "dr": "referrer"}) | event.get("page", {})
    visitor = visitor_of(hit.get("cid"), hit.get("uid"))
    found = {
        "event_id": _id(original, name, index),
        "visitor_id": visitor,
        "user_id": text(hit.get("uid")),
        "page": page,
        "screen": pixels(hit.pop("sr", None)),
        "language": first(event.get("language"), take(hit, "ul")),
        "consent": _consent(hit.get("gcs")),
    }
    event |= {field: value for field, value in found.items() if value}
    claims = Claims(text(hit.pop("_uip", None)), None, of_google(hit))
    session, campaign = moved(hit, _SESSION), moved(hit, _CAMPAIGN)
    rest = {
        field: value
        for field, value in hit.items()
        if value and field not in _TECHNICAL and field not in PERSONAL and field not in {"cid", "uid"}
    }
    put_properties(event, **session)
    put_properties(event, user_properties=users, campaign=campaign, **rest)
    return Translated(event, original, None, claims)


def _id(hit: dict[str, Any], name: str, index: int) -> str:
    """From what numbers hits: page load and hit. A client that does not number page loads gives its whole hit."""
    if hit.get("_p") and hit.get("_s"):
        parts = [hit.get(field) for field in ("tid", "cid", "sid", "_p", "_s")]
        return stable_id("gtag", *parts, name, index)
    return stable_id("gtag", hit, index)


def _items(hit: dict[str, Any]) -> list[dict[str, Any]]:
    keys = [key for key in hit if key[:2] == "pr" and key[2:].isdecimal()]
    return [_item(hit.pop(key)) for key in sorted(keys, key=lambda key: int(key[2:6]))[:MAX_ITEMS]]


def _item(packed: str) -> dict[str, Any]:
    """`idSKU~nmName~k0colour~v0blue`. A tilde inside a value is doubled."""
    parts = [part.replace("\0", "~") for part in packed.replace("~~", "\0").split("~")]
    item: dict[str, Any] = {}
    names: dict[str, str] = {}
    for part in parts:
        prefix, value = part[:2], part[2:]
        if prefix in ITEM:
            item.setdefault(ITEM[prefix], value)
        elif prefix[:1] == "k":
            names[prefix[1:]] = value
        elif prefix[:1] == "v" and names.get(prefix[1:]):
            item.setdefault(names[prefix[1:]], value)
    return item


def _consent(gcs: Any) -> dict[str, bool]:
    """`G1`, then ads, then analytics: 1 granted, 0 denied, anything else not asked."""
    if not isinstance(gcs, str) or gcs[:2] != "G1":
        return {}
    said = zip(("ads", "analytics"), gcs[2:4], strict=False)
    return {name: letter == "1" for name, letter in said if letter in "01"}


def _number(value: str) -> Any:
    found = number(value)
    return value if found is None else int(found) if found.is_integer() and "." not in value else found
