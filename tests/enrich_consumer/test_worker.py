"""A shard's work: effects in their order, when they come, and what a crash leaves behind."""

import pytest

from enrich_consumer.core.record import Incoming
from enrich_consumer.policy import EAGER, Policy
from enrich_consumer.ports import PutRefusedError
from enrich_consumer.session_log.restore import StateError
from enrich_consumer.worker import ISOLATE_AFTER, Worker
from tests.support.consumer_doubles import ENRICH, LOST, NOW, THROTTLED, Shard, event, incoming, refusing
from tests.support.consumer_doubles import event_id as eid

LAZY = Policy(
    flush_events=1_000, flush_seconds=10, checkpoint_seconds=5, snapshot_saves=1_000, put_seconds=None
)
BATCH = LAZY._replace(flush_seconds=0, checkpoint_seconds=0)
"""One flush at the end of each call."""

BAD = Incoming(7, b"not json", NOW)


def test_effects_come_in_their_order():
    shard = Shard(BATCH)
    worker = shard.start()
    worker.work([incoming(5), incoming(6), BAD], shard.checkpointer, now=0)
    assert shard.effects.take() == [
        ("put", [eid(5), eid(6)]),
        ("rejected", ["record_not_json"]),
        ("save", 1),
        ("checkpoint", 7),
    ]
    assert worker.sequence == 7


def test_events_leave_at_once_and_the_state_is_saved_later():
    shard = Shard(LAZY._replace(put_seconds=1.0))
    worker = shard.start()
    worker.work([incoming(5)], shard.checkpointer, now=0)
    assert shard.effects.take() == [("put", [eid(5)])]
    worker.work([incoming(6)], shard.checkpointer, now=0.9)
    assert shard.effects.kinds() == [], "the last put was less than a second ago"
    worker.work([], shard.checkpointer, now=1.0)
    assert shard.effects.take() == [("put", [eid(6)])]
    worker.work([], shard.checkpointer, now=9.9)
    assert shard.effects.kinds() == [], "there is nothing new"
    worker.work([], shard.checkpointer, now=10.0)
    assert shard.effects.kinds() == ["save", "checkpoint"], "what was put is saved, then checkpointed"


def test_after_a_crash_between_put_and_save_the_same_events_leave_again():
    shard = Shard(LAZY._replace(put_seconds=0.0))
    shard.start().work([incoming(5), incoming(6)], shard.checkpointer, now=0)
    assert shard.effects.take() == [("put", [eid(5), eid(6)])]
    worker = shard.start()
    worker.work([incoming(5), incoming(6)], shard.checkpointer, now=0)
    assert shard.effects.take() == [("put", [eid(5), eid(6)])]


def test_only_what_there_is_is_put():
    shard = Shard(BATCH)
    worker = shard.start()
    worker.work([BAD], shard.checkpointer, now=0)
    assert shard.effects.kinds() == ["rejected", "save", "checkpoint"]
    worker.work([incoming(8)], shard.checkpointer, now=0)
    assert shard.effects.kinds() == ["put", "save", "checkpoint"]
    worker.work([incoming(9, event(8))], shard.checkpointer, now=0)  # a duplicate: nothing but progress
    assert shard.effects.kinds() == ["save", "checkpoint"]
    worker.work([], shard.checkpointer, now=0)
    assert shard.effects.kinds() == []


@pytest.mark.parametrize(
    ("refused", "left"),
    [
        ("put", []),
        ("rejected", ["put"]),
        ("save", ["put", "rejected"]),
        ("checkpoint", ["put", "rejected", "save"]),
    ],
)
def test_a_refused_effect_stops_all_that_follow(refused: str, left: list[str]):
    shard = Shard(BATCH)
    worker = shard.start()
    shard.effects.refuse = refusing(PutRefusedError("no"), refused)
    with pytest.raises(PutRefusedError):
        worker.work([incoming(5), BAD], shard.checkpointer, now=0)
    assert shard.effects.kinds() == left


def test_a_refused_put_is_made_good_by_the_next_process():
    shard = Shard(BATCH)
    worker = shard.start()
    shard.effects.refuse = refusing(PutRefusedError("no"), "put")
    with pytest.raises(PutRefusedError):
        worker.work([incoming(5), incoming(6)], shard.checkpointer, now=0)
    shard.effects.refuse = lambda kind: None
    shard.start().work([incoming(5), incoming(6)], shard.checkpointer, now=0)
    assert [row["event_id"] for row in shard.sink.events] == [eid(5), eid(6)]
    assert [row["session_event_index"] for row in shard.sink.events] == [1, 2]


