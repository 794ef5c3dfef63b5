"""One record through the core: one outcome per event, whatever comes in."""

import base64
import gzip
import os
from collections import Counter

import pytest

from enrich_consumer.core.emit import MAX_BYTES
from enrich_consumer.core.pipeline import Outcome, process
from enrich_consumer.core.record import Incoming, Record
from enrich_consumer.core.sessions.shard_state import ShardState, visitor_key
from schemas import Reason
from tests.support.consumer_doubles import ENRICH, NOW, SITES, event, event_id, incoming, raw, rows

MINUTE = 60_000


def run(*records: Incoming, state: ShardState | None = None, enrich=ENRICH) -> list[Outcome]:
    state = ShardState() if state is None else state
    return [process(record, SITES, enrich, state) for record in records]


def test_an_event_becomes_a_line_with_its_session():
    (outcome,) = run(incoming(5, event(1, ts=NOW - 1_000)))
    (row,) = rows(outcome.lines)
    assert outcome.rejected == []
    assert outcome.bucket == visitor_key("loja/v-1")[0]
    assert +Counter(outcome.counts) == {"records": 1, "events": 1, "sessions": 1}
    assert row["event_at"] == row["session_started_at"] == "2026-11-21T21:19:59.123Z"
    assert row["received_at"] == "2026-11-21T21:20:00.123Z"
    assert (row["session_event_index"], row["is_session_start"], row["is_late"]) == (1, True, False)


def test_the_clients_order_stays():
    (outcome,) = run(incoming(5, *[event(number, ts=NOW - number) for number in range(1, 6)]))
    assert [row["event_id"] for row in rows(outcome.lines)] == [event_id(n) for n in range(1, 6)]
    assert [row["session_event_index"] for row in rows(outcome.lines)] == [1, 2, 3, 4, 5]


def test_a_repeated_event_is_dropped_and_counted():
    first, again = run(incoming(5, event(1), event(2), event(1)), incoming(6, event(2), event(3)))
    assert [row["event_id"] for row in rows(first.lines)] == [event_id(1), event_id(2)]
    assert [row["event_id"] for row in rows(again.lines)] == [event_id(3)]
    assert (first.counts["duplicates"], again.counts["duplicates"]) == (1, 1)


def test_another_visitor_may_use_the_same_event_id():
    outcomes = run(incoming(5, event(1)), incoming(6, event(1), visitor_id="v-2"))
    assert [len(outcome.lines) for outcome in outcomes] == [1, 1]


def test_an_event_between_two_sessions_makes_them_one():
    hour = [incoming(n, event(n, ts=at), received_at=NOW) for n, at in ((1, NOW - 50 * MINUTE), (2, NOW))]
    one, two, merged = run(*hour, incoming(3, event(3, ts=NOW - 25 * MINUTE)))
    (first,), (second,) = rows(one.lines), rows(two.lines)
    assert first["session_id"] != second["session_id"]
    correction, row = rows(merged.lines)
    assert correction["event_name"] == "session_merge"
    assert (correction["session_id"], correction["merged_session_id"]) == (
        first["session_id"],
        second["session_id"],
    )
    assert row["session_id"] == first["session_id"]
    assert correction["event_id"] not in {row["event_id"], first["event_id"], second["event_id"]}
    assert merged.counts["merges"] == 1


def test_a_record_without_events_is_nothing():
    state = ShardState()
    (outcome,) = run(Incoming(5, raw(events=[])), state=state)
    assert (outcome.lines, outcome.rejected, state.sequence) == ([], [], 5)


# what cannot be processed is kept with its reason and its payload, and the stream goes on


@pytest.mark.parametrize(
    ("data", "reason", "encoding"),
    [
        (b"not json", Reason.RECORD_NOT_JSON, "text"),
        (b"\xff\xfe", Reason.RECORD_NOT_JSON, "base64"),
        (raw(v=2), Reason.UNKNOWN_RECORD_VERSION, "json"),
        (raw(site="outra"), Reason.UNKNOWN_SITE, "json"),
        (raw(events=7), Reason.INVALID_RECORD, "json"),
    ],
)
def test_a_bad_record_is_rejected_with_its_payload(data: bytes, reason: Reason, encoding: str):
    state = ShardState()
    bad, good = run(Incoming(5, data, NOW), incoming(6), state=state)
    assert bad.lines == []
    (row,) = rows(bad.rejected)
    assert (row["stage"], row["reason"], row["payload_encoding"]) == ("enrich", reason, encoding)
    assert row["rejected_at"] == "2026-11-21T21:20:00.123Z"
    payload = base64.b64decode(row["payload"]) if encoding == "base64" else row["payload"].encode()
    assert payload == data
    assert row["detail"]
    assert bad.counts == {"records": 1, "rejected": 1, f"rejected.{reason}": 1}
    assert len(good.lines) == 1
    assert state.sequence == 6


def broken_enrich(record: Record):
    raise LookupError("a lone surrogate \ud800 in " + "x" * 5_000)


def test_an_error_nobody_foresaw_rejects_the_record():
    bad, good = run(incoming(5), enrich=broken_enrich) + run(incoming(6))
    (row,) = rows(bad.rejected)
    assert row["reason"] == Reason.INTERNAL_ERROR
    assert row["detail"].startswith("LookupError: a lone surrogate ? in xxx")
    assert len(row["detail"]) == 500
    assert row["payload"].encode() == incoming(5).data
    assert len(good.lines) == 1


