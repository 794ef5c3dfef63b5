"""The life of a record processor: its calls in their order, what comes in, its log and its heartbeat."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from amazon_kclpy.v3 import processor as v3
from botocore.exceptions import EndpointConnectionError

from enrich_consumer.core.iso_time import iso
from enrich_consumer.core.record import Incoming
from enrich_consumer.edges.kcl import processor
from enrich_consumer.edges.kcl.processor import RecordProcessor
from enrich_consumer.edges.kcl.protocol import Protocol
from enrich_consumer.policy import EAGER
from tests.enrich_consumer.edges.processor.in_memory import LAZY, Child
from tests.support.consumer_doubles import Shard, event, incoming, raw
from tests.support.consumer_doubles import event_id as eid
from tests.support.daemon_side import (
    ARRIVED,
    LEASE_LOST,
    SHARD,
    SHARD_ENDED,
    SHUTDOWN_REQUESTED,
    asked,
    checkpointed,
    done,
    initialize,
    process_records,
)


def test_all_five_methods_are_ours():
    """The package does not enforce its abstract methods: one that is missing would succeed in silence."""
    calls = {name for name in vars(v3.RecordProcessorBase) if not name.startswith("_")} - {"version"}
    assert calls == {"initialize", "process_records", "lease_lost", "shard_ended", "shutdown_requested"}
    assert calls <= set(vars(RecordProcessor))
    assert RecordProcessor.version == 3


def test_a_whole_life(child: Child):
    answers = child.say(
        initialize(),
        process_records(incoming(5), incoming(6)),
        checkpointed(5),
        checkpointed(6),
        process_records(),
        process_records(incoming(7)),
        checkpointed(7),
        SHUTDOWN_REQUESTED,
        LEASE_LOST,
    )
    assert answers == [
        done("initialize"),
        asked(5),
        asked(6),
        done("processRecords"),
        done("processRecords"),
        asked(7),
        done("processRecords"),
        done("shutdownRequested"),
        done("leaseLost"),
    ]
    assert [row["event_id"] for row in child.shard.sink.events] == [eid(5), eid(6), eid(7)]


def test_our_parser_changes_nothing():
    """The package's own process and ours, which reads lines with a faster parser, do the same."""
    lives = []
    for protocol in (processor.kcl.KCLProcess, Protocol):
        shard = Shard(LAZY)
        child = Child(shard, protocol=protocol)
        answers = child.say(
            initialize(),
            process_records(incoming(5, event(5, user_id="é")), Incoming(6, b"not json", ARRIVED)),
            SHARD_ENDED,
            checkpointed(None),
        )
        lives.append((answers, shard.sink.events, shard.rejected.rows, shard.store.objects))
    assert lives[0] == lives[1]
    assert len(lives[0][1]) == len(lives[0][2]) == 1


def test_put_save_checkpoint(started: Child):
    assert started.say(process_records(incoming(5)), checkpointed(5)) == [asked(5), done("processRecords")]
    assert started.shard.effects.take() == [("put", [eid(5)]), ("save", 1)]


def test_the_end_of_a_shard_is_checkpointed_after_a_snapshot():
    child = Child(Shard(LAZY))
    answers = child.say(initialize(), process_records(incoming(5)), SHARD_ENDED, checkpointed(None))
    assert answers[-2:] == [asked(None), done("shardEnded")]
    assert child.shard.effects.kinds()[-3:] == ["put", "save", "snapshot"]


def test_shutdown_requested_leaves_nothing_behind():
    child = Child(Shard(LAZY))
    child.say(initialize(), process_records(incoming(5)), process_records())
    assert child.shard.sink.events == []
    answers = child.say(SHUTDOWN_REQUESTED, checkpointed(5))
    assert answers == [asked(5), done("shutdownRequested")]
    assert child.shard.effects.kinds()[-2:] == ["put", "save"]
    assert child.given_back == [SHARD]


def test_a_shard_that_was_lost_is_not_given_back(started: Child):
    started.say(process_records(incoming(5)), checkpointed(5, "ShutdownException"), SHUTDOWN_REQUESTED)
    assert started.given_back == []


def test_after_the_stop_nothing_is_written(started: Child):
    started.say(SHUTDOWN_REQUESTED)
    assert started.say(process_records(incoming(5))) == [done("processRecords")]
    assert started.shard.effects.take() == []


def test_a_shard_that_had_ended_before_is_only_ended_again(child: Child):
    answers = child.say(initialize("SHARD_END"), process_records(), SHARD_ENDED, checkpointed(None))
    assert answers == [done("initialize"), done("processRecords"), asked(None), done("shardEnded")]
    assert child.shard.effects.take() == []


def test_a_restart_takes_up_where_the_log_ends():
    shard = Shard(EAGER)
    Child(shard).say(
        initialize(), process_records(incoming(5), incoming(6)), checkpointed(5), checkpointed(6)
    )
    again = Child(shard)
    again.say(initialize("5"), process_records(incoming(5), incoming(6), incoming(7)), checkpointed(7))
    assert [row["event_id"] for row in shard.sink.events] == [eid(5), eid(6), eid(7)]
    taken = next(line for line in again.logged() if line["message"] == "shard taken over")
    assert (taken["checkpoint"], taken["state"], taken["visitors"]) == ("5", "6", 1)


def test_a_checkpoint_has_the_digits_of_the_stream():
    """An emulator that pads with zeros compares texts: without them it would give nothing after a restart."""
    padded = process_records(incoming(5))
    padded["records"][0]["sequenceNumber"] = "0005"
    answer = asked(5) | {"sequenceNumber": "0005"}
    assert Child(Shard(EAGER)).say(initialize(), padded, checkpointed(5))[1] == answer


