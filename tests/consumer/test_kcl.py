"""The record processor under the real KCLProcess of amazon_kclpy, over files in memory: no Java."""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from amazon_kclpy.v3 import processor as v3
from botocore.exceptions import EndpointConnectionError

from enrich_consumer.core.emit import iso
from enrich_consumer.core.record import Incoming
from enrich_consumer.edges import kcl
from enrich_consumer.edges.kcl import FATAL, RecordProcessor
from enrich_consumer.edges.leases import Release
from enrich_consumer.edges.log import Log
from enrich_consumer.edges.metrics import Metrics
from enrich_consumer.edges.protocol import Protocol
from enrich_consumer.edges.shards import WHOLE, MemoryShards
from enrich_consumer.ports import PutRefusedError
from enrich_consumer.worker import EAGER, Policy
from tests.consumer.daemon_side import (
    ARRIVED,
    LEASE_LOST,
    SHARD,
    SHARD_ENDED,
    SHUTDOWN_REQUESTED,
    Dialogue,
    asked,
    checkpointed,
    done,
    initialize,
    process_records,
)
from tests.consumer.doubles import Shard, event, incoming, raw, refusing
from tests.consumer.doubles import event_id as eid

LAZY = Policy(flush_events=1_000, flush_seconds=3600, checkpoint_seconds=3600)


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """No test waits for the pauses between two tries."""
    pauses: list[float] = []
    monkeypatch.setattr(kcl.time, "sleep", pauses.append)
    return pauses


class Child:
    """One process on a shard whose log and streams are in memory."""

    def __init__(
        self,
        shard: Shard,
        heartbeat: Path | None = None,
        protocol: Any = Protocol,
        release: Release | None = None,
    ) -> None:
        self.shard = shard
        self.log = io.StringIO()
        self.processor = RecordProcessor(
            lambda name, log: shard.open(),
            MemoryShards({SHARD: WHOLE}),
            lambda name, log: Metrics(log, "shop", name),
            Log(self.log, application="shop"),
            heartbeat=heartbeat,
            release=release or self._give_back,
        )
        self.given_back: list[str] = []
        self.dialogue = Dialogue(self.processor, protocol)

    def _give_back(self, name: str) -> bool:
        self.given_back.append(name)
        return True

    def say(self, *said: dict[str, Any]) -> list[dict[str, Any]]:
        return self.dialogue.say(*said)

    def logged(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.log.getvalue().splitlines()]

    @property
    def exit(self) -> int | str | None:
        return self.dialogue.exit


@pytest.fixture
def child() -> Child:
    return Child(Shard(EAGER))


@pytest.fixture
def started(child: Child) -> Child:
    assert child.say(initialize()) == [done("initialize")]
    child.shard.effects.take()
    return child


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
    for protocol in (kcl.kcl.KCLProcess, Protocol):
        shard = Shard(LAZY)
        child = Child(shard, protocol=protocol)
        answers = child.say(
            initialize(),
            process_records(incoming(5, event(5, user_id="é")), Incoming(6, b"not json", ARRIVED)),
            SHARD_ENDED,
            checkpointed(None),
        )
        lives.append((answers, shard.sink.events, shard.rejected.rows, shard.blobs.blobs))
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


def test_a_checkpoint_has_as_many_digits_as_the_stream(child: Child):
    """An emulator that pads its numbers with zeros compares them as texts."""
    child.say(initialize())
    padded = process_records(incoming(5))
    padded["records"][0]["sequenceNumber"] = "000005"
    answers = child.say(padded, checkpointed(5))
    assert answers[0]["sequenceNumber"] == "000005"


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
    child = Child(Shard(EAGER), release=lambda name: bool(given.append(name)))
    child.say(initialize(), process_records(incoming(5)), checkpointed(5, "ShutdownException"))
    assert child.say(SHUTDOWN_REQUESTED) == [done("shutdownRequested")]
    assert given == []


def test_a_lease_that_cannot_be_given_back_expires_by_itself():
    def release(_: str) -> bool:
        raise EndpointConnectionError(endpoint_url="http://nowhere")

    child = Child(Shard(EAGER), release=release)
    assert child.say(initialize(), SHUTDOWN_REQUESTED)[-1] == done("shutdownRequested")
    assert child.logged()[-1]["message"] == "the lease could not be given back"