def _unwritable(record: Record):
    found = ENRICH(record)
    found[-1].columns["user_id"] = 2**70  # no JSON number of ours
    return found


def test_a_row_that_cannot_be_written_rejects_the_record_and_leaves_the_visitor_as_he_was():
    state, twin = ShardState(), ShardState()
    run(incoming(1), state=state)
    run(incoming(1), state=twin)
    (bad,) = run(
        incoming(5, event(1), event(7, ts=NOW - 50 * MINUTE), event(8), received_at=NOW + 9),
        state=state,
        enrich=_unwritable,
    )
    assert [row["reason"] for row in rows(bad.rejected)] == [Reason.INTERNAL_ERROR]
    assert bad.lines == []
    assert state.dirty_visitors() == twin.dirty_visitors()
    assert (state.watermark, state.sequence) == (NOW, 5)
    (replayed,) = run(incoming(6, event(7), event(8)), state=state)
    assert len(replayed.lines) == 2  # after a fix nothing counts as seen


def test_deep_nesting_cannot_stop_the_stream():
    data = b'{"v":1,"site":"loja","visitor_id":"v-1","visitor_kind":"cookie","received_at":%d,"events":[%s]}'
    shapes = (
        b'"properties":{"a":%s}',
        b'"ecommerce":{"currency":%s}',
        b'"page":{"title":%s}',
        b'"consent":{"ads":%s}',
    )
    text = b"[" * 300 + b"]" * 300
    for number, shape in enumerate(shapes, start=1):
        one = b'{"event_id":"%s","event":"a",%s}' % (event_id(number).encode(), shape % text)
        (outcome,) = run(Incoming(number, data % (NOW, one)))
        assert len(outcome.lines) + len(outcome.rejected) == 1


def test_an_event_that_grows_over_the_limit_of_a_record_is_rejected():
    (outcome,) = run(incoming(5, event(1, properties={"a": "x" * MAX_BYTES})))
    (row,) = rows(outcome.rejected)
    assert row["reason"] == Reason.EVENT_TOO_LARGE
    assert row["payload_encoding"] == "gzip+base64"
    assert (
        gzip.decompress(base64.b64decode(row["payload"]))
        == incoming(5, event(1, properties={"a": "x" * MAX_BYTES})).data
    )


def test_a_failed_event_time_costs_its_columns_only():
    def without_time(record: Record):
        found = ENRICH(record)
        for one in found:
            one.columns |= {"event_at": None, "event_date": None, "enrich_errors": ["event_time"]}
        return found

    (outcome,) = run(incoming(5), enrich=without_time)
    (row,) = rows(outcome.lines)
    assert row["event_at"] == row["received_at"]
    assert row["enrich_errors"] == ["event_time"]


# what is too large for a row of the rejected table (Firehose takes 1,000 KiB)


def test_a_large_payload_is_compressed():
    data = b"\0" * 1_000_000  # as JSON text six times as long
    (row,) = rows(run(Incoming(5, data))[0].rejected)
    assert row["payload_encoding"] == "gzip+base64"
    assert gzip.decompress(base64.b64decode(row["payload"])) == data
    assert base64.b64decode(row["payload"])[4:8] == b"\0" * 4  # no clock in the compressed bytes


def test_what_is_too_large_even_then_is_named_by_its_place():
    data = os.urandom(1_000_000)
    (outcome,) = run(Incoming(49_590_338_271, data))
    (row,) = rows(outcome.rejected)
    assert (row["payload_encoding"], row["payload"]) == ("raw", "49590338271")
    assert len(outcome.rejected[0]) < 1_000


@pytest.mark.parametrize("size", [899_000, 900_000, 901_000, 1_048_576])
def test_no_row_is_over_the_limit(size: int):
    for data in (b"x" * size, os.urandom(size), b'"' * size):
        (outcome,) = run(Incoming(5, data))
        assert len(outcome.rejected[0]) <= MAX_BYTES


def test_the_same_records_give_the_same_bytes():
    records = [
        incoming(1, event(1, ts=NOW - 50 * MINUTE)),
        incoming(2, event(2)),
        Incoming(3, b"bad", NOW),
        incoming(4, event(3, ts=NOW - 25 * MINUTE)),
    ]
    first, second = run(*records), run(*records)
    assert [o.lines for o in first] == [o.lines for o in second]
    assert [o.rejected for o in first] == [o.rejected for o in second]


def test_properties_that_are_no_utf8_reject_the_record():
    data = incoming(5, event(1, properties={"a": "HERE"})).data.replace(b"HERE", b"caf\xe9")
    (bad,) = run(Incoming(5, data))
    (row,) = rows(bad.rejected)
    assert (row["reason"], row["payload_encoding"]) == (Reason.RECORD_NOT_JSON, "base64")
    assert base64.b64decode(row["payload"]) == data


def test_a_key_written_with_escapes_is_a_key():
    data = incoming(5, event(1, properties={"HERE": "segredo"})).data.replace(b"HERE", b"s\\u0065nha")
    (outcome,) = run(Incoming(5, data))
    assert b"segredo" not in outcome.lines[0]
