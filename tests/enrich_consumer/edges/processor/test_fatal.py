"""What cannot go on ends the process, and nothing is reported done."""

import time
from pathlib import Path
from typing import Any

import pytest

from enrich_consumer.edges.kcl import processor
from enrich_consumer.edges.kcl.processor import FATAL
from enrich_consumer.policy import EAGER
from enrich_consumer.ports import PutRefusedError
from tests.enrich_consumer.edges.processor.in_memory import Child
from tests.support.consumer_doubles import Shard, incoming, refusing
from tests.support.daemon_side import (
    LEASE_LOST,
    SHARD,
    SHARD_ENDED,
    SHUTDOWN_REQUESTED,
    checkpointed,
    done,
    initialize,
    process_records,
)


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
    line = child.logged()[-1]
    assert line["level"] == "ERROR"
    assert (line["call"], line["code"], line["detail"]) == (call, "RuntimeError", "something nobody foresaw")
    assert line["shard"] == SHARD


def test_a_refused_put_ends_the_process(started: Child):
    started.shard.effects.refuse = refusing(PutRefusedError("stream refuses"), "put")
    assert started.say(process_records(incoming(5)), process_records()) == []
    assert started.exit == FATAL
    assert started.logged()[-1]["code"] == "PutRefusedError"
    assert started.shard.effects.take() == []


@pytest.mark.parametrize(
    ("behind", "came_ms_ago"),
    [(90_000, 1_000), (0, 90_000)],
    ids=["by KCL's figure", "by the oldest record's age: one read reached the stream's end"],
)
def test_a_put_that_is_refused_does_not_hide_the_lag(behind: int, came_ms_ago: int):
    """The stream refuses from the start on: nothing counts as read, and the alarm on the lag gets its value."""
    child = Child(Shard(EAGER))
    child.shard.effects.refuse = refusing(PutRefusedError("stream refuses"), "put")
    record = incoming(5)._replace(arrived_at=int(time.time() * 1000) - came_ms_ago)
    child.say(initialize(), process_records(record, behind=behind))
    assert child.exit == FATAL
    (metrics,) = (line for line in child.logged() if "_aws" in line)
    assert metrics["RecordsIn"] == 0
    assert 90_000 <= metrics["MillisBehindLatest"] < 150_000


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


def test_a_processor_that_lost_its_shard_and_gets_no_notice_ends(
    started: Child, monkeypatch: pytest.MonkeyPatch
):
    assert started.say(process_records(incoming(5)), checkpointed(5, "ShutdownException"), process_records())
    later = processor.time.monotonic() + processor.LOST_PATIENCE_S + 1
    monkeypatch.setattr(processor.time, "monotonic", lambda: later)
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
