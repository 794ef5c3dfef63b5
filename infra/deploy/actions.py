"""Deploy, diff and destroy one environment: all its stacks, in order."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from infra.deploy import cloud_assembly, cookieless_secret, preflight, stacks, views
from infra.deploy.stacks import DeployError
from infra.deploy.target import Target
from infra.environments.resource_names import EDGE_REGION, KCL_TABLES, origin_secret_name, salt_name
from infra.environments.settings import Environment

Report = Callable[[str], None]


def deploy(environment: Environment, folder: Path, target: Target, report: Report) -> dict[str, str]:
    """Every stack of `folder`, each after those it needs; the outputs of all of them.

    Raises:
        DeployError: not bootstrapped, a quota, no image, or what CloudFormation or Athena say.
    """
    preflight.check_bootstrap(target, environment)
    preflight.check_quotas(target, environment)
    _secrets(environment, target, report)
    outputs: dict[str, str] = {}
    for stack in cloud_assembly.stacks(folder):
        if stack.id == "Consumer":
            preflight.check_image(target, environment)
        at = _region(stack, target)
        if at.region != target.region:
            preflight.check_bootstrap(at, environment)
        parameters = _parameters(stack, environment, target, outputs)
        outputs |= stacks.deploy(stack, at.client, at.account, at.region, report, parameters=parameters)
        if stack.id == "Analytics":
            views.create(target.client("athena"), environment, report)
    return outputs


def diff(environment: Environment, folder: Path, target: Target, report: Report) -> bool:
    """Report what a deployment would change; whether it would change anything."""
    preflight.check_bootstrap(target, environment)
    changed = False
    outputs: dict[str, str] = {}
    for stack in cloud_assembly.stacks(folder):
        at = _region(stack, target)
        new = stacks.status(stack.name, at.client) is None
        if (
            new
            and stack.id != "Pipeline"
            and stacks.status(f"{environment.prefix}-pipeline", target.client) is None
        ):
            report(f"{stack.name}: new; its changes show once the pipeline stack is there")
            changed = True
            continue
        stacks.upload(stack, at.client, at.account, at.region)
        parameters = _parameters(stack, environment, target, outputs)
        with stacks.change_set(stack, at.client, at.account, at.region, parameters) as changes:
            report(f"{stack.name}: {'nothing to change' if changes is None else ''}")
            for change in changes or ():
                warning = "  REPLACED: its data is lost" if change.replacement == "True" else ""
                report(f"  {change.action:8}{change.kind:40}{change.resource}{warning}")
            changed = changed or changes is not None
        if not new:
            outputs |= stacks.outputs(stack.name, at.client)
    return changed


def destroy(environment: Environment, folder: Path, target: Target, report: Report) -> None:
    """Delete the stacks, last first, and what they leave: objects, lease tables, secrets.

    Raises:
        DeployError: the environment keeps its data, or a resource could not be deleted.
    """
    if environment.protection.keep_data:
        raise DeployError(
            f"{environment.name} keeps its data (protection.keep_data); set it to false, deploy, then destroy"
        )
    for stack in reversed(cloud_assembly.stacks(folder)):
        at = _region(stack, target)
        if stacks.status(stack.name, at.client) is None:
            continue
        bucket = stacks.outputs(stack.name, at.client).get("Bucket")
        if bucket:
            report(f"{stack.name}: emptying {bucket}")
            empty(at.client("s3"), bucket)
        report(f"{stack.name}: deleting")
        stacks.delete(stack.name, at.client)
    _forget(environment, target)


def empty(s3: Any, bucket: str) -> None:
    """Delete every object and every old version; CloudFormation deletes only empty buckets."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        keys = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in found]
        if keys:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})


def _region(stack: cloud_assembly.Stack, target: Target) -> Target:
    return target.elsewhere(EDGE_REGION) if stack.id == "Edge" else target


def _secrets(environment: Environment, target: Target, report: Report) -> None:
    wanted = [salt_name(environment)]
    if environment.stacks.edge:
        wanted.append(origin_secret_name(environment))
    for name in wanted:
        if cookieless_secret.ensure(target.client("ssm"), name):
            report(f"{name}: made")


def _parameters(
    stack: cloud_assembly.Stack, environment: Environment, target: Target, outputs: dict[str, str]
) -> dict[str, str]:
    """The parameters of a stack in another region: it cannot read this one's outputs."""
    if stack.id != "Edge":
        return {}
    name = origin_secret_name(environment)
    held = target.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    return {"ApiHost": urlsplit(outputs["ApiUrl"]).netloc, "OriginSecret": held}


def _forget(environment: Environment, target: Target) -> None:
    """What no stack owns: KCL's tables and the secrets."""
    dynamodb, ssm = target.client("dynamodb"), target.client("ssm")
    for suffix in KCL_TABLES:
        try:
            dynamodb.delete_table(TableName=f"{environment.application}{suffix}")
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
    ssm.delete_parameters(Names=[salt_name(environment), origin_secret_name(environment)])
