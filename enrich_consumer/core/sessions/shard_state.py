"""The session state of one shard: a pure function of the records up to `sequence`."""

from collections.abc import Iterable, Mapping
from hashlib import md5

from enrich_consumer.core.sessions.visitor import Visitor, pack, packed_last_arrival, unpack
from schemas import Session

SLACK_MS = 10 * 60_000
"""How far `received_at` may lag behind the newest of its shard before retention may look shorter. Ingest
puts within seconds; the slack covers clocks and retries, and it is what lets memory be tidied unseen."""


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
        self._new = 0

    def visitor(self, key: bytes, rule: Session, received_at: int) -> Visitor:
        """A copy of the visitor as a record received at `received_at` (epoch ms) finds them: a new one where nothing is
        retained. Changes count only after `commit`.

        Whether a forgotten visitor is still in memory makes no difference: the watermark decides at each
        use, and `evict` removes only what this check would refuse.
        """
        changed = self.dirty.get(key)
        if changed is not None:
            visitor = changed.copy()
        else:
            packed = self.saved.get(key)
            visitor = Visitor([], {}) if packed is None else unpack(packed)
        watermark = max(self.watermark, received_at)
        if visitor.sessions and visitor.last_arrival + rule.retention_ms + SLACK_MS < watermark:
            return Visitor([], {})
        return visitor

    def commit(self, key: bytes, visitor: Visitor, sequence: int, received_at: int) -> None:
        """Take over what record `sequence`, received at `received_at`, made of a visitor."""
        if key not in self.dirty and key not in self.saved:
            self._new += 1
        self.dirty[key] = visitor
        self.sequence = sequence
        self.watermark = max(self.watermark, received_at)

    def dirty_visitors(self) -> dict[bytes, bytes]:
        """The dirty visitors, packed: absolute values, so that applying them twice changes nothing."""
        return {key: pack(visitor) for key, visitor in self.dirty.items()}

    def mark_saved(self, changes: Mapping[bytes, bytes]) -> None:
        """Take `changes` (just saved) as the saved state."""
        self.saved.update(changes)
        self.dirty.clear()
        self._new = 0

    def evict(self, stale: Mapping[bytes, bytes]) -> int:
        """Forget saved visitors whose packed value is still the one found stale; tells how many."""
        gone = 0
        for key, packed in stale.items():
            if key not in self.dirty and self.saved.get(key) is packed:
                del self.saved[key]
                gone += 1
        return gone

    def __len__(self) -> int:
        return len(self.saved) + self._new


def stale_visitors(
    visitors: Iterable[tuple[bytes, bytes]], watermark: int, longest_retention_ms: int
) -> dict[bytes, bytes]:
    """Those that no record can join any more, whatever its site; safe to run beside the worker."""
    oldest = watermark - longest_retention_ms - SLACK_MS
    return {key: packed for key, packed in visitors if packed_last_arrival(packed) < oldest}


def in_range(key: bytes, first: int, last: int) -> bool:
    """Whether a visitor belongs to the hash key range of a shard (both ends included)."""
    return first <= int.from_bytes(key, "big") <= last