def test_what_was_saved_is_skipped_when_it_is_replayed():
    shard = Shard(BATCH)
    shard.effects.refuse = lambda kind: THROTTLED if kind == "checkpoint" else None
    shard.start().work([incoming(5), incoming(6)], shard.checkpointer, now=0)
    shard.effects.refuse = lambda kind: None
    again = shard.start()
    assert again.sequence == 6
    again.work([incoming(5)], shard.checkpointer, now=0)
    assert shard.effects.take() == [("checkpoint", 5)]  # no further than what KCL has delivered
    again.work([incoming(6), incoming(7)], shard.checkpointer, now=0)
    assert shard.effects.take() == [("put", [eid(7)]), ("save", 3), ("checkpoint", 7)]
    assert again.counts["replayed"] == 2
    assert [row["session_event_index"] for row in shard.sink.events] == [1, 2, 3]


def test_a_crash_between_put_and_save_repeats_the_same_bytes():
    shard = Shard(BATCH)
    worker = shard.start()
    shard.effects.refuse = refusing(StateError("damaged", "crash"), "save")
    with pytest.raises(StateError):
        worker.work([incoming(5), incoming(6)], shard.checkpointer, now=0)
    shard.effects.refuse = lambda kind: None
    shard.start().work([incoming(5)], shard.checkpointer, now=0)
    shard.start(5).work([incoming(6)], shard.checkpointer, now=0)
    first, second = shard.sink.events[:2], shard.sink.events[2:]
    assert first == second


# when


def test_a_flush_waits_for_its_number_of_events():
    shard = Shard(LAZY._replace(flush_events=3))
    worker = shard.start()
    worker.work([incoming(5), BAD._replace(sequence=6)], shard.checkpointer, now=0)
    assert shard.effects.kinds() == []
    worker.work([incoming(7), incoming(8)], shard.checkpointer, now=1)
    assert shard.effects.take() == [
        ("put", [eid(5), eid(7)]),
        ("rejected", ["record_not_json"]),
        ("save", 1),
        ("checkpoint", 7),
    ]
    worker.finish(shard.checkpointer, now=1)
    assert shard.effects.take() == [("put", [eid(8)]), ("save", 2), ("checkpoint", 8)]


def test_a_flush_waits_no_longer_than_its_seconds():
    shard = Shard(LAZY)
    worker = shard.start()
    worker.work([incoming(5)], shard.checkpointer, now=100)
    worker.work([incoming(6)], shard.checkpointer, now=105)
    worker.work([], shard.checkpointer, now=109.9)
    assert shard.effects.kinds() == []
    worker.work([], shard.checkpointer, now=110)  # ten seconds after the oldest
    assert shard.effects.take() == [("put", [eid(5), eid(6)]), ("save", 1), ("checkpoint", 6)]
    worker.work([incoming(7)], shard.checkpointer, now=111)
    worker.work([], shard.checkpointer, now=120.9)
    assert shard.effects.kinds() == []


def test_checkpoints_keep_their_distance_and_none_is_forgotten():
    shard = Shard(LAZY._replace(flush_seconds=0))
    worker = shard.start()
    for number, now in ((5, 0), (6, 1), (7, 4.9)):
        worker.work([incoming(number)], shard.checkpointer, now=now)
    assert [effect for effect in shard.effects.take() if effect[0] == "checkpoint"] == [("checkpoint", 5)]
    worker.work([], shard.checkpointer, now=5)
    assert shard.effects.take() == [("checkpoint", 7)]
    worker.work([], shard.checkpointer, now=50)
    assert shard.effects.take() == []


def test_a_refused_checkpoint_is_only_a_hint_lost():
    shard = Shard(LAZY._replace(flush_seconds=0))
    worker = shard.start()
    shard.effects.refuse = refusing(THROTTLED, "checkpoint")
    worker.work([incoming(5)], shard.checkpointer, now=0)
    assert shard.effects.kinds() == ["put", "save"]
    assert worker.counts["checkpoint_refused"] == 1
    shard.effects.refuse = lambda kind: None
    worker.work([], shard.checkpointer, now=4)
    assert shard.effects.kinds() == []
    worker.work([], shard.checkpointer, now=5)
    assert shard.effects.take() == [("checkpoint", 5)]


def test_a_lost_lease_is_raised():
    shard = Shard(BATCH)
    worker = shard.start()
    shard.effects.refuse = refusing(LOST, "checkpoint")
    with pytest.raises(type(LOST)):
        worker.work([incoming(5)], shard.checkpointer, now=0)


def test_a_zombie_is_refused_by_the_fence():
    shard = Shard(BATCH)
    zombie = shard.start()
    owner = shard.start()
    with pytest.raises(StateError, match="fenced"):
        zombie.work([incoming(5)], shard.checkpointer, now=0)
    assert ("checkpoint", 5) not in shard.effects.take()
    owner.work([incoming(5), incoming(6)], shard.checkpointer, now=0)
    assert shard.effects.take() == [("put", [eid(5), eid(6)]), ("save", 2), ("checkpoint", 6)]
    assert [row for row in shard.sink.events if row["event_id"] == eid(5)] == [shard.sink.events[0]] * 2


