"""KCL's answers to a checkpoint, and what the processor makes of each."""

import pytest

from enrich_consumer.edges.kcl.processor import FATAL
from enrich_consumer.policy import EAGER
from tests.enrich_consumer.edges.processor.in_memory import LAZY, Child
from tests.support.consumer_doubles import Shard, incoming
from tests.support.consumer_doubles import event_id as eid
from tests.support.daemon_side import (
    LEASE_LOST,
    SHARD_ENDED,
    SHUTDOWN_REQUESTED,
    asked,
    checkpointed,
    done,
    initialize,
    process_records,
)


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
