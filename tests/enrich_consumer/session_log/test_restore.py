"""From a session log back to the state: past damage, never silently to nothing."""

import pytest

from enrich_consumer.core.sessions.shard_state import in_range, visitor_key
from enrich_consumer.edges.kcl.shards import LAST_KEY
from enrich_consumer.policy import EAGER
from enrich_consumer.ports import Lineage
from enrich_consumer.session_log.format import STATE_VERSION, Kind
from enrich_consumer.session_log.restore import Restored, StateError, object_name, restore
from tests.enrich_consumer.session_log.test_format import resealed
from tests.support.consumer_doubles import NOW, Shard, event, incoming

NAME = "shardId-000000000000"
OFTEN = EAGER._replace(snapshot_saves=2)


@pytest.fixture
def shard() -> Shard:
    """Slots: 0 a fence, 1 to 7 a record each; snapshots at 0 (the start), 2, 4, 6; KCL's checkpoint is 5."""
    found = Shard(OFTEN)
    worker = found.start()
    for number in range(1, 8):
        worker.work([incoming(number, visitor_id=f"v-{number}")], found.checkpointer, now=0)
    return found


def restored(shard: Shard, checkpoint: int | None = 5, **more: bool) -> Restored:
    return restore(shard.store, "shop", NAME, checkpoint, shard.lineage, **more)


def failure(shard: Shard, checkpoint: int | None = 5, lineage: Lineage | None = None) -> StateError:
    with pytest.raises(StateError) as caught:
        restore(shard.store, "shop", NAME, checkpoint, lineage or shard.lineage)
    return caught.value


def damage(shard: Shard, kind: str, slot: int) -> None:
    name = object_name(NAME, kind, slot)
    data = shard.store.objects[name]
    shard.store.objects[name] = data[:-1] + bytes([data[-1] ^ 1])


def remove(shard: Shard, kind: str, slot: int) -> None:
    del shard.store.objects[object_name(NAME, kind, slot)]


def test_the_log_as_the_tests_expect_it(shard: Shard):
    slots = {
        kind: [int(n[-3:]) for n in shard.store.names(f"{NAME}/{kind}/")] for kind in ("log", "snapshot")
    }
    assert slots["snapshot"] == [4, 6]  # older ones are cleaned up
    assert slots["log"] == [0, 4, 5, 6, 7]  # and what is behind them, but for fences


def test_the_whole_state(shard: Shard):
    found = restored(shard)
    assert found.warnings == ()
    assert found.tip is not None
    assert (found.tip.slot, found.tip.kind) == (7, Kind.CHANGE)
    assert (found.state.sequence, found.state.watermark) == (7, NOW)
    assert set(found.state.saved) == {visitor_key(f"loja/v-{n}") for n in range(1, 8)}


@pytest.mark.parametrize(
    ("kind", "slot"), [("snapshot", 6), ("snapshot", 4), ("log", 6), ("log", 5), ("log", 4)]
)
def test_damage_that_something_else_covers_changes_nothing(shard: Shard, kind: str, slot: int):
    expected = restored(shard).state
    damage(shard, kind, slot)
    found = restored(shard)
    assert found.state.saved == expected.saved
    assert found.state.sequence == 7


@pytest.mark.parametrize("harm", [damage, remove])
def test_a_damaged_end_falls_back_and_replay_makes_it_good(shard: Shard, harm):
    before = shard.sink.events.copy()
    harm(shard, "log", 7)
    found = restored(shard, checkpoint=6)
    assert found.state.sequence == 6
    worker = shard.start(6)
    worker.work([incoming(7, visitor_id="v-7")], shard.checkpointer, now=0)
    assert shard.sink.events[len(before) :] == before[-1:]  # the same bytes once more, and no other session


def test_a_damaged_end_is_warned_of(shard: Shard):
    damage(shard, "log", 7)
    (warning,) = restored(shard, checkpoint=6).warnings
    assert warning.startswith(f"session log of {NAME}, as of slot 7: damaged: ")


def test_a_state_older_than_the_checkpoint_is_refused(shard: Shard):
    damage(shard, "log", 7)
    error = failure(shard, checkpoint=7)
    assert error.code == "damaged"
    assert "ends at record 6, KCL's checkpoint is 7" in str(error)
    assert "RASTRO_ALLOW_MISSING_STATE=1" in str(error)


def test_a_log_that_is_behind_without_damage_is_refused(shard: Shard):
    remove(shard, "log", 7)
    assert failure(shard, checkpoint=7).code == "behind_checkpoint"


@pytest.mark.parametrize("checkpoint", [5, None])
def test_a_log_that_is_all_damaged_is_refused(shard: Shard, checkpoint: int | None):
    for name in shard.store.names(""):
        shard.store.objects[name] = b"RSL1 rubbish"
    error = failure(shard, checkpoint)
    assert error.code == "damaged"


