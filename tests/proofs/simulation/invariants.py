"""I1 to I7 of docs/design.md, as checks over one history."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from enrich_consumer.core.enriched_event import Enrich
from enrich_consumer.core.iso_time import iso
from enrich_consumer.core.pipeline import process, reject
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.shard_state import ShardState
from enrich_consumer.session_log.format import decode
from schemas import Reason, Sites
from tests.proofs.sessions.arrivals_oracle import Opener
from tests.proofs.sessions.arrivals_oracle import verdicts as verdicts_of
from tests.proofs.sessions.history import History, Rule
from tests.proofs.sessions.history import Record as ToldRecord
from tests.proofs.simulation.input_records import IPS, InputRecord
from tests.proofs.simulation.shard_ends import BrokenError, ShardEnds
from tests.proofs.simulation.world import ENDED, FIRST, STEP, World

DIED = "the process died three times at this record"


class Expected:
    """What an undisturbed run over one shard gives: lines by sequence number, in order."""

    def __init__(self, records: Sequence[InputRecord], sites: Sites, enrich: Enrich) -> None:
        state = ShardState()
        self.lines: dict[int, list[bytes]] = {}
        self.rejected: dict[int, list[bytes]] = {}
        for number, item in numbered(records):
            record = Incoming(number, item.data, item.arrived_at)
            if item.is_poison:
                outcome = reject(record, Reason.CRASHED_PROCESSOR, DIED, state)
            else:
                outcome = process(record, sites, enrich, state)
            self.lines[number] = outcome.lines
            self.rejected[number] = outcome.rejected


def numbered(records: Sequence[InputRecord]) -> Iterator[tuple[int, InputRecord]]:
    """The records that are no ticks with their sequence numbers. Ticks may not matter for what is enriched."""
    return ((FIRST + n * STEP, item) for n, item in enumerate((t for t in records if not t.is_tick), start=1))


def check_rule(records: Sequence[InputRecord], expected: Expected, sites: Sites) -> None:
    """I6: the undisturbed run says what an observer of every arrival says, who shares no code with it."""
    rules = {
        name: Rule(site.session.gap_ms, site.session.max_length_ms, site.session.lateness_ms)
        for name, site in sites.by_name.items()
    }
    taken = [
        (number, json.loads(item.data)) for number, item in numbered(records) if not expected.rejected[number]
    ]
    history = History(rules, tuple(_as_record(raw) for _, raw in taken))
    verdicts = iter(verdicts_of(history))
    ids: dict[Opener, str] = {}
    for number, raw in taken:
        rows = iter(json.loads(line) for line in expected.lines[number])
        for event in raw["events"]:
            verdict = next(verdicts)
            if verdict.session is None:
                continue
            for absorbed in verdict.absorbed:
                row = next(rows, {})
                _same_session(row.get("merged_session_id"), ids.get(absorbed), event)
                _same_session(row.get("session_id"), ids.get(verdict.session), event)
            row = next(rows, {})
            _same_session(row.get("event_id"), event["event_id"], event)
            _same_session(row["session_id"], ids.setdefault(verdict.session, row["session_id"]), event)
            got = (
                row["session_started_at"],
                row["session_event_index"],
                row["is_session_start"],
                row["is_late"],
            )
            if got != (iso(verdict.first), verdict.index, verdict.is_start, verdict.is_late):
                raise BrokenError(f"I6 {event['event_id']}: {got} is not {verdict}")
    if len(set(ids.values())) != len(ids):
        raise BrokenError("I6 two sessions have one id")


def _as_record(raw: dict[str, Any]) -> ToldRecord:
    events = tuple((event["event_id"], event["ts"]) for event in raw["events"])
    return ToldRecord(raw["site"], raw["visitor_id"], raw["received_at"], raw["sent_at"], events)


def _same_session(got: object, wanted: object, event: dict[str, Any]) -> None:
    if got is None or got != wanted:
        raise BrokenError(f"I6 {event['event_id']}: {got} where {wanted} has to be")


class Invariants:
    """Watches the effects of a world while they happen, and judges the end."""

    def __init__(self, world: World, expected: Expected, ends: ShardEnds) -> None:
        self._world = world
        self._ends = ends
        self._expected = expected
        self._put: dict[str, int] = {}
        """How many of each shard's first records were seen to be put: what was once written stays written."""
        world.watch = self.watch

    def watch(self, what: str, shard: str, sequence: int) -> None:
        """I3: nothing is saved that was not put, nothing checkpointed that was not saved."""
        known = self._put.get(shard, 0)
        for record in islice(self._world.shards[shard].records, known, None):
            if record.sequence > sequence:
                break
            number = record.sequence
            wanted = [*self._expected.lines.get(number, ()), *self._expected.rejected.get(number, ())]
            wanted += self._ends.at(shard, number)
            if not self._world.written.issuperset(wanted):
                raise BrokenError(f"I3 {what} at {sequence} of {shard}, but {record.sequence} was not put")
            known += 1
        self._put[shard] = known
        if what == "checkpoint":
            self._saved(shard, sequence)

    def _saved(self, shard: str, sequence: int) -> None:
        store = self._world.store
        slots = store.names(f"{shard}/log/")
        if not slots:
            raise BrokenError(f"I3 checkpoint at {sequence} of {shard}, which has no log")
        header, _ = decode(store.objects[slots[-1]])
        if sequence == ENDED:
            if not store.names(f"{shard}/snapshot/{header.slot:012d}"):
                raise BrokenError(f"I3 the end of {shard} is checkpointed before its last snapshot")
        elif header.sequence < sequence:
            raise BrokenError(f"I3 checkpoint at {sequence} of {shard}, saved up to {header.sequence}")

    def judge(self) -> None:
        """The history is over and everything was read."""
        accepted = [item.line for item in self._world.enriched]
        self._same("I1 enriched", accepted, self._expected.lines.values())
        self._same("I1 rejected", self._world.rejected, self._expected.rejected.values())
        self._ordered(accepted)
        self._ends.judge()
        for line in [*accepted, *self._world.rejected]:
            if any(ip.encode() in line for ip in IPS) and b'"payload"' not in line:
                raise BrokenError(f"I5 an IP address in {line!r}")

    def judge_stopped(self) -> None:
        """A shard refused to start: then nothing wrong may have come out before."""
        wanted = {line for lines in self._expected.lines.values() for line in lines}
        if extra := {item.line for item in self._world.enriched} - wanted:
            raise BrokenError(
                f"I2/I6 enriched: {len(extra)} differ from an undisturbed run, like {min(extra)!r}"
            )

    def _same(self, name: str, got: Sequence[bytes], wanted: Iterable[Sequence[bytes]]) -> None:
        there, should = set(got), {line for lines in wanted for line in lines}
        if missing := should - there:
            raise BrokenError(f"{name}: {len(missing)} lost, for example {min(missing)!r}")
        if extra := there - should:
            raise BrokenError(
                f"I2/I6 {name}: {len(extra)} differ from an undisturbed run, like {min(extra)!r}"
            )

    def _ordered(self, accepted: Sequence[bytes]) -> None:
        """I4: the first appearances of a visitor's lines, in the order of an undisturbed run."""
        wanted: dict[str, list[bytes]] = {}
        partition_key_of: dict[bytes, str] = {}
        for lines in self._expected.lines.values():
            for line in lines:
                row = json.loads(line)
                partition_key_of[line] = f"{row['site']}/{row['visitor_id']}"
                wanted.setdefault(partition_key_of[line], []).append(line)
        got: dict[str, list[bytes]] = {name: [] for name in wanted}
        for line in dict.fromkeys(accepted):
            got[partition_key_of[line]].append(line)
        for name, lines in wanted.items():
            if got[name] != lines:
                raise BrokenError(f"I4 the events of {name} left in another order than they came")
