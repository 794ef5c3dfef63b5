"""Everything that must hold for the stream over one history."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import RFC_4122, UUID

import orjson

from tests.proofs.sessions import stream
from tests.proofs.sessions.agreement import compare
from tests.proofs.sessions.arrivals_oracle import Opener, verdicts
from tests.proofs.sessions.history import Arrival, History, arrivals


class Out(NamedTuple):
    """An event or a merge as it leaves, its session named by its opener."""

    event_id: str | None
    site: str
    visitor: str
    at: int
    received_at: int
    suspect: bool
    session: Opener
    started_at: int
    index: int | None  # type: ignore[assignment] # a tuple's own is never called
    is_start: bool
    is_late: bool
    absorbed: Opener | None = None


class Names:
    """Session ids over many histories: who, which event and when give one id, and nothing else gives it."""

    def __init__(self) -> None:
        self._ids: dict[Opener, str] = {}
        self._openers: dict[str, Opener] = {}

    def learn(self, row: stream.Row) -> None:
        """A session's first row names its opener."""
        late = ms(row["received_at"]) if row["is_late"] else 0
        opener = (row["site"], row["visitor_id"], row["event_id"], ms(row["event_at"]), late)
        name = row["session_id"]
        assert self._ids.setdefault(opener, name) == name
        assert self._openers.setdefault(name, opener) == opener
        uuid = UUID(name)
        assert str(uuid) == name
        assert (uuid.version, uuid.variant, uuid.int >> 80) == (8, RFC_4122, opener[3])

    def opener(self, name: str) -> Opener:
        """Who opened the session of this id."""
        assert name in self._openers, f"{name} has no first row"
        return self._openers[name]


def check(one: History, cuts: int, names: Names) -> None:
    """Raise AssertionError unless the stream does with the history what the oracles say.

    `cuts` decides where the stream is cut and restarted.
    """
    lines = stream.run(one)
    rows = [orjson.loads(line) for line in lines]
    for row in rows:
        if row["is_session_start"]:
            names.learn(row)
    assert [out(row, names) for row in rows] == list(expected(one))
    compare(one, followed(rows, arrivals(one)).values())
    rng = random.Random(cuts)
    often = rng.choice((1.0, 0.5, 0.2))
    assert stream.run_in_pieces(one, lambda _: rng.random() < often) == lines


def expected(one: History) -> Iterator[Out]:
    """What the arrivals oracle says must leave, in order: merges before the event that caused them."""
    for event, session, first, index, is_start, is_late, absorbed in verdicts(one):
        if session is None:
            continue
        about = (event.site, event.visitor, event.at, event.received_at, event.suspect, session, first)
        for other in absorbed:
            yield Out(None, *about, None, is_start=False, is_late=is_late, absorbed=other)
        yield Out(event.event_id, *about, index, is_start=is_start, is_late=is_late)


def out(row: stream.Row, names: Names) -> Out:
    """A row as it left."""
    merged = row.get("merged_session_id")
    assert (row["event_name"] == "session_merge") == (merged is not None)
    return Out(
        row["event_id"] if merged is None else None,
        row["site"],
        row["visitor_id"],
        ms(row["event_at"]),
        ms(row["received_at"]),
        row["is_time_suspect"],
        names.opener(row["session_id"]),
        ms(row["session_started_at"]),
        row.get("session_event_index"),
        row["is_session_start"],
        row["is_late"],
        None if merged is None else names.opener(merged),
    )


def followed(rows: Sequence[stream.Row], events: Sequence[Arrival]) -> dict[str, list[Arrival]]:
    """The arrivals behind the rows of each session, merges followed as a reader of the lake does."""
    survivor = {row["merged_session_id"]: row["session_id"] for row in rows if row.get("merged_session_id")}
    of_record = {(event.record, event.event_id): event for event in reversed(events)}  # the first one wins
    result: dict[str, list[Arrival]] = {}
    for row in rows:
        if row.get("merged_session_id"):
            continue
        event = of_record[int(row["raw_sequence"]) - 1, row["event_id"]]
        name = row["session_id"]
        while name in survivor:
            name = survivor[name]
        result.setdefault(name, []).append(event)
    return result


def ms(text: str) -> int:
    """ISO 8601 as epoch milliseconds."""
    moment = datetime.fromisoformat(text)
    return int(moment.replace(microsecond=0).timestamp()) * 1000 + moment.microsecond // 1000
