"""Rows of the table `cart_events`: abandoned carts, and what became of them."""

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from enrich_consumer.core.iso_time import iso
from enrich_consumer.core.sessions.carts import BUYS, NAMES, REMOVES, Cart, CartChange, cart_id
from enrich_consumer.core.sessions.facts import Get
from enrich_consumer.core.sessions.limits import MOST_TEXT, TEN_THOUSANDTHS
from enrich_consumer.core.sessions.visitor import Visitor, uuid_text
from schemas import Session
from schemas.times import EpochMs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enrich_consumer.core.record import Row

ABANDONED, RECOVERED, RETRACTED = "cart_abandoned", "cart_recovered", "cart_retracted"


class Seen(NamedTuple):
    """An accepted event, as far as carts are concerned. `refuses`: its visitor said no to analytics or ads. `empty`:
    it has a list of items, and nothing in it."""

    event_id: str
    name: str
    at: EpochMs
    received_at: EpochMs
    refuses: bool
    empty: bool


def follow(visitor: Visitor, seen: Seen, get: Get) -> list[bytes]:
    """Let an accepted event change the visitor's cart; rows, if it buys a cart that was announced as abandoned."""
    cart = visitor.cart
    name = seen.name
    if cart is None:
        if name not in NAMES or name in {BUYS, REMOVES}:
            return []
        cart = Cart(cart_id(f"{visitor.site}/{visitor.visitor_id}", seen.event_id), seen.at)
        cart.is_bot = bool(get("is_bot"))
    rows: list[bytes] = []
    is_over = False
    if name in NAMES:
        change = _change(seen, get)
        if name == BUYS:
            is_over = seen.at >= cart.started_at  # an earlier one bought what was there before
        else:
            cart.apply(change)
            is_over = not cart.lines
        if is_over and cart.announced:
            if seen.at <= cart.abandoned_at:
                rows.append(_row(visitor, cart, RETRACTED, seen.at, change))
            elif name == BUYS:
                rows.append(_row(visitor, cart, RECOVERED, seen.at, change))
    if is_over:
        visitor.cart = None
        return rows
    cart.last_arrival = max(cart.last_arrival, seen.received_at)
    if seen.at >= cart.last_at:
        cart.last_at = seen.at
        cart.refuses = seen.refuses
    cart.last_page = _text(get("page_path")) or cart.last_page
    cart.user_id = _text(get("user_id")) or cart.user_id
    cart.is_bot = cart.is_bot or bool(get("is_bot"))
    visitor.cart = cart
    return rows


def abandon(visitor: Visitor, rule: Session) -> list[bytes]:
    """The visitor was silent for as long as the site says: the row, unless it is a bot or refused."""
    cart = visitor.cart
    assert cart is not None
    cart.checked = cart.revision
    if cart.is_bot or cart.refuses:
        return []
    cart.abandoned_at = cart.last_arrival + rule.cart_silence_ms
    cart.announced = cart.revision
    return [_row(visitor, cart, ABANDONED, cart.abandoned_at, None)]


def _change(seen: Seen, get: Get) -> CartChange:
    items: Sequence[dict[str, Any]] | None = get("items")
    if not items:
        items = () if seen.empty else None
    value = get("value")
    amount = None if value is None else round(value * TEN_THOUSANDTHS)
    return CartChange(seen.name, seen.at, items, amount, _text(get("currency")), _text(get("transaction_id")))


def _row(visitor: Visitor, cart: Cart, name: str, at: EpochMs, order: CartChange | None) -> bytes:
    row: Row = {
        "row_id": row_id(cart.cart_id, cart.announced, name),
        "event_name": name,
        "event_at": iso(at),
        "site": visitor.site,
        "visitor_id": visitor.visitor_id,
        "cart_id": cart.cart_id,
        "revision": cart.announced,
    }
    if name == ABANDONED:
        value = cart.value
        row["items"] = [
            {
                key: what
                for key, what in (
                    ("item_id", line.item_id),
                    ("item_name", line.name),
                    ("item_variant", line.variant),
                    ("price", None if line.price is None else line.price / TEN_THOUSANDTHS),
                    ("currency", line.currency),
                    ("quantity", line.quantity),
                )
                if what is not None and what != ""
            }
            for line in cart.lines.values()
        ]
        row["items_quantity"] = cart.quantity
        if value is not None:
            row["value"] = value / TEN_THOUSANDTHS
        if cart.currency:
            row["currency"] = cart.currency
        row["last_event_at"] = iso(cart.last_at)
        if cart.last_page:
            row["last_page_path"] = cart.last_page
    else:
        row["answers"] = row_id(cart.cart_id, cart.announced, ABANDONED)
        if order is not None and order.transaction_id:
            row["transaction_id"] = order.transaction_id
        if order is not None and order.name == BUYS:
            if order.value is not None:
                row["value"] = order.value / TEN_THOUSANDTHS
            if order.currency:
                row["currency"] = order.currency
    if cart.user_id:
        row["user_id"] = cart.user_id
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def row_id(cart: str, revision: int, name: str) -> str:
    """A UUID of version 8 from the cart, its revision and the row's name: a row delivered twice has one id."""
    digest = blake2b(f"{cart}/{revision}/{name}".encode(), digest_size=16).hexdigest()
    return uuid_text(f"{digest[:12]}8{digest[13:16]}8{digest[17:]}")


def _text(value: Any) -> str:
    return value[:MOST_TEXT] if type(value) is str else ""
