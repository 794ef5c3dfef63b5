"""Signed messages from rows of `cart_events`: the signature proves to a receiver who wrote them.

The signature is of the canonical form: all fields but `signature`, sorted by name, no blanks, UTF-8. Amounts are
texts with at least two decimals ("159.80"), so that the form is the same in every language.
"""

import hmac
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any

import orjson

AMOUNTS = ("value", "price")


def message_of(row: Mapping[str, Any], key: bytes | None) -> dict[str, Any]:
    """The message of a row; with a key it has a `signature`, hex of HMAC-SHA256."""
    message: dict[str, Any] = _with_texts(row)
    if key:
        message["signature"] = signature_of(message, key)
    return message


def signature_of(message: Mapping[str, Any], key: bytes) -> str:
    """What `signature` must be; compare it in constant time."""
    signed = {name: value for name, value in message.items() if name != "signature"}
    return hmac.new(key, canonical(signed), sha256).hexdigest()


def canonical(message: Mapping[str, Any]) -> bytes:
    """The bytes that are signed."""
    return orjson.dumps(message, option=orjson.OPT_SORT_KEYS)


def _with_texts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: _amount(given) if name in AMOUNTS and given is not None else _with_texts(given)
            for name, given in value.items()
        }
    if isinstance(value, list):
        return [_with_texts(item) for item in value]
    return value


def _amount(value: float) -> str:
    exact = Decimal(repr(value))
    text = f"{exact:.4f}"
    return text.removesuffix("00")
