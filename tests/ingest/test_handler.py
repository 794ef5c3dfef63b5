"""The Lambda edge: the real handler over Kinesis and Firehose as moto has them, in this process."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from ingest_lambda import handler as edge
from ingest_lambda.settings import Settings, SettingsError
from tests.ingest.doubles import PAGE_VIEW, SITES, gateway

ENV = {
    "RASTRO_RAW_STREAM": "raw",
    "RASTRO_REJECTED_DELIVERY": "rejected",
    "RASTRO_SITES": "ssm:/rastro/sites",
    "RASTRO_SALT": "ssm:/rastro/salt",
}


class Context:
    aws_request_id = "lambda-request"

    def get_remaining_time_in_millis(self) -> int:
        return 3000


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    edge._wired.cache_clear()
    with mock_aws():
        boto3.client("kinesis").create_stream(StreamName="raw", ShardCount=1)
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        boto3.client("firehose").create_delivery_stream(
            DeliveryStreamName="rejected",
            ExtendedS3DestinationConfiguration={
                "RoleARN": "arn:aws:iam::123456789012:role/x",
                "BucketARN": "arn:aws:s3:::lake",
            },
        )
        ssm = boto3.client("ssm")
        ssm.put_parameter(Name="/rastro/sites", Value=json.dumps(SITES), Type="String")
        ssm.put_parameter(Name="/rastro/salt", Value="a secret of the tests", Type="SecureString")
        yield
    edge._wired.cache_clear()


def stream_content() -> list[dict[str, Any]]:
    kinesis = boto3.client("kinesis")
    shard = kinesis.describe_stream(StreamName="raw")["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(StreamName="raw", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    return kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]


@pytest.mark.usefixtures("aws")
def test_events_reach_the_stream_and_rejected_ones_the_delivery() -> None:
    answer = edge.handler(gateway([PAGE_VIEW, {"event": "X"}, {"event": "search"}]), Context())

    assert answer["statusCode"] == 202
    assert json.loads(answer["body"])["accepted"] == 2
    records = stream_content()
    assert [json.loads(record["Data"])["visitor_kind"] for record in records] == ["cookie", "cookieless"]
    assert records[0]["PartitionKey"] == "loja/v1"
    s3 = boto3.client("s3")
    objects = s3.list_objects_v2(Bucket="lake")["Contents"]
    lines = b"".join(
        s3.get_object(Bucket="lake", Key=one["Key"])["Body"].read() for one in objects
    ).splitlines()
    assert [json.loads(line)["reason"] for line in lines] == ["invalid_event"]


@pytest.mark.usefixtures("aws")
def test_a_missing_stream_is_an_honest_503() -> None:
    boto3.client("kinesis").delete_stream(StreamName="raw")

    answer = edge.handler(gateway(), Context())

    assert answer["statusCode"] == 503
    assert answer["headers"]["retry-after"].isdigit()


@pytest.mark.usefixtures("aws")
def test_a_missing_delivery_is_503_too() -> None:
    """A rejected event that cannot be kept is not an answered one."""
    boto3.client("firehose").delete_delivery_stream(DeliveryStreamName="rejected")

    assert edge.handler(gateway(), Context())["statusCode"] == 202
    assert edge.handler(gateway({"event": "X"}), Context())["statusCode"] == 503


def test_sites_and_salt_may_be_files(tmp_path: Path, aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sites.json").write_text(json.dumps(SITES))
    (tmp_path / "salt").write_text("a secret of the tests\n")
    monkeypatch.setenv("RASTRO_SITES", f"file:{tmp_path}/sites.json")
    monkeypatch.setenv("RASTRO_SALT", f"file:{tmp_path}/salt")

    assert edge.handler(gateway({"event": "search"}), Context())["statusCode"] == 202


@pytest.mark.parametrize("name", list(ENV))
def test_a_missing_variable_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is not set"):
        Settings.from_env({key: value for key, value in ENV.items() if key != name})


def test_an_address_must_have_a_known_scheme() -> None:
    with pytest.raises(SettingsError, match="RASTRO_SITES is 's3://x'; it must be ssm:"):
        Settings.from_env(ENV | {"RASTRO_SITES": "s3://x"})
