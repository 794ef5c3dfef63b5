"""An environment `dev` as its tools see it: moto instead of AWS, the stack's outputs, and nothing in it yet."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from moto import mock_aws

REGION = "sa-east-1"
BUCKET = "rastro-dev-lake"
SITES_PARAMETER = "/rastro-dev/sites"
APPLICATION = "rastro-dev-consumer"
DELIVERIES = ("Enriched", "Rejected", "SessionEnds", "CartEvents")


class Deployed:
    """Clients by service, and what tests put and find."""

    def __init__(self) -> None:
        self.s3 = self.client("s3")
        self.kinesis = self.client("kinesis")

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(service, region_name=REGION)

    def put(self, key: str, data: bytes) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=data)

    def put_files(self, folder: Path, prefix: str) -> list[str]:
        """Every file below `folder`, under the same names."""
        keys = []
        for path in sorted(folder.rglob("*.parquet")):
            keys.append(prefix + path.relative_to(folder).as_posix())
            self.put(keys[-1], path.read_bytes())
        return keys

    def keys(self, prefix: str = "") -> list[str]:
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return [entry["Key"] for entry in found]

    def get(self, key: str) -> bytes:
        data: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return data

    def fetched(self, prefix: str, folder: Path) -> list[Path]:
        """Copies of every object below `prefix`, under the same names below `folder`."""
        files = []
        for key in self.keys(prefix):
            path = folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.get(key))
            files.append(path)
        return files

    def records(self, stream: str) -> list[dict[str, Any]]:
        """Everything in a stream, shard by shard."""
        found: list[dict[str, Any]] = []
        for shard in self.kinesis.list_shards(StreamName=stream)["Shards"]:
            iterator = self.kinesis.get_shard_iterator(
                StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            found += self.kinesis.get_records(ShardIterator=iterator)["Records"]
        return found

    def audited(self) -> list[dict[str, Any]]:
        """The audit lines in the bucket."""
        return [json.loads(self.get(key)) for key in self.keys("audit/")]


OUTPUTS = {
    "Bucket": BUCKET,
    "RawStream": "rastro-dev-raw",
    "EnrichedStream": "rastro-dev-enriched",
    **{f"{name}Delivery": f"rastro-dev-{name.lower()}" for name in DELIVERIES},
    "StateUri": f"s3://{BUCKET}/state",
    "SitesParameter": SITES_PARAMETER,
}
"""Of the pipeline's stack: moto cannot hold a stack with what the tests install."""


@contextmanager
def deployed(sites: str) -> Iterator[Deployed]:
    """Needs AWS_ACCESS_KEY_ID and the like in the environment: fixture `dev` of the tests."""
    with mock_aws():
        made = Deployed()
        made.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        for name in ("rastro-dev-raw", "rastro-dev-enriched"):
            made.kinesis.create_stream(StreamName=name, ShardCount=2)
        made.client("ssm").put_parameter(Name=SITES_PARAMETER, Value=sites, Type="String")
        made.client("dynamodb").create_table(
            TableName=APPLICATION,
            KeySchema=[{"AttributeName": "leaseKey", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "leaseKey", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield made
