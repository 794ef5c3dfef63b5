"""Ends of sessions and carts as an undisturbed run over the shards as they became gives them: parents before children.

Their rows depend on when time passes, so on the shard's own records; not on batches, crashes, moves or zombies.
"""

from collections import Counter
from collections.abc import Collection

import orjson

from enrich_consumer.core.enriched_event import Enrich
from enrich_consumer.core.pipeline import Outcome, process, reject
from enrich_consumer.core.sessions.shard_state import ShardState, in_range
from schemas import Reason, Sites
from tests.proofs.simulation.world import World


class BrokenError(AssertionError):
    """An invariant does not hold; the first word is its name."""


class ShardEnds:
    """Rows of both tables by shard and sequence number, worked out as far as the shards have records."""

    def __init__(self, world: World, sites: Sites, enrich: Enrich, poison: Collection[int]) -> None:
        self._world = world
        self._sites = sites
        self._enrich = enrich
        self._poison = poison
        self._states: dict[str, ShardState] = {}
        self._rows: dict[str, dict[int, dict[str, list[bytes]]]] = {}

    def at(self, shard: str, sequence: int) -> list[bytes]:
        """What must have been put before this record of the shard is saved."""
        self._catch_up(shard)
        rows = self._rows[shard][sequence]
        return [*rows["session_ends"], *rows["cart_events"]]

    def judge(self) -> None:
        """I1 and I2 for these rows, and: one final row a session, which is its last."""
        for table in ("session_ends", "cart_events"):
            wanted: set[bytes] = set()
            for shard in self._world.shards:
                self._catch_up(shard)
                for rows in self._rows[shard].values():
                    wanted.update(rows[table])
            got = set(self._world.rows[table])
            if missing := wanted - got:
                raise BrokenError(f"I1 {table}: {len(missing)} lost, for example {min(missing)!r}")
            if extra := got - wanted:
                raise BrokenError(
                    f"I2 {table}: {len(extra)} differ from an undisturbed run, like {min(extra)!r}"
                )
        self._judge_finals()

    def _judge_finals(self) -> None:
        finals: Counter[str] = Counter()
        newest: dict[str, int] = {}
        final_revision: dict[str, int] = {}
        for line in set(self._world.rows["session_ends"]):
            row = orjson.loads(line)
            name = row["session_id"]
            newest[name] = max(newest.get(name, 0), row["revision"])
            if row["is_final"]:
                finals[name] += 1
                final_revision[name] = max(final_revision.get(name, 0), row["revision"])
        opened = {
            row["session_id"]
            for row in map(orjson.loads, {item.line for item in self._world.enriched})
            if row["is_session_start"]
        }
        for name in opened:
            if finals[name] != 1:
                raise BrokenError(f"I8 session {name} has {finals[name]} final rows")
            if final_revision[name] != newest[name]:
                raise BrokenError(f"I8 session {name} was changed after its final row")

    def _catch_up(self, shard: str) -> None:
        state = self._states.get(shard)
        if state is None:
            state = self._states[shard] = self._inherit(shard)
            self._rows[shard] = {}
        rows = self._rows[shard]
        for incoming in self._world.shards[shard].records[len(rows) :]:
            if incoming.sequence in self._poison:
                outcome: Outcome = reject(incoming, Reason.CRASHED_PROCESSOR, "", state)
            else:
                outcome = process(incoming, self._sites, self._enrich, state)
            rows[incoming.sequence] = {
                "session_ends": list(outcome.session_ends),
                "cart_events": list(outcome.cart_events),
            }

    def _inherit(self, shard: str) -> ShardState:
        child = self._world.shards[shard]
        made = ShardState()
        for parent in child.parents:
            self._catch_up(parent)
            state = self._states[parent]
            packed = state.dirty_visitors()
            visitors = {key: value for key, value in {**state.saved, **packed}.items() if value}
            made.saved.update(
                (key, value) for key, value in visitors.items() if in_range(key, child.first, child.last)
            )
            made.watermark = max(made.watermark, state.watermark)
        return made
