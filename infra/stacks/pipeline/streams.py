"""The raw and the enriched stream."""

from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.environments.settings import Environment
from infra.stacks.pipeline.bucket import removal


def stream(
    scope: Construct, role: str, shards: int, environment: Environment, own_key: kms.Key | None
) -> kinesis.Stream:
    """A stream `rastro-<environment>-<role>` that places records by partition key."""
    on_demand = environment.streams.mode == "on_demand"
    made = kinesis.Stream(
        scope,
        f"{role.capitalize()}Stream",
        stream_name=f"{environment.prefix}-{role}",
        stream_mode=kinesis.StreamMode.ON_DEMAND if on_demand else kinesis.StreamMode.PROVISIONED,
        shard_count=None if on_demand else shards,
        retention_period=Duration.hours(environment.streams.retention_hours),
        encryption=kinesis.StreamEncryption.KMS if own_key else kinesis.StreamEncryption.MANAGED,
        encryption_key=own_key,
        removal_policy=removal(environment),
    )
    if on_demand:
        # The order of a visitor's events hangs on it: AUTO spreads records over shards as it likes and
        # ignores their keys. It is the default today; pinned, it cannot become something else.
        # Provisioned streams always place by key and refuse the property.
        resource = cast("kinesis.CfnStream", made.node.default_child)
        resource.record_distribution_strategy = "USER_PARTITION_KEY"
    return made
