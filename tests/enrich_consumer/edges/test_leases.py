"""A lease in KCL's table is given back by its owner alone."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from enrich_consumer.edges.kcl.leases import give_back

TABLE = "shop"
SHARD = "shardId-000000000000"


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "leaseKey", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "leaseKey", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        lease = {"leaseKey": {"S": SHARD}, "leaseOwner": {"S": "me"}, "leaseCounter": {"N": "7"}}
        client.put_item(TableName=TABLE, Item=lease | {"checkpoint": {"S": "49"}})
        yield client


def _lease(dynamodb: Any) -> dict[str, Any]:
    found: dict[str, Any] = dynamodb.get_item(TableName=TABLE, Key={"leaseKey": {"S": SHARD}})["Item"]
    return found


def test_my_lease_is_free_and_a_renewal_under_way_is_refused(dynamodb: Any):
    assert give_back(dynamodb, TABLE, "me", SHARD)
    free = {"leaseKey": {"S": SHARD}, "leaseCounter": {"N": "8"}, "checkpoint": {"S": "49"}}
    assert _lease(dynamodb) == free
    assert not give_back(dynamodb, TABLE, "me", SHARD)
    assert _lease(dynamodb) == free


def test_another_workers_lease_stays(dynamodb: Any):
    before = _lease(dynamodb)
    assert not give_back(dynamodb, TABLE, "somebody", SHARD)
    assert _lease(dynamodb) == before


def test_no_lease_is_made_for_a_shard_that_has_none(dynamodb: Any):
    assert not give_back(dynamodb, TABLE, "me", "shardId-000000000009")
    assert dynamodb.scan(TableName=TABLE)["Count"] == 1
