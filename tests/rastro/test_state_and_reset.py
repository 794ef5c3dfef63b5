"""What the consumer remembers, in words; and its position and state consistent after either was damaged."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from enrich_consumer.core import enrichments
from enrich_consumer.core.enriched_event import Enrich
from enrich_consumer.core.enrichments import References
from enrich_consumer.core.pipeline import process
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.shard_state import ShardState, in_range, visitor_key
from enrich_consumer.edges.aws.object_store import S3ObjectStore
from enrich_consumer.edges.kcl.shards import KinesisShards
from enrich_consumer.session_log.log import SessionLog
from enrich_consumer.session_log.restore import StateError, restore
from rastro.__main__ import main
from rastro.commands import reset
from rastro.repair import consumer_state
from schemas import parse_sites
from tests.analytics.flow import SITES
from tests.rastro.deployed import APPLICATION, BUCKET, Deployed
from tests.support.raw_records import raw_record

NOW = 1_795_296_000_123
SEQUENCE = int("49" + "1" * 54)


@cache
def _core() -> Enrich:
    return enrichments.build(References())


class Consumer:
    """A session log written by the core and the log's own code, shard by shard, and leases beside it."""

    def __init__(self, dev: Deployed) -> None:
        self.dev = dev
        self.store = S3ObjectStore(dev.s3, BUCKET, f"state/{APPLICATION}")
        self.shards = KinesisShards(dev.kinesis, "rastro-dev-raw")
        self.names = [s["ShardId"] for s in dev.kinesis.list_shards(StreamName="rastro-dev-raw")["Shards"]]
        core = _core()
        for shard in self.names:
            lineage = self.shards.lineage(shard)
            log = SessionLog(self.store, application=APPLICATION, shard=shard, writer="one", sites_version=1)
            state = log.take_over(None, lineage).state
            for number, visitor in enumerate(("ana@loja.example", "v2", "v3", "v4")):
                if in_range(visitor_key(f"loja/{visitor}"), lineage.first_key, lineage.last_key):
                    record = self._record(visitor, number)
                    process(Incoming(SEQUENCE + number, record), parse_sites(SITES), core, state)
                    changes = state.dirty_visitors()
                    log.append(state, changes)
                    state.mark_saved(changes)
            self.lease(shard, str(state.sequence) if state.sequence > 0 else "TRIM_HORIZON")

    @staticmethod
    def _record(visitor: str, number: int) -> bytes:
        event = {
            "event_id": f"0000000{number}-0000-4000-8000-000000000000",
            "event": "purchase",
            "user_id": "customer-77",
            "ecommerce": {"transaction_id": "P-1", "value": 10, "currency": "BRL"},
        }
        return json.dumps(raw_record(event, visitor_id=visitor, received_at=NOW)).encode()

    def lease(self, shard: str, checkpoint: str, counter: int = 7) -> None:
        item = {
            "leaseKey": {"S": shard},
            "leaseOwner": {"S": "worker"},
            "leaseCounter": {"N": str(counter)},
            "checkpoint": {"S": checkpoint},
            "checkpointSubSequenceNumber": {"N": "3"},
        }
        self.dev.client("dynamodb").put_item(TableName=APPLICATION, Item=item)

    def item(self, shard: str) -> dict[str, Any]:
        found: dict[str, Any] = self.dev.client("dynamodb").get_item(
            TableName=APPLICATION, Key={"leaseKey": {"S": shard}}
        )["Item"]
        return found

    def start(self, shard: str) -> ShardState:
        """As a processor starts: with KCL's checkpoint."""
        text = self.item(shard)["checkpoint"]["S"]
        checkpoint = int(text) if text.isdigit() else None
        return restore(self.store, APPLICATION, shard, checkpoint, self.shards.lineage(shard)).state


@pytest.fixture
def consumer(dev: Deployed, monkeypatch: pytest.MonkeyPatch) -> Consumer:
    monkeypatch.setattr(reset, "WATCH_SECONDS", 0.0)
    return Consumer(dev)


def _tool(*words: str, home: Path) -> int:
    return main([*words, "--env", "dev", "--home", str(home)])


def test_the_state_of_all_shards_is_one_line_each(consumer: Consumer, tmp_path: Path, capsys: Any) -> None:
    assert _tool("state", home=tmp_path) == 0
    printed = capsys.readouterr()
    for shard in consumer.names:
        assert shard in printed.out
    assert "consistent" in printed.out
    assert "reads at most" in printed.err
    assert _tool("state", "--json", home=tmp_path) == 0
    document = json.loads(capsys.readouterr().out)
    assert sum(row["visitors"] for row in document["shards"]) == 4


def test_a_visitor_is_masked_unless_asked(consumer: Consumer, tmp_path: Path, capsys: Any) -> None:
    ask = ("state", "--visitor", "ana@loja.example")
    assert _tool(*ask, home=tmp_path) == 0
    printed = capsys.readouterr().out
    assert "ana@" not in printed
    assert "customer-77" not in printed
    assert "events: 1" in printed
    assert "P-1" not in printed
    assert _tool(*ask, "--unmasked", "--json", home=tmp_path) == 0
    (visitor,) = json.loads(capsys.readouterr().out)["visitors"]
    assert visitor["visitor_id"] == "ana@loja.example"
    assert visitor["sessions"][0]["user_id"] == "customer-77"
    assert visitor["sessions"][0]["orders"] == ["P-1"]
    masked, unmasked = consumer.dev.audited()
    assert masked["options"]["visitor"] == "(one)"
    assert unmasked["options"]["unmasked"] == "True"


