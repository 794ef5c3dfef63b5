"""The facts of a session besides its times: pages, touch, client, orders, cart.

Every fact is a smallest, a largest, a sum or a set over the session's events, so neither their order of arrival nor
merges matter. Ties of time go to the smaller text.
"""

from collections.abc import Callable
from typing import Any

from msgspec import msgpack

from enrich_consumer.core.sessions.carts import Cart
from enrich_consumer.core.sessions.limits import MOST_TEXT, TEN_THOUSANDTHS

MOST_ORDERS = 32
"""Orders of one session that are distinguished; a later one is not counted."""

Get = Callable[[str], Any]
"""Column of an enriched event → its value, None where there is none."""

TOUCH = ("channel", "source", "medium", "campaign")
CLIENT = ("device_class", "browser_name", "os_name", "geo_country", "geo_region", "geo_city")


class Facts:
    """Facts of one session. Times are epoch ms; a text that is not known is empty.

    `entry`, `exit`: (time, path) of its first and last page view. `touch`: (time, *TOUCH) of its first event from
    outside the shop. `client`: (time, *CLIENT) of its first event. `user`: (time, user id) of its last event with one.
    `orders`: by transaction id (or event id, where there is none) the (time, currency, ten-thousandths) of its first
    purchase. `cart`: (pieces, ten-thousandths or None, currency) of the visitor's cart when
    its newest event had arrived; None: empty.
    """

    __slots__ = ("cart", "client", "entry", "exit", "is_bot", "orders", "page_views", "touch", "user")

    def __init__(self) -> None:
        self.page_views = 0
        self.is_bot = False
        self.entry: tuple[int, str] | None = None
        self.exit: tuple[int, str] | None = None
        self.touch: tuple[int, str, str, str, str] | None = None
        self.client: tuple[int, str, str, str, str, str, str] | None = None
        self.user: tuple[int, str] | None = None
        self.orders: dict[str, tuple[int, str, int]] = {}
        self.cart: tuple[int, int | None, str] | None = None

    def copy(self) -> "Facts":
        """Another one, equal to this."""
        other = Facts()
        other.page_views, other.is_bot = self.page_views, self.is_bot
        other.entry, other.exit, other.touch = self.entry, self.exit, self.touch
        other.client, other.user, other.cart = self.client, self.user, self.cart
        if self.orders:
            other.orders = self.orders.copy()
        return other

    def add(self, at: int, event_id: str, name: str, get: Get) -> None:
        """Take an event of the session in."""
        if name == "page_view":
            self._page(at, _text(get("page_path")))
        elif name == "purchase":
            value = get("value")
            order = (at, _text(get("currency")), 0 if value is None else round(value * TEN_THOUSANDTHS))
            self._order(_text(get("transaction_id")) or event_id, order)
        if self.client is None or at <= self.client[0]:
            one, two, three, four, five, six = CLIENT
            client = (
                at,
                _text(get(one)),
                _text(get(two)),
                _text(get(three)),
                _text(get(four)),
                _text(get(five)),
                _text(get(six)),
            )
            self.client = client if self.client is None else min(self.client, client)
        if (self.touch is None or at <= self.touch[0]) and (channel := get("channel")):
            source = _text(get("utm_source") or get("referrer_source"))
            medium = _text(get("utm_medium") or get("referrer_medium"))
            touch = (at, _text(channel), source, medium, _text(get("utm_campaign")))
            self.touch = touch if self.touch is None else min(self.touch, touch)
        if (user := get("user_id")) and (self.user is None or at >= self.user[0]):
            user_at = (at, _text(user))
            self.user = user_at if self.user is None else max(self.user, user_at)
        if get("is_bot"):
            self.is_bot = True

    def unite(self, other: "Facts") -> None:
        """Take the facts of an absorbed session in."""
        self.page_views += other.page_views
        self.is_bot = self.is_bot or other.is_bot
        if other.entry is not None:
            self.entry = other.entry if self.entry is None else min(self.entry, other.entry)
        if other.exit is not None:
            self.exit = other.exit if self.exit is None else max(self.exit, other.exit)
        if other.touch is not None:
            self.touch = other.touch if self.touch is None else min(self.touch, other.touch)
        if other.client is not None:
            self.client = other.client if self.client is None else min(self.client, other.client)
        if other.user is not None:
            self.user = other.user if self.user is None else max(self.user, other.user)
        for name, order in other.orders.items():
            self._order(name, order)

    def _page(self, at: int, path: str) -> None:
        self.page_views += 1
        page = (at, path)
        if self.entry is None or page < self.entry:
            self.entry = page
        if self.exit is None or page > self.exit:
            self.exit = page

    def _order(self, name: str, order: tuple[int, str, int]) -> None:
        order_before = self.orders.get(name)
        if order_before is not None:
            self.orders[name] = min(order_before, order)
        elif len(self.orders) < MOST_ORDERS:
            self.orders[name] = order


