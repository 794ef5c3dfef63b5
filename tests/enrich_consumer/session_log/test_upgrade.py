"""A log that was written by version 1 of the state, kept as it was, restored by the program of today."""

import json
from base64 import b64decode
from pathlib import Path

from tests.support.consumer_doubles import Shard, event, event_id, incoming

LOG = json.loads((Path(__file__).parent / "log_of_version_1.json").read_text(encoding="utf-8"))
NEXT = LOG["checkpoint"] + 1
MINUTE = 60_000


def restored() -> Shard:
    shard = Shard()
    for name, data in LOG["blobs"].items():
        shard.store.objects[name] = b64decode(data)
    return shard


def test_sessions_and_event_ids_are_there_and_the_shard_goes_on():
    shard = restored()
    worker = shard.start(LOG["checkpoint"])
    now = LOG["watermark"] + MINUTE
    open_sessions = {
        visitor: session
        for visitor, session in LOG["sessions"].items()
        if visitor in {"loja/ana", "loja/bia"}
    }
    sequence = NEXT
    for visitor, session in open_sessions.items():
        name = visitor.removeprefix("loja/")
        copy = event(1, event_id=session["event_id"])
        new = event(1000 + sequence, ts=now)
        worker.work(
            [incoming(sequence, copy, new, visitor_id=name, received_at=now)], shard.checkpointer, 0.0
        )
        sequence += 1
    got = {f"loja/{row['visitor_id']}": row for row in shard.sink.events}
    assert {visitor: row["session_id"] for visitor, row in got.items()} == {
        visitor: session["session_id"] for visitor, session in open_sessions.items()
    }
    assert all(
        row["session_event_index"] == open_sessions[visitor]["session_event_index"] + 1
        for visitor, row in got.items()
    )
    assert worker.counts["duplicates"] == len(open_sessions)


def test_every_session_of_the_old_log_ends_once_with_what_is_known_of_it():
    """Whose it was is not in the old log, and nobody came again: its times and events are there, nothing is made up."""
    shard = restored()
    worker = shard.start(LOG["checkpoint"])
    open_then = {session["session_id"] for session in LOG["sessions"].values()}
    later = LOG["watermark"] + 3 * 60 * MINUTE
    tick = incoming(NEXT, events=[], visitor_id="rastro-tick", received_at=later)
    worker.work([tick], shard.checkpointer, 0.0)
    rows = shard.session_ends.rows
    assert {row["session_id"] for row in rows} >= open_then
    assert len({row["session_id"] for row in rows}) == len(rows)
    assert all(row["is_final"] and row["revision"] == row["events"] + 1 for row in rows)
    assert all(row["started_at"] <= row["ended_at"] <= row["closed_at"] for row in rows)
    for row in rows:
        assert not row.keys() & {"site", "visitor_id", "page_views", "orders", "revenue", "is_bot", "channel"}
        assert row.get("is_engaged", True), "short ones may have had two pages or an order"
    assert worker.visitors == 0


def test_a_visitor_who_comes_again_names_whose_session_ends():
    """And facts are those of the whole session or none."""
    shard = restored()
    worker = shard.start(LOG["checkpoint"])
    now = LOG["watermark"] + MINUTE
    name = LOG["sessions"]["loja/ana"]["session_id"]
    worker.work(
        [incoming(NEXT, event(2000, ts=now), visitor_id="ana", received_at=now)], shard.checkpointer, 0.0
    )
    for number, minutes in enumerate((40, 300), start=1):
        tick = incoming(
            NEXT + number, events=[], visitor_id="rastro-tick", received_at=now + minutes * MINUTE
        )
        worker.work([tick], shard.checkpointer, float(number))
    ends = [row for row in shard.session_ends.rows if row["session_id"] == name]
    index = LOG["sessions"]["loja/ana"]["session_event_index"] + 1
    assert [(row["revision"], row["is_final"]) for row in ends] == [(index, False), (index + 1, True)]
    assert all((row["site"], row["visitor_id"]) == ("loja", "ana") for row in ends)
    assert not any("page_views" in row for row in ends)


def test_what_begins_now_is_reported_whole():
    shard = restored()
    worker = shard.start(LOG["checkpoint"])
    later = LOG["watermark"] + 3 * 60 * MINUTE
    worker.work([incoming(NEXT, visitor_id="eva", received_at=later)], shard.checkpointer, 0.0)
    assert worker.visitors == 1  # the visitors of the old log are over and forgotten
    before = len(shard.session_ends.rows)
    tick = incoming(NEXT + 1, events=[], visitor_id="rastro-tick", received_at=later + 3 * 60 * MINUTE)
    worker.work([tick], shard.checkpointer, 1.0)
    ends = shard.session_ends.rows[before:]
    assert [(row["visitor_id"], row["is_final"], row["page_views"]) for row in ends] == [("eva", True, 1)]
    assert worker.visitors == 0
    again = shard.start(NEXT + 1)
    assert again.visitors == 0


def test_the_next_entry_is_of_the_new_version_and_restores_too():
    shard = restored()
    worker = shard.start(LOG["checkpoint"])
    now = LOG["watermark"] + MINUTE
    worker.work(
        [incoming(NEXT, event(2000, ts=now), visitor_id="ana", received_at=now)], shard.checkpointer, 0.0
    )
    second = shard.start(NEXT)
    second.work(
        [incoming(NEXT + 1, event(2000), event(2001, ts=now), visitor_id="ana", received_at=now)],
        shard.checkpointer,
        1.0,
    )
    assert [row["event_id"] for row in shard.sink.events] == [event_id(2000), event_id(2001)]
    assert len({row["session_id"] for row in shard.sink.events}) == 1
