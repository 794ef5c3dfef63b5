"""Everything that must hold for the ends of one history."""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import orjson

from enrich_consumer.core.enriched_event import Enrich
from enrich_consumer.core.enrichments import References, build
from enrich_consumer.core.pipeline import Outcome, process
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.shard_state import ShardState
from tests.proofs.closings import oracle
from tests.proofs.closings.histories_with_ticks import raw
from tests.proofs.closings.oracle import CartEvent, End
from tests.proofs.sessions import stream
from tests.proofs.sessions.arrivals_oracle import Opener, followed, verdicts
from tests.proofs.sessions.check import Names, ms
from tests.proofs.sessions.history import History


@cache
def enrich() -> Enrich:
    """What closings read, and consent."""
    return build(References(), ["event_time", "page", "ecommerce", "privacy"])


def outcomes(history: History, cut_after: Callable[[int], bool] = lambda _: False) -> list[Outcome]:
    """What comes of each record; after a cut the process ends, and the next one starts from the bytes of the log."""
    state = ShardState()
    found = []
    for number, record in enumerate(history.records, start=1):
        outcome = process(Incoming(number, raw(record)), stream.sites(history.rules), enrich(), state)
        assert not outcome.rejected, outcome.rejected
        found.append(outcome)
        if cut_after(number):
            state.mark_saved(state.dirty_visitors())
            state = stream.restarted(state)
    assert not any(state.dirty_visitors().values()), "somebody is remembered for ever"
    return found


def check(history: History, cuts: int, names: Names) -> Counter[str]:
    """Raise AssertionError unless the core tells what the oracle does; counts what occurred."""
    found = outcomes(history)
    for outcome in found:
        for row in map(orjson.loads, outcome.lines):
            if row["is_session_start"]:
                names.learn(row)
    occurred: Counter[str] = Counter()
    ends: list[End] = []
    for (number, wanted), outcome in zip(oracle.rows(history), found, strict=True):
        got = [*map(_end(names), outcome.session_ends), *map(_cart_event, outcome.cart_events)]
        assert sorted(got, key=repr) == sorted(wanted, key=repr), f"record {number}"
        for row in wanted:
            occurred[row.name if isinstance(row, CartEvent) else f"{row.closed_by} {row.is_final}"] += 1
        ends += [row for row in wanted if isinstance(row, End)]
    _check_finals(history, ends)
    rng = random.Random(cuts)
    often = rng.choice((1.0, 0.5, 0.2))
    again = outcomes(history, lambda _: rng.random() < often)
    assert [_bytes(outcome) for outcome in again] == [_bytes(outcome) for outcome in found]
    return occurred


def _check_finals(history: History, ends: Iterable[End]) -> None:
    """Each session has one final row, its last one; they are the sessions of the batch oracle."""
    last: dict[Any, list[End]] = {}
    for row in ends:
        last.setdefault(row.opener, []).append(row)
    reopened = _reopened(history)
    finals = []
    for opener, revisions in last.items():
        assert sum(row.is_final for row in revisions) == 1 + reopened[opener]
        if not reopened[opener]:
            assert revisions[-1].is_final
            assert [row.revision for row in revisions] == sorted({row.revision for row in revisions})
        finals += [row for row in revisions if row.is_final and row.survivor is None]
    if reopened:
        return
    wanted = {
        opener: (min(row.at for row in rows), max(row.at for row in rows), len(rows))
        for opener, rows in followed(verdicts(history)).items()
    }
    assert {row.opener: (row.started_at, row.ended_at, row.revision - 1) for row in finals} == wanted


def _reopened(history: History) -> Counter[Opener]:
    """Sessions that a copy opened anew: only where its record comes more than the gap behind its shard's newest, and
    is not late by its own `received_at` (docs/sessions.md, point 7)."""
    seen: set[Opener] = set()
    again: Counter[Opener] = Counter()
    for verdict in verdicts(history):
        if not verdict.is_start or verdict.session is None:
            continue
        if verdict.session in seen:
            arrival = verdict.arrival
            assert arrival.watermark - arrival.received_at > history.rules[arrival.site].gap
            again[verdict.session] += 1
        seen.add(verdict.session)
    return again


def _bytes(outcome: Outcome) -> tuple[list[bytes], list[bytes], list[bytes]]:
    return outcome.lines, list(outcome.session_ends), list(outcome.cart_events)


def _end(names: Names) -> Callable[[bytes], End]:
    def end(line: bytes) -> End:
        row = orjson.loads(line)
        merged = row.get("merged_into")
        return End(
            names.opener(row["session_id"]),
            row["revision"],
            row["is_final"],
            row["closed_by"],
            ms(row["closed_at"]),
            ms(row["started_at"]),
            ms(row["ended_at"]),
            (row["page_views"], row.get("entry_path", ""), row.get("exit_path", "")),
            row["orders"],
            row.get("user_id", ""),
            row.get("cart_quantity", 0),
            None if merged is None else names.opener(merged),
        )

    return end


def _cart_event(line: bytes) -> CartEvent:
    row = orjson.loads(line)
    who = (row["site"], row["visitor_id"])
    if row["event_name"] != "cart_abandoned":
        return CartEvent(row["event_name"], who, ms(row["event_at"]), row["revision"])
    items = tuple(sorted((item["item_id"], item["quantity"]) for item in row["items"]))
    assert row["value"] == 10.5 * row["items_quantity"]
    return CartEvent(
        row["event_name"],
        who,
        ms(row["event_at"]),
        row["revision"],
        items,
        row["last_page_path"],
        row.get("user_id", ""),
    )