# what cannot go on ends the process, and nothing is reported done


def _breaks(worker_method: str) -> Shard:
    class Broken(Shard):
        def open(self):
            worker = super().open()

            def fail(*_: Any, **__: Any) -> None:
                raise RuntimeError("something nobody foresaw")

            setattr(worker, worker_method, fail)
            return worker

    return Broken(EAGER)


@pytest.mark.parametrize(
    ("method", "said", "call"),
    [
        ("start", [initialize()], "initialize"),
        ("work", [initialize(), process_records(incoming(5))], "process_records"),
        ("end_shard", [initialize(), SHARD_ENDED], "shard_ended"),
        ("finish", [initialize(), SHUTDOWN_REQUESTED], "shutdown_requested"),
    ],
)
def test_an_error_ends_the_process_and_nothing_is_reported_done(method, said, call):
    child = Child(_breaks(method))
    answers = child.say(*said, process_records(), LEASE_LOST)
    assert answers == [done("initialize")] * (len(said) - 1)
    assert child.exit == FATAL
    told = child.logged()[-1]
    assert told["level"] == "ERROR"
    assert (told["call"], told["code"], told["detail"]) == (call, "RuntimeError", "something nobody foresaw")
    assert told["shard"] == SHARD


def test_a_refused_put_ends_the_process(started: Child):
    started.shard.effects.refuse = refusing(PutRefusedError("stream refuses"), "put")
    assert started.say(process_records(incoming(5)), process_records()) == []
    assert started.exit == FATAL
    assert started.logged()[-1]["code"] == "PutRefusedError"
    assert started.shard.effects.take() == []


def test_a_processor_whose_log_was_taken_over_writes_nothing_more_and_waits(started: Child):
    Child(started.shard).say(initialize())  # a second process takes the shard; the first does not know
    started.shard.effects.take()
    answers = started.say(
        process_records(incoming(5)), process_records(incoming(6)), SHUTDOWN_REQUESTED, LEASE_LOST
    )
    assert answers == [done("processRecords")] * 2 + [done("shutdownRequested"), done("leaseLost")]
    assert started.exit is None
    assert started.shard.effects.kinds() == ["put", "save"]  # the save was tried, and refused by the fence
    assert any(line.get("detail", "").startswith("fenced") for line in started.logged())


def test_a_processor_that_lost_its_shard_and_is_not_told_so_ends(
    started: Child, monkeypatch: pytest.MonkeyPatch
):
    assert started.say(process_records(incoming(5)), checkpointed(5, "ShutdownException"), process_records())
    later = kcl.time.monotonic() + kcl.LOST_PATIENCE_S + 1
    monkeypatch.setattr(kcl.time, "monotonic", lambda: later)
    assert started.say(process_records(incoming(6))) == []
    assert started.exit == FATAL


def test_an_error_that_cannot_even_be_logged_ends_the_process(started: Child):
    started.shard.effects.refuse = refusing(PutRefusedError("no"), "put")
    started.log.close()
    assert started.say(process_records(incoming(5)), process_records()) == []
    assert started.exit == FATAL


def test_a_heartbeat_that_cannot_be_written_ends_the_process(tmp_path: Path):
    """Out of our reach the package would print the error and report the batch done: loss in silence."""
    child = Child(Shard(EAGER), heartbeat=tmp_path / "beats")
    child.say(initialize())
    (tmp_path / "beats" / SHARD).unlink()
    (tmp_path / "beats").rmdir()
    assert child.say(process_records(incoming(5))) == []
    assert child.exit == FATAL


def test_a_heartbeat_folder_that_cannot_be_made_ends_the_process(tmp_path: Path):
    (tmp_path / "file").write_text("")
    child = Child(Shard(EAGER), heartbeat=tmp_path / "file" / "beats")
    assert child.say(initialize()) == []
    assert child.exit == FATAL


def test_records_before_initialize_end_the_process(child: Child):
    assert child.say(process_records(incoming(5))) == []
    assert child.exit == FATAL


