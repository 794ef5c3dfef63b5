"""The Lambda edge: the real handler over the emulator's Kinesis, Firehose, SSM and S3."""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest_lambda import handler as edge
from rastro.local.emulator import aws_environment, client
from tests.ingest_lambda.doubles import PAGE_VIEW, SITES, gateway

pytestmark = pytest.mark.emulator

ENV = {
    "RASTRO_RAW_STREAM": "ingest-raw",
    "RASTRO_REJECTED_DELIVERY": "ingest-rejected",
    "RASTRO_SITES": "ssm:/ingest/sites",
    "RASTRO_SALT": "ssm:/ingest/salt",
    "RASTRO_PAYLOADS": "s3://ingest-lake/payloads",
}


class Context:
    aws_request_id = "lambda-request"

    def get_remaining_time_in_millis(self) -> int:
        return 3000


@pytest.fixture(scope="module")
def resources(emulator: str) -> str:
    """What the function needs, made once on the emulator."""
    client(emulator, "kinesis").create_stream(StreamName="ingest-raw", ShardCount=1)
    client(emulator, "s3").create_bucket(Bucket="ingest-lake")
    client(emulator, "firehose").create_delivery_stream(
        DeliveryStreamName="ingest-rejected",
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::000000000000:role/x",
            "BucketARN": "arn:aws:s3:::ingest-lake",
            "Prefix": "rejected/",
            "BufferingHints": {"IntervalInSeconds": 1, "SizeInMBs": 1},
        },
    )
    ssm = client(emulator, "ssm")
    ssm.put_parameter(Name="/ingest/sites", Value=json.dumps(SITES), Type="String")
    ssm.put_parameter(Name="/ingest/salt", Value="a secret of the tests", Type="SecureString")
    return emulator


@pytest.fixture
def aws(resources: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name, value in (ENV | aws_environment(resources)).items():
        monkeypatch.setenv(name, value)
    edge._runtime.cache_clear()
    yield resources
    rewire()


def rewire() -> None:
    """As a new instance of the function would be."""
    for service in edge._runtime().services:
        service.close()
    edge._runtime.cache_clear()


def stream_content(emulator: str) -> list[dict[str, Any]]:
    kinesis = client(emulator, "kinesis")
    shard = kinesis.describe_stream(StreamName="ingest-raw")["StreamDescription"]["Shards"][0]["ShardId"]
    start = kinesis.get_shard_iterator(
        StreamName="ingest-raw", ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )
    return list(kinesis.get_records(ShardIterator=start["ShardIterator"])["Records"])


def rejected_rows(emulator: str, wanted: int) -> list[dict[str, Any]]:
    """The rows that Firehose wrote, as soon as there are so many."""
    s3 = client(emulator, "s3")
    deadline = time.monotonic() + 30
    while True:
        objects = s3.list_objects_v2(Bucket="ingest-lake", Prefix="rejected/").get("Contents", [])
        lines = b"".join(
            s3.get_object(Bucket="ingest-lake", Key=one["Key"])["Body"].read() for one in objects
        ).splitlines()
        if len(lines) >= wanted or time.monotonic() > deadline:
            return [json.loads(line) for line in lines]
        time.sleep(0.2)


def test_events_reach_the_stream_and_rejected_ones_the_delivery(aws: str) -> None:
    answer = edge.handler(gateway([PAGE_VIEW, {"event": "?"}, {"event": "search"}]), Context())

    assert answer["statusCode"] == 202
    assert json.loads(answer["body"])["accepted"] == 2
    records = stream_content(aws)
    assert [json.loads(record["Data"])["visitor_kind"] for record in records] == ["cookie", "cookieless"]
    assert records[0]["PartitionKey"] == "loja/v1"
    assert [row["reason"] for row in rejected_rows(aws, 1)] == ["invalid_event"]


def test_a_payload_too_large_for_a_row_is_kept_beside_it(aws: str) -> None:
    """Noise does not compress, so base64 of it is larger than a row may be."""
    noise = random.Random(1)
    event = {"event": "x", "text": "".join(chr(noise.randrange(0x20, 0x7F)) for _ in range(1_000_000))}

    answer = edge.handler(gateway(event), Context())

    assert (answer["statusCode"], json.loads(answer["body"])["accepted"]) == (202, 0)
    s3 = client(aws, "s3")
    (stored,) = s3.list_objects_v2(Bucket="ingest-lake", Prefix="payloads/loja/")["Contents"]
    body = s3.get_object(Bucket="ingest-lake", Key=stored["Key"])["Body"].read()
    assert json.loads(body) == event
    rows = rejected_rows(aws, 2)
    assert f"s3://ingest-lake/{stored['Key']}" in {row["payload"] for row in rows}


def test_a_missing_stream_or_delivery_is_an_honest_503(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rejected event that cannot be kept is not an answered one."""
    monkeypatch.setenv("RASTRO_REJECTED_DELIVERY", "nowhere")
    assert edge.handler(gateway(), Context())["statusCode"] == 202
    assert edge.handler(gateway({"event": "?"}), Context())["statusCode"] == 503
    rewire()
    monkeypatch.setenv("RASTRO_RAW_STREAM", "nowhere")

    answer = edge.handler(gateway(), Context())

    assert answer["statusCode"] == 503
    assert answer["headers"]["retry-after"].isdigit()


def test_missing_documents_are_503_with_a_metric_and_no_content(
    aws: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RASTRO_SITES", "ssm:/ingest/nowhere")

    assert edge.handler(gateway(), Context())["statusCode"] == 503
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["SitesDocumentInvalid"] == 1
    assert first["cause"] == "ssm:/ingest/nowhere: GetParameter: ParameterNotFound"
    assert (second["Unavailable"], second["cause"]) == (1, "no sites document")


def test_sites_and_salt_may_be_files(tmp_path: Path, aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sites.json").write_text(json.dumps(SITES))
    (tmp_path / "salt").write_text("a secret of the tests\n")
    monkeypatch.setenv("RASTRO_SITES", f"file:{tmp_path}/sites.json")
    monkeypatch.setenv("RASTRO_SALT", f"file:{tmp_path}/salt")

    assert edge.handler(gateway({"event": "search"}), Context())["statusCode"] == 202
    rewire()
    (tmp_path / "salt").write_text("short")
    assert edge.handler(gateway({"event": "search"}), Context())["statusCode"] == 503
    assert edge.handler(gateway(), Context())["statusCode"] == 202
