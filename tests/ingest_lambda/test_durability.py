"""What is answered with 202 is stored; what cannot be stored is answered with 503. Nothing else happens."""

import json
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest_lambda.aws.put_all import Limits, PutRefused, put_all
from ingest_lambda.aws.senders import record_size
from ingest_lambda.events.raw_records import MAX_RECORD_BYTES, RequestContext, StreamRecord, records_of
from ingest_lambda.events.visitor import Visitor
from tests.ingest_lambda.doubles import NOW, PAGE_VIEW, Bench, FakeTarget, FakeTime, gateway

THROTTLED = "ProvisionedThroughputExceededException"
LIMITS = Limits(most_items=500, most_bytes=10 * 1024 * 1024)


def events_of(visitors: str) -> list[dict[str, Any]]:
    return [
        {"event": "x", "event_id": f"00000000-0000-0000-0000-{n:012d}", "visitor_id": who}
        for n, who in enumerate(visitors, start=1)
    ]


def test_only_failed_entries_are_sent_again(bench: Bench) -> None:
    """An entry that was accepted in an earlier attempt is never sent a second time."""
    refusals = {"loja/a": 2, "loja/c": 1}

    def verdict(call: int, entry: StreamRecord) -> str | None:
        return THROTTLED if call <= refusals.get(entry.partition_key, 0) else None

    bench.stream.verdict = verdict

    assert bench.post(gateway(events_of("abcd")))[:2] == (202, {"accepted": 4, "rejected": []})
    sent = [[entry.partition_key for entry in call] for call in bench.stream.calls]
    assert sent == [["loja/a", "loja/b", "loja/c", "loja/d"], ["loja/a", "loja/c"], ["loja/a"]]
    assert Counter(entry.partition_key for entry in bench.stream.stored) == Counter(
        f"loja/{who}" for who in "abcd"
    )


def test_pauses_grow_to_a_limit_and_keep_within_the_time(bench: Bench) -> None:
    bench.stream.verdict = lambda call, entry: THROTTLED

    status, body, headers = bench.post(gateway(), seconds=5.0)

    assert (status, body["reason"], headers["retry-after"]) == (503, "unavailable", "3")
    slept = bench.time.slept
    assert slept[:5] == [0.05, 0.1, 0.2, 0.4, 0.8]
    assert set(slept[5:]) == {1.0}
    assert sum(slept) < 5.0


def test_without_time_there_is_one_attempt(bench: Bench) -> None:
    bench.stream.verdict = lambda call, entry: THROTTLED

    assert bench.post(gateway(), seconds=-1.0)[0] == 503
    assert len(bench.stream.calls) == 1
    assert bench.time.slept == []


def test_what_no_repetition_cures_is_not_repeated(bench: Bench) -> None:
    def send(entries: Sequence[StreamRecord], seconds: float) -> list[str | None]:
        raise PutRefused("PutRecords: AccessDeniedException")

    bench.app.to_stream = send

    assert bench.post(gateway())[0] == 503
    assert bench.time.slept == []
    assert json.loads(bench.log_lines[-1])["cause"] == "PutRecords: AccessDeniedException"


def test_a_rejected_row_that_cannot_be_kept_is_a_503(bench: Bench) -> None:
    """The accepted ones may be stored by then: the client repeats, and the ids make it harmless."""
    bench.delivery.verdict = lambda call, entry: "ServiceUnavailableException"

    assert bench.post(gateway([PAGE_VIEW, 5]))[0] == 503
    assert len(bench.stream.stored) == 1


def test_rejected_rows_are_repeated_one_by_one_too(bench: Bench) -> None:
    bench.delivery.verdict = lambda call, row: (
        "ServiceUnavailableException" if call == 1 and b'"1"' in row else None
    )

    assert bench.post(gateway([1, 2]))[0] == 202
    assert [len(call) for call in bench.delivery.calls] == [2, 1]
    assert sorted(row["payload"] for row in bench.rows()) == ["1", "2"]