def test_a_missing_log_is_refused_if_there_is_a_checkpoint():
    assert failure(Shard()).code == "state_missing"
    fresh = restored(Shard(), checkpoint=None)
    assert (fresh.tip, len(fresh.state), fresh.state.sequence) == (None, 0, -1)


def test_an_operator_may_decide_to_go_on_without(shard: Shard):
    assert len(restored(Shard(), allow_missing=True).state) == 0
    damage(shard, "log", 7)
    assert restored(shard, checkpoint=7, allow_missing=True).state.sequence == 6


def test_a_newer_state_version_stops_the_start_even_where_an_older_entry_would_do(shard: Shard):
    name = object_name(NAME, "log", 7)
    shard.store.objects[name] = resealed(shard.store.objects[name], state_version=STATE_VERSION + 1, more="x")
    error = failure(shard, checkpoint=None)
    assert error.code == "unknown_state_version"
    assert f"state version {STATE_VERSION + 1}" in str(error)


@pytest.mark.parametrize("field", [{"application": "other"}, {"shard": "shardId-000000000001"}, {"slot": 6}])
def test_an_entry_of_another_place_is_not_taken(shard: Shard, field: dict[str, object]):
    name = object_name(NAME, "log", 7)
    shard.store.objects[name] = resealed(shard.store.objects[name], **field)
    (warning,) = restored(shard, checkpoint=6).warnings
    assert "wrong_place" in warning


# children of a split and a merge

HALF = 2**127


def child(first: int, last: int, *parents: str) -> Lineage:
    siblings = tuple(("shardId-000000000001", "shardId-000000000002") for _ in parents)
    return Lineage(first, last, parents, siblings)


def inherit(shard: Shard, lineage: Lineage, **more: bool) -> Restored:
    return restore(shard.store, "shop", "shardId-000000000001", None, lineage, **more)


def parent(ended: bool = True) -> Shard:
    found = Shard(EAGER)
    worker = found.start()
    for number in range(1, 41):
        worker.work([incoming(number, event(1), visitor_id=f"v-{number}")], found.checkpointer, now=0)
    if ended:
        worker.end_shard(found.checkpointer, now=0)
    return found


def test_a_child_keeps_the_visitors_of_its_own_keys():
    found = parent()
    low, high = inherit(found, child(0, HALF - 1, NAME)), inherit(found, child(HALF, LAST_KEY, NAME))
    assert all(in_range(key, 0, HALF - 1) for key in low.state.saved)
    assert not low.state.saved.keys() & high.state.saved.keys()
    assert len(low.state) + len(high.state) == 40
    assert 10 < len(low.state) < 30
    assert (low.state.sequence, low.state.watermark, low.tip) == (-1, NOW, None)


def test_a_merged_child_has_both_parents_visitors():
    one, other = parent(), Shard(EAGER)
    worker = other.start()
    worker.work([incoming(9, visitor_id="v-other", received_at=NOW + 5)], other.checkpointer, now=0)
    worker.end_shard(other.checkpointer, now=0)
    for name, data in other.store.objects.items():
        renamed = name.replace(NAME, "shardId-000000000009")
        kind = name.split("/")[1]
        one.store.objects[renamed] = (
            resealed(data, shard="shardId-000000000009") if kind in {"log", "snapshot"} else data
        )
    for parents in ((NAME, "shardId-000000000009"), ("shardId-000000000009", NAME)):
        found = inherit(one, child(0, LAST_KEY, *parents))
        assert len(found.state) == 41
        assert found.state.watermark == NOW + 5


def test_a_parent_that_was_not_read_to_its_end_stops_the_child():
    found = parent(ended=False)
    with pytest.raises(StateError, match="parent_not_ended"):
        inherit(found, child(0, HALF, NAME))
    assert len(inherit(found, child(0, LAST_KEY, NAME), allow_missing=True).state) == 40


def test_a_parent_without_a_log_stops_the_child():
    with pytest.raises(StateError, match="parent_missing"):
        inherit(Shard(), child(0, HALF, NAME))
    assert len(inherit(Shard(), child(0, HALF, NAME), allow_missing=True).state) == 0


def test_a_parent_whose_end_is_damaged_stops_the_child():
    found = parent()
    last = found.store.names(f"{NAME}/log/")[-1]
    for kind in ("log", "snapshot"):
        damage(found, kind, int(last[-12:]))
    with pytest.raises(StateError, match="damaged: session log of the parent"):
        inherit(found, child(0, HALF, NAME))


def test_a_parents_log_goes_when_every_child_has_a_snapshot():
    found = parent()
    other = Shard(EAGER, lineage=child(0, HALF - 1, NAME))
    assert found.store.names(f"{NAME}/")
    for number in (1, 2):
        log = found.open()._log
        log._shard = f"shardId-00000000000{number}"
        log.take_over(None, other.lineage)
        assert bool(found.store.names(f"{NAME}/")) == (number == 1)