def test_the_end_of_a_shard():
    shard = Shard(LAZY)
    worker = shard.start()
    worker.work([incoming(5), BAD], shard.checkpointer, now=0)
    worker.end_shard(shard.checkpointer, now=0)
    assert shard.effects.take() == [
        ("put", [eid(5)]),
        ("rejected", ["record_not_json"]),
        ("save", 1),
        ("snapshot", 1),
        ("checkpoint", None),
    ]


def test_snapshots_come_after_their_number_of_saves():
    shard = Shard(EAGER._replace(snapshot_saves=3))
    worker = shard.start()
    for number in range(5, 12):
        worker.work([incoming(number)], shard.checkpointer, now=0)
    kinds = [effect for effect in shard.effects.take() if effect[0] in {"save", "snapshot"}]
    assert kinds == [
        ("save", 1), ("save", 2), ("save", 3), ("snapshot", 3),
        ("save", 4), ("save", 5), ("save", 6), ("snapshot", 6),
        ("save", 7),
    ]  # fmt: skip


# a record at which the process dies


class Died(BaseException):
    """A crash in a native library: no handler of ours sees it."""


def poison_pills(*sequences: int):
    def enrich(record):
        if record.sequence in sequences:
            raise Died
        return ENRICH(record)

    return enrich


def live(shard: Shard, *records: Incoming, checkpoint: int | None = None) -> Worker | None:
    """A process over these records, one flush at the end; None when it died."""
    worker = shard.start(checkpoint)
    try:
        worker.work(records, shard.checkpointer, now=0)
    except Died:
        return None
    return worker


RECORDS = [incoming(number) for number in range(1, 9)]


def test_a_record_at_which_the_process_dies_three_times_is_set_aside():
    shard = Shard(BATCH, poison_pills(4))
    lives = [live(shard, *RECORDS) is not None for _ in range(4)]
    assert lives == [False, False, False, True]
    assert [row["reason"] for row in shard.rejected.rows] == ["crashed_processor"]
    assert shard.rejected.rows[0]["payload"].encode() == RECORDS[3].data
    assert [row["event_id"] for row in shard.sink.events] == [eid(n) for n in (1, 2, 3, 5, 6, 7, 8)]
    assert shard.store.names("shardId-000000000000/suspect/") == []


def test_two_such_records_are_set_aside_one_after_the_other():
    shard = Shard(BATCH, poison_pills(2, 6))
    lives = [live(shard, *RECORDS) is not None for _ in range(5)]
    assert lives == [False, False, False, False, True]
    assert [row["reason"] for row in shard.rejected.rows] == ["crashed_processor"] * 2
    assert [row["event_id"] for row in shard.sink.events] == [eid(n) for n in (1, 3, 4, 5, 7, 8)]


def test_deaths_for_other_reasons_set_no_record_aside():
    shard = Shard(BATCH)
    for _ in range(ISOLATE_AFTER + 3):
        shard.effects.refuse = refusing(PutRefusedError("no"), "put")
        with pytest.raises(PutRefusedError):
            shard.start().work(RECORDS, shard.checkpointer, now=0)
        shard.effects.refuse = lambda kind: None
    assert live(shard, *RECORDS) is not None
    assert shard.rejected.rows == []
    assert [row["event_id"] for row in shard.sink.events] == [eid(n) for n in range(1, 9)]


def test_caution_ends_with_the_first_save():
    shard = Shard(BATCH, poison_pills(1))
    for _ in range(ISOLATE_AFTER + 1):
        assert live(shard, RECORDS[0]) is None
    worker = live(shard, RECORDS[0])
    assert worker is not None
    shard.effects.take()
    worker.work(RECORDS[1:3], shard.checkpointer, now=0)
    assert "suspect" not in shard.effects.kinds()


def test_processes_that_come_and_go_but_save_make_no_record_suspect():
    shard = Shard(BATCH)
    for record in RECORDS:
        shard.start().work([record], shard.checkpointer, now=0)
        assert shard.effects.kinds() == ["put", "save", "checkpoint"]


# memory


def test_settled_visitors_that_nobody_can_join_leave_memory():
    shard = Shard(EAGER._replace(snapshot_saves=2))
    worker = shard.start()
    hour = 3_600_000
    for number in range(1, 9):
        record = incoming(number, visitor_id=f"v-{number}", received_at=NOW + number * hour)
        worker.work([record], shard.checkpointer, now=0)
    assert worker.visitors <= 4
    ends = [(row["visitor_id"], row["is_final"], row["revision"]) for row in shard.session_ends.rows]
    provisional = [(f"v-{number}", False, 1) for number in range(1, 8)]
    final = [(f"v-{number}", True, 2) for number in range(1, 7)]
    assert sorted(ends) == sorted(provisional + final)
    assert worker.counts["session_ends"] == len(ends)