# checkpoints


def test_a_throttled_checkpoint_is_tried_again(started: Child, slept: list[float]):
    throttled = checkpointed(5, "ThrottlingException")
    answers = started.say(process_records(incoming(5)), throttled, throttled, checkpointed(5))
    assert answers == [asked(5)] * 3 + [done("processRecords")]
    assert slept == [0.2, 0.4]


def test_a_throttled_checkpoint_is_skipped_in_the_end_and_the_next_one_does():
    started = Child(Shard(EAGER._replace(checkpoint_seconds=1e-9)))  # once a call
    started.say(initialize())
    started.shard.effects.take()
    throttled = checkpointed(5, "ThrottlingException")
    answers = started.say(
        process_records(incoming(5)),
        throttled,
        throttled,
        throttled,
        process_records(incoming(6)),
        checkpointed(6),
    )
    assert answers == [asked(5)] * 3 + [done("processRecords"), asked(6), done("processRecords")]
    assert started.exit is None
    assert started.shard.effects.kinds() == ["put", "save"] * 2


def test_a_throttled_end_of_shard_ends_the_process(started: Child):
    """The daemon repeats the end of a shard only for a process that failed."""
    throttled = checkpointed(None, "ThrottlingException")
    assert started.say(SHARD_ENDED, throttled, throttled, throttled) == [asked(None)] * 3
    assert started.exit == FATAL


def test_after_a_shutdown_exception_nothing_is_written_and_the_process_waits(started: Child):
    answers = started.say(
        process_records(incoming(5)),
        checkpointed(5, "ShutdownException"),
        process_records(incoming(6)),
        process_records(),
        SHUTDOWN_REQUESTED,
        LEASE_LOST,
    )
    assert answers == [
        asked(5),
        done("processRecords"),
        done("processRecords"),
        done("processRecords"),
        done("shutdownRequested"),
        done("leaseLost"),
    ]
    assert started.exit is None
    assert started.shard.effects.take() == [("put", [eid(5)]), ("save", 1)]
    assert "the lease is lost" in [line["message"] for line in started.logged()]


@pytest.mark.parametrize(
    ("said", "name"), [(SHARD_ENDED, "shardEnded"), (SHUTDOWN_REQUESTED, "shutdownRequested")]
)
def test_a_shutdown_exception_at_the_end_is_no_error(said, name):
    child = Child(Shard(LAZY))
    child.say(initialize(), process_records(incoming(5)))
    answers = child.say(said, checkpointed(None, "ShutdownException"), LEASE_LOST)
    assert answers[1:] == [done(name), done("leaseLost")]
    assert child.exit is None


@pytest.mark.parametrize("answer", [checkpointed(5, "InvalidStateException"), process_records()])
def test_a_protocol_out_of_step_ends_the_process(started: Child, answer):
    assert started.say(process_records(incoming(5)), answer, process_records()) == [asked(5)]
    assert started.exit == FATAL


def test_a_daemon_that_dies_while_asked_ends_the_process(started: Child):
    assert started.say(process_records(incoming(5))) == [asked(5)]
    assert started.exit == FATAL


@pytest.mark.parametrize("text", ["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP", None])
def test_positions_that_are_no_checkpoint(child: Child, text):
    assert child.say(initialize(text)) == [done("initialize")]
    assert child.logged()[0]["checkpoint"] is None


# what comes in


def test_the_arrival_time_is_exact_in_any_time_zone(started: Child, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TZ", "America/New_York")
    kcl.time.tzset()
    twice = 1_793_511_000_123  # 05:30 UTC on 2026-11-01: the local half past one that comes twice
    for number, at in enumerate((twice, twice + 3_600_000, ARRIVED), start=5):
        started.say(process_records(Incoming(number, b"not json", at)), checkpointed(number))
    found = [row["rejected_at"] for row in started.shard.rejected.rows]
    assert found == [iso(twice), iso(twice + 3_600_000), iso(ARRIVED)]


@pytest.fixture(autouse=True)
def _time_zone_restored() -> Iterator[None]:
    yield
    kcl.time.tzset()


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