def _text(value: Any) -> str:
    return value[:MOST_TEXT] if type(value) is str else ""


def pack_facts(facts: Facts, start: int, cart: Cart | None) -> bytes:
    """The facts as bytes; `unpack_facts` is its inverse. For fewer bytes, times count from `start`, the session's,
    words that are in nearly every session are numbers, and what is also known of the visitor's `cart` is left out."""
    orders = [(name, at - start, currency, amount) for name, (at, currency, amount) in facts.orders.items()]
    return _encode(
        (
            facts.page_views,
            facts.is_bot,
            _from(facts.entry, start),
            _from(facts.exit, start),
            _from_words(facts.touch, start),
            _from_words(facts.client, start),
            _from(facts.user, start),
            orders,
            True if facts.cart is not None and cart is not None and facts.cart == cart.totals else facts.cart,
        )
    )


def unpack_facts(data: bytes, start: int, cart: Cart | None) -> Facts:
    """The facts in `data`, of a visitor with this cart; msgspec.DecodeError where the bytes are not `pack_facts`'s."""
    views, is_bot, entry, exit_, touch, client, user, orders, in_cart = _decode(data)
    facts = Facts()
    facts.page_views, facts.is_bot = views, is_bot
    if entry is not None:
        facts.entry = (entry[0] + start, entry[1])
    if exit_ is not None:
        facts.exit = (exit_[0] + start, exit_[1])
    if touch is not None:
        at, channel, source, medium, campaign = _with_words(touch)
        facts.touch = (at + start, channel, source, medium, campaign)
    if client is not None:
        at, one, two, three, four, five, six = _with_words(client)
        facts.client = (at + start, one, two, three, four, five, six)
    if user is not None:
        facts.user = (user[0] + start, user[1])
    for name, at, currency, amount in orders:
        facts.orders[name] = (at + start, currency, amount)
    if in_cart is True and cart is not None:
        facts.cart = cart.totals
    elif in_cart is not None:
        facts.cart = (in_cart[0], in_cart[1], in_cart[2])
    return facts


WORDS = (
    *(
        "",
        "Direct",
        "Organic Search",
        "Paid Search",
        "Organic Social",
        "Paid Social",
        "Email",
        "Referral",
        "Display",
    ),
    *("google", "bing", "facebook", "instagram", "tiktok", "whatsapp", "youtube", "newsletter"),
    *("organic", "cpc", "social", "paid_social", "email", "referral", "(none)", "search"),
    *(
        "desktop",
        "phone",
        "tablet",
        "tv",
        "bot",
        "other",
        "Windows",
        "Mac OS X",
        "iOS",
        "Android",
        "Linux",
        "Chrome OS",
    ),
    *("Chrome", "Chrome Mobile", "Chrome Mobile WebView", "Safari", "Mobile Safari", "Edge", "Firefox"),
    *(
        "Samsung Internet",
        "Opera",
        "Instagram",
        "Facebook",
        "BR",
        "SP",
        "RJ",
        "MG",
        "RS",
        "PR",
        "SC",
        "BA",
        "PE",
        "CE",
    ),
)
"""Texts that are one byte in the packed form, by their index: add to the end, never change what is there."""
_NUMBER_OF = {word: number for number, word in enumerate(WORDS)}


def _from_words(fact: Any, start: int) -> Any:
    if fact is None:
        return None
    return (fact[0] - start, *[_NUMBER_OF.get(text, text) for text in fact[1:]])


def _with_words(packed: list[Any]) -> list[Any]:
    return [packed[0], *[WORDS[text] if type(text) is int else text for text in packed[1:]]]


def _from(fact: Any, start: int) -> Any:
    return None if fact is None else (fact[0] - start, *fact[1:])


_encode = msgpack.Encoder().encode
_decode = msgpack.Decoder().decode
