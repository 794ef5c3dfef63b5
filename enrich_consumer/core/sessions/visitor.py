"""The state of one visitor, and its packed form.

The packed form is what memory holds for every visitor between two saves and what the session log stores,
so a change to it is a new `STATE_VERSION` (session_log/format.py) with a way to upgrade.

    due          8, big endian   when to look for what has ended, epoch ms; first, for the shard's timers
    head         10              numbers of sessions and event ids, lengths of site, visitor id and cart, flags
    site, visitor id             text; a visitor id that is a UUID is 16 bytes
    sessions     39 each         with the facts of each behind it (facts.py)
    event ids    8 each
    cart                         (carts.py) what is left, maybe nothing
"""

import re
import struct
from dataclasses import dataclass

from enrich_consumer.core.sessions.carts import Cart, pack_cart, unpack_cart
from enrich_consumer.core.sessions.facts import Facts, pack_facts, unpack_facts
from schemas.times import EpochMs

MAX_IDS = 256
"""Event ids remembered of one visitor for de-duplication (the oldest goes first)."""

_HEAD = struct.Struct(
    ">QHHBHBH"
)  # due, sessions, ids, lengths of site and visitor id, flags, length of the cart
_SESSION = struct.Struct(
    "<qII16sIBH"
)  # first, last and last arrival from it, id, events, flags, length of the facts
_PRIME = 2**64 - 59  # the largest prime below 2^64
_UUID = 1
_CUT, _ANNOUNCED, _FACTS = 1, 2, 4
_is_uuid = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch


@dataclass(slots=True)
class OpenSession:
    """A session that can still be joined. Times in epoch ms; `first` and `last` are event times. Mutable on
    purpose: each of its events moves it on.

    `was_cut`: an event within the gap had to open a session of its own, because this one would have been too long.
    `is_announced`: its end was written, and no event came since. `facts`: None where it was opened by a version that
    did not collect them.
    """

    first: int
    last: int
    last_arrival: EpochMs
    session_id: str
    events: int
    was_cut: bool = False
    is_announced: bool = False
    facts: Facts | None = None

    def copy(self) -> "OpenSession":
        """Another one, equal to this."""
        return OpenSession(
            self.first,
            self.last,
            self.last_arrival,
            self.session_id,
            self.events,
            self.was_cut,
            self.is_announced,
            None if self.facts is None else self.facts.copy(),
        )


class Visitor:
    """One visitor's open sessions (by start), remembered event ids (oldest first) and cart. Mutable on purpose:
    it is touched at every event and lives only from its first event after a save to the next save.

    `site` and `visitor_id` are empty where an older version did not remember them. `due`: the earliest moment at which
    something of it may have ended, 0 where that is not known.
    """

    __slots__ = ("cart", "due", "ids", "sessions", "site", "visitor_id")

    def __init__(
        self,
        sessions: list[OpenSession],
        ids: dict[int, None],
        site: str = "",
        visitor_id: str = "",
        cart: Cart | None = None,
        due: int = 0,
    ) -> None:
        self.sessions = sessions
        self.ids = ids
        self.site = site
        self.visitor_id = visitor_id
        self.cart = cart
        self.due = due

    @property
    def last_arrival(self) -> int:
        """The newest `received_at` that any of its sessions saw; -1 with no session."""
        newest = -1
        for session in self.sessions:
            newest = max(newest, session.last_arrival)
        return newest

    def copy(self) -> "Visitor":
        """Another one, equal to this."""
        sessions = [session.copy() for session in self.sessions]
        cart = None if self.cart is None else self.cart.copy()
        return Visitor(sessions, self.ids.copy(), self.site, self.visitor_id, cart, self.due)


def fingerprint(event_id: str) -> int:
    """A UUID's 128 bits as 64, for memory: modulo a prime, so that every bit counts.

    Taking one half would make all version 1 UUIDs of one device equal. Two of a visitor's 256 remembered
    ids meet by chance once in 5e14 visitors; nobody gains by making their own ids collide.
    """
    return int(event_id.replace("-", ""), 16) % _PRIME