@pytest.mark.parametrize(("count", "size"), [(1200, 10), (30, 900_000), (501, 20_000)])
def test_calls_keep_the_limits_and_the_order(count: int, size: int) -> None:
    items = [StreamRecord(f"s/{n}", b"x" * size) for n in range(count)]
    target = FakeTarget()

    report = put_all(items, target.send, record_size, LIMITS, FakeTime().clock(), 2000.0)

    assert target.stored == items
    assert (report.stored, report.missing) == (count, 0)
    for call in target.calls:
        assert len(call) <= 500
        assert sum(map(record_size, call)) <= 10 * 1024 * 1024
    assert len(target.calls) == max(-(-count // 500), -(-count * (size + 5) // LIMITS.most_bytes))


def test_the_first_call_that_stays_incomplete_ends_it() -> None:
    items = [StreamRecord("s/a", b"1", 0), StreamRecord("s/a", b"2", 1)]
    target = FakeTarget(lambda call, entry: THROTTLED)

    report = put_all(
        items, target.send, record_size, LIMITS, FakeTime().clock(), 0.0, lambda entry: entry.part
    )

    assert (report.stored, report.missing, target.calls) == (0, 2, [[items[0]]])


ENVELOPE = RequestContext("loja", NOW, None, "203.0.113.9", "Mozilla/5.0", {})


@settings(deadline=None)
@given(
    sizes=st.lists(st.integers(1, 65_000) | st.integers(50_000, 65_000), min_size=1, max_size=60),
)
@example(sizes=[65_000] * 60)
def test_a_visitors_batch_over_the_record_limit_is_split_in_order(
    sizes: list[int],
) -> None:
    """Every part fits; the parts in their order are the batch; a part is never sent before the one in front."""
    events = [json.dumps({"n": n, "fill": "x" * size}).encode() for n, size in enumerate(sizes)]

    entries = records_of(ENVELOPE, Visitor("v", "cookie"), events)

    assert all(record_size(entry) <= MAX_RECORD_BYTES for entry in entries)
    assert [entry.part for entry in entries] == list(range(len(entries)))
    numbers = [event["n"] for entry in entries for event in json.loads(entry.data)["events"]]
    assert numbers == list(range(len(sizes)))
    least = -(-sum(map(len, events)) // MAX_RECORD_BYTES)
    assert len(entries) <= 2 * least


def test_parts_of_a_visitor_go_in_calls_of_their_own(bench: Bench) -> None:
    """Within a call Kinesis keeps no order, and a refused first part must not be overtaken."""
    failed = {"once": True}

    def verdict(call: int, entry: StreamRecord) -> str | None:
        if entry.part == 0 and entry.partition_key == "loja/big" and failed.pop("once", False):
            return THROTTLED
        return None

    bench.stream.verdict = verdict
    big = [
        {"event": "x", "visitor_id": "big", "properties": {"n": n, "fill": "ü" * 20_000}} for n in range(25)
    ]
    small = {"event": "x", "visitor_id": "small"}

    status, answer, _ = bench.post(gateway(json.dumps([*big, small], ensure_ascii=False)))

    assert (status, answer["accepted"]) == (202, 26)
    assert [[(entry.partition_key, entry.part) for entry in call] for call in bench.stream.calls] == [
        [("loja/big", 0), ("loja/small", 0)],
        [("loja/big", 0)],
        [("loja/big", 1)],
    ]
    numbers = [
        event["properties"]["n"]
        for record in bench.records()
        if record["visitor_id"] == "big"
        for event in record["events"]
    ]
    assert numbers == list(range(25))


@settings(deadline=None)
@given(
    visitors=st.text("abcdef", min_size=1, max_size=40),
    bad=st.sets(st.integers(0, 39)),
    refusal=st.sampled_from([0.01, 0.5, 0.9, 1.0]),
    seed=st.integers(0, 2**32),
)
def test_accepted_and_503_are_all_there_is(visitors: str, bad: set[int], refusal: float, seed: int) -> None:
    """Under any partial failure: 202 means each event is stored exactly once or kept as rejected; else 503."""
    rng = random.Random(seed)
    bench = Bench()
    bench.stream.verdict = lambda call, entry: THROTTLED if rng.random() < refusal else None
    bench.delivery.verdict = lambda call, entry: (
        "ServiceUnavailableException" if rng.random() < refusal else None
    )
    events = [event | {"event": "?"} if n in bad else event for n, event in enumerate(events_of(visitors))]

    status, body, _ = bench.post(gateway(events))

    stored = Counter(event["event_id"] for record in bench.records() for event in record["events"])
    rejected = Counter(row["event_id"] for row in bench.rows())
    assert max(stored.values(), default=1) == 1
    assert max(rejected.values(), default=1) == 1
    if status == 202:
        assert body["accepted"] == stored.total()
        assert len(body["rejected"]) == rejected.total()
        assert stored.total() + rejected.total() == len(events)
    else:
        assert status == 503
        assert stored.total() + rejected.total() < len(events)
