"""The session state of one shard: a pure function of the records up to `sequence`."""

from collections.abc import Callable, Mapping
from hashlib import md5

from enrich_consumer.core.sessions.closing import Ends, close, deadline
from enrich_consumer.core.sessions.timers import Timers
from enrich_consumer.core.sessions.visitor import Visitor, pack, packed_due, unpack, with_due
from schemas import Session

RuleOf = Callable[[str], Session]
"""The rule of a site by name; of an unknown one, a rule that is as patient as any."""


def visitor_key(partition_key: str) -> bytes:
    """MD5 of the partition key `site/visitor_id`: the hash by which Kinesis spreads keys over shards."""
    return md5(partition_key.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()


class ShardState:
    """Visitors by key. `saved`: packed, as last saved; `dirty`: unpacked, changed since.

    `sequence` is the last record contained (-1: none), `watermark` the newest `received_at` seen (epoch ms).
    """

    def __init__(
        self, saved: dict[bytes, bytes] | None = None, *, sequence: int = -1, watermark: int = 0
    ) -> None:
        self.saved: dict[bytes, bytes] = {} if saved is None else saved
        self.dirty: dict[bytes, Visitor] = {}
        self.sequence = sequence
        self.watermark = watermark
        self._timers: Timers | None = None  # made at the first use, when all of the log has been read
        self._new = 0

    def visitor(self, site: str, visitor_id: str, key: bytes) -> Visitor:
        """A copy of the visitor; a new one where nothing is remembered. Changes count only after `commit`.

        Whether a forgotten visitor is still in memory makes no difference: whoever asks for them looks at the
        watermark (`closing.forget`).
        """
        changed = self.dirty.get(key)
        if changed is not None:
            return changed.copy()
        packed = self.saved.get(key)
        if packed is None:
            return Visitor([], {}, site, visitor_id)
        visitor = unpack(packed)
        if not visitor.visitor_id:  # of an older version
            visitor.site, visitor.visitor_id = site, visitor_id
        return visitor

    def commit(self, key: bytes, visitor: Visitor, sequence: int, received_at: int, rule: Session) -> None:
        """Take over what record `sequence`, received at `received_at`, made of a visitor, and see to it that they are
        looked at in time."""
        if key not in self.dirty and key not in self.saved:
            self._new += 1
        self.dirty[key] = visitor
        self.move_on(sequence, received_at)
        due = deadline(visitor, rule)
        if due and (not visitor.due or due < visitor.due):
            visitor.due = due
            self._all_timers().add(due, key)

    def move_on(self, sequence: int, received_at: int) -> None:
        """Record `sequence`, received at `received_at`, is contained."""
        self.sequence = sequence
        self.watermark = max(self.watermark, received_at)

    def has_passed(self) -> bool:
        """Whether the watermark has passed the earliest deadline."""
        return self._all_timers().earliest < self.watermark

    def close_passed(self, rule_of: RuleOf, only_site: str = "") -> Ends:
        """End what is over by the watermark, in the order of deadlines, then keys. `only_site`: where there is but one,
        whoever's site is not known is of it."""
        timers = self._all_timers()
        found: list[tuple[int, bytes, Ends]] = []
        for due, key in timers.passed(self.watermark):
            visitor = self._due_visitor(due, key)
            if visitor is None:
                continue  # another moment was noted since
            if not visitor.site:
                visitor.site = only_site
            rule = rule_of(visitor.site)
            next_due = deadline(visitor, rule)
            if 0 < next_due < self.watermark:
                moment = next_due
                self.dirty[key] = visitor
                ends = close(visitor, self.watermark, rule)
                if ends.session_ends or ends.cart_events:
                    found.append((moment, key, ends))
                next_due = deadline(visitor, rule)
                assert not 0 < next_due < self.watermark, "what is over stays over"
            visitor.due = next_due
            if next_due:
                timers.add(next_due, key)
            if key not in self.dirty:  # nothing was over: it is enough to look again later
                if next_due:
                    self.saved[key] = with_due(self.saved[key], next_due)
                else:
                    self.dirty[key] = visitor
        found.sort(key=_by_moment)
        all_ends = Ends([], [])
        for _, _, ends in found:
            all_ends.session_ends.extend(ends.session_ends)
            all_ends.cart_events.extend(ends.cart_events)
        return all_ends

    def _due_visitor(self, due: int, key: bytes) -> Visitor | None:
        visitor = self.dirty.get(key)
        if visitor is not None:
            return visitor if visitor.due == due else None
        packed = self.saved.get(key)
        if packed is None or packed_due(packed) != due:
            return None
        return unpack(packed)

    def _all_timers(self) -> Timers:
        if self._timers is None:
            self._timers = Timers.of(self.saved.items())
            for key, visitor in self.dirty.items():
                self._timers.add(visitor.due, key)
        return self._timers

    def dirty_visitors(self) -> dict[bytes, bytes]:
        """The dirty visitors, packed: absolute values, so that applying them twice changes nothing. Empty bytes:
        nothing is remembered of the visitor any more."""
        return {key: pack(visitor) for key, visitor in self.dirty.items()}

    def mark_saved(self, changes: Mapping[bytes, bytes]) -> None:
        """Take `changes` (just saved) as the saved state."""
        self.apply(changes)
        self.dirty.clear()
        self._new = 0

    def apply(self, changes: Mapping[bytes, bytes]) -> None:
        """Let the changes of one save take effect."""
        self.saved.update(changes)
        for key, packed in changes.items():
            if not packed:
                del self.saved[key]

    def __len__(self) -> int:
        return len(self.saved) + self._new


def _by_moment(found: tuple[int, bytes, Ends]) -> tuple[int, bytes]:
    return found[0], found[1]


def in_range(key: bytes, first: int, last: int) -> bool:
    """Whether a visitor belongs to the hash key range of a shard (both ends included)."""
    return first <= int.from_bytes(key, "big") <= last