def test_nothing_is_written_by_looking(consumer: Consumer, tmp_path: Path, capsys: Any) -> None:
    before = consumer.dev.keys("state/")
    (shard, *_) = consumer.names
    assert _tool("state", "--shard", shard, home=tmp_path) == 0
    assert _tool("state", "--visitor", "nobody", home=tmp_path) == 1
    assert "nothing is remembered" in capsys.readouterr().out
    assert _tool("state", "--shard", "shardId-99", home=tmp_path) == 2
    assert "no_such_shard" in capsys.readouterr().err
    assert consumer.dev.keys("state/") == before


def _with_visitors(consumer: Consumer) -> str:
    return next(shard for shard in consumer.names if consumer.item(shard)["checkpoint"]["S"].isdigit())


def test_a_state_older_than_the_checkpoint_is_made_consistent(
    consumer: Consumer, tmp_path: Path, capsys: Any
) -> None:
    shard = _with_visitors(consumer)
    good = consumer.item(shard)["checkpoint"]["S"]
    consumer.lease(shard, str(int(good) + 1000))
    with pytest.raises(StateError, match="behind_checkpoint"):
        consumer.start(shard)
    assert _tool("state", home=tmp_path) == 0
    assert "older than the checkpoint" in capsys.readouterr().out
    assert _tool("reset", "--all", "--to", "state", "--dry-run", home=tmp_path) == 0
    assert consumer.item(shard)["checkpoint"]["S"] != good
    assert _tool("reset", "--all", "--to", "state", home=tmp_path) == 0
    found = consumer.item(shard)
    assert found["checkpoint"]["S"] == good
    assert found["checkpointSubSequenceNumber"]["N"] == "0"
    assert "leaseOwner" not in found
    assert len(consumer.start(shard)) > 0
    assert _tool("reset", "--all", "--to", "state", home=tmp_path) == 0
    assert consumer.dev.audited()[-1]["summary"]["changed"] == 0


def test_a_lost_log_is_reported_and_the_shard_starts_anew(
    consumer: Consumer, tmp_path: Path, capsys: Any
) -> None:
    shard = _with_visitors(consumer)
    names = consumer.store.names(f"{shard}/")
    for name in names:
        if "/snapshot/" in name:
            consumer.store.delete([name])
        elif "/log/" in name:
            consumer.store.delete([name])
            consumer.store.create(name, b"RSL1 damaged")
    with pytest.raises(StateError):
        consumer.start(shard)
    assert _tool("reset", "--shard", shard, "--to", "state", home=tmp_path) == 2
    assert "rastro: no_state: " in capsys.readouterr().err
    left = len(consumer.store.names(f"{shard}/"))
    assert _tool("reset", "--shard", shard, "--to", "trim-horizon", home=tmp_path) == 0
    assert consumer.item(shard)["checkpoint"]["S"] == "TRIM_HORIZON"
    assert len(consumer.start(shard)) == 0
    assert consumer.store.names(f"{shard}/") == []
    assert len(consumer.dev.keys("state-before-reset/")) == left


@pytest.mark.parametrize("step", ["update_item", "delete_object"])
def test_killed_in_between_the_same_command_finishes(
    step: str, consumer: Consumer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import botocore.client

    shard = _with_visitors(consumer)
    real = botocore.client.BaseClient._make_api_call
    wanted = {"update_item": "UpdateItem", "delete_object": "DeleteObject"}[step]

    def die(self: Any, operation: str, arguments: dict[str, Any]) -> Any:
        if operation == wanted:
            raise KeyboardInterrupt
        return real(self, operation, arguments)

    with monkeypatch.context() as patch:
        patch.setattr(botocore.client.BaseClient, "_make_api_call", die)
        assert _tool("reset", "--shard", shard, "--to", "latest", home=tmp_path) == 130
    consumer.start(shard)  # consistent at each moment
    assert _tool("reset", "--shard", shard, "--to", "latest", home=tmp_path) == 0
    assert consumer.item(shard)["checkpoint"]["S"] == "LATEST"
    assert consumer.store.names(f"{shard}/") == []


def test_a_running_consumer_is_left_alone(
    consumer: Consumer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    shard = _with_visitors(consumer)
    checkpoint = consumer.item(shard)["checkpoint"]["S"]
    monkeypatch.setattr(reset.time, "sleep", lambda _: consumer.lease(shard, checkpoint, counter=8))
    assert _tool("reset", "--all", "--to", "latest", home=tmp_path) == 2
    assert "rastro: consumer_running: " in capsys.readouterr().err
    assert consumer.item(shard)["checkpoint"]["S"] == checkpoint


def test_an_ended_shard_stays_ended(consumer: Consumer, tmp_path: Path) -> None:
    shard = _with_visitors(consumer)
    consumer.lease(shard, "SHARD_END")
    assert _tool("reset", "--shard", shard, "--to", "trim-horizon", home=tmp_path) == 0
    assert consumer.item(shard)["checkpoint"]["S"] == "SHARD_END"
    assert consumer.dev.audited()[-1]["summary"]["ended"] == 1


@pytest.mark.parametrize("text", ["7", "42", "100"])
def test_nothing_of_a_short_id_is_shown(text: str) -> None:
    assert not any(letter in consumer_state._hidden(text, masked=True).partition("…")[0] for letter in text)
    assert consumer_state._hidden(text, masked=False) == text


def test_a_site_that_is_not_there_is_one_line(consumer: Consumer, tmp_path: Path, capsys: Any) -> None:
    assert _tool("state", "--visitor", "v2", "--site", "nosuch", home=tmp_path) == 2
    assert "no_such_site: there is no site 'nosuch'" in capsys.readouterr().err
