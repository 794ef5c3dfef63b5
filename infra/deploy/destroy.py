"""Delete one environment: its stacks, and what no stack owns."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy import cloud_assembly, leftovers, stacks
from infra.deploy.stacks import DeployError
from infra.deploy.target import Target
from infra.environments.resource_names import (
    EDGE_REGION,
    KCL_TABLES,
    cookieless_secret_name,
    origin_secret_name,
)
from infra.environments.settings import Environment

Report = Callable[[str], None]


def destroy(environment: Environment, folder: Path, target: Target, report: Report) -> None:
    """Delete the stacks, last first, and what they leave: objects, lease tables, secrets, logs; report what stays.

    Raises:
        DeployError: the environment keeps its data, or a resource could not be deleted at the second try either.
    """
    if environment.protection.keep_data:
        raise DeployError(
            f"{environment.name} keeps its data (protection.keep_data); set it to false, deploy, then destroy"
        )
    for stack in reversed(cloud_assembly.stacks(folder)):
        at = target.elsewhere(EDGE_REGION) if stack.id == "Edge" else target
        if stacks.status(stack.name, at.client) is not None:
            _delete(stack.name, at, report)
    _forget(environment, target)
    for line in leftovers.find(environment, target):
        report(f"still there: {line}")


def _delete(name: str, target: Target, report: Report) -> None:
    """Empty the bucket and delete the stack; once more if something came meanwhile.

    Firehose holds up to `delivery.buffer_seconds` of rows and writes them while it is being deleted. The first
    deletion waits for its end, so the second finds a bucket that nobody writes to.
    """
    bucket = stacks.outputs(name, target.client).get("Bucket")
    for final in (False, True):
        if bucket:
            report(f"{name}: emptying {bucket}")
            empty(target.client("s3"), bucket)
        report(f"{name}: deleting")
        try:
            stacks.delete(name, target.client)
        except DeployError as error:
            if final or "DELETE_FAILED" not in str(error):
                raise
            report(f"{error}\n{name}: once more")
        else:
            return


def empty(s3: Any, bucket: str) -> None:
    """Delete every object and every old version; CloudFormation deletes only empty buckets.

    Raises:
        DeployError: S3 refuses to delete some; the message names the first.
    """
    try:
        pages = list(s3.get_paginator("list_object_versions").paginate(Bucket=bucket))
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchBucket":
            return
        raise
    for page in pages:
        found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        keys = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in found]
        if not keys:
            continue
        refused = s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True}).get("Errors", ())
        if refused:
            first = refused[0]
            why = f"{first['Key']}: {first['Code']} {first['Message']}"
            raise DeployError(f"{bucket}: {len(refused)} objects cannot be deleted; {why}")


def _forget(environment: Environment, target: Target) -> None:
    """What no stack owns: KCL's tables, the secrets, the log group of Container Insights."""
    dynamodb, logs = target.client("dynamodb"), target.client("logs")
    for suffix in KCL_TABLES:
        _if_there(dynamodb.delete_table, TableName=f"{environment.application}{suffix}")
    insights = f"/aws/ecs/containerinsights/{environment.prefix}/performance"
    _if_there(logs.delete_log_group, logGroupName=insights)
    target.client("ssm").delete_parameters(
        Names=[cookieless_secret_name(environment), origin_secret_name(environment)]
    )


def _if_there(delete: Callable[..., Any], **what: str) -> None:
    try:
        delete(**what)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
