"""Gives a lease of KCL's table back at a graceful stop, which KCL 2 does not do.

KCL 2 only stops to renew: the lease keeps its owner's name until it expires, so another worker waits as long
as after a crash. An item without `leaseOwner` is free to all, and taken at their next look.
The names of the attributes are KCL's (DynamoDBLeaseSerializer), the same since its first version.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Release = Callable[[str], bool]
"""Give back the lease of a shard; False when it was not ours any more."""


def open_release(table: str, worker: str, endpoint: str | None) -> Release:
    """Works on the leases that `worker` holds in `table`."""

    def release(shard: str) -> bool:
        # Made at the stop, not at the start: a service's model costs memory, and most calls never come.
        config = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "max_attempts": 2})
        return give_back(boto3.client("dynamodb", endpoint_url=endpoint, config=config), table, worker, shard)

    return release


def give_back(client: "DynamoDBClient", table: str, worker: str, shard: str) -> bool:
    """Remove the owner if it is `worker`. The counter moves too, so that a renewal under way is refused."""
    try:
        client.update_item(
            TableName=table,
            Key={"leaseKey": {"S": shard}},
            UpdateExpression="REMOVE leaseOwner ADD leaseCounter :one",
            ConditionExpression="leaseOwner = :worker",
            ExpressionAttributeValues={":one": {"N": "1"}, ":worker": {"S": worker}},
        )
    except client.exceptions.ConditionalCheckFailedException:
        return False
    return True
