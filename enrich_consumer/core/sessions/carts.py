"""A visitor's cart, as GA4's events describe it, and when it counts as abandoned.

docs/carts.md describes for the reader of the data what each event does. Times are epoch milliseconds, money is in
ten-thousandths.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from msgspec import msgpack

from enrich_consumer.core.sessions.limits import MOST_TEXT, TEN_THOUSANDTHS
from schemas.times import EpochMs

MOST_LINES = 100
"""Different items of a cart that are remembered; what is added beyond them is not in it."""
RECOVERY_MS = 24 * 3600 * 1000
"""How long an abandoned cart is remembered, so that buying it later is noticed. One day: longer ones cost memory,
and mails that win carts back are read within it."""

ADDS, REMOVES, BUYS = "add_to_cart", "remove_from_cart", "purchase"
SNAPSHOTS = frozenset({"view_cart", "begin_checkout", "add_shipping_info", "add_payment_info"})
NAMES = frozenset({ADDS, REMOVES, BUYS}) | SNAPSHOTS
"""Events that say something of a cart."""


class Line(NamedTuple):
    """One item of a cart. `price`: of one piece, None where the event had none."""

    item_id: str
    name: str
    variant: str
    price: int | None
    currency: str
    quantity: int


class CartChange(NamedTuple):
    """What one event says of a cart. `items`: None where the event has none; `value` belongs to all of them."""

    name: str
    at: EpochMs
    items: Sequence[dict[str, Any]] | None
    value: int | None
    currency: str
    transaction_id: str = ""


class Cart:
    """A visitor's cart. Mutable on purpose: each event moves it on.

    `cart_id` follows from the event that put the first item in, at `started_at`. `lines` by item and variant.
    `revision` counts the changes of its content. `set_at`: event time of the newest snapshot; `changed_at`: of the
    newest change.
    `last_at`, `last_arrival`: the newest event time and `received_at` of any event of the visitor. `checked`: the
    revision that was found abandoned last (0: none), at `abandoned_at`; `announced`: the revision of which a row said
    so (0: none), so that a purchase has something to answer. `is_bot`, `refuses`: why no row is written.
    """

    __slots__ = (
        "abandoned_at",
        "announced",
        "cart_id",
        "changed_at",
        "checked",
        "currency",
        "is_bot",
        "last_arrival",
        "last_at",
        "last_page",
        "lines",
        "refuses",
        "revision",
        "set_at",
        "started_at",
        "user_id",
    )

    def __init__(self, cart_id: str, at: EpochMs) -> None:
        self.cart_id = cart_id
        self.started_at = at
        self.lines: dict[str, Line] = {}
        self.currency = ""
        self.revision = 0
        self.set_at = 0
        self.changed_at = at
        self.last_arrival = 0
        self.last_at = at
        self.last_page = ""
        self.user_id = ""
        self.checked = 0
        self.abandoned_at = 0
        self.announced = 0
        self.is_bot = False
        self.refuses = False

    @property
    def totals(self) -> tuple[int, int | None, str]:
        """Pieces, what they cost, currency."""
        return self.quantity, self.value, self.currency

    def copy(self) -> "Cart":
        """Another one, equal to this."""
        other = Cart(self.cart_id, self.started_at)
        other.lines = self.lines.copy()
        other.currency, other.revision = self.currency, self.revision
        other.set_at, other.changed_at = self.set_at, self.changed_at
        other.last_arrival, other.last_at = self.last_arrival, self.last_at
        other.last_page, other.user_id = self.last_page, self.user_id
        other.checked, other.abandoned_at, other.announced = self.checked, self.abandoned_at, self.announced
        other.is_bot, other.refuses = self.is_bot, self.refuses
        return other

    @property
    def quantity(self) -> int:
        """Pieces in it."""
        return sum(line.quantity for line in self.lines.values())

    @property
    def value(self) -> int | None:
        """What they cost; None where a price is not known or currencies would have to be added."""
        total = 0
        for line in self.lines.values():
            if line.price is None or line.currency != self.currency:
                return None
            total += line.price * line.quantity
        return total

    def apply(self, change: CartChange) -> None:
        """Let an event change the content.

        Out of order: a snapshot older than the newest change, and a change older than the newest snapshot, say nothing
        new and are passed over.
        """
        if change.name in SNAPSHOTS:
            if change.items is not None and change.at >= self.changed_at:
                before = self.lines
                self.lines = {}
                self._add(change)
                self.set_at = change.at
                self._changed(change, before)
        elif change.items and change.at >= self.set_at:
            before = self.lines.copy()
            if change.name == ADDS:
                self._add(change)
            else:
                self._remove(change)
            self._changed(change, before)
        elif change.name == ADDS and change.at >= self.set_at:
            before = self.lines.copy()
            self._put(Line("", "", "", change.value, change.currency, 1))  # something, we do not know what
            self._changed(change, before)

    def _changed(self, change: CartChange, before: dict[str, Line]) -> None:
        self.changed_at = max(self.changed_at, change.at)
        if self.lines != before:
            self.revision += 1
            self.currency = change.currency

    def _add(self, change: CartChange) -> None:
        items = change.items or ()
        for item in items:
            quantity = item.get("quantity", 1)
            if type(quantity) is not int or quantity <= 0:
                continue
            price = item.get("price")
            amount = None if price is None else round(price * TEN_THOUSANDTHS)
            if amount is None and change.value is not None and len(items) == 1:
                amount = change.value // quantity
            name, variant = _text(item.get("item_name")), _text(item.get("item_variant"))
            self._put(Line(_text(item.get("item_id")), name, variant, amount, change.currency, quantity))

    def _put(self, line: Line) -> None:
        key = _key(line.item_id, line.name, line.variant)
        line_before = self.lines.get(key)
        if line_before is not None:
            self.lines[key] = line._replace(quantity=line_before.quantity + line.quantity)
        elif len(self.lines) < MOST_LINES:
            self.lines[key] = line

    def _remove(self, change: CartChange) -> None:
        for item in change.items or ():
            name, variant = _text(item.get("item_name")), _text(item.get("item_variant"))
            key = _key(_text(item.get("item_id")), name, variant)
            line_before = self.lines.get(key)
            quantity = item.get("quantity", 1)
            if line_before is None or type(quantity) is not int or quantity <= 0:
                continue
            if line_before.quantity > quantity:
                self.lines[key] = line_before._replace(quantity=line_before.quantity - quantity)
            else:
                del self.lines[key]


def cart_id(partition_key: str, event_id: str) -> str:
    """16 hex digits, by who and which event put the first item in: a replay gives the same."""
    return blake2b(
        f"cart/{partition_key}/{event_id}".encode("utf-8", "surrogatepass"), digest_size=8
    ).hexdigest()


def _text(value: Any) -> str:
    return value[:MOST_TEXT] if type(value) is str else ""


def _key(item_id: str, name: str, variant: str) -> str:
    return f"{item_id or name}\n{variant}"


def pack_cart(cart: Cart) -> bytes:
    """The cart as bytes; `unpack_cart` is its inverse. Times count from `started_at`, a line's currency is left out
    where it is the cart's: fewer bytes."""
    start = cart.started_at
    lines = [
        (line.item_id, line.name, line.variant, _short(line.price), line.quantity)
        if line.currency == cart.currency
        else (line.item_id, line.name, line.variant, _short(line.price), line.quantity, line.currency)
        for line in cart.lines.values()
    ]
    times = (cart.set_at, cart.changed_at, cart.last_arrival, cart.last_at, cart.abandoned_at)
    return _encode(
        (
            bytes.fromhex(cart.cart_id),
            start,
            [time - start if time else None for time in times],
            lines,
            cart.currency,
            cart.revision,
            cart.checked,
            cart.announced,
            cart.is_bot,
            cart.refuses,
            cart.last_page,
            cart.user_id,
        )
    )


def _short(price: int | None) -> Any:
    """Whole cents are two digits less; what is none stands in a list."""
    if price is None:
        return None
    return price // 100 if price % 100 == 0 else (price,)


def unpack_cart(data: bytes) -> Cart:
    """The cart in `data`; msgspec.DecodeError where the bytes are not `pack_cart`'s."""
    name, start, times, lines, currency, revision, checked, announced, is_bot, refuses, page, user = _decode(
        data
    )
    cart = Cart(name.hex(), start)
    cart.set_at, cart.changed_at, cart.last_arrival, cart.last_at, cart.abandoned_at = (
        0 if time is None else time + start for time in times
    )
    for item_id, item_name, variant, price, quantity, *other in lines:
        amount = price * 100 if type(price) is int else price and price[0]
        line = Line(item_id, item_name, variant, amount, other[0] if other else currency, quantity)
        cart.lines[_key(item_id, item_name, variant)] = line
    cart.currency, cart.revision, cart.checked, cart.announced = currency, revision, checked, announced
    cart.is_bot, cart.refuses, cart.last_page, cart.user_id = is_bot, refuses, page, user
    return cart


_encode = msgpack.Encoder().encode
_decode = msgpack.Decoder().decode
