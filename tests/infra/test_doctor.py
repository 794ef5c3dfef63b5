"""The doctor finds what is wrong with an environment, on an emulated account where each fault is made on purpose."""

import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.deploy import actions, check, destroy, trace
from infra.deploy.target import Target
from infra.environments.settings import Environment
from rastro.local import deployment

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


def _act_as_consumer(target: Target, outputs: dict[str, str], line: str, stop: threading.Event) -> None:
    """Answer each raw record with a line of the enriched stream, until `stop`."""
    kinesis = target.client("kinesis")
    iterators = [
        kinesis.get_shard_iterator(
            StreamName=outputs["RawStream"], ShardId=shard["ShardId"], ShardIteratorType="LATEST"
        )["ShardIterator"]
        for shard in kinesis.list_shards(StreamName=outputs["RawStream"])["Shards"]
    ]
    while not stop.wait(0.2):
        for number, iterator in enumerate(iterators):
            answer = kinesis.get_records(ShardIterator=iterator)
            iterators[number] = answer["NextShardIterator"]
            for record in answer["Records"]:
                for event in json.loads(record["Data"])["events"]:
                    data = line.replace("EVENT", event["event_id"]).encode()
                    kinesis.put_record(StreamName=outputs["EnrichedStream"], PartitionKey="x", Data=data)


def _journey(
    target: Target, environment: Environment, outputs: dict[str, str], line: str
) -> list[tuple[Any, ...]]:
    stop = threading.Event()
    thread = threading.Thread(target=_act_as_consumer, args=(target, outputs, line, stop))
    thread.start()
    try:
        time.sleep(1.0)  # its iterators are there
        return list(check.journey(environment, target, trace.Patience(raw=10, enriched=4, lake=10)))
    finally:
        stop.set()
        thread.join()


def test_the_doctor_finds_what_is_wrong(
    target: Target, environment: Environment, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each fault is made on purpose; the last lines follow an event through a whole and through broken pipelines."""
    from rastro.__main__ import main

    def doctor() -> list[str]:
        capsys.readouterr()
        main(["doctor", "--env", "local", "--no-event"])
        return capsys.readouterr().out.splitlines()

    deployment.bootstrap(target.client)
    assert [line for line in doctor() if "wrong   stack rastro-local-pipeline: not deployed" in line]

    outputs = actions.deploy(environment, folder, target, print)
    well = doctor()
    assert not [line for line in well if line.startswith(("wrong", "missing"))], well
    assert [line for line in well if line.startswith("ok      API: ") and line.endswith("answers 200")]
    assert "note    rows: no enriched row since yesterday" in well

    s3, ssm, firehose = target.client("s3"), target.client("ssm"), target.client("firehose")
    s3.put_object(
        Bucket=outputs["Bucket"], Key="errors/enriched/format-conversion-failed/dt=2026-11-25/a", Body=b""
    )
    document = ssm.get_parameter(Name=outputs["SitesParameter"])["Parameter"]["Value"]
    ssm.put_parameter(Name=outputs["SitesParameter"], Value="{}", Overwrite=True)
    ssm.delete_parameter(Name=outputs["SaltParameter"])
    firehose.delete_delivery_stream(DeliveryStreamName=outputs["RawDelivery"])
    wrong = {line[8:].split(":")[0]: line for line in doctor() if line.startswith("wrong")}
    assert all("docs/operations.md#" in line or "make deploy ENV=local" in line for line in wrong.values())
    assert "1 of enriched below errors/ in two days; docs/operations.md#enriched" in wrong.pop(
        "error prefixes"
    )
    assert "/rastro-local/sites differs from" in wrong.pop("sites document")
    assert "ParameterNotFound" in wrong.pop("cookieless secret")
    assert "ResourceNotFoundException" in wrong.pop("deliveries")
    assert wrong.keys() <= {"API"}  # the health route may notice the document

    ssm.put_parameter(Name=outputs["SitesParameter"], Value=document, Overwrite=True)
    s3.delete_object(Bucket=outputs["Bucket"], Key="errors/enriched/format-conversion-failed/dt=2026-11-25/a")
    found = _journey(target, environment, outputs, '{"event_id": "EVENT"}')
    assert [(what, fine) for what, fine, _ in found] == [
        ("event: accepted", True), ("event: raw stream", True), ("event: enriched stream", True), ("event: lake", True),
    ]  # fmt: skip
    found = _journey(target, environment, outputs, '{"event_id": "EVENT", "value": "not a number"}')
    assert found[-1][:2] == ("event: lake", False)
    assert "errors/enriched/" in found[-1][2]
    found = list(check.journey(environment, target, trace.Patience(raw=10, enriched=1, lake=1)))
    assert found[-1][:2] == ("event: enriched stream", False)
    assert "docs/operations.md#consumer-stalled" in found[-1][2]

    unknown = replace(environment, sites_text=environment.sites_text.replace('"pk_', '"pk_not_deployed_'))
    (found_at_once,) = check.journey(unknown, target, trace.Patience(raw=1, enriched=1, lake=1))
    assert found_at_once[:2] == ("event: accepted", False)
    assert "401" in found_at_once[2]
    target.client("kinesis").delete_stream(StreamName=outputs["RawStream"], EnforceConsumerDeletion=True)
    (line,) = [line for line in doctor() if line.startswith("wrong   streams")]
    assert "ResourceNotFoundException" in line
    assert line.endswith("docs/operations.md#raw-stream-throttled")
    assert [line[:2] for line in check.journey(environment, target)] == [("event", False)]
    destroy.destroy(environment, folder, target, print)
