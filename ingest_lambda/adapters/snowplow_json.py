"""Self-describing JSON of Snowplow: read from text or URL-safe base64, and its schema's name."""

import base64
import binascii
import re
from typing import Any, NamedTuple

import orjson

_SCHEMA = re.compile(r"iglu:([a-zA-Z0-9_.-]+)/([a-zA-Z0-9_-]+)/[a-zA-Z0-9_-]+/\d+-\d+-\d+")


class SelfDescribing(NamedTuple):
    """`vendor` and `name` of the schema, the whole `schema`, and the data, an object."""

    vendor: str
    name: str
    schema: str
    data: dict[str, Any]


def pop_json(payload: dict[str, Any], plain: str, packed: str) -> Any:
    """The JSON under `plain`, or in base64 under `packed`, taken out; None and left where it cannot be read."""
    for name, unpack in ((plain, str.encode), (packed, _from_base64)):
        value = payload.get(name)
        if not isinstance(value, str) or not value:
            continue
        try:
            found = orjson.loads(unpack(value))
        except ValueError:  # binascii and orjson errors are of this kind
            continue
        del payload[name]
        return found
    return None


def self_describing(value: Any) -> SelfDescribing | None:
    """A document `{schema, data}`; None where it is none."""
    if not isinstance(value, dict):
        return None
    found = _SCHEMA.fullmatch(value["schema"]) if isinstance(value.get("schema"), str) else None
    if found is None:
        return None
    data = value.get("data")
    return SelfDescribing(
        found[1], found[2], value["schema"], data if isinstance(data, dict) else {"data": data}
    )


def _from_base64(text: str) -> bytes:
    plain = text.rstrip("=").replace("+", "-").replace("/", "_")
    if not plain.isascii():
        raise binascii.Error("not ASCII")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
