"""Rows → lines → packed records."""

from datetime import UTC, datetime

import orjson
import pytest

from enrich_consumer.core.emit import MAX_BYTES, MAX_EVENTS, Packed, pack
from enrich_consumer.core.enriched_event import EnrichedEvent, fragment
from enrich_consumer.core.iso_time import iso


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (999, "1970-01-01T00:00:00.999Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_795_296_000_123, "2026-11-21T21:20:00.123Z"),
        (1_709_164_800_007, "2024-02-29T00:00:00.007Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_times_are_iso_8601_utc_with_milliseconds(at: int, text: str):
    assert iso(at) == text
    assert datetime.fromisoformat(text).astimezone(UTC).timestamp() == pytest.approx(at / 1000, abs=1e-3)


def test_a_line_is_json_with_a_line_end():
    row = {
        "event_at": iso(5),
        "received_at": iso(1_005),
        "page_title": "a\nb é",
        "value": None,
    }
    written = EnrichedEvent(row).to_line()
    assert written.endswith(b"\n")
    assert written.count(b"\n") == 1
    assert orjson.loads(written) == {
        "event_at": "1970-01-01T00:00:00.005Z",
        "received_at": "1970-01-01T00:00:01.005Z",
        "page_title": "a\nb é",
        "value": None,
    }


def test_an_event_is_one_object_of_its_own_and_its_shared_columns():
    page, record = fragment({"page_title": "a,b}", "x": [1]}), fragment({"site": "loja"})
    event = EnrichedEvent({"event_id": "e"}, page, fragment({}), record)
    everything = {"event_id": "e", "page_title": "a,b}", "x": [1], "site": "loja"}
    assert event.to_line() == orjson.dumps(everything, option=orjson.OPT_APPEND_NEWLINE)
    assert event.all_columns() == everything
    assert event.columns == {"event_id": "e"}
    assert event.unshare() is event.columns
    event.columns["site"] = "outra"
    assert orjson.loads(event.to_line()) == everything | {"site": "outra"}
    assert list(event.columns) == list(everything)


def check(waves: list[list[Packed]], lines: dict[int, list[bytes]]) -> None:
    for wave in waves:
        buckets = [packed.bucket for packed in wave]
        assert len(buckets) == len(set(buckets)), "one record of a bucket in a wave"
    for bucket, given in lines.items():
        mine = [packed for wave in waves for packed in wave if packed.bucket == bucket]
        assert b"".join(packed.data for packed in mine) == b"".join(given)
        assert sum(packed.events for packed in mine) == len(given)
        for packed in mine:
            assert packed.data.count(b"\n") == packed.events <= MAX_EVENTS
            assert len(packed.data) <= MAX_BYTES


def test_nothing_gives_no_wave():
    assert pack({}) == []


def test_events_of_a_bucket_share_a_record_in_their_order():
    lines = {3: [b"a\n", b"b\n"], 1: [b"c\n"]}
    waves = pack(lines)
    assert waves == [[Packed(1, b"c\n", 1), Packed(3, b"a\nb\n", 2)]]
    check(waves, lines)


@pytest.mark.parametrize(("count", "records"), [(500, 1), (501, 2), (1_000, 2), (1_001, 3)])
def test_at_most_500_events_a_record(count: int, records: int):
    lines = {7: [b"%d\n" % number for number in range(count)], 8: [b"x\n"]}
    waves = pack(lines)
    assert [len(wave) for wave in waves] == [2] + [1] * (records - 1)
    check(waves, lines)


@pytest.mark.parametrize(
    ("size", "records"), [(300_000, 2), (300_001, 2), (450_000, 2), (450_001, 4), (900_000, 4)]
)
def test_at_most_900_kilobytes_a_record(size: int, records: int):
    lines = {7: [b"x" * (size - 1) + b"\n"] * 4}
    waves = pack(lines)
    assert len(waves) == records
    check(waves, lines)


def test_the_explicit_hash_key_is_the_start_of_the_bucket():
    for bucket in (0, 1, 127, 128, 255):
        packed = Packed(bucket, b"", 0)
        assert int(packed.explicit_hash_key) == bucket * 2**120
        assert packed.partition_key == f"{bucket:02x}"
    assert int(Packed(255, b"", 0).explicit_hash_key) < 2**128