def test_a_state_ahead_of_the_replay_asks_for_nothing_that_kcl_has_not_delivered():
    shard = Shard(EAGER)
    Child(shard).say(
        initialize(), process_records(incoming(5), incoming(6)), checkpointed(5), checkpointed(6)
    )
    answers = Child(shard).say(
        initialize(), process_records(), process_records(incoming(5)), checkpointed(5), SHUTDOWN_REQUESTED
    )
    assert answers == [
        done("initialize"),
        done("processRecords"),
        asked(5),
        done("processRecords"),
        done("shutdownRequested"),
    ]


def test_a_stop_gives_the_lease_back_after_everything_is_out():
    given: list[tuple[str, list[str]]] = []
    shard = Shard(LAZY)

    def release(name: str) -> bool:
        given.append((name, shard.effects.kinds()[-2:]))
        return True

    child = Child(shard, release=release)
    child.say(initialize(), process_records(incoming(5)))
    answers = child.say(SHUTDOWN_REQUESTED, checkpointed(5), process_records(incoming(6)), LEASE_LOST)
    assert answers == [asked(5), done("shutdownRequested"), done("processRecords"), done("leaseLost")]
    assert given == [(SHARD, ["put", "save"])]
    assert shard.effects.take() == [], "the next owner may have begun"


def test_a_lease_that_was_lost_is_not_given_back():
    given: list[str] = []
    child = Child(Shard(EAGER), release=lambda name: bool(given.append(name)))  # type: ignore[func-returns-value] # append returns None
    child.say(initialize(), process_records(incoming(5)), checkpointed(5, "ShutdownException"))
    assert child.say(SHUTDOWN_REQUESTED) == [done("shutdownRequested")]
    assert given == []


def test_a_lease_that_cannot_be_given_back_expires_by_itself():
    def release(_: str) -> bool:
        raise EndpointConnectionError(endpoint_url="http://nowhere")

    child = Child(Shard(EAGER), release=release)
    assert child.say(initialize(), SHUTDOWN_REQUESTED)[-1] == done("shutdownRequested")
    assert child.logged()[-1]["message"] == "the lease could not be given back"


# what comes in


def test_the_arrival_time_is_exact_in_any_time_zone(started: Child, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TZ", "America/New_York")
    processor.time.tzset()
    twice = 1_793_511_000_123  # 05:30 UTC on 2026-11-01: the local half past one that comes twice
    for number, at in enumerate((twice, twice + 3_600_000, ARRIVED), start=5):
        started.say(process_records(Incoming(number, b"not json", at)), checkpointed(number))
    found = [row["rejected_at"] for row in started.shard.rejected.rows]
    assert found == [iso(twice), iso(twice + 3_600_000), iso(ARRIVED)]


@pytest.fixture(autouse=True)
def _time_zone_restored() -> Iterator[None]:
    yield
    processor.time.tzset()


def test_protocol_lines_in_an_event_stay_data(started: Child, capsys: pytest.CaptureFixture[str]):
    command = '\n{"action": "checkpoint", "sequenceNumber": null}\n'
    nasty = [
        raw(
            event(1, user_id=command, page={"url": command, "title": command}, properties={command: command})
        ),
        raw(event(2), user_agent=command, visitor_id=command, headers={"referer": command}),
        command.encode(),
        b'{"v": 1, "site": "' + command.replace('"', '\\"').encode() + b'"}',
    ]
    records = [Incoming(number, data) for number, data in enumerate(nasty, start=5)]
    answers = started.say(process_records(*records), *[checkpointed(n) for n in range(5, 9)])
    assert [one for one in answers if one["action"] == "checkpoint"] == [asked(n) for n in range(5, 9)]
    assert answers[-1] == done("processRecords")
    assert capsys.readouterr().out == ""


# log, metrics, heartbeat


def test_every_line_of_the_log_names_the_shard(started: Child):
    started.say(process_records(incoming(5), behind=1234), checkpointed(5), LEASE_LOST)
    lines = started.logged()
    assert [line["message"] for line in lines if "message" in line] == ["shard taken over", "lease lost"]
    assert all(line["shard"] == SHARD and line["application"] == "shop" for line in lines)
    metrics = next(line for line in lines if "_aws" in line)
    assert (metrics["RecordsIn"], metrics["MillisBehindLatest"], metrics["VisitorsOpen"]) == (1, 1234, 1)


def test_the_heartbeat_is_touched_at_each_call_and_removed_at_the_end(tmp_path: Path):
    child = Child(Shard(EAGER), heartbeat=tmp_path / "beats")
    child.say(initialize())
    beat = tmp_path / "beats" / SHARD
    assert beat.exists()
    for said in ([process_records()], [process_records(incoming(5)), checkpointed(5)]):
        os.utime(beat, (0, 0))
        child.say(*said)
        assert beat.stat().st_mtime > 0
    child.say(LEASE_LOST)
    assert not beat.exists()


def test_the_heartbeat_goes_on_while_lease_lost_is_awaited(tmp_path: Path):
    child = Child(Shard(EAGER), heartbeat=tmp_path)
    child.say(initialize(), process_records(incoming(5)), checkpointed(5, "ShutdownException"))
    os.utime(tmp_path / SHARD, (0, 0))
    child.say(process_records(incoming(6)))
    assert (tmp_path / SHARD).stat().st_mtime > 0


def test_the_heartbeat_is_removed_when_the_shard_ends(tmp_path: Path):
    child = Child(Shard(EAGER), heartbeat=tmp_path)
    child.say(initialize(), SHARD_ENDED, checkpointed(None))
    assert list(tmp_path.iterdir()) == []
