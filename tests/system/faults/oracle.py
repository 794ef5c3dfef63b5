"""What must come out: the raw stream's records through the core in this process, and sessions counted from the requests
without any of the pipeline's code."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from enrich_consumer.core import enrichments
from enrich_consumer.core.decimals import as_text
from enrich_consumer.core.pipeline import process
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.shard_state import ShardState
from rastro.synthetic_shop import Request
from rastro.synthetic_shop.session_count import GAP_MS, LENGTH_MS
from reference_data.lookups import References
from schemas import Column, Sites, json_file
from tests.system.faults.streams import Read


class Undisturbed:
    """A consumer that nothing happens to. One state for each shard; where shards are split and merged, one for each
    visitor, so that no shard has a say."""

    def __init__(self, sites: Sites, *, by_visitor: bool = False) -> None:
        self._sites = sites
        self._enrich = enrichments.build(References())
        self._states: defaultdict[str, ShardState] = defaultdict(ShardState)
        self._by_visitor = by_visitor
        self._decimals = as_text(
            [Column(**fields) for fields in json_file("enriched.columns.json")["columns"]]
        )
        self._done = 0
        self.lines: dict[bytes, str] = {}
        """Each enriched line, and its event id."""
        self.rejected: list[str] = []
        self.session_ends: list[bytes] = []

    def feed(self, records: Sequence[Read], parents: Mapping[str, Sequence[str]]) -> None:
        """Take in the records behind those of the call before; parents go before children."""
        fresh = records[self._done :]
        self._done = len(records)
        for record in sorted(fresh, key=lambda one: _depth(one.shard, parents)):
            incoming = Incoming(record.sequence, record.data, record.arrived_ms)
            state = self._states[_visitor(record.data) if self._by_visitor else record.shard]
            outcome = process(incoming, self._sites, self._enrich, state, self._decimals)
            for line in outcome.lines:
                self.lines[line.rstrip(b"\n")] = str(json.loads(line)["event_id"])
            self.rejected += [json.loads(row)["payload"] for row in outcome.rejected]
            self.session_ends += outcome.session_ends


def _depth(shard: str, parents: Mapping[str, Sequence[str]]) -> int:
    return 1 + max(
        (_depth(parent, parents) for parent in parents.get(shard, ()) if parent in parents), default=0
    )


def _visitor(data: bytes) -> str:
    try:
        record = json.loads(data)
        return f"{record['site']}/{record['visitor_id']}"
    except (ValueError, KeyError, TypeError):
        return ""


def sessions_of_requests(
    requests: Iterable[Request], accepted: Mapping[str, float], now: int
) -> set[frozenset[str]]:
    """Each session as the set of its event ids: a visitor's accepted events in the order of their times, cut where
    nothing happened for more than 30 minutes. `now`: epoch ms that the plan was made for."""
    times: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for request in requests:
        for sent in request.events:
            if sent.event_id not in accepted:
                continue
            happened = sent.event["ts"] if sent.event.get("ts") is not None else now
            at = happened if request.sent_at is None else now - (request.sent_at - happened)
            times[request.visitor][sent.event_id] = at
    return {frozenset(session) for of_visitor in times.values() for session in _cut(of_visitor)}


def _cut(times: Mapping[str, int]) -> list[list[str]]:
    sessions: list[list[str]] = []
    first = last = 0
    for event_id, at in sorted(times.items(), key=lambda item: item[1]):
        if not sessions or at - last > GAP_MS or at - first > LENGTH_MS:
            sessions.append([])
            first = at
        sessions[-1].append(event_id)
        last = at
    return sessions


def sessions_of_rows(rows: Iterable[Mapping[str, Any]]) -> set[frozenset[str]]:
    """The same of rows of the view `events`."""
    found: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for row in rows:
        found[row["site"], row["visitor_id"], row["session_id"]].append(row["event_id"])
    return {frozenset(ids) for ids in found.values()}
