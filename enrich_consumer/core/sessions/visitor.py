"""What is remembered of one visitor, and its packed form: 8 + 44 bytes a session + 8 bytes an event id.

The packed form is what memory holds for every visitor between two saves and what the session log stores,
so a change to it is a new `STATE_VERSION` (core/entry.py) with a way to upgrade.
"""

import struct
from dataclasses import dataclass

MAX_IDS = 256
"""Event ids remembered of one visitor for de-duplication (the oldest goes first)."""

_HEAD = struct.Struct("<HHi")  # sessions, ids, reserved
_SESSION = struct.Struct("<qqq16sI")  # first, last, last arrival, id, events
_PRIME = 2**64 - 59  # the largest prime below 2^64


@dataclass
class OpenSession:
    """A session that can still be joined. Times in epoch ms; `first` and `last` are event times. Mutable on
    purpose: each of its events moves it on."""

    first: int
    last: int
    last_arrival: int
    session_id: str
    events: int

    def copy(self) -> "OpenSession":
        """Another one, equal to this."""
        return OpenSession(self.first, self.last, self.last_arrival, self.session_id, self.events)


class Visitor:
    """One visitor's open sessions (by start) and remembered event ids (oldest first). Mutable on purpose:
    it is touched at every event and lives only from its first event after a save to the next save."""

    __slots__ = ("ids", "sessions")

    def __init__(self, sessions: list[OpenSession], ids: dict[int, None]) -> None:
        self.sessions = sessions
        self.ids = ids

    def copy(self) -> "Visitor":
        """Another one, equal to this and sharing nothing with it that can be changed."""
        return Visitor([session.copy() for session in self.sessions], self.ids.copy())

    @property
    def last_arrival(self) -> int:
        """The newest `received_at` that any of its sessions saw; -1 with no session."""
        return max((session.last_arrival for session in self.sessions), default=-1)


def fingerprint(event_id: str) -> int:
    """A UUID's 128 bits as 64, for memory: modulo a prime, so that every bit counts.

    Taking one half would make all version 1 UUIDs of one device equal. Two of a visitor's 256 remembered
    ids meet by chance once in 5e14 visitors; nobody gains by making his own ids collide.
    """
    return int(event_id.replace("-", ""), 16) % _PRIME


def pack(visitor: Visitor) -> bytes:
    """The visitor as bytes; `unpack` is its inverse."""
    sessions, ids = visitor.sessions, visitor.ids
    parts = [_HEAD.pack(len(sessions), len(ids), 0)]
    parts += [
        _SESSION.pack(s.first, s.last, s.last_arrival, bytes.fromhex(s.session_id.replace("-", "")), s.events)
        for s in sessions
    ]
    parts.append(struct.pack(f"<{len(ids)}Q", *ids))
    return b"".join(parts)


def unpack(data: bytes) -> Visitor:
    """The visitor in `data`; struct.error when the bytes are not `pack`'s."""
    n_sessions, n_ids, _ = _HEAD.unpack_from(data)
    sessions = []
    offset = _HEAD.size
    for _ in range(n_sessions):
        first, last, last_arrival, raw_id, events = _SESSION.unpack_from(data, offset)
        sessions.append(OpenSession(first, last, last_arrival, uuid_text(raw_id.hex()), events))
        offset += _SESSION.size
    ids = struct.unpack_from(f"<{n_ids}Q", data, offset)
    return Visitor(sessions, dict.fromkeys(ids))


def packed_last_arrival(data: bytes) -> int:
    """`Visitor.last_arrival` without unpacking the rest."""
    n_sessions = _HEAD.unpack_from(data)[0]
    if n_sessions == 1:
        return int.from_bytes(data[24:32], "little", signed=True)
    return max(
        (_SESSION.unpack_from(data, _HEAD.size + i * _SESSION.size)[2] for i in range(n_sessions)),
        default=-1,
    )


def uuid_text(digits: str) -> str:
    """32 hex digits in the usual five groups."""
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
