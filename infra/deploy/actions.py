"""Deploy, diff and destroy one environment: all its stacks, in order."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from infra.deploy import cloud_assembly, cookieless_secret, stacks, target, views
from infra.deploy.stacks import DeployError
from infra.deploy.target import Target
from infra.environments.resource_names import EDGE_REGION, KCL_TABLES, origin_secret_name, salt_name
from infra.environments.settings import Environment

Tell = Callable[[str], None]


def deploy(environment: Environment, folder: Path, place: Target, tell: Tell) -> dict[str, str]:
    """Every stack of `folder`, each after those it needs; the outputs of all of them.

    Raises:
        DeployError: not bootstrapped, a quota, no image, or what CloudFormation or Athena say.
    """
    target.check_bootstrap(place, environment)
    target.check_quotas(place, environment)
    _secrets(environment, place, tell)
    outputs: dict[str, str] = {}
    for stack in cloud_assembly.stacks(folder):
        if stack.id == "Consumer":
            target.check_image(place, environment)
        at = _region(stack, place)
        if at.region != place.region:
            target.check_bootstrap(at, environment)
        parameters = _parameters(stack, environment, place, outputs)
        outputs |= stacks.deploy(stack, at.client, at.account, at.region, tell, parameters=parameters)
        if stack.id == "Analytics":
            views.create(place.client("athena"), environment, tell)
    return outputs


def diff(environment: Environment, folder: Path, place: Target, tell: Tell) -> bool:
    """Tell what a deployment would change; whether it would change anything."""
    target.check_bootstrap(place, environment)
    changed = False
    outputs: dict[str, str] = {}
    for stack in cloud_assembly.stacks(folder):
        at = _region(stack, place)
        new = stacks.status(stack.name, at.client) is None
        if (
            new
            and stack.id != "Pipeline"
            and stacks.status(f"{environment.prefix}-pipeline", place.client) is None
        ):
            tell(f"{stack.name}: new; its changes show once the pipeline stack is there")
            changed = True
            continue
        stacks.upload(stack, at.client, at.account, at.region)
        parameters = _parameters(stack, environment, place, outputs)
        with stacks.change_set(stack, at.client, at.account, at.region, parameters) as changes:
            tell(f"{stack.name}: {'nothing to change' if changes is None else ''}")
            for change in changes or ():
                lost = "  REPLACED: its data is lost" if change.replacement == "True" else ""
                tell(f"  {change.action:8}{change.kind:40}{change.resource}{lost}")
            changed = changed or changes is not None
        if not new:
            outputs |= stacks.outputs(stack.name, at.client)
    return changed


def destroy(environment: Environment, folder: Path, place: Target, tell: Tell) -> None:
    """Delete the stacks, last first, and what they leave: objects, lease tables, secrets.

    Raises:
        DeployError: the environment keeps its data, or a resource could not be deleted.
    """
    if environment.protection.keep_data:
        raise DeployError(
            f"{environment.name} keeps its data (protection.keep_data); set it to false, deploy, then destroy"
        )
    for stack in reversed(cloud_assembly.stacks(folder)):
        at = _region(stack, place)
        if stacks.status(stack.name, at.client) is None:
            continue
        bucket = stacks.outputs(stack.name, at.client).get("Bucket")
        if bucket:
            tell(f"{stack.name}: emptying {bucket}")
            empty(at.client("s3"), bucket)
        tell(f"{stack.name}: deleting")
        stacks.delete(stack.name, at.client)
    _forget(environment, place)


def empty(s3: Any, bucket: str) -> None:
    """Delete every object and every old version; CloudFormation deletes only empty buckets."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        keys = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in found]
        if keys:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})


def _region(stack: cloud_assembly.Stack, place: Target) -> Target:
    return place.elsewhere(EDGE_REGION) if stack.id == "Edge" else place


def _secrets(environment: Environment, place: Target, tell: Tell) -> None:
    wanted = [salt_name(environment)]
    if environment.stacks.edge:
        wanted.append(origin_secret_name(environment))
    for name in wanted:
        if cookieless_secret.ensure(place.client("ssm"), name):
            tell(f"{name}: made")


def _parameters(
    stack: cloud_assembly.Stack, environment: Environment, place: Target, outputs: dict[str, str]
) -> dict[str, str]:
    """What a stack in another region must be told about this one."""
    if stack.id != "Edge":
        return {}
    name = origin_secret_name(environment)
    held = place.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    return {"ApiHost": urlsplit(outputs["ApiUrl"]).netloc, "OriginSecret": held}


def _forget(environment: Environment, place: Target) -> None:
    """What no stack owns: KCL's tables and the secrets."""
    dynamodb, ssm = place.client("dynamodb"), place.client("ssm")
    for suffix in KCL_TABLES:
        try:
            dynamodb.delete_table(TableName=f"{environment.application}{suffix}")
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
    ssm.delete_parameters(Names=[salt_name(environment), origin_secret_name(environment)])