def pack(visitor: Visitor) -> bytes:
    """The visitor as bytes; `unpack` is its inverse. Empty for one of whom nothing is to be remembered."""
    sessions, ids = visitor.sessions, visitor.ids
    if not sessions and visitor.cart is None:
        return b""
    site = visitor.site.encode("utf-8", "surrogatepass")
    flags = 0
    if _is_uuid(visitor.visitor_id):
        flags |= _UUID
        who = bytes.fromhex(visitor.visitor_id.replace("-", ""))
    else:
        who = visitor.visitor_id.encode("utf-8", "surrogatepass")
    cart = b"" if visitor.cart is None else pack_cart(visitor.cart)
    sizes = (len(site), len(who), flags, len(cart))
    parts = [_HEAD.pack(visitor.due, len(sessions), len(ids), *sizes), site, who]
    for session in sessions:
        facts = b"" if session.facts is None else pack_facts(session.facts, session.first, visitor.cart)
        marks = (
            _CUT * session.was_cut | _ANNOUNCED * session.is_announced | _FACTS * (session.facts is not None)
        )
        parts.append(
            _SESSION.pack(
                session.first,
                session.last - session.first,
                session.last_arrival - session.first,
                bytes.fromhex(session.session_id.replace("-", "")),
                session.events,
                marks,
                len(facts),
            )
        )
        parts.append(facts)
    parts.append(struct.pack(f"<{len(ids)}Q", *ids))
    parts.append(cart)
    return b"".join(parts)


def unpack(data: bytes) -> Visitor:
    """The visitor in `data`; struct.error when the bytes are not `pack`'s."""
    due, n_sessions, n_ids, site_size, who_size, flags, cart_size = _HEAD.unpack_from(data)
    offset = _HEAD.size + site_size
    site = data[_HEAD.size : offset].decode("utf-8", "surrogatepass")
    who = data[offset : offset + who_size]
    offset += who_size
    visitor_id = uuid_text(who.hex()) if flags & _UUID else who.decode("utf-8", "surrogatepass")
    cart = unpack_cart(data[-cart_size:]) if cart_size else None
    sessions = []
    for _ in range(n_sessions):
        first, length, until_arrival, raw_id, events, marks, size = _SESSION.unpack_from(data, offset)
        offset += _SESSION.size
        facts = unpack_facts(data[offset : offset + size], first, cart) if marks & _FACTS else None
        offset += size
        sessions.append(
            OpenSession(
                first,
                first + length,
                first + until_arrival,
                uuid_text(raw_id.hex()),
                events,
                bool(marks & _CUT),
                bool(marks & _ANNOUNCED),
                facts,
            )
        )
    ids = struct.unpack_from(f"<{n_ids}Q", data, offset)
    return Visitor(sessions, dict.fromkeys(ids), site, visitor_id, cart, due)


def packed_due(data: bytes) -> int:
    """`Visitor.due` without unpacking the rest."""
    return int.from_bytes(data[:8], "big")


def with_due(data: bytes, due: int) -> bytes:
    """The same visitor with another `due`."""
    return due.to_bytes(8, "big") + data[8:]


def upgraded_from_1(data: bytes) -> bytes:
    """A visitor as version 1 of the state held them: without site, id and facts of the sessions."""
    n_sessions, n_ids, _ = _HEAD_1.unpack_from(data)
    if not n_sessions:
        return b""
    parts = [_HEAD.pack(0, n_sessions, n_ids, 0, 0, 0, 0)]
    for number in range(n_sessions):
        first, last, arrival, name, events = _SESSION_1.unpack_from(
            data, _HEAD_1.size + number * _SESSION_1.size
        )
        parts.append(_SESSION.pack(first, last - first, arrival - first, name, events, 0, 0))
    parts.append(data[_HEAD_1.size + n_sessions * _SESSION_1.size :])
    return b"".join(parts)


_HEAD_1 = struct.Struct("<HHi")  # sessions, ids, reserved
_SESSION_1 = struct.Struct("<qqq16sI")  # first, last, last arrival, id, events


def uuid_text(digits: str) -> str:
    """32 hex digits in the usual five groups."""
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
